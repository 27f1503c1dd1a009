//! What a person at `call` sees of a hook that runs, and says to it: its progress, and ctrl-c.

use std::io::{self, IsTerminal, Write as _};
use std::sync::{Arc, Mutex};

use super::log_format::put;
use super::unix::{self, OwnedFd};
use dagstack_plugin_core::cancel::CancelToken;
use dagstack_plugin_core::progress::{ProgressReport, ProgressSink};
use dagstack_plugin_core::sync::lock;

/// As wide as a bar is.
const WIDTH: usize = 24;
/// As much as is written where the terminal does not say how wide it is.
const LINE: usize = 80;
/// Ends a line that was begun, and what stood in it.
const ERASE: &str = "\r\x1b[2K";

/// The bar that stands in the terminal's last line.
static DRAWN: Mutex<Option<String>> = Mutex::new(None);

/// Takes the bar away, for good.
pub(super) fn clear_bar() {
    if lock(&DRAWN).take().is_some() {
        let _ = io::stderr().write_all(ERASE.as_bytes());
    }
}

/// Writes a line above the bar, if there is one.
pub(super) fn above_bar(line: &[u8]) -> io::Result<()> {
    let drawn = lock(&DRAWN);
    let (erase, bar) = match &*drawn {
        Some(bar) => (ERASE, bar.as_str()),
        None => ("", ""),
    };
    io::stderr().write_all(&[erase.as_bytes(), line, bar.as_bytes()].concat())
}

/// The sink of a call's progress: a bar where stderr is a terminal, else records of the log.
pub(super) fn sink() -> Arc<dyn ProgressSink> {
    match io::stderr().is_terminal() {
        true => Arc::new(|report: ProgressReport| {
            if let ProgressReport::Update {
                percent, message, ..
            } = report
            {
                let bar = bar(percent, &message, width());
                let mut drawn = lock(&DRAWN);
                let _ = io::stderr().write_all(bar.as_bytes());
                *drawn = Some(bar);
            }
        }),
        false => Arc::new(|report: ProgressReport| match report {
            ProgressReport::Update {
                percent, message, ..
            } => tracing::info!(target: "progress", percent, "{message}"),
            ProgressReport::Event {
                event_type,
                payload,
            } => tracing::info!(target: "progress", %payload, "{event_type}"),
            _ => {}
        }),
    }
}

/// The columns of a line that does not break.
fn width() -> usize {
    unix::columns(unix::stderr())
        .unwrap_or(LINE)
        .saturating_sub(1)
}

fn bar(percent: f64, message: &str, width: usize) -> String {
    let percent = percent.clamp(0.0, 100.0);
    // At most `WIDTH`, as the percentage is at most 100.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let done = (percent / 100.0 * WIDTH as f64) as usize;
    let mut line = format!("[{:<WIDTH$}] {percent:>3.0} % ", "#".repeat(done));
    put(&mut line, message);
    format!("{ERASE}{}\r", cut(&line, width))
}

/// As much of a line as fits in so many columns.
fn cut(line: &str, width: usize) -> &str {
    let mut columns = 0;
    let end = line.char_indices().find(|&(_, c)| {
        // The scripts from here on have wide signs.
        columns += if c < '\u{1100}' { 1 } else { 2 };
        columns > width
    });
    end.and_then(|(end, _)| line.get(..end)).unwrap_or(line)
}

/// Has ctrl-c cancel the call, and a second one end the process with `code`.
pub(super) fn cancel_by_signal(signals: OwnedFd, token: CancelToken, code: i32) {
    let wait = move || {
        let mut seen = Vec::with_capacity(1);
        let mut signal = || {
            seen.clear();
            unix::read(&signals, &mut seen).is_ok_and(|is_open| is_open)
        };
        if signal() {
            token.cancel();
        }
        if signal() {
            clear_bar();
            std::process::exit(code);
        }
    };
    let thread = std::thread::Builder::new().name("dagstack-signals".to_owned());
    if let Err(error) = thread.spawn(wait) {
        tracing::warn!("ctrl-c cannot cancel the call: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_one_line_and_never_longer_than_itself() {
        assert_eq!(
            bar(50.0, "half", 79),
            "\r\x1b[2K[############            ]  50 % half\r"
        );
        assert!(bar(1e9, "", 79).contains("] 100 % "));
        assert!(bar(-1.0, "", 79).contains("[ "));
        assert!(bar(f64::NAN, "a\nb", 79).contains("a\\nb"));
    }

    #[test]
    fn a_bar_is_cut_to_the_terminals_width() {
        let shown = |message: &str, width| {
            let line = bar(50.0, message, width);
            line[ERASE.len()..].trim_end_matches('\r').to_owned()
        };
        assert_eq!(shown(&"x".repeat(500), 79).len(), 79);
        assert_eq!(shown("abc", 36), "[############            ]  50 % abc");
        assert_eq!(shown("abc", 35), "[############            ]  50 % ab");
        assert_eq!(
            shown("a\u{7d42}\u{308f}", 36),
            "[############            ]  50 % a\u{7d42}"
        );
        assert_eq!(shown("abc", 3), "[##");
        assert_eq!(shown("abc", 0), "");
    }
}
