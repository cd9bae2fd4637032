//! Killed or stopped in the middle: nothing stays behind, and the next run goes on.

use std::process::Child;
use std::time::{Duration, Instant};

use crate::desk::{Desk, Ended, names_in, signal, wait_for};

/// Long enough to be in the middle of it.
const STORY: &str = "This is the first of four scenes, and it takes a while.\n\n\
                     This is the second of four scenes, and it takes a while.\n\n\
                     This is the third of four scenes, and it takes a while.\n\n\
                     This is the fourth of four scenes, and it takes a while.\n";

/// Command lines of the living processes that were started from this desk, the program's children too.
fn processes(desk: &Desk) -> Vec<String> {
    let mark = desk.temporary().display().to_string();
    let read = |id: &str, file: &str| std::fs::read(format!("/proc/{id}/{file}")).unwrap_or_default();
    let ours = |id: &String| String::from_utf8_lossy(&read(id, "environ")).contains(&mark);
    let ids = names_in("/proc".as_ref()).into_iter().filter(|name| name.parse::<u32>().is_ok());
    ids.filter(ours).map(|id| String::from_utf8_lossy(&read(&id, "cmdline")).replace('\0', " ")).collect()
}

/// Starts `make` and returns as soon as there is something in that folder of the data folder.
fn start_until(desk: &Desk, folder: &str) -> Child {
    let child = desk.start(&["make", "story.md"]);
    // What is being written has a name with a dot or a mark in front of its ending.
    let whole = |name: &String| !name.contains(".new-") && !name.contains('#');
    wait_for(folder, || desk.kept(folder).keys().any(whole).then_some(()));
    child
}

/// Runs again: it succeeds, what was there is not made anew, and nothing is left over.
fn goes_on(desk: &Desk) {
    let mut before = desk.kept("objects");
    before.retain(|name, _| !name.contains('#'));
    assert!(!before.is_empty());
    desk.succeed(&["make", "story.md"]);
    let after = desk.kept("objects");
    let changed: Vec<_> = before.iter().filter(|(name, stamp)| after.get(*name) != Some(stamp)).collect();
    assert!(changed.is_empty(), "{changed:?}");
    assert_eq!(desk.left(&["story.md"]), ["story.ass", "story.jpg", "story.mp4", "story.srt", "story.vtt"]);
    for folder in [desk.temporary(), desk.data().join("work"), desk.data().join("workers")] {
        assert_eq!(names_in(&folder), Vec::<String>::new(), "in {}", folder.display());
    }
}

#[test]
fn after_a_kill_the_next_run_goes_on() {
    for folder in ["objects", "segments"] {
        let desk = Desk::new();
        desk.script("story.md", STORY);
        let mut child = start_until(&desk, folder);
        child.kill().expect("it runs");
        assert_eq!(child.wait().expect("it was killed").code(), None, "it ended before it could be killed");
        if cfg!(target_os = "linux") {
            wait_for("the end of all children", || processes(&desk).is_empty().then_some(()));
        }
        assert_eq!(desk.left(&["story.md"]), Vec::<String>::new());
        goes_on(&desk);
    }
}

#[test]
fn ctrl_c_stops_at_once_and_cleanly() {
    let desk = Desk::new();
    desk.script("story.md", STORY);
    let child = start_until(&desk, "segments");
    let begun = Instant::now();
    signal(&child, libc::SIGINT);
    let ended = Ended::of(child.wait_with_output().expect("it ends"));
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    assert_eq!(ended.code, Some(130), "{ended:?}");
    let hint = "Stopped. What was made so far is kept: run the same command again and it goes on from there.";
    assert_eq!(ended.complaints(), [hint]);
    if cfg!(target_os = "linux") {
        assert_eq!(processes(&desk), Vec::<String>::new());
    }
    assert_eq!(desk.left(&["story.md"]), Vec::<String>::new());
    assert_eq!(names_in(&desk.temporary()), Vec::<String>::new());
    goes_on(&desk);
}

#[test]
fn leftovers_of_a_killed_write_are_swept() {
    let desk = Desk::new();
    desk.script("story.md", "Go on.\n");
    desk.write(".shortsai-dead01", "half a video");
    desk.succeed(&["make", "story.md"]);
    assert_eq!(desk.left(&["story.md"]), ["story.ass", "story.jpg", "story.mp4", "story.srt", "story.vtt"]);
}

#[test]
fn leftovers_of_a_killed_render_are_swept() {
    let desk = Desk::new();
    desk.picture("it.png");
    let scene = r#"{"imageUrl":"it.png","duration":5}"#;
    desk.write("board.json", format!(r#"{{"size":{{"width":180,"height":320}},"scenes":[{scene},{scene},{scene}]}}"#));
    let mut child = desk.start(&["render", "board.json"]);
    wait_for("the first segment", || {
        let folder = names_in(&desk.temporary()).into_iter().next()?;
        names_in(&desk.temporary().join(folder)).iter().any(|name| name.starts_with("segment")).then_some(())
    });
    child.kill().expect("it runs");
    assert_eq!(child.wait().expect("it was killed").code(), None, "it ended before it could be killed");
    desk.succeed(&["render", "board.json"]);
    assert_eq!(desk.left(&["it.png"]), ["board.ass", "board.jpg", "board.json", "board.mp4", "board.srt", "board.vtt"]);
    assert_eq!(names_in(&desk.temporary()), Vec::<String>::new());
}
