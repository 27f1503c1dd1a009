//! Code as it is while it is being typed: an editor must keep its footing.

use super::{errors, plugin};

const ARGS: &str = "kind = \"tool\", name = \"echo\"";

#[test]
fn bodies_may_be_anything() {
    for body in [
        "self.",
        "if 1",
        "let x =",
        "match self { A => }",
        "foo(",
        "x.y.(z",
    ] {
        // Tokens are balanced whatever happens, so an open parenthesis is closed by the editor.
        let body = match body {
            "foo(" => "foo()",
            "x.y.(z" => "x.y.(z)",
            other => other,
        };
        let tokens = plugin(
            ARGS,
            &format!("impl Echo {{ #[hook] fn echo(&self, text: String) {{ {body} }} }}"),
        );
        assert_eq!(errors(tokens.clone()), [""; 0], "{body}");
        let text = tokens.to_string();
        assert!(text.contains("Plugin for Echo"), "{body}");
    }
}

#[test]
fn members_may_be_incomplete() {
    for member in [
        "fn",
        "pub",
        "fn other(",
        "const X: ",
        "#[hook] fn other(&self",
    ] {
        let member = match member {
            "fn other(" => "fn other()",
            "#[hook] fn other(&self" => "#[hook] fn other(&self)",
            other => other,
        };
        let tokens = plugin(
            ARGS,
            &format!("impl Echo {{ #[hook] fn echo(&self) {{}} {member} }}"),
        );
        let text = tokens.to_string();
        assert!(text.contains("Plugin for Echo"), "{member}: {text}");
        assert!(text.contains("fn echo (& self) { }"), "{member}: {text}");
    }
}

#[test]
fn arguments_may_be_incomplete() {
    for args in [
        "",
        "kind",
        "kind =",
        "kind = \"tool\", name",
        "kind = \"tool\",, name = ",
    ] {
        let tokens = plugin(args, "impl Echo { #[hook] fn echo(&self) { 1 } }");
        assert!(!errors(tokens.clone()).is_empty(), "{args}");
        let text = tokens.to_string();
        assert!(text.contains("fn echo (& self) { 1 } }"), "{text}");
        assert!(text.contains("Plugin for Echo"), "{text}");
    }
}

#[test]
fn an_item_that_cannot_be_read_comes_back_without_our_attributes() {
    let text = plugin(ARGS, "impl { #[hook] fn echo(&self) {} }").to_string();
    assert!(!text.contains("hook"), "{text}");
    assert!(text.contains("fn echo"), "{text}");
}
