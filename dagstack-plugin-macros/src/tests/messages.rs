//! The messages, word by word, whatever the compiler makes of them.

use super::{errors, of_args, of_block};

const FINE: &str = "kind = \"tool\", name = \"echo\"";

fn with(more: &str) -> Vec<String> {
    of_args(&format!("{FINE}, {more}"))
}

#[test]
fn arguments_that_are_missing() {
    assert_eq!(
        of_args(""),
        ["`#[plugin]` needs a `kind` and a `name`, for example `kind = \"tool\", name = \"echo\"`"]
    );
    assert_eq!(
        of_args("kind = \"tool\""),
        ["`#[plugin]` needs a `name`, for example `name = \"echo\"`"]
    );
}

#[test]
fn arguments_that_do_not_exist() {
    let [error] = &with("prioritty = 1")[..] else {
        panic!()
    };
    assert!(
        error.starts_with(
            "`plugin` has no argument `prioritty`; did you mean `priority`?\nnote: it takes `kind`, `name`,"
        ),
        "{error}"
    );
    assert_eq!(
        with("runtime = \"in_process\""),
        [
            "`runtime` is not known when the plugin is compiled: one source is linked into hosts and built as an executable; the executable's `manifest` command writes it\nhelp: leave it out"
        ]
    );
}

#[test]
fn arguments_with_wrong_values() {
    for (given, message) in [
        ("priority = 1, priority = 2", "`priority` is given twice"),
        (
            "priority = \"high\"",
            "expected a whole number, 0 or more, for example `priority = 10`, found `\"high\"`",
        ),
        ("priority", "`priority` needs a value: `priority = 10`"),
        ("priority =", "`priority =` has no value"),
        (
            "fallback = 1",
            "expected `true` or `false`, for example `fallback = true`, found `1`",
        ),
        (
            "capabilities = \"a\"",
            "expected a list of texts, for example `capabilities = [\"…\"]`, found `\"a\"`",
        ),
        (
            "capabilities = [\"a\", \"a\"]",
            "`a` stands twice in `capabilities`",
        ),
        (
            "resources = []",
            "`resources` takes its values in parentheses: `resources(required = [\"clock\"])`",
        ),
        ("license = \"\"", "`license` is empty\nhelp: leave it out"),
        (
            "tryfirst, trylast",
            "`tryfirst` and `trylast` exclude each other\nhelp: keep one",
        ),
        (
            "crate = dagstack_plugin",
            "`crate` must be an absolute path: write `crate = ::dagstack_plugin`",
        ),
        (
            "teardown_timeout_sec = 0",
            "`teardown_timeout_sec` must be at least 1 second",
        ),
        (
            "execution_model = \"threads\"",
            "`execution_model` cannot be `\"threads\"`\nnote: it is one of `\"async\"`, `\"sync\"`, `\"thread_cpu_bound\"`, `\"process_cpu_bound\"`",
        ),
        (
            "depends_on = [\"echo\"]",
            "the plugin `echo` depends on itself\nhelp: write `kind.name` if another kind's plugin of that name is meant",
        ),
        (
            "unit_of_work(estimated_duration_sec = 0)",
            "`estimated_duration_sec` must be at least 1 second",
        ),
        ("priority 5", "write `priority = 5`"),
    ] {
        assert_eq!(with(given), [message], "{given}");
    }
}

#[test]
fn names() {
    assert_eq!(
        of_args("kind = \"toolKit\", name = \"My Echo\""),
        [
            "the plugin name `My Echo` must consist of `a-z`, `0-9`, `_` and `-`, and start with a letter or digit\nhelp: write `my-echo`",
            "the kind `toolKit` must be in snake_case: `a-z`, `0-9` and `_`, starting with a letter\nhelp: write `tool_kit`",
        ]
    );
    assert_eq!(
        of_args("kind = Tool<u8>, name = \"echo\""),
        [
            "expected the trait of a kind, or a name in quotes, for example `kind = Chunker` or `kind = \"tool\"`, found `Tool<u8>`"
        ]
    );
}

