//! A sweep over types and inputs: both builds say the same of everything, and what the published
//! schema accepts is what a hook accepts.
//!
//! Each hook of the package `sweep` gives back what it is given. It is called linked by JSON, by its
//! executable, and typed where its kind has a trait; results and errors must be equal, results must
//! fit the output schema, and the validator is the judge of what the hook should accept. What may
//! differ stands in `exceptions.rs`, each with its reason.

mod agreement;
mod exceptions;
mod inputs;
mod plain;

use std::collections::BTreeMap;

use dagstack_plugin::declaration::Declaration;
use dagstack_plugin::{HookContext, HookError, Plugin, canonical_json};
use dagstack_runtime::{PluginHandle, Registry, RegistryBuilder};
use dagstack_tests::built;
use exceptions::Case;
use serde_json::Value;
use sweep::Sweep;
use sweep::typed::{self, Sweeper, Typed};

/// Inputs with mistakes for each hook.
const MISTAKES: usize = 150;

#[derive(Default)]
struct Figures {
    types: usize,
    inputs: usize,
    accepted: usize,
    typed: usize,
    disagreements: Vec<String>,
    exceptions: BTreeMap<&'static str, usize>,
}

impl Figures {
    fn disagree(&mut self, hook: &str, input: &Value, what: &str) {
        let input: String = input.to_string().chars().take(300).collect();
        self.disagreements
            .push(format!("{hook} {input}\n    {what}"));
    }

    /// Prints what was swept, and fails if anything disagreed.
    fn report(&self, name: &str) {
        let (types, inputs, accepted) = (self.types, self.inputs, self.accepted);
        println!(
            "{name}: {types} types, {inputs} inputs ({accepted} accepted, {} also called typed), \
             {} disagreements, {} listed exceptions",
            self.typed,
            self.disagreements.len(),
            self.exceptions.values().sum::<usize>(),
        );
        for (reason, count) in &self.exceptions {
            println!("  {count:6}  {reason}");
        }
        let shown: Vec<&str> = self
            .disagreements
            .iter()
            .take(4000)
            .map(String::as_str)
            .collect();
        assert!(
            self.disagreements.is_empty(),
            "{} disagreements:\n{}",
            self.disagreements.len(),
            shown.join("\n")
        );
    }
}

async fn ready(builder: RegistryBuilder, kind: &str, name: &str) -> (Registry, PluginHandle) {
    let registry = builder.build().expect("the host is sound");
    let _ = registry.setup_all().await;
    let handle = registry.plugin(kind, name).expect("it is there");
    assert!(handle.state().is_callable(), "{:?}", handle.reason());
    (registry, handle)
}

fn judge(schema: &Value) -> jsonschema::Validator {
    jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(schema)
        .unwrap_or_else(|error| panic!("{error}: {schema}"))
}

fn text(outcome: &Result<Value, HookError>) -> String {
    match outcome {
        Ok(value) => {
            canonical_json::to_string(value).unwrap_or_else(|error| format!("{error}: {value}"))
        }
        Err(error) => error.to_value().to_string(),
    }
}

/// Both forms of one plugin, and the kind's trait in each where it has one.
struct Swept {
    declaration: &'static Declaration,
    linked: PluginHandle,
    executable: PluginHandle,
    typed: Vec<std::sync::Arc<dyn Sweeper>>,
}

