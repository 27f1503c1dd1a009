//! Arguments: some that fit, made from samples and schemas, and what mistakes make of them.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// SplitMix64: the same inputs in every run.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: &str) -> Self {
        Self(seed.bytes().fold(0x9e37_79b9_7f4a_7c15, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        }))
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % limit.max(1) as u64) as usize
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

/// Arguments for one hook: `samples`, made ones, and at most `limit` with mistakes.
pub(crate) fn of(hook: &str, schema: &Value, samples: &[Value], limit: usize) -> Vec<Value> {
    let mut random = Random::new(hook);
    let mut made = samples.to_vec();
    made.extend((0..12).map(|_| make(schema, schema, &mut random, 0)));
    let mut mutants = Vec::new();
    for args in &made {
        let first = mutate(args);
        // Two mistakes at once.
        for _ in 0..4 {
            if !first.is_empty() {
                let second = mutate(random.pick(&first));
                if !second.is_empty() {
                    mutants.push(random.pick(&second).clone());
                }
            }
        }
        mutants.extend(first);
    }
    mutants.extend(samples.iter().flat_map(deepen));
    let mut seen = BTreeSet::new();
    made.retain(|args| seen.insert(args.to_string()));
    mutants.retain(|args| seen.insert(args.to_string()));
    while mutants.len() > limit {
        let last = mutants.len() - 1;
        mutants.swap(last, random.below(last));
        mutants.pop();
    }
    made.extend(mutants);
    made
}

/// A value that a schema may accept.
fn make(root: &Value, schema: &Value, random: &mut Random, depth: usize) -> Value {
    let Value::Object(schema) = schema else {
        return any(random);
    };
    if let Some(only) = schema.get("const") {
        return only.clone();
    }
    if let Some(listed) = schema.get("enum").and_then(Value::as_array) {
        return random.pick(listed).clone();
    }
    let mut made = Value::Null;
    if let Some(kind) = schema.get("type") {
        let kind = match kind {
            Value::Array(kinds) => random.pick(kinds),
            kind => kind,
        };
        made = of_type(root, schema, kind.as_str().unwrap_or("null"), random, depth);
    }
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let pointer = percent_decoded(reference.trim_start_matches('#'));
        if let Some(target) = root.pointer(&pointer) {
            return merge(made, make(root, target, random, depth + 1));
        }
    }
    for part in schema
        .get("allOf")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        made = merge(made, make(root, part, random, depth + 1));
    }
    for keyword in ["anyOf", "oneOf"] {
        if let Some(forms) = schema.get(keyword).and_then(Value::as_array) {
            // The last form of a recursive type may be the one that ends.
            let form = if depth > 6 {
                &forms[forms.len() - 1]
            } else {
                random.pick(forms)
            };
            made = merge(made, make(root, form, random, depth + 1));
        }
    }
    if schema.get("type").is_none() && made.is_null() && schema.len() < 2 {
        return any(random);
    }
    made
}

fn merge(left: Value, right: Value) -> Value {
    match (left, right) {
        (Value::Object(mut left), Value::Object(right)) => {
            left.extend(right);
            Value::Object(left)
        }
        (_, right) => right,
    }
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let code = (*first == b'%')
            .then(|| u8::from_str_radix(std::str::from_utf8(tail.get(..2)?).ok()?, 16).ok())
            .flatten();
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8(bytes).expect("references are UTF-8")
}

fn any(random: &mut Random) -> Value {
    random
        .pick(&[
            json!(null),
            json!(true),
            json!(7),
            json!(2.0),
            json!("any"),
            json!([1, "a"]),
            json!({ "a": 1.0 }),
        ])
        .clone()
}

