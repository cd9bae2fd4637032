//! From a script to a project: checks what can be checked at once, takes the user's pictures in, and writes the changes.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use assets::{Kind, Place};
use model::character::Character;
use model::project::{Settings, VideoOptions};
use model::script::{Script, ScriptScene, ScriptSettings};
use model::storyboard::{Storyboard, StoryboardScene};
use model::workflow::{Edit, Input, SceneDraft};
use providers::error::ProviderError;
use render::{FolderMedia, RenderError};
use store::{Details, NewProject, ProjectRecord, StoreError};
use uuid::Uuid;

use super::web::Fetched;
use super::{files, web};
use crate::fail::Unusable;
use crate::wiring::{House, new_id, now};

/// Whether somebody is there who can speak the project's voice, and those of its scenes: known before anything is made. `name` is what the project is
/// made of, for the sentence.
pub async fn check_voice(house: &House, project: Uuid, name: &str) -> anyhow::Result<()> {
    let record = house.store.project(project).await?.context("the project is gone; run the command again")?;
    let scenes = &record.project.scenes;
    if scenes.is_empty() || scenes.iter().any(|scene| scene.voice.is_none()) {
        check_one_voice(house, &record, name).await?;
    }
    for scene in scenes {
        if let Some(voice) = &scene.voice {
            let name = format!("{name}: scene {}", scene.number);
            check_one_voice(house, &record.clone().with_voice(voice), &name).await?;
        }
    }
    Ok(())
}

async fn check_one_voice(house: &House, record: &ProjectRecord, name: &str) -> anyhow::Result<()> {
    let wish = house.office.wish(house.owner, Some(record)).await?;
    let (language, voice) = (&record.project.settings.language, &record.project.settings.voice);
    let unusable = |error: ProviderError| Unusable(format!("{name}: {error}"));
    let narrators = house.office.catalogue.abilities(&wish).speech.map_err(unusable)?;
    let mut refusals = narrators.iter().map(|narrator| narrator.provider.check(language, voice).err());
    // The first one's reason: the others only stand in.
    match refusals.next().flatten() {
        Some(error) if refusals.all(|refusal| refusal.is_some()) => Err(unusable(error).into()),
        _ => Ok(()),
    }
}

/// Everything that would fail later and can be known now: ffmpeg, every picture, the music.
pub fn check(script: &Script, path: &Path) -> anyhow::Result<()> {
    render::check_ffmpeg()?;
    files::check(&script.settings, folder_of(path), &path.display().to_string())?;
    let given: Vec<(usize, &ScriptScene)> = script.scenes.iter().enumerate().filter(|(_, scene)| is_file(scene)).collect();
    let scenes = given.iter().map(|(_, scene)| preview(path, scene)).collect::<anyhow::Result<Vec<_>>>()?;
    if scenes.is_empty() {
        return Ok(());
    }
    let storyboard = Storyboard { scenes, ..storyboard_of(script) };
    match render::plan(&storyboard, &FolderMedia::new(folder_of(path))) {
        Ok(_) => Ok(()),
        Err(RenderError::Scene { scene, file: _, problem }) => {
            let (index, scene) = given[scene - 1];
            let picture = scene.picture.as_deref().unwrap_or_default();
            bail!("{}: line {}: scene {}: {picture}: {problem}", path.display(), scene.line, index + 1)
        }
        Err(error) => Err(error.into()),
    }
}

/// A scene that only shows its picture: enough to open and decode it.
fn preview(path: &Path, scene: &ScriptScene) -> anyhow::Result<StoryboardScene> {
    let file = picture_path(path, scene);
    let name = || Some(file.display().to_string());
    let moving = kind_of(&file) == Some(Kind::Video);
    Ok(StoryboardScene {
        image_url: name().filter(|_| !moving),
        video_url: name().filter(|_| moving),
        duration: Some(1.0),
        ..StoryboardScene::default()
    })
}

fn storyboard_of(script: &Script) -> Storyboard {
    Storyboard {
        title: script.title.clone(),
        scenes: Vec::new(),
        bg_music_url: None,
        size: script.settings.size,
        fps: script.settings.fps,
        captions: script.settings.captions.clone(),
        music: Default::default(),
        transition: script.settings.transition,
    }
}

fn kind_of(file: &Path) -> Option<Kind> {
    use std::io::Read;
    let mut head = Vec::new();
    std::fs::File::open(file).ok()?.take(4096).read_to_end(&mut head).ok()?;
    assets::sniff(&head).map(|media_type| media_type.kind)
}

fn folder_of(script: &Path) -> &Path {
    script.parent().unwrap_or(Path::new("."))
}

/// Whether the scene's picture is a file of this machine.
fn is_file(scene: &ScriptScene) -> bool {
    scene.picture.is_some() && web::address(scene).is_none()
}

fn picture_path(script: &Path, scene: &ScriptScene) -> PathBuf {
    folder_of(script).join(scene.picture.as_deref().unwrap_or_default())
}

