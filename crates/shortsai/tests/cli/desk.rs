//! A user's desk: a folder with scripts and pictures, and the program run in it. Nothing is asserted about videos here.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, SystemTime};

use image::{Rgb, RgbImage};
use providers::vendor::Vendor;
use tempfile::TempDir;

/// The front matter of a script that is quick to make.
pub const QUICK: &str = "---\nsize: 180x320\nfps: 24\nmusic: none\n---\n\n";

/// Waiting for something observable gives up after this long: far more than it ever takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A folder of its own for one test, with everything in it that the program writes.
pub struct Desk {
    folder: TempDir,
}

/// How a run ended.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// What tells whether a file was made anew: its inode and its time.
pub type Stamp = (u64, SystemTime);

impl Desk {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for name in ["home", "tmp", "work"] {
            std::fs::create_dir(folder.path().join(name)).expect("an empty folder takes folders");
        }
        Self { folder }
    }

    /// A path in the folder where the program runs.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("work").join(name)
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub fn temporary(&self) -> PathBuf {
        self.folder.path().join("tmp")
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).expect("the desk can be written to");
        path
    }

    /// A script `name` that is quick to make.
    pub fn script(&self, name: &str, body: &str) {
        self.write(name, format!("{QUICK}{body}"));
    }

    /// A picture with something to see in it.
    pub fn picture(&self, name: &str) {
        let pixel = |x: u32, y: u32| Rgb([(x % 256) as u8, (y % 256) as u8, ((x / 16 + y / 16) % 2 * 200) as u8]);
        RgbImage::from_fn(240, 400, pixel).save(self.path(name)).expect("the picture is written");
    }

    /// A program in place of another one of that name, for those who are given [`Self::search_path`].
    pub fn stand_in(&self, name: &str, text: &str) {
        let folder = self.path("bin");
        std::fs::create_dir_all(&folder).expect("a folder");
        let path = folder.join(name);
        std::fs::write(&path, text).expect("written");
        std::fs::set_permissions(path, Permissions::from_mode(0o755)).expect("it is ours");
    }

    /// A PATH that begins with those.
    pub fn search_path(&self) -> String {
        format!("{}:{}", self.path("bin").display(), std::env::var("PATH").expect("there is one"))
    }

    /// The program, to be run at this desk.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_shortsai"));
        command
            .args(arguments)
            .current_dir(self.path(""))
            .env("HOME", self.folder.path().join("home"))
            .env("TMPDIR", self.temporary())
            .env("SHORTSAI_DATA_DIR", self.data())
            .env_remove("SHORTSAI_LISTEN")
            .env_remove("DATABASE_URL")
            .env_remove("RUST_LOG")
            .stdin(Stdio::null());
        // Nobody's own keys are spent by a test.
        let own = [
            "OPENAI_BASE_URL",
            "OLLAMA_HOST",
            "SHORTSAI_VENDOR_BASE",
            "SHORTSAI_CONFIG",
            "SHORTSAI_WEB_ROOT",
            "SHORTSAI_WITHOUT_ENGINE",
            "SHORTSAI_ALLOW_PLAIN_HTTP",
            "SHORTSAI_ENCODER",
            "FRONTEND_URL",
            "NEXT_PUBLIC_APP_URL",
            "CORS_ORIGINS",
            "GOOGLE_ISSUER",
            "PGPASSWORD",
            "LEGACY_DATABASE_URL",
            "AUTH_SECRET",
            "AUTH_URL",
            "AUTH_SECRET_PREVIOUS",
            "GOOGLE_CLIENT_ID",
            "GOOGLE_CLIENT_SECRET",
            "R2_ACCOUNT_ID",
            "R2_ACCESS_KEY_ID",
            "R2_SECRET_ACCESS_KEY",
            "R2_BUCKET_NAME",
            "R2_PUBLIC_URL",
            "NEXT_PUBLIC_STORAGE_URL",
            "S3_ENDPOINT",
            "S3_REGION",
            "S3_ACCESS_KEY_ID",
            "S3_SECRET_ACCESS_KEY",
            "S3_BUCKET_NAME",
            "TRUSTED_PROXIES",
            "SHORTSAI_LOG",
            "SHORTSAI_LOG_PROMPTS",
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "OTEL_EXPORTER_OTLP_HEADERS",
            "OTEL_SDK_DISABLED",
            "OTEL_SERVICE_NAME",
            "OTEL_RESOURCE_ATTRIBUTES",
            "OTEL_TRACES_SAMPLER",
            "OTEL_TRACES_SAMPLER_ARG",
            "SHORTSAI_METRICS",
            "SHORTSAI_METRICS_TOKEN",
            "SHORTSAI_BACKUP_EVERY",
            "SHORTSAI_BACKUP_FOLDER",
            "SHORTSAI_BACKUP_BUCKET",
            "SHORTSAI_BACKUP_RECIPIENTS",
            "SHORTSAI_BACKUP_PASSPHRASE",
            "WORKER_URL",
            "WORKER_SECRET",
            "CLOUD_RUN_URL",
        ];
        for variable in Vendor::ALL.into_iter().filter_map(Vendor::key_variable).chain(own) {
            command.env_remove(variable);
        }
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ended {
        Ended::of(self.command(arguments).output().expect("the program starts"))
    }

    /// Runs and expects success.
    #[track_caller]
    pub fn succeed(&self, arguments: &[&str]) -> Ended {
        let ended = self.run(arguments);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        ended
    }

    /// Starts the program without waiting for it.
    pub fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts")
    }

    /// The files under a folder of the data folder (such as `objects/scenes/audio`), with their stamps.
    pub fn kept(&self, folder: &str) -> BTreeMap<String, Stamp> {
        files_under(&self.data().join(folder))
    }

    /// The encoded parts of scenes that are kept.
    pub fn segments(&self) -> BTreeMap<String, Stamp> {
        let mut kept = self.kept("segments");
        kept.retain(|name, _| name.starts_with("segment-"));
        kept
    }

    /// Names of what is in the folder where the program runs, hidden files too, without `but`.
    pub fn left(&self, but: &[&str]) -> Vec<String> {
        let mut names = names_in(&self.path(""));
        names.retain(|name| !but.contains(&name.as_str()));
        names
    }
}

