//! How plugins, kinds and hooks may be called, and what marks their functions.

use proc_macro2::Span;

use crate::ctxt::Ctxt;

/// The attributes that mark a method.
pub(crate) const MARKS: &[&str] = &["hook", "setup", "teardown", "health"];

pub(crate) fn is_plugin_name(name: &str) -> bool {
    let part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    name.bytes().next().is_some_and(part)
        && name
            .bytes()
            .all(|byte| part(byte) || byte == b'_' || byte == b'-')
}

/// The longest name that every MCP client takes for a tool.
pub(crate) const LONGEST: usize = 64;

/// Reports `what` if it is longer; whether it is not.
pub(crate) fn check_length(what: &str, name: &str, span: Span, example: &str, cx: &Ctxt) -> bool {
    let fits = name.len() <= LONGEST;
    if !fits {
        cx.error(
            span,
            format!(
                "{what} has {} characters, and MCP clients take at most {LONGEST}\nhelp: write a shorter one{example}",
                name.len()
            ),
        );
    }
    fits
}

pub(crate) fn is_snake_case(name: &str) -> bool {
    name.bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_lowercase())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// `1.0.0`.
pub(crate) fn is_version(text: &str) -> bool {
    let mut parts = text.split('.');
    parts.clone().count() == 3 && parts.all(is_number)
}

/// A number as a version has it.
pub(crate) fn is_number(part: &str) -> bool {
    !part.is_empty()
        && part.bytes().all(|byte| byte.is_ascii_digit())
        && (part == "0" || !part.starts_with('0'))
}

pub(crate) fn plugin_name_of(name: &str) -> Option<String> {
    let mended: String = name
        .trim()
        .chars()
        .map(|ch| {
            if ch.is_alphanumeric() || ch == '_' {
                ch
            } else {
                '-'
            }
        })
        .flat_map(char::to_lowercase)
        .collect();
    let mended = mended.trim_start_matches(['_', '-']).to_owned();
    is_plugin_name(&mended).then_some(mended)
}

pub(crate) fn snake_case_of(name: &str) -> Option<String> {
    let mut mended = String::new();
    for ch in name.trim().chars() {
        if ch.is_uppercase() && !mended.is_empty() && !mended.ends_with('_') {
            mended.push('_');
        }
        if ch.is_alphanumeric() {
            mended.extend(ch.to_lowercase());
        } else if !mended.ends_with('_') {
            mended.push('_');
        }
    }
    let mended = mended.trim_start_matches('_').to_owned();
    is_snake_case(&mended).then_some(mended)
}

pub(crate) fn help_name(mended: &Option<String>) -> String {
    match mended {
        Some(name) => format!("\nhelp: write `{name}`"),
        None => "\nhelp: write it in the letters `a` to `z`".to_owned(),
    }
}
