//! What a hostile client can have an executable hold: a bounded memory, errors instead of silence.
#![cfg(all(feature = "stdio", target_os = "linux"))]
#![allow(
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

mod stdio_support;

use std::collections::HashSet;
use std::io::Read as _;
use std::os::fd::AsFd as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde_json::{Value, json};
use stdio_support::{PATIENCE, Peer, fixture, initialize, request};

/// More than what a started executable has, in MiB.
const MOST: u64 = 64;

/// The most memory that a process has had, in MiB.
fn peak(peer: &Peer) -> u64 {
    let path = format!("/proc/{}/status", peer.process.id());
    let status = std::fs::read_to_string(path).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    let kib = line.split_whitespace().nth(1).unwrap();
    kib.parse::<u64>().unwrap() / 1024
}

/// Whether the memory since the beginning is within bounds.
fn is_bounded(peer: &Peer, before: u64) {
    let now = peak(peer);
    assert!(now <= before + MOST, "{before} MiB, then {now} MiB");
}

fn deaf() -> (Peer, u64) {
    let mut peer = Peer::deaf(&mut Command::new(fixture()), Stdio::null());
    peer.request("init", "initialize", initialize());
    // It has read this, and so is up.
    while rustix::io::ioctl_fionread(peer.stdin()).unwrap() > 0 {
        std::thread::yield_now();
    }
    let before = peak(&peer);
    (peer, before)
}

fn session() -> (Peer, u64) {
    let peer = Peer::session(&[]);
    let before = peak(&peer);
    (peer, before)
}

/// Writes whole messages until the process takes no more, or `most` bytes; says how many. The last one
/// may be cut off: its rest comes back.
fn flood(peer: &Peer, most: usize, message: impl Fn(usize) -> String) -> (usize, Vec<u8>) {
    let stdin = peer.stdin();
    rustix::io::ioctl_fionbio(stdin, true).unwrap();
    let patience = Timespec {
        tv_sec: 1,
        tv_nsec: 0,
    };
    let (mut written, mut count) = (0, 0);
    let mut rest: Vec<u8> = Vec::new();
    while written < most {
        if rest.is_empty() {
            while rest.len() < 64 * 1024 {
                rest.extend_from_slice(format!("{}\n", message(count)).as_bytes());
                count += 1;
            }
        }
        match rustix::io::write(stdin.as_fd(), &rest) {
            Ok(length) => {
                rest.drain(..length);
                written += length;
            }
            Err(rustix::io::Errno::AGAIN) => {
                let mut fds = [PollFd::new(stdin, PollFlags::OUT)];
                if poll(&mut fds, Some(&patience)).unwrap() == 0 {
                    break;
                }
            }
            Err(error) => panic!("{error}"),
        }
    }
    rustix::io::ioctl_fionbio(stdin, false).unwrap();
    (count, rest)
}

/// Listens at last: every message has its answer, by its id, or an error.
fn all_are_answered(mut peer: Peer, count: usize, rest: Vec<u8>) {
    peer.listen();
    let writer = peer.stdin().as_fd().try_clone_to_owned().unwrap();
    let writing = std::thread::spawn(move || {
        let mut file = std::fs::File::from(writer);
        std::io::Write::write_all(&mut file, &rest).unwrap();
    });
    let mut open: HashSet<usize> = (0..count).collect();
    while !open.is_empty() {
        let answer = peer.answer();
        if let Some(id) = answer["id"].as_u64() {
            assert!(open.remove(&usize::try_from(id).unwrap()), "{answer:.200}");
        }
    }
    writing.join().unwrap();
    assert_eq!(peer.ask("ping", "ping", json!({}))["result"], json!({}));
}

fn call(id: usize, arguments: &Value) -> String {
    let params = json!({"name": "echo", "arguments": arguments});
    request(id, "tools/call", params).to_string()
}

