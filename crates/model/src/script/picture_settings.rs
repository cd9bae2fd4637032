//! Settings of one scene, written as the title of its picture: `"focus: 30% 20%, transition: slide"`.

use crate::character::Voice;
use crate::storyboard::{Focus, SceneLook};

use super::front_matter::transition;

/// What a picture's title sets for its scene.
#[derive(Default)]
pub(super) struct PictureSettings {
    pub look: SceneLook,
    pub character: Option<String>,
    pub voice: Option<Voice>,
}

/// Reads the settings; the error is a plain sentence.
pub(super) fn read(title: &str) -> Result<PictureSettings, String> {
    let mut look = SceneLook::default();
    let (mut character, mut vendor, mut name) = (None, None, None);
    for setting in title.split(',').map(str::trim).filter(|setting| !setting.is_empty()) {
        let (key, value) = setting.split_once(':').unwrap_or((setting, ""));
        match key.trim() {
            "focus" => look.focus = Some(focus(value.trim())?),
            "transition" => look.transition = Some(transition(value.trim())?),
            "character" => character = Some(value.trim().to_owned()),
            "voice" => name = Some(value.trim().to_owned()),
            "speech-vendor" => vendor = Some(value.trim().to_owned()),
            _ => {
                let known = "write focus: 30% 20%, transition: slide, character: Ana, voice: en-gb+f3 or speech-vendor: espeak, \
                             with commas between them";
                return Err(format!("\"{setting}\" is not a setting of a picture; {known}"));
            }
        }
    }
    Ok(PictureSettings { look, character, voice: Voice::said(vendor, name) })
}

fn focus(value: &str) -> Result<Focus, String> {
    let fraction = |text: &str| match text.strip_suffix('%') {
        Some(percent) => percent.parse::<f64>().ok().map(|percent| percent / 100.0),
        None => text.parse::<f64>().ok(),
    };
    let numbers: Vec<Option<f64>> = value.split_whitespace().map(fraction).collect();
    match numbers.as_slice() {
        [Some(x), Some(y)] if (0.0..=1.0).contains(x) && (0.0..=1.0).contains(y) => Ok(Focus { x: *x, y: *y }),
        _ => Err(format!("focus: \"{value}\" is not a place such as 30% 20% (from the left, from the top)")),
    }
}