impl Ended {
    pub fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program writes UTF-8");
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// What is on standard error besides progress.
    pub fn complaints(&self) -> Vec<&str> {
        let progress = ["narration ", "pictures ", "music ", "video "];
        self.stderr.lines().filter(|line| !progress.iter().any(|name| line.starts_with(name))).collect()
    }
}

/// Another program, in the place and with the environment of a command of ours, which it may start.
pub fn wrapped(program: impl AsRef<OsStr>, inner: &Command) -> Command {
    let mut command = Command::new(program);
    for (name, value) in inner.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    if let Some(folder) = inner.get_current_dir() {
        command.current_dir(folder);
    }
    command.stdin(Stdio::null());
    command
}

/// Names of what is in a folder, sorted.
pub fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn files_under(folder: &Path) -> BTreeMap<String, Stamp> {
    let mut found = BTreeMap::new();
    for name in names_in(folder) {
        let path = folder.join(&name);
        // A temporary file may go between the two looks.
        let Ok(metadata) = std::fs::metadata(&path) else { continue };
        if metadata.is_dir() {
            let below = files_under(&path).into_iter().map(|(below, stamp)| (format!("{name}/{below}"), stamp));
            found.extend(below);
        } else {
            let stamp = (metadata.ino(), metadata.modified().expect("Unix tells the time of a change"));
            found.insert(name, stamp);
        }
    }
    found
}

/// Looks again and again until there is something; for states of other processes.
#[track_caller]
pub fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = std::time::Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "waited too long for {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Sends a signal to a process of ours.
pub fn signal(child: &Child, signal: i32) {
    let id = i32::try_from(child.id()).expect("process ids fit");
    // SAFETY: the child has not been waited for, so its id is still its own.
    assert_eq!(unsafe { libc::kill(id, signal) }, 0);
}
