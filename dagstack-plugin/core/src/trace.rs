//! W3C Trace Context: `traceparent` and `tracestate` of a call.
//!
//! They are the entry `trace_context` of a call's [`Metadata`](crate::Metadata), and cross a process
//! boundary as the bare keys `traceparent` and `tracestate` of MCP's `_meta`. Whatever is malformed is
//! dropped with a warning as soon as it enters a [`HookContext`](crate::HookContext), so it is the same
//! in every runtime and never passed on.

use std::fmt;
use std::num::{NonZeroU64, NonZeroU128};

use serde_json::{Map, Value};

/// The reserved metadata key of the trace context.
pub const TRACE_CONTEXT: &str = "trace_context";
/// The key of the parent, in the trace context and in `_meta`.
pub const TRACEPARENT: &str = "traceparent";
/// The key of the vendors' state, in the trace context and in `_meta`.
pub const TRACESTATE: &str = "tracestate";

/// The identity of a trace: 16 bytes, not all zero. Written as 32 lower-case hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TraceId(NonZeroU128);

/// The identity of a span: 8 bytes, not all zero. Written as 16 lower-case hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SpanId(NonZeroU64);

impl TraceId {
    /// Reads 32 lower-case hex digits, not all zero.
    pub fn parse(text: &str) -> Option<Self> {
        hex(text, 32).and_then(NonZeroU128::new).map(Self)
    }

    /// The identity as a number, big end first.
    pub const fn to_u128(self) -> u128 {
        self.0.get()
    }
}

impl SpanId {
    /// Reads 16 lower-case hex digits, not all zero.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = u64::try_from(hex(text, 16)?).ok()?;
        NonZeroU64::new(digits).map(Self)
    }

    /// The identity as a number, big end first.
    pub const fn to_u64(self) -> u64 {
        self.0.get()
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Exactly `digits` lower-case hex digits.
fn hex(text: &str, digits: usize) -> Option<u128> {
    if text.len() != digits {
        return None;
    }
    text.bytes().try_fold(0, |number: u128, byte| {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            _ => return None,
        };
        Some(number << 4 | u128::from(digit))
    })
}

/// A `traceparent` (W3C Trace Context, §3.2).
///
/// ```
/// use dagstack_plugin::trace::TraceParent;
///
/// let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
/// let parent = TraceParent::parse(text).unwrap();
/// assert_eq!(parent.trace_id.to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
/// assert_eq!(parent.flags, 1);
/// assert_eq!(parent.to_string(), text);
/// assert!(TraceParent::parse("00-zz").is_none());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TraceParent {
    /// The trace.
    pub trace_id: TraceId,
    /// The caller's span.
    pub span_id: SpanId,
    /// The flags; the lowest bit says that the caller may have recorded the trace.
    pub flags: u8,
}

impl TraceParent {
    /// Reads a `traceparent`; `None` if it is malformed. Versions to come may hold more after the
    /// flags, which is left out.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let (version, trace, span, flags) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let known = match hex(version, 2)? {
            0 => parts.next().is_none(),
            0xff => false,
            _ => true,
        };
        Some(Self {
            trace_id: TraceId::parse(trace)?,
            span_id: SpanId::parse(span)?,
            flags: u8::try_from(hex(flags, 2)?).ok().filter(|_| known)?,
        })
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "00-{}-{}-{:02x}",
            self.trace_id, self.span_id, self.flags
        )
    }
}

/// The trace context of a call: [`HookContext::trace_context`](crate::HookContext::trace_context).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceContext<'a> {
    /// The caller's span.
    pub parent: TraceParent,
    /// The `traceparent` as it came, to be passed on.
    pub traceparent: &'a str,
    /// What tracing vendors say of it, well formed, to be passed on.
    pub tracestate: Option<&'a str>,
}

impl<'a> TraceContext<'a> {
    pub(crate) fn of(metadata: &'a Map<String, Value>) -> Option<Self> {
        let context = metadata.get(TRACE_CONTEXT)?;
        let traceparent = context.get(TRACEPARENT)?.as_str()?;
        Some(Self {
            parent: TraceParent::parse(traceparent)?,
            traceparent,
            tracestate: context.get(TRACESTATE).and_then(Value::as_str),
        })
    }
}

/// Whether a `tracestate` is well formed (W3C Trace Context, §3.3).
pub fn is_tracestate(text: &str) -> bool {
    /// What a vendor has to pass on at least.
    const MEMBERS: usize = 32;
    let mut keys = Vec::new();
    for member in text
        .split(',')
        .map(|member| member.trim_matches([' ', '\t']))
    {
        if member.is_empty() {
            continue;
        }
        match member.split_once('=') {
            // A peer may send any number of them.
            _ if keys.len() == MEMBERS => return false,
            Some((key, value)) if is_key(key) && is_value(value) && !keys.contains(&key) => {
                keys.push(key);
            }
            _ => return false,
        }
    }
    true
}

