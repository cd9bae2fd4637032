//! Input from requests: JSON bodies, ids in paths and query strings, all with errors in our own shape.

use std::convert::Infallible;

use axum::extract::{FromRequest, FromRequestParts, Query, RawPathParams, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use bytes::Bytes;
use garde::Validate;
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use crate::error::{ApiError, Problems};
use crate::strict::Strict;

/// A JSON body that has been read and checked. Unknown fields are dropped, and the content type does not matter, so that
/// `curl -d` works as it is.
pub struct Checked<T>(pub T);

impl<S, T> FromRequest<S> for Checked<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Validate<Context = ()>,
{
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let bytes = whole_body(request, state, "1 MiB").await?;
        checked(&bytes).map(Self)
    }
}

/// Reads and checks a JSON body.
pub fn checked<T: DeserializeOwned + Validate<Context = ()>>(bytes: &Bytes) -> Result<T, ApiError> {
    let value = parse(bytes)?;
    let input: T = serde_path_to_error::deserialize(Strict(&value)).map_err(|error| type_error(&error))?;
    let mut problems = Problems::default();
    if let Err(report) = input.validate() {
        for (path, error) in report.iter() {
            problems.add(&as_written(&path.to_string(), &value), error.message());
        }
    }
    problems.into_result()?;
    Ok(input)
}

/// The body's bytes; `limit` is only for the sentence, the limit itself is set on the route.
pub async fn whole_body<S: Send + Sync>(request: Request, state: &S, limit: &str) -> Result<Bytes, ApiError> {
    Bytes::from_request(request, state).await.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            ApiError::plain(StatusCode::PAYLOAD_TOO_LARGE, format!("The request's body is larger than {limit}."))
        }
        _ => ApiError::plain(StatusCode::BAD_REQUEST, "The request's body could not be read to its end; send it again."),
    })
}

/// A path of field names as in our structures, with the names as the body has them: `storyboard.scenes[0].imageUrl`.
fn as_written(path: &str, body: &Value) -> String {
    let (mut node, mut written) = (body, String::new());
    for step in path.split(['.', '[', ']']).filter(|step| !step.is_empty()) {
        let camel = camel_case(step);
        let name = if node.get(step).is_none() && node.get(&camel).is_some() { &camel } else { step };
        node = match step.parse::<usize>() {
            Ok(index) => &node[index],
            Err(_) => &node[name],
        };
        written = format!("{written}.{name}");
    }
    written
}

fn camel_case(name: &str) -> String {
    let mut parts = name.split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |mut camel, part| {
        let mut letters = part.chars();
        camel.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        camel.push_str(letters.as_str());
        camel
    })
}

fn parse(bytes: &[u8]) -> Result<Value, ApiError> {
    let malformed = |error: &dyn std::fmt::Display| {
        ApiError::plain(StatusCode::BAD_REQUEST, format!("The request's body is not valid JSON: {error}."))
    };
    let text = std::str::from_utf8(bytes).map_err(|error| malformed(&error))?;
    let value: Value = serde_json::from_str(text).map_err(|error| malformed(&error))?;
    if !value.is_object() {
        return Err(ApiError::field("", "Expected a JSON object"));
    }
    let mut path = String::new();
    if has_nul(&value, &mut path) {
        return Err(ApiError::field(&path, "Text must not contain the NUL character"));
    }
    Ok(value)
}

/// Whether some text holds a NUL, which databases can't store; `path` is then where.
fn has_nul(value: &Value, path: &mut String) -> bool {
    let length = path.len();
    let found = match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().enumerate().any(|(index, item)| {
            path.truncate(length);
            path.push_str(&format!("[{index}]"));
            has_nul(item, path)
        }),
        Value::Object(fields) => fields.iter().any(|(name, field)| {
            path.truncate(length);
            if name.contains('\0') {
                return true;
            }
            path.push_str(&format!(".{name}"));
            has_nul(field, path)
        }),
        _ => false,
    };
    if !found {
        path.truncate(length);
    }
    found
}

fn type_error(error: &serde_path_to_error::Error<serde_json::Error>) -> ApiError {
    let (mut path, message) = (error.path().to_string(), error.inner().to_string());
    if path == "." {
        path.clear();
    }
    let missing = message.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'));
    if let Some(field) = missing {
        return ApiError::field(&format!("{path}.{field}"), "Required");
    }
    // The names of our own structures mean nothing to a stranger.
    let message = match message.split_once(", expected struct ") {
        Some((found, _)) => format!("{found}, expected an object"),
        None => message,
    };
    ApiError::field(&path, message)
}

/// The `{id}` in a path; anything that is no id of ours names nothing.
pub struct PathId(Option<Uuid>);

impl PathId {
    /// The id, or the error that there is no such thing.
    pub fn of(&self, thing: &'static str) -> Result<Uuid, ApiError> {
        self.0.ok_or(ApiError::NotFound(thing))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for PathId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let params = RawPathParams::from_request_parts(parts, state).await.ok();
        let id = params.and_then(|params| params.iter().next().and_then(|(_, value)| Uuid::parse_str(value).ok()));
        Ok(Self(id))
    }
}

/// The two ids in a path; anything that is no id of ours names nothing.
pub struct PathIds(Option<(Uuid, Uuid)>);

impl PathIds {
    /// The ids, or the error that there is no such thing.
    pub fn of(&self, thing: &'static str) -> Result<(Uuid, Uuid), ApiError> {
        self.0.ok_or(ApiError::NotFound(thing))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for PathIds {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let params = RawPathParams::from_request_parts(parts, state).await.ok();
        let ids = params.iter().flat_map(RawPathParams::iter).map(|(_, value)| Uuid::parse_str(value).ok());
        let ids: Vec<Option<Uuid>> = ids.collect();
        Ok(Self(if let [Some(one), Some(other)] = ids[..] { Some((one, other)) } else { None }))
    }
}

/// A form as it was sent, whatever it calls itself.
pub struct Form(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        whole_body(request, state, "1 MiB").await.map(Self)
    }
}

/// The query string.
pub struct Asked<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        query.map(|Query(asked)| Self(asked)).map_err(|rejection| {
            ApiError::plain(StatusCode::BAD_REQUEST, format!("The address can't be read: {}.", rejection.body_text()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_called_as_in_the_body() {
        let body = serde_json::json!({ "project_id": 1, "storyboard": { "scenes": [{}, { "visualDescription": "" }] } });
        let check = |path: &str, expected: &str| assert_eq!(as_written(path, &body), expected);
        check("project_id", ".project_id");
        check("storyboard.scenes[1].visual_description", ".storyboard.scenes.1.visualDescription");
        check("storyboard.scenes[0].visual_description", ".storyboard.scenes.0.visual_description");
        check("absent.thing", ".absent.thing");
    }
}
