//! What an executable brings of itself where no dagstack host gives its plugin any resources.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::Arc;

use dagstack_plugin::resources::{Clock, FrozenClock, ResourceSet};
use dagstack_plugin::testing;
use dagstack_tests::brought::{self, ODD};
use dagstack_tests::interop::{python_client_with, typescript_client_with};
use dagstack_tests::web::{self, AUTHORITY};
use dagstack_tests::{built, workspace};
use resource_probe::Ledger;
use serde_json::{Value, json};

/// A command without what the surroundings say of resources.
fn command(executable: &str) -> Command {
    let mut command = Command::new(built(executable));
    for (variable, _) in std::env::vars_os() {
        if variable.to_string_lossy().starts_with("DAGSTACK_RESOURCE_") {
            command.env_remove(variable);
        }
    }
    command.stdin(Stdio::null());
    command
}

fn call(executable: &str, options: &[&str], hook: &str, arguments: &Value) -> Command {
    let mut command = command(executable);
    command
        .args(options)
        .args(["call", hook])
        .arg(arguments.to_string());
    command
}

fn run(command: &mut Command) -> Output {
    command.output().expect("it starts")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What a call that succeeds prints.
fn value(command: &mut Command) -> Value {
    let output = run(command);
    assert!(output.status.success(), "{command:?}: {}", stderr(&output));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// The exit code and the error of one that fails.
fn failure(command: &mut Command) -> (i32, String) {
    let output = run(command);
    let said = stderr(&output);
    let error = said.split_once("error: ").expect("an error").1.trim_end();
    (output.status.code().expect("a code"), error.to_owned())
}

fn uses(options: &[&str], hook: &str, arguments: Value) -> Value {
    value(&mut call("brought", options, hook, &arguments))
}

#[test]
fn clock_rng_and_tenants_are_as_they_are_set() {
    assert_eq!(
        uses(&["--resource", "clock=frozen:41"], "time", json!({})),
        41
    );
    let seeded = || uses(&["--resource=rng=seed:7"], "random", json!({}));
    assert_eq!(seeded(), seeded());
    let system = || uses(&[], "random", json!({}));
    assert_ne!(system(), system());
    assert_eq!(uses(&[], "count", json!({ "tenant": "acme" })), 1);
}

#[test]
fn a_variable_counts_where_no_option_is_given() {
    let time = |options: &[&str]| {
        let mut time = call("brought", options, "time", &json!({}));
        value(time.env("DAGSTACK_RESOURCE_CLOCK", "frozen:7"))
    };
    assert_eq!(time(&[]), 7);
    assert_eq!(time(&["--resource", "clock=frozen:8"]), 8);
    // One for plugins that use another resource.
    let mut other = call("brought", &[], "count", &json!({ "tenant": "a" }));
    other.env("DAGSTACK_RESOURCE_HTTP_CLIENT", "timeout:5");
    assert_eq!(value(&mut other), 1);
}

#[test]
fn blobs_are_in_memory_or_in_files_that_stay() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = |options: &[&str]| uses(options, "store", json!({ "key": "a/b", "text": "kept" }));
    for memory in [&[][..], &["--resource", "blob_store=memory:"]] {
        assert_eq!(store(memory), Value::Null);
        assert_eq!(store(memory), Value::Null);
    }
    let files = format!("blob_store=file://{}/new", folder.path().display());
    assert_eq!(store(&["--resource", &files]), Value::Null);
    assert_eq!(store(&["--resource", &files]), "kept");
    assert!(folder.path().join("new/a/b").is_file());
    // A path without a URL's slashes is one of the working directory.
    let mut relative = call(
        "brought",
        &["--resource", "blob_store=file:new"],
        "store",
        &json!({ "key": "a/b", "text": "" }),
    );
    assert_eq!(value(relative.current_dir(folder.path())), "kept");
}

/// Newcomer 5: messages name the folder.
#[test]
fn n05_folders_that_cannot_be_had_are_named_in_full() {
    let folder = tempfile::tempdir().expect("a folder");
    let here = folder.path().canonicalize().expect("a path");
    std::fs::write(here.join("file"), "").expect("a file");
    for (setting, hook, arguments) in [
        (
            "blob_store=file:file",
            "store",
            json!({ "key": "a", "text": "" }),
        ),
        ("tmpdir=file", "file", json!({})),
    ] {
        let mut command = call("brought", &["--resource", setting], hook, &arguments);
        let (code, error) = failure(command.current_dir(&here));
        assert_eq!(code, 1, "{error}");
        let name = setting.split('=').next().expect("a name");
        assert!(
            error.contains(&format!("the resource `{name}` cannot be made"))
                && error.contains(&format!("`{}`", here.join("file").display())),
            "{error}"
        );
    }
}

#[test]
fn what_is_set_wrongly_is_told_with_the_mend() {
    for (option, says) in [
        ("clock", "expected `NAME=VALUE`"),
        ("clokc=system", "did you mean `clock`?"),
        ("clock=sundial", "expected `system` or `frozen:NANOSECONDS`"),
        ("rng=7", "expected `system` or `seed:NUMBER`"),
        (
            "blob_store=/x",
            "expected `memory:`, `file:///ABSOLUTE/FOLDER`",
        ),
        ("blob_store=file://x/y", "write `file:///x/y`"),
        ("tenant_registry=x", "expected `memory:`"),
        ("ledger=x", "`ledger` is the plugin's own"),
        (
            "http_client=timeout:5",
            "`tool.uses` does not use it; it declares `clock`, `ledger`",
        ),
    ] {
        // At once, also where a client is to come.
        for arguments in [&["call", "time", "{}"][..], &[]] {
            let mut command = command("brought");
            command.args(["--resource", option]).args(arguments);
            let (code, error) = failure(&mut command);
            assert_eq!(code, 2, "{error}");
            let name = option.split('=').next().expect("a name");
            assert!(
                error.starts_with(&format!("`--resource {name}`: ")),
                "{error}"
            );
            assert!(error.contains(says) && !error.contains('\n'), "{error}");
        }
    }
    let twice = ["--resource", "clock=system", "--resource", "clock=system"];
    let (code, error) = failure(&mut call("brought", &twice, "time", &json!({})));
    assert_eq!(
        (code, error.as_str()),
        (2, "`--resource clock` is given twice; leave one out")
    );
    for (variable, value, says) in [
        ("CLOKC", "system", "did you mean `DAGSTACK_RESOURCE_CLOCK`?"),
        ("CLOCK", "sundial", "expected `system`"),
    ] {
        let variable = format!("DAGSTACK_RESOURCE_{variable}");
        let mut command = call("brought", &[], "time", &json!({}));
        let (code, error) = failure(command.env(&variable, value));
        assert_eq!(code, 2, "{error}");
        let start = format!("config_invalid: `{variable}`: ");
        assert!(error.starts_with(&start), "{error}");
        assert!(
            error.contains(says) && !error.contains("sundial"),
            "{error}"
        );
    }
    // What another plugin may be meant by, and what is as good as unset.
    for (variable, text) in [("POSTGRES", "x"), ("LEDGER", "x"), ("CLOCK", "")] {
        let mut command = call("brought", &[], "ledger", &json!({ "value": 1 }));
        let variable = format!("DAGSTACK_RESOURCE_{variable}");
        assert_eq!(value(command.env(variable, text)), 1);
    }
}

#[test]
fn a_temporary_folder_is_the_plugins_own_and_goes_with_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let parent = folder.path().join("parent");
    let setting = format!("tmpdir={}", parent.display());
    let file = uses(&["--resource", &setting], "file", json!({}));
    assert!(
        file.as_str()
            .expect("a path")
            .starts_with(&*parent.to_string_lossy())
    );
    let is_empty = || parent.read_dir().expect("it stays").next().is_none();
    assert!(is_empty());
    // Without a setting it is among the system's, by TMPDIR; in a server it lasts until the end.
    let mut server = Server::start(command("brought").env("TMPDIR", &parent));
    server.initialize("a client");
    let answer = server.request("tools/call", json!({ "name": "file", "arguments": {} }));
    let file = answer["result"]["structuredContent"]["result"]
        .as_str()
        .expect("a path")
        .to_owned();
    assert!(Path::new(&file).is_file());
    server.end();
    assert!(is_empty(), "{file}");
}