#[test]
fn signatures() {
    for (function, message) in [
        (
            "fn a(&self, text: &str) {}",
            "the parameter `text` borrows; a hook owns its arguments\nhelp: write `text: String`",
        ),
        (
            "fn a(&self, items: &[std::path::Path]) {}",
            "the parameter `items` borrows; a hook owns its arguments\nhelp: write `items: Vec<std::path::Path>`",
        ),
        (
            "fn a(&self, ctx: &HookContext, more: &Map<K, V>) {}",
            "the parameter `more` borrows; a hook owns its arguments\nhelp: write `more: Map<K, V>`",
        ),
        (
            "fn a(&mut self) {}",
            "a hook takes `&self`, not `&mut self`: calls run at the same time\nhelp: keep what changes behind a `Mutex` or an atomic",
        ),
        ("fn a(self) {}", "a hook takes `&self`, found `self`"),
        ("fn a() {}", "a hook takes `&self` first: `fn a(&self, …)`"),
        (
            "fn a<T>(&self) {}",
            "a hook cannot be generic: its types must be known to the host",
        ),
        (
            "unsafe fn a(&self) {}",
            "a hook cannot be `unsafe`: it is called from outside",
        ),
        (
            "fn a(&self, (b, c): (u8, u8)) {}",
            "a hook's parameter is a plain name: callers pass it by name\nhelp: take it apart in the body",
        ),
        (
            "fn a(&self, _: &str) {}",
            "a hook's parameter needs a name: callers pass it by name",
        ),
        (
            "fn a(&self, ctx: &HookContext, _: &Ctx) {}",
            "a hook's parameter needs a name: callers pass it by name",
        ),
        (
            "fn a(&self, _: &mut HookContext) {}",
            "`_` is shared: write `_: &HookContext`",
        ),
        (
            "fn a(&self, #[cfg(x)] b: u8) {}",
            "the parameters of a hook cannot be conditional\nhelp: write two hooks, each with its own `#[cfg(…)]`",
        ),
        (
            "fn execute(&self) {}",
            "a tool cannot have a function `execute`: the kind `tool` has a hook of that name, made from the functions\nhelp: give the function a name that says what it does",
        ),
        (
            "fn sayIt(&self) {}",
            "the hook name `sayIt` must be in snake_case\nhelp: write `say_it`",
        ),
    ] {
        assert_eq!(of_block(&format!("#[hook] {function}")), [message]);
    }
}

#[test]
fn descriptions_by_attributes() {
    assert_eq!(
        of_block("#[hook] #[schemars(title = \"x\", description = \"Says\")] fn a(&self) {}"),
        ["a hook is described by its doc comment\nhelp: write `/// Says`"]
    );
}

#[test]
fn types_that_cannot_be_there_are_found_at_any_depth() {
    let of = |ty: &str| {
        let ty = syn::parse_str(ty).unwrap();
        crate::hook::types::unfit(&ty, false).map(|unfit| unfit.message())
    };
    for fine in [
        "Vec<Box<str>>",
        "std::sync::Arc<[u8]>",
        "Box<dyn Fn(u8)>",
        "self::Path",
        "Option<Self>",
        "&'static str",
        "fn(u8) -> u8",
        "Cow<'static, str>",
        "Cow<u8>",
        "farm::Cow<str>",
        "my::Display",
        "crate::path::Path",
    ] {
        assert_eq!(of(fine), None, "{fine}");
    }
    for (ty, message) in [
        ("str", "`str` has no size\nhelp: write `String`"),
        ("Vec<str>", "`str` has no size\nhelp: write `String`"),
        (
            "Option<[Vec<u8>]>",
            "`[Vec<u8>]` has no size\nhelp: write `Vec<Vec<u8>>`",
        ),
        (
            "(u8, dyn Any)",
            "`dyn Any` has no size\nhelp: name a type of yours",
        ),
        (
            "Path",
            "`Path` has no size\nhelp: write `std::path::PathBuf`; if it is a type of yours, `self::Path`",
        ),
        (
            "Option<Cow<'a, str>>",
            "`Cow<'a, str>` borrows; a hook owns what it takes and returns\nhelp: use an owned type, for example `String` for `&str` and for `Cow<str>`",
        ),
        (
            "Cow<[u8]>",
            "`Cow<[u8]>` borrows; a hook owns what it takes and returns\nhelp: use an owned type, for example `String` for `&str` and for `Cow<str>`",
        ),
        (
            "std::path::Path",
            "`std::path::Path` has no size\nhelp: write `std::path::PathBuf`",
        ),
        (
            "Vec<Option<impl Any>>",
            "`impl Trait` cannot be read from arguments\nhelp: name a type",
        ),
        (
            "Box<Display>",
            "`Display` is a trait, and only a type can be read or written\nhelp: name a type, for example `String`; if it is a type of yours, `self::Display`",
        ),
        (
            "Vec<Stream<Item = u8>>",
            "`Stream<Item = u8>` is a trait, and only a type can be read or written\nhelp: name a type, for example `String`",
        ),
        (
            "Vec<!>",
            "`!` has no values\nhelp: name a type that has some",
        ),
        (
            "[u8; _]",
            "`_` stands for no length in a signature\nhelp: write the number of items",
        ),
    ] {
        assert_eq!(of(ty).as_deref(), Some(message), "{ty}");
    }
}

