use std::sync::Mutex;

use super::*;
use crate::script::Script;

const GOOD: &str = include_str!("../../tests/fixtures/script.json");

/// A model that says what it was told to say, and remembers how it was asked.
struct Told {
    answers: Mutex<Vec<Result<String, ProviderError>>>,
    asked: Mutex<Vec<(Conversation, String)>>,
    prompts: Prompts,
}

#[async_trait]
impl Chat for Told {
    fn vendor(&self) -> Vendor {
        Vendor::Gemini
    }

    fn model(&self) -> &str {
        "told"
    }

    fn prompts(&self) -> &Prompts {
        &self.prompts
    }

    async fn answer(&self, conversation: &Conversation, key: &str) -> Result<String, ProviderError> {
        self.asked.lock().expect("no test panics here").push((conversation.clone(), key.to_owned()));
        self.answers.lock().expect("no test panics here").remove(0)
    }
}

fn told<const N: usize>(answers: [Result<&str, ProviderError>; N]) -> Told {
    let answers = answers.into_iter().map(|answer| answer.map(str::to_owned)).collect();
    Told { answers: Mutex::new(answers), asked: Mutex::default(), prompts: Prompts::load(None).expect("good templates") }
}

fn request() -> ScriptRequest {
    ScriptRequest {
        topic: "a lighthouse".into(),
        language: "en".into(),
        min_seconds: 18,
        max_seconds: 26,
        scene_count: Some(3),
        ..ScriptRequest::default()
    }
}

async fn write(told: &Told, request: &ScriptRequest) -> Result<Script, ProviderError> {
    script::write(told, request, "k").await
}

fn asked(told: &Told) -> Vec<(Conversation, String)> {
    told.asked.lock().expect("no test panics here").clone()
}

#[tokio::test]
async fn a_good_script_is_taken_at_once_and_what_is_stated_once_comes_everywhere() {
    let told = told([Ok(GOOD)]);
    let script = write(&told, &request()).await.expect("a script");
    assert_eq!(script.title, "The light that never goes out");
    assert_eq!(
        script.description,
        "A lighthouse keeper and a storm.\nOne small lamp decides a night.\n#lighthouse #sea #stormstories #history"
    );
    let style = "Oil painting with thick strokes, cold blues and one warm lamp.";
    let visuals: Vec<&str> = script.scenes.iter().map(|scene| scene.visual_description.as_str()).collect();
    assert_eq!(visuals[0], format!("A dark coast under black clouds, one lit window far away. {style}"));
    let mara = "Mara: a woman of sixty with a grey braid and a yellow oilskin coat.";
    assert_eq!(visuals[1], format!("Mara climbs a spiral staircase with a can in each hand. {mara} {style}"));
    assert_eq!(visuals[2], format!("Ships in a calm harbour at dawn. {style}"));
    assert_eq!(script.scenes[1].seconds, 8.0);
    let asked = asked(&told);
    assert_eq!((asked.len(), asked[0].1.as_str()), (1, "k"));
    let prompt = &asked[0].0.turns[0].text;
    for wish in ["a lighthouse", "Language: English (en)", "18 to 26 seconds", "45 to 65 words", "exactly 3 scenes"] {
        assert!(prompt.contains(wish), "{wish} in {prompt}");
    }
}

#[tokio::test]
async fn one_repair_is_asked_for_and_told_what_is_wrong() {
    let check = async |first: &str, says: &str| {
        let told = told([Ok(first), Ok(GOOD)]);
        write(&told, &request()).await.expect("a script");
        let asked = asked(&told);
        assert_eq!((asked.len(), asked[1].1.as_str()), (2, "k-repair"));
        let turns = &asked[1].0.turns;
        assert_eq!((turns.len(), turns[1].by_model, turns[1].text.as_str()), (3, true, first));
        assert!(turns[2].text.contains(says), "{says} in {}", turns[2].text);
    };
    let scene = |narration: &str| format!("{{\"narration\": \"{narration}\", \"visual_description\": \"x\"}}");
    let script = |title: &str, narrations: [&str; 3]| {
        let scenes: Vec<String> = narrations.iter().map(|narration| scene(narration)).collect();
        let scenes = scenes.join(",");
        format!("{{\"title\": \"{title}\", \"description\": \"d\", \"hashtags\": [\"#a\"], \"scenes\": [{scenes}]}}")
    };
    let long = "The keeper of the light climbed the stairs of the tower once more and saw that the storm was over for good";
    check("{\"scenes\": [", "It is no complete JSON object").await;
    check(&format!("{{\"scenes\": [{}]}}", scene(long)), "There is 1 scene; write exactly 3 scenes.").await;
    check(&script("t", [long, "[music]", long]), "Nothing is said in scene 2;").await;
    check(&script("t", ["Short.", "Short.", "Short."]), "The narrations are too short: 3 words in all").await;
    check(&script(&"t".repeat(51), [long, long, long]), "The title has 51 characters; 50 are the most.").await;
    let russian =
        "Каждую ночь Луна поднимается над морем и притягивает к себе воду, а люди смотрят на неё тысячи лет подряд снова и снова";
    check(&script("t", [russian; 3]), "in Cyrillic letters, which is not how English is written").await;
    let spanish = "La luz del faro no se apaga y los barcos que vuelven de la mar ven desde lejos una señal para llegar a casa";
    check(
        &script("t", [spanish; 3]),
        "The narrations are in Spanish; write them, the title and the description in English (en).",
    )
    .await;
}

