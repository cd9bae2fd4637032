//! What a server refuses before it begins, secrets in files, and `shortsai config`.

use std::process::Stdio;

use serde_json::Value;

use crate::desk::{Desk, Ended};
use crate::serving::Server;

/// A secret that nobody guesses, with an end that may be shown.
const PLANTED: &str = "planted-8f3a1c9be27d40516a8f3a1c9be2wxyz";

fn run(desk: &Desk, arguments: &[&str], environment: &[(&str, &str)]) -> Ended {
    Ended::of(desk.command(arguments).envs(environment.iter().copied()).output().expect("the program starts"))
}

#[track_caller]
fn refused(desk: &Desk, arguments: &[&str], environment: &[(&str, &str)], parts: &[&str]) {
    let ended = run(desk, arguments, environment);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{ended:?}");
    for part in parts {
        assert!(ended.stderr.contains(part), "{}\ndoes not say\n{part}", ended.stderr);
    }
    assert!(!ended.stderr.contains(PLANTED) && ended.stderr.starts_with("error: "), "{}", ended.stderr);
}

#[test]
fn names_that_there_are_not_are_refused() {
    let desk = Desk::new();
    let wrong = [("SHORTSAI_LISTN", "127.0.0.1:0"), ("GOOGLE_CLIENT_SECERT", PLANTED)];
    let parts = [
        "\n  - GOOGLE_CLIENT_SECERT is set, which is not read; do you mean GOOGLE_CLIENT_SECRET?",
        "\n  - SHORTSAI_LISTN is set, but there is no such variable; do you mean SHORTSAI_LISTEN?",
    ];
    refused(&desk, &["serve", "--listen", "127.0.0.1:0"], &wrong, &parts);
    let worker = [&wrong[..], &[("WORKER_SECRET", PLANTED)]].concat();
    refused(&desk, &["worker", "--listen", "127.0.0.1:0"], &worker, &parts);
    assert!(!desk.data().exists(), "it is found before any work");
    // Whoever only looks is not kept from it.
    assert_eq!(run(&desk, &["openapi"], &wrong).code, Some(0));
    let file = desk.write("mine.toml", "[backup]\nevry = \"6h\"\n\n[object]\n");
    let file = file.to_str().expect("UTF-8");
    let parts = [
        &format!("the configuration {file}: line 2: [backup] has no key \"evry\"; do you mean \"every\"?"),
        "line 4: there is no table or key \"object\"; do you mean [objects]?",
    ];
    refused(&desk, &["serve", "--listen", "127.0.0.1:0", "--config", file], &[], &parts);
    let made = run(&desk, &["usage", "--config", file], &[]);
    assert!(made.code == Some(1) && made.stderr.contains("do you mean \"every\"?"), "{made:?}");
}

#[test]
fn all_contradictions_are_said_at_once() {
    let desk = Desk::new();
    let environment = [
        ("R2_ACCOUNT_ID", "0123abcd"),
        ("TRUSTED_PROXIES", "nginx"),
        ("WORKER_URL", "http://127.0.0.1:1"),
        ("GOOGLE_CLIENT_ID", "app"),
        ("AUTH_URL", "shorts"),
        ("SHORTSAI_BACKUP_EVERY", "sometimes"),
        ("SHORTSAI_METRICS", "0.0.0.0:0"),
    ];
    let parts = [
        "its name (R2_BUCKET_NAME, S3_BUCKET_NAME or objects.bucket), the access key's id",
        "TRUSTED_PROXIES: \"nginx\" is no address or network",
        "set WORKER_SECRET to theirs",
        "sign-in with Google also needs GOOGLE_CLIENT_SECRET",
        "sign-in with Google also needs AUTH_SECRET",
        "AUTH_URL is \"shorts\"; give an address",
        "backup.every is \"sometimes\"",
        "--metrics 0.0.0.0:0 can be reached by others; set SHORTSAI_METRICS_TOKEN",
    ];
    refused(&desk, &["serve", "--listen", "127.0.0.1:0"], &environment, &parts);
    let bucket = [("SHORTSAI_BACKUP_BUCKET", "true"), ("SHORTSAI_BACKUP_EVERY", "6h")];
    refused(&desk, &["serve", "--listen", "127.0.0.1:0"], &bucket, &["error: backups are to be kept in the bucket, but none is"]);
}

