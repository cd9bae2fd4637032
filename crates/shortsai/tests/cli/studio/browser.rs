//! The same in a real browser: cookies and their sites, the policies of pages, forms that lead elsewhere and back, live events,
//! pictures and sounds as elements of a page.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::devtools::{Browser, Page};
use super::house::{Studio, person};
use crate::desk::Desk;
use crate::serving::Server;

/// What the page says of itself: `half` before it signs out, then `yes` or `failed`.
const STATE: &str = "document.documentElement.dataset.state";
const STEPS: &str = "document.getElementById('steps').innerText";

#[tokio::test(flavor = "multi_thread")]
async fn a_real_browser_goes_the_whole_way() {
    let Some(mut browser) = Browser::start().await else {
        eprintln!("skipped: there is no Chromium here; scripts/setup.sh --tests installs it");
        return;
    };
    let studio = Studio::start().await;
    *studio.google.present.lock().expect("no panic holds it") = Some(person("ada"));
    let page = browser.open(&studio.home).await;
    check(&mut browser, &page, "half").await;
    strangers_change_nothing(&mut browser, &studio, &page).await;
    browser.evaluate(&page, "goOn()").await;
    check(&mut browser, &page, "yes").await;
    let steps = browser.evaluate(&page, STEPS).await;
    for step in ["signed in", "live events", "picture", "sound", "archive", "signed out"] {
        assert!(steps.as_str().expect("text").contains(step), "{step}: {steps}");
    }
    own_pages(&mut browser).await;
}

async fn check(browser: &mut Browser, page: &Page, wanted: &str) {
    let state = browser.wait_for(page, STATE, &[wanted, "failed"]).await;
    let steps = browser.evaluate(page, STEPS).await;
    assert_eq!(state, wanted, "{}\n{:?}", steps.as_str().unwrap_or_default(), browser.complaints);
    // The page looks for itself that it is signed out.
    browser.complaints.retain(|complaint| !(wanted == "yes" && complaint.contains("/api/projects") && complaint.contains("401")));
    assert_eq!(browser.complaints, Vec::<String>::new(), "the page has nothing to complain about");
}

/// A page of another site tries to use the session of whoever looks at it.
async fn strangers_change_nothing(browser: &mut Browser, studio: &Studio, page: &Page) {
    let stranger = browser.open(&format!("{}/keys", studio.google.issuer())).await;
    let home = &studio.home;
    browser.wait_for(&stranger, "document.readyState", &["complete"]).await;
    let count = "fetch('/api/projects').then((answer) => answer.json()).then((list) => String(list.length))";
    let before = browser.evaluate(page, count).await;
    let post = format!(
        "fetch('{home}/api/projects', {{ method: 'POST', mode: 'no-cors', credentials: 'include', body: '{{\"topic\":\"x\"}}' }}).then(() => 'sent')"
    );
    assert_eq!(browser.evaluate(&stranger, &post).await, json!("sent"));
    let read = format!("fetch('{home}/api/projects', {{ credentials: 'include' }}).then(() => 'read', () => 'kept out')");
    assert_eq!(browser.evaluate(&stranger, &read).await, json!("kept out"));
    let form = format!(
        "(() => {{ const form = document.createElement('form'); form.method = 'POST'; form.action = '{home}/api/auth/signout'; \
         document.documentElement.append(form); form.submit(); }})()"
    );
    browser.evaluate(&stranger, &form).await;
    browser.wait_for(&stranger, "location.origin", &[home]).await;
    let session = "fetch('/api/auth/session').then((answer) => answer.json()).then((session) => session.user.email)";
    assert_eq!(browser.evaluate(page, session).await, json!("ada@shorts.example"), "still signed in");
    assert_eq!(browser.evaluate(page, count).await, before);
    // What the browser has kept from the stranger, it has said.
    browser.complaints.clear();
}

/// The pages that the program brings along keep to their own policies.
async fn own_pages(browser: &mut Browser) {
    let desk = Desk::new();
    let server = Server::start(&desk);
    let shots = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    for (path, ready, shot) in [
        ("/", "document.querySelector('h1')?.innerText", "home.png"),
        ("/docs/", "document.querySelector('.info .title')?.innerText.split('\\n')[0].trim()", "docs.png"),
    ] {
        let page = browser.open(&format!("http://{}{path}", server.address)).await;
        browser.wait_for(&page, ready, &["ShortsAI is running", "ShortsAI"]).await;
        let picture = STANDARD.decode(browser.screenshot(&page).await).expect("base64");
        std::fs::write(shots.join(shot), &picture).expect("the folder is ours");
        let drawn = image::load_from_memory(&picture).expect("a picture").to_rgb8();
        let colours: std::collections::BTreeSet<[u8; 3]> = drawn.pixels().map(|pixel| pixel.0).collect();
        assert!(colours.len() > 16, "{path} shows something: {} colours", colours.len());
        assert_eq!(browser.complaints, Vec::<String>::new(), "{path}");
    }
}
