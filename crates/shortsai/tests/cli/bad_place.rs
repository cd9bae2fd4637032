//! Places and machines on which nothing can be made: output folders, data folders, full disks, missing programs.

use std::path::Path;
use std::process::Command;

use crate::bad_input::refused;
use crate::desk::{Desk, Ended, names_in};

#[test]
fn outputs_that_can_not_be_written() {
    let desk = Desk::new();
    desk.script("it.md", "Go on.\n");
    desk.write("file", "not a folder");
    std::fs::create_dir(desk.path("folder.mp4")).expect("a new folder");
    let check = |output: &str, code, parts: &[&str]| refused(&desk, &desk.run(&["make", "it.md", "-o", output]), code, parts);
    check("file/x.mp4", 1, &["the output folder file can't be made", "a file, not a folder", "choose another with -o"]);
    check("folder.mp4", 1, &["the output folder.mp4 is a folder", "give a file name that ends in .mp4"]);
    check("x.avi", 2, &["the output x.avi must end in .mp4"]);
    if cfg!(target_os = "linux") {
        check("/proc/x.mp4", 1, &["the output folder /proc can't be written to", "choose another with -o"]);
    }
    assert!(!desk.data().exists(), "a bad output is found before any work");
}

#[test]
fn data_folders_that_can_not_be_used() {
    let desk = Desk::new();
    desk.script("it.md", "Go on.\n");
    desk.write("file", "not a folder");
    for folder in ["garbage", "strange/shortsai.db"] {
        std::fs::create_dir_all(desk.path(folder)).expect("a new folder");
    }
    desk.write("garbage/shortsai.db", [0x5a; 9000]);
    let check = |folder: &str, parts: &[&str]| refused(&desk, &desk.run(&["make", "it.md", "--data-dir", folder]), 1, parts);
    check("file/data", &["the data folder file/data can't be made", "name another with --data-dir"]);
    check("garbage", &["garbage/shortsai.db can't be opened", "not an SQLite database, or is damaged", "restore a backup"]);
    check("strange", &["strange/shortsai.db can't be opened", "it is a folder"]);
}

#[test]
fn databases_that_can_not_be_used() {
    let desk = Desk::new();
    desk.script("it.md", "Go on.\n");
    let check = |url: &str, parts: &[&str]| {
        let ended = desk.run(&["make", "it.md", "--database-url", url]);
        refused(&desk, &ended, 1, parts);
        assert!(!ended.stderr.contains("se@cret"), "{}", ended.stderr);
    };
    let nobody = "postgres://me:se@cret@127.0.0.1:1/db?sslmode=disable";
    check("mysql://me:se@cret@host/db", &["mysql://me@host/db can't be opened", "of no known kind", "postgres://user@host"]);
    check("postgres://me@host:port/db", &["the address is not understood", "postgres://user:password@host:port/database"]);
    let help = desk.command(&["make", "--help"]).env("DATABASE_URL", nobody).output().expect("the program starts");
    assert!(!Ended::of(help).stdout.contains("se@cret"));
}

#[test]
fn machines_without_the_programs() {
    let desk = Desk::new();
    desk.picture("it.png");
    desk.script("drawn.md", "Go on.\n");
    desk.script("given.md", "![x](it.png)\n\nGo on.\n");
    let empty = desk.temporary();
    let check = |script: &str, variable: &str, value: &Path, parts: &[&str]| {
        let output = desk.command(&["make", script]).env(variable, value).output().expect("the program starts");
        let ended = Ended::of(output);
        refused(&desk, &ended, ended.code.unwrap_or(0).clamp(1, 2), parts);
    };
    let ffmpeg = ["ffmpeg was not found", "apt-get install ffmpeg"];
    check("drawn.md", "PATH", &empty, &ffmpeg);
    check("given.md", "PATH", &empty, &ffmpeg);
    assert!(!desk.data().exists(), "it is found before any work");

    if cfg!(target_os = "linux") {
        // Files that are not libraries stand in the way of the real ones.
        for name in ["libespeak-ng.so.1", "libespeak-ng.so"] {
            std::fs::write(empty.join(name), "not a library").expect("the folder can be written to");
        }
        check("drawn.md", "LD_LIBRARY_PATH", &empty, &["espeak-ng was not found", "apt-get install espeak-ng"]);
    }
}

/// A disk of that size that is gone after the test; only root may make one.
struct SmallDisk<'a>(&'a Path);

impl<'a> SmallDisk<'a> {
    fn mount(folder: &'a Path, size: &str) -> Option<Self> {
        std::fs::create_dir_all(folder).expect("a new folder");
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(folder);
        let mounted = command.output().is_ok_and(|output| output.status.success());
        if !mounted {
            eprintln!("skipped: no small disk can be mounted here (only root may)");
        }
        mounted.then_some(Self(folder))
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.0).output();
    }
}

#[test]
fn full_disks() {
    let desk = Desk::new();
    desk.script("it.md", "Go on, and further on, and on to the end of this long road.\n");
    let full = desk.path("full");
    // The database does not fit; the sound does not fit.
    for size in ["64k", "600k"] {
        let Some(_disk) = SmallDisk::mount(&full, size) else { return };
        refused(&desk, &desk.run(&["make", "it.md", "--data-dir", "full/data"]), 1, &["disk is full", "; "]);
    }
    // The video does not fit.
    let Some(_disk) = SmallDisk::mount(&full, "64k") else { return };
    desk.write("full/other", vec![1; 40 << 10]);
    refused(&desk, &desk.run(&["make", "it.md", "-o", "full/it.mp4"]), 1, &["full/it.", "the disk is full; free some space"]);
    assert_eq!(names_in(&full), ["other"]);
}
