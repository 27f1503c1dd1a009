use serde_json::json;

use super::*;

/// What every published host must find in an emitted file.
#[test]
fn emits_the_plain_form() {
    let mut manifest = Manifest::new("tool", "echo");
    manifest.runtimes = vec![Runtime::McpStdio];
    manifest.mcp_stdio = Some(McpStdio {
        command: vec!["./echo".to_owned(), "a \"b\"".to_owned()],
        ..McpStdio::default()
    });
    manifest.version = Some("1.2.3".to_owned());
    manifest.license = Some("Apache-2.0".to_owned());
    manifest.resources.required = vec!["clock".to_owned()];
    assert_eq!(
        manifest.to_toml(),
        r#"[plugin]
schema_version = "1"
name = "echo"
kind = "tool"
kind_api_version = "1"
core_version = ">=0.1.0"
runtime = "mcp_stdio"
command = ["./echo", "a \"b\""]
license = "Apache-2.0"

[plugin.resources]
required = ["clock"]
"#
    );
    manifest.runtimes = vec![Runtime::McpHttp, Runtime::McpStdio];
    manifest.mcp_http = Some(McpHttp {
        url: "http://h/".to_owned(),
        ..McpHttp::default()
    });
    let toml = manifest.to_toml();
    assert!(
        toml.contains("runtime = \"mcp_http\"\nendpoint = \"http://h/\"\n"),
        "{toml}"
    );
    assert!(
        !toml.contains("command") && !toml.contains("mcp_http]"),
        "{toml}"
    );
    let toml = manifest.to_toml_for(Target::TypeScript);
    assert!(
        toml.contains("schema_version = \"1.0.0\"\n") && toml.contains("url = \"http://h/\"\n")
    );
    assert!(!toml.contains("endpoint"));
}

#[test]
fn names_are_the_same_in_serde() {
    for runtime in Runtime::ALL {
        assert_eq!(json!(runtime), json!(runtime.as_str()));
        assert_eq!(Runtime::from_name(runtime.as_str()), Some(*runtime));
    }
    assert_eq!(
        ExecutionModel::ThreadCpuBound.to_string(),
        "thread_cpu_bound"
    );
}

mod reading {
    use proptest::prelude::*;

    use super::*;

    fn word() -> impl Strategy<Value = String> {
        prop_oneof![
            "[a-z][a-z0-9_]{0,8}",
            "\\PC{1,6}x",
            Just("a\"b\\\n\t\u{7f}\u{1}\u{1f600}".to_owned())
        ]
    }

    fn words() -> impl Strategy<Value = Vec<String>> {
        proptest::collection::vec(word(), 0..3)
    }