fn of_type(
    root: &Value,
    schema: &Map<String, Value>,
    kind: &str,
    random: &mut Random,
    depth: usize,
) -> Value {
    match kind {
        "boolean" => json!(random.below(2) == 0),
        "integer" => {
            let least = schema.get("minimum").and_then(Value::as_i64).unwrap_or(-5);
            json!(least + random.below(9) as i64)
        }
        "number" => json!(random.below(1000) as f64 / 8.0),
        "string" => match schema.get("format").and_then(Value::as_str) {
            Some("date-time") => json!("2026-02-28T23:59:59.5+01:00"),
            Some("date") => json!("2024-02-29"),
            Some("uuid") => json!("00000000-0000-0000-0000-00000000000A"),
            Some("uri") => json!("file:///a%20b"),
            Some("ipv4") => json!("192.0.2.255"),
            Some("ip" | "ipv6") => json!("2001:db8::"),
            _ if schema.contains_key("maxLength") => json!("abcde"[..1 + random.below(3)]),
            _ => json!("abcde"[..random.below(5)]),
        },
        "array" => {
            let mut items: Vec<Value> = schema
                .get("prefixItems")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .map(|item| make(root, item, random, depth + 1))
                .collect();
            let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0) as usize;
            let more = if depth > 8 { 0 } else { random.below(3) };
            let most = schema.get("maxItems").and_then(Value::as_u64);
            let wanted = (least + more).min(most.map_or(usize::MAX, |most| most as usize));
            if let Some(item) = schema.get("items").filter(|item| !item.is_boolean()) {
                while items.len() < wanted {
                    items.push(make(root, item, random, depth + 1));
                }
            }
            Value::Array(items)
        }
        "object" => {
            let mut map = Map::new();
            let required = schema.get("required").and_then(Value::as_array);
            let is_required =
                |key: &str| required.is_some_and(|keys| keys.iter().any(|k| k == key));
            let properties = schema.get("properties").and_then(Value::as_object);
            for (key, wanted) in properties.into_iter().flatten() {
                if is_required(key) || (depth < 6 && random.below(2) == 0) {
                    map.insert(key.clone(), make(root, wanted, random, depth + 1));
                }
            }
            if let Some(others) = schema.get("additionalProperties")
                && others != &json!(false)
                && depth < 6
                && random.below(2) == 0
            {
                map.insert("other".to_owned(), make(root, others, random, depth + 1));
            }
            let patterns = schema.get("patternProperties").and_then(Value::as_object);
            for (_, wanted) in patterns.into_iter().flatten() {
                map.insert(
                    random.below(9).to_string(),
                    make(root, wanted, random, depth + 1),
                );
            }
            Value::Object(map)
        }
        _ => Value::Null,
    }
}

/// The value with one mistake, or something that only looks like one, at each of its places.
pub(crate) fn mutate(value: &Value) -> Vec<Value> {
    let mut all = here(value);
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                for mutant in mutate(item) {
                    let mut items = items.clone();
                    items[index] = mutant;
                    all.push(Value::Array(items));
                }
            }
        }
        Value::Object(map) => {
            for (key, item) in map {
                for mutant in mutate(item) {
                    let mut map = map.clone();
                    map.insert(key.clone(), mutant);
                    all.push(Value::Object(map));
                }
            }
        }
        _ => {}
    }
    all
}

fn here(value: &Value) -> Vec<Value> {
    let mut all = vec![
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(256),
        json!(u64::MAX),
        json!(1e30),
        json!(-0.0),
        json!(""),
        json!("text"),
        json!("5"),
        json!([]),
        json!([1]),
        json!([[]]),
        json!({}),
        json!({ "a": 1 }),
    ];
    match value {
        Value::Number(number) => {
            let wide = number.as_f64().unwrap_or_default();
            all.extend([json!(wide), json!(wide + 0.25), json!(number.to_string())]);
        }
        Value::String(text) => {
            all.extend([
                json!(text.to_uppercase()),
                json!(format!(" {text}")),
                json!([text]),
                json!({ (text.as_str()): null }),
            ]);
        }
        Value::Array(items) => {
            all.push(Value::Array(items.iter().skip(1).cloned().collect()));
            let again = items.iter().chain(items.first()).cloned();
            all.push(Value::Array(again.collect()));
            all.push(Value::Array(
                items.iter().cloned().chain([json!(null)]).collect(),
            ));
            let keyed = items.iter().enumerate();
            all.push(Value::Object(
                keyed
                    .map(|(i, item)| (i.to_string(), item.clone()))
                    .collect(),
            ));
        }
        Value::Object(map) => {
            all.push(Value::Array(map.values().cloned().collect()));
            for key in map.keys() {
                let without = |new: Option<String>| {
                    let mut map = map.clone();
                    let value = map.remove(key);
                    map.extend(new.zip(value));
                    Value::Object(map)
                };
                all.push(without(None));
                all.push(without(Some(key.to_uppercase())));
                all.push(without(Some(format!("{key}ü"))));
                for alias in ["old", "texte"] {
                    all.push(without(Some(alias.to_owned())));
                }
            }
            for extra in ["extra", "größe", "", "1", "-1", "01"] {
                let mut map = map.clone();
                map.insert(extra.to_owned(), json!(1));
                all.push(Value::Object(map));
            }
        }
        _ => {}
    }
    all
}

/// The arguments with something deep in them.
fn deepen(args: &Value) -> Vec<Value> {
    let deep = |depth: usize| (0..depth).fold(json!(1), |inner, _| json!([inner]));
    let Some(map) = args.as_object() else {
        return Vec::new();
    };
    let mut all = Vec::new();
    for depth in [100, 125, 126, 127, 128, 200] {
        for key in map.keys() {
            let mut map = map.clone();
            map.insert(key.clone(), deep(depth));
            all.push(Value::Object(map));
        }
        let mut map = map.clone();
        map.insert("extra".to_owned(), deep(depth));
        all.push(Value::Object(map));
    }
    all
}
