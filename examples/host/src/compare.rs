//! Makes the same calls to two registries and compares the answers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use dagstack_runtime::{BoxFuture, HookContext, HookError, Registry, canonical_json, code};
use serde_json::Value;

/// A call to make.
#[derive(Clone, Debug)]
pub struct Call {
    /// The plugin's kind.
    pub kind: &'static str,
    /// The plugin's name, or the dispatch class that chooses one.
    pub plugin: &'static str,
    /// The hook.
    pub hook: &'static str,
    /// How it is made.
    pub how: How,
}

/// How a call is made.
#[derive(Clone, Debug)]
pub enum How {
    /// By name, with these arguments.
    Json(Value),
    /// Through the kind's trait, on this text.
    Typed(Typed, Arc<str>),
}

/// A call through a kind's trait; what comes back is turned into JSON to be compared.
pub type Typed = for<'a> fn(&'a Registry, &'a str) -> BoxFuture<'a, Result<Value, HookError>>;

/// What one registry answered.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    runtime: String,
    pid: u32,
    /// The result as canonical JSON, or the error's code and details.
    outcome: Result<String, (String, Option<String>)>,
    time: Duration,
}

/// One call, answered by both.
#[derive(Clone, Debug)]
pub struct Comparison {
    call: Call,
    answers: [Answer; 2],
}

impl Comparison {
    /// Whether the results are the same canonical JSON, or the errors have the same code and details.
    /// Plugins that cannot be called are never equal: nothing was compared.
    pub fn is_equal(&self) -> bool {
        let [first, second] = &self.answers;
        first.is_from_the_plugin() && first.outcome == second.outcome
    }
}

impl Answer {
    fn is_from_the_plugin(&self) -> bool {
        !matches!(&self.outcome, Err((code, _)) if code == code::UNAVAILABLE)
    }
}

/// Makes every call to both registries.
pub async fn compare(first: &Registry, second: &Registry, calls: Vec<Call>) -> Vec<Comparison> {
    let mut comparisons = Vec::with_capacity(calls.len());
    for call in calls {
        let answers = [answer(first, &call).await, answer(second, &call).await];
        comparisons.push(Comparison { call, answers });
    }
    comparisons
}

async fn answer(registry: &Registry, call: &Call) -> Answer {
    // A dispatch calls plugins of one kind, which all run in the same way here.
    let plugin = registry
        .status()
        .into_iter()
        .filter(|plugin| plugin.kind.as_deref() == Some(call.kind) && plugin.state.is_callable())
        .find(|plugin| matches!(call.how, How::Typed(..)) || plugin.name == call.plugin);
    let mut times = Vec::new();
    let outcome = loop {
        let start = Instant::now();
        let outcome = make(registry, call).await;
        times.push(start.elapsed());
        if times.len() == 5 || times.iter().sum::<Duration>() > Duration::from_millis(300) {
            break outcome;
        }
    };
    times.sort();
    Answer {
        runtime: plugin
            .as_ref()
            .and_then(|plugin| plugin.runtime.clone())
            .unwrap_or_else(|| "-".to_owned()),
        pid: plugin
            .and_then(|plugin| plugin.pid)
            .unwrap_or_else(std::process::id),
        outcome: outcome.map_err(parts).and_then(|value| {
            canonical_json::to_string(&value).map_err(|error| (error.to_string(), None))
        }),
        time: times[times.len() / 2],
    }
}

async fn make(registry: &Registry, call: &Call) -> Result<Value, HookError> {
    match &call.how {
        How::Json(arguments) => {
            let plugin = registry.plugin(call.kind, call.plugin)?;
            let ctx = HookContext::default();
            plugin.call(call.hook, &ctx, arguments.clone()).await
        }
        How::Typed(make, text) => make(registry, text).await,
    }
}

fn parts(error: HookError) -> (String, Option<String>) {
    let details = error
        .get_details()
        .map(|details| canonical_json::to_string(details).unwrap_or_else(|why| why.to_string()));
    (error.code().to_owned(), details)
}

/// The comparisons as a table, two rows a call.
pub fn table(comparisons: &[Comparison]) -> String {
    let head = [
        "plugin",
        "hook",
        "runtime",
        "pid",
        "result",
        "time/call",
        "verdict",
    ];
    let mut rows = vec![head.map(str::to_owned)];
    for comparison in comparisons {
        let verdict = if comparison.is_equal() {
            "equal"
        } else {
            "DIFFERENT"
        };
        for answer in &comparison.answers {
            rows.push([
                format!("{}.{}", comparison.call.kind, comparison.call.plugin),
                comparison.call.hook.to_owned(),
                answer.runtime.clone(),
                answer.pid.to_string(),
                summary(&answer.outcome),
                format!("{:.1?}", answer.time),
                verdict.to_owned(),
            ]);
        }
    }
    let widths: Vec<usize> = (0..head.len())
        .map(|column| {
            rows.iter()
                .map(|row| row[column].chars().count())
                .max()
                .unwrap_or_default()
        })
        .collect();
    let mut text = String::new();
    for row in rows {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

fn summary(outcome: &Result<String, (String, Option<String>)>) -> String {
    const WIDTH: usize = 36;
    let text = match outcome {
        Ok(json) => json.clone(),
        Err((code, _)) => format!("error {code}"),
    };
    if text.chars().count() <= WIDTH {
        return text;
    }
    let size = text.len();
    let start: String = text.chars().take(WIDTH - 16).collect();
    format!("{start}… {size} bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn plugins_that_cannot_be_called_are_never_equal()
    -> Result<(), Box<dyn std::error::Error>> {
        let none = Registry::builder().build()?;
        let not_set_up = crate::linked()?;
        for registry in [none, not_set_up] {
            let calls = crate::calls("text");
            let count = calls.len();
            let rows = compare(&registry, &registry, calls).await;
            assert_eq!(rows.iter().filter(|row| !row.is_equal()).count(), count);
        }
        Ok(())
    }
}
