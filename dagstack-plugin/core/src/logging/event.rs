//! Records as events of `tracing`.

use serde_json::{Map, Value};
use tracing::Level;

use super::{Severity, hide};
use crate::canonical_json;
use crate::secrets::is_secret_attribute;

/// The name of every event that is a record.
pub const EVENT_NAME: &str = "dagstack.log";
/// The target of what a [`Logger`](super::Logger) logs.
pub const TARGET: &str = "dagstack.plugin";
/// The target of what a plugin in a process of its own wrote to its standard error.
pub const FORWARDED_TARGET: &str = "dagstack.plugin.stderr";

/// The fields of such an event.
#[derive(Debug, Default)]
pub struct Fields<'a> {
    pub kind: Option<&'a str>,
    pub name: Option<&'a str>,
    pub version: Option<&'a str>,
    pub tenant_id: Option<&'a str>,
    pub trace_id: Option<&'a str>,
    pub span_id: Option<&'a str>,
    pub trace_flags: Option<u64>,
    pub attributes: Option<&'a str>,
    pub time_unix_nano: Option<u64>,
    pub logger: Option<&'a str>,
    pub logger_version: Option<&'a str>,
    pub resource: Option<&'a str>,
}

/// Callsites are static: one for each target and level.
macro_rules! callsites {
    ($is_enabled:ident, $emit:ident, $target:expr) => {
        /// Whether anybody wants such a record.
        #[inline]
        pub fn $is_enabled(severity: Severity) -> bool {
            match severity.level() {
                Level::TRACE => tracing::enabled!(target: $target, Level::TRACE),
                Level::DEBUG => tracing::enabled!(target: $target, Level::DEBUG),
                Level::INFO => tracing::enabled!(target: $target, Level::INFO),
                Level::WARN => tracing::enabled!(target: $target, Level::WARN),
                Level::ERROR => tracing::enabled!(target: $target, Level::ERROR),
            }
        }

        pub fn $emit(severity: Severity, body: &Value, fields: &Fields<'_>) {
            let json;
            let (message, body) = match body {
                Value::String(text) => (&**text, None),
                other => {
                    json = canonical(other);
                    (&*json, Some(&*json))
                }
            };
            macro_rules! at {
                ($level:expr) => {
                    tracing::event!(
                        name: EVENT_NAME,
                        target: $target,
                        $level,
                        message,
                        plugin.kind = fields.kind,
                        plugin.name = fields.name,
                        plugin.version = fields.version,
                        tenant_id = fields.tenant_id,
                        trace_id = fields.trace_id,
                        span_id = fields.span_id,
                        trace_flags = fields.trace_flags,
                        severity_number = u64::from(severity.number()),
                        attributes = fields.attributes,
                        body,
                        logger = fields.logger,
                        logger.version = fields.logger_version,
                        time_unix_nano = fields.time_unix_nano,
                        resource = fields.resource,
                    )
                };
            }
            match severity.level() {
                Level::TRACE => at!(Level::TRACE),
                Level::DEBUG => at!(Level::DEBUG),
                Level::INFO => at!(Level::INFO),
                Level::WARN => at!(Level::WARN),
                Level::ERROR => at!(Level::ERROR),
            }
        }
    };
}

callsites!(is_enabled, emit, TARGET);
callsites!(is_forwarded, emit_forwarded, FORWARDED_TARGET);

/// The canonical JSON of what may have none.
pub fn canonical(value: &(impl serde::Serialize + ?Sized)) -> String {
    let mut text = Vec::new();
    match canonical_json::append(value, &mut text) {
        Ok(()) => String::from_utf8(text).unwrap_or_default(),
        Err(_) => "null".to_owned(),
    }
}

pub const PLUGIN_KIND: &str = "plugin.kind";
pub const PLUGIN_NAME: &str = "plugin.name";
pub const PLUGIN_VERSION: &str = "plugin.version";
pub const TENANT_ID: &str = crate::tenancy::TENANT_ID;
/// The attributes that are fields of the event.
pub const FIXED: [&str; 4] = [PLUGIN_KIND, PLUGIN_NAME, PLUGIN_VERSION, TENANT_ID];

/// The other attributes, fit to be shown; `None` if there are none.
pub fn attributes_text(attributes: &mut Map<String, Value>) -> Option<String> {
    if attributes.is_empty() {
        return None;
    }
    hide(attributes, &is_secret_attribute);
    Some(canonical(attributes))
}