/// The user's own files.
pub fn media(script: &Script, path: &Path) -> Vec<PathBuf> {
    let pictures = script.scenes.iter().filter(|scene| is_file(scene)).map(|scene| picture_path(path, scene));
    pictures.chain(files::all(&script.settings, folder_of(path))).collect()
}

/// Writes the script into its project, which is known by the script's path; answers the project.
pub async fn import(house: &House, path: &Path, script: Script, fetched: &Fetched) -> anyhow::Result<Uuid> {
    let source = path.display().to_string();
    let mut drafts = Vec::with_capacity(script.scenes.len());
    for (index, scene) in script.scenes.iter().enumerate() {
        drafts.push(draft(house, path, (index, scene), fetched).await?);
    }
    let kept = files::keep(house, &script.settings, folder_of(path)).await?;
    let listed = script.settings.characters.clone();
    let settings = Settings { reference: kept.reference, ..settings_of(&title_of(&script, path), script.settings) };
    let project = project_of(house, &source, &settings).await?;
    let pairs = listed.iter().zip(kept.characters);
    let characters: Vec<Character> =
        pairs.map(|(character, picture)| character.in_project((house.owner, project), picture)).collect();
    for (scene, draft) in script.scenes.iter().zip(&mut drafts) {
        draft.character = characters.iter().find(|one| Some(&one.name) == scene.character.as_ref()).map(|one| one.id);
    }
    let settings = Settings { characters: characters.iter().map(|character| character.id).collect(), ..settings };
    for key in house.store.set_script_characters(project, characters, now()).await? {
        house.assets.delete(&key).await?;
    }
    let edits =
        [Edit::Settings { settings: Box::new(settings), remake: true }, Edit::ReplaceScenes(drafts), Edit::GiveMusic(kept.music)];
    for edit in edits {
        house.store.apply(project, Input::Edit(edit), now()).await?;
    }
    Ok(project)
}

/// The project of the script at `source`; made unless there is one.
async fn project_of(house: &House, source: &str, settings: &Settings) -> anyhow::Result<Uuid> {
    let known = async || anyhow::Ok(house.store.project_by_source(house.owner, source).await?.map(|record| record.project.id));
    if let Some(project) = known().await? {
        return Ok(project);
    }
    let new = NewProject {
        id: new_id(),
        owner: house.owner,
        settings: settings.clone(),
        details: Details::default(),
        source: Some(source.to_owned()),
        characters: Vec::new(),
    };
    match house.store.create_project(new, now()).await {
        Ok(record) => Ok(record.project.id),
        // Another run of the same script was quicker.
        Err(error @ StoreError::Exists(_)) => known().await?.ok_or_else(|| error.into()),
        Err(error) => Err(error.into()),
    }
}

async fn draft(
    house: &House,
    path: &Path,
    (index, scene): (usize, &ScriptScene),
    fetched: &Fetched,
) -> anyhow::Result<SceneDraft> {
    let mut draft = SceneDraft {
        id: new_id(),
        narration: scene.narration.clone(),
        visual_description: scene.description.clone(),
        image: None,
        video: None,
        look: scene.look,
        character: None,
        voice: scene.voice.clone(),
    };
    if let Some(medium) = web::address(scene).and_then(|url| fetched.get(url)) {
        let moving = medium.media_type.starts_with("video/");
        *(if moving { &mut draft.video } else { &mut draft.image }) = Some(medium.clone());
    } else if scene.picture.is_some() {
        let file = picture_path(path, scene);
        let moving = kind_of(&file) == Some(Kind::Video);
        let place = if moving { Place::SceneVideos } else { Place::SceneImages };
        let stored = house
            .assets
            .put_file(place, &file)
            .await
            .with_context(|| format!("{}: line {}: scene {}", path.display(), scene.line, index + 1))?;
        *(if moving { &mut draft.video } else { &mut draft.image }) = Some(files::given(stored));
    }
    Ok(draft)
}

/// The script's title; a script without one is called like its file.
fn title_of(script: &Script, path: &Path) -> String {
    let file_name = || path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    if script.title.is_empty() { file_name() } else { script.title.clone() }
}

/// A script's settings as those of a project, without its files.
pub fn settings_of(title: &str, settings: ScriptSettings) -> Settings {
    Settings {
        topic: title.to_owned(),
        title: title.to_owned(),
        description: String::new(),
        style: settings.style,
        language: settings.language,
        voice: settings.voice,
        speech_vendor: String::new(),
        include_music: settings.music.is_some(),
        music_prompt: settings.music.unwrap_or_default(),
        video: VideoOptions {
            size: settings.size,
            fps: settings.fps,
            captions: settings.captions,
            transition: settings.transition,
            ..VideoOptions::default()
        },
        choice: settings.choice,
        speech_speed: Some(settings.speed).filter(|speed| *speed != 1.0),
        reference: None,
        characters: Vec::new(),
    }
}
