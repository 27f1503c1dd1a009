//! The types of a kind: typify makes them of the schemas, and what it makes is fitted to where it
//! goes.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use serde_json::{Value, json};
use typify_impl::{TypeDetails, TypeSpace, TypeSpaceSettings};

use super::args::Args;
use super::problem::{Problem, Result};
use super::schema::{Simplify, definition, loosened, pointing};
use super::spec::{Hook, SchemaFile, Spec};
use super::{fit, upper_camel};
use crate::words::listed;

/// What a trait needs of the schemas.
pub(super) struct Types {
    /// The items.
    pub(super) items: TokenStream,
    /// Per hook, in order.
    pub(super) hooks: Vec<HookTypes>,
}

/// The types of one hook.
pub(super) struct HookTypes {
    pub(super) params: Vec<ParamType>,
    pub(super) output: TokenStream,
}

/// The type of a parameter.
pub(super) struct ParamType {
    pub(super) ty: TokenStream,
    /// Whether `None` is written by leaving the parameter out, since the schema has no `null`.
    pub(super) left_out: bool,
}

/// Makes the types.
pub(super) fn generate(spec: &Spec, args: &Args) -> Result<Types> {
    let mut definitions = Definitions::new();
    for hook in &spec.hooks {
        take_in(&mut definitions, &hook.input, None, args)?;
    }
    let hooks: Vec<HookShapes> = spec
        .hooks
        .iter()
        .map(|hook| HookShapes::new(hook, &mut definitions, args))
        .collect::<Result<_>>()?;
    check_replaced(args, &definitions, &hooks)?;
    // typify has its own idea of what cannot happen.
    catch_unwind(AssertUnwindSafe(|| space(spec, args, &definitions, &hooks))).unwrap_or_else(
        |_| {
            Err(
                Problem::new(&spec.file, "", "no types can be made of the schemas").help(
                    "simplify them, or put types of your own in their place: `types(Name = path)`",
                ),
            )
        },
    )
}

/// The shapes of all definitions, by name.
type Definitions = BTreeMap<String, Value>;

/// Brings the definitions of a file in: one name is one type.
fn take_in(
    known: &mut Definitions,
    file: &SchemaFile,
    root: Option<&str>,
    args: &Args,
) -> Result<()> {
    let simplify = Simplify {
        file: &file.file,
        defined: &|name| defines(file, name),
        root,
    };
    for (section, name, schema) in file.definitions() {
        let key = format!("{section}.{name}");
        let is_replaced = args.replaced(name).is_some();
        let shape = match simplify.schema(&key, schema) {
            Err(_) if is_replaced => json!({}),
            shape => shape?,
        };
        match known.get(name) {
            Some(other) if !is_replaced && loosened(other) != loosened(&shape) => {
                return Err(Problem::new(
                    &file.file,
                    key,
                    format!("another schema of this kind has a different `{name}`"),
                )
                .help(format!(
                    "rename one, or put a type of your own in the place of both: `types({name} = path)`"
                )));
            }
            // Of two that differ in what is required, the first is that of an input.
            Some(_) => {}
            None => {
                known.insert(name.clone(), shape);
            }
        }
    }
    Ok(())
}

fn defines(file: &SchemaFile, name: &str) -> bool {
    file.definitions().any(|(_, known, _)| known == name)
}

/// The shapes of one hook's types, each with the name it gets if it needs one.
struct HookShapes {
    params: Vec<Shape>,
    output: Shape,
}

struct Shape {
    file: String,
    key: String,
    name: String,
    shape: Value,
    /// Whether a caller may leave it out, and nothing stands for it then.
    optional: bool,
}

impl HookShapes {
    fn new(hook: &Hook, definitions: &mut Definitions, args: &Args) -> Result<Self> {
        let camel = upper_camel(&hook.name);
        let input = Simplify {
            file: &hook.input.file,
            defined: &|name| defines(&hook.input, name),
            root: None,
        };
        let mut params = Vec::new();
        for param in &hook.params {
            let key = format!("properties.{param}");
            let schema = hook.input.properties().and_then(|all| all.get(param));
            let mut shape = input.schema(&key, schema.unwrap_or(&Value::Bool(true)))?;
            let default = shape.as_object_mut().and_then(|map| map.remove("default"));
            params.push(Shape {
                file: hook.input.file.clone(),
                key,
                name: format!("{camel}{}", upper_camel(param)),
                shape,
                optional: default.is_none_or(|value| value.is_null())
                    && !hook.input.requires(param),
            });
        }
        Ok(Self {
            output: Shape {
                file: hook.output.file.clone(),
                key: String::new(),
                shape: output(hook, &format!("{camel}Output"), definitions, args)?,
                name: format!("{camel}Output"),
                optional: false,
            },
            params,
        })
    }
}

/// The shape of what a hook returns. Its root has no name; where a definition has the same shape, it
/// is that, and where it refers to itself, it becomes the definition `own`.
fn output(hook: &Hook, own: &str, definitions: &mut Definitions, args: &Args) -> Result<Value> {
    let file = &hook.output;
    if file.is_content() {
        return Ok(json!({}));
    }
    let mut root = file.schema.clone();
    root.remove("$defs");
    root.remove("definitions");
    let shape = Simplify {
        file: &file.file,
        defined: &|name| defines(file, name),
        root: Some(own),
    }
    .schema("", &Value::Object(root))?;
    let is_type = ["properties", "oneOf", "anyOf", "enum"]
        .iter()
        .any(|key| shape.get(key).is_some());
    let same = definitions
        .iter()
        .find(|(name, known)| is_type && loosened(known) == loosened(&pointing(&shape, own, name)));
    if let Some((name, _)) = same {
        let name = name.clone();
        take_in(definitions, file, Some(&name), args)?;
        return Ok(json!({ "$ref": definition(&name) }));
    }
    take_in(definitions, file, Some(own), args)?;
    let refers_to_itself = |shape: &Value| pointing(shape, own, "") != *shape;
    if !refers_to_itself(&shape) && !definitions.values().any(refers_to_itself) {
        return Ok(shape);
    }
    definitions.insert(own.to_owned(), shape);
    Ok(json!({ "$ref": definition(own) }))
}