#[test]
fn ctrl_c_takes_the_temporary_folder_of_a_call_along() {
    let folder = tempfile::tempdir().expect("a folder");
    let setting = format!("tmpdir={}", folder.path().display());
    let mut call = call("brought", &["--resource", &setting], "wait", &json!({}));
    let mut process = call.stderr(Stdio::piped()).spawn().expect("it starts");
    let mut said = BufReader::new(process.stderr.take().expect("a pipe")).lines();
    let mut is_said = |what: &str| said.by_ref().any(|line| line.expect("text").contains(what));
    assert!(is_said("progress"));
    assert!(folder.path().read_dir().expect("it stays").next().is_some());
    let pid = rustix::process::Pid::from_child(&process);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("it runs");
    assert!(is_said("error: cancelled"));
    assert_eq!(process.wait().expect("an end").code(), Some(130));
    assert!(folder.path().read_dir().expect("it stays").next().is_none());
}

#[test]
fn the_authors_own_go_over_the_standard_ones() {
    assert_eq!(uses(&[], "ledger", json!({ "value": 3 })), 3);
    let mut clock = call("brought", &[], "time", &json!({}));
    assert_eq!(value(clock.env(ODD, "clock")), 99);
    let mut set = call(
        "brought",
        &["--resource", "clock=frozen:1"],
        "time",
        &json!({}),
    );
    let output = run(set.env(ODD, "clock"));
    assert_eq!(output.stdout, b"99\n");
    let said = stderr(&output);
    assert!(said.contains("`--resource clock` has no effect"), "{said}");
    for (odd, says) in [
        ("fails", "setup_failed: the ledger is locked"),
        ("panics", "panicked: the plugin panicked in its setup"),
        (
            "ended",
            "resource_missing: `tool.uses` needs the resource `ledger`",
        ),
    ] {
        let (_, error) = failure(call("brought", &[], "time", &json!({})).env(ODD, odd));
        assert!(error.starts_with(says), "{error}");
    }
}

