//! What users bring themselves: music, voices of single scenes, characters and pictures to go by.

use super::*;

#[test]
fn given_music_stays_until_it_is_taken_out() {
    let mut run = Run::new(1);
    run.edit(Edit::Settings { settings: Box::default(), remake: false });
    run.edit(Edit::GiveMusic(Some(asset("song"))));
    assert!(run.project.settings.include_music, "whoever brings music wants it heard");
    let step = run.command(Command::GenerateAll { force: true });
    assert!(step.enqueue.iter().all(|task| task.target.kind != TaskKind::ComposeMusic));
    run.drain();
    assert_eq!(run.project.storyboard().expect("all is there").bg_music_url.as_deref(), Some("song"));
    let mood = Settings { style: "noir".into(), music_prompt: "sad".into(), ..run.project.settings.clone() };
    run.edit(Edit::Settings { settings: Box::new(mood), remake: true });
    let silent = Settings { include_music: false, ..run.project.settings.clone() };
    run.edit(Edit::Settings { settings: Box::new(silent), remake: true });
    assert_eq!((run.project.music.given, run.project.music.asset.as_ref()), (true, Some(&asset("song"))));
    run.edit(Edit::GiveMusic(Some(asset("song"))));
    assert_eq!(run.project.music.generation, 1, "the same once more is no change");
    run.edit(Edit::GiveMusic(None));
    assert_eq!((run.project.music.status, &run.project.music.asset), (SlotStatus::Draft, &None));
    let step = run.command(Command::GenerateMusic);
    assert_eq!(step.enqueue.len(), 1);
    run.drain();
    run.edit(Edit::GiveMusic(None));
    assert_eq!(run.project.music.status, SlotStatus::Completed, "music that was made is not theirs to take out");
}

#[test]
fn a_scenes_own_voice_concerns_its_narration_only() {
    let voice = |name: &str| Some(Voice { vendor: "espeak".into(), name: name.into() });
    let mut run = Run::new(2);
    run.command(Command::GenerateAll { force: false });
    run.drain();
    let statuses = |project: &Project| project.scenes.iter().map(|scene| scene.audio.status).collect::<Vec<_>>();
    let change = SceneChange { voice: Some(voice("ana")), character: Some(Some(id(7))), ..SceneChange::default() };
    run.edit(Edit::ChangeScene { scene: id(10), change: change.clone() });
    assert_eq!(statuses(&run.project), [SlotStatus::Draft, SlotStatus::Completed]);
    assert!(run.project.scenes.iter().all(|scene| scene.image.status == SlotStatus::Completed));
    run.command(Command::GenerateAll { force: false });
    run.drain();
    run.edit(Edit::ChangeScene { scene: id(10), change });
    assert_eq!(statuses(&run.project), [SlotStatus::Completed; 2], "the same voice once more is no change");
    let another = Settings { voice: "bob".into(), speech_vendor: "edge".into(), ..run.project.settings.clone() };
    run.edit(Edit::Settings { settings: Box::new(another.clone()), remake: true });
    assert_eq!(statuses(&run.project), [SlotStatus::Completed, SlotStatus::Draft], "it does not speak with the project's voice");
    run.edit(Edit::Settings { settings: Box::new(Settings { language: "pt".into(), ..another }), remake: true });
    assert_eq!(statuses(&run.project), [SlotStatus::Draft; 2]);
}

#[test]
fn another_cast_or_reference_is_another_look() {
    for settings in [
        Settings { reference: Some("style".into()), ..Settings::default() },
        Settings { characters: vec![id(7)], ..Settings::default() },
    ] {
        let mut run = Run::new(1);
        run.command(Command::GenerateAll { force: false });
        run.drain();
        let settings = Settings { include_music: true, ..settings };
        run.edit(Edit::Settings { settings: Box::new(settings.clone()), remake: false });
        assert_eq!(run.project.scenes[0].image.status, SlotStatus::Completed);
        run.edit(Edit::Settings { settings: Box::new(run.project.settings.clone()), remake: true });
        assert_eq!(run.project.scenes[0].image.status, SlotStatus::Completed);
        run.edit(Edit::Settings { settings: Box::new(Settings { include_music: true, ..Settings::default() }), remake: true });
        assert_eq!(
            (run.project.scenes[0].image.status, run.project.scenes[0].audio.status),
            (SlotStatus::Draft, SlotStatus::Completed)
        );
    }
}
