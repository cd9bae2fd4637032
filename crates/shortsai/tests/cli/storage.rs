//! Where objects are kept, what is collected, and pictures that a script names by an address.

use std::io::{Read, Write};
use std::net::TcpListener;

use crate::bucket::Moto;
use crate::desk::{Desk, QUICK, names_in};

/// Answers every request with that file; ends with the test.
pub fn serve(file: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("somebody asks");
            let _ = stream.read(&mut [0; 4096]);
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", file.len());
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&file));
        }
    });
    format!("http://{address}")
}

#[test]
fn a_picture_may_be_fetched_if_that_is_allowed() {
    let desk = Desk::new();
    desk.picture("chart.png");
    let there = serve(std::fs::read(desk.path("chart.png")).expect("readable"));
    desk.write("story.md", format!("{QUICK}Up it goes.\n\n![a chart]({there}/chart.png)\n\nAnd down.\n"));
    let ended = desk.run(&["make", "story.md", "-o", "short.mp4"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("story.md: line 11: scene 2: http://127.0.0.1:"), "{}", ended.stderr);
    assert!(ended.stderr.contains("it leads into a private network"), "{}", ended.stderr);
    std::fs::write(desk.data().join("shortsai.toml"), "[fetch]\nallow = [\"127.0.0.1\"]\n").expect("written");
    desk.succeed(&["make", "story.md", "-o", "short.mp4"]);
    assert!(desk.path("short.mp4").exists());
    assert_eq!(desk.kept("objects/uploads").len(), 1, "the picture is the user's own now");

    // Everything of it is named, so nothing is collected.
    let ended = desk.succeed(&["objects", "gc", "--grace", "1h"]);
    assert!(ended.stdout.contains("0 objects (0.0 MB): put aside"), "{}", ended.stdout);
    let ended = desk.run(&["objects", "gc", "--grace", "5m"]);
    assert!(ended.code == Some(2) && ended.stderr.contains("such as 7d or 12h"), "{ended:?}");
}

#[test]
fn a_bucket_that_can_not_be_used_is_told() {
    let desk = Desk::new();
    let doctor = |variables: &[(&str, &str)]| {
        let mut command = desk.command(&["doctor", "--offline"]);
        let output = command.envs(variables.iter().copied()).output().expect("the program starts");
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let said = doctor(&[("R2_BUCKET_NAME", "media"), ("R2_SECRET_ACCESS_KEY", "planted-secret")]);
    assert!(said.contains("but the access key's id (R2_ACCESS_KEY_ID") && !said.contains("planted-secret"), "{said}");
    // Nobody listens there.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let all = [("S3_ENDPOINT", endpoint.as_str()), ("S3_BUCKET_NAME", "media"), ("S3_ACCESS_KEY_ID", "me")];
    let said = doctor(&[&all[..], &[("S3_SECRET_ACCESS_KEY", "planted-secret")]].concat());
    assert!(said.contains(&format!("in the bucket media at {endpoint}: writing")), "{said}");
    assert!(said.contains("the object store can't be reached") && !said.contains("planted-secret"), "{said}");
}

#[test]
fn a_short_is_made_with_nothing_but_a_bucket() {
    let (desk, moto) = (Desk::new(), Moto::start());
    let run = |arguments: &[&str]| {
        let output = desk.command(arguments).envs(moto.environment()).output().expect("it starts");
        let said = String::from_utf8(output.stdout).expect("UTF-8");
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        said
    };
    desk.script("story.md", "Up it goes.\n");
    run(&["make", "story.md", "-o", "short.mp4"]);
    assert!(desk.path("short.mp4").exists() && desk.path("short.vtt").exists());
    let kept = names_in(&desk.data());
    let usual = ["secret", "segments", "shortsai.db", "shortsai.db-shm", "shortsai.db-wal", "work", "workers"];
    assert!(kept.iter().all(|name| usual.contains(&name.as_str())), "objects are in the bucket only: {kept:?}");
    let said = run(&["objects", "gc", "--grace", "1h", "--dry-run"]);
    // The picture, the narration, the video, its captions in three forms and its thumbnail.
    let [(_, endpoint), ..] = moto.environment();
    assert!(said.starts_with(&format!("7 objects in the bucket media at {endpoint}")), "{said}");
}