    fn free() -> impl Strategy<Value = Map<String, Value>> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            (-1e9..1e9_f64).prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        let value = leaf.prop_recursive(3, 12, 3, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                proptest::collection::btree_map(any::<String>(), inner, 0..3)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        });
        proptest::collection::btree_map(any::<String>(), value, 0..3)
            .prop_map(|map| map.into_iter().collect())
    }

    prop_compose! {
        fn some_manifest()(
            name in "[a-z0-9][a-z0-9_-]{0,6}",
            runtime in proptest::sample::select(Runtime::ALL),
            texts in proptest::collection::vec(proptest::option::of(word()), 8),
            lists in proptest::collection::vec(words(), 10),
            numbers in proptest::collection::vec(1_u32..90_000, 5),
            flags in proptest::collection::vec(any::<bool>(), 6),
            model in proptest::sample::select(ExecutionModel::ALL),
            mode in proptest::sample::select(IdempotencyMode::ALL),
            metadata in free(),
            auth in free(),
            env in proptest::collection::btree_map(any::<String>(), any::<String>(), 0..3),
        ) -> Manifest {
            let mut m = Manifest::new("chunker", name);
            let mut texts = texts.into_iter();
            let mut text = || texts.next().flatten();
            let mut lists = lists.into_iter();
            let mut list = || lists.next().unwrap_or_default();
            m.runtimes = vec![runtime];
            match runtime {
                Runtime::InProcess => m.entry_point = Some("a::B".to_owned()),
                Runtime::McpStdio => m.mcp_stdio = Some(McpStdio {
                    command: std::iter::once("./p".to_owned()).chain(list()).collect(),
                    working_dir: text(),
                    env,
                }),
                _ => m.mcp_http = Some(McpHttp {
                    url: "https://host:8443/mcp".to_owned(),
                    auth,
                    auth_header: text(),
                    auth_secret_env: text(),
                    timeout_sec: numbers[0],
                    tls_ca_bundle: text(),
                    tls_verify: flags[0],
                }),
            }
            m.health_check = text();
            m.license = text();
            m.maintainer = text();
            m.homepage = text();
            m.capabilities = list();
            m.supports_languages = list();
            m.supports_extensions = list();
            m.supports_mime_types = list();
            m.depends_on = list().into_iter().zip(&flags).map(|(name, flag)| Dependency {
                kind: flag.then(|| "tool".to_owned()),
                name: format!("+{name}"),
            }).collect();
            m.priority = numbers[1];
            m.startup_timeout_sec = numbers[2];
            m.teardown_timeout_sec = numbers[3];
            m.tryfirst = flags[1];
            m.trylast = !flags[1] && flags[2];
            m.fallback = flags[3];
            m.execution_model = model;
            m.in_process_only = runtime == Runtime::InProcess && flags[4];
            m.resources = Resources { required: list(), optional: list() };
            m.unit_of_work = UnitOfWork {
                declared: flags[5],
                partition_key: text(),
                estimated_duration_sec: flags[5].then_some(numbers[4]),
                idempotency_mode: mode,
                checkpointable: flags[2],
                content_hash: list(),
            };
            m.metadata = metadata;
            let (kinds, hooks) = (list(), vec!["*".to_owned()]);
            m.chain_wrap = flags[0].then_some(ChainWrap { kinds, hooks });
            m
        }
    }

    fn problems(text: &str) -> Vec<String> {
        let error = Manifest::parse(text, "x/dagstack.toml").unwrap_err();
        assert_eq!(error.code(), "manifest_invalid");
        assert!(error.to_string().contains("`x/dagstack.toml`"));
        error.problems.iter().map(ToString::to_string).collect()
    }

    fn with(extra: &str) -> String {
        format!(
            "[plugin]\nname = \"p\"\nkind = \"tool\"\ncore_version = \">=0.1.0\"\n\
             runtime = \"mcp_stdio\"\ncommand = [\"/bin/true\"]\n{extra}"
        )
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(manifest in some_manifest()) {
            for target in [Target::Python, Target::TypeScript] {
                let toml = manifest.to_toml_for(target);
                let read = Manifest::parse(&toml, "dagstack.toml").map_err(|error| {
                    TestCaseError::fail(format!("{error}\n{toml}"))
                })?;
                prop_assert_eq!(&read, &manifest);
            }
        }

        #[test]
        fn json_keeps_everything(mut manifest in some_manifest(), other in some_manifest()) {
            manifest.version = Some("1.0".to_owned());
            manifest.description = Some("d".to_owned());
            manifest.authors = vec!["me".to_owned()];
            if !manifest.in_process_only {
                manifest.runtimes = Runtime::ALL.to_vec();
                manifest.mcp_stdio = other.mcp_stdio;
                manifest.mcp_http = other.mcp_http;
                manifest.entry_point = other.entry_point;
            }
            let text = dagstack_plugin_core::canonical_json::to_string(&manifest.to_json_value()).unwrap();
            let value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(Manifest::from_json_value(&value).unwrap(), manifest);
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Manifest::parse(&String::from_utf8_lossy(&bytes), "x");
        }

        #[test]
        fn nothing_like_toml_panics(
            lines in proptest::collection::vec(
                "(\\[plugin\\]|\\[[a-z_.]{1,12}\\]|(name|kind|runtime|url|command|env|auth|mcp_http|mcp_stdio|depends_on|core_version|priority|resources|unit_of_work|metadata) = (1|-1|1.5|nan|true|\"\"|\"[a-z:/@ ]{0,9}\"|\\[\\]|\\[1\\]|\\{\\}|\\{ a = 1 \\}|2020-01-01|0xffff))",
                0..12,
            ),
            prefix in prop_oneof![Just(""), Just("[plugin]\n")],
        ) {
            let _ = Manifest::parse(&format!("{prefix}{}", lines.join("\n")), "x");
        }
    }

    #[test]
    fn one_load_reports_every_mistake() {
        let found = problems(
            "[plugin]\nname = \"My Plugin\"\nkind = \"tool\"\ncore_version = \"newest\"\n\
             runtime = \"mcp_stdoi\"\npriorty = 5\ntryfirst = \"yes\"\nstartup_timeout_sec = 5.0\n\
             [plugin.unit_of_work]\nidempotency_mode = \"input-hash\"\n",
        );
        let expected = [
            (
                "line 2: `plugin.name`: found the text `My Plugin`",
                "write for example `\"my_plugin\"`",
            ),
            ("line 4: `plugin.core_version`: found `newest`", ">=0.1.0"),
            (
                "line 5: `plugin.runtime`: found the text `mcp_stdoi`",
                "did you mean `mcp_stdio`?",
            ),
            (
                "line 6: `plugin.priorty`: found an unknown key",
                "did you mean `priority`?",
            ),
            (
                "line 7: `plugin.tryfirst`: found the text `yes`",
                "without quotes",
            ),
            (
                "line 8: `plugin.startup_timeout_sec`: found the number `5.0`",
                "write `5`",
            ),
            (
                "line 10: `plugin.unit_of_work.idempotency_mode`",
                "did you mean `input_hash`?",
            ),
        ];
        assert_eq!(found.len(), expected.len(), "{found:#?}");
        for (problem, (start, end)) in found.iter().zip(expected) {
            assert!(
                problem.starts_with(start) && problem.contains(end),
                "{problem}"
            );
        }
    }

    #[test]
    fn secrets_are_not_quoted() {
        let found = problems(&with(
            "env = { API = 271828, N = true }\nauth_secret_env = 314159\napi_key = \"hunter2\"\nurl = 5\n\
             runtime_token = \"hunter2\"\nmaintainer = [\"hunter2\"]",
        ))
        .join("\n");
        assert!(
            !found.contains("hunter2") && !found.contains("271828"),
            "{found}"
        );
        let found = problems("[plugin]\npassword = \"hunter2\ntoken = hunter2\n").join("\n");
        assert!(
            found.contains("line 2") && !found.contains("hunter2"),
            "{found}"
        );
        let found =
            problems("{\"auth\": \"hunter2\", \"env\": \"hunter2\", \"x\": hunter2}").join("\n");
        assert!(!found.contains("hunter2"), "{found}");
        let found = problems(
            "name='p'\nkind='t'\ncore_version='1'\nruntime='mcp_http'\nurl='ftp://me:hunter2@h'\nauth='Bearer hunter2'",
        )
        .join("\n");
        assert!(
            found.contains("expected a URL") && !found.contains("hunter2"),
            "{found}"
        );
    }

    #[test]
    fn each_mistake_has_its_mend() {
        for (extra, expected) in [
            ("depends_on = [\"p\"]", "a dependency cycle"),
            (
                "depends_on = [{ kind = \"tool\", name = \"p\" }]",
                "a dependency cycle",
            ),
            ("depends_on = [{ kind = \"tool\" }]", "has no `name`"),
            (
                "endpoint = \"http://x/\"",
                "belongs to the runtime `mcp_http`",
            ),
            ("entry_point = \"/bin/false\"", "differs from `command`"),
            (
                "dagstack_version = \">=9\"",
                "differs from `plugin.core_version`",
            ),
            ("in_process_only = true", "expected `in_process` alone"),
            ("priority = -1", "found the number `-1`"),
            ("priority = \"5\"", "remove the quotes"),
            ("kind_api_version = \"one\"", "found the text `one`"),
            ("capabilities = \"a\"", "put it in square brackets"),
            ("metadata = 5", "expected a table"),
            ("metadata = { x = nan }", "a number that JSON lacks"),
            ("depends_on = [\"\"]", "found empty text"),
            (
                "startup_timeout_sec = 30\n[plugin.mcp_stdio]\nstartup_timeout_sec = 5",
                "differs from `plugin.startup_timeout_sec`",
            ),
            (
                "[plugin.mcp_stdio]\ncommand = [\"/other\"]",
                "differs from `plugin.command`",
            ),
            (
                "[plugin.mcp_stdio]\ncomand = [\"/other\"]",
                "did you mean `command`?",
            ),
            (
                "[plugin.resources]\nneeded = []",
                "known keys are `required`, `optional`",
            ),
        ] {
            let found = problems(&with(extra));
            assert_eq!(found.len(), 1, "{extra}: {found:#?}");
            assert!(found[0].contains(expected), "{extra}: {found:?}");
        }
        let twice = problems(
            r#"{"name":"a","name":"b","kind":"t","core_version":"1","runtime":"in_process","entry_point":"x"}"#,
        );
        assert_eq!(
            twice,
            ["`name`: found the key twice, expected it once; remove one"]
        );
    }

    #[test]
    fn addresses_in_every_place() {
        let read = |text: &str| Manifest::parse(text, "x").unwrap();
        let manifest = read(&with("url = \"ignored\"\ndagstack_version = \">=0.1.0\""));
        assert_eq!(manifest.warnings.len(), 2);
        assert_eq!(manifest.mcp_http, None);
        let head = "name='p'\nkind='t'\ncore_version='1'\n";
        let manifest = read(&format!(
            "{head}runtime='mcp_stdio'\nentry_point='/bin/x --a \"b c\"'"
        ));
        assert_eq!(
            manifest.mcp_stdio.unwrap().command,
            ["/bin/x", "--a", "b c"]
        );
        assert_eq!(manifest.entry_point, None);
        let manifest = read(&format!(
            "{head}runtime='mcp_stdio'\n[mcp_stdio]\ncommand=['x']\nstartup_timeout_sec=5\nworking_dir='w'"
        ));
        assert_eq!(manifest.startup_timeout_sec, 5);
        assert_eq!(
            manifest.mcp_stdio.unwrap().working_dir.as_deref(),
            Some("w")
        );
        let manifest = read(&format!(
            "{head}runtime='mcp_http'\nendpoint='http://[::1]:80/'\nurl='http://[::1]:80/'\nauth={{a='b'}}\n[mcp_http]\ntimeout_sec=5\ntls_verify=false"
        ));
        let http = manifest.mcp_http.unwrap();
        assert_eq!(
            (http.url.as_str(), http.timeout_sec, http.tls_verify),
            ("http://[::1]:80/", 5, false)
        );
        assert_eq!(Value::Object(http.auth), json!({"a": "b"}));
        for url in [
            "http://",
            "http:///x",
            "http://h:99999/",
            "file:///x",
            "h",
            "http://a b/",
        ] {
            let found = problems(&format!("{head}runtime='mcp_http'\nurl='{url}'"));
            assert!(
                found.len() == 1 && found[0].contains("expected a URL"),
                "{url}: {found:?}"
            );
        }
        for runtime in Runtime::ALL {
            let found = problems(&format!("{head}runtime='{runtime}'"));
            assert!(
                found.len() == 1 && found[0].contains("is missing"),
                "{found:?}"
            );
        }
    }

    #[test]
    fn b16_what_stands_beside_the_manifest_is_no_mistake() {
        let manifest = Manifest::parse(&with(""), "x").unwrap();
        let beside = "[package]\nname = \"q\"\n[tool.ruff]\nline-length = 100\n[servers]\nx = 1";
        assert_eq!(Manifest::parse(&with(beside), "x").unwrap(), manifest);
        let document = |ours: &str| {
            json!({
                "name": "@acme/q", "version": "1.0.0", "description": "q", "license": "MIT",
                "author": "a", "homepage": "h", "main": "q.js", "scripts": {}, "files": [],
                "dependencies": {}, (ours): manifest.to_json_value(),
            })
            .to_string()
        };
        for ours in ["dagstack", "plugin"] {
            let read = Manifest::parse(&document(ours), "package.json").unwrap();
            assert_eq!(read, manifest);
        }
    }

    #[test]
    fn b16_a_key_that_went_astray_is_warned_of() {
        let text = format!(
            "priorty = 5\nlicense = \"MIT\"\n{}\n[resources]\nrequired = []",
            with("")
        );
        let manifest = Manifest::parse(&text, "x").unwrap();
        assert_eq!(
            manifest.warnings,
            ["priorty", "license", "resources"].map(|key| format!(
                "`{key}` is not read, it stands outside `[plugin]`; move it into that table"
            ))
        );
        assert_eq!((manifest.priority, &manifest.license), (0, &None));
        let json =
            json!({ "version": "1", "core-version": ">=9", "dagstack": manifest.to_json_value() });
        let manifest = Manifest::parse(&json.to_string(), "x").unwrap();
        assert_eq!(
            manifest.warnings,
            ["`core-version` is not read, it stands outside `dagstack`; move it into that object"]
        );
        // What the manifest cannot do without is an error, at the place where it stands.
        let found = problems(
            "kind = \"t\"\n[plugin]\nname=\"p\"\ncore_version=\"\"\nruntime=\"in_process\"\nentry_point=\"x\"",
        );
        assert_eq!(
            found,
            [
                "line 1: `kind`: found a key outside `[plugin]`; move it into that table",
                "`plugin.kind`: is missing; write `kind = \"…\"`"
            ]
        );
    }

    #[test]
    fn b16_empty_texts_are_what_the_published_hosts_take_them_for() {
        let text = with(
            "license = \"\"\nmaintainer = \" \"\nhomepage = \"\"\nhealth_check = \"\"\nentry_point = \"\"\n\
             url = \"\"\nendpoint = \"\"\ncapabilities = [\"\", \"a\"]\nsupports_languages = [\"\"]",
        );
        let text = text.replace("core_version = \">=0.1.0\"", "core_version = \"\"");
        let manifest = Manifest::parse(&text, "x").unwrap();
        assert_eq!(manifest.core_version, "");
        assert!(
            VersionRange::parse(&manifest.core_version)
                .unwrap()
                .matches("0.4.1")
        );
        assert_eq!((manifest.license, manifest.maintainer), (None, None));
        assert_eq!((manifest.entry_point, manifest.mcp_http), (None, None));
        assert_eq!(manifest.capabilities, ["a"]);
        assert!(manifest.supports_languages.is_empty() && manifest.warnings.is_empty());
    }

    #[test]
    fn b16_another_document_says_that_it_is_no_manifest() {
        for text in [
            "[project]\nx = 1",
            "[lib]\npath = \"x\"",
            "{\"scripts\": {}}",
        ] {
            let found = problems(text);
            assert!(
                found.len() == 1 && found[0].contains("none of a manifest's keys"),
                "{text}: {found:?}"
            );
        }
    }

    #[test]
    fn files_and_folders() {
        let folder = std::env::temp_dir().join(format!("dagstack-manifest-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let load = || Manifest::load(&folder);
        let neither = load().unwrap_err().to_string();
        assert!(neither.contains("found neither"), "{neither}");
        let json = Manifest::parse(&with(""), "x").unwrap().to_json_value();
        std::fs::write(folder.join("dagstack.json"), json.to_string()).unwrap();
        assert_eq!(load().unwrap().name, "p");
        let toml = folder.join("dagstack.toml");
        std::fs::write(&toml, with("").replace("\"p\"", "\"q\"")).unwrap();
        assert_eq!(load().unwrap().name, "q");
        std::fs::write(&toml, b"name = \"\xff\"").unwrap();
        assert!(load().unwrap_err().to_string().contains("no UTF-8"));
        std::fs::write(&toml, "#".repeat((1 << 20) + 1)).unwrap();
        assert!(load().unwrap_err().to_string().contains("more than 1 MiB"));
        std::fs::remove_dir_all(&folder).unwrap();
        assert!(
            Manifest::load("/dev/null")
                .unwrap_err()
                .to_string()
                .contains("no regular file")
        );
    }

    #[test]
    fn deep_documents_are_errors() {
        for text in [
            format!("{}a = 1", "a.".repeat(100_000)),
            format!("[{}a]\n", "a.".repeat(100_000)),
            format!("a = {}", "[".repeat(100_000)),
            format!("{{\"a\":{}", "[".repeat(100_000)),
        ] {
            assert!(!problems(&text).is_empty());
        }
    }
}