/// A misspelt name would silently replace nothing.
fn check_replaced(args: &Args, definitions: &Definitions, hooks: &[HookShapes]) -> Result<()> {
    for replaced in &args.types {
        let name = replaced.name.to_string();
        let of_hooks = hooks
            .iter()
            .flat_map(|hook| hook.params.iter().chain([&hook.output]))
            .map(|shape| shape.name.as_str());
        if definitions.contains_key(&name) || of_hooks.clone().any(|known| known == name) {
            continue;
        }
        let known: Vec<&str> = definitions.keys().map(String::as_str).collect();
        let file = args.path.value();
        let problem = Problem::new(
            &file,
            "",
            format!(
                "`types` replaces `{name}`, which no schema defines; there are {}",
                listed(&known)
            ),
        );
        return Err(problem.meant(&name, &known, Some("leave it out")));
    }
    Ok(())
}

fn space(
    spec: &Spec,
    args: &Args,
    definitions: &Definitions,
    hooks: &[HookShapes],
) -> Result<Types> {
    let file = &spec.file;
    let mut space = TypeSpace::new(&settings(args).map_err(|error| failed(file, "", error))?);
    let mut read = Vec::new();
    for (name, shape) in definitions {
        let schema =
            serde_json::from_value(shape.clone()).map_err(|error| failed(file, name, error))?;
        read.push((name.clone(), schema));
    }
    space
        .add_ref_types(read)
        .map_err(|error| failed(file, "$defs", error))?;

    let mut types = Vec::new();
    for (hook, shapes) in spec.hooks.iter().zip(hooks) {
        let mut params = Vec::new();
        for shape in &shapes.params {
            params.push(shape.add(&mut space, args)?);
        }
        let output = match params.first() {
            // What a stage of a chain returns, the next one takes.
            Some(first) if hook.dispatch == "chain" => first.ty.clone(),
            _ if hook.output.is_content() => {
                let krate = &args.krate;
                quote!(#krate::Content)
            }
            _ => shapes.output.add(&mut space, args)?.ty,
        };
        types.push(HookTypes { params, output });
    }
    check_trait_name(spec, args, &space)?;
    let items = fit::fit(space.to_stream(), &spec.name, &args.krate)
        .map_err(|error| failed(file, "", error))?;
    Ok(Types {
        items,
        hooks: types,
    })
}

fn settings(args: &Args) -> serde_json::Result<TypeSpaceSettings> {
    let mut settings = TypeSpaceSettings::default();
    let private = args.krate.private();
    settings.with_derive(quote!(#private::schemars::JsonSchema).to_string());
    settings.with_map_type("::std::collections::BTreeMap".to_owned());
    // schemars' names of the types that typify has other ideas of, or none.
    for (format, name) in [
        ("int", "isize"),
        ("uint", "usize"),
        ("int128", "i128"),
        ("uint128", "u128"),
    ] {
        let schema = serde_json::from_value(json!({ "type": "integer", "format": format }))?;
        settings.with_conversion(schema, name, [].into_iter());
    }
    for replaced in &args.types {
        let path = replaced.path.to_token_stream();
        settings.with_replacement(&replaced.name, path, [].into_iter());
    }
    Ok(settings)
}

impl Shape {
    /// The type, as it is written in the trait.
    fn add(&self, space: &mut TypeSpace, args: &Args) -> Result<ParamType> {
        let here = |error: &dyn std::fmt::Display| failed(&self.file, &self.key, error);
        let (ty, nullable) = if let Some(replaced) = args.replaced(&self.name) {
            (replaced.path.to_token_stream(), false)
        } else {
            let schema = serde_json::from_value(self.shape.clone()).map_err(|e| here(&e))?;
            let id = space
                .add_type_with_name(&schema, Some(self.name.clone()))
                .map_err(|error| here(&error))?;
            let made = space.get_type(&id).map_err(|error| here(&error))?;
            let nullable = matches!(made.details(), TypeDetails::Option(_));
            (fit::paths(made.ident(), &args.krate), nullable)
        };
        let left_out = self.optional && !nullable;
        Ok(ParamType {
            ty: if left_out {
                quote!(::core::option::Option<#ty>)
            } else {
                ty
            },
            left_out,
        })
    }
}

fn check_trait_name(spec: &Spec, args: &Args, space: &TypeSpace) -> Result<()> {
    let name = args.trait_name(&spec.name);
    if space.iter_types().any(|made| name == made.name()) {
        let other = format_ident!("{}Kind", name);
        return Err(Problem::new(
            &spec.file,
            "kind",
            format!("the trait of the kind and a type of its schemas are both called `{name}`"),
        )
        .help(format!("give the trait another name: `as = {other}`")));
    }
    Ok(())
}

fn failed(file: &str, key: &str, error: impl std::fmt::Display) -> Problem {
    Problem::new(
        file,
        key,
        format!("no type can be made of the schema: {error}"),
    )
    .help("simplify it, or put a type of your own in its place: `types(Name = path)`")
}
