//! What ShortsAI Studio sends from a browser, sent to the real server: with sign-in, with vendors that are simulated, and with
//! a look at each field that the Studio reads. Its own build is not needed.

pub mod account;
mod admin;
mod answers;
mod archive;
mod browser;
mod devtools;
mod generation;
mod house;
mod live;
mod racing;
mod screen;
mod shape;
pub mod tab;
mod writing;

use serde_json::json;

use house::Studio;

/// From the first look at the page to the last, as one person would go.
#[tokio::test(flavor = "multi_thread")]
async fn the_studio_finds_everything_that_it_reads() {
    let studio = Studio::start().await;
    let tab = studio.tab();
    account::before_sign_in(&tab).await;
    account::sign_in(&studio.google, &tab, "ada").await;
    let user = account::startup(&tab, "ada").await;
    writing::folders(&tab).await;
    writing::shows(&tab).await;
    let project = writing::create_from_topic(&studio, &tab, &user).await;
    writing::lists(&tab, &project).await;
    generation::generate(&studio, &tab, &project).await;
    generation::change_one_scene(&studio, &tab, &project).await;
    generation::clip(&tab, &project).await;
    archive::export(&tab, &project).await;
    archive::context(&tab).await;
    writing::tools(&tab, &user).await;
    writing::characters(&tab).await;
    writing::deleted_projects_stay_deleted(&tab).await;
    account::keys(&tab, &user).await;
    admin::pages(&studio, &tab).await;
    account::sign_out(&tab, &project).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scene_sent_by_twenty_tabs_at_once_is_one_scene() {
    let studio = Studio::start().await;
    let tab = studio.signed_in("ada").await;
    racing::one_scene_from_many(&tab).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn autosaves_do_not_disturb_a_generation() {
    let studio = Studio::start().await;
    let tab = studio.signed_in("ada").await;
    racing::autosaves(&studio, &tab).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_shown_with_its_reason() {
    let studio = Studio::start().await;
    let tab = studio.signed_in("ada").await;
    let project = writing::project(&tab, json!({ "include_music": false })).await;
    writing::scenes(&tab, &project, &["One sentence about bees.", "And another one."]).await;
    generation::failure(&studio, &tab, &project).await;
}
