//! `shortsai serve`, `openapi` and `doctor` as processes; the API itself has tests of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, Database, DbBackend, QueryResult, Statement};
use serde_json::{Value, json};

use crate::desk::{Desk, Ended, QUICK, wait_for, wrapped};
use crate::running::Running;

/// A running server.
pub struct Server {
    running: Running,
    pub address: String,
}

impl Server {
    pub fn start(desk: &Desk) -> Self {
        Self::of(desk.start(&["serve", "--listen", "127.0.0.1:0"]))
    }

    /// With another limit of open files, as options of the shell's `ulimit`.
    fn start_with_files(desk: &Desk, limit: &str) -> Self {
        let program = desk.command(&["serve", "--listen", "127.0.0.1:0"]);
        let mut shell = wrapped("sh", &program);
        shell.args(["-c", &format!("ulimit {limit} && exec \"$0\" \"$@\"")]).arg(program.get_program()).args(program.get_args());
        shell.stdout(Stdio::piped()).stderr(Stdio::null());
        Self::of(shell.spawn().expect("there is a shell"))
    }

    pub fn of(child: Child) -> Self {
        let mut running = Running::of(child);
        let address = running.says("ShortsAI listens on http://");
        Self { running, address }
    }

    fn send(&self, method: &str, path: &str, body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        let Self { address, .. } = self;
        let head = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: application/json");
        write!(stream, "{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).expect("it reads");
        stream
    }

    /// Status and body.
    pub fn ask(&self, method: &str, path: &str, body: &str) -> (String, Value) {
        let mut answer = String::new();
        self.send(method, path, body).read_to_string(&mut answer).expect("it answers");
        let (head, body) = answer.split_once("\r\n\r\n").expect("head and body");
        (head.split(' ').nth(1).unwrap_or_default().to_owned(), serde_json::from_str(body).expect("JSON"))
    }

    /// Asks it to end; answers how it did, and how long it took.
    pub fn terminate(self) -> (Option<i32>, Duration) {
        let begun = Instant::now();
        (self.running.stop(), begun.elapsed())
    }
}

#[test]
fn only_this_machine_is_served_without_sign_in() {
    let desk = Desk::new();
    let ended = desk.run(&["serve", "--listen", "0.0.0.0:0"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""));
    assert!(ended.stderr.starts_with("error: 0.0.0.0:0 can be reached by others"), "{}", ended.stderr);
    assert!(ended.stderr.trim_end().ends_with("so listen on 127.0.0.1 or [::1] only"), "{}", ended.stderr);
    assert!(!desk.data().exists());
}

#[test]
fn the_simulator_of_vendors_is_for_this_machine_only() {
    let desk = Desk::new();
    let ended = desk.run(&["simulate-vendors", "--listen", "0.0.0.0:0"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""));
    assert!(ended.stderr.starts_with("error: 0.0.0.0:0 can be reached by others"), "{}", ended.stderr);
}

#[test]
fn a_server_answers_and_ends_when_told() {
    let desk = Desk::new();
    let server = Server::start(&desk);
    let (status, health) = server.ask("GET", "/health", "");
    assert_eq!((status.as_str(), &health["status"]), ("200", &json!("ok")));
    let (_, document) = server.ask("GET", "/api/openapi.json", "");
    let printed: Value = serde_json::from_str(&desk.succeed(&["openapi"]).stdout).expect("JSON");
    assert_eq!(document, printed);

    let second = desk.run(&["serve", "--listen", &server.address]);
    assert_eq!((second.code, second.complaints().len()), (Some(1), 1), "{second:?}");
    let taken = format!("error: can't listen on {}", server.address);
    assert!(second.stderr.starts_with(&taken) && second.stderr.contains("another port with --listen"), "{}", second.stderr);

    let (code, took) = server.terminate();
    assert_eq!(code, Some(0));
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[test]
fn a_server_ends_although_somebody_listens_to_events() {
    let desk = Desk::new();
    let server = Server::start(&desk);
    let long = "This takes a while, because there are many words in it. ".repeat(8);
    let script = json!({ "script": format!("{QUICK}{long}") }).to_string();
    let (status, short) = server.ask("POST", "/api/shorts", &script);
    assert_eq!(status, "202", "{short}");
    let project = short["projectId"].as_str().expect("an id");
    let mut events = BufReader::new(server.send("GET", &format!("/api/events/{project}"), ""));
    let mut line = String::new();
    while !line.contains("init") {
        line.clear();
        assert_ne!(events.read_line(&mut line).expect("the stream is open"), 0, "the stream ended");
    }
    let (code, took) = server.terminate();
    assert_eq!(code, Some(0));
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[test]
fn an_engine_can_be_a_process_of_its_own() {
    let desk = Desk::new();
    let alone = desk.run(&["engine"]);
    assert_eq!((alone.code, desk.data().exists()), (Some(2), false), "{alone:?}");
    assert!(alone.stderr.starts_with("error: the secret of the servers is not known here"), "{}", alone.stderr);

    let server = Server::of(desk.start(&["serve", "--without-engine", "--listen", "127.0.0.1:0"]));
    let (status, short) = server.ask("POST", "/api/shorts", &json!({ "script": format!("{QUICK}Hello there.") }).to_string());
    assert_eq!(status, "202", "{short}");
    let short = format!("/api/shorts/{}", short["id"].as_str().expect("an id"));
    desk.succeed(&["backup", "create"]);
    let restored = desk.run(&["backup", "restore", "latest", "--yes"]);
    assert!(restored.stderr.starts_with("error: a process of ShortsAI works on"), "{}", restored.stderr);
    assert!(tasks(&desk, "state <> 'blocked'").iter().all(|task| task.0 == "ready"), "the server only answers");

    let mut engine = Running::of(desk.start(&["engine"]));
    assert_eq!(engine.says("ShortsAI engine works on "), desk.data().canonicalize().expect("there").display().to_string());
    wait_for("the short", || (server.ask("GET", &short, "").1["status"] == "completed").then_some(()));
    assert_eq!((engine.stop(), server.terminate().0), (Some(0), Some(0)));
}

#[test]
fn as_many_files_are_open_as_the_system_allows() {
    let desk = Desk::new();
    let server = Server::start_with_files(&desk, "-Sn 64");
    let idle: Vec<TcpStream> = (0..200).map(|_| TcpStream::connect(&server.address).expect("it listens")).collect();
    assert_eq!(server.ask("GET", "/health", "").0, "200");
    drop(idle);
    assert_eq!(server.terminate().0, Some(0));
}

#[test]
fn a_server_without_free_files_waits_for_them() {
    let desk = Desk::new();
    let server = Server::start_with_files(&desk, "-n 64");
    assert_eq!(server.ask("GET", "/health", "").0, "200");
    // More than it can accept; the system queues the others.
    let idle: Vec<TcpStream> = (0..100).map(|_| TcpStream::connect(&server.address).expect("it listens")).collect();
    drop(idle);
    assert_eq!(server.ask("GET", "/health", "").0, "200", "it has gone on");
    assert_eq!(server.terminate().0, Some(0));
}

/// What the queue holds, without that server.
fn tasks(desk: &Desk, what: &str) -> Vec<(String, i32, bool)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let url = format!("sqlite://{}", desk.data().join("shortsai.db").display());
        let database = Database::connect(url).await.expect("it opens");
        let query = format!("SELECT state, attempt, lease_owner IS NULL FROM task WHERE {what}");
        let rows = database.query_all_raw(Statement::from_string(DbBackend::Sqlite, query)).await.expect("the query works");
        let text = "a row has three columns";
        let row = |row: &QueryResult| {
            (row.try_get_by_index(0).expect(text), row.try_get_by_index(1).expect(text), row.try_get_by_index(2).expect(text))
        };
        rows.iter().map(row).collect()
    })
}

