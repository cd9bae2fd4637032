//! Which models a key can use: free questions that also tell whether the key is taken.

use serde::Deserialize;

use crate::api::Api;
use crate::error::ProviderError;

/// Models that a message names.
const NAMED: usize = 5;

/// The models of this key, or of the server.
///
/// # Errors
/// As [`Api::get`].
pub async fn list(api: &Api) -> Result<Vec<String>, ProviderError> {
    let list: List = api.get("/models", &[]).await?;
    Ok(list.data.into_iter().map(|model| model.id).collect())
}

/// Whether the key works and the model is there; a sentence that says so. By the list, since not every compatible server
/// answers about a single model.
///
/// # Errors
/// [`ProviderError::Unavailable`] for a key that is not taken or a model that is not in the list; else as [`Api::get`].
pub async fn probe(api: &Api, model: &str) -> Result<String, ProviderError> {
    let there = list(api).await?;
    if there.iter().any(|name| name == model) {
        return Ok(format!("key works, model {model} is there"));
    }
    let some: Vec<&str> = there.iter().take(NAMED).map(String::as_str).collect();
    let others = if some.is_empty() { String::new() } else { format!("; it has {} and so on", some.join(", ")) };
    let vendor = api.vendor;
    Err(ProviderError::Unavailable(format!("{vendor} does not list the model {model}; set another one in shortsai.toml{others}")))
}

#[derive(Deserialize)]
struct List {
    #[serde(default)]
    data: Vec<Model>,
}

#[derive(Deserialize)]
struct Model {
    id: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_list_is_read() {
        let list: List = serde_json::from_str(include_str!("../../tests/fixtures/openai_models.json")).expect("the shape");
        assert_eq!(list.data[1].id, "gpt-image-1");
    }
}
