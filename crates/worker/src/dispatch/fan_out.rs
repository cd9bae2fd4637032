//! One render shared out: several workers draw scenes into the shared cache, then one puts the video together.

use std::sync::{Arc, Mutex, PoisonError};

use futures::future::join_all;
use model::project::estimated_seconds;
use model::storyboard::{Storyboard, StoryboardScene};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::target::Call;
use super::{Dispatcher, Told, Undone, request};
use crate::wire::WantedPart;

/// How much of the progress the parts are.
const PARTS: f64 = 0.95;

impl Dispatcher {
    /// Has the scenes drawn by several workers; answers how much of the progress that was. What could not be drawn ahead (its
    /// worker died, all were busy) is drawn by whoever puts the video together.
    pub(super) async fn prepare_parts(
        &self,
        id: &str,
        payload: &Value,
        storyboard: &Storyboard,
        progress: &Told,
        cancel: &CancellationToken,
    ) -> Result<f64, Undone> {
        let parts = parts(storyboard, self.settings.fan_out);
        if parts.len() < 2 {
            return Ok(0.0);
        }
        let count = parts.len();
        let fractions = Arc::new(Mutex::new(vec![0.0; count]));
        let cancel = cancel.child_token();
        let sent = parts.into_iter().enumerate().map(|(index, part)| {
            let (fractions, progress, cancel) = (fractions.clone(), progress.clone(), &cancel);
            let told: Told = Arc::new(move |fraction| {
                let mut fractions = fractions.lock().unwrap_or_else(PoisonError::into_inner);
                fractions[index] = fraction;
                progress(fractions.iter().sum::<f64>() / count as f64 * PARTS);
            });
            let request = request(&format!("{id}.{}of{count}", index + 1), payload.clone(), Some(part));
            async move {
                let sent = self.send(&Call { request, progress: told, cancel }).await;
                if matches!(sent, Err(Undone::Failed { retry: false, .. })) {
                    // What can't be drawn can't be put together: the others work for nothing.
                    cancel.cancel();
                }
                sent
            }
        });
        let mut ended = Ok(PARTS);
        for part in join_all(sent).await {
            match part {
                Err(failed @ Undone::Failed { retry: false, .. }) => return Err(failed),
                Err(Undone::Cancelled) => ended = Err(Undone::Cancelled),
                Err(Undone::Busy(_) | Undone::Failed { .. }) => tracing::info!("a part was not drawn ahead"),
                Ok(_) => {}
            }
        }
        ended
    }
}

/// The scenes in at most `most` parts that take about equally long; the lightest one mixes the sound too.
fn parts(storyboard: &Storyboard, most: usize) -> Vec<WantedPart> {
    let count = most.min(storyboard.scenes.len());
    if count < 2 {
        return Vec::new();
    }
    let mut scenes: Vec<(f64, usize)> = storyboard.scenes.iter().map(seconds).zip(0..).collect();
    scenes.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
    let mut parts = vec![(0.0_f64, WantedPart { scenes: Default::default(), sound: false }); count];
    for (seconds, index) in scenes {
        let lightest = parts.iter_mut().min_by(|one, other| one.0.total_cmp(&other.0)).expect("there are at least two");
        lightest.0 += seconds;
        lightest.1.scenes.insert(index);
    }
    parts.iter_mut().min_by(|one, other| one.0.total_cmp(&other.0)).expect("there are at least two").1.sound = true;
    parts.into_iter().map(|(_, part)| part).collect()
}

/// About how long a scene is: only the renderer knows exactly.
fn seconds(scene: &StoryboardScene) -> f64 {
    let spoken = scene.word_timings.last().map(|word| word.end);
    match (&scene.audio_url, scene.duration) {
        (None, Some(duration)) => duration,
        _ => spoken.unwrap_or_else(|| estimated_seconds(&scene.narration)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scenes_are_shared_out_by_length() {
        let check = |lengths: &[f64], most: usize, expected: &[(&[usize], bool)]| {
            let scene = |duration: &f64| StoryboardScene { duration: Some(*duration), ..StoryboardScene::default() };
            let mut storyboard = Storyboard::from_json(r#"{"scenes":[{"imageUrl":"a","duration":1}]}"#).expect("a storyboard");
            storyboard.scenes = lengths.iter().map(scene).collect();
            let parts = parts(&storyboard, most);
            let parts: Vec<(Vec<usize>, bool)> =
                parts.into_iter().map(|part| (part.scenes.into_iter().collect(), part.sound)).collect();
            let expected: Vec<(Vec<usize>, bool)> = expected.iter().map(|(scenes, sound)| (scenes.to_vec(), *sound)).collect();
            assert_eq!(parts, expected, "{lengths:?} in {most}");
        };
        check(&[4.0, 4.0, 4.0, 4.0], 2, &[(&[0, 2], true), (&[1, 3], false)]);
        check(&[9.0, 2.0, 3.0, 3.0], 2, &[(&[0], false), (&[1, 2, 3], true)]);
        check(&[1.0, 5.0, 1.0], 8, &[(&[1], false), (&[0], true), (&[2], false)]);
        check(&[1.0], 4, &[]);
        check(&[1.0, 1.0], 1, &[]);
    }
}
