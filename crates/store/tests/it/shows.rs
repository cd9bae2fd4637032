//! Shows with their episodes and characters.

use model::character::{Character, Picture};
use store::{CharacterRecord, Details, NewProject, Show};

use crate::database::{Database, at, id, new_project};

fn show(number: u128, owner: u128, seconds: i64) -> Show {
    Show {
        id: id(number),
        owner: id(owner),
        name: format!("Show {number}"),
        description: "d".to_owned(),
        style_preset: "Anime".to_owned(),
        visual_prompt: Some("ü".to_owned()),
        default_tts_provider: "gemini".to_owned(),
        created_at: at(seconds),
        updated_at: at(seconds),
    }
}

pub async fn shows_outlive_nothing_but_themselves(database: &Database) {
    let store = &database.store;
    database.owner(1).await;
    database.owner(2).await;
    for new in [show(10, 1, 1), show(11, 1, 2), show(12, 2, 3)] {
        store.create_show(&new).await.unwrap();
    }
    assert_eq!(store.show(id(1), id(10)).await.unwrap(), Some(show(10, 1, 1)));
    assert_eq!(store.show(id(1), id(12)).await.unwrap(), None, "not somebody else's");
    for (number, episode_number) in [(1, Some(1)), (2, Some(2)), (3, None)] {
        let details = Details { show_id: (number < 3).then(|| id(10)), episode_number, ..Details::default() };
        let new = NewProject { details, ..new_project(number, id(1)) };
        store.create_project(new, at(number as i64)).await.unwrap();
    }
    let character = Character {
        id: id(50),
        owner: id(1),
        project: None,
        name: "Ana".to_owned(),
        description: String::new(),
        pictures: vec![Picture { key: "characters/a.png".to_owned(), media_type: "image/png".to_owned() }],
        voice: None,
    };
    let record = CharacterRecord { show_id: Some(id(10)), ..CharacterRecord::new(character, at(1)) };
    store.create_character(record.clone()).await.unwrap();

    let counts = async || {
        let shows = store.shows(id(1)).await.unwrap();
        shows.into_iter().map(|record| (record.show.id.as_u128(), record.episodes, record.characters)).collect::<Vec<_>>()
    };
    assert_eq!(counts().await, [(11, 0, 0), (10, 2, 1)]);
    let changed = Show { name: "New".to_owned(), visual_prompt: None, updated_at: at(9), ..show(10, 1, 1) };
    assert!(store.change_show(&changed).await.unwrap());
    assert!(!store.change_show(&Show { owner: id(2), ..changed.clone() }).await.unwrap());
    assert_eq!(store.show(id(1), id(10)).await.unwrap(), Some(changed));
    assert_eq!(counts().await, [(10, 2, 1), (11, 0, 0)], "what was changed last comes first");
    let newest = store.episodes(id(1), id(10), 1).await.unwrap();
    assert_eq!((newest.len(), newest[0].project.id, newest[0].details.episode_number), (1, id(2), Some(2)));
    assert_eq!(store.characters_of_show(id(1), id(10)).await.unwrap(), [record]);

    assert!(!store.delete_show(id(2), id(10), at(10)).await.unwrap());
    assert!(store.delete_show(id(1), id(10), at(10)).await.unwrap());
    assert!(!store.delete_show(id(1), id(10), at(10)).await.unwrap());
    let episode = database.record(id(1)).await;
    assert_eq!((episode.details.show_id, episode.details.episode_number, episode.event_number), (None, None, 1));
    assert_eq!(store.character(id(1), id(50)).await.unwrap().map(|record| record.show_id), Some(None));
    assert_eq!(counts().await, [(11, 0, 0)]);
}
