//! Language models that write.

use providers::openai::scripts::OpenAiScripts;
use providers::prompts::Prompts;
use providers::script::{self, ScriptProvider, ScriptRequest};
use providers::simulator::FaultKind;
use providers::vendor::Vendor;
use providers::{gemini, ollama, openai};

use super::setup::{World, key, outcome, start, waiting};

fn prompts() -> Prompts {
    Prompts::load(None).expect("good templates")
}

fn openai_with(world: &World, model: &str) -> Box<dyn ScriptProvider> {
    let api = openai::api(world.http.clone(), world.base(Vendor::OpenAi), key());
    Box::new(OpenAiScripts::new(api, model, prompts()))
}

/// All that write.
pub fn all(world: &World) -> Vec<Box<dyn ScriptProvider>> {
    let gemini = gemini::api(world.http.clone(), world.base(Vendor::Gemini), key());
    let ollama = ollama::api(world.http.clone(), world.base(Vendor::Ollama), None);
    vec![
        Box::new(gemini::scripts::GeminiScripts::new(gemini, "gemini-3.8-flash", prompts())),
        openai_with(world, "gpt-5-mini"),
        Box::new(ollama::OllamaScripts::new(ollama, "llama3.2", prompts())),
    ]
}

pub fn request() -> ScriptRequest {
    ScriptRequest {
        topic: "the Moon".into(),
        style: "watercolour".into(),
        language: "en".into(),
        min_seconds: 40,
        max_seconds: 55,
        scene_count: Some(6),
        take: 0,
    }
}

#[tokio::test]
async fn a_script_is_as_it_was_wished() {
    let world = start();
    let check = async |request: ScriptRequest, scenes: std::ops::RangeInclusive<usize>, word: &str| {
        for scripts in all(&world) {
            world.simulator.forget();
            let script = script::write(&*scripts, &request, "order-1").await.expect("a script");
            let vendor = scripts.vendor();
            assert!(scenes.contains(&script.scenes.len()), "{vendor}: {} scenes", script.scenes.len());
            assert!((1..=50).contains(&script.title.chars().count()), "{vendor}: {}", script.title);
            let last = script.description.lines().last().unwrap_or_default();
            assert!(last.split(' ').count() == 5 && last.split(' ').all(|tag| tag.starts_with('#')), "{vendor}: {last}");
            let pace = model::language::pace(&request.language);
            let seconds: f64 = script.scenes.iter().map(|scene| pace.seconds(&scene.narration)).sum();
            let wished = 0.75 * f64::from(request.min_seconds)..=1.25 * f64::from(request.max_seconds);
            assert!(wished.contains(&seconds), "{vendor}: {seconds} s");
            for scene in &script.scenes {
                let shown = &scene.visual_description;
                assert!(shown.contains("Nova: a curious woman in her thirties") && shown.contains("watercolour"), "{shown}");
                assert!(scene.seconds > 0.0 && !scene.narration.is_empty());
            }
            let said: String = script.scenes.iter().map(|scene| scene.narration.to_lowercase() + " ").collect();
            assert!(said.contains(word), "{vendor}: no \"{word}\" in {said}");
            let calls = world.calls("script");
            assert_eq!((calls.len(), calls[0].idempotency_key.as_deref()), (1, Some("order-1")), "{vendor}");
        }
    };
    check(request(), 6..=6, "the").await;
    let in_portuguese = ScriptRequest { topic: "a Lua".into(), language: "pt-BR".into(), ..request() };
    check(ScriptRequest { scene_count: None, ..in_portuguese }, 4..=11, "não").await;
    let in_spanish = ScriptRequest { topic: "la Luna".into(), language: "es".into(), ..request() };
    check(ScriptRequest { scene_count: Some(8), min_seconds: 65, max_seconds: 90, ..in_spanish }, 8..=8, "los").await;
}

#[tokio::test]
async fn nobodys_style_is_not_our_own_instruction() {
    let world = start();
    for scripts in all(&world) {
        let script = script::write(&*scripts, &ScriptRequest { style: String::new(), ..request() }, "").await.expect("a script");
        for scene in script.scenes {
            let shown = scene.visual_description.to_lowercase();
            assert!(!shown.contains("states the look") && !shown.contains("state it here"), "{shown}");
        }
    }
}

#[tokio::test]
async fn another_take_is_asked_for_in_other_words() {
    let world = start();
    for scripts in all(&world) {
        world.simulator.forget();
        script::write(&*scripts, &ScriptRequest { take: 1, ..request() }, "").await.expect("a script");
        let prompt = world.calls("script")[0].details["prompt"].as_str().expect("a prompt").to_owned();
        assert!(prompt.contains("This is version 2 of the script"), "{prompt}");
        assert!(!scripts.version().is_empty());
    }
}

