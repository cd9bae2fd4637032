//! Folders on the wire.

use garde::Validate;
use serde::{Deserialize, Serialize};
use store::{Folder, FolderList, LONGEST_FOLDER_NAME};
use utoipa::ToSchema;
use uuid::Uuid;

use super::rule::{nullable, text};
use super::stamp;

/// A new folder.
#[derive(Deserialize, Validate, ToSchema)]
pub struct CreateFolder {
    /// 1 to 50 characters; unique among the folders beside it.
    #[garde(custom(text(1, LONGEST_FOLDER_NAME)))]
    #[schema(example = "Week 1", min_length = 1, max_length = 50)]
    pub name: String,
    /// The folder that it is in; without, at the root.
    #[garde(skip)]
    pub parent_id: Option<Uuid>,
}

/// Changes of a folder; what is left out stays.
#[derive(Deserialize, Validate, ToSchema)]
pub struct PatchFolder {
    /// 1 to 50 characters; unique among the folders beside it.
    #[garde(custom(text(1, LONGEST_FOLDER_NAME)))]
    #[schema(example = "Week 1", min_length = 1, max_length = 50)]
    pub name: Option<String>,
    /// The folder to move it into, but not itself and none inside it; `null` for the root.
    #[serde(default, deserialize_with = "nullable")]
    #[garde(skip)]
    pub parent_id: Option<Option<Uuid>>,
}

/// A folder.
#[derive(Serialize, ToSchema)]
pub struct FolderRow {
    id: Uuid,
    name: String,
    user_id: Uuid,
    /// The folder that it is in; `null` at the root.
    parent_id: Option<Uuid>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

impl From<&Folder> for FolderRow {
    fn from(folder: &Folder) -> Self {
        Self {
            id: folder.id,
            name: folder.name.clone(),
            user_id: folder.owner,
            parent_id: folder.parent,
            created_at: stamp(folder.created_at),
            updated_at: stamp(folder.updated_at),
        }
    }
}

/// How many there are of what.
#[derive(Serialize, ToSchema)]
pub struct ProjectCount {
    /// Projects.
    pub projects: u64,
}

/// A folder in a list.
#[derive(Serialize, ToSchema)]
pub struct ListedFolder {
    #[serde(flatten)]
    folder: FolderRow,
    /// What is in it, without what is put away and without the folders in it.
    #[serde(rename = "_count")]
    count: ProjectCount,
}

/// All folders.
#[derive(Serialize, ToSchema)]
pub struct Folders {
    /// By name.
    folders: Vec<ListedFolder>,
    /// How many projects are in no folder, without those put away.
    #[serde(rename = "rootCount")]
    root_count: u64,
}

impl From<&FolderList> for Folders {
    fn from(list: &FolderList) -> Self {
        let row = |(folder, projects): &(Folder, u64)| ListedFolder {
            folder: folder.into(),
            count: ProjectCount { projects: *projects },
        };
        Self { folders: list.folders.iter().map(row).collect(), root_count: list.at_root }
    }
}
