//! Somebody who sits at a terminal.

use std::io::{Read, Write};
use std::process::{Command, Stdio};

use crate::desk::wrapped;

/// Runs a command on a terminal, which `script` makes, and types a line once it has asked. How it ended and all that was shown, what
/// was typed too; None where there is no such `script`.
#[track_caller]
pub fn on_terminal(inner: &Command, asks: &str, typed: &str) -> Option<(Option<i32>, String)> {
    if cfg!(not(target_os = "linux")) {
        eprintln!("skipped: script is another program here");
        return None;
    }
    let words = std::iter::once(inner.get_program()).chain(inner.get_args());
    let line: Vec<&str> = words.map(|word| word.to_str().expect("UTF-8")).collect();
    let mut terminal = wrapped("script", inner);
    terminal.args(["--quiet", "--return", "--command", &line.join(" "), "/dev/null"]);
    let mut child = terminal.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("script is there");
    let mut keys = child.stdin.take().expect("a pipe");
    let mut screen = child.stdout.take().expect("a pipe");
    let mut shown = Vec::new();
    while !shown.ends_with(asks.as_bytes()) {
        let mut byte = [0];
        assert_eq!(screen.read(&mut byte).expect("readable"), 1, "{}", String::from_utf8_lossy(&shown));
        shown.push(byte[0]);
    }
    writeln!(keys, "{typed}").expect("it waits");
    screen.read_to_end(&mut shown).expect("readable");
    Some((child.wait().expect("it ends").code(), String::from_utf8(shown).expect("UTF-8")))
}
