//! Looking at this machine: programs, the voice, room on the disk, the place for objects.

use std::path::Path;
use std::process::Command;

use assets::{Assets, Place};
use providers::espeak::Espeak;
use providers::speech::SpeechProvider;

use super::Finding;

/// Less room than this, and a video of a few minutes may not fit beside its scenes.
const LEAST_ROOM: u64 = 1 << 30;

/// The programs that everything needs.
pub fn programs() -> Vec<Finding> {
    vec![
        Finding::of("ffmpeg", program("ffmpeg")),
        Finding::of("ffprobe", program("ffprobe")),
        Finding::of("H.264 encoder", encoder()),
        Finding::of("espeak-ng", Espeak.check("en", "").map(|()| "speaks".to_owned()).map_err(Into::into)),
        Finding::ok(
            "fonts",
            "bundled, for Latin, Cyrillic, Greek, Arabic, Hebrew, Devanagari, Thai, Chinese, Japanese, Korean, emoji",
        ),
    ]
}

fn program(name: &'static str) -> anyhow::Result<String> {
    let output = Command::new(name)
        .args(["-hide_banner", "-version"])
        .output()
        .map_err(|_| anyhow::anyhow!("{name} was not found; install it with: sudo apt-get install ffmpeg"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().next().unwrap_or_default().split(" Copyright").next().unwrap_or_default().to_owned())
}

fn encoder() -> anyhow::Result<String> {
    let output = Command::new("ffmpeg")
        .args(["-hide_banner", "-loglevel", "error", "-encoders"])
        .output()
        .map_err(|_| anyhow::anyhow!("needs ffmpeg"))?;
    match String::from_utf8_lossy(&output.stdout).contains(" libx264 ") {
        true => Ok("libx264".to_owned()),
        false => Err(anyhow::anyhow!("this ffmpeg was built without libx264; install your distribution's full ffmpeg")),
    }
}

/// Whether there is room in the data folder.
pub fn disk(folder: &Path) -> Finding {
    let room = match rustix::fs::statvfs(folder) {
        Ok(disk) => disk.f_bavail.saturating_mul(disk.f_frsize),
        Err(error) => return Finding::missing("data folder", format!("{}: {error}", folder.display())),
    };
    let found = format!("{}, {:.1} GB free", folder.display(), room as f64 / 1e9);
    match room < LEAST_ROOM {
        true => Finding::missing("data folder", format!("{found}: make room, or choose another folder with --data-dir")),
        false => Finding::ok("data folder", found),
    }
}

/// Whether an object can be kept, read again and removed.
pub async fn objects(assets: &Assets) -> Finding {
    // The smallest PNG header: kinds of files that are not used are refused.
    let probe = b"\x89PNG\r\n\x1a\nshortsai doctor".as_slice();
    let tried = async {
        let stored = assets.put(Place::SceneImages, probe.into()).await?;
        let read = assets.get(&stored.key).await?;
        assets.delete(&stored.key).await?;
        Ok::<_, anyhow::Error>(read == probe)
    };
    let home = assets.whereabouts();
    match tried.await {
        Ok(true) => Finding::ok("objects", format!("{home}: can be written, read and removed")),
        Ok(false) => Finding::missing("objects", format!("{home}: what was written is not what is read; check the disk")),
        Err(error) => Finding::missing("objects", format!("{home}: {}", crate::fail::sentence(&error))),
    }
}
