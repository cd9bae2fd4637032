//! What administrators do: plans, and users' roles, subscriptions and blocks.

use model::usage::{Allowance, Money};
use store::{Plan, PlanAbout, PlanError, Profile, Role, UserChange, UserError};
use uuid::Uuid;

use crate::database::{Database, at, id};

fn plan(number: u128, slug: &str, price: f64) -> Plan {
    let about =
        PlanAbout { description: Some("d".to_owned()), price: Money::dollars(price), features: Some(serde_json::json!(["a"])) };
    let allowance = Allowance { images_per_month: Some(number as i64), ..Allowance::default() };
    Plan { id: id(number), slug: slug.to_owned(), name: slug.to_uppercase(), allowance, budget: None, about }
}

async fn person(database: &Database, number: u128) -> Uuid {
    let (google_id, email) = (format!("g{number}"), format!("p{number}@example.org"));
    let profile = Profile { google_id, email, name: String::new(), image: None };
    database.store.sign_in(&profile, &[], id(number), at(number as i64)).await.unwrap().user.id
}

pub async fn plans_are_made_changed_and_deleted(database: &Database) {
    let store = &database.store;
    let pro = store.create_plan(&plan(71, "pro", 19.9), at(1)).await.unwrap();
    assert_eq!((&pro.plan, pro.created_at), (&plan(71, "pro", 19.9), at(1)));
    store.create_plan(&plan(72, "free", 0.0), at(2)).await.unwrap();
    let same_slug = Plan { name: "other".to_owned(), ..plan(73, "pro", 1.0) };
    assert!(matches!(store.create_plan(&same_slug, at(3)).await, Err(PlanError::Taken("slug"))));
    assert!(matches!(
        store.change_plan(&Plan { name: "FREE".to_owned(), ..plan(71, "x", 1.0) }, at(3)).await,
        Err(PlanError::Taken("name"))
    ));
    assert!(matches!(store.change_plan(&plan(79, "y", 1.0), at(3)).await, Err(PlanError::NotFound)));
    let dear = store.change_plan(&Plan { about: PlanAbout::default(), ..plan(71, "best", 1.0) }, at(4)).await.unwrap();
    assert_eq!((dear.created_at, dear.updated_at), (at(1), at(4)));
    let order = async || store.plan_records().await.unwrap().into_iter().map(|record| record.plan.slug).collect::<Vec<_>>();
    assert_eq!(order().await, ["best", "free"]);
    // The configuration says nothing of the price.
    store.change_plan(&plan(71, "best", 5.0), at(5)).await.unwrap();
    store.put_plan(&Plan { about: PlanAbout::default(), ..plan(71, "best", 0.0) }, at(6)).await.unwrap();
    assert_eq!(order().await, ["free", "best"]);
    let user = person(database, 1).await;
    assert!(store.set_plan(user, Some(id(71))).await.unwrap());
    assert!(store.delete_plan(id(71)).await.unwrap());
    assert!(!store.delete_plan(id(71)).await.unwrap());
    assert_eq!(store.user(user).await.unwrap().unwrap().plan, None);
}

pub async fn a_new_subscription_puts_its_plan_into_force(database: &Database) {
    let store = &database.store;
    let (admin, user) = (person(database, 1).await, person(database, 2).await);
    store.create_plan(&plan(71, "pro", 19.9), at(1)).await.unwrap();
    store.create_plan(&plan(72, "big", 99.0), at(1)).await.unwrap();
    let change = async |change: UserChange| store.change_user(user, &change, at(9)).await;
    let subscribe = |name: &str| UserChange { subscription: Some(name.to_owned()), ..UserChange::default() };
    let pro = change(subscribe("PRO")).await.unwrap();
    assert_eq!((pro.tier.as_str(), pro.plan, pro.updated_at), ("pro", Some(id(71)), at(9)));
    let standings = store.standings(&[pro], at(9)).await.unwrap();
    assert_eq!(standings[&user].allowance.images_per_month, Some(71));
    let big = change(UserChange { plan: Some(Some(id(72))), ..UserChange::default() }).await.unwrap();
    assert_eq!((big.tier.as_str(), big.plan), ("pro", Some(id(72))));
    let same = change(subscribe("PRO")).await.unwrap();
    assert_eq!(same.plan, Some(id(72)), "it has not changed");
    let blocked = change(UserChange { blocked: Some(false), ..UserChange::default() }).await.unwrap();
    assert_eq!((blocked.tier.as_str(), blocked.plan), ("pro", Some(id(72))), "what is not said stays");
    let free = change(subscribe("FREE")).await.unwrap();
    assert_eq!((free.tier.as_str(), free.plan), ("free", None), "there is no such plan");
    assert!(matches!(change(UserChange { plan: Some(Some(id(79))), ..UserChange::default() }).await, Err(UserError::NoPlan)));
    assert!(matches!(store.change_user(id(99), &subscribe("PRO"), at(9)).await, Err(UserError::NotFound)));
    store.begin_session(user, "secret", at(9)).await.unwrap();
    store.begin_session(admin, "other", at(9)).await.unwrap();
    assert!(change(UserChange { blocked: Some(true), ..UserChange::default() }).await.unwrap().is_blocked);
    assert!(store.session("secret", at(9)).await.unwrap().is_none() && store.session("other", at(9)).await.unwrap().is_some());
}

pub async fn who_is_new_gets_the_free_plan(database: &Database) {
    let store = &database.store;
    let profile = |google: &str, email: &str| Profile {
        google_id: google.to_owned(),
        email: email.to_owned(),
        name: String::new(),
        image: None,
    };
    let before = store.sign_in(&profile("g1", "one@example.org"), &[], id(31), at(1)).await.unwrap().user;
    assert_eq!(before.plan, None, "there is none yet");
    store.create_plan(&plan(72, "free", 0.0), at(2)).await.unwrap();
    let new = store.sign_in(&profile("g2", "two@example.org"), &[], id(32), at(3)).await.unwrap().user;
    let added = store.add_user(id(33), "three@example.org", Role::User, at(3)).await.unwrap().user;
    let again = store.sign_in(&profile("g1", "one@example.org"), &[], id(34), at(4)).await.unwrap().user;
    assert_eq!((new.plan, added.plan, again.plan), (Some(id(72)), Some(id(72)), None), "who was there keeps what they have");
}

pub async fn the_last_administrator_stays(database: &Database) {
    let store = &database.store;
    let (one, other) = (person(database, 1).await, person(database, 2).await);
    let role = |role| UserChange { role: Some(role), ..UserChange::default() };
    let block = UserChange { blocked: Some(true), ..UserChange::default() };
    assert!(matches!(store.change_user(one, &role(Role::User), at(3)).await, Err(UserError::LastAdmin)));
    assert!(matches!(store.change_user(one, &block, at(3)).await, Err(UserError::LastAdmin)));
    store.change_user(other, &role(Role::Admin), at(3)).await.unwrap();
    // At the same moment.
    let (user, block) = (role(Role::User), block);
    let (first, second) = tokio::join!(store.change_user(one, &user, at(4)), store.change_user(other, &block, at(4)));
    assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
}
