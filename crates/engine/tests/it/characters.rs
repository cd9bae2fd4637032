//! Who and what pictures are drawn after, and scenes with voices of their own.

use std::sync::atomic::Ordering;

use assets::Place;
use bytes::Bytes;
use model::character::{Character, Picture, Voice};
use model::project::{ProjectStatus, Settings, SlotStatus};
use model::workflow::{Command, Edit, Input, SceneChange};
use providers::image::Reference;
use store::CharacterRecord;
use uuid::Uuid;

use crate::house::House;

fn png(content: &str) -> Bytes {
    [b"\x89PNG\r\n\x1a\n", content.as_bytes()].concat().into()
}

impl House {
    async fn character(&self, number: u128, name: &str) -> Uuid {
        let key = self.assets.put(Place::Characters, png(name)).await.expect("stored").key;
        let character = Character {
            id: Uuid::from_u128(number),
            owner: self.owner,
            project: None,
            name: name.to_owned(),
            description: format!("{name} has a hat"),
            pictures: vec![Picture { key, media_type: "image/png".to_owned() }],
            voice: None,
        };
        self.store.create_character(CharacterRecord::new(character, self.now())).await.expect("created");
        Uuid::from_u128(number)
    }

    async fn describe(&self, project: Uuid, description: &str) {
        let scene = self.load(project).await.scenes[0].id;
        let change = SceneChange { visual_description: Some(description.to_owned()), ..SceneChange::default() };
        self.apply(project, Input::Edit(Edit::ChangeScene { scene, change })).await;
    }

    async fn choose(&self, project: Uuid, characters: Vec<Uuid>, reference: Option<String>) {
        let settings = Settings { characters, reference, ..self.load(project).await.settings };
        self.apply(project, Input::Edit(Edit::Settings { settings: Box::new(settings), remake: true })).await;
    }

    /// Draws, and answers after what.
    async fn drawn(&self, project: Uuid) -> Vec<Reference> {
        self.apply(project, Input::Command(Command::GenerateImages { force: false })).await;
        let engine = self.engine();
        let done = self.until(project, |project| project.status != ProjectStatus::Generating).await;
        engine.stop().await;
        assert_eq!(done.failures(), Vec::<String>::new());
        let drawn = self.vendor.drawn.lock().expect("no panic holds this lock");
        drawn.last().expect("it was asked").references.clone()
    }
}

fn reference(name: &str) -> Reference {
    let description = format!("{name} has a hat");
    Reference { bytes: png(name), media_type: "image/png".to_owned(), character: Some(name.to_owned()), description }
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_are_drawn_after_the_characters_of_their_scenes() {
    let house = House::new().await;
    house.vendor.sees.store(true, Ordering::SeqCst);
    let (ana, bob) = (house.character(71, "Ana").await, house.character(72, "Bob").await);
    let style = house.assets.put(Place::Uploads, png("style")).await.expect("stored").key;
    let project = house.project(&["One."]).await;
    assert_eq!(house.drawn(project).await, []);
    house.choose(project, vec![bob, ana], Some(style)).await;
    let of_style = Reference { bytes: png("style"), media_type: "image/png".into(), character: None, description: String::new() };
    assert_eq!(house.drawn(project).await, [reference("Bob"), reference("Ana"), of_style]);
    house.choose(project, vec![bob], None).await;
    assert_eq!(house.drawn(project).await, [reference("Bob")]);
    house.describe(project, "Ana on a hill").await;
    assert_eq!(house.drawn(project).await, [reference("Ana")], "only whoever is named is shown");
    assert_eq!(house.vendor.calls().0, 4, "each choice is a request of its own");
    house.describe(project, "a picture").await;
    assert_eq!(house.drawn(project).await, [reference("Ana")], "nothing was asked");
    assert_eq!(house.vendor.calls().0, 4, "and the same choice is the same request");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_can_not_see_draws_as_before() {
    let house = House::new().await;
    let project = house.project(&["One."]).await;
    assert_eq!(house.drawn(project).await, []);
    let ana = house.character(71, "Ana").await;
    house.choose(project, vec![ana], Some("uploads/0123456789abcdef0123456789abcdef.png".to_owned())).await;
    assert_eq!(house.drawn(project).await, []);
    assert_eq!(house.vendor.calls().0, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_is_gone_is_named() {
    let house = House::new().await;
    house.vendor.sees.store(true, Ordering::SeqCst);
    let ana = house.character(71, "Ana").await;
    let project = house.project(&["One."]).await;
    house.choose(project, vec![ana], None).await;
    let key = house.store.cast(&house.load(project).await).await.expect("read").remove(0).pictures.remove(0).key;
    house.assets.delete(&key).await.expect("deleted");
    house.apply(project, Input::Command(Command::GenerateImages { force: false })).await;
    let engine = house.engine();
    let done = house.until(project, |project| project.scenes[0].image.status == SlotStatus::Failed).await;
    engine.stop().await;
    let reason = "scene 1: the picture: the picture of the character Ana is not there any more; choose another one";
    assert_eq!(done.failures(), [reason]);
    assert_eq!(house.vendor.calls().0, 0, "nobody is asked to draw without it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scene_is_spoken_with_its_own_voice() {
    let house = House::new().await;
    let project = house.project(&["One.", "Two."]).await;
    let settings = Settings { voice: "narrator".to_owned(), ..house.load(project).await.settings };
    house.apply(project, Input::Edit(Edit::Settings { settings: Box::new(settings), remake: true })).await;
    let speak = async || {
        house.vendor.spoken.lock().expect("no panic holds this lock").clear();
        house.apply(project, Input::Command(Command::GenerateAudio { force: false })).await;
        let engine = house.engine();
        house.until(project, |project| project.status != ProjectStatus::Generating).await;
        engine.stop().await;
        let spoken = house.vendor.spoken.lock().expect("no panic holds this lock").clone();
        let mut spoken: Vec<_> = spoken.into_iter().map(|request| (request.text, request.voice)).collect();
        spoken.sort();
        spoken
    };
    let says = |text: &str, voice: &str| (text.to_owned(), voice.to_owned());
    let give = async |name: Option<&str>| {
        let scene = house.load(project).await.scenes[1].id;
        let voice = name.map(|name| Voice { vendor: "test".to_owned(), name: name.to_owned() });
        let change = SceneChange { voice: Some(voice), ..SceneChange::default() };
        house.apply(project, Input::Edit(Edit::ChangeScene { scene, change })).await;
    };
    give(Some("ana")).await;
    assert_eq!(speak().await, [says("One.", "narrator"), says("Two.", "ana")]);
    give(Some("bob")).await;
    assert_eq!(speak().await, [says("Two.", "bob")]);
    give(None).await;
    assert_eq!(speak().await, [says("Two.", "narrator")]);
    give(Some("ana")).await;
    assert_eq!(speak().await, [], "it has been spoken like that before");
}
