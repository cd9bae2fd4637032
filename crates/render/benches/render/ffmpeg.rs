//! What ffmpeg alone takes: the encoder without anything else, and the best command line for the same video.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::ensure;
use model::storyboard::Storyboard;
use model::subtitles;
use model::timeline::Visual;
use render::{Flow, Plan};

use crate::fixture::Fixture;
use crate::process::{self, Cost};

/// The settings that both sides use: those of the renderer's standard quality.
const X264: [&str; 10] = [
    "-c:v",
    "libx264",
    "-threads",
    "1",
    "-preset",
    "superfast",
    "-crf",
    "20",
    "-x264-params",
    "keyint=60:open-gop=0:stitchable=1:force-cfr=1:mbtree=1:rc-lookahead=5:b-adapt=0",
];

fn ffmpeg() -> Command {
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-hide_banner", "-loglevel", "error", "-y"]).stdin(Stdio::null());
    command
}

/// The frames of a plan as raw files, one for each of two encoders.
pub struct RawFrames {
    files: [PathBuf; 2],
    size: String,
    rate: String,
}

impl RawFrames {
    /// Draws them. This is also the measure of the compositor: answers its processor seconds without the writing.
    pub fn draw(plan: &Plan, folder: &Path) -> anyhow::Result<(Self, f64)> {
        let total = plan.timeline.frame_count();
        let files = ["first.yuv", "second.yuv"].map(|name| folder.join(name));
        let mut drawing = 0.0;
        for (file, frames) in files.iter().zip([0..total / 2, total / 2..total]) {
            let mut out = BufWriter::with_capacity(1 << 22, File::create(file)?);
            let mut failed = None;
            let mut last = process::processor_of_this_process();
            render::raw_frames(plan, frames, &mut |frame| {
                drawing += process::processor_of_this_process() - last;
                if let Err(error) = out.write_all(frame) {
                    failed = Some(error);
                    return Flow::Stop;
                }
                last = process::processor_of_this_process();
                Flow::Continue
            })
            .map_err(|error| failed.map_or_else(|| anyhow::Error::new(error), anyhow::Error::new))?;
            out.flush()?;
        }
        let size = plan.timeline.size;
        Ok((Self { files, size: format!("{}x{}", size.width, size.height), rate: plan.timeline.fps.to_string() }, drawing))
    }

    /// Encodes both files at the same time, and nothing else.
    pub fn encode(&self, folder: &Path) -> anyhow::Result<Cost> {
        let command = |file: &PathBuf| {
            let mut command = ffmpeg();
            command.args(["-f", "rawvideo", "-pix_fmt", "yuv420p", "-video_size", &self.size, "-framerate", &self.rate, "-i"]);
            command.arg(file).args(X264).arg(folder.join(file.file_stem().unwrap_or_default()).with_extension("mp4"));
            command
        };
        process::run(self.files.iter().map(command).collect())
    }
}

/// The same video by ffmpeg's filters: pictures enlarged four times so that zoompan shakes less, libass for the captions,
/// two scenes at a time; then everything is joined and the music ducked under the narration. Transitions are left out, in
/// its favour.
pub fn command_line(fixture: &Fixture, storyboard: &Storyboard, plan: &Plan, folder: &Path) -> anyhow::Result<f64> {
    let captions = folder.join("captions.ass");
    std::fs::write(&captions, subtitles::to_ass(&plan.timeline))?;
    let scenes: Vec<usize> = (0..storyboard.scenes.len()).collect();
    let mut seconds = 0.0;
    for pair in scenes.chunks(2) {
        let commands = pair.iter().map(|scene| scene_command(fixture, plan, *scene, &captions, folder)).collect();
        seconds += process::run(commands)?.seconds;
    }
    Ok(seconds + process::run(vec![joining_command(fixture, storyboard, folder)?])?.seconds)
}

fn scene_command(fixture: &Fixture, plan: &Plan, scene: usize, captions: &Path, folder: &Path) -> Command {
    let entry = &plan.timeline.scenes[scene];
    let Visual::Still { medium, .. } = &entry.visual else { unreachable!("the fixture has only stills") };
    let (frames, fps) = (entry.frame_count, plan.timeline.fps);
    let start = entry.first_frame as f64 / f64::from(fps);
    let captions = captions.display();
    let filter = format!(
        "scale=4320:7680:force_original_aspect_ratio=increase,crop=4320:7680,\
         zoompan=z='1+0.12*on/{frames}':x='iw/2-iw/zoom/2':y='ih/2-ih/zoom/2':d={frames}:s=1080x1920:fps={fps},\
         setpts=PTS+{start}/TB,ass={captions},setpts=PTS-{start}/TB,format=yuv420p"
    );
    let mut command = ffmpeg();
    command.arg("-i").arg(fixture.folder.join(medium)).args(["-vf", &filter, "-frames:v", &frames.to_string()]).args(X264);
    command.arg(folder.join(format!("scene{scene}.mp4")));
    command
}

fn joining_command(fixture: &Fixture, storyboard: &Storyboard, folder: &Path) -> anyhow::Result<Command> {
    let list: String = (0..storyboard.scenes.len()).map(|scene| format!("file scene{scene}.mp4\n")).collect();
    std::fs::write(folder.join("list.txt"), list)?;
    let mut command = ffmpeg();
    command.args(["-f", "concat", "-i"]).arg(folder.join("list.txt")).args(["-stream_loop", "-1", "-i"]);
    command.arg(fixture.folder.join("music.wav"));
    let mut inputs = String::new();
    for (index, scene) in storyboard.scenes.iter().enumerate() {
        let Some(audio) = &scene.audio_url else { continue };
        command.arg("-i").arg(fixture.folder.join(audio));
        inputs += &format!("[{}:a]", index + 2);
    }
    ensure!(!inputs.is_empty(), "the fixture has narrations");
    let filter = format!(
        "{inputs}concat=n={}:v=0:a=1,aresample=48000,aformat=channel_layouts=stereo,asplit[voice][key];\
         [1:a]aresample=48000,volume=0.3[music];[music][key]sidechaincompress=threshold=0.02:ratio=8[ducked];\
         [voice][ducked]amix=duration=first:normalize=0[out]",
        storyboard.scenes.len()
    );
    command.args(["-filter_complex", &filter, "-map", "0:v", "-map", "[out]", "-c:v", "copy", "-c:a", "aac", "-b:a", "192k"]);
    command.args(["-shortest", "-movflags", "+faststart"]).arg(folder.join("command_line.mp4"));
    Ok(command)
}
