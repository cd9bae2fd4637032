//! Memory stays flat whatever the size: measured in a process of its own, because the server in this one needs some too.

#![allow(clippy::print_stdout, reason = "the child tells the parent")]

use std::io::{Seek, SeekFrom, Write};
use std::process::Command;

use assets::{Assets, Place};

use crate::s3_server::{S3Server, settings};

/// Names the server for the child.
const ENDPOINT: &str = "SHORTSAI_TEST_S3";
/// How large the file is; 2048 was tried, too.
const MEGABYTES: &str = "SHORTSAI_TEST_MEGABYTES";
/// Parts on their way, buffers, the program itself. An unoptimised build with all its tests needs about 30 MB by itself.
const MOST_KIB: u64 = 64 << 10;

#[tokio::test(flavor = "multi_thread")]
async fn a_large_file_comes_and_goes_through_a_bucket_in_little_memory() {
    let server = S3Server::start().await;
    let program = std::env::current_exe().expect("this program");
    let mut child = Command::new(program);
    child.args(["--exact", "memory::the_child", "--nocapture"]).env(ENDPOINT, &server.endpoint);
    let output = tokio::task::spawn_blocking(move || child.output().expect("it runs")).await.expect("it ends");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let peak = said.split_once("peak: ").and_then(|(_, rest)| rest.split_whitespace().next()?.parse::<u64>().ok());
    let peak = peak.unwrap_or_else(|| panic!("the child does not say how much it needed: {said}"));
    assert!(peak < MOST_KIB, "{peak} KiB of memory for {} bytes", bytes());
    assert_eq!(server.unfinished(), 0);
}

fn bytes() -> u64 {
    std::env::var(MEGABYTES).map_or(256, |text| text.parse().expect("a number of megabytes")) << 20
}

/// Does the work when the test above starts it, else nothing.
#[tokio::test]
async fn the_child() {
    let Ok(endpoint) = std::env::var(ENDPOINT) else { return };
    let assets = Assets::s3(&settings(&endpoint)).expect("good settings");
    let temp = tempfile::tempdir().expect("a temporary folder");
    let path = temp.path().join("large.mp4");
    let mut file = std::fs::File::create(&path).expect("a file");
    file.write_all(b"\0\0\0\x20ftypisom").expect("written");
    // Not a hole: something that could be told apart if parts were mixed up.
    for step in 1..bytes() >> 20 {
        file.seek(SeekFrom::Start(step << 20)).expect("a place");
        file.write_all(&step.to_be_bytes()).expect("written");
    }
    file.set_len(bytes()).expect("a length");
    let stored = assets.put_file(Place::Renders, &path).await.expect("stored");
    assert_eq!(stored.bytes, bytes());
    std::fs::remove_file(&path).expect("removed");
    let back = assets.local_path(&stored.key, temp.path()).await.expect("a copy");
    assert_eq!(assets.put_file(Place::Renders, &back).await.expect("known"), stored, "it is the same");
    println!("peak: {} KiB", peak_kib());
}

fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux says");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the most memory so far");
    line.split_whitespace().next().and_then(|number| number.parse().ok()).expect("a number")
}
