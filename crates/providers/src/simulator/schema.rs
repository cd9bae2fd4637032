//! A script as JSON that follows a JSON Schema: what each property means is guessed from its name, as a model does.

use serde_json::{Map, Value, json};

use super::writer::Script;

/// References and combinations deeper than this are not followed.
const DEEPEST: usize = 24;

/// Fills the schema with the script. What a schema says nothing about becomes `null`.
pub(super) fn fill(schema: &Value, script: &Script) -> Value {
    Filler { root: schema, script }.value(schema, "", Place::default())
}

struct Filler<'a> {
    root: &'a Value,
    script: &'a Script,
}

/// Where in the script a value stands.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    /// Within this scene.
    scene: Option<usize>,
    /// Within the list of characters.
    character: bool,
    /// Position in a list of texts.
    item: usize,
    depth: usize,
}

impl Filler<'_> {
    fn value(&self, schema: &Value, name: &str, place: Place) -> Value {
        let place = Place { depth: place.depth + 1, ..place };
        if place.depth > DEEPEST {
            return Value::Null;
        }
        if let Some(target) = schema["$ref"].as_str() {
            let pointer = target.trim_start_matches('#');
            return self.root.pointer(pointer).map_or(Value::Null, |schema| self.value(schema, name, place));
        }
        if let Some(value) = schema.get("const") {
            return value.clone();
        }
        if let Some(choices) = schema["enum"].as_array() {
            return self.choice(choices);
        }
        for way in ["anyOf", "oneOf"] {
            if let Some(schemas) = schema[way].as_array() {
                let chosen = schemas.iter().find(|schema| kind(schema) != "null").unwrap_or(&Value::Null);
                return self.value(chosen, name, place);
            }
        }
        if let Some(schemas) = schema["allOf"].as_array().filter(|_| schema.get("properties").is_none()) {
            return self.all_of(schemas, name, place);
        }
        match kind(schema) {
            "object" => self.object(schema, place),
            "array" => self.array(schema, name, place),
            "string" => json!(fit(&self.text(name, place), schema)),
            "integer" => json!(self.number(schema, name, place).round() as i64),
            "number" => json!(self.number(schema, name, place)),
            "boolean" => schema.get("default").cloned().unwrap_or(json!(false)),
            _ => Value::Null,
        }
    }

    fn all_of(&self, schemas: &[Value], name: &str, place: Place) -> Value {
        let mut all = Map::new();
        for schema in schemas {
            match self.value(schema, name, place) {
                Value::Object(part) => all.extend(part),
                Value::Null => {}
                other => return other,
            }
        }
        Value::Object(all)
    }

    /// The choice that fits the script's language, else the first one.
    fn choice(&self, choices: &[Value]) -> Value {
        let language = choices.iter().find(|choice| choice.as_str() == Some(&self.script.language));
        language.or_else(|| choices.iter().find(|choice| !choice.is_null())).cloned().unwrap_or(Value::Null)
    }

    fn object(&self, schema: &Value, place: Place) -> Value {
        let properties = schema["properties"].as_object();
        let filled = properties.into_iter().flatten().map(|(name, schema)| (name.clone(), self.value(schema, name, place)));
        Value::Object(filled.collect())
    }

    fn array(&self, schema: &Value, name: &str, place: Place) -> Value {
        let items = &schema["items"];
        let name = plain(name);
        let is = |words: &[&str]| words.iter().any(|word| name.contains(word));
        if place.scene.is_none() && (is(&["scene", "shot", "cena"]) || self.is_scene(items)) {
            let scene = |index| self.value(items, "scene", Place { scene: Some(index), ..place });
            return (0..self.script.scenes.len()).map(scene).collect();
        }
        let count = if is(&["tag"]) { self.script.hashtags.len() } else { 1 };
        let least = schema["minItems"].as_u64().unwrap_or(0) as usize;
        let most = schema["maxItems"].as_u64().unwrap_or(u64::MAX) as usize;
        let character = place.character || is(&["character", "cast"]);
        let item = |item| self.value(items, &name, Place { item, character, ..place });
        (0..count.max(least).min(most)).map(item).collect()
    }

    /// Does it look like a scene: an object with something that is spoken?
    fn is_scene(&self, items: &Value) -> bool {
        let items = items["$ref"].as_str().and_then(|target| self.root.pointer(target.trim_start_matches('#'))).unwrap_or(items);
        items["properties"].as_object().is_some_and(|properties| properties.keys().any(|name| plain(name).contains("narration")))
    }

    fn number(&self, schema: &Value, name: &str, place: Place) -> f64 {
        let name = plain(name);
        let is = |words: &[&str]| words.iter().any(|word| name.contains(word));
        let total = || self.script.scenes.iter().map(|scene| scene.seconds).sum::<u32>();
        let wished = match place.scene.and_then(|index| self.script.scenes.get(index)) {
            _ if is(&["count"]) => self.script.scenes.len() as f64,
            Some(scene) if is(&["second", "duration", "length"]) => f64::from(scene.seconds),
            None if is(&["second", "duration", "length"]) => f64::from(total()),
            _ => (place.scene.unwrap_or(place.item) + 1) as f64,
        };
        let bound = |key: &str| schema[key].as_f64();
        wished.max(bound("minimum").unwrap_or(f64::MIN)).min(bound("maximum").unwrap_or(f64::MAX))
    }

    fn text(&self, name: &str, place: Place) -> String {
        let script = self.script;
        let name = plain(name);
        let is = |words: &[&str]| words.iter().any(|word| name.contains(word));
        if place.character {
            return if is(&["description", "look", "appearance", "visual"]) { CHARACTER.1 } else { CHARACTER.0 }.to_owned();
        }
        let scene = place.scene.and_then(|index| script.scenes.get(index));
        let first = script.scenes.first();
        match scene {
            _ if is(&["tag"]) => script.hashtags.get(place.item % 5).cloned().unwrap_or_default(),
            _ if is(&["language", "locale"]) => script.language.clone(),
            Some(scene) if is(&["narration", "voice", "spoken", "speech", "text"]) => scene.narration.clone(),
            Some(_) if is(&["motion", "camera"]) => "Slow push in, steady camera".to_owned(),
            Some(scene) if is(&["visual", "image", "picture", "description", "prompt", "shot"]) => scene.visual.clone(),
            Some(_) if is(&["title", "headline"]) => format!("{} {}", script.title, place.scene.unwrap_or(0) + 1),
            _ if is(&["title", "headline"]) => script.title.clone(),
            _ if is(&["music", "mood"]) => "Calm and hopeful, soft piano and strings".to_owned(),
            _ if is(&["style", "look", "palette"]) => script.style.clone(),
            _ if is(&["description", "summary", "caption"]) => script.description.clone(),
            None if is(&["hook", "narration"]) => first.map(|scene| scene.narration.clone()).unwrap_or_default(),
            _ => script.topic.clone(),
        }
    }
}