#[test]
fn a_server_that_others_reach_needs_all_that_keeps_them_out() {
    let desk = Desk::new();
    let mut environment = vec![
        ("GOOGLE_CLIENT_ID", "app"),
        ("GOOGLE_CLIENT_SECRET", "of-the-app"),
        ("AUTH_URL", "http://shorts.example"),
        ("AUTH_SECRET", "change-me-change-me-change-me-change-me"),
        ("WORKER_SECRET", "dev-secret"),
        ("DATABASE_URL", "postgres://shortsai:postgres@127.0.0.1:1/shortsai"),
    ];
    let parts = [
        "AUTH_URL is http://shorts.example, without https",
        "AUTH_SECRET is one of an example",
        "name this one in AUTH_SECRET_PREVIOUS",
        "WORKER_SECRET has 10 characters; it needs at least 32",
        "DATABASE_URL has a password that everybody tries first",
    ];
    refused(&desk, &["serve", "--listen", "0.0.0.0:0"], &environment, &parts);
    refused(&desk, &["serve", "--listen", "127.0.0.1:0"], &environment, &parts);
    let alone = [("AUTH_URL", "https://shorts.example")];
    refused(&desk, &["serve", "--listen", "127.0.0.1:0"], &alone, &["without sign-in everybody could use this server"]);
    let weak = [("WORKER_SECRET", "sixteen-letters-")];
    refused(
        &desk,
        &["worker", "--listen", "0.0.0.0:0"],
        &weak,
        &["error: WORKER_SECRET has 16 characters", "others reach this worker"],
    );

    // In a network that is trusted, it starts and warns.
    environment =
        vec![("AUTH_SECRET", PLANTED), ("SHORTSAI_ALLOW_PLAIN_HTTP", "true"), environment[0], environment[1], environment[2]];
    let log = desk.path("server.log");
    let mut command = desk.command(&["serve", "--listen", "127.0.0.1:0"]);
    command.envs(environment).stdout(Stdio::piped()).stderr(std::fs::File::create(&log).expect("a log"));
    let server = Server::of(command.spawn().expect("the program starts"));
    assert_eq!(server.ask("GET", "/health", "").0, "200");
    let said = std::fs::read_to_string(&log).expect("the log");
    assert!(said.contains("WARN") && said.contains("AUTH_URL is http://shorts.example without https"), "{said}");
}

#[test]
fn values_come_out_of_files() {
    let desk = Desk::new();
    let path = desk.write("secret", format!("{PLANTED}\n"));
    let path = path.to_str().expect("UTF-8");
    let config = |environment: &[(&str, &str)]| -> Value {
        let ended = run(&desk, &["config", "--json"], environment);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(!ended.stdout.contains(PLANTED), "{}", ended.stdout);
        serde_json::from_str(&ended.stdout).expect("JSON")
    };
    let answer = config(&[("AUTH_SECRET_FILE", path), ("AUTH_SECRET", ""), ("PGPASSWORD_FILE", path), ("SHORTSAI_LISTEN", " ")]);
    for name in ["AUTH_SECRET", "PGPASSWORD"] {
        let setting = setting(&answer, name);
        assert_eq!(
            (&setting["value"], &setting["origin"]),
            (&"set, ends in wxyz".into(), &format!("{name}_FILE ({path})").into())
        );
    }
    assert_eq!(setting(&answer, "SHORTSAI_LISTEN")["value"], "127.0.0.1:3333");
    // A worker that knows its secret only by the file.
    let ended = run(&desk, &["worker", "--listen", "203.0.113.1:1"], &[("WORKER_SECRET_FILE", path)]);
    assert!(ended.code == Some(1) && ended.stderr.contains("can't listen on 203.0.113.1:1"), "{ended:?}");

    let both = [("AUTH_SECRET_FILE", path), ("AUTH_SECRET", "x"), ("WORKER_SECRET_FILE", "/nowhere/it")];
    let parts = [
        "AUTH_SECRET and AUTH_SECRET_FILE are both set; remove one of them",
        "WORKER_SECRET_FILE names /nowhere/it, which can't be read: there is no such file or folder",
    ];
    refused(&desk, &["openapi"], &both, &parts);
}

/// The setting of that name.
#[track_caller]
fn setting(answer: &Value, name: &str) -> Value {
    let sections = answer["sections"].as_array().expect("sections");
    let mut settings = sections.iter().flat_map(|section| section["settings"].as_array().expect("settings"));
    settings.find(|setting| setting["name"] == name).unwrap_or_else(|| panic!("{name} is not shown")).clone()
}

