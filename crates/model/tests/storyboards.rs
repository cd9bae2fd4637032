//! Any JSON is read or refused without a panic, and whatever is taken has exact frames.

use model::storyboard::{MAX_SCENES, Storyboard};
use model::timeline::Timeline;
use proptest::prelude::*;
use serde_json::{Value, json};

/// Numbers at and beyond every edge.
fn number() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<f64>().prop_map(|number| json!(number)),
        any::<i64>().prop_map(|number| json!(number)),
        prop::sample::select(vec![0.0, -0.0, 0.04, 0.039_999, 1e-320, 600.0, 600.000_1, 1e18, 1e308, -1.0, 0.5, 2.0])
            .prop_map(|number| json!(number)),
    ]
}

/// What a field may hold although it should not.
fn junk() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        number(),
        ".{0,12}".prop_map(Value::from),
        prop::sample::select(vec!["NaN", "Infinity", "-inf", "crossfade", "zoomThrough", "zoomIn", "#ffffff", "karaoke"])
            .prop_map(Value::from),
        prop::collection::vec(number(), 0..3).prop_map(Value::from),
        Just(json!({ "x": 1.5, "y": 0.5 })),
        (number(), number()).prop_map(|(x, y)| json!({ "x": x, "y": y })),
        (number(), number()).prop_map(|(start, end)| json!([{ "word": "a", "start": start, "end": end }])),
    ]
}

const SCENE_FIELDS: [&str; 9] =
    ["narration", "imageUrl", "videoUrl", "audioUrl", "wordTimings", "duration", "motion", "transition", "focus"];
const FIELDS: [&str; 8] = ["title", "bgMusicUrl", "size", "fps", "captions", "music", "transition", "scenes"];

/// A good scene with perhaps one field gone wrong.
fn scene() -> impl Strategy<Value = Value> {
    let length = prop_oneof![9 => (0.04f64..=600.0).prop_map(|length| json!(length)), 1 => number()];
    let wrong = prop::option::weighted(0.02, (prop::sample::select(&SCENE_FIELDS[..]), junk()));
    (length, any::<bool>(), wrong).prop_map(|(length, heard, wrong)| {
        let mut scene = json!({ "imageUrl": "a.png", "duration": length });
        if heard {
            scene["audioUrl"] = json!("a.wav");
        }
        if let Some((field, value)) = wrong {
            scene[field] = value;
        }
        scene
    })
}

fn storyboard() -> impl Strategy<Value = Value> {
    let scenes = prop_oneof![8 => prop::collection::vec(scene(), 0..12), 1 => prop::collection::vec(scene(), 450..600)];
    let wrong = prop::option::weighted(0.2, (prop::sample::select(&FIELDS[..]), junk()));
    (scenes, 24u32..=60, wrong).prop_map(|(scenes, fps, wrong)| {
        let mut storyboard = json!({ "scenes": scenes, "fps": fps });
        if let Some((field, value)) = wrong {
            storyboard[field] = value;
        }
        storyboard
    })
}

proptest! {
    #[test]
    fn what_is_taken_has_exact_frames(value in storyboard(), heard in prop::collection::vec(0.0f64..700.0, 600)) {
        let Ok(storyboard) = Storyboard::from_json(&value.to_string()) else { return Ok(()) };
        prop_assert!((1..=MAX_SCENES).contains(&storyboard.scenes.len()));
        let lengths: Vec<Option<f64>> =
            storyboard.scenes.iter().zip(&heard).map(|(scene, length)| scene.audio_url.as_ref().map(|_| *length)).collect();
        let timeline = Timeline::build(&storyboard, &lengths);
        let (mut next, mut seconds) = (0, 0.0);
        for ((scene, entry), heard) in storyboard.scenes.iter().zip(&timeline.scenes).zip(&lengths) {
            prop_assert!(entry.first_frame == next && entry.frame_count >= 1);
            next += entry.frame_count;
            seconds += heard.or(scene.duration).unwrap_or_default();
        }
        prop_assert_eq!(timeline.frame_count(), next);
        // Every scene has a frame, however short it is: that alone may make the video longer.
        let exact = seconds * f64::from(storyboard.fps);
        prop_assert!(next as f64 >= exact - 0.5 - 1e-6 && next as f64 <= exact + 0.5 + 1e-6 + storyboard.scenes.len() as f64);
    }

    #[test]
    fn any_json_is_read_or_refused(fields in prop::collection::vec((prop::sample::select(&FIELDS[..]), junk()), 0..8)) {
        let mut value = json!({ "scenes": [{ "imageUrl": "a.png", "duration": 1 }] });
        for (field, junk) in fields {
            value[field] = junk;
        }
        if let Err(error) = Storyboard::from_json(&value.to_string()) {
            prop_assert!(error.to_string().starts_with("storyboard: "));
        }
    }
}
