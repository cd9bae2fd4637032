use assets::{Assets, S3Settings};
use chrono::{DateTime, Utc};
use secrecy::SecretString;

use crate::conformance;
use crate::moto::Moto;
use crate::s3_server::S3Server;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).expect("a time")
}

fn with_links(assets: Assets) -> Assets {
    assets.with_links("https://shorts.example", SecretString::from("a secret of the server"))
}

#[tokio::test]
async fn memory() {
    conformance::check(&with_links(Assets::memory()), now()).await;
}

#[tokio::test]
async fn a_folder() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let assets = with_links(Assets::folder(&folder.path().join("objects")).expect("the folder can be made"));
    conformance::check(&assets, now()).await;
}

#[tokio::test]
async fn a_bucket() {
    let server = S3Server::start().await;
    conformance::check(&Assets::s3(&server.settings()).expect("good settings"), now()).await;
    assert_eq!(server.unfinished(), 0);
}

#[tokio::test]
async fn a_part_of_a_bucket() {
    let server = S3Server::start().await;
    let settings = S3Settings { prefix: Some("team/one".to_owned()), ..server.settings() };
    let other = Assets::s3(&S3Settings { prefix: Some("team/other".to_owned()), ..server.settings() }).expect("good settings");
    let assets = Assets::s3(&settings).expect("good settings");
    let theirs = other.put(assets::Place::Music, b"fLaC".as_slice().into()).await.expect("stored");
    conformance::check(&assets, now()).await;
    assert!(other.get(&theirs.key).await.is_ok(), "what is beside it is left alone");
}

/// The same promises on an implementation by others: signatures, listings and copies as they understand them.
#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_of_moto() {
    let server = Moto::start().await;
    let assets = Assets::s3(&server.settings).expect("good settings");
    conformance::check_all_but_addresses(&assets, now()).await;
    server.ask_nobody_any_more().await;
    conformance::addresses(&assets, now()).await;
}
