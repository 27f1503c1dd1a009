//! Logging as the dagstack logger specification says: records with OTel field names, written as lines
//! of canonical JSON by whoever wants them so.
//!
//! A plugin logs through [`HookContext::logger`](crate::HookContext::logger) and
//! [`PluginContext::logger`](crate::PluginContext::logger), or through `tracing` as any other code
//! does. Where it ends up is its host's choice: every record becomes one `tracing` event.
//!
//! # The shape of such an event
//!
//! Field names of `tracing` are fixed when the program is compiled, attributes of a record are not. So
//! the event of a record has the name [`EVENT_NAME`], the target [`TARGET`] (or [`FORWARDED_TARGET`],
//! if a host passes on what a plugin in a process of its own wrote), the level nearest to its severity,
//! and of these fields those that have a value:
//!
//! | field | type | what |
//! |---|---|---|
//! | `message` | text | the body; its JSON, if it is no text |
//! | `plugin.kind`, `plugin.name`, `plugin.version` | text | the plugin |
//! | `tenant_id` | text | from the metadata of the call |
//! | `trace_id`, `span_id`, `trace_flags` | text, text, number | the trace context of the call |
//! | `severity_number` | number | 1 to 24 |
//! | `attributes` | text | all other attributes: a JSON object, canonical, secrets masked |
//! | `body` | text | the JSON of a body that is no text |
//! | `logger`, `logger.version`, `time_unix_nano`, `resource` | | of a record that is passed on |
//!
//! Any subscriber shows that as it shows other events. `JsonLines` and `LogRecord::from_event` (feature
//! `logging`) read the record again as it was; `LogRecord` itself comes with the feature `validate`.

#[cfg(feature = "validate")]
pub use dagstack_engine::logging::*;
#[cfg(not(feature = "validate"))]
pub use dagstack_plugin_core::logging::*;