#[test]
fn who_never_reads_is_not_read_from() {
    let (peer, before) = deaf();
    let text = "x".repeat(20_000);
    let arguments = json!({"text": text});
    let (count, rest) = flood(&peer, 500 << 20, |id| call(id, &arguments));
    is_bounded(&peer, before);
    all_are_answered(peer, count, rest);
}

#[test]
fn who_never_reads_many_small_answers_is_not_read_from() {
    for method in ["tools/list", "ping", "no/such", "resources/list"] {
        let (peer, before) = deaf();
        let message = |id| request(id, method, json!({})).to_string();
        let (count, rest) = flood(&peer, 20 << 20, message);
        is_bounded(&peer, before);
        all_are_answered(peer, count, rest);
    }
}

#[test]
fn large_answers_that_nobody_reads_are_few() {
    let (peer, before) = deaf();
    let arguments = json!({"text": "x".repeat(2 << 20)});
    let (count, rest) = flood(&peer, 500 << 20, |id| call(id, &arguments));
    is_bounded(&peer, before);
    all_are_answered(peer, count, rest);
}

/// One whose input ends and who is still deaf is not outlived, whatever is unread.
#[test]
fn the_end_of_the_input_is_seen_behind_what_nobody_reads() {
    let large = json!({"text": "x".repeat(2 << 20)});
    let blocking = json!({"ms": 600_000, "text": "x".repeat(2 << 20)});
    let floods: [&dyn Fn(usize) -> String; 3] = [
        &|id| call(id, &large),
        &|id| request(id, "tools/list", json!({})).to_string(),
        // Not answers, but hooks keep all that follows waiting.
        &|id| {
            let (name, arguments) = match id {
                0..300 => ("sleep", json!({"ms": 600_000})),
                _ => ("echo", blocking.clone()),
            };
            request(
                id,
                "tools/call",
                json!({"name": name, "arguments": arguments}),
            )
            .to_string()
        },
    ];
    for message in floods {
        let (mut peer, _) = deaf();
        flood(&peer, 500 << 20, message);
        peer.close();
        let began = Instant::now();
        let status = loop {
            match peer.process.try_wait().unwrap() {
                Some(status) => break status,
                None => assert!(began.elapsed() < PATIENCE, "it outlives its client"),
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        assert_eq!(status.code(), Some(0));
    }
}

/// `cat requests | plugin | slow-reader`, which is slow for longer than a deaf one is waited for.
#[test]
fn who_reads_slowly_behind_the_end_of_the_input_gets_all_answers() {
    let (mut peer, _) = deaf();
    let arguments = json!({"text": "x".repeat(20_000)});
    let (first, rest) = flood(&peer, 500 << 20, |id| call(id, &arguments));
    // So that it takes in more, until twice as much waits.
    let mut output = peer.unread().unwrap();
    let mut text = vec![0; 256 << 10];
    output.read_exact(&mut text).unwrap();
    peer.raw(&rest);
    let (second, rest) = flood(&peer, 500 << 20, |id| call(first + id, &arguments));
    let unsent = rest.iter().filter(|&&byte| byte == b'\n').count();
    peer.close();
    let mut piece = vec![0; 16 << 10];
    for _ in 0..125 {
        let length = output.read(&mut piece).unwrap();
        text.extend_from_slice(&piece[..length]);
        std::thread::sleep(Duration::from_millis(20));
    }
    output.read_to_end(&mut text).unwrap();
    let answers: Vec<Value> = text
        .split(|&byte| byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect();
    let ids: HashSet<u64> = answers.iter().filter_map(|it| it["id"].as_u64()).collect();
    assert_eq!(ids.len(), first + second - unsent);
    assert_eq!(peer.process.wait().unwrap().code(), Some(0));
}

/// Each waits for one call, with all other answers.
#[test]
fn answers_of_open_batches_are_bounded() {
    const BATCHES: usize = 30;
    let mut peer = Peer::start(&[]);
    let mut params = initialize();
    params["protocolVersion"] = "2025-03-26".into();
    peer.ask("init", "initialize", params);
    let before = peak(&peer);
    let call = |id: usize| match id % 100 {
        0 => request(id, "tools/call", json!({"name": "until_cancelled"})),
        // Twice as much is answered.
        _ => {
            let params = json!({"name": "long", "arguments": {"bytes": 30_000}});
            request(id, "tools/call", params)
        }
    };
    for batch in 0..BATCHES {
        peer.send(&(batch * 100..batch * 100 + 100).map(call).collect());
    }
    // Behind all of them.
    peer.hook("echo", json!({"text": "a"}));
    for id in (0..BATCHES).map(|batch| batch * 100) {
        peer.send(&json!({
            "jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": id},
        }));
    }
    let mut fit = 0;
    for _ in 0..BATCHES {
        let answers = peer.answer();
        let answers = answers.as_array().unwrap();
        assert_eq!(answers.len(), 99);
        let (results, errors): (Vec<&Value>, Vec<_>) =
            answers.iter().partition(|it| it["error"].is_null());
        assert!(results.len() < 70, "more than 4 MiB");
        fit += results.len();
        for answer in errors {
            assert_eq!(answer["error"]["code"], -32000, "{answer:.200}");
            let said = answer["error"]["message"].as_str().unwrap();
            assert!(said.contains("a line of its own"), "{said}");
        }
    }
    assert!(fit >= 69, "{fit}");
    is_bounded(&peer, before);
}

#[test]
fn notifications_leave_nothing_behind() {
    let (mut peer, before) = session();
    for (method, params) in [
        ("notifications/cancelled", json!({"requestId": 7})),
        ("notifications/initialized", json!({})),
        ("notifications/no_such", json!({"x": "y".repeat(10_000)})),
        (
            "dagstack/config_changed",
            json!({"config": {"prefix": "y".repeat(10_000)}}),
        ),
    ] {
        let message = json!({"jsonrpc": "2.0", "method": method, "params": params}).to_string();
        let (_, rest) = flood(&peer, 40 << 20, |_| message.clone());
        peer.raw(&rest);
        assert_eq!(peer.ask("ping", "ping", json!({}))["result"], json!({}));
        is_bounded(&peer, before);
    }
}

#[test]
fn a_line_of_100_mb_is_an_error() {
    let (mut peer, before) = session();
    peer.raw(br#"{"jsonrpc":"2.0","id":71,"method":"tools/call","params":{"x":""#);
    let piece = vec![b'x'; 1 << 20];
    for _ in 0..100 {
        peer.raw(&piece);
    }
    peer.raw(b"\"}}\n");
    let answer = peer.answer();
    assert_eq!(
        (&answer["id"], &answer["error"]["code"]),
        (&json!(71), &json!(-32600))
    );
    let said = answer["error"]["message"].as_str().unwrap();
    assert!(said.contains("--max-message"), "{said}");
    is_bounded(&peer, before);
}

#[test]
fn a_longer_line_can_be_allowed() {
    let mut peer = Peer::session(&["--max-message", "24MiB"]);
    let text = "x".repeat(20 << 20);
    let result = peer.hook("echo", json!({"text": text}));
    assert_eq!(
        result["structuredContent"]["result"]
            .as_str()
            .unwrap()
            .len(),
        20 << 20
    );
}

#[test]
fn many_mistakes_are_one_error() {
    let (mut peer, before) = session();
    let zeros = format!("[{}0]", "0,".repeat(7 << 20));
    for arguments in [
        format!("{{\"text\":{zeros}}}"),
        format!("{{\"no_such\":{zeros}}}"),
    ] {
        let line = format!(
            "{{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/call\",\"params\":{{\"name\":\"echo\",\"arguments\":{arguments}}}}}\n"
        );
        peer.raw(line.as_bytes());
        let answer = peer.answer();
        let error = &answer["result"]["_meta"]["dev.dagstack/error"];
        assert_eq!(error["code"], "invalid_arguments", "{answer:.200}");
        is_bounded(&peer, before);
    }
}

/// Small texts of large trees.
#[test]
fn trees_are_not_made_of_what_nobody_asked_for() {
    let (mut peer, before) = session();
    let zeros = |bytes: usize| format!("[{}0]", "0,".repeat(bytes / 2));
    for method in [
        "no/such",
        "initialize",
        "tools/list",
        "logging/setLevel",
        "ping",
    ] {
        let many = zeros(15 << 20);
        let line = format!(
            "{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"{method}\",\"params\":{{\"protocolVersion\":\"2025-11-25\",\"x\":{many}}}}}\n"
        );
        peer.raw(line.as_bytes());
        let answer = peer.answer();
        assert_eq!(answer["id"], 1);
        assert!(
            method == "ping" || answer["error"]["code"].is_i64(),
            "{method}: {answer:.200}"
        );
        is_bounded(&peer, before);
    }
    let line = format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"{}\"}}\n",
        "x".repeat(15 << 20)
    );
    peer.raw(line.as_bytes());
    assert_eq!(peer.answer()["error"]["code"], -32601);
    let params = [
        format!(
            "\"name\":\"echo\",\"_meta\":{{\"dev.dagstack/metadata\":{{\"x\":{}}}}}",
            zeros(15 << 20)
        ),
        format!("\"name\":{}", zeros(15 << 20)),
        format!("\"name\":\"{}\"", "x".repeat(15 << 20)),
    ];
    for params in params {
        let line = format!(
            "{{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/call\",\"params\":{{{params}}}}}\n"
        );
        peer.raw(line.as_bytes());
        let answer = peer.answer();
        assert_eq!(answer["error"]["code"], -32602, "{answer:.200}");
        is_bounded(&peer, before);
    }
}

#[test]
fn deep_json_is_an_error() {
    let (mut peer, before) = session();
    let deep = "[".repeat(10 << 20);
    let lines = [
        deep.clone(),
        format!(
            "{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{{\"x\":{deep}"
        ),
        format!(
            "{{\"a\":{}1{}",
            "{\"a\":".repeat(1 << 20),
            "}".repeat((1 << 20) + 1)
        ),
    ];
    for line in lines {
        peer.raw(line.as_bytes());
        peer.raw(b"\n");
        assert!(peer.answer()["error"]["code"].is_i64());
        is_bounded(&peer, before);
    }
}

#[test]
fn pings_are_answered_while_all_hooks_block() {
    let (mut peer, _) = session();
    let sleepers: Vec<Value> = (0..300)
        .map(|id| {
            let params = json!({"name": "sleep", "arguments": {"ms": 60_000}});
            request(id, "tools/call", params)
        })
        .collect();
    peer.send_all(&sleepers);
    for id in ["a", "b", "c"] {
        assert_eq!(peer.ask(id, "ping", json!({}))["result"], json!({}));
    }
    assert!(peer.ask("d", "tools/list", json!({}))["result"]["tools"].is_array());
    assert_eq!(peer.ask("e", "no/such", json!({}))["error"]["code"], -32601);
}

#[test]
fn calls_that_never_end_are_bounded() {
    let (mut peer, _) = session();
    let count = 33_000;
    let message = |id: usize| {
        let params = json!({"name": "until_cancelled"});
        request(id, "tools/call", params).to_string()
    };
    let lines: String = (0..count).map(|id| message(id) + "\n").collect();
    peer.raw(lines.as_bytes());
    for _ in 0..count - 32 * 1024 {
        let answer = peer.answer();
        assert_eq!(answer["error"]["code"], -32000, "{answer}");
        assert_eq!(answer["error"]["data"]["code"], "unavailable");
    }
    assert_eq!(peer.ask("ping", "ping", json!({}))["result"], json!({}));
    let refused = peer.ask("list", "tools/list", json!({}));
    assert_eq!(refused["error"]["code"], -32000, "{refused}");
    for id in 0..10 {
        peer.send(&json!({
            "jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": id},
        }));
    }
    // Those that were cancelled have ended at some time.
    while peer.ask("list", "tools/list", json!({}))["result"].is_null() {}
}
