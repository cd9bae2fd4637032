//! Who made a short: vendors and models for its maker to see, and the authors whose licences ask for a mention.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use model::project::{Asset, Project};

use crate::output;

/// Writes the authors of pictures and films that were found; `false`, and nothing is left of an earlier list, where there are
/// none.
pub fn write(project: &Project, path: &Path) -> anyhow::Result<bool> {
    let text = text(project);
    if text.is_empty() {
        // What a run before this one has written names pictures that are not in the video any more.
        if path.is_file() {
            std::fs::remove_file(path)?;
        }
        return Ok(false);
    }
    output::write(path, text.as_bytes())?;
    Ok(true)
}

fn text(project: &Project) -> String {
    let mut text = String::new();
    for scene in &project.scenes {
        if let Some(credit) = scene.visual().and_then(|asset| asset.credit.as_deref()) {
            // Writing to a string can't fail.
            let _ = writeln!(text, "Scene {}: {} ({}), {}", scene.number, credit.author, credit.licence, credit.source);
        }
    }
    text
}

/// One line: whom to thank, and what to set to have another one.
pub fn say_who_made_it(project: &Project) {
    let names = |assets: Vec<Option<&Asset>>| {
        let names: BTreeSet<&str> = assets.into_iter().flatten().map(|asset| asset.made_by.as_str()).collect();
        names.into_iter().collect::<Vec<_>>().join(", ")
    };
    let scenes = &project.scenes;
    let parts = [
        ("pictures", names(scenes.iter().map(|scene| scene.visual()).collect())),
        ("voice", names(scenes.iter().map(|scene| scene.audio.asset.as_ref()).collect())),
        ("music", names(vec![project.music.asset.as_ref().filter(|_| project.settings.include_music)])),
    ];
    let parts = parts.into_iter().filter(|(_, names)| !names.is_empty());
    let line: Vec<String> = parts.map(|(what, names)| format!("{what}: {names}")).collect();
    println!("  made by: {}", line.join("; "));
}

#[cfg(test)]
mod tests {
    use model::project::{Credit, Scene};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn only_what_was_found_is_credited() {
        let credit = Credit { author: "Ana".into(), licence: "CC BY 4.0".into(), source: "https://example.org/1".into() };
        let asset = |credit| Asset { key: "k".into(), media_type: "image/png".into(), bytes: 1, made_by: "a/b".into(), credit };
        let mut project = project();
        project.scenes[0].image.asset = Some(asset(Some(Box::new(credit))));
        project.scenes[1].image.asset = Some(asset(None));
        assert_eq!(text(&project), "Scene 1: Ana (CC BY 4.0), https://example.org/1\n");
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("short.credits.txt");
        assert!(write(&project, &path).expect("written") && path.is_file());
        project.scenes[0].image.asset = None;
        assert!(!write(&project, &path).expect("removed") && !path.exists());
    }

    fn project() -> Project {
        let scene = |number: i32| Scene::new(Uuid::from_u128(number as u128), number, "Words.".into(), String::new());
        Project {
            id: Uuid::nil(),
            owner: Uuid::nil(),
            status: Default::default(),
            question: None,
            notice: None,
            settings: Default::default(),
            scenes: vec![scene(1), scene(2)],
            script: Default::default(),
            music: Default::default(),
            render: None,
            revision: 0,
        }
    }
}