#[test]
fn optional_resources_that_are_misspelt_or_of_another_type_are_in_the_log() {
    let said = stderr(&run(&mut call("brought", &[], "time", &json!({}))));
    assert!(
        said.contains("optional resource `tenant_registri`, which is not there (did you mean `tenant_registry`?)"),
        "{said}"
    );
    let mut command = call("brought", &[], "time", &json!({}));
    let said = stderr(&run(command.env(ODD, "type")));
    assert!(
        said.contains("the resource `rng` is `dyn dagstack_plugin::resources::Clock`, not `dyn dagstack_plugin::resources::Rng`"),
        "{said}"
    );
}

/// An executable, spoken to line by line.
struct Server {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Server {
    fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let stdout = child.stdout.take().expect("a pipe");
        let lines = BufReader::new(stdout).lines();
        Self { child, lines }
    }

    fn request(&mut self, method: &str, params: Value) -> Value {
        let stdin = self.child.stdin.as_mut().expect("a pipe");
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        writeln!(stdin, "{request}").expect("it reads");
        let line = self.lines.next().expect("a line").expect("UTF-8");
        serde_json::from_str(&line).expect("JSON")
    }

    fn initialize(&mut self, client: &str) -> Value {
        self.request(
            "initialize",
            json!({
                "protocolVersion": "2025-11-25",
                "capabilities": {},
                "clientInfo": { "name": client, "version": "1" },
            }),
        )
    }

