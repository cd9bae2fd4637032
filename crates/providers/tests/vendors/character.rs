//! Models that look at characters and redraw them.

use bytes::Bytes;
use providers::character::CharacterProvider;
use providers::gemini::characters::GeminiCharacters;
use providers::image::Reference;
use providers::openai::characters::OpenAiCharacters;
use providers::prompts::Prompts;
use providers::simulator::FaultKind;
use providers::vendor::Vendor;
use providers::{gemini, openai};

use super::setup::{World, key, outcome, pixels, png, start};

/// All that look at characters.
fn all(world: &World) -> Vec<Box<dyn CharacterProvider>> {
    let prompts = || Prompts::load(None).expect("good templates");
    let gemini = gemini::api(world.http.clone(), world.base(Vendor::Gemini), key());
    let openai = openai::api(world.http.clone(), world.base(Vendor::OpenAi), key());
    vec![
        Box::new(GeminiCharacters::new(gemini, "gemini-3.8-flash", "gemini-nano-banana-2.1", prompts())),
        Box::new(OpenAiCharacters::new(openai, "gpt-5-mini", "gpt-image-1", prompts())),
    ]
}

/// A picture that is not what it is called.
fn picture() -> Reference {
    Reference { bytes: png(64, 96), media_type: "image/jpeg".into(), character: Some("Ana".into()), description: String::new() }
}

#[tokio::test]
async fn a_picture_becomes_a_description_and_a_square_portrait() {
    let world = start();
    for characters in all(&world) {
        world.simulator.forget();
        let description = characters.describe(&picture(), "order-1").await.expect("a description");
        assert!(description.contains("64 × 96 pixels") && !description.contains('\n'), "the picture was seen: {description}");
        let portrait = characters.portrait(&picture(), "order-2").await.expect("a portrait");
        let (width, height) = pixels(&portrait.bytes);
        assert_eq!((width, portrait.media_type, portrait.credit), (height, "image/png", None));
        let call = |ability: &str| world.calls(ability).remove(0);
        let (text, image) = (call("text"), call("image"));
        assert_eq!((text.idempotency_key.as_deref(), image.idempotency_key.as_deref()), (Some("order-1"), Some("order-2")));
        assert_eq!(image.details["references"], 1);
        assert!(image.details["prompt"].as_str().is_some_and(|prompt| prompt.contains("white background")));
    }
}

#[tokio::test]
async fn every_fault_has_its_class() {
    let world = start();
    let table = [
        (FaultKind::Unauthorized, "unavailable", "unavailable"),
        (FaultKind::PaymentRequired, "quota", "quota"),
        (FaultKind::ModelNotFound, "unavailable", "unavailable"),
        (FaultKind::RateLimited, "retry", "retry"),
        (FaultKind::Unavailable, "retry", "retry"),
        // Nothing is put in the place of what is missing.
        (FaultKind::Empty, "retry", "retry"),
        (FaultKind::MalformedJson, "retry", "retry"),
        (FaultKind::WrongMediaType, "ok", "retry"),
        (FaultKind::Cut, "unknown", "unknown"),
        (FaultKind::Drip, "ok", "ok"),
        (FaultKind::Refusal, "refused", "refused"),
        (FaultKind::Html, "retry", "retry"),
        (FaultKind::ServerError, "retry", "retry"),
    ];
    for characters in all(&world) {
        for (kind, described, drawn) in table {
            let vendor = characters.vendor();
            world.misbehave(vendor, "text", kind, Some(1));
            world.misbehave(vendor, "image", kind, Some(1));
            let description = characters.describe(&picture(), "").await;
            assert_eq!(outcome(&description), described, "{vendor} {kind:?}: {description:?}");
            let portrait = characters.portrait(&picture(), "").await;
            assert_eq!(outcome(&portrait), drawn, "{vendor} {kind:?}");
            world.simulator.behave();
        }
    }
}

#[tokio::test]
async fn what_is_no_picture_is_not_sent_anywhere() {
    let world = start();
    let broken = Reference { bytes: Bytes::from_static(b"<html>"), ..picture() };
    for characters in all(&world) {
        assert_eq!(outcome(&characters.describe(&broken, "").await), "fatal");
        assert_eq!(outcome(&characters.portrait(&broken, "").await), "fatal");
    }
    assert!(world.simulator.calls().is_empty());
}