#[test]
fn config_shows_what_counts_and_why() {
    let desk = Desk::new();
    let file = desk.write(
        "mine.toml",
        "prices_of = \"2026-11\"\n\n[objects]\nbucket = \"films\"\ngrace = \"2d\"\n\n[vendor.gemini]\nvoice = \"Kore\"\nkey_file = \"gemini.key\"\n\n\
         [render]\nfan_out = 2\n\n[fetch]\n",
    );
    let file = file.to_str().expect("UTF-8");
    desk.write("gemini.key", "of the file");
    let environment = [
        ("S3_BUCKET_NAME", "media"),
        ("S3_REGION", "eu"),
        ("S3_ACCESS_KEY_ID", "short"),
        ("S3_SECRET_ACCESS_KEY", PLANTED),
        ("GEMINI_API_KEY", PLANTED),
        ("DATABASE_URL", "postgres://me:planted-password@db.example/shorts"),
        ("OPENAI_BASE_URL", "http://me:planted-password@10.0.0.5/v1"),
    ];
    let arguments = ["config", "--config", file, "--listen", "127.0.0.1:4444"];
    let ended = run(&desk, &arguments, &environment);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let squeezed: Vec<String> = ended.stdout.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let expected = [
        &format!("The configuration is {file}"),
        "SHORTSAI_LISTEN 127.0.0.1:4444 --listen",
        &format!("SHORTSAI_CONFIG {file} --config"),
        "DATABASE_URL postgres://me@db.example/shorts DATABASE_URL",
        &format!("prices_of 2026-11 {file}:1"),
        &format!("bucket media S3_BUCKET_NAME, before {file}:4"),
        &format!("grace 2d {file}:5"),
        "access_key_id set S3_ACCESS_KEY_ID",
        "secret_access_key_file set, ends in wxyz S3_SECRET_ACCESS_KEY",
        &format!("vendor.gemini.voice Kore {file}:8"),
        &format!("vendor.gemini.key_file set, ends in wxyz GEMINI_API_KEY, before {file}:9"),
        "vendor.openai.base_url http://me@10.0.0.5/v1 OPENAI_BASE_URL",
        "most_mb 256 default",
        "keep_last 4 default",
        "cookies not secure, HttpOnly, SameSite=Lax follows from AUTH_URL",
        "- [render] in line 11: no workers are named, so this process renders",
        "- [fetch] in line 14: there is nothing in it",
    ];
    for line in expected {
        assert!(squeezed.iter().any(|found| found == line), "{}\nhas no line\n{line}", ended.stdout);
    }
    assert!(!ended.stdout.contains("planted-"), "{}", ended.stdout);
    assert!(!desk.data().exists(), "it only looks");
    assert_eq!(run(&desk, &[&arguments[..], &["--check"]].concat(), &environment).code, Some(0));
}

#[test]
fn config_says_what_a_server_would_refuse() {
    let desk = Desk::new();
    let environment = [("SHORTSAI_LISTN", "x"), ("WORKER_URL", "nonsense")];
    let ended = run(&desk, &["config"], &environment);
    assert_eq!(ended.code, Some(0));
    let (_, list) = ended.stdout.split_once("shortsai serve would not start with this:").expect("a list");
    assert!(list.contains("  - SHORTSAI_LISTN is set") && list.contains("  - WORKER_URL is \"nonsense\""), "{list}");
    assert_eq!(run(&desk, &["config", "--check"], &environment).code, Some(2));
    let ended = run(&desk, &["config", "--check", "--json", "--listen", "0.0.0.0:3333"], &[]);
    let answer: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    assert_eq!((ended.code, answer["problems"].as_array().map(Vec::len)), (Some(2), Some(1)), "{answer}");
    // A file that is no TOML is a problem like others.
    let file = desk.write("broken.toml", "[backup\n");
    let ended = run(&desk, &["config", "--check", "--config", file.to_str().expect("UTF-8")], &[]);
    assert!(ended.code == Some(2) && ended.stdout.contains("TOML parse error at line 1"), "{ended:?}");
}

#[test]
fn config_also_looks_for_engines_and_workers() {
    let desk = Desk::new();
    let check = |role: &str, environment: &[(&str, &str)], expected: &[&str]| {
        let ended = run(&desk, &["config", "--check", "--json", "--for", role], environment);
        let answer: Value = serde_json::from_str(&ended.stdout).expect("JSON");
        let problems: Vec<&str> = answer["problems"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
        assert_eq!(problems.len(), expected.len(), "{role}: {problems:?}");
        for (problem, part) in problems.iter().zip(expected) {
            assert!(problem.contains(part), "{problem}\ndoes not say\n{part}");
        }
        assert_eq!(ended.code, Some(if expected.is_empty() { 0 } else { 2 }), "{role}");
    };
    check("worker", &[], &["without a secret anybody could render here"]);
    check("worker", &[("WORKER_SECRET", PLANTED)], &[]);
    let short = ("WORKER_SECRET", "sixteen-letters-");
    check("worker", &[short], &["WORKER_SECRET has 16 characters"]);
    check("worker", &[short, ("SHORTSAI_WORKER_LISTEN", "127.0.0.1:8080")], &[]);
    check("worker", &[("WORKER_SECRET", PLANTED), ("SHORTSAI_WORKER_JOBS", "many")], &["invalid value 'many' for '--jobs"]);
    check("worker", &[("WORKER_SECRET", PLANTED), ("PORT", "http")], &["PORT is \"http\"; give a number"]);
    let watched = ("SHORTSAI_METRICS", "0.0.0.0:9000");
    check("worker", &[("WORKER_SECRET", PLANTED), watched], &["--metrics 0.0.0.0:9000 can be reached by others"]);
    check("engine", &[watched], &["0.0.0.0:9000 can be reached", "set AUTH_SECRET to theirs"]);
    check("engine", &[("AUTH_SECRET", PLANTED)], &[]);
    check("engine", &[("AUTH_SECRET", "short"), ("AUTH_URL", "https://shorts.example")], &["AUTH_SECRET has 5 characters"]);
    let open =
        [("AUTH_SECRET", "sixteen-letters-"), ("AUTH_URL", "https://shorts.example"), ("DATABASE_URL", "postgres://a:a@db/x")];
    check("engine", &open, &["AUTH_SECRET has 16 characters", "DATABASE_URL has a password that everybody tries"]);
}
