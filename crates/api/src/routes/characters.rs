//! Characters: people and things that look alike in every picture.

use axum::Json;
use axum::extract::Request;
use axum::http::StatusCode;
use model::character::{Character, Voice};
use store::CharacterRecord;

use super::check_show;
use crate::error::ApiError;
use crate::extract::{PathId, checked, whole_body};
use crate::picture;
use crate::signed::Signed;
use crate::wire::character::{CharacterDeleted, CharacterRow, CreateCharacter};
use crate::wire::refusal::{Error, Refusals};

/// List characters
///
/// Newest first. Characters of scripts belong to their projects and are not among them.
#[utoipa::path(
    get, path = "/api/characters", tag = "Characters", operation_id = "listCharacters",
    responses((status = 200, description = "The characters.", body = [CharacterRow]), Refusals),
)]
pub async fn list(app: Signed) -> Result<Json<Vec<CharacterRow>>, ApiError> {
    let records = app.store.characters(app.user.id).await?;
    Ok(Json(records.iter().map(CharacterRow::from).collect()))
}

/// Create a character
///
/// Its first picture is shown to vendors that can see when they draw a scene with it: one whose visual description names it, or
/// any scene of a project that has chosen it (`characterIds`) and whose description names nobody. The request may have 16 MiB.
#[utoipa::path(
    post, path = "/api/characters", tag = "Characters", operation_id = "createCharacter", request_body = CreateCharacter,
    responses(
        (status = 201, description = "The character.", body = CharacterRow),
        (status = 413, description = "The request has more than 16 MiB.", body = Error),
        Refusals
    ),
)]
pub async fn create(app: Signed, request: Request) -> Result<(StatusCode, Json<CharacterRow>), ApiError> {
    let input: CreateCharacter = checked(&whole_body(request, &*app, "16 MiB").await?)?;
    check_show(&app, input.show_id).await?;
    let mut pictures = Vec::new();
    for (index, image) in input.images.iter().enumerate() {
        pictures.push(picture::of_character(&app, &format!("images[{index}]"), image).await?);
    }
    let character = Character {
        id: (app.new_id)(),
        owner: app.user.id,
        project: None,
        name: input.name.trim().to_owned(),
        description: input.description.unwrap_or_default(),
        pictures,
        voice: Voice::said(input.voice_provider, input.voice_id),
    };
    let record = CharacterRecord {
        voice_settings: input.voice_settings,
        show_id: input.show_id,
        ..CharacterRecord::new(character, (app.clock)())
    };
    let row = CharacterRow::from(&record);
    app.store.create_character(record).await?;
    Ok((StatusCode::CREATED, Json(row)))
}

/// Show a character
///
/// One of your own, also of a script.
#[utoipa::path(
    get, path = "/api/characters/{id}", tag = "Characters", operation_id = "getCharacter",
    params(("id" = Uuid, Path, description = "The character's id.")),
    responses((status = 200, description = "The character.", body = CharacterRow), Refusals),
)]
pub async fn show(app: Signed, id: PathId) -> Result<Json<CharacterRow>, ApiError> {
    let record = app.store.character(app.user.id, id.of("Character")?).await?;
    Ok(Json(CharacterRow::from(&record.ok_or(ApiError::NotFound("Character"))?)))
}

/// Delete a character
///
/// Projects that have chosen it go on without it; what was made for them stays.
#[utoipa::path(
    delete, path = "/api/characters/{id}", tag = "Characters", operation_id = "deleteCharacter",
    params(("id" = Uuid, Path, description = "The character's id.")),
    responses((status = 200, description = "It is deleted.", body = CharacterDeleted), Refusals),
)]
pub async fn delete(app: Signed, id: PathId) -> Result<Json<CharacterDeleted>, ApiError> {
    let deleted = app.store.delete_character(app.user.id, id.of("Character")?, (app.clock)()).await?;
    for key in deleted.ok_or(ApiError::NotFound("Character"))? {
        // The character is gone either way; a file that stays behind costs space and nothing else.
        if let Err(error) = app.assets.delete(&key).await {
            tracing::warn!(%key, %error, "a deleted character's picture stays behind");
        }
    }
    Ok(Json(CharacterDeleted { message: "Character deleted successfully" }))
}
