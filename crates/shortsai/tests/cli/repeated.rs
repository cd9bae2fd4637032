//! Running again makes only what has changed.

use std::collections::BTreeMap;

use crate::desk::{Desk, QUICK, Stamp};

const STORY: &str = "First we go up.\n\nThen we look around.\n\nAt last we sleep.\n";

/// Files of `after` that `before` does not have, or not like this.
fn fresh(before: &BTreeMap<String, Stamp>, after: &BTreeMap<String, Stamp>) -> usize {
    after.iter().filter(|(name, stamp)| before.get(*name) != Some(stamp)).count()
}

#[test]
fn the_same_script_again_makes_nothing_anew() {
    let desk = Desk::new();
    desk.script("story.md", STORY);
    desk.succeed(&["make", "story.md"]);
    let (objects, first) = (desk.kept("objects"), std::fs::read(desk.path("story.mp4")).expect("it is there"));
    assert!(!objects.keys().any(|name| name.starts_with("music/")), "music: none, but {objects:?}");

    for name in ["story.mp4", "story.srt", "story.vtt", "story.ass", "story.jpg"] {
        std::fs::remove_file(desk.path(name)).expect("it is there");
    }
    desk.succeed(&["make", "story.md"]);
    assert_eq!(desk.kept("objects"), objects);
    assert_eq!(std::fs::read(desk.path("story.mp4")).expect("it is there again"), first);

    desk.succeed(&["make", "story.md", "-o", "other.mp4"]);
    assert_eq!(desk.kept("objects"), objects);
}

#[test]
fn a_changed_paragraph_redoes_only_its_scene() {
    let desk = Desk::new();
    desk.write("story.md", format!("{}{STORY}", QUICK.replace("---\n\n", "transition: cut\n---\n\n")));
    desk.succeed(&["make", "story.md"]);
    let (audio, segments) = (desk.kept("objects/scenes/audio"), desk.segments());
    let text = std::fs::read_to_string(desk.path("story.md")).expect("it is there");
    desk.write("story.md", text.replace("look around", "look far around"));
    desk.succeed(&["make", "story.md"]);

    let (later_audio, later_segments) = (desk.kept("objects/scenes/audio"), desk.segments());
    assert_eq!((audio.len(), fresh(&audio, &later_audio)), (3, 1));
    // A used segment is touched, so that the oldest can go first: it counts by its inode.
    let inodes = |files: &BTreeMap<String, Stamp>| files.values().map(|stamp| stamp.0).collect::<Vec<_>>();
    let kept = inodes(&segments);
    assert_eq!((kept.len(), inodes(&later_segments).iter().filter(|inode| !kept.contains(inode)).count()), (3, 1));
    assert!(std::fs::read_to_string(desk.path("story.srt")).expect("it is there").contains("far"));
}

#[test]
fn another_music_encodes_no_picture_again() {
    let desk = Desk::new();
    desk.script("story.md", STORY);
    desk.succeed(&["make", "story.md"]);
    let (scenes, segments) = (desk.kept("objects/scenes"), desk.segments());
    desk.write("story.md", format!("{}{STORY}", QUICK.replace("music: none", "music: happy")));
    desk.succeed(&["make", "story.md"]);
    assert_eq!(desk.kept("objects/scenes"), scenes);
    assert_eq!(desk.segments().keys().collect::<Vec<_>>(), segments.keys().collect::<Vec<_>>());
    assert_eq!(desk.kept("objects/music").len(), 1);
}

#[test]
fn two_runs_at_once_both_get_the_video() {
    let desk = Desk::new();
    desk.script("story.md", STORY);
    let runs = ["a.mp4", "b.mp4"].map(|output| desk.start(&["make", "story.md", "-o", output]));
    for run in runs {
        let output = run.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let read = |name: &str| std::fs::read(desk.path(name)).expect("it is there");
    assert_eq!(read("a.mp4"), read("b.mp4"));
    assert_eq!(desk.kept("objects/renders").len(), 1);
}
