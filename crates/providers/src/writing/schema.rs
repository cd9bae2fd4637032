//! The form of a script as a JSON Schema: one that every vendor's structured output takes, so all properties are required.

use serde_json::{Value, json};

use super::wish::Wish;

/// The schema of a script with so many scenes.
pub(super) fn script(wish: &Wish) -> Value {
    let text = |description: &str| json!({ "type": "string", "description": description });
    let list = |items: Value, description: &str| json!({ "type": "array", "items": items, "description": description });
    let character =
        object(&[("name", text("a short name")), ("look", text("age, face, hair, clothes, colours, in one English phrase"))]);
    let scene = object(&[
        ("narration", text("what the narrator says, and nothing else")),
        ("visual_description", text("what the picture shows, in English, without style and looks")),
        ("characters", list(text("a name from the list of characters"), "who is seen in it")),
        ("seconds", json!({ "type": "number", "description": "how long the narration takes" })),
    ]);
    let mut scenes = list(scene, "the scenes in their order");
    scenes["minItems"] = json!(wish.scenes.start());
    scenes["maxItems"] = json!(wish.scenes.end());
    object(&[
        ("title", text("at most 50 characters")),
        ("description", text("two short lines, without hashtags")),
        ("hashtags", list(text("such as #moon"), "five hashtags")),
        ("style", text("the look of all pictures in one English sentence")),
        ("characters", list(character, "who is seen in more than one scene")),
        ("scenes", scenes),
    ])
}

fn object(properties: &[(&str, Value)]) -> Value {
    let names: Vec<&str> = properties.iter().map(|(name, _)| *name).collect();
    let properties: serde_json::Map<String, Value> =
        properties.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    json!({ "type": "object", "properties": properties, "required": names, "additionalProperties": false })
}
