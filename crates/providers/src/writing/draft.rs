//! What a model wrote, read leniently: in code fences or after its thoughts, under older names, numbers as words of digits.
//!
//! Nothing is made up for what is missing; whether it can stay missing is decided in `check`.

use serde_json::Value;

/// A script as the model wrote it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Draft {
    pub title: String,
    pub description: String,
    pub hashtags: Vec<String>,
    pub style: String,
    pub characters: Vec<Character>,
    /// In their order.
    pub scenes: Vec<Scene>,
}

/// Who is seen in several scenes.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Character {
    pub name: String,
    pub look: String,
}

/// One scene.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Scene {
    /// As written, marks and all.
    pub narration: String,
    pub visual: String,
    /// 0 where the model does not say.
    pub seconds: f64,
    /// Names.
    pub characters: Vec<String>,
}

/// Reads an answer; the error tells the model what is wrong with it.
pub(super) fn read(answer: &str) -> Result<Draft, String> {
    let value = json_of(answer)
        .ok_or("It is no complete JSON object: it may have ended too early, or hold a slip such as a missing quote.")?;
    let value = match &value {
        // Some models wrap it once more.
        Value::Object(members) if members.len() == 1 => members.values().find(|inner| inner.is_object()).unwrap_or(&value),
        _ => &value,
    };
    let scenes = match value {
        Value::Array(scenes) => scenes,
        _ => field(value, &["scenes"]).and_then(Value::as_array).ok_or("It has no list called scenes.")?,
    };
    let (hashtags, description) = hashtags(value);
    Ok(Draft {
        title: text(value, &["title", "videoTitle", "video_title"]),
        description,
        hashtags,
        style: text(value, &["style", "visualStyle", "visual_style"]),
        characters: list(value, "characters").iter().map(character).filter(|character| !character.name.is_empty()).collect(),
        scenes: in_order(scenes),
    })
}

/// The first JSON object or list in a text, once the model's thoughts are over.
fn json_of(answer: &str) -> Option<Value> {
    let answer = answer.rsplit_once("</think>").map_or(answer, |(_, said)| said);
    let start = answer.find(['{', '['])?;
    serde_json::Deserializer::from_str(&answer[start..]).into_iter::<Value>().next()?.ok()
}

/// The scenes by their own numbers, if each has another one; else as they stand.
fn in_order(scenes: &[Value]) -> Vec<Scene> {
    let number = |scene: &Value| field(scene, &["sceneNumber", "scene_number", "number"]).and_then(number_of);
    let mut numbered: Vec<(Option<f64>, Scene)> = scenes.iter().map(|value| (number(value), scene(value))).collect();
    let mut numbers: Vec<f64> = numbered.iter().filter_map(|(number, _)| *number).collect();
    numbers.sort_by(f64::total_cmp);
    numbers.dedup();
    if numbers.len() == numbered.len() {
        numbered.sort_by(|(one, _), (other, _)| one.partial_cmp(other).unwrap_or(std::cmp::Ordering::Equal));
    }
    numbered.into_iter().map(|(_, scene)| scene).collect()
}

fn scene(value: &Value) -> Scene {
    let seconds = field(value, &["seconds", "durationSeconds", "duration_seconds", "duration"]).and_then(number_of);
    Scene {
        narration: text(value, &["narration", "voiceover", "text"]),
        visual: text(value, &["visual_description", "visualDescription", "visual", "image_prompt", "imagePrompt"]),
        seconds: seconds.filter(|seconds| seconds.is_finite() && *seconds > 0.0).unwrap_or(0.0),
        characters: list(value, "characters").iter().map(name).filter(|name| !name.is_empty()).collect(),
    }
}

fn character(value: &Value) -> Character {
    Character { name: name(value), look: text(value, &["look", "appearance", "description"]) }
}

/// A name, or something that has one.
fn name(value: &Value) -> String {
    value.as_str().map_or_else(|| text(value, &["name"]), |name| name.trim().to_owned())
}

