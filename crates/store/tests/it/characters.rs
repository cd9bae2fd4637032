use model::character::{Character, Picture, Voice};
use model::project::Settings;
use model::workflow::{Edit, SceneChange};
use serde_json::json;
use store::{CharacterRecord, NewProject};
use uuid::Uuid;

use crate::database::{Database, at, draft, id, new_project};

fn character(number: u128, owner: Uuid, keys: &[&str]) -> Character {
    let picture = |key: &&str| Picture { key: (*key).to_owned(), media_type: "image/png".to_owned() };
    Character {
        id: id(number),
        owner,
        project: None,
        name: format!("Ána \"{number}\""),
        description: "red hair".to_owned(),
        pictures: keys.iter().map(picture).collect(),
        voice: number.is_multiple_of(2).then(|| Voice { vendor: "elevenlabs".to_owned(), name: String::new() }),
    }
}

fn ids(records: &[CharacterRecord]) -> Vec<u128> {
    records.iter().map(|record| record.character.id.as_u128()).collect()
}

pub async fn characters_are_read_back_and_are_their_owners(database: &Database) {
    let store = &database.store;
    let (owner, other) = (database.owner(1).await, database.owner(2).await);
    database.show(8, 1).await;
    let settings = Some(json!({ "stability": 0.5 }));
    let mut kept = Vec::new();
    for number in 3..6 {
        let new = CharacterRecord::new(character(number, owner, &["characters/a", "characters/b"]), at(number as i64));
        let new = CharacterRecord { voice_settings: settings.clone(), show_id: Some(id(8)), ..new };
        store.create_character(new.clone()).await.unwrap();
        kept.insert(0, new);
    }
    store.create_character(CharacterRecord::new(character(9, other, &["characters/c"]), at(9))).await.unwrap();
    assert_eq!(store.characters(owner).await.unwrap(), kept, "newest first, with all that was said");
    assert_eq!(store.character(owner, id(4)).await.unwrap().as_ref(), Some(&kept[1]));
    assert_eq!(store.character(owner, id(9)).await.unwrap(), None, "somebody else's is not there");
    let chosen = store.characters_by_id(owner, id(50), &[id(5), id(9), id(3), id(77)]).await.unwrap();
    assert_eq!(ids(&chosen), [5, 3]);
    let keys = ["characters/a", "characters/c", "uploads/style.png"].map(str::to_owned);
    let settings = Settings { reference: Some(keys[2].clone()), ..Settings::default() };
    store.create_project(NewProject { settings, ..new_project(50, owner) }, at(10)).await.unwrap();
    let mut owned: Vec<_> = store.owned_objects(owner, &keys).await.unwrap().into_iter().collect();
    owned.sort();
    assert_eq!(owned, ["characters/a", "uploads/style.png"]);
    assert_eq!(store.owned_objects(other, &keys).await.unwrap().into_iter().collect::<Vec<_>>(), ["characters/c"]);
}

pub async fn a_deleted_character_leaves_its_projects(database: &Database) {
    let store = &database.store;
    let owner = database.owner(1).await;
    store.create_character(CharacterRecord::new(character(3, owner, &["characters/a", "characters/b"]), at(1))).await.unwrap();
    store.create_character(CharacterRecord::new(character(4, owner, &["characters/b"]), at(2))).await.unwrap();
    let choosing = |number, chosen: &[u128]| {
        let new = new_project(number, owner);
        NewProject { settings: Settings { characters: chosen.iter().copied().map(id).collect(), ..new.settings }, ..new }
    };
    for (number, chosen) in [(50, &[3, 4][..]), (51, &[3]), (52, &[4])] {
        store.create_project(choosing(number, chosen), at(3)).await.unwrap();
    }
    database.edit(id(52), Edit::ReplaceScenes(vec![draft(500, "One")]), 4).await;
    let change = SceneChange { character: Some(Some(id(3))), ..SceneChange::default() };
    database.edit(id(52), Edit::ChangeScene { scene: id(500), change }, 4).await;
    let before = database.record(id(52)).await;

    assert_eq!(store.delete_character(id(2), id(3), at(5)).await.unwrap(), None, "somebody else can't");
    let orphans = store.delete_character(owner, id(3), at(5)).await.unwrap();
    assert_eq!(orphans, Some(vec!["characters/a".to_owned()]), "another character shows the other picture");
    assert_eq!(store.delete_character(owner, id(3), at(6)).await.unwrap(), None);
    let chosen = async |project| database.record(project).await.project.settings.characters;
    assert_eq!((chosen(id(50)).await, chosen(id(51)).await), (vec![id(4)], vec![]));
    let after = database.record(id(52)).await;
    assert_eq!((after.project.scenes[0].character, after.project.scenes[0].voice.is_some()), (None, true));
    assert!(after.event_number > before.event_number, "whoever polls sees it");
    assert_eq!(after.project.revision, before.project.revision, "no video has become old");
    assert_eq!(ids(&store.characters(owner).await.unwrap()), [4]);
}

pub async fn a_scripts_characters_are_its_projects(database: &Database) {
    let store = &database.store;
    let owner = database.owner(1).await;
    store.create_character(CharacterRecord::new(character(3, owner, &["characters/a"]), at(1))).await.unwrap();
    let own = |number, keys: &[&str]| Character { project: Some(id(50)), ..character(number, owner, keys) };
    let new = NewProject { characters: vec![own(4, &["characters/four"])], ..new_project(50, owner) };
    let project = store.create_project(new, at(2)).await.unwrap().project;
    let settings = Settings { reference: Some("uploads/style.png".to_owned()), ..Settings::default() };
    let other = NewProject { settings, ..new_project(51, owner) };
    let other = store.create_project(other, at(2)).await.unwrap().project;
    let cast = async |project| {
        let cast = store.cast(project).await.unwrap();
        cast.iter().map(|character| character.id.as_u128()).collect::<Vec<_>>()
    };
    assert_eq!((cast(&project).await, cast(&other).await), (vec![4, 3], vec![3]));
    assert_eq!(ids(&store.characters(owner).await.unwrap()), [3], "lists have those for all projects");
    assert_eq!(ids(&store.characters_by_id(owner, id(51), &[id(4), id(3)]).await.unwrap()), [3]);

    let changed = vec![own(5, &["characters/five", "characters/a"]), own(6, &["characters/six"])];
    let gone = store.set_script_characters(id(50), changed.clone(), at(3)).await.unwrap();
    assert_eq!(gone, ["characters/four"]);
    assert!(store.set_script_characters(id(50), changed, at(4)).await.unwrap().is_empty(), "the same once more is no change");
    assert_eq!(cast(&project).await, [6, 5, 3]);
    let gone = store.delete_project(id(50)).await.unwrap().expect("it was there");
    assert_eq!(gone, ["characters/five", "characters/six"], "what others show stays");
    assert_eq!(database.count("SELECT count(*) FROM character").await, 1);
    assert_eq!(store.delete_project(id(51)).await.unwrap(), Some(vec!["uploads/style.png".to_owned()]));
}
