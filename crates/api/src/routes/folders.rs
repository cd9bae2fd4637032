//! Folders: where projects are kept, as a tree.

use axum::Json;
use axum::http::StatusCode;
use store::{Folder, FolderChange, FolderError};

use crate::error::ApiError;
use crate::extract::{Checked, PathId};
use crate::signed::Signed;
use crate::wire::folder::{CreateFolder, FolderRow, Folders, PatchFolder};
use crate::wire::project::Success;
use crate::wire::refusal::{Error, Refusals};

/// List folders
///
/// All of them by name, with how many projects are in each and in none. `parent_id` makes them a tree.
#[utoipa::path(
    get, path = "/api/folders", tag = "Folders", operation_id = "listFolders",
    responses((status = 200, description = "The folders.", body = Folders), Refusals),
)]
pub async fn list(app: Signed) -> Result<Json<Folders>, ApiError> {
    Ok(Json(Folders::from(&app.store.folders(app.user.id).await?)))
}

/// Make a folder
///
/// At the root or in another folder. Projects get into it by their `folder_id`.
#[utoipa::path(
    post, path = "/api/folders", tag = "Folders", operation_id = "createFolder", request_body = CreateFolder,
    responses(
        (status = 200, description = "The folder.", body = FolderRow),
        (status = 409, description = "There is a folder with this name at the same place.", body = Error),
        Refusals
    ),
)]
pub async fn create(app: Signed, Checked(input): Checked<CreateFolder>) -> Result<Json<FolderRow>, ApiError> {
    let now = (app.clock)();
    let folder = Folder {
        id: (app.new_id)(),
        owner: app.user.id,
        parent: input.parent_id,
        name: input.name.trim().to_owned(),
        created_at: now,
        updated_at: now,
    };
    app.store.create_folder(&folder).await?;
    Ok(Json(FolderRow::from(&folder)))
}

/// Change a folder
///
/// Renames it, or moves it with all that is in it.
#[utoipa::path(
    patch, path = "/api/folders/{id}", tag = "Folders", operation_id = "changeFolder", request_body = PatchFolder,
    params(("id" = Uuid, Path, description = "The folder's id.")),
    responses(
        (status = 200, description = "The folder.", body = FolderRow),
        (status = 409, description = "There is a folder with this name at the same place.", body = Error),
        Refusals
    ),
)]
pub async fn change(app: Signed, id: PathId, Checked(input): Checked<PatchFolder>) -> Result<Json<FolderRow>, ApiError> {
    let id = id.of("Folder").map_err(|_| FolderError::NotFound)?;
    let name = input.name.map(|name| name.trim().to_owned());
    let change = FolderChange { name, parent: input.parent_id };
    Ok(Json(FolderRow::from(&app.store.change_folder(app.user.id, id, change, (app.clock)()).await?)))
}

/// Delete a folder
///
/// Nothing else is lost: its projects are in no folder then, and the folders in it take its place, with a number where their
/// name is taken there.
#[utoipa::path(
    delete, path = "/api/folders/{id}", tag = "Folders", operation_id = "deleteFolder",
    params(("id" = Uuid, Path, description = "The folder's id.")),
    responses((status = 200, description = "It is deleted.", body = Success), Refusals),
)]
pub async fn delete(app: Signed, id: PathId) -> Result<Json<Success>, ApiError> {
    let id = id.of("Folder").map_err(|_| FolderError::NotFound)?;
    if app.store.delete_folder(app.user.id, id, (app.clock)()).await? {
        Ok(Json(Success { success: true }))
    } else {
        Err(FolderError::NotFound.into())
    }
}

impl From<FolderError> for ApiError {
    fn from(error: FolderError) -> Self {
        match error {
            FolderError::NotFound => Self::plain(StatusCode::NOT_FOUND, "Folder not found or access denied"),
            FolderError::NoParent => Self::field("parent_id", "You have no such folder; leave it out or send null for the root"),
            FolderError::Inside => Self::field("parent_id", "A folder can't be moved into itself or into a folder inside it"),
            FolderError::NameTaken => Self::plain(StatusCode::CONFLICT, "Folder with this name already exists"),
            FolderError::Store(error) => error.into(),
        }
    }
}