    /// Ends it, and gives what it wrote to stderr.
    fn end(self) -> String {
        self.end_with(0)
    }

    /// The same with an exit code.
    fn end_with(mut self, code: i32) -> String {
        drop(self.child.stdin.take());
        let output = self.child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(code));
        stderr(&output)
    }
}

const NEEDS: &str = "`tool.uses` needs the resource `ledger`, and no dagstack host is here to give it\nhelp: give one by `main!(…, resources = …)`";

#[test]
fn a_required_one_that_is_missing_fails_before_the_setup() {
    let (code, error) = failure(&mut call("bare", &[], "time", &json!({})));
    assert_eq!(code, 2, "{error}");
    assert!(
        error.starts_with(&format!("resource_missing: {NEEDS}")),
        "{error}"
    );
    // Who is no dagstack host hears of it at once, by its answer and on stderr.
    let mut server = Server::start(&mut command("bare"));
    let answer = server.initialize("a client");
    assert_eq!(
        answer["error"]["data"]["code"], "resource_missing",
        "{answer}"
    );
    let message = answer["error"]["message"].as_str().expect("a text");
    assert!(message.contains(NEEDS), "{message}");
    let said = server.end_with(2);
    assert!(said.contains("needs the resource `ledger`"), "{said}");
    // Also a host of the older dialect, which gives no resources.
    let mut server = Server::start(&mut command("bare"));
    let answer = server.request("initialize", json!({ "capabilities": {} }));
    assert_eq!(
        answer["error"]["data"]["code"], "resource_missing",
        "{answer}"
    );
    server.end_with(2);
    let mut server = Server::start(&mut command("brought"));
    let answer = server.request("initialize", json!({ "capabilities": {} }));
    assert!(answer["error"].is_null(), "{answer}");
    server.end();
}

/// On a terminal there is nobody who could answer a handshake.
#[test]
fn on_a_terminal_it_is_said_at_once() {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&terminal).expect("it is ours");
    unlockpt(&terminal).expect("it is open");
    let name = ptsname(&terminal, Vec::new()).expect("it has a name");
    let stdin = std::fs::File::open(name.to_str().expect("UTF-8")).expect("it opens");
    let (code, error) = failure(command("bare").stdin(stdin));
    assert_eq!(code, 2, "{error}");
    assert!(
        error.starts_with(&format!("resource_missing: {NEEDS}")),
        "{error}"
    );
}

struct Open;

#[dagstack_plugin::async_trait]
impl Ledger for Open {
    async fn book(&self, _: String, cents: i64) -> Result<i64, dagstack_plugin::HookError> {
        Ok(cents)
    }
    async fn wait(&self, _: u64) -> Result<String, dagstack_plugin::HookError> {
        Ok(String::new())
    }
    async fn fail(&self, _: String) -> Result<(), dagstack_plugin::HookError> {
        Ok(())
    }
    async fn panic(&self) -> Result<(), dagstack_plugin::HookError> {
        Ok(())
    }
    async fn echo(&self, _: Option<Value>) -> Result<Option<Value>, dagstack_plugin::HookError> {
        Ok(Some(json!("the host's")))
    }
}

