//! What ffprobe says of a finished video.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// A video's facts.
pub struct Video {
    pub picture: Value,
    pub sound: Value,
    pub format: Value,
    /// Time and whether it is a keyframe, for each packet in presentation order.
    pub packets: Vec<(f64, bool)>,
}

impl Video {
    #[track_caller]
    pub fn look(path: &Path) -> Self {
        let output = Command::new("ffprobe")
            .args(["-v", "error", "-of", "json", "-show_streams", "-show_format", "-show_packets"])
            .args(["-show_entries", "packet=stream_index,pts_time,flags"])
            .arg(path)
            .output()
            .expect("ffprobe is installed");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let facts: Value = serde_json::from_slice(&output.stdout).expect("ffprobe writes JSON");
        let stream = |kind: &str| {
            let streams = facts["streams"].as_array().expect("streams");
            streams.iter().find(|stream| stream["codec_type"] == kind).cloned().unwrap_or_default()
        };
        let (picture, sound) = (stream("video"), stream("audio"));
        let mut packets: Vec<(f64, bool)> = facts["packets"]
            .as_array()
            .expect("packets")
            .iter()
            .filter(|packet| packet["stream_index"] == picture["index"])
            .map(|packet| (seconds(&packet["pts_time"]), packet["flags"].as_str().is_some_and(|flags| flags.starts_with('K'))))
            .collect();
        packets.sort_by(|left, right| left.0.total_cmp(&right.0));
        Self { picture, sound, format: facts["format"].clone(), packets }
    }
}

/// ffprobe writes numbers as text.
pub fn seconds(value: &Value) -> f64 {
    value.as_str().and_then(|text| text.parse().ok()).expect("a number of seconds")
}

/// Names of the MP4's top boxes in their order.
pub fn boxes(bytes: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    let mut at = 0;
    while let Some(head) = bytes.get(at..at + 8) {
        let size = u32::from_be_bytes(head[..4].try_into().expect("four bytes"));
        names.push(String::from_utf8_lossy(&head[4..]).into_owned());
        at += (size as usize).max(8);
    }
    names
}