#[test]
fn a_stop_lets_short_tasks_finish_and_begins_no_others() {
    let desk = Desk::new();
    let server = Server::start(&desk);
    let scenes: String = (0..60).map(|number| format!("This is scene number {number} of a long story.\n\n")).collect();
    let (status, short) = server.ask("POST", "/api/shorts", &json!({ "script": format!("{QUICK}{scenes}") }).to_string());
    assert_eq!(status, "202", "{short}");
    let whole = |name: &String| !name.contains('#');
    wait_for("the first narration", || desk.kept("objects/scenes/audio").keys().any(whole).then_some(()));
    let (code, took) = server.terminate();
    assert_eq!(code, Some(0));
    assert!(took < Duration::from_secs(10), "{took:?}");

    let all = tasks(&desk, "kind <> 'render'");
    let done = all.iter().filter(|task| **task == ("done".to_owned(), 1, true)).count();
    let waiting = all.iter().filter(|task| **task == ("ready".to_owned(), 0, true)).count();
    assert_eq!((all.len(), done + waiting), (120, 120), "{all:?}");
    assert!(done > 0 && waiting > 0, "it was stopped in the middle: {done} done, {waiting} waiting");
    let made = ["objects/scenes/audio", "objects/scenes/images"].map(|folder| desk.kept(folder).len());
    assert_eq!(made.iter().sum::<usize>(), done, "what was begun has landed");
}

