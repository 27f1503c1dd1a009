//! Whether a schema says more than the Rust type it was made from: then a successful decode is not
//! the last word.
//!
//! Integers have the bounds of their type (`uint8` is 0 to 255) and tuples their length, and decoding
//! checks those. Where the schema of a type looks like that of another type with a constraint (an
//! array `[u8; 3]` and a list of `length(equal = 3)`, `char` and a text of one character), the
//! answer is yes: a check too many costs time, one too few lets a mistake pass.

use super::kinds::Kinds;
use super::parts::{list, named, variants};
use dagstack_plugin_core::schema::{Schema, bounds, is_any};
use serde_json::Value;

/// Whether values that decode may still not fit. The schema has the formats of Rust types: bounds
/// alone do not tell a `u8` from a `u16` of at most 255.
///
/// Not seen, because the schema of a type without it looks the same: `#[schemars(required)]` on an
/// `Option`, and `enum` or `const` put on a whole type by `#[schemars(extend(…))]`.
pub(crate) fn constrains(schema: &Schema) -> bool {
    object(schema, Position::Type, Position::Field)
}

/// Where a subschema stands: lists of values are a Rust enum's own in some places only.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Position {
    /// The schema of a named type, or a variant of one.
    Type,
    /// A field of a variant: `const` is its tag.
    VariantField,
    /// Anywhere else.
    Field,
}

fn any(schema: &Value, position: Position) -> bool {
    match schema {
        Value::Object(map) => object(map, position, Position::Field),
        Value::Bool(allowed) => !allowed,
        _ => false,
    }
}

fn members(schemas: &Value, position: Position) -> bool {
    match schemas {
        Value::Object(map) => map.values().any(|schema| any(schema, position)),
        Value::Array(items) => items.iter().any(|schema| any(schema, position)),
        _ => false,
    }
}

fn object(schema: &Schema, position: Position, fields: Position) -> bool {
    // A variant names its fields in `properties`, as a struct does; only its own can be tags.
    let is_variant = |schema: &Value| match schema {
        Value::Object(map) => variant(map, position),
        other => any(other, position),
    };
    swallows_mistakes(schema)
        || schema
            .iter()
            .any(|(keyword, value)| match keyword.as_str() {
                // Beyond 64 bits, numbers are no JSON value here.
                "format" => matches!(value.as_str(), Some("int128" | "uint128")),
                "$comment" | "$id" | "$ref" | "$schema" | "contentEncoding"
                | "contentMediaType" | "default" | "deprecated" | "description" | "examples"
                | "readOnly" | "required" | "title" | "type" | "writeOnly" => false,
                keyword if keyword.starts_with("x-") => false,
                "minimum" | "maximum" => !implied_bound(schema, keyword),
                "minItems" | "maxItems" => !is_tuple(schema),
                "enum" => {
                    position != Position::Type
                        && !(position == Position::VariantField && is_single(value))
                }
                "const" => position == Position::Field,
                "$defs" | "definitions" => members(value, Position::Type),
                "properties" => members(value, fields),
                "prefixItems" => members(value, Position::Field),
                "patternProperties" => match value {
                    Value::Object(patterns) => patterns.iter().any(|(pattern, schema)| {
                        // Keys that are numbers.
                        !matches!(pattern.as_str(), r"^\d+$" | r"^-?\d+$")
                            || any(schema, Position::Field)
                    }),
                    _ => true,
                },
                "additionalProperties" | "unevaluatedProperties" | "items" | "unevaluatedItems" => {
                    // `false` is `deny_unknown_fields`, or the end of a tuple.
                    value.is_object() && any(value, Position::Field)
                }
                "anyOf" | "oneOf" => list(schema, keyword).iter().any(is_variant),
                "allOf" => members(value, position),
                _ => true,
            })
}

/// Whether the schema may be of a type with a flattened `Option`, which serde takes for `None` where
/// anything in it is wrong: what is required in it is not in the whole, and has no default either.
fn swallows_mistakes(schema: &Schema) -> bool {
    let required = list(schema, "required");
    named(schema, "properties").any(|(name, member)| {
        let is_required = required.iter().any(|key| key == name);
        !is_required && member.get("default").is_none() && !takes_null(member)
    })
}

fn takes_null(schema: &Value) -> bool {
    let Value::Object(map) = schema else {
        return is_any(schema);
    };
    match map.get("type").and_then(Kinds::named) {
        Some(kinds) => kinds.has(Kinds::NULL),
        None => map.is_empty() || variants(map).any(takes_null),
    }
}

fn variant(schema: &Schema, position: Position) -> bool {
    let field = match position {
        Position::Type => Position::VariantField,
        other => other,
    };
    // Serde takes any key beside the tag of a variant without fields.
    let is_closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
    let mut fields = named(schema, "properties").map(|(_, field)| field);
    let is_unit = fields.clone().count() == 1 && fields.all(|field| field.get("const").is_some());
    (is_closed && is_unit) || object(schema, position, field)
}

fn is_single(values: &Value) -> bool {
    values.as_array().is_some_and(|values| values.len() == 1)
}

/// Whether both bounds are there and are the number of the items listed.
fn is_tuple(schema: &Schema) -> bool {
    let count = Value::from(list(schema, "prefixItems").len());
    schema.contains_key("prefixItems")
        && schema.get("minItems") == Some(&count)
        && schema.get("maxItems") == Some(&count)
}

