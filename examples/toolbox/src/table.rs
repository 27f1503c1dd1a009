//! Answers from a table of values, which the config gives.

use std::collections::BTreeMap;

use dagstack_plugin::prelude::*;

/// The table.
#[data]
#[derive(Debug)]
pub struct Config {
    /// Its rows, each with its values by their columns.
    pub rows: Vec<BTreeMap<String, String>>,
}

/// Answers from a table of values.
#[derive(Debug)]
pub struct Table {
    rows: Vec<BTreeMap<String, String>>,
}

/// Answers from a table of values.
#[plugin(kind = "tool", name = "table")]
impl Table {
    #[setup]
    fn setup(ctx: &PluginContext<Config>) -> Result<Self, PluginError> {
        let rows = ctx.config().rows.clone();
        if rows.is_empty() {
            return Err(PluginError::new("the table has no rows"));
        }
        Ok(Self { rows })
    }

    /// Returns the rows in which `column` has `value`.
    #[hook]
    fn rows(&self, column: String, value: String) -> Vec<BTreeMap<String, String>> {
        let rows = self.rows.iter();
        rows.filter(|row| row.get(&column) == Some(&value))
            .cloned()
            .collect()
    }

    /// Counts the rows in which `column` has `value`.
    #[hook]
    fn count(&self, column: String, value: String) -> usize {
        self.rows(column, value).len()
    }
}
