//! `deploy/vps.sh`, as the workflow sends it: with a real git, and with a `docker`, `curl` and `sleep` that only write down what they
//! were asked and fail where they are to.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::desk::{Desk, Ended};

/// A VPS with a clone at the first of two commits.
struct Vps {
    desk: Desk,
    first: String,
    second: String,
}

/// What the programs do: write down what they are asked, read what stands on standard input (as `docker compose exec` does), and
/// fail for what `failing` names.
const DOCKER: &str = r#"#!/bin/sh
cat >/dev/null
echo "docker $*" >>"$ASKED"
if [ "$*" = "compose ps --status running --services" ]; then cat "$RUNNING" 2>/dev/null; exit 0; fi
case "$*" in *"$FAILING"*) exit 1 ;; esac
"#;
/// Who is asked for the health answers as long as the clone is not at the commit that is not well.
const CURL: &str = "#!/bin/sh\necho health >>\"$ASKED\"\n[ \"$(git rev-parse HEAD)\" != \"$UNWELL\" ]\n";

impl Vps {
    fn new() -> Self {
        let desk = Desk::new();
        let (source, clone) = (desk.path("source"), desk.path("clone"));
        fs::create_dir(&source).expect("a folder");
        git(&source, &["init", "--quiet", "--initial-branch=main"]);
        let commit = |number: &str| {
            fs::write(source.join("version"), number).expect("written");
            git(&source, &["add", "."]);
            git(&source, &["commit", "--quiet", "--message", number]);
            git(&source, &["rev-parse", "HEAD"])
        };
        let first = commit("1");
        git(&desk.path(""), &["clone", "--quiet", "source", "clone"]);
        git(&clone, &["checkout", "--quiet", "--detach", &first]);
        let second = commit("2");
        for (name, text) in [("docker", DOCKER), ("curl", CURL), ("sleep", "#!/bin/sh\n")] {
            desk.stand_in(name, text);
        }
        desk.write("running", "db\napi\n");
        Self { desk, first, second }
    }

    fn clone(&self) -> PathBuf {
        self.desk.path("clone")
    }

    /// Sends the script there; answers how it ended and what was asked, line by line.
    fn deploy(&self, commit: &str, failing: &str, unwell: &str) -> (Ended, Vec<String>) {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/vps.sh");
        let asked = self.desk.path("asked");
        let _ = fs::remove_file(&asked);
        let mut shell = Command::new("bash");
        shell.args(["-s", "--"]).arg(self.clone()).arg(commit).env("PATH", self.desk.search_path()).env("ASKED", &asked);
        let failing = if failing.is_empty() { "nothing" } else { failing };
        shell.env("RUNNING", self.desk.path("running")).env("FAILING", failing).env("UNWELL", unwell);
        let mut child =
            shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("there is a shell");
        let script = fs::read(script).expect("it is there");
        child.stdin.take().expect("a pipe").write_all(&script).expect("it reads");
        let ended = Ended::of(child.wait_with_output().expect("it ends"));
        let asked = fs::read_to_string(asked).unwrap_or_default();
        (ended, asked.lines().map(str::to_owned).collect())
    }

    fn at(&self) -> String {
        git(&self.clone(), &["rev-parse", "HEAD"])
    }
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let mut git = Command::new("git");
    git.current_dir(folder).args(["-c", "user.name=Ana", "-c", "user.email=ana@shorts.example"]).args(arguments);
    // Hooks and settings of whoever runs the tests stay out.
    let output = git.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null").output().expect("git is there");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned()
}

const UP: &str = "docker compose up -d --wait --wait-timeout 300";
const BACKUP: &str = "docker compose exec -T api shortsai backup create";
const PUT_BACK: [&str; 2] =
    ["docker tag shortsai:before shortsai:local", "docker tag shortsai-worker:before shortsai-worker:local"];

fn place(asked: &[String], line: &str) -> usize {
    asked.iter().position(|other| other == line).unwrap_or_else(|| panic!("nobody asked {line} in {asked:#?}"))
}

#[test]
fn a_good_one_runs_after_a_backup() {
    let vps = Vps::new();
    let (ended, asked) = vps.deploy(&vps.second, "", "");
    assert_eq!((ended.code, ended.stdout), (Some(0), format!("vps: {} is running\n", vps.second)));
    assert_eq!(vps.at(), vps.second);
    let order = ["docker tag shortsai:local shortsai:before", "docker compose build api worker", BACKUP, UP, "health"];
    assert!(order.map(|line| place(&asked, line)).is_sorted(), "{asked:#?}");
    assert!(asked.iter().all(|line| line != PUT_BACK[0]), "{asked:#?}");
    // The very first one has nothing to back up.
    vps.desk.write("running", "");
    let (ended, asked) = vps.deploy(&vps.second, "tag", "");
    assert!(ended.code == Some(0) && asked.iter().all(|line| line != BACKUP), "{ended:?} {asked:#?}");
}

#[test]
fn what_runs_is_not_touched_by_what_fails_before() {
    let vps = Vps::new();
    for (failing, says) in [("compose build", "can't be built"), ("backup create", "no backup could be taken")] {
        let (ended, asked) = vps.deploy(&vps.second, failing, "");
        assert!(ended.code == Some(1) && ended.stderr.contains(says) && ended.stderr.contains(&vps.first), "{ended:?}");
        assert_eq!(vps.at(), vps.first);
        assert!(asked.iter().all(|line| !line.starts_with("docker compose up")), "{asked:#?}");
        assert!(PUT_BACK.iter().all(|line| asked.iter().any(|other| other == line)), "{asked:#?}");
    }
    let elsewhere = "0123456789abcdef0123456789abcdef01234567";
    for commit in ["main", "", elsewhere] {
        let (ended, asked) = vps.deploy(commit, "", "");
        assert!(ended.code != Some(0) && asked.is_empty(), "{ended:?} {asked:#?}");
        assert_eq!(vps.at(), vps.first);
    }
}

#[test]
fn one_that_is_not_well_gives_way_to_the_one_before() {
    let vps = Vps::new();
    for (failing, unwell) in [("", vps.second.as_str()), ("up -d --wait", "")] {
        let (ended, asked) = vps.deploy(&vps.second, failing, unwell);
        let says = [format!("{} is not well", vps.second), format!("{} is running again", vps.first)];
        assert!(ended.code == Some(1) && says.iter().all(|part| ended.stderr.contains(part)), "{ended:?}");
        assert_eq!(vps.at(), vps.first);
        let again = "docker compose up -d --no-build --wait --wait-timeout 300";
        let order = [BACKUP, UP, "docker compose logs --tail 100 api", PUT_BACK[0], PUT_BACK[1], again];
        assert!(order.map(|line| place(&asked, line)).is_sorted(), "{asked:#?}");
    }
    let (ended, _) = vps.deploy(&vps.second, "up -d", &vps.first);
    assert!(ended.code == Some(1) && ended.stderr.contains("neither is well; look at: docker compose logs api"), "{ended:?}");
}