impl Swept {
    async fn sweep(&self, samples: Vec<(&'static str, Vec<Value>)>) -> Figures {
        let ctx = HookContext::default();
        let mut figures = Figures::default();
        for (hook, samples) in samples {
            figures.types += 1;
            let (_, declared) = self.declaration.hook(hook).expect("it is declared");
            let schemas = declared.schemas();
            let input_schema = Value::Object(schemas.input.clone());
            let accepts = judge(&input_schema);
            let returns = judge(&Value::Object(schemas.output.clone()));
            // Formats are annotations to the SDK.
            let annotated = agreement::reference(&input_schema);
            let ours = agreement::judge(&schemas.input);
            let ours_returns = agreement::judge(&schemas.output);
            for sample in &samples {
                assert!(
                    accepts.is_valid(sample),
                    "{hook}: {sample} fits no {input_schema}"
                );
            }
            for (index, input) in inputs::of(hook, &input_schema, &samples, MISTAKES)
                .into_iter()
                .enumerate()
            {
                figures.inputs += 1;
                let linked = self.linked.call(hook, &ctx, input.clone()).await;
                let executable = self.executable.call(hook, &ctx, input.clone()).await;
                if text(&linked) != text(&executable) {
                    let what = format!(
                        "linked: {}\n    exe:    {}",
                        text(&linked),
                        text(&executable)
                    );
                    figures.disagree(hook, &input, &what);
                    continue;
                }
                let fits = accepts.is_valid(&input);
                if ours.fits(&input) != annotated.is_valid(&input) {
                    figures.disagree(hook, &input, "our judge and jsonschema");
                }
                let refused = match &linked {
                    Err(error) if error.code() == "invalid_arguments" => Some(error),
                    _ => None,
                };
                if index < samples.len() && linked.is_err() {
                    figures.disagree(hook, &input, &format!("a sample: {}", text(&linked)));
                }
                if fits == refused.is_some() {
                    let case = Case {
                        hook,
                        input: &input,
                        error: refused,
                    };
                    match exceptions::reason(&case) {
                        Some(reason) => *figures.exceptions.entry(reason).or_default() += 1,
                        None => {
                            let verdict = if fits { "accepts" } else { "refuses" };
                            let said = text(&linked);
                            figures.disagree(
                                hook,
                                &input,
                                &format!("the schema {verdict}: {said}"),
                            );
                        }
                    }
                }
                if let Ok(value) = &linked {
                    figures.accepted += 1;
                    let value = match schemas.wraps_result {
                        true => serde_json::json!({ "result": value }),
                        false => value.clone(),
                    };
                    if !ours_returns.fits(&value) {
                        figures.disagree(hook, &input, &format!("our judge refuses {value}"));
                    }
                    if let Err(error) = returns.validate(&value) {
                        figures.disagree(hook, &input, &format!("returned {value}: {error}"));
                    }
                }
                for plugin in &self.typed {
                    let Some(called) = typed::call(&**plugin, &ctx, hook, &input).await else {
                        continue;
                    };
                    figures.typed += 1;
                    // A typed call cannot be refused for what its type takes.
                    if linked.is_ok() && text(&called) != text(&linked) {
                        let what = format!("typed {}, by JSON {}", text(&called), text(&linked));
                        figures.disagree(hook, &input, &what);
                    }
                }
            }
        }
        figures
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_builds_and_the_schema_agree_on_every_type() {
    let (_linked, linked) = ready(Registry::builder().plugin::<Sweep>(), "tool", "sweep").await;
    let builder = Registry::builder().executable("tool", "sweep", built("sweep"));
    let (_executable, executable) = ready(builder, "tool", "sweep").await;
    let swept = Swept {
        declaration: Sweep::declaration(),
        linked,
        executable,
        typed: Vec::new(),
    };
    swept.sweep(sweep::samples()).await.report("by JSON");
}

#[tokio::test(flavor = "multi_thread")]
async fn typed_calls_agree_with_those_by_json() {
    let builder = Registry::builder().plugin::<Typed>();
    let (linked_registry, linked) = ready(builder, "sweeper", "typed").await;
    let builder = Registry::builder().executable("sweeper", "typed", built("sweep-typed"));
    let (executable_registry, executable) = ready(builder, "sweeper", "typed").await;
    let typed = [&linked_registry, &executable_registry].map(|registry| {
        registry
            .get::<dyn Sweeper>("typed")
            .expect("it has a trait")
    });
    let swept = Swept {
        declaration: Typed::declaration(),
        linked,
        executable,
        typed: typed.into(),
    };
    swept.sweep(typed::samples()).await.report("typed");
}
