//! Stocks of photographs and films, and the pictures and clips that are taken out of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::project::Credit;
use model::storyboard::Size;
use providers::api::Api;
use providers::clip::{Clip, ClipRequest};
use providers::error::ProviderError;
use providers::image::{ImageProvider, ImageRequest};
use providers::job::{JobProvider, Polled};
use providers::simulator::{Fault, FaultKind};
use providers::stock::{Search, StockClips, StockImages, StockProvider};
use providers::vendor::Vendor;
use providers::{openverse, pexels, pixabay};

use super::setup::{World, key, outcome, pixels, start, waiting};

/// A small video: the clips for it are made soon.
const SMALL: Size = Size { width: 360, height: 640 };

fn api(world: &World, vendor: Vendor) -> Api {
    let (http, base) = (world.http.clone(), world.base(vendor));
    match vendor {
        Vendor::Pexels => pexels::api(http, base, key()),
        Vendor::Pixabay => pixabay::api(http, base, key()),
        _ => openverse::api(http, base, None),
    }
}

fn stock(world: &World, vendor: Vendor) -> Arc<dyn StockProvider> {
    let api = api(world, vendor);
    match vendor {
        Vendor::Pexels => Arc::new(pexels::Pexels::new(api)),
        Vendor::Pixabay => Arc::new(pixabay::Pixabay::new(api)),
        _ => Arc::new(openverse::Openverse::new(api)),
    }
}

const ALL: [Vendor; 3] = [Vendor::Pexels, Vendor::Pixabay, Vendor::Openverse];
const WITH_FILMS: [Vendor; 2] = [Vendor::Pexels, Vendor::Pixabay];

pub fn images(world: &World, vendor: Vendor) -> StockImages {
    StockImages::new(vendor, stock(world, vendor))
}

pub fn clips(world: &World, vendor: Vendor) -> StockClips {
    StockClips::new(vendor, stock(world, vendor))
}

pub fn request() -> ImageRequest {
    ImageRequest {
        description: "A red rocket over the ocean, cinematic".into(),
        title: "Moon landing".into(),
        language: "en".into(),
        size: SMALL,
        scene_number: 1,
        scene_count: 3,
        ..ImageRequest::default()
    }
}

pub fn clip_request() -> ClipRequest {
    ClipRequest {
        description: "A red rocket over the ocean".into(),
        language: "en".into(),
        size: SMALL,
        seconds: 6,
        scene_number: 1,
        ..ClipRequest::default()
    }
}

/// Whose work it is, and that all of it is known.
fn check_credit(vendor: Vendor, credit: Option<&Credit>) {
    let credit = credit.expect("what is found has an author");
    let licence = match vendor {
        Vendor::Pexels => "Pexels License",
        Vendor::Pixabay => "Pixabay Content License",
        _ => "",
    };
    let open = ["CC BY 4.0", "CC BY-SA 2.0", "CC0 1.0", "Public Domain Mark 1.0"];
    assert!(credit.licence == licence || vendor == Vendor::Openverse && open.contains(&credit.licence.as_str()), "{credit:?}");
    assert!(credit.author.contains(' ') && credit.source.starts_with("https://"), "{credit:?}");
}

#[tokio::test]
async fn pictures_are_tall_large_enough_and_credited() {
    let world = start();
    for vendor in ALL {
        world.simulator.forget();
        let image = images(&world, vendor).draw(&request(), "").await.expect("a picture");
        let (width, height) = pixels(&image.bytes);
        assert!(width < height && width >= 720, "{vendor}: {width}×{height}");
        assert_eq!(image.media_type, "image/jpeg");
        check_credit(vendor, image.credit.as_ref());
        let searched = world.calls("stock").remove(0);
        assert_eq!(searched.details["prompt"], "red rocket ocean", "{vendor}");
        assert_eq!(searched.key.is_some(), vendor != Vendor::Openverse);
        if vendor == Vendor::Openverse {
            assert_eq!(searched.details["licenceType"], "commercial,modification");
        }
    }
}