#[tokio::test]
async fn every_fault_has_its_class() {
    let world = start();
    // For each: Gemini, OpenAI, Ollama. Ollama charges nobody, so what it has lost is asked for again.
    let table = [
        (FaultKind::Unauthorized, ["unavailable"; 3]),
        (FaultKind::PaymentRequired, ["quota"; 3]),
        (FaultKind::ModelNotFound, ["unavailable"; 3]),
        (FaultKind::RateLimited, ["retry"; 3]),
        (FaultKind::Unavailable, ["retry"; 3]),
        (FaultKind::Empty, ["retry"; 3]),
        (FaultKind::MalformedJson, ["retry"; 3]),
        (FaultKind::TooFewScenes, ["retry"; 3]),
        (FaultKind::CodeFence, ["ok"; 3]),
        // It is the JSON that counts, whatever it is called.
        (FaultKind::WrongMediaType, ["ok"; 3]),
        (FaultKind::Cut, ["unknown", "unknown", "retry"]),
        (FaultKind::Drip, ["ok"; 3]),
        (FaultKind::Refusal, ["refused"; 3]),
        (FaultKind::Html, ["retry"; 3]),
        (FaultKind::ServerError, ["retry"; 3]),
    ];
    for (scripts, at) in all(&world).into_iter().zip(0..) {
        for (kind, expected) in table {
            world.misbehave(scripts.vendor(), "script", kind, None);
            let written = script::write(&*scripts, &request(), "").await;
            assert_eq!(outcome(&written), expected[at], "{} {kind:?}: {written:?}", scripts.vendor());
            world.simulator.behave();
        }
        for kind in [FaultKind::RateLimited, FaultKind::Unavailable] {
            world.misbehave(scripts.vendor(), "script", waiting(kind), None);
            assert_eq!(outcome(&script::write(&*scripts, &request(), "").await), "retry in 7 s", "{}", scripts.vendor());
            world.simulator.behave();
        }
    }
}

#[tokio::test]
async fn what_is_wrong_is_repaired_in_one_more_call() {
    let world = start();
    for scripts in all(&world) {
        for kind in [FaultKind::TooFewScenes, FaultKind::MalformedJson] {
            world.simulator.forget();
            world.misbehave(scripts.vendor(), "script", kind, Some(1));
            let script = script::write(&*scripts, &request(), "order-2").await.expect("a script in the end");
            assert_eq!(script.scenes.len(), 6);
            let calls = world.calls("script");
            let keys: Vec<Option<&str>> = calls.iter().map(|call| call.idempotency_key.as_deref()).collect();
            assert_eq!(keys, [Some("order-2"), Some("order-2-repair")], "{} {kind:?}", scripts.vendor());
            let told = calls[1].details["prompt"].as_str().expect("a prompt");
            let says = if kind == FaultKind::TooFewScenes { "There are 3 scenes; write exactly 6" } else { "no complete JSON" };
            assert!(told.contains(says), "{told}");
        }
    }
}

#[tokio::test]
async fn servers_that_take_no_schema_are_told_in_words() {
    let world = start();
    let scripts = openai_with(&world, "gpt-5.2-nojsonschema");
    for (round, forms) in [("a", vec!["json_schema", "json_object"]), ("b", vec!["json_object"])] {
        world.simulator.forget();
        let written = script::write(&*scripts, &request(), round).await;
        let calls = world.calls("script");
        let found: Vec<&str> = calls.iter().filter_map(|call| call.details["responseFormat"].as_str()).collect();
        assert_eq!(found, forms, "what is refused once is not asked for again");
        // The simulator's free form names no characters and no style.
        let script = written.expect("a script");
        assert!(script.scenes.iter().all(|scene| scene.visual_description.contains("watercolour")));
        assert_eq!(calls.last().and_then(|call| call.idempotency_key.as_deref()).map(|key| &key[..1]), Some(round));
    }
}

#[tokio::test]
async fn music_is_wished_for_in_few_words() {
    let world = start();
    for scripts in all(&world) {
        world.simulator.forget();
        let wish = scripts.music_prompt("the Moon", "watercolour", "order-3").await.expect("a wish");
        assert!(wish.split(' ').count() <= 25 && wish.contains("Instrumental"), "{wish}");
        assert_eq!(world.calls("text")[0].idempotency_key.as_deref(), Some("order-3"));
        for (kind, expected) in [(FaultKind::Empty, "retry"), (FaultKind::Refusal, "refused"), (FaultKind::ServerError, "retry")]
        {
            world.misbehave(scripts.vendor(), "text", kind, None);
            let wish = scripts.music_prompt("the Moon", "", "").await;
            assert_eq!(outcome(&wish), expected, "{} {kind:?}: {wish:?}", scripts.vendor());
            world.simulator.behave();
        }
    }
}

#[tokio::test]
async fn a_probe_tells_whether_key_and_model_work() {
    let world = start();
    let gemini = gemini::api(world.http.clone(), world.base(Vendor::Gemini), key());
    let openai = openai::api(world.http.clone(), world.base(Vendor::OpenAi), key());
    let ollama = ollama::api(world.http.clone(), world.base(Vendor::Ollama), None);
    let works = "key works, model gemini-3.8-flash is there".to_owned();
    assert_eq!(gemini::models::probe(&gemini, "gemini-3.8-flash").await, Ok(works));
    assert!(gemini::models::list(&gemini).await.is_ok_and(|names| names.contains(&"gemini-3.8-flash".to_owned())));
    assert_eq!(outcome(&gemini::models::probe(&gemini, "gemini-2.0-flash").await), "unavailable");
    let models = openai::models::list(&openai).await.expect("a list");
    assert_eq!(outcome(&openai::models::probe(&openai, &models[0]).await), "ok");
    let missing = openai::models::probe(&openai, "gone-model").await;
    assert_eq!(outcome(&missing), "unavailable");
    assert!(missing.is_err_and(|error| error.to_string().contains(&models[0])), "the message names some that are there");
    assert_eq!(ollama::probe(&ollama, "llama3.2").await.as_deref(), Ok("Ollama runs, model llama3.2 is there"));
    assert_eq!(outcome(&ollama::probe(&ollama, "nothing").await), "unavailable");
    for (vendor, probe) in [("gemini", gemini::models::list(&gemini).await), ("openai", openai::models::list(&openai).await)] {
        assert!(probe.is_ok());
        world.misbehave(vendor, "models", FaultKind::Unauthorized, None);
    }
    assert_eq!(outcome(&gemini::models::probe(&gemini, "gemini-3.8-flash").await), "unavailable");
    assert_eq!(outcome(&openai::models::probe(&openai, &models[0]).await), "unavailable");
}
