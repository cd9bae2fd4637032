use chrono::Duration;
use store::{AccessToken, Profile, Role, Scope, UserChange, UserError, session_lifetime};
use tokio::task::JoinSet;

use crate::database::{Database, at, id};

fn profile(google_id: &str, email: &str) -> Profile {
    Profile { google_id: google_id.to_owned(), email: email.to_owned(), name: String::new(), image: None }
}

pub async fn people_are_known_by_google_and_by_address(database: &Database) {
    let store = &database.store;
    let first = store.sign_in(&profile("g1", "Ada@Example.org"), &[], id(901), at(1)).await.unwrap();
    assert!(first.is_new);
    assert_eq!((first.user.name.as_str(), first.user.email.as_deref()), ("ada", Some("ada@example.org")));
    assert_eq!(first.user.role, Role::Admin, "the first one");
    let moved = store.sign_in(&profile("g1", "new@example.org"), &[], id(902), at(2)).await.unwrap();
    assert_eq!((moved.user.id, moved.is_new), (first.user.id, false), "Google's id counts, not the address");
    let listed = store.add_user(id(903), " Bob@example.org ", Role::User, at(3)).await.unwrap();
    assert!(listed.is_new && !store.add_user(id(904), "bob@EXAMPLE.org", Role::Admin, at(3)).await.unwrap().is_new);
    let named = Profile { name: " Bob B. ".to_owned(), ..profile("g2", "bob@example.org") };
    let bob = store.sign_in(&named, &["BOB@example.org".to_owned()], id(905), at(4)).await.unwrap();
    assert_eq!((bob.user.id, bob.is_new, bob.user.role), (listed.user.id, false, Role::Admin));
    assert_eq!(bob.user.name, "Bob B.");
    let carl = store.sign_in(&profile("g3", "carl@example.org"), &[], id(906), at(5)).await.unwrap();
    assert_eq!(carl.user.role, Role::User);
    assert_eq!(store.user_by_email("CARL@example.org ").await.unwrap(), Some(carl.user.clone()));
    let (blocked, dismissed) = (
        UserChange { blocked: Some(true), ..UserChange::default() },
        UserChange { role: Some(Role::User), ..UserChange::default() },
    );
    store.change_user(carl.user.id, &blocked, at(6)).await.unwrap();
    store.change_user(bob.user.id, &dismissed, at(6)).await.unwrap();
    assert!(store.user(carl.user.id).await.unwrap().unwrap().is_blocked);
    assert_eq!(store.user(bob.user.id).await.unwrap().unwrap().role, Role::User);
    assert!(matches!(store.change_user(id(999), &blocked, at(6)).await, Err(UserError::NotFound)));
    assert!(store.users().await.unwrap().iter().any(|user| user.id == bob.user.id));
}

pub async fn only_one_is_the_first(database: &Database) {
    let mut coming = JoinSet::new();
    for number in 910..916 {
        let (store, name) = (database.store.clone(), format!("p{number}@example.org"));
        coming.spawn(async move { store.sign_in(&profile(&name, &name), &[], id(number), at(1)).await.unwrap().user.role });
    }
    let roles = coming.join_all().await;
    assert_eq!(roles.iter().filter(|role| **role == Role::Admin).count(), 1, "{roles:?}");
}

pub async fn sessions_last_while_they_are_used(database: &Database) {
    let store = &database.store;
    let user = store.sign_in(&profile("g1", "a@example.org"), &[], id(901), at(0)).await.unwrap().user;
    store.begin_session(user.id, "secret", at(0)).await.unwrap();
    assert_eq!(store.session("other", at(1)).await.unwrap(), None);
    let (found, end) = store.session("secret", at(1)).await.unwrap().expect("a session");
    assert_eq!((found.id, end), (user.id, at(0) + session_lifetime()), "not each request writes");
    let later = at(0) + Duration::days(29);
    let (_, end) = store.session("secret", later).await.unwrap().expect("it lasts");
    assert_eq!(end, later + session_lifetime());
    assert!(store.session("secret", end - Duration::seconds(1)).await.unwrap().is_some());
    let over = end + session_lifetime();
    assert_eq!(store.session("secret", over).await.unwrap(), None);
    store.begin_session(user.id, "new", over).await.unwrap();
    assert_eq!(store.forget_sessions(over).await.unwrap(), 1, "the one that is over");
    assert!(store.session("new", over).await.unwrap().is_some(), "the other one lasts");
    store.end_session("new").await.unwrap();
    assert_eq!(store.session("new", over).await.unwrap(), None);
}

pub async fn tokens_are_their_users(database: &Database) {
    let store = &database.store;
    let user = store.sign_in(&profile("g1", "a@example.org"), &[], id(901), at(0)).await.unwrap().user;
    let token = |number, scope, days: Option<i64>| AccessToken {
        id: id(number),
        name: format!("token {number}"),
        scope,
        created_at: at(number as i64),
        used_at: None,
        expires_at: days.map(|days| at(0) + Duration::days(days)),
    };
    store.add_token(user.id, &token(1, Scope::Read, None), "one").await.unwrap();
    store.add_token(user.id, &token(2, Scope::Write, Some(1)), "two").await.unwrap();
    let may =
        async |secret: &str, second: i64| store.token(secret, at(second)).await.unwrap().map(|(user, scope)| (user.id, scope));
    assert_eq!(may("one", 10).await, Some((user.id, Scope::Read)));
    assert_eq!(may("two", 10).await, Some((user.id, Scope::Write)));
    assert_eq!(may("two", 86_400).await, None, "its time is over");
    assert_eq!(may("three", 10).await, None);
    let listed = store.tokens(user.id).await.unwrap();
    assert_eq!(listed.iter().map(|token| token.id).collect::<Vec<_>>(), [id(2), id(1)]);
    assert_eq!(listed[1].used_at, Some(at(10)));
    assert!(!store.revoke_token(id(99), id(1)).await.unwrap(), "not somebody else's");
    assert!(store.revoke_token(user.id, id(1)).await.unwrap());
    assert_eq!(may("one", 11).await, None);
}

pub async fn uploads_belong_to_those_who_brought_them(database: &Database) {
    let (store, owner) = (&database.store, database.owner(1).await);
    let key = "uploads/0123456789abcdef0123456789abcdef.png".to_owned();
    let owns = async |owner| store.owned_objects(owner, std::slice::from_ref(&key)).await.unwrap().contains(&key);
    assert!(!owns(owner).await);
    store.note_upload(owner, &key, at(1)).await.unwrap();
    store.note_upload(owner, &key, at(2)).await.unwrap();
    assert!(owns(owner).await && !owns(database.owner(2).await).await);
}
