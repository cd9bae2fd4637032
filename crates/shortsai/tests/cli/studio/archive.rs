//! What is downloaded: a project as an archive, and what all have in common.

use std::io::Read;

use serde_json::Value;

use super::shape::{reads, reads_each, text};
use super::tab::Tab;

pub async fn export(tab: &Tab, project: &str) {
    let answer = tab.get(&format!("/api/projects/{project}/export")).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/zip"));
    let name = answer.header("content-disposition");
    assert!(name.starts_with("attachment; filename=\"project-") && name.ends_with(".zip\""), "{name}");
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(answer.body.to_vec())).expect("an archive");
    let mut text_of = String::new();
    archive.by_name("project.json").expect("it is there").read_to_string(&mut text_of).expect("text");
    let project: Value = serde_json::from_str(&text_of).expect("JSON");
    reads(
        "project.json",
        &project,
        "id:text projectName:text topic:text style:text settings.language:text settings.voiceName:text settings.ttsProvider:text \
         settings.videoModel:string settings.audioModel:string? settings.includeMusic:bool backgroundMusic:text? referenceImage:text? \
         scenes:list metadata.exportedAt:text metadata.version:text",
    );
    let fields = "id:text text:text prompt:text duration:number audio:text image:text video:string?";
    for (scene, number) in reads_each("scenes of project.json", &project["scenes"], fields).iter().zip(1..) {
        assert_eq!(text(&scene["id"]), format!("scene_{number:02}"));
        for file in ["audio", "image"] {
            let path = text(&scene[file]);
            assert!(path.contains(&format!("scene_{number:02}.")), "{path}");
            assert!(archive.by_name(&path).expect("the file that is named is there").size() > 100, "{path}");
        }
    }
    assert!(archive.by_name(&text(&project["backgroundMusic"])).is_ok());
}

pub async fn context(tab: &Tab) {
    let context = tab.get("/api/projects/export-context?folderId=root&limit=100").await.json(200);
    let fields = "meta.generated_at:time meta.project_count:count meta.filter:object style_reference.common_styles:list \
                  style_reference.preferred_voices:list content_examples:list";
    reads("context", &context, fields);
    let fields = "title:text description:string script_sample:text visual_style_sample:list";
    assert_eq!(reads_each("examples", &context["content_examples"], fields).len(), 1);
}
