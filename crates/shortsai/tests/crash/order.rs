//! What a test tells its child, and how it starts one.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

const VARIABLE: &str = "SHORTSAI_CRASH_CHILD";

/// A child's orders.
#[derive(Debug, Clone)]
pub struct Order {
    pub job: Job,
    /// Address of the database.
    pub database: String,
    /// Objects, locks of the workers, the ledger and reports.
    pub folder: PathBuf,
    /// The child's name: of its leases and in the ledger.
    pub name: String,
}

/// What the child does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    /// Creates the database and one project, and ends.
    Prepare,
    /// Makes the one project's video, and dies at the step of that number, if one is given.
    Make { die_at: Option<usize> },
    /// Asks one question of each kind, and dies at the step of that number, if one is given.
    Ask { die_at: Option<usize> },
    /// Works until it is killed.
    Work,
    /// Works and adds projects; ends when it is told to and all projects are finished.
    Feed,
}

impl Order {
    pub fn of_environment() -> Option<Self> {
        let order: Value = serde_json::from_str(&std::env::var(VARIABLE).ok()?).expect("the test writes good JSON");
        let text = |field: &str| order[field].as_str().expect("the test gives every field").to_owned();
        let die_at = order["die_at"].as_u64().map(|step| step as usize);
        let job = match text("job").as_str() {
            "prepare" => Job::Prepare,
            "make" => Job::Make { die_at },
            "ask" => Job::Ask { die_at },
            "work" => Job::Work,
            _ => Job::Feed,
        };
        Some(Self { job, database: text("database"), folder: text("folder").into(), name: text("name") })
    }

    /// Starts the child; what it says goes to `folder/NAME.log`.
    pub fn start(&self) -> Child {
        let (job, die_at) = match self.job {
            Job::Prepare => ("prepare", None),
            Job::Make { die_at } => ("make", die_at),
            Job::Ask { die_at } => ("ask", die_at),
            Job::Work => ("work", None),
            Job::Feed => ("feed", None),
        };
        let order = json!({ "job": job, "die_at": die_at, "database": self.database, "folder": self.folder, "name": self.name });
        let log = std::fs::File::create(self.log()).expect("the folder is writable");
        Command::new(std::env::current_exe().expect("a running program has a path"))
            .args(["--exact", "child_process", "--ignored", "--nocapture", "--test-threads=1"])
            .env(VARIABLE, order.to_string())
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a file has more than one handle"))
            .stderr(log)
            .spawn()
            .expect("this program can be started once more")
    }

    /// Runs the child to its good end.
    pub fn run(&self) {
        let ended = self.start().wait().expect("a child can be waited for");
        assert!(ended.success(), "{} of {} failed:\n{}", self.name, self.folder.display(), self.said());
    }

    pub fn said(&self) -> String {
        std::fs::read_to_string(self.log()).unwrap_or_default()
    }

    fn log(&self) -> PathBuf {
        self.folder.join(format!("{}.log", self.name))
    }
}

/// Appends one line in one write, so that lines of several processes never mix and none is lost by a kill.
pub fn append(path: &Path, line: &str) {
    use std::io::Write;
    let mut file = std::fs::File::options().create(true).append(true).open(path).expect("the folder is writable");
    file.write_all(format!("{line}\n").as_bytes()).expect("the disk has room");
}