#[test]
fn a_stop_gives_a_render_back_and_the_next_server_finishes_it() {
    let desk = Desk::new();
    let server = Server::start(&desk);
    let words = "Here is a sentence that takes its time. ".repeat(12);
    let scenes: String = (1..=6).map(|number| format!("Number {number}. {words}\n\n")).collect();
    let (status, short) = server.ask("POST", "/api/shorts", &json!({ "script": format!("{QUICK}{scenes}") }).to_string());
    assert_eq!(status, "202", "{short}");
    wait_for("the first segment", || (!desk.segments().is_empty()).then_some(()));
    let (code, took) = server.terminate();
    assert_eq!(code, Some(0));
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert_eq!(tasks(&desk, "kind = 'render'"), [("ready".to_owned(), 0, true)]);

    let server = Server::start(&desk);
    let show = format!("/api/shorts/{}", short["id"].as_str().expect("an id"));
    wait_for("the video", || (server.ask("GET", &show, "").1["status"] == "completed").then_some(()));
    assert_eq!(server.terminate().0, Some(0));
}

#[test]
fn make_works_beside_a_server() {
    let desk = Desk::new();
    desk.script("story.md", "Go on.\n\nAnd on.\n");
    let server = Server::start(&desk);
    desk.succeed(&["make", "story.md"]);
    assert!(desk.path("story.mp4").is_file());
    assert_eq!(server.terminate().0, Some(0));
}

#[test]
fn doctor_knows_what_is_missing() {
    let desk = Desk::new();
    let ended = desk.succeed(&["doctor", "--offline"]);
    assert!(ended.stdout.lines().filter(|line| line.starts_with("ok ")).count() == 8, "{}", ended.stdout);
    assert!(ended.stdout.contains("no key; to use it, set GEMINI_API_KEY"), "{}", ended.stdout);
    let answer = desk.succeed(&["doctor", "--offline", "--json"]).stdout;
    let answer: serde_json::Value = serde_json::from_str(&answer).expect("JSON");
    assert_eq!((&answer["healthy"], &answer["findings"][0]["state"]), (&true.into(), &"ok".into()));
    let sick = desk.command(&["doctor", "--offline"]).env("PATH", desk.temporary()).output().expect("the program starts");
    let sick = Ended::of(sick);
    assert_eq!(sick.code, Some(1));
    assert!(sick.stdout.contains("ffmpeg was not found; install it with: sudo apt-get install ffmpeg"), "{}", sick.stdout);
}

#[test]
fn commands_that_do_not_exist() {
    let desk = Desk::new();
    let check = |arguments: &[&str], part: &str| {
        let ended = desk.run(arguments);
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stderr.contains(part), "{}", ended.stderr);
    };
    check(&[], "Usage: shortsai");
    check(&["mak"], "similar subcommand exists: 'make'");
    check(&["make"], "required arguments were not provided");
    check(&["make", "a", "topic"], "unexpected argument 'topic'");
    check(&["render", "--quality", "best", "x.json"], "[possible values: draft, standard, high]");
}
