use model::character::Picture;
use model::project::{ProjectStatus, Settings};
use model::question::{Answer, Ask};
use model::task::{Product, TaskKind};
use store::{Details, NewQuestion, Outcome, ProjectQuery};

use crate::database::{Database, asset, at, id};

pub async fn questions_are_asked_once_and_kept_for_a_day(database: &Database) {
    let store = &database.store;
    let (owner, other) = (database.owner(1).await, database.owner(2).await);
    let ask = Ask::Portrait(Picture { key: "face".to_owned(), media_type: "image/png".to_owned() });
    let settings = Settings { topic: "the Moon".to_owned(), ..Settings::default() };
    let new = NewQuestion { id: id(7), owner, ask, settings, details: Details::default(), take: 3 };
    store.note_question(&new, at(0)).await.unwrap();
    store.note_question(&new, at(1)).await.unwrap();
    assert!(database.claim("w", 1).await.is_none(), "nobody has asked it yet");
    store.ask(new.id, false, at(2)).await.unwrap();
    store.ask(new.id, true, at(2)).await.unwrap();
    let lease = database.claim("w", 3).await.expect("a task");
    assert_eq!((lease.target.kind, lease.target.subject, lease.owner), (TaskKind::Answer, new.id, owner));
    assert!(database.claim("w", 3).await.is_none(), "it is asked once");
    assert!(store.start(&lease, at(3)).await.unwrap());
    let answer = Answer::Picture(asset("portrait"));
    assert!(store.finish(&lease, Outcome::Done(Product::Answer(answer.clone())), at(4)).await.unwrap());
    let record = store.ask(new.id, false, at(5)).await.unwrap();
    let question = record.project.question.clone().expect("a question");
    assert_eq!((record.project.status, record.project.script.take), (ProjectStatus::Completed, 3));
    assert_eq!((question.ask, question.answer), (new.ask.clone(), Some(answer)));
    assert!(database.claim("w", 5).await.is_none());

    let keys = ["face".to_owned(), "portrait".to_owned()];
    assert_eq!(store.owned_objects(owner, &keys).await.unwrap().len(), 2);
    assert_eq!(store.owned_objects(other, &keys).await.unwrap().len(), 0);
    let query = ProjectQuery { owner, limit: None, offset: 0, folder: None, archived: None };
    assert_eq!(store.projects(&query).await.unwrap().total, 0, "nobody sees what carries it");

    let day = 24 * 3600;
    assert!(store.question(new.id, at(day - 1)).await.unwrap().is_some());
    assert_eq!(store.forget_questions(at(day - 1)).await.unwrap(), Vec::<String>::new());
    assert!(store.question(new.id, at(day)).await.unwrap().is_none());
    // Asked again after a day it is another one.
    store.note_question(&new, at(day)).await.unwrap();
    let anew = store.question(new.id, at(day)).await.unwrap().expect("it is there again");
    assert_eq!(anew.project.status, ProjectStatus::Draft);
    assert_eq!(store.forget_questions(at(2 * day)).await.unwrap(), ["face"]);
    assert!(store.project(new.id).await.unwrap().is_none());
}
