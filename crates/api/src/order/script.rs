//! The files that a script names: objects of the client's own, by key or address.

use assets::Kind;
use model::character::Character;
use model::script::{Script, ScriptCharacter};
use model::workflow::SceneDraft;
use uuid::Uuid;

use crate::error::{ApiError, Problems};
use crate::foreign::Named;
use crate::key::own_medium;
use crate::picture;
use crate::signed::Signed;

/// All files that the script names.
pub fn media(script: &mut Script) -> Vec<Named<'_>> {
    let Script { scenes, settings, .. } = script;
    let mut media = Vec::new();
    for scene in scenes {
        let (field, part) = ("script".to_owned(), format!("line {}: the picture ", scene.line));
        media.extend(scene.picture.as_mut().map(|text| Named { field, part, text, kinds: &[Kind::Image, Kind::Video] }));
    }
    for character in &mut settings.characters {
        let (field, part) = ("script".to_owned(), format!("line {}: the picture of {} ", character.line, character.name));
        media.push(Named { field, part, text: &mut character.picture, kinds: &[Kind::Image] });
    }
    let reference = |text| Named { field: "script.reference".to_owned(), part: String::new(), text, kinds: &[Kind::Image] };
    media.extend(settings.reference.as_mut().map(reference));
    media.extend(settings.music_file.as_mut().map(super::music));
    media
}

/// The scenes, with the client's own pictures and clips.
pub async fn drafts(app: &Signed, script: &Script, characters: &[Character]) -> Result<Vec<SceneDraft>, ApiError> {
    let (mut drafts, mut problems) = (Vec::new(), Problems::default());
    for scene in &script.scenes {
        let mut draft = SceneDraft {
            id: (app.new_id)(),
            narration: scene.narration.clone(),
            visual_description: scene.description.clone(),
            image: None,
            video: None,
            look: scene.look,
            character: characters.iter().find(|one| Some(&one.name) == scene.character.as_ref()).map(|one| one.id),
            voice: scene.voice.clone(),
        };
        match &scene.picture {
            None => {}
            Some(picture) => match own_medium(app, picture, &["image", "video"]).await {
                Ok(medium) if medium.media_type.starts_with("video/") => draft.video = Some(medium),
                Ok(medium) => draft.image = Some(medium),
                Err(problem) => problems.add("script", format!("line {}: the picture {problem}", scene.line)),
            },
        }
        drafts.push(draft);
    }
    problems.into_result()?;
    Ok(drafts)
}

/// The characters of the new project's script.
pub async fn characters(app: &Signed, project: Uuid, listed: &[ScriptCharacter]) -> Result<Vec<Character>, ApiError> {
    let mut characters = Vec::new();
    for character in listed {
        let field = format!("script.characters.{}", character.name.replace(['.', '[', ']'], " "));
        let picture = picture::of_character(app, &field, &character.picture).await?;
        characters.push(character.in_project((app.user.id, project), picture));
    }
    Ok(characters)
}

/// The key of the picture that a script's pictures should look like.
pub async fn reference(app: &Signed, file: Option<&str>) -> Result<Option<String>, ApiError> {
    match file {
        Some(file) => picture::of_style(app, "script.reference", file).await.map(Some),
        None => Ok(None),
    }
}
