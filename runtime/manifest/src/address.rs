//! Where a plugin is: the keys that say so, and which runtime they belong to.

use super::fields::{Field, Fields, Problems};
use super::{Manifest, McpHttp, McpStdio, Runtime};

/// The keys that say where a plugin is, as far as they are there.
struct Keys<'a> {
    entry_point: Option<Field<'a>>,
    command: Option<Field<'a>>,
    env: Option<Field<'a>>,
    url: Option<Field<'a>>,
    endpoint: Option<Field<'a>>,
    auth: Option<Field<'a>>,
    stdio_table: Option<Field<'a>>,
    http_table: Option<Field<'a>>,
    timeout: Option<Field<'a>>,
}

/// Reads all address keys. `strict`: each belongs to one of the runtimes, and one runtime alone
/// must have its address.
pub(super) fn addresses(
    read: &mut Manifest,
    fields: &mut Fields<'_>,
    problems: &mut Problems,
    strict: bool,
) {
    let mut keys = Keys {
        entry_point: fields.take_said("entry_point"),
        command: fields.take("command"),
        env: fields.take("env"),
        url: fields.take_said("url"),
        endpoint: fields.take_said("endpoint"),
        auth: fields.take("auth"),
        stdio_table: fields.take("mcp_stdio"),
        http_table: fields.take("mcp_http"),
        timeout: fields.take("startup_timeout_sec"),
    };
    let runs = |runtime| read.runtimes.contains(&runtime);
    let runs @ [in_process, stdio, http] =
        [Runtime::InProcess, Runtime::McpStdio, Runtime::McpHttp].map(runs);
    if strict && !read.runtimes.is_empty() {
        keys.check_owners(runs, problems);
    }
    let entry_point = keys.entry_point.as_ref();
    let mut entry_text = entry_point.and_then(|field| problems.word(field));
    if keys.stdio_table.is_some() || keys.command.is_some() || keys.env.is_some() {
        read.mcp_stdio = read_stdio(read, &keys, problems);
    }
    // Older files give a subprocess's command as its entry point.
    if strict
        && stdio
        && !in_process
        && let (Some(field), Some(text)) = (entry_point, entry_text.take())
    {
        let words = split(&text);
        let address = read.mcp_stdio.get_or_insert_default();
        if address.command.is_empty() && keys.command.is_none() {
            address.command = words;
        } else if address.command != words {
            let message = "differs from `command`, expected one value; remove this key";
            problems.add(field, message);
        }
    }
    read.entry_point = entry_text;

    if let Some(url) = keys.url.take_if(|_| strict && stdio && !http) {
        let key = url.key;
        let warning = format!("`{key}` is ignored: the runtime is `mcp_stdio`");
        read.warnings.push(warning);
    }
    let of_http = [&keys.url, &keys.endpoint, &keys.auth, &keys.http_table];
    if of_http.iter().any(|key| key.is_some()) {
        read.mcp_http = read_http(of_http.map(Option::as_ref), problems);
    }
    if strict && !read.runtimes.iter().any(|it| keys.give(*it, in_process)) {
        missing(&read.runtimes, fields, problems);
    }
}

impl Keys<'_> {
    /// Reports keys of a runtime that the plugin does not have.
    fn check_owners(&self, [in_process, stdio, http]: [bool; 3], problems: &mut Problems) {
        for (field, is_owned, owner) in [
            (&self.entry_point, in_process || stdio, Runtime::InProcess),
            (&self.command, stdio, Runtime::McpStdio),
            (&self.env, stdio, Runtime::McpStdio),
            (&self.stdio_table, stdio, Runtime::McpStdio),
            (&self.url, http || stdio, Runtime::McpHttp),
            (&self.endpoint, http, Runtime::McpHttp),
            (&self.auth, http, Runtime::McpHttp),
            (&self.http_table, http, Runtime::McpHttp),
        ] {
            if let Some(field) = field.as_ref().filter(|_| !is_owned) {
                let message = format!(
                    "belongs to the runtime `{owner}`, which the plugin does not have; \
                     remove it, or add the runtime"
                );
                problems.add(field, message);
            }
        }
    }

    /// Whether the address of the runtime is there. One that is wrong is, and has its own message.
    fn give(&self, runtime: Runtime, in_process: bool) -> bool {
        let has = |table: &Option<Field<'_>>, name| {
            let node = table.as_ref().and_then(|table| table.node.get(name));
            node.is_some()
        };
        match runtime {
            Runtime::InProcess => self.entry_point.is_some(),
            Runtime::McpStdio => {
                self.command.is_some()
                    || has(&self.stdio_table, "command")
                    || (self.entry_point.is_some() && !in_process)
            }
            _ => {
                self.url.is_some()
                    || self.endpoint.is_some()
                    || has(&self.http_table, "url")
                    || has(&self.http_table, "endpoint")
            }
        }
    }
}

/// One runtime needs its address; of several, one must have it.
fn missing(runtimes: &[Runtime], fields: &Fields<'_>, problems: &mut Problems) {
    let Some(first) = runtimes.first() else {
        return;
    };
    let (name, example) = match first {
        Runtime::InProcess => ("entry_point", "\"my_crate::MyPlugin\""),
        Runtime::McpStdio => ("command", "[\"./my-plugin\"]"),
        _ => ("endpoint", "\"http://127.0.0.1:8080/mcp\""),
    };
    let message = format!("is missing; the runtime `{first}` needs it, write `{name} = {example}`");
    problems.at(fields.key(name), None, message);
}

/// A field, and what it says.
type Said<'f, 'a, T> = Option<(&'f Field<'a>, T)>;

