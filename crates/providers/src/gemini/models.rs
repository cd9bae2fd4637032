//! Which models a key can use: free questions that also tell whether the key is taken.

use serde::Deserialize;

use crate::api::Api;
use crate::error::ProviderError;

/// More than Google has.
const PAGE: &str = "1000";

/// The models of this key, by the names that requests use.
///
/// # Errors
/// As [`Api::get`].
pub async fn list(api: &Api) -> Result<Vec<String>, ProviderError> {
    let list: List = api.get("/models", &[("pageSize", PAGE)]).await?;
    Ok(list.models.into_iter().map(|model| model.name.trim_start_matches("models/").to_owned()).collect())
}

/// Whether the key works and the model is there; a sentence that says so.
///
/// # Errors
/// [`ProviderError::Unavailable`] for a key that is not taken or a model that is gone; else as [`Api::get`].
pub async fn probe(api: &Api, model: &str) -> Result<String, ProviderError> {
    let _: Model = api.get(&format!("/models/{model}"), &[]).await?;
    Ok(format!("key works, model {model} is there"))
}

#[derive(Deserialize)]
struct List {
    #[serde(default)]
    models: Vec<Model>,
}

#[derive(Deserialize)]
struct Model {
    name: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_list_is_read() {
        let list: List = serde_json::from_str(include_str!("../../tests/fixtures/gemini_models.json")).expect("the shape");
        assert_eq!(list.models[0].name, "models/gemini-3.8-flash");
    }
}
