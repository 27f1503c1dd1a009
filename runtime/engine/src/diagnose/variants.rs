//! Values that may have one of several forms (`anyOf`, `oneOf`): the mistakes of the form that was
//! probably meant.

use std::cmp::Reverse;

use serde_json::{Map, Value};

use super::describe::{did_you_mean, one_of, unlike};
use super::explain::{Finding, Mistake, Walk};
use crate::schema::fits::{may_be_meant, only_excludes};
use crate::schema::keys::{Keys, has_tags, tags};
use crate::schema::parts::{list, named, values};
use crate::step::Step;
use dagstack_plugin_core::schema::{Schema, target};

/// Looks at the forms of a value; nothing is wrong if one fits.
pub(super) fn look<'a>(
    walk: &mut Walk<'a>,
    schema: &'a Schema,
    variants: &'a [Value],
    value: &'a Value,
    shares: bool,
    out: &mut Vec<Finding<'a>>,
) {
    let mut best = None;
    for variant in variants {
        let findings = walk.findings(variant, value, shares);
        if findings.is_empty() {
            return;
        }
        let form = variant.as_object();
        let Some(form) = form.filter(|form| may_be_meant(walk.root, form, value)) else {
            continue;
        };
        // Whether an object has the tags of the form, and how many of its keys.
        let likeness = value.as_object().map(|map| {
            let known = Keys::of(walk.root, form, map).known;
            let given = known.iter().filter(|key| map.contains_key(**key));
            (has_tags(form, map), given.count())
        });
        let rank = (likeness, Reverse(findings.len()));
        if best.as_ref().is_none_or(|(most, _)| rank > *most) {
            best = Some((rank, findings));
        }
    }
    if let Value::Object(map) = value {
        let forms = objects(walk, variants);
        if several_names(walk, &forms, variants, map, out)
            || wrong_tag(walk, &forms, map, out)
            || wrong_name(walk, &forms, variants, map, out)
        {
            return;
        }
    }
    // Where no form is of this type, or all are single values, the words for the whole say it best.
    let Some((_, findings)) = best else {
        return walk.unfit(schema, value, out);
    };
    // Of a flattened `Option`, serde makes `None` where something is missing: no alias is there.
    let mut forms = variants.iter().filter_map(Value::as_object);
    let is_optional = forms.any(only_excludes);
    out.extend(findings.iter().cloned().map(|mut finding| {
        if is_optional && finding.mistake == Mistake::Missing {
            finding.mistake = Mistake::Unfit;
        }
        finding
    }));
}

/// The forms that are objects, through references.
fn objects<'a>(walk: &Walk<'a>, variants: &'a [Value]) -> Vec<&'a Schema> {
    let object = |variant: &'a Value| {
        let schema = variant.as_object()?;
        // A tagged variant refers to the type inside, and has the tag beside.
        let schema = match schema.contains_key("properties") {
            true => schema,
            false => target(walk.root, schema).unwrap_or(schema),
        };
        (schema.get("type")? == "object").then_some(schema)
    };
    variants.iter().filter_map(object).collect()
}

/// Internally and adjacently tagged enums: the tag is missing, or none of those known.
fn wrong_tag<'a>(
    walk: &mut Walk<'a>,
    forms: &[&'a Schema],
    map: &'a Map<String, Value>,
    out: &mut Vec<Finding<'a>>,
) -> bool {
    let tag_of =
        |form: &&'a Schema, key: &str| tags(form).find(|(name, _)| *name == key)?.1.as_str();
    let shared = |(key, _)| -> Option<(&'a str, Vec<&'a str>)> {
        let known: Option<_> = forms.iter().map(|form| tag_of(form, key)).collect();
        Some((key, known?))
    };
    let Some((key, known)) = forms.first().and_then(|first| tags(first).find_map(shared)) else {
        return false;
    };
    let given = map.get(key);
    let text = given.and_then(Value::as_str);
    if text.is_some_and(|text| known.contains(&text)) {
        return false;
    }
    walk.at(Step::Known(key), |walk| {
        let problem = match given {
            Some(given) => unlike(given, walk.is_secret(), known.iter().copied()),
            None => "missing".to_owned(),
        };
        let mistake = given.map_or(Mistake::Missing, |_| Mistake::Unfit);
        walk.push(mistake, problem, Some(one_of(&known)), out);
    });
    true
}

/// The names of externally tagged variants, those that are texts apart; `None` for other enums.
fn names<'a>(
    forms: &[&'a Schema],
    variants: &'a [Value],
) -> Option<(Vec<&'a str>, Vec<&'a Value>)> {
    let only_key = |form: &'a Schema| {
        let mut names = named(form, "properties").map(|(name, _)| name);
        let closed = form.get("additionalProperties") == Some(&Value::Bool(false));
        let name = names.next().filter(|_| closed && names.next().is_none())?;
        let mut required = list(form, "required").iter();
        required.any(|it| it == name).then_some(name.as_str())
    };
    let names: Option<Vec<&str>> = forms.iter().map(|form| only_key(form)).collect();
    let units = variants.iter().filter_map(Value::as_object);
    Some((names?, units.flat_map(values).collect()))
}

/// Externally tagged enums: the object has the keys of several variants.
fn several_names<'a>(
    walk: &mut Walk<'a>,
    forms: &[&'a Schema],
    variants: &'a [Value],
    map: &'a Map<String, Value>,
    out: &mut Vec<Finding<'a>>,
) -> bool {
    let Some((names, units)) = names(forms, variants).filter(|(names, _)| !names.is_empty()) else {
        return false;
    };
    let is_known =
        |key: &&String| names.contains(&key.as_str()) || units.iter().any(|it| *it == *key);
    let given: Vec<_> = map.keys().filter(is_known).collect();
    if given.len() < 2 {
        return false;
    }
    let problem = format!("{} variants at once", given.len());
    let expected = format!("{} alone", one_of(&given));
    walk.push(Mistake::SeveralVariants, problem, Some(expected), out);
    true
}

/// Externally tagged enums: the object's one key is no variant, or one that is a text.
fn wrong_name<'a>(
    walk: &mut Walk<'a>,
    forms: &[&'a Schema],
    variants: &'a [Value],
    map: &'a Map<String, Value>,
    out: &mut Vec<Finding<'a>>,
) -> bool {
    let mut keys = map.keys();
    let (Some(key), None) = (keys.next(), keys.next()) else {
        return false;
    };
    let mut units = variants
        .iter()
        .filter_map(Value::as_object)
        .flat_map(values);
    let (problem, expected) = if units.any(|unit| unit == key) {
        let expected = format!("the text {key:?} in the place of the object");
        ("a variant without a value".to_owned(), expected)
    } else {
        let names = names(forms, variants);
        match names.filter(|(names, _)| names.len() > 1 && !names.contains(&key.as_str())) {
            Some((names, _)) => {
                let meant = did_you_mean(key, names.iter().copied());
                (format!("unknown variant{meant}"), one_of(&names))
            }
            None => return false,
        }
    };
    walk.at(Step::Given(key), |walk| {
        walk.push(Mistake::Unfit, problem, Some(expected), out);
    });
    true
}