/// Who comes again in every script that names characters.
const CHARACTER: (&str, &str) = ("Nova", "a curious woman in her thirties with short dark hair and a yellow coat");

/// A name without case and marks: `visual_description` and `visualDescription` are the same.
fn plain(name: &str) -> String {
    name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The first type that is not `null`, in small letters (older schemas of Gemini write them large).
fn kind(schema: &Value) -> &'static str {
    let written = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or("null"),
        Value::String(kind) => kind,
        _ if schema.get("properties").is_some() => "object",
        _ if schema.get("items").is_some() => "array",
        _ => "",
    };
    let known = ["object", "array", "string", "integer", "number", "boolean", "null"];
    known.into_iter().find(|known| known.eq_ignore_ascii_case(written)).unwrap_or("")
}

/// The text cut or stretched to the schema's lengths.
fn fit(text: &str, schema: &Value) -> String {
    let most = schema["maxLength"].as_u64().unwrap_or(u64::MAX) as usize;
    let least = schema["minLength"].as_u64().unwrap_or(0) as usize;
    let mut text: String = text.chars().take(most).collect();
    while text.chars().count() < least {
        text.push('.');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::writer::script;
    use super::*;

    #[test]
    fn a_schema_is_followed() {
        let schema = json!({
            "type": "object",
            "properties": {
                "title": { "type": "string", "maxLength": 12 },
                "language": { "enum": ["en", "pt-BR"] },
                "hashtags": { "type": "array", "items": { "type": "string" }, "minItems": 5, "maxItems": 5 },
                "characters": { "type": "array", "items": { "$ref": "#/$defs/Character" } },
                "scenes": { "type": "array", "items": { "$ref": "#/$defs/Scene" } },
                "note": { "type": ["string", "null"] },
                "kind": { "const": "short" }
            },
            "$defs": {
                "Character": { "type": "object", "properties": { "name": { "type": "string" }, "description": { "type": "string" } } },
                "Scene": {
                    "type": "object",
                    "properties": {
                        "number": { "type": "integer" },
                        "narration": { "type": "string" },
                        "visualDescription": { "type": "string" },
                        "seconds": { "type": "number", "minimum": 1, "maximum": 6 }
                    }
                }
            }
        });
        let script = script("Topic: bees\nLanguage: pt-BR\nexactly 4 scenes, 40 seconds", 1.0);
        let filled = fill(&schema, &script);
        assert_eq!(filled["title"].as_str().map(|title| title.chars().count()), Some(12));
        assert_eq!((&filled["language"], &filled["kind"]), (&json!("pt-BR"), &json!("short")));
        assert_eq!(filled["hashtags"].as_array().map(Vec::len), Some(5));
        assert_eq!(filled["hashtags"][0], "#bees");
        assert_eq!(filled["characters"][0]["name"], CHARACTER.0);
        let scenes = filled["scenes"].as_array().expect("scenes are a list");
        assert_eq!(scenes.len(), 4);
        assert_eq!((&scenes[2]["number"], &scenes[2]["seconds"]), (&json!(3), &json!(6.0)));
        assert_eq!(scenes[1]["narration"], script.scenes[1].narration);
        assert_eq!(scenes[1]["visualDescription"], script.scenes[1].visual);
        assert!(filled["note"].is_string());
    }
}