#[tokio::test]
async fn what_stays_wrong_is_mended_if_nothing_must_be_made_up_for_it() {
    let long_title =
        GOOD.replace("The light that never goes out", "The light that never goes out and the woman who kept it burning");
    let told_twice = told([Ok(&long_title), Ok(&long_title)]);
    let script = write(&told_twice, &request()).await.expect("a script");
    assert_eq!(script.title, "The light that never goes out and the woman who");
    // A repair that makes it worse, or can't be had, does not spoil what was usable.
    for second in [Ok("{}"), Ok(""), Err(ProviderError::Unknown("lost".into()))] {
        let told = told([Ok(&long_title), second]);
        assert_eq!(write(&told, &request()).await.as_ref(), Ok(&script));
    }
    let told = told([Ok("{}"), Ok("{}")]);
    let error = write(&told, &request()).await.expect_err("no script");
    let expected = "Gemini wrote a script that can't be used, and did not mend it when told: It has no list called scenes; \
                    try again, or choose another model";
    assert_eq!(error, ProviderError::retry(expected));
}

#[tokio::test]
async fn refusals_and_silence_are_told_apart() {
    let check = async |answers: [Result<&str, ProviderError>; 2], refused: bool| {
        let error = write(&told(answers), &request()).await.expect_err("no script");
        assert_eq!(matches!(error, ProviderError::Refused(_)), refused, "{error}");
        assert!(refused || matches!(error, ProviderError::Retry { .. }), "{error}");
    };
    check([Ok("I'm sorry, but I can't help with that."), Ok("")], true).await;
    check([Ok("{}"), Ok("I cannot write that.")], true).await;
    check([Ok("  "), Ok("")], false).await;
    check([Ok("{}"), Ok("")], false).await;
}

#[tokio::test]
async fn other_languages_are_held_too() {
    let first = "Em 1886, uma tempestade apagou todas as luzes da costa, menos uma pequena lâmpada que não se apagou.";
    let last = "Onze navios voltaram para casa naquela noite, e nenhum dos seus capitães soube o nome da mulher do farol.";
    let mixed = GOOD
        .replace("In 1886 a storm put out every light along this coast, except for one small lamp.", first)
        .replace("Eleven ships came home that night, and not one of their captains ever knew her name.", last);
    let portuguese_wish = ScriptRequest { language: "pt-BR".into(), ..request() };
    let check = async |answer: &str, expected: &str| {
        let error = write(&told([Ok(answer), Ok(answer)]), &portuguese_wish).await.expect_err("no script");
        assert!(error.to_string().contains(expected), "{error}");
    };
    check(GOOD, "The narrations are in English; write them, the title and the description in Brazilian Portuguese (pt-BR)").await;
    check(&mixed, "What is said in scene 2 is English; write all narrations in Brazilian Portuguese").await;
    // A language that nobody here knows is taken as it comes, unless it is plainly English.
    let unknown = ScriptRequest { language: "yo".into(), ..request() };
    assert!(write(&told([Ok(GOOD), Ok(GOOD)]), &unknown).await.is_err());
}

#[tokio::test]
async fn a_music_prompt_is_short_and_instrumental() {
    let check = async |answer: &str, expected: &str| {
        let told = told([Ok(answer)]);
        let prompts = Prompts::load(None).expect("good templates");
        assert_eq!(music_prompt(&told, &prompts, ("bees", "calm"), "k").await.as_deref(), Ok(expected));
        assert_eq!(asked(&told)[0].0.schema, None);
    };
    check("\"Instrumental ambient, 70 bpm, **soft** piano.\"", "Instrumental ambient, 70 bpm, soft piano.").await;
    check("Warm strings", "Instrumental, Warm strings").await;
    let long = "word ".repeat(40);
    check(&long, &format!("Instrumental, {}", "word ".repeat(24).trim())).await;
    let prompts = Prompts::load(None).expect("good templates");
    let error = music_prompt(&told([Ok("...")]), &prompts, ("bees", ""), "k").await.expect_err("nothing said");
    assert!(matches!(error, ProviderError::Retry { .. }), "{error}");
}
