//! Values that may have one of several forms (`anyOf`, `oneOf`): the mistakes of the form that was
//! probably meant.

use serde_json::{Map, Value};

use super::describe::{found, one_of};
use super::explain::{Found, Walk, What};
use super::fits::{choice_fits, is_equal, type_fits};
use super::path::Step;
use crate::schema::target;

/// Looks at the forms of a value; nothing is wrong if one fits.
pub(super) fn look<'a>(
    walk: &mut Walk<'a>,
    schema: &'a Map<String, Value>,
    variants: &'a [Value],
    value: &'a Value,
    shares: bool,
    out: &mut Found<'a>,
) {
    let mut best = None;
    for (index, variant) in variants.iter().enumerate() {
        let findings = walk.findings(variant, value, shares);
        if findings.is_empty() {
            return;
        }
        let rank = (affinity(walk, variant, value, 0), -(findings.len() as i64));
        if best.as_ref().is_none_or(|(_, most, _)| rank > *most) {
            best = Some((index, rank, findings));
        }
    }
    let Some((_, (affinity, _), findings)) = best else {
        return;
    };
    if let Value::Object(map) = value
        && (wrong_tag(walk, variants, map, out)
            || unit_as_key(walk, variants, map, out)
            || wrong_name(walk, variants, map, out))
    {
        return;
    }
    // No form is of this type, or all are single values: the words for the whole say it best.
    if affinity <= OTHER_VALUE {
        walk.unfit(schema, value, out);
    } else {
        out.extend(findings.iter().cloned());
    }
}

const OTHER_TYPE: i64 = -1_000_000;
const OTHER_VALUE: i64 = -500_000;

/// How much a value looks like a form, by its type, its tags and its keys.
fn affinity(walk: &Walk<'_>, schema: &Value, value: &Value, depth: usize) -> i64 {
    match schema {
        Value::Object(schema) => affinity_of(walk, schema, value, depth),
        _ => OTHER_TYPE,
    }
}

fn affinity_of(walk: &Walk<'_>, schema: &Map<String, Value>, value: &Value, depth: usize) -> i64 {
    // Nobody means what a form only excludes.
    if !type_fits(schema, value) || (schema.len() == 1 && schema.contains_key("not")) {
        return OTHER_TYPE;
    }
    if !choice_fits(schema, value) {
        return OTHER_VALUE;
    }
    let mut score = 0;
    if let Value::Object(map) = value
        && let Some(Value::Object(properties)) = schema.get("properties")
    {
        for (key, wanted) in properties {
            match (tag(wanted), map.get(key)) {
                (Some(tag), Some(given)) if is_equal(given, tag) => score += 1000,
                (Some(_), Some(_)) => score -= 2000,
                (Some(_), None) => score -= 20,
                (None, Some(_)) => score += 10,
                (None, None) => {}
            }
        }
        let closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
        score -= map
            .keys()
            .filter(|key| !properties.contains_key(*key))
            .count() as i64
            * if closed { 3 } else { 1 };
        let required = schema.get("required").and_then(Value::as_array);
        score -= 5 * required
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .filter(|key| !map.contains_key(*key))
            .count() as i64;
    }
    if depth < 8 {
        if let Some(target) = target(walk.root, schema) {
            score += affinity_of(walk, target, value, depth + 1);
        }
        for keyword in ["anyOf", "oneOf"] {
            if let Some(Value::Array(inner)) = schema.get(keyword) {
                score += inner
                    .iter()
                    .map(|variant| affinity(walk, variant, value, depth + 1))
                    .max()
                    .unwrap_or(0);
            }
        }
    }
    score
}

/// The only value a schema allows.
fn tag(schema: &Value) -> Option<&Value> {
    match (schema.get("const"), schema.get("enum")) {
        (Some(only), _) => Some(only),
        (None, Some(Value::Array(values))) if values.len() == 1 => values.first(),
        _ => None,
    }
}

/// The forms that are objects, through references.
fn objects<'a>(walk: &Walk<'a>, variants: &'a [Value]) -> Vec<&'a Map<String, Value>> {
    variants
        .iter()
        .filter_map(|variant| {
            let mut schema = variant.as_object()?;
            // A tagged variant refers to the type inside, and has the tag beside.
            if schema.contains_key("$ref") && !schema.contains_key("properties") {
                schema = target(walk.root, schema)?;
            }
            let object = schema.get("type").is_some_and(|kind| kind == "object");
            object.then_some(schema)
        })
        .collect()
}

