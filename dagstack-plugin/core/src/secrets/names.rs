//! Which names are names of secrets.

use std::borrow::Cow;

/// Names of secrets, and what such names begin or end with.
const NAMES: [&str; 5] = ["apikey", "credentials", "passwd", "pw", "token"];
const PREFIXES: [&str; 7] = [
    "access_token",
    "api_key",
    "api_token",
    "bearer",
    "password",
    "private_key",
    "secret",
];
/// The specification also lists `_api_key`, `_access_key` and `_private_key`, which end in `_key`.
const SUFFIXES: [&str; 8] = [
    "_key",
    "_secret",
    "_token",
    "_password",
    "_passphrase",
    "_credentials",
    "_credential",
    "_auth",
];
/// So many of the suffixes count in logs, too.
const IN_LOGS: usize = 6;

fn lower(name: &str) -> Cow<'_, str> {
    if name
        .bytes()
        .any(|byte| byte.is_ascii_uppercase() || !byte.is_ascii())
    {
        Cow::Owned(name.to_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

fn ends_with(name: &str, suffixes: &[&str]) -> bool {
    suffixes.iter().any(|suffix| name.ends_with(suffix))
}

/// Whether a config field of this name holds a secret. Case does not matter.
///
/// ```
/// use dagstack_plugin::secrets::is_secret_name;
///
/// assert!(is_secret_name("OPENAI_API_KEY"));
/// assert!(!is_secret_name("timeout_s"));
/// ```
pub fn is_secret_name(name: &str) -> bool {
    let name = lower(name);
    ends_with(&name, &SUFFIXES)
        || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        || NAMES.contains(&&*name)
}

/// Whether a log attribute of this name holds a secret: a narrower rule than
/// [`is_secret_name`], because attribute names are not an author's own.
///
/// ```
/// use dagstack_plugin::secrets::is_secret_attribute;
///
/// assert!(is_secret_attribute("db_password"));
/// assert!(!is_secret_attribute("password"));
/// ```
pub fn is_secret_attribute(name: &str) -> bool {
    ends_with(&lower(name), &SUFFIXES[..IN_LOGS])
}
