//! `docs/walkthrough.md` and `docs/integration.md` are true: their commands are run in their order against the real server, and
//! what they print is what the pages say.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use providers::simulator::{Options, Simulator};
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
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (_server, address) = serve(folder.path(), &[]);
    follow(&page("walkthrough.md"), folder.path(), &[("BASE", &address)]);
}

#[test]
fn the_integration_guide_does_what_it_says() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let vendors = Simulator::start(([127, 0, 0, 1], 0).into(), Options::default()).expect("a free port");
    let user = |arguments: &[&str]| {
        let output = program(folder.path(), &[&["user"], arguments].concat()).output().expect("the program starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text").trim().to_owned()
    };
    user(&["create", "ana@shorts.example"]);
    let token = user(&["token", "ana@shorts.example", "--scope", "write"]);
    // Nobody signs in with Google here, so Google is not asked.
    let sign_in = [
        ("GOOGLE_CLIENT_ID", "the-app"),
        ("GOOGLE_CLIENT_SECRET", "the-apps-secret"),
        ("AUTH_URL", "https://shorts.example"),
        ("AUTH_SECRET", "a secret of this test only, which nobody guesses"),
        ("SHORTSAI_VENDOR_BASE", &vendors.base()),
    ];
    let (_server, address) = serve(folder.path(), &sign_in);
    follow(&page("integration.md"), folder.path(), &[("BASE", &address), ("TOKEN", &token)]);
}

#[test]
fn the_guide_says_the_same_in_both_languages() {
    let blocks = |name: &str| steps(&page(name)).into_iter().map(|step| (step.commands, step.expected)).collect::<Vec<_>>();
    assert_eq!(blocks("pt-BR/integration.md"), blocks("integration.md"));
}

fn page(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name)).expect("the page")
}

/// Runs a page's commands in one shell.
fn follow(page: &str, folder: &Path, variables: &[(&str, &str)]) {
    let steps = steps(page);
    assert!(steps.len() >= 10, "the page has its commands in ```sh blocks");
    let script: String = steps.iter().map(|step| format!("{}\nprintf '%s\\n' '{MARK}'\n", step.commands)).collect();
    let output = Command::new("bash")
        .args(["-eu", "-c", &script])
        .envs(variables.iter().copied())
        .env("OUT", folder.join("out"))
        .current_dir(folder)
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

/// The program with its data in the folder.
fn program(folder: &Path, arguments: &[&str]) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_shortsai"));
    program.args(arguments).env("SHORTSAI_DATA_DIR", folder.join("data"));
    // Nobody's own keys are spent by a test.
    for variable in Vendor::ALL.into_iter().filter_map(Vendor::key_variable).chain(["DATABASE_URL", "AUTH_SECRET"]) {
        program.env_remove(variable);
    }
    program
}

fn serve(folder: &Path, variables: &[(&str, &str)]) -> (Server, String) {
    let mut serve = program(folder, &["serve", "--listen", "127.0.0.1:0"]);
    let mut child = serve.envs(variables.iter().copied()).stdout(Stdio::piped()).spawn().expect("the server starts");
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
