//! The kind as an OpenRPC document: one method per hook that has a JSON form.

use std::collections::BTreeMap;

use dagstack_plugin_core::kind::{ErrorPolicy, KindSpec};
use dagstack_plugin_core::schema::{self, keywords};
use serde_json::{Map, Value, json};

use super::Hook;

/// `v<MAJOR>.openrpc.json`.
pub(super) fn document(kind: &KindSpec, hooks: &[Hook]) -> Value {
    let mut components = Components::default();
    let mut methods = Vec::new();
    for hook in hooks {
        methods.extend(method(hook, methods.len(), &mut components));
    }
    let mut info = json!({ "title": kind.name, "version": kind.version });
    if let Some(description) = kind.description {
        info["description"] = description.into();
    }
    if !kind.constraints.is_empty() {
        info["x-dagstack-constraints"] = kind.constraints.into();
    }
    let mut document = json!({ "openrpc": "1.3.2", "info": info, "methods": methods });
    if !components.0.is_empty() {
        document["components"] = json!({ "schemas": components.0 });
    }
    document
}

fn method(hook: &Hook, place: usize, components: &mut Components) -> Option<Value> {
    let spec = hook.spec;
    let (input, output) = (hook.input.as_ref()?, hook.output.as_ref()?);
    let here = format!("#/methods/{place}");

    let refs = components.take_in(spec.name, "input", input, {
        // What an input schema refers to by its place is below one of its parameters.
        let params: Vec<_> = hook.params().map(|(name, _)| name).collect();
        let here = here.clone();
        move |pointer: &str| {
            let rest = pointer.strip_prefix("/properties/")?;
            let (name, rest) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let name = schema::key(name);
            let place = params.iter().position(|param| *param == name)?;
            Some(format!("{here}/params/{place}/schema{rest}"))
        }
    });
    let params: Vec<Value> = hook
        .params()
        .map(|(name, schema)| {
            let mut param = json!({ "name": name, "schema": refs.moved(schema) });
            if let Some(description) = schema.get("description") {
                param["description"] = description.clone();
            }
            if hook.requires(name) {
                param["required"] = true.into();
            }
            param
        })
        .collect();

    let refs = components.take_in(spec.name, "output", output, move |pointer| {
        Some(format!("{here}/result/schema{pointer}"))
    });
    let mut result = output.clone();
    result.remove("$schema");
    result.remove("$defs");
    let result = refs.moved(&Value::Object(result));

    let mut method = json!({
        "name": spec.name,
        "params": params,
        "paramStructure": "by-name",
        "result": { "name": "result", "schema": result },
        "x-dagstack-dispatch": spec.dispatch.as_str(),
        "x-dagstack-mcp-exposed": spec.mcp_exposed,
        "x-dagstack-mcp-tool-name-template": spec.mcp_tool_name_template,
    });
    if let Some(description) = spec.description {
        method["description"] = description.into();
    }
    let annotations = hook.annotations();
    if !annotations.is_empty() {
        method["x-dagstack-mcp-annotations"] = annotations.into_iter().collect();
    }
    if spec.error_policy != ErrorPolicy::default() {
        method["x-dagstack-error-policy"] = spec.error_policy.as_str().into();
    }
    if let Some((capability, param)) = spec.capability {
        method["x-dagstack-capability"] = json!({ capability.as_str(): param });
    }
    Some(method)
}

/// The definitions of all schemas: in OpenRPC they stand together.
#[derive(Default)]
struct Components(BTreeMap<String, Value>);

impl Components {
    /// Moves the definitions of a schema in. Where one is called as a different one of another
    /// schema (what is read may be less than what is written), those of this schema get another
    /// prefix, all of them, so that their references to each other stay right.
    fn take_in<P: Fn(&str) -> Option<String>>(
        &mut self,
        hook: &str,
        direction: &str,
        schema: &Map<String, Value>,
        pointer: P,
    ) -> References<P> {
        let definitions = schema.get("$defs").and_then(Value::as_object);
        let entries = || definitions.into_iter().flatten();
        let mut refs = References {
            prefix: String::new(),
            pointer,
        };
        for prefix in [
            String::new(),
            format!("{direction}."),
            format!("{hook}.{direction}."),
        ] {
            refs.prefix = prefix;
            let clashes = entries().any(|(name, definition)| {
                self.0
                    .get(&refs.component(name))
                    .is_some_and(|known| *known != refs.moved(definition))
            });
            if !clashes {
                break;
            }
        }
        for (name, definition) in entries() {
            self.0.insert(refs.component(name), refs.moved(definition));
        }
        refs
    }
}

/// Where the references of one schema point in the document.
struct References<P> {
    prefix: String,
    pointer: P,
}

impl<P: Fn(&str) -> Option<String>> References<P> {
    /// The component that a definition becomes. OpenRPC allows letters, digits, `.`, `-` and `_`.
    fn component(&self, definition: &str) -> String {
        let other = |c: char| !c.is_ascii_alphanumeric() && !".-_".contains(c);
        format!("{}{}", self.prefix, definition.replace(other, "_"))
    }

    fn moved(&self, schema: &Value) -> Value {
        let mut moved = schema.clone();
        self.redirect(&mut moved);
        moved
    }

    fn redirect(&self, schema: &mut Value) {
        let Value::Object(schema) = schema else {
            return;
        };
        if let Some(Value::String(reference)) = schema.get_mut("$ref") {
            *reference = self.reference(reference);
        }
        keywords::each_mut(schema, |_, part| self.redirect(part));
    }

    fn reference(&self, reference: &str) -> String {
        let Some(pointer) = reference.strip_prefix('#') else {
            return reference.to_owned();
        };
        match pointer.strip_prefix("/$defs/") {
            Some(rest) => {
                let (name, rest) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
                format!(
                    "#/components/schemas/{}{rest}",
                    self.component(&schema::key(name))
                )
            }
            None => (self.pointer)(pointer).unwrap_or_else(|| reference.to_owned()),
        }
    }
}
