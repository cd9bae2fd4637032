//! `docs/walkthrough.md` is true: its commands are run in their order against the real server, and what they print is what
//! the page says.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use providers::vendor::Vendor;

/// A block of commands and what the page says they print.
#[derive(Debug, PartialEq)]
struct Step {
    line: usize,
    commands: String,
    expected: Option<String>,
}

/// Stands between the output of two steps.
const MARK: &str = "\u{1}next step\u{1}";

#[test]
fn the_walkthrough_does_what_it_says() {
    let page =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/walkthrough.md")).expect("the page");
    let steps = steps(&page);
    assert!(steps.len() >= 10, "the page has its commands in ```sh blocks");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (_server, address) = serve(folder.path());

    let script: String = steps.iter().map(|step| format!("{}\nprintf '%s\\n' '{MARK}'\n", step.commands)).collect();
    let output = Command::new("bash")
        .args(["-eu", "-c", &script])
        .env("BASE", &address)
        .env("OUT", folder.path().join("out"))
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .output()
        .expect("bash runs");
    let printed = String::from_utf8_lossy(&output.stdout);
    let complaints = String::from_utf8_lossy(&output.stderr);
    let mark = format!("{MARK}\n");
    let mut parts = printed.split(&mark);
    for step in &steps {
        let said = parts.next().unwrap_or_default();
        if let Some(expected) = &step.expected {
            assert_eq!(said, expected, "the block on line {} of the page; standard error: {complaints}", step.line);
        }
    }
    assert!(output.status.success(), "{printed}\n{complaints}");
}

/// The page's blocks: each ```sh with the ```text under it, if there is one before the next ```sh.
fn steps(page: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut lines = page.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        let kind = match line {
            "```sh" | "```text" => line,
            _ => continue,
        };
        let block: String =
            lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```").map(|line| format!("{line}\n")).collect();
        match (kind, steps.last_mut()) {
            ("```sh", _) => steps.push(Step { line: index + 1, commands: block, expected: None }),
            (_, Some(step)) => step.expected = Some(block),
            (_, None) => panic!("line {}: output without commands", index + 1),
        }
    }
    steps
}

/// The server, killed at the end of the test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself, which the test has noticed by then.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn serve(folder: &Path) -> (Server, String) {
    let mut serve = Command::new(env!("CARGO_BIN_EXE_shortsai"));
    serve.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(folder.join("data"));
    // Nobody's own keys are spent by a test.
    for variable in Vendor::ALL.into_iter().filter_map(Vendor::key_variable) {
        serve.env_remove(variable);
    }
    let mut child = serve.stdout(Stdio::piped()).spawn().expect("the server starts");
    let mut lines = BufReader::new(child.stdout.take().expect("its output is piped")).lines();
    let server = Server(child);
    let first = lines.next().expect("it says where it listens").expect("in UTF-8");
    let address = first.split_whitespace().last().expect("the address is the last word").to_owned();
    assert!(address.starts_with("http://127.0.0.1:"), "{first}");
    // Somebody has to read on, or the server would block once the pipe is full.
    std::thread::spawn(move || lines.for_each(drop));
    (server, address)
}

#[test]
fn blocks_are_read_with_their_output() {
    let page = "# T\n\n```sh\necho a\n```\n\nwords\n\n```text\na\n```\n\n```sh\necho b\n```\n";
    let expected = [
        Step { line: 3, commands: "echo a\n".to_owned(), expected: Some("a\n".to_owned()) },
        Step { line: 13, commands: "echo b\n".to_owned(), expected: None },
    ];
    assert_eq!(steps(page), expected);
}
