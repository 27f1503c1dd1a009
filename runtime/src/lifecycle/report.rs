//! [`SetupReport`]: what a setup of all plugins has come to.

use std::fmt;

use serde::Serialize;

use crate::error::PluginRegistryError;
use crate::status::PluginStatus;

/// What [`Registry::setup_all`](crate::Registry::setup_all) did. Its `Display` is a table.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
#[must_use = "a plugin that failed is only reported here; `.ok()?` makes that an error"]
pub struct SetupReport {
    /// Every plugin, in the order of the setup; those that never had a chance come last.
    pub plugins: Vec<PluginStatus>,
    /// What is not wrong, but looks like a mistake.
    pub warnings: Vec<String>,
}

impl SetupReport {
    /// Whether every plugin is ready.
    pub fn all_ready(&self) -> bool {
        self.plugins.iter().all(|plugin| plugin.state.is_callable())
    }

    /// An error unless every plugin is ready; for hosts that need all of theirs:
    ///
    /// ```
    /// # async fn main_of_a_host() -> Result<(), dagstack_runtime::PluginRegistryError> {
    /// let registry = dagstack_runtime::Registry::builder().linked().build()?;
    /// registry.setup_all().await.ok()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `SetupIncomplete`, which lists the plugins that are not ready, each with its reason.
    pub fn ok(self) -> Result<(), PluginRegistryError> {
        let failed: Vec<PluginStatus> = self.failed().cloned().collect();
        match failed.is_empty() {
            true => Ok(()),
            false => Err(PluginRegistryError::SetupIncomplete {
                failed,
                all: self.plugins.len(),
            }),
        }
    }

    /// The plugins that are not ready.
    pub fn failed(&self) -> impl Iterator<Item = &PluginStatus> {
        self.plugins
            .iter()
            .filter(|plugin| !plugin.state.is_callable())
    }

    /// The line of one plugin.
    pub fn get(&self, kind: &str, name: &str) -> Option<&PluginStatus> {
        self.plugins
            .iter()
            .find(|plugin| plugin.kind.as_deref() == Some(kind) && plugin.name == name)
    }
}

impl fmt::Display for SetupReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows: Vec<[String; 3]> = self
            .plugins
            .iter()
            .map(|plugin| {
                [
                    plugin.full_name(),
                    plugin.runtime.clone().unwrap_or_else(|| "-".to_owned()),
                    plugin.state.to_string(),
                ]
            })
            .collect();
        let width = |column: usize, title: &str| {
            rows.iter()
                .map(|row| row[column].chars().count())
                .chain([title.len()])
                .max()
                .unwrap_or_default()
        };
        let (first, second, third) = (width(0, "plugin"), width(1, "runtime"), width(2, "state"));
        let line = |f: &mut fmt::Formatter<'_>, cells: [&str; 4]| {
            let text = format!(
                "{:first$}  {:second$}  {:third$}  {}",
                cells[0], cells[1], cells[2], cells[3]
            );
            writeln!(f, "{}", text.trim_end())
        };
        line(f, ["plugin", "runtime", "state", "reason"])?;
        for (row, plugin) in rows.iter().zip(&self.plugins) {
            let reason = plugin.state.reason().map(|reason| reason.message.as_str());
            let mut lines = reason.unwrap_or_default().lines();
            line(
                f,
                [&row[0], &row[1], &row[2], lines.next().unwrap_or_default()],
            )?;
            for more in lines {
                line(f, ["", "", "", more])?;
            }
        }
        for warning in &self.warnings {
            writeln!(f, "warning: {warning}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::State;
    use dagstack_engine::Reason;

    fn status(name: &str, state: State) -> PluginStatus {
        PluginStatus {
            kind: Some("chunker".to_owned()),
            runtime: Some("in_process".to_owned()),
            state,
            ..PluginStatus::broken(name.to_owned(), "linked".to_owned(), Reason::new("", ""))
        }
    }

    #[test]
    fn a_report_is_a_table() {
        let report = SetupReport {
            plugins: vec![
                status("fixed", State::Ready),
                status(
                    "late",
                    State::Unavailable(Reason::new("setup_failed", "one\ntwo")),
                ),
            ],
            warnings: vec!["look here".to_owned()],
        };
        assert_eq!(
            report.to_string(),
            "plugin         runtime     state        reason\n\
             chunker.fixed  in_process  ready\n\
             chunker.late   in_process  unavailable  one\n\
             \x20                                       two\n\
             warning: look here\n"
        );
        assert!(!report.all_ready());
        assert_eq!(report.failed().count(), 1);
        let error = report.clone().ok().unwrap_err();
        assert_eq!(error.code(), "setup_incomplete");
        assert_eq!(
            error.to_string(),
            "1 of 2 plugins are not ready:\n  `chunker.late`: one\n  two"
        );
        let well = SetupReport {
            plugins: vec![status("fixed", State::Ready)],
            ..report
        };
        assert!(well.ok().is_ok());
    }
}