#[tokio::test]
async fn scenes_and_takes_get_pictures_of_their_own() {
    let world = start();
    for vendor in ALL {
        let images = images(&world, vendor);
        let mut sources = BTreeSet::new();
        for (scene_number, take) in [(1, 0), (2, 0), (3, 0), (1, 1), (2, 1)] {
            let image = images.draw(&ImageRequest { scene_number, take, ..request() }, "").await.expect("a picture");
            sources.insert(image.credit.expect("a credit").source);
        }
        assert_eq!(sources.len(), 5, "{vendor}");
        let again = images.draw(&ImageRequest { scene_number: 2, take: 1, ..request() }, "").await.expect("a picture");
        assert!(sources.contains(&again.credit.expect("a credit").source), "{vendor} is not steady");
    }
}

#[tokio::test]
async fn fewer_words_are_searched_if_all_find_nothing() {
    let world = start();
    let vendor = Vendor::Pexels;
    world.misbehave(vendor.name(), "stock", FaultKind::Empty, Some(3));
    images(&world, vendor).draw(&request(), "").await.expect("a picture");
    let searched: Vec<String> = world.calls("stock").iter().map(|call| call.details["prompt"].to_string()).collect();
    assert_eq!(searched, [r#""red rocket ocean""#, r#""rocket ocean""#, r#""rocket""#, r#""moon landing""#]);

    world.misbehave(vendor.name(), "stock", FaultKind::Empty, None);
    let expected = "Pexels has no picture for “red rocket ocean”, nor for fewer words; describe the scene in other words, or \
                    choose another picture vendor";
    assert_eq!(images(&world, vendor).draw(&request(), "").await, Err(ProviderError::Fatal(expected.into())));
    let ordered = clips(&world, vendor).submit(&clip_request(), "").await;
    let expected = "Pexels has no clip for “red rocket ocean”, nor for fewer words; describe the scene in other words, or choose \
                    another clip vendor";
    assert_eq!(ordered, Err(ProviderError::Fatal(expected.into())));
    let silent = ImageRequest { description: String::new(), title: String::new(), ..request() };
    let error = images(&world, vendor).draw(&silent, "").await.expect_err("nothing to search for");
    assert!(error.to_string().contains("for a scene without words"), "{error}");
}

#[tokio::test]
async fn every_fault_of_a_search_has_its_class() {
    let world = start();
    let table: [(Fault, &str); 11] = [
        (FaultKind::Unauthorized.into(), "unavailable"),
        (FaultKind::RateLimited.into(), "retry"),
        (waiting(FaultKind::RateLimited), "retry in 7 s"),
        (waiting(FaultKind::Unavailable), "retry in 7 s"),
        (FaultKind::Empty.into(), "ok"),
        (FaultKind::MalformedJson.into(), "retry"),
        (FaultKind::WrongMediaType.into(), "ok"),
        (FaultKind::Cut.into(), "retry"),
        (FaultKind::Drip.into(), "ok"),
        (FaultKind::Html.into(), "retry"),
        (FaultKind::ServerError.into(), "retry"),
    ];
    for vendor in ALL {
        let stock = stock(&world, vendor);
        let search = |films| Search { words: "sea".into(), films, size: SMALL, language: "pt-BR".into(), page: 0 };
        for (fault, expected) in &table {
            for films in [false, true] {
                world.misbehave(vendor.name(), "stock", fault.clone(), None);
                let found = stock.search(&search(films)).await;
                let expected = match (vendor, *expected) {
                    // It has no films, and says in words how long to wait.
                    (Vendor::Openverse, _) if films => "ok",
                    (Vendor::Openverse, "retry") if fault.kind == FaultKind::RateLimited => "retry in 60 s",
                    (_, expected) => expected,
                };
                assert_eq!(outcome(&found), expected, "{vendor} {fault:?}: {found:?}");
                world.simulator.behave();
            }
        }
        // Nobody pays there; a used-up allowance is told where the vendor tells it.
        world.misbehave(vendor.name(), "stock", FaultKind::PaymentRequired, None);
        let expected = if vendor == Vendor::Pixabay { "retry" } else { "quota" };
        assert_eq!(outcome(&stock.search(&search(false)).await), expected, "{vendor}");
        world.simulator.behave();
    }
}

#[tokio::test]
async fn another_picture_serves_where_one_is_gone() {
    let world = start();
    for vendor in ALL {
        let images = images(&world, vendor);
        let whole = images.draw(&request(), "").await.expect("a picture");
        for kind in [FaultKind::ModelNotFound, FaultKind::WrongMediaType, FaultKind::Empty, FaultKind::Cut] {
            world.misbehave("files", "download", kind, Some(3));
            let other = images.draw(&request(), "").await.expect("another picture");
            assert_ne!(other.credit, None);
            assert_ne!(other.bytes, whole.bytes, "{vendor} {kind:?}");
            world.misbehave("files", "download", kind, None);
            let drawn = images.draw(&request(), "").await;
            let expected = if kind == FaultKind::ModelNotFound { "unavailable" } else { "retry" };
            assert_eq!(outcome(&drawn), expected, "{vendor} {kind:?}: {drawn:?}");
            world.simulator.behave();
        }
    }
}

#[tokio::test]
async fn films_are_fetched_by_any_process() {
    let world = start();
    for vendor in WITH_FILMS {
        let job = clips(&world, vendor).submit(&clip_request(), "order-4").await.expect("a job");
        assert_eq!(clips(&world, vendor).submit(&clip_request(), "order-4").await.as_ref(), Ok(&job), "ordered again");
        let other = clips(&world, vendor).submit(&ClipRequest { take: 1, ..clip_request() }, "order-5").await.expect("a job");
        assert_ne!(other, job);
        assert!(!job.contains("planted"), "{job}");
        match clips(&world, vendor).poll(&job).await.expect("an answer") {
            Polled::Done(Clip { bytes, media_type, credit }) => {
                assert_eq!((media_type, &bytes[4..8]), ("video/mp4", b"ftyp".as_slice()));
                check_credit(vendor, credit.as_ref());
            }
            other => panic!("{vendor}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn films_are_tall_and_long_enough() {
    let world = start();
    for vendor in WITH_FILMS {
        let search = Search { words: "sea".into(), films: true, size: SMALL, language: String::new(), page: 0 };
        let found = stock(&world, vendor).search(&search).await.expect("films");
        let job =
            clips(&world, vendor).submit(&ClipRequest { description: "sea".into(), seconds: 9, ..clip_request() }, "").await;
        let job: serde_json::Value = serde_json::from_str(&job.expect("a job")).expect("JSON");
        let chosen = found.iter().find(|film| job["id"] == film.id).expect("one of them");
        assert!(chosen.seconds >= 9.0 && chosen.width < chosen.height, "{chosen:?}");
        assert_eq!((chosen.width, chosen.height), (360, 640), "the smallest file that fills the video");
    }
}

#[tokio::test]
async fn a_film_that_can_not_be_fetched_has_its_class() {
    let world = start();
    let check = async |fault: Fault, expected: &str| {
        for vendor in WITH_FILMS {
            let clips = clips(&world, vendor);
            let job = clips.submit(&clip_request(), "").await.expect("a job");
            world.misbehave("files", "download", fault.clone(), None);
            let polled = match clips.poll(&job).await {
                Ok(Polled::Failed(error)) => format!("failed: {}", outcome::<()>(&Err(error))),
                other => outcome(&other),
            };
            assert_eq!(polled, expected, "{vendor} {fault:?}");
            world.simulator.behave();
        }
    };
    check(FaultKind::ModelNotFound.into(), "failed: unavailable").await;
    check(FaultKind::Empty.into(), "failed: retry").await;
    check(FaultKind::WrongMediaType.into(), "failed: retry").await;
    check(waiting(FaultKind::Unavailable), "retry in 7 s").await;
    check(FaultKind::Cut.into(), "retry").await;
    let polled = clips(&world, Vendor::Pexels).poll("no job").await;
    assert!(matches!(polled, Ok(Polled::Failed(ProviderError::Retry { .. }))), "{polled:?}");
}

#[tokio::test]
async fn probes_tell_good_keys_from_bad_ones() {
    let world = start();
    let probe = async |vendor| match vendor {
        Vendor::Pexels => pexels::probe(&api(&world, vendor)).await,
        Vendor::Pixabay => pixabay::probe(&api(&world, vendor)).await,
        _ => openverse::probe(&api(&world, vendor)).await,
    };
    for vendor in ALL {
        let said = probe(vendor).await.expect("a good key");
        assert!(said.contains("works") && said.contains("finds 60 photographs"), "{said}");
        world.misbehave(vendor.name(), "stock", FaultKind::Unauthorized, None);
        assert_eq!(outcome(&probe(vendor).await), "unavailable", "{vendor}");
    }
}