fn is_key(key: &str) -> bool {
    let word = |word: &str, longest: usize| {
        let mut bytes = word.bytes();
        word.len() <= longest
            && matches!(bytes.next(), Some(b'a'..=b'z' | b'0'..=b'9'))
            && bytes
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'*' | b'/'))
    };
    match key.split_once('@') {
        Some((tenant, system)) => word(tenant, 241) && word(system, 14),
        None => word(key, 256),
    }
}

fn is_value(value: &str) -> bool {
    (1..=256).contains(&value.len())
        && !value.ends_with(' ')
        && value
            .bytes()
            .all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b',' | b'='))
}

/// What is wrong with the trace context among `entries`, as a warning says it. The values are not
/// shown: nobody knows what they hold.
fn problem(entries: &Map<String, Value>) -> Option<&'static str> {
    let Value::Object(context) = entries.get(TRACE_CONTEXT)? else {
        return Some("dropped `trace_context`: it must be an object");
    };
    match (context.get(TRACEPARENT), context.get(TRACESTATE)) {
        (None, None) => None,
        (None, Some(_)) => Some("dropped `tracestate`: it says nothing without a `traceparent`"),
        (Some(parent), _) if !is_parent(parent) => Some(
            "dropped `traceparent`: expected the W3C form 00-<32 hex digits>-<16 hex digits>-<2 hex digits>",
        ),
        (Some(_), Some(state)) if !state.as_str().is_some_and(is_tracestate) => {
            Some("dropped `tracestate`: expected the W3C form key=value,key=value")
        }
        (Some(_), _) => None,
    }
}

fn is_parent(value: &Value) -> bool {
    value
        .as_str()
        .is_some_and(|text| TraceParent::parse(text).is_some())
}

/// Whether the trace context among `entries` is absent or well formed.
pub(crate) fn is_clean(entries: &Map<String, Value>) -> bool {
    problem(entries).is_none()
}

/// Drops what is malformed of the trace context among `entries`, with a warning. Keys beside
/// `traceparent` and `tracestate` stay.
pub(crate) fn clean(entries: &mut Map<String, Value>) {
    let Some(problem) = problem(entries) else {
        return;
    };
    tracing::warn!("{problem}");
    let Some(Value::Object(context)) = entries.get_mut(TRACE_CONTEXT) else {
        entries.remove(TRACE_CONTEXT);
        return;
    };
    if !context.get(TRACEPARENT).is_some_and(is_parent) {
        context.remove(TRACEPARENT);
    }
    context.remove(TRACESTATE);
    if context.is_empty() {
        entries.remove(TRACE_CONTEXT);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn parents_as_the_recommendation_says() {
        for good in [
            PARENT,
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00",
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more-to-come",
        ] {
            assert!(TraceParent::parse(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "00",
            "00-zz",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "0-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            " 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0é4736-00f067aa0ba902b7-01",
        ] {
            assert!(TraceParent::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn states_as_the_recommendation_says() {
        for good in [
            "",
            "a=b",
            "rojo=00f067, congo=t61,,",
            "fw529a3039@dt=FfAB",
            "a= b",
        ] {
            assert!(is_tracestate(good), "{good}");
        }
        for bad in ["a", "=b", "A=b", "a=b,a=c", "a=b=c", "a=\n", "é=1", "a="] {
            assert!(!is_tracestate(bad), "{bad}");
        }
        let many: Vec<_> = (0..33).map(|n| format!("k{n}=v")).collect();
        assert!(!is_tracestate(&many.join(",")));
    }

    #[test]
    fn what_is_malformed_goes_and_the_rest_stays() {
        let cleaned = |context: Value| {
            let mut entries = Map::from_iter([("trace_context".to_owned(), context)]);
            clean(&mut entries);
            assert!(is_clean(&entries));
            Value::Object(entries)
        };
        assert_eq!(cleaned(json!("00")), json!({}));
        assert_eq!(cleaned(json!({ "traceparent": "00-zz" })), json!({}));
        assert_eq!(
            cleaned(json!({ "traceparent": 7, "tracestate": "a=b", "vendor": 1 })),
            json!({ "trace_context": { "vendor": 1 } })
        );
        assert_eq!(
            cleaned(json!({ "traceparent": PARENT, "tracestate": "A=" })),
            json!({ "trace_context": { "traceparent": PARENT } })
        );
        let good = json!({ "traceparent": PARENT, "tracestate": "a=b", "vendor": {} });
        assert_eq!(cleaned(good.clone()), json!({ "trace_context": good }));
    }
}