/// Internally and adjacently tagged enums: the tag is missing, or none of those known.
fn wrong_tag<'a>(
    walk: &mut Walk<'a>,
    variants: &'a [Value],
    map: &'a Map<String, Value>,
    out: &mut Found<'a>,
) -> bool {
    let objects = objects(walk, variants);
    let tags = |key: &str| -> Option<Vec<&'a str>> {
        objects
            .iter()
            .map(|schema| tag(schema.get("properties")?.get(key)?)?.as_str())
            .collect()
    };
    let Some((key, known)) = objects
        .first()
        .and_then(|first| first.get("properties"))
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(Map::keys)
        .find_map(|key| Some((key, tags(key)?)))
    else {
        return false;
    };
    let given = map.get(key);
    if given
        .and_then(Value::as_str)
        .is_some_and(|given| known.contains(&given))
    {
        return false;
    }
    walk.at(Step::Known(key), |walk| {
        let secret = walk.describe().secret;
        let mut problem = walk.problem(match given {
            Some(given) => format!("found {}", found(given, secret)),
            None => "missing".to_owned(),
        });
        if let Some(given) = given.and_then(Value::as_str).filter(|_| !secret)
            && let Some(meant) = crate::suggest(given, known.iter().copied())
        {
            problem
                .problem
                .push_str(&format!(", did you mean `{meant}`?"));
        }
        problem.expected = Some(one_of(&known));
        if !secret {
            problem.example = known.first().map(|first| Value::from(*first));
        }
        let what = match given {
            Some(_) => What::Unfit,
            None => What::Missing,
        };
        walk.push(problem, what, out);
    });
    true
}

/// Externally tagged enums: the object's one key is a variant that is a text.
fn unit_as_key<'a>(
    walk: &mut Walk<'a>,
    variants: &'a [Value],
    map: &'a Map<String, Value>,
    out: &mut Found<'a>,
) -> bool {
    let mut keys = map.keys();
    let Some(key) = keys.next().filter(|_| keys.next().is_none()) else {
        return false;
    };
    let is_unit = |form: &Map<String, Value>| {
        let listed = form.get("enum").and_then(Value::as_array);
        let mut texts = form
            .get("const")
            .into_iter()
            .chain(listed.into_iter().flatten());
        texts.any(|text| text == key)
    };
    if !variants.iter().filter_map(Value::as_object).any(is_unit) {
        return false;
    }
    walk.at(Step::Given(key), |walk| {
        let mut problem = walk.problem("a variant without a value");
        problem.expected = Some(format!("the text {key:?} in the place of the object"));
        walk.push(problem, What::Unfit, out);
    });
    true
}

/// Externally tagged enums: the object's one key is no variant.
fn wrong_name<'a>(
    walk: &mut Walk<'a>,
    variants: &'a [Value],
    map: &'a Map<String, Value>,
    out: &mut Found<'a>,
) -> bool {
    let names: Option<Vec<&str>> = objects(walk, variants)
        .into_iter()
        .map(|schema| {
            let mut names = schema.get("properties")?.as_object()?.keys();
            let closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
            let name = names.next().filter(|_| closed && names.next().is_none())?;
            let required = schema.get("required")?.as_array()?;
            required
                .contains(&Value::from(name.as_str()))
                .then_some(name.as_str())
        })
        .collect();
    let Some(names) = names.filter(|names| names.len() > 1) else {
        return false;
    };
    let mut keys = map.keys();
    let Some(key) = keys.next().filter(|_| keys.next().is_none()) else {
        return false;
    };
    if names.contains(&key.as_str()) {
        return false;
    }
    walk.at(Step::Given(key), |walk| {
        let mut problem = walk.problem("unknown variant");
        if let Some(meant) = crate::suggest(key, names.iter().copied()) {
            problem
                .problem
                .push_str(&format!(", did you mean `{meant}`?"));
        }
        problem.expected = Some(one_of(&names));
        walk.push(problem, What::Unfit, out);
    });
    true
}