/// Hashtags and the description without those that stand in it.
fn hashtags(value: &Value) -> (Vec<String>, String) {
    let written = text(value, &["description", "videoDescription", "video_description"]);
    let mut tags: Vec<String> = match field(value, &["hashtags", "tags"]) {
        Some(Value::Array(tags)) => tags.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::String(tags)) => tags.split([' ', ',']).map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    let is_tag = |word: &&str| word.starts_with('#') && word.chars().any(char::is_alphanumeric);
    let without = |line: &str| line.split_whitespace().filter(|word| !is_tag(word)).collect::<Vec<_>>().join(" ");
    let lines: Vec<String> = written.lines().map(without).filter(|line| !line.is_empty()).collect();
    tags.extend(written.split_whitespace().filter(is_tag).map(str::to_owned));
    (tags, lines.join("\n"))
}

fn field<'a>(value: &'a Value, names: &[&str]) -> Option<&'a Value> {
    names.iter().find_map(|name| value.get(name)).filter(|value| !value.is_null())
}

fn text(value: &Value, names: &[&str]) -> String {
    field(value, names).and_then(Value::as_str).unwrap_or_default().trim().to_owned()
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// `7`, `"7"` and `"7s"` are the same.
fn number_of(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| {
        let text = value.as_str()?.trim();
        let digits = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').map_or(text, |end| &text[..end]);
        digits.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_is_found_in_what_models_put_around_it() {
        let check = |answer: &str, expected: Option<Value>| assert_eq!(json_of(answer), expected, "{answer}");
        check("```json\n{\"a\": 1}\n```", Some(json!({"a": 1})));
        check("Here you are: {\"a\": \"}```\"} Enjoy!", Some(json!({"a": "}```"})));
        check("<think>maybe {\"b\": 2}</think>\n{\"a\": 1}", Some(json!({"a": 1})));
        check("{\"a\": ", None);
        check("no", None);
    }

    #[test]
    fn older_names_and_loose_types_are_read() {
        let draft = read(
            &json!({
                "videoTitle": "The Moon", "videoDescription": "It is near. #moon\n#space Look up.",
                "scenes": [
                    { "sceneNumber": 2, "visualDescription": "dust", "narration": "Two.", "durationSeconds": "7s" },
                    { "scene_number": "1", "visual_description": "a rocket", "narration": "One.", "duration_seconds": 5 },
                ],
            })
            .to_string(),
        )
        .expect("a draft");
        assert_eq!((draft.title.as_str(), draft.description.as_str()), ("The Moon", "It is near.\nLook up."));
        assert_eq!(draft.hashtags, ["#moon", "#space"]);
        let scene = |narration: &str, visual: &str, seconds| Scene {
            narration: narration.into(),
            visual: visual.into(),
            seconds,
            characters: Vec::new(),
        };
        assert_eq!(draft.scenes, [scene("One.", "a rocket", 5.0), scene("Two.", "dust", 7.0)]);
    }

    #[test]
    fn the_form_that_is_asked_for_is_read() {
        let answer = include_str!("../../tests/fixtures/script.json");
        let draft = read(answer).expect("a draft");
        assert_eq!((draft.scenes.len(), draft.characters.len(), draft.hashtags.len()), (3, 1, 5));
        assert_eq!(draft.scenes[1].characters, ["Mara"]);
        assert!(draft.scenes.iter().all(|scene| scene.seconds > 0.0 && !scene.visual.is_empty()));
        assert_eq!(read(&format!("{{\"script\": {answer}}}")), Ok(draft));
    }

    #[test]
    fn what_is_no_script_says_why() {
        assert!(read("{\"title\": \"x\"}").is_err_and(|why| why == "It has no list called scenes."));
        assert!(read("{\"scenes\": [").is_err_and(|why| why.starts_with("It is no complete JSON")));
    }
}