/// The value that stands in two places: one of them, unless they differ.
fn agree<'f, 'a, T: PartialEq>(
    a: Said<'f, 'a, T>,
    b: Said<'f, 'a, T>,
    problems: &mut Problems,
) -> Said<'f, 'a, T> {
    if let (Some((first, a)), Some((second, b))) = (&a, &b)
        && a != b
    {
        let message = format!(
            "differs from `{}`, expected one value; remove one",
            first.key
        );
        problems.add(second, message);
    }
    a.or(b)
}

fn with<'f, 'a, T>(
    field: Option<&'f Field<'a>>,
    read: impl FnOnce(&Field<'a>) -> Option<T>,
) -> Said<'f, 'a, T> {
    field.and_then(|field| Some((field, read(field)?)))
}

fn read_command(field: &Field<'_>, problems: &mut Problems) -> Option<Vec<String>> {
    let items = problems.list(field)?;
    if items.is_empty() {
        let message = "found an empty list, expected a program and its arguments; \
                       write `[\"./my-plugin\"]`";
        problems.add(field, message);
        return None;
    }
    let mut words = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        // An argument may be empty, the program not.
        let word = if index == 0 {
            problems.word(item)
        } else {
            problems.text(item)
        };
        words.push(word?);
    }
    Some(words)
}

fn read_stdio(read: &mut Manifest, keys: &Keys<'_>, problems: &mut Problems) -> Option<McpStdio> {
    let table = keys.stdio_table.as_ref();
    let mut inner = table.and_then(|table| problems.fields(table));
    let mut take = |name| inner.as_mut().and_then(|inner| inner.take_said(name));
    let inner_command = take("command");
    let inner_env = take("env");
    let working_dir = take("working_dir");
    let timeout = take("startup_timeout_sec");
    let working_dir = working_dir.and_then(|field| problems.word(&field));
    let outer = with(keys.command.as_ref(), |field| read_command(field, problems));
    let nested = with(inner_command.as_ref(), |field| {
        read_command(field, problems)
    });
    let command = agree(outer, nested, problems);
    let outer = with(keys.env.as_ref(), |field| problems.texts(field));
    let nested = with(inner_env.as_ref(), |field| problems.texts(field));
    let env = agree(outer, nested, problems);
    if let Some((field, seconds)) = with(timeout.as_ref(), |field| problems.integer(field, 1)) {
        if let Some(outer) = &keys.timeout
            && read.startup_timeout_sec != seconds
        {
            let message = format!(
                "differs from `{}`, expected one value; remove one",
                outer.key
            );
            problems.add(field, message);
        }
        read.startup_timeout_sec = seconds;
    }
    if let Some(inner) = &inner {
        inner.finish(problems);
    }
    Some(McpStdio {
        command: command.map(|(_, words)| words).unwrap_or_default(),
        working_dir,
        env: env.map(|(_, texts)| texts).unwrap_or_default(),
    })
}

fn read_http(
    [url, endpoint, auth, table]: [Option<&Field<'_>>; 4],
    problems: &mut Problems,
) -> Option<McpHttp> {
    let mut inner = table.and_then(|table| problems.fields(table));
    let mut take = |name| inner.as_mut().and_then(|inner| inner.take_said(name));
    let [nested_url, nested_endpoint] = [take("url"), take("endpoint")];
    let texts = [
        take("auth_header"),
        take("auth_secret_env"),
        take("tls_ca_bundle"),
    ];
    let (timeout, verify) = (take("timeout_sec"), take("tls_verify"));

    let mut address = None;
    for field in [url, endpoint, nested_url.as_ref(), nested_endpoint.as_ref()] {
        let found = with(field, |field| read_url(field, problems));
        address = agree(address, found, problems);
    }
    let [auth_header, auth_secret_env, tls_ca_bundle] =
        texts.map(|field| field.and_then(|field| problems.word(&field)));
    let default = McpHttp::default();
    let http = McpHttp {
        url: address.map(|(_, url)| url).unwrap_or_default(),
        auth: auth
            .and_then(|field| problems.free(field))
            .unwrap_or_default(),
        auth_header,
        auth_secret_env,
        timeout_sec: timeout
            .and_then(|field| problems.integer(&field, 1))
            .unwrap_or(default.timeout_sec),
        tls_ca_bundle,
        tls_verify: verify
            .and_then(|field| problems.boolean(&field))
            .unwrap_or(default.tls_verify),
    };
    if let Some(inner) = &inner {
        inner.finish(problems);
    }
    Some(http)
}

fn read_url(field: &Field<'_>, problems: &mut Problems) -> Option<String> {
    let text = problems.text(field)?;
    if is_url(&text) {
        return Some(text);
    }
    let message = format!(
        "found {}, expected a URL; write for example `\"http://127.0.0.1:8080/mcp\"`",
        field.found()
    );
    problems.add(field, message);
    None
}

/// Whether it is an absolute `http` or `https` URL with a host.
fn is_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else {
        return false;
    };
    let known = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    let odd = |c: char| c.is_whitespace() || c.is_control() || "\"<>\\^`{|}".contains(c);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let (host, port) = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, port)) => (
            host,
            port.strip_prefix(':').or((!port.is_empty()).then_some("-")),
        ),
        None => match host.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (host, None),
        },
    };
    let port_fits = port.is_none_or(|port| port.is_empty() || port.parse::<u16>().is_ok());
    known && !rest.contains(odd) && !host.is_empty() && !host.contains(['[', ']', '%']) && port_fits
}

/// Splits a command line at white space; quotes keep words together.
fn split(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in text.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            None if c == '"' || c == '\'' => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            None if c.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}