#[test]
fn long_arrays_are_refused_where_serde_reads_them() {
    for ty in [
        "[u8; 33]",
        "Option<[u8; 33]>",
        "(u8, Box<[u8; 33]>)",
        "[[u8; 33]; 2]",
    ] {
        assert_eq!(
            of_block(&format!("#[hook] fn a(&self, a: {ty}) {{}}")),
            ["`[u8; 33]` has no JSON form: an array has at most 32 items\nhelp: write `Vec<u8>`"],
            "{ty}"
        );
    }
    for fine in [
        "a: [u8; 32]",
        "a: Hex<[u8; 33]>",
        "#[serde(deserialize_with = \"f\")] a: [u8; 33]",
    ] {
        let none: [&str; 0] = [];
        assert_eq!(
            of_block(&format!("#[hook] fn a(&self, {fine}) {{}}")),
            none,
            "{fine}"
        );
    }
}

#[test]
fn versions_are_those_of_semver() {
    for (version, is_one) in [
        ("1.0.0", true),
        ("10.20.30", true),
        ("01.0.0", false),
        ("1.00.0", false),
        ("1.0", false),
        ("1.0.0.0", false),
        ("1..0", false),
        ("", false),
    ] {
        assert_eq!(crate::names::is_version(version), is_one, "{version}");
    }
}

#[test]
fn several_mistakes_are_reported_together() {
    let found = errors(super::plugin(
        "kind = \"tool\", name = \"Echo\", zebra = 1",
        "impl Echo { #[hook] fn a(&self, b: &str, c: &str) {} #[hook(name = \"a\")] fn d(&mut self) {} }",
    ));
    assert_eq!(found.len(), 6, "{found:#?}");
}

#[test]
fn misplaced_attributes() {
    let found = errors(crate::misplaced::expand(
        "hook",
        &"".parse().unwrap(),
        "fn a(&self, /** b */ b: u8) {}".parse().unwrap(),
    ));
    assert_eq!(
        found,
        [
            "`#[hook]` means something only on a function inside a `#[plugin]` block\nhelp: put `#[plugin(kind = \"…\", name = \"…\")]` on the `impl` block; all hooks of a plugin stand in one"
        ]
    );
    assert_eq!(
        errors(super::plugin(FINE, "struct Echo;")),
        ["`#[plugin]` goes on the `impl` block that holds the hooks"]
    );
}

#[test]
fn data() {
    let of = |item: &str| {
        errors(crate::data::expand(
            "".parse().unwrap(),
            item.parse().unwrap(),
        ))
    };
    assert_eq!(of("struct A;"), [""; 0]);
    assert_eq!(
        errors(crate::data::expand(
            "rename = \"b\"".parse().unwrap(),
            "struct A { a: u8, a: u8 }".parse().unwrap(),
        ))
        .len(),
        1,
        "what the compiler says of the fields hides no argument"
    );
    assert_eq!(
        of("fn a() {}"),
        ["`#[data]` goes on a `struct` or an `enum`"]
    );
    assert_eq!(
        of("#[derive(Debug, serde::Serialize)] struct A;"),
        ["`#[data]` derives `Serialize` already\nhelp: leave it out here"]
    );
}
