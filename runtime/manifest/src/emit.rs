//! Writing a manifest: as TOML for any host, as JSON between our own ends.

use serde_json::{Map, Value, json};

use super::{ExecutionModel, IdempotencyMode, Manifest, Runtime};
use super::{McpHttp, McpStdio, SCHEMA_VERSION};

/// Whose reader a TOML manifest is for; the published ones disagree in two places.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Target {
    /// The Python core, and every host but the TypeScript one.
    #[default]
    Python,
    /// The TypeScript core: `schema_version = "1.0.0"`, and `url` instead of `endpoint`.
    TypeScript,
}

/// Key and value, in the order they are written. Nulls and empty containers are left out.
type Pairs = Vec<(&'static str, Value)>;

impl Manifest {
    /// The `dagstack.toml` that the published hosts can load: `[plugin]` is its only top-level
    /// table, `runtime` the first of [`runtimes`](Self::runtimes) with the address of that one
    /// alone, and what has its default value is left out. So are `version`, `description` and
    /// `authors`, which the published Python core refuses, and nulls, which TOML does not have.
    ///
    /// ```
    /// let toml = dagstack_plugin::manifest::Manifest::new("tool", "echo").to_toml();
    /// assert!(toml.contains("runtime = \"in_process\"\n"));
    /// ```
    pub fn to_toml(&self) -> String {
        self.to_toml_for(Target::default())
    }

    /// As [`to_toml`](Self::to_toml), for another reader.
    ///
    /// ```
    /// use dagstack_plugin::manifest::{Manifest, Target};
    ///
    /// let toml = Manifest::new("tool", "echo").to_toml_for(Target::TypeScript);
    /// assert!(toml.contains("schema_version = \"1.0.0\"\n"));
    /// ```
    pub fn to_toml_for(&self, target: Target) -> String {
        let (schema_version, address) = match target {
            Target::Python => (SCHEMA_VERSION, "endpoint"),
            Target::TypeScript => ("1.0.0", "url"),
        };
        let runtime = self.runtimes.first().copied();
        let mut pairs: Pairs = vec![
            ("schema_version", json!(schema_version)),
            ("name", json!(self.name)),
            ("kind", json!(self.kind)),
            ("kind_api_version", json!(self.kind_api_version)),
            ("core_version", json!(self.core_version)),
            ("runtime", json!(runtime)),
        ];
        let mut stdio = None;
        let mut http = None;
        match runtime {
            Some(Runtime::InProcess) => pairs.push(("entry_point", json!(self.entry_point))),
            Some(Runtime::McpStdio) => stdio = self.mcp_stdio.as_ref(),
            Some(_) => http = self.mcp_http.as_ref(),
            None => {}
        }
        if let Some(stdio) = stdio {
            pairs.push(("command", json!(stdio.command)));
        }
        if let Some(http) = http {
            pairs.push((address, json!(http.url)));
        }
        pairs.extend(self.plain_pairs());
        // Tables come last, each under its own header.
        pairs.extend(stdio.map(|stdio| ("env", json!(stdio.env))));
        pairs.extend(stdio.map(|stdio| ("mcp_stdio", json!({"working_dir": stdio.working_dir}))));
        pairs.extend(http.map(|http| ("auth", json!(http.auth))));
        pairs.extend(http.map(|http| ("mcp_http", http_extras(http))));
        pairs.extend(self.table_pairs());

        let mut out = "[plugin]\n".to_owned();
        let (tables, plain): (Pairs, Pairs) =
            pairs.into_iter().partition(|(_, value)| value.is_object());
        for (key, value) in plain.into_iter().filter(|(_, value)| !is_absent(value)) {
            write_pair(&mut out, key, &value);
        }
        for (key, value) in tables {
            let mut body = String::new();
            for (key, value) in value.as_object().into_iter().flatten() {
                write_pair(&mut body, key, value);
            }
            if !body.is_empty() {
                out.push_str("\n[plugin.");
                out.push_str(key);
                out.push_str("]\n");
                out.push_str(&body);
            }
        }
        out
    }

    /// The whole manifest as one flat JSON object: every runtime and address, `version` and
    /// `description` too. What has its default value is left out.
    ///
    /// ```
    /// let value = dagstack_plugin::manifest::Manifest::new("tool", "echo").to_json_value();
    /// assert_eq!(value["runtime"], serde_json::json!(["in_process"]));
    /// ```
    pub fn to_json_value(&self) -> Value {
        let mut pairs: Pairs = vec![
            ("schema_version", json!(SCHEMA_VERSION)),
            ("name", json!(self.name)),
            ("kind", json!(self.kind)),
            ("kind_api_version", json!(self.kind_api_version)),
            ("core_version", json!(self.core_version)),
            ("entry_point", json!(self.entry_point)),
            ("version", json!(self.version)),
            ("description", json!(self.description)),
            ("authors", json!(self.authors)),
        ];
        pairs.extend(self.plain_pairs());
        pairs.extend(self.table_pairs());
        let mut object = object(pairs);
        object.insert("runtime".to_owned(), json!(self.runtimes));
        // These may be there and empty.
        if let Some(McpStdio {
            command,
            working_dir,
            env,
        }) = &self.mcp_stdio
        {
            let pairs = vec![
                ("command", json!(command)),
                ("working_dir", json!(working_dir)),
                ("env", json!(env)),
            ];
            object.insert("mcp_stdio".to_owned(), tidy(pairs));
        }
        if let Some(http) = &self.mcp_http {
            let mut table = http_extras(http);
            if !http.url.is_empty() {
                table["url"] = json!(http.url);
            }
            object.insert("mcp_http".to_owned(), table);
            if !http.auth.is_empty() {
                object.insert("auth".to_owned(), Value::Object(http.auth.clone()));
            }
        }
        if let Some(wrap) = &self.chain_wrap {
            let pairs = vec![("kinds", json!(wrap.kinds)), ("hooks", json!(wrap.hooks))];
            object.insert("chain_wrap".to_owned(), tidy(pairs));
        }
        Value::Object(object)
    }

    /// The fields that are no tables and no addresses.
    fn plain_pairs(&self) -> Pairs {
        let default = Self::new("", "");
        let depends_on: Vec<Value> = self
            .depends_on
            .iter()
            .map(|dependency| match &dependency.kind {
                Some(kind) => json!({"kind": kind, "name": dependency.name}),
                None => json!(dependency.name),
            })
            .collect();
        vec![
            ("health_check", json!(self.health_check)),
            ("license", json!(self.license)),
            ("maintainer", json!(self.maintainer)),
            ("homepage", json!(self.homepage)),
            ("capabilities", json!(self.capabilities)),
            ("priority", unless(self.priority, default.priority)),
            ("depends_on", json!(depends_on)),
            ("tryfirst", unless(self.tryfirst, false)),
            ("trylast", unless(self.trylast, false)),
            (
                "startup_timeout_sec",
                unless(self.startup_timeout_sec, default.startup_timeout_sec),
            ),
            (
                "teardown_timeout_sec",
                unless(self.teardown_timeout_sec, default.teardown_timeout_sec),
            ),
            ("supports_languages", json!(self.supports_languages)),
            ("supports_extensions", json!(self.supports_extensions)),
            ("supports_mime_types", json!(self.supports_mime_types)),
            ("fallback", unless(self.fallback, false)),
            (
                "execution_model",
                unless(self.execution_model.as_str(), ExecutionModel::Sync.as_str()),
            ),
            ("in_process_only", unless(self.in_process_only, false)),
        ]
    }

    fn table_pairs(&self) -> Pairs {
        let unit = &self.unit_of_work;
        let wrap = self.chain_wrap.as_ref();
        let none = IdempotencyMode::None.as_str();
        vec![
            (
                "resources",
                tidy(vec![
                    ("required", json!(self.resources.required)),
                    ("optional", json!(self.resources.optional)),
                ]),
            ),
            (
                "unit_of_work",
                tidy(vec![
                    ("declared", unless(unit.declared, false)),
                    ("partition_key", json!(unit.partition_key)),
                    ("estimated_duration_sec", json!(unit.estimated_duration_sec)),
                    (
                        "idempotency_mode",
                        unless(unit.idempotency_mode.as_str(), none),
                    ),
                    ("checkpointable", unless(unit.checkpointable, false)),
                    ("content_hash", json!(unit.content_hash)),
                ]),
            ),
            ("metadata", Value::Object(self.metadata.clone())),
            (
                "chain_wrap",
                tidy(vec![
                    ("kinds", json!(wrap.map(|wrap| &wrap.kinds))),
                    ("hooks", json!(wrap.map(|wrap| &wrap.hooks))),
                ]),
            ),
        ]
    }
}

fn http_extras(http: &McpHttp) -> Value {
    let default = McpHttp::default();
    tidy(vec![
        ("auth_header", json!(http.auth_header)),
        ("auth_secret_env", json!(http.auth_secret_env)),
        ("timeout_sec", unless(http.timeout_sec, default.timeout_sec)),
        ("tls_ca_bundle", json!(http.tls_ca_bundle)),
        ("tls_verify", unless(http.tls_verify, default.tls_verify)),
    ])
}

fn unless<T: PartialEq + Into<Value>>(value: T, default: T) -> Value {
    if value == default {
        Value::Null
    } else {
        value.into()
    }
}

fn is_absent(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

fn object(pairs: Pairs) -> Map<String, Value> {
    let pairs = pairs.into_iter().filter(|(_, value)| !is_absent(value));
    pairs.map(|(key, value)| (key.to_owned(), value)).collect()
}

fn tidy(pairs: Pairs) -> Value {
    Value::Object(object(pairs))
}

fn write_pair(out: &mut String, key: &str, value: &Value) {
    if value.is_null() {
        return;
    }
    write_key(out, key);
    out.push_str(" = ");
    write_value(out, value);
    out.push('\n');
}

fn write_key(out: &mut String, key: &str) {
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if !key.is_empty() && key.bytes().all(bare) {
        out.push_str(key);
    } else {
        write_text(out, key);
    }
}

fn write_value(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("\"\""),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => out.push_str(&integer.to_string()),
            // TOML's integers end at 2^63; the rest is written as a float.
            (None, Some(float)) => out.push_str(&format!("{float:?}")),
            (None, None) => write_text(out, &number.to_string()),
        },
        Value::String(text) => write_text(out, text),
        Value::Array(items) => {
            let items = items.iter().filter(|item| !item.is_null());
            write_list(out, ["[", "]"], items, write_value);
        }
        Value::Object(map) => {
            let pairs = map.iter().filter(|(_, value)| !value.is_null());
            write_list(out, ["{ ", " }"], pairs, |out, (key, value)| {
                write_key(out, key);
                out.push_str(" = ");
                write_value(out, value);
            });
        }
    }
}

fn write_list<T>(
    out: &mut String,
    [open, close]: [&str; 2],
    items: impl Iterator<Item = T>,
    write: impl Fn(&mut String, T),
) {
    out.push_str(open);
    for (index, item) in items.enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        write(out, item);
    }
    out.push_str(close);
}

fn write_text(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\0'..='\u{1f}' | '\u{7f}' => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            _ => out.push(c),
        }
    }
    out.push('"');
}