/// Under a dagstack host only what the host gives counts.
#[test]
fn a_dagstack_hosts_resources_are_all_there_are() {
    let given = || {
        ResourceSet::new()
            .with::<dyn Clock>("clock", Arc::new(FrozenClock::at_unix_nanos(3)))
            .with::<dyn Ledger>("ledger", Arc::new(Open))
    };
    for plugin in [
        testing::in_process::<brought::Uses>(),
        testing::executable(built("bare")),
        testing::executable(built("brought")),
    ] {
        let plugin = plugin.resources(given());
        assert_eq!(plugin.call("time", json!({})), Ok(json!(3)));
        let echoed = plugin.call("ledger", json!({ "value": 1 }));
        assert_eq!(echoed, Ok(json!("the host's")));
        // The executable would have these.
        for (hook, arguments) in [("random", json!({})), ("count", json!({ "tenant": "a" }))] {
            let error = plugin.call(hook, arguments).expect_err("it is not given");
            assert_eq!(error.code(), "not_there");
        }
    }
    // Nor is a required one filled up: its host has left it out, perhaps for a reason.
    let clock = || ResourceSet::new().with::<dyn Clock>("clock", Arc::new(FrozenClock::default()));
    let plugin = testing::executable(built("brought")).resources(clock());
    let error = plugin.setup().expect_err("the ledger is missing");
    assert_eq!(error.code(), "resource_missing");
    assert!(
        error.message().starts_with("there is no resource `ledger`"),
        "{error}"
    );
}

const PAGE: &str = "<html><head><title>T</title></head><body><h1>Hi</h1><p>See <a href=\"/b\">there</a>.</p></body></html>";

/// What the page is at `url`.
fn markdown(url: &str) -> String {
    let origin = url.trim_end_matches("/page");
    format!("# Hi\n\nSee [there]({origin}/b).")
}

/// The fetcher needs an HTTP client and a key, and runs under any MCP client.
#[test]
fn n01_a_fetcher_runs_under_other_languages_clients() {
    let (url, requests) = web::serve_and_tell(PAGE);
    let calls = json!([["fetch", { "url": url }]]);
    let env = json!({ "FETCH_API_KEY": "hunter2hunter2" });
    let seen = [
        python_client_with(&env, "legacy", "fetch", &calls),
        python_client_with(&env, "auto", "fetch", &calls),
        typescript_client_with(&env, "fetch", &calls),
    ];
    for seen in seen.into_iter().flatten() {
        let request = requests.try_recv().expect("a request");
        let key = "\r\nauthorization: bearer hunter2hunter2\r\n";
        assert!(request.contains(key), "{request}");
        let tool = &seen["tools"][0];
        assert_eq!(tool["title"], "Read a web page", "{tool}");
        assert_eq!(tool["annotations"]["readOnlyHint"], true, "{tool}");
        assert_eq!(tool["annotations"]["openWorldHint"], true, "{tool}");
        let answer = &seen["answers"][0];
        assert_eq!(answer["is_error"], false, "{answer}");
        assert_eq!(answer["text"], json!([markdown(&url)]));
    }
}

#[test]
fn n01_a_fetcher_reads_https_by_the_certificates_of_the_system() {
    let url = web::serve_tls(PAGE);
    let authority = workspace().join("tests/tls").join(AUTHORITY);
    let mut fetch = call("fetch", &[], "fetch", &json!({ "url": url }));
    let known = value(
        fetch
            .env("SSL_CERT_FILE", &authority)
            .env_remove("SSL_CERT_DIR"),
    );
    assert_eq!(known, json!(markdown(&url)));
    // One that nobody vouches for is refused.
    let mut fetch = call("fetch", &[], "fetch", &json!({ "url": url }));
    let (code, error) = failure(fetch.env_remove("SSL_CERT_FILE").env_remove("SSL_CERT_DIR"));
    assert_eq!(code, 1);
    assert!(
        error.starts_with("transport:") && error.contains("certificate"),
        "{error}"
    );
}

#[test]
fn proxies_are_those_of_the_environment() {
    let proxy = web::serve("<p>by the proxy");
    let proxy = proxy.trim_end_matches("/page");
    let mut fetch = call(
        "fetch",
        &[],
        "fetch",
        &json!({ "url": "http://nowhere.invalid/" }),
    );
    fetch.env("HTTP_PROXY", proxy).env("http_proxy", proxy);
    fetch.env_remove("NO_PROXY").env_remove("no_proxy");
    assert_eq!(value(&mut fetch), "by the proxy");
}
