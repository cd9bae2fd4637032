//! Settings of one scene, written as the title of its picture: `"focus: 30% 20%, transition: slide"`.

use crate::storyboard::{Focus, SceneLook};

use super::front_matter::transition;

/// Reads the settings; the error is a plain sentence.
pub(super) fn read(title: &str) -> Result<SceneLook, String> {
    let mut look = SceneLook::default();
    for setting in title.split(',').map(str::trim).filter(|setting| !setting.is_empty()) {
        let (key, value) = setting.split_once(':').unwrap_or((setting, ""));
        match key.trim() {
            "focus" => look.focus = Some(focus(value.trim())?),
            "transition" => look.transition = Some(transition(value.trim())?),
            _ => {
                let known = "write focus: 30% 20%, or transition: slide, or both with a comma between them";
                return Err(format!("\"{setting}\" is not a setting of a picture; {known}"));
            }
        }
    }
    Ok(look)
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
