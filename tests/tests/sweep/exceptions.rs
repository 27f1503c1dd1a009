//! Where a hook and its schema may differ, and why.

use dagstack_plugin::HookError;
use serde_json::Value;

/// An input that only one of the two accepts.
pub(crate) struct Case<'a> {
    pub(crate) hook: &'a str,
    pub(crate) input: &'a Value,
    /// Why the hook refused it, if it did.
    pub(crate) error: Option<&'a HookError>,
}

impl Case<'_> {
    /// Whether the hook refused it, and said all of this.
    fn says(&self, words: &[&str]) -> bool {
        self.error
            .is_some_and(|error| words.iter().all(|word| error.message().contains(word)))
    }

    fn is_of(&self, hooks: &[&str]) -> bool {
        hooks.contains(&self.hook)
    }
}

/// Why the two may differ here.
pub(crate) fn reason(case: &Case<'_>) -> Option<&'static str> {
    EXCEPTIONS
        .iter()
        .find(|(_, applies)| applies(case))
        .map(|(reason, _)| *reason)
}

type Applies = fn(&Case<'_>) -> bool;

const EXCEPTIONS: &[(&str, Applies)] = &[
    (
        "`null` stands for no arguments, as MCP's absent `arguments` do",
        |case| case.input.is_null() && case.error.is_none(),
    ),
    (
        "values nest no deeper than 120 levels, which JSON Schema cannot say",
        |case| case.says(&["nest deeper than 120 levels"]),
    ),
    (
        "a text or a key that its type parses (an address, a URL), of which schemars says only that it is a text",
        |case| {
            case.error.is_some()
                && case.is_of(&[
                    "of_ip",
                    "of_socket",
                    "of_map_by_bool",
                    "of_map_by_char",
                    "of_map_by_color",
                    "of_map_by_uuid",
                    "of_map_by_ip",
                    "of_naive",
                    "of_time",
                ])
        },
    ),
    (
        "serde takes no other keys for `Duration`, `SystemTime`, `Range` and `Result`, and schemars does not say so",
        |case| {
            case.is_of(&["of_duration", "of_system_time", "of_range"])
                && case.says(&["unknown field"])
                || case.is_of(&["of_result"]) && case.says(&["expected map with a single key"])
        },
    ),
    ("`TryFrom` refuses what the schema cannot know", |case| {
        case.is_of(&["of_even"]) && case.says(&["is odd"])
            || case.is_of(&["of_system_time"]) && case.says(&["overflow"])
    }),
    (
        "`#[serde(other)]` is there to take what the schema does not list",
        |case| case.error.is_none() && case.is_of(&["of_with_other"]),
    ),
    ("schemas do not name aliases", |case| {
        let names = ["\"old\"", "\"older\"", "\"texte\"", "\"ocher\""];
        let input = case.input.to_string();
        case.error.is_none()
            && case.is_of(&["of_aliased", "of_color", "of_option_color", "with_names"])
            && names.iter().any(|name| input.contains(name))
    }),
    (
        "a format says nothing to the SDK, and types read texts with spaces around them",
        |case| case.error.is_none() && case.is_of(&["of_date_time", "of_date", "of_url"]),
    ),
    ("a number as a key has no leading zeros", |case| {
        case.says(&["invalid number"])
    }),
];