/// Whether a `minimum` or `maximum` is the one of the integer type itself.
fn implied_bound(schema: &Schema, keyword: &str) -> bool {
    let format = schema.get("format").and_then(Value::as_str);
    let Some((least, most)) = format.and_then(bounds) else {
        return false;
    };
    let implied = if keyword == "minimum" { least } else { most };
    schema.get(keyword) == Some(&implied)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet, HashMap};
    use std::num::NonZeroU8;

    use schemars::JsonSchema;

    use dagstack_plugin_core::schema::typed_input;

    use super::*;

    #[derive(JsonSchema)]
    #[allow(dead_code)]
    struct Field<T> {
        field: T,
        optional: Option<T>,
        list: Vec<T>,
    }

    fn of<T: JsonSchema>() -> bool {
        constrains(&typed_input::<Field<T>>())
    }

    #[allow(dead_code)]
    #[derive(JsonSchema)]
    enum Unit {
        A,
        /// Documented.
        B,
    }

    #[allow(dead_code)]
    #[derive(JsonSchema)]
    enum External {
        A,
        B(u8),
        C { x: i16 },
        D(u8, String),
    }

    #[allow(dead_code)]
    #[derive(JsonSchema)]
    #[serde(tag = "type")]
    enum Internal {
        A { x: u8 },
        B(Field<u8>),
        C,
    }

    #[allow(dead_code)]
    #[derive(JsonSchema)]
    #[serde(tag = "t", content = "c")]
    enum Adjacent {
        A { x: u8 },
        C,
    }

    #[allow(dead_code)]
    #[derive(JsonSchema)]
    #[serde(untagged)]
    enum Untagged {
        A { x: u8 },
        B(String),
        C,
    }

    #[allow(dead_code)]
    #[derive(JsonSchema)]
    struct Flat {
        #[serde(flatten)]
        inner: Field<u8>,
        #[serde(flatten)]
        variant: Internal,
    }

    #[test]
    fn what_decoding_checks_is_no_constraint() {
        macro_rules! free {
            ($($type:ty),* $(,)?) => { $(assert!(!of::<$type>(), stringify!($type));)* };
        }
        free!(
            u8, u16, u32, u64, usize, i8, i16, i32, i64, isize, f32, f64, bool,
            String, (), (u8, String), std::net::IpAddr, std::time::Duration, Value,
            Unit, External, Internal, Adjacent, Untagged, Flat,
            Vec<Vec<u8>>, BTreeMap<String, u8>, HashMap<u32, u8>, HashMap<i32, u8>,
        );
    }

    #[test]
    fn lookalikes_are_checked_once_more() {
        macro_rules! doubtful {
            ($($type:ty),* $(,)?) => { $(assert!(of::<$type>(), stringify!($type));)* };
        }
        doubtful!(char, [u8; 3], NonZeroU8, BTreeSet<u8>, u128, i128);
    }

    #[test]
    fn constraints_are_seen_wherever_they_stand() {
        macro_rules! bound {
            ($($(#[$attribute:meta])* $type:ty),* $(,)?) => { $({
                #[allow(dead_code)]
                #[derive(JsonSchema)]
                struct Bound {
                    $(#[$attribute])*
                    field: $type,
                }
                #[allow(dead_code)]
                #[derive(JsonSchema)]
                enum Variant {
                    Tuple(Bound),
                    Struct {
                        $(#[$attribute])*
                        field: $type,
                    },
                }
                #[allow(dead_code)]
                #[derive(JsonSchema)]
                #[serde(tag = "type")]
                enum Tagged {
                    Struct {
                        $(#[$attribute])*
                        field: $type,
                    },
                }
                #[allow(dead_code)]
                #[derive(JsonSchema)]
                struct Flattened {
                    #[serde(flatten)]
                    bound: Bound,
                }
                let name = concat!($(stringify!($attribute), " ",)* stringify!($type));
                assert!(constrains(&typed_input::<Bound>()), "{name}");
                assert!(constrains(&typed_input::<Flattened>()), "{name} flattened");
                assert!(constrains(&typed_input::<Tagged>()), "{name} tagged");
                assert!(of::<Bound>(), "{name} nested");
                assert!(of::<Variant>(), "{name} in a variant");
                assert!(of::<BTreeMap<String, Bound>>(), "{name} in a map");
                assert!(of::<(u8, Bound)>(), "{name} in a tuple");
            })* };
        }
        bound!(
            #[schemars(range(min = 1, max = 10))] u8,
            #[schemars(range(max = 10))] u8,
            #[schemars(range(max = 255))] u16,
            #[schemars(range(min = 1))] u32,
            #[schemars(range(min = 0))] i32,
            #[schemars(range(max = 4_294_967_295_u32))] u64,
            #[schemars(range(min = 0.5))] f64,
            #[schemars(range(max = 10))] Option<u8>,
            #[schemars(extend("exclusiveMinimum" = 0))] i64,
            #[schemars(length(min = 1))] String,
            #[schemars(length(max = 3))] Vec<u8>,
            #[schemars(length(equal = 3))] Vec<u8>,
            #[schemars(length(equal = 3))] String,
            #[schemars(regex(pattern = "^a+$"))] String,
            #[schemars(regex(pattern = "^a+$"))] Option<String>,
            #[schemars(contains(pattern = "a"))] String,
            #[schemars(inner(range(max = 5)))] Vec<u8>,
            #[schemars(extend("enum" = ["a", "b"]))] String,
            #[schemars(extend("multipleOf" = 2))] u32,
            #[schemars(extend("minProperties" = 1))] BTreeMap<String, u8>,
        );
    }
}
