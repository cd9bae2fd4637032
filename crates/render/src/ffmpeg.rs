//! Child processes: explicit arguments, captured stderr, killed and waited for whenever their guard is dropped.
//!
//! What they are asked to do is decided elsewhere.

use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread::JoinHandle;

use crate::error::RenderError;

/// How much of a child's stderr is kept.
const STDERR_BYTES: usize = 4096;

/// A running `ffmpeg` or `ffprobe`. Dropping it kills it.
pub(crate) struct Tool {
    child: Child,
    stderr: Option<JoinHandle<String>>,
    doing: String,
}

/// Starts `ffmpeg` with the safe defaults in front of `arguments`. Stdin and stdout are pipes; `doing` is for errors,
/// such as "encoding scene 3".
pub(crate) fn ffmpeg<S: AsRef<OsStr>>(
    doing: impl Into<String>,
    arguments: impl IntoIterator<Item = S>,
) -> Result<Tool, RenderError> {
    start(ffmpeg_command(arguments, None), "ffmpeg", doing.into())
}

/// Starts `ffmpeg` like [`ffmpeg`], in a folder: names in `arguments` are relative to it.
pub(crate) fn ffmpeg_in<S: AsRef<OsStr>>(
    folder: &Path,
    doing: impl Into<String>,
    arguments: impl IntoIterator<Item = S>,
) -> Result<Tool, RenderError> {
    start(ffmpeg_command(arguments, Some(folder)), "ffmpeg", doing.into())
}

fn ffmpeg_command<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>, folder: Option<&Path>) -> Command {
    let mut command = Command::new("ffmpeg");
    if let Some(folder) = folder {
        command.current_dir(folder);
    }
    command.args(["-nostdin", "-hide_banner", "-loglevel", "error", "-y", "-protocol_whitelist", "file,pipe"]).args(arguments);
    command
}

/// Starts `ffprobe` with JSON output.
pub(crate) fn ffprobe<S: AsRef<OsStr>>(
    doing: impl Into<String>,
    arguments: impl IntoIterator<Item = S>,
) -> Result<Tool, RenderError> {
    let mut command = Command::new("ffprobe");
    command.args(["-hide_banner", "-loglevel", "error", "-protocol_whitelist", "file,pipe", "-of", "json"]).args(arguments);
    start(command, "ffprobe", doing.into())
}

/// Whether ffmpeg is there, for callers that want to know before they start.
///
/// # Errors
/// [`RenderError::MissingProgram`] with the remedy.
pub fn check_ffmpeg() -> Result<(), RenderError> {
    version().map(drop)
}

/// The first line of `ffmpeg -version`; also the check that it is there.
pub(crate) fn version() -> Result<String, RenderError> {
    let mut command = Command::new("ffmpeg");
    command.arg("-version");
    let text = start(command, "ffmpeg", "asking for its version".to_owned())?.output()?;
    Ok(String::from_utf8_lossy(&text).lines().next().unwrap_or_default().to_owned())
}

fn start(mut command: Command, program: &'static str, doing: String) -> Result<Tool, RenderError> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    tie_to_us(&mut command);
    // A raw frame is allocated and freed for each picture; without this glibc gives its pages back every time, and the
    // kernel clears them again.
    command.env("MALLOC_MMAP_THRESHOLD_", "67108864").env("MALLOC_TRIM_THRESHOLD_", "268435456");
    let mut child = command.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => RenderError::MissingProgram(program),
        _ => RenderError::Ffmpeg { doing: doing.clone(), detail: format!("it could not be started: {error}") },
    })?;
    widen_pipes(&child);
    let mut pipe = child.stderr.take().expect("stderr was asked to be a pipe");
    let stderr = std::thread::spawn(move || {
        let (mut kept, mut block) = (Vec::new(), [0; 1024]);
        while let Ok(length @ 1..) = pipe.read(&mut block) {
            kept.extend_from_slice(&block[..length]);
            let excess = kept.len().saturating_sub(STDERR_BYTES);
            kept.drain(..excess);
        }
        String::from_utf8_lossy(&kept).into_owned()
    });
    Ok(Tool { child, stderr: Some(stderr), doing })
}

/// A child must not outlive us, and a Ctrl-C in the terminal is ours to handle.
#[cfg(target_os = "linux")]
fn tie_to_us(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
    // SAFETY: prctl is async-signal-safe and touches no memory of the parent.
    unsafe {
        command.pre_exec(|| {
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
            Ok(())
        });
    }
}

/// Frames are megabytes and pipes hold 64 KiB: with a larger pipe both sides are woken less often.
#[cfg(target_os = "linux")]
fn widen_pipes(child: &Child) {
    use std::os::fd::AsRawFd;
    let stdin = child.stdin.as_ref().map(AsRawFd::as_raw_fd);
    let stdout = child.stdout.as_ref().map(AsRawFd::as_raw_fd);
    for pipe in stdin.into_iter().chain(stdout) {
        // SAFETY: the descriptor is open as long as `child`; a refusal only leaves the pipe as it is.
        unsafe { libc::fcntl(pipe, libc::F_SETPIPE_SZ, 1 << 20) };
    }
}

#[cfg(not(target_os = "linux"))]
fn widen_pipes(_child: &Child) {}

#[cfg(not(target_os = "linux"))]
fn tie_to_us(_command: &mut Command) {}

impl Tool {
    /// Writes to its stdin; if it has died, the error carries its last words.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), RenderError> {
        let pipe = self.child.stdin.as_mut().expect("write is not called after finish");
        match pipe.write_all(bytes) {
            Ok(()) => Ok(()),
            Err(error) => {
                let how = self.how_it_ended().unwrap_or_else(|| error.to_string());
                Err(self.failure(&how))
            }
        }
    }

    /// A child whose pipe is broken is about to be gone: waits a moment for it and says how it ended.
    fn how_it_ended(&mut self) -> Option<String> {
        for _ in 0..50 {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Some(ending(status));
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        None
    }

    /// Its stdout, to be read by the caller; stdin is closed.
    pub(crate) fn reader(&mut self) -> ChildStdout {
        self.child.stdin = None;
        self.child.stdout.take().expect("reader is called once")
    }

    /// Reads all of its stdout and waits for it.
    pub(crate) fn output(mut self) -> Result<Vec<u8>, RenderError> {
        let mut bytes = Vec::new();
        let read = self.reader().read_to_end(&mut bytes);
        self.finish()?;
        read.map_err(|error| RenderError::Ffmpeg { doing: "reading its output".to_owned(), detail: error.to_string() })?;
        Ok(bytes)
    }

    /// Closes stdin and waits; answers what it wrote to stderr although it succeeded.
    pub(crate) fn finish(mut self) -> Result<String, RenderError> {
        self.child.stdin = None;
        self.child.stdout = None;
        match self.child.wait() {
            Ok(status) if status.success() => Ok(self.last_words()),
            Ok(status) => Err(self.failure(&ending(status))),
            Err(error) => Err(self.failure(&error.to_string())),
        }
    }

    fn last_words(&mut self) -> String {
        self.stderr.take().and_then(|thread| thread.join().ok()).unwrap_or_default()
    }

    fn failure(&mut self, fallback: &str) -> RenderError {
        self.child.stdin = None;
        // It is dead or dying; what it said matters more than how it ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let words = self.last_words();
        if words.contains("No space left on device") {
            return RenderError::DiskFull { doing: self.doing.clone() };
        }
        let lines: Vec<&str> = words.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let detail = match lines.len() {
            0 => fallback.to_owned(),
            length => lines[length.saturating_sub(3)..].join("; "),
        };
        RenderError::Ffmpeg { doing: self.doing.clone(), detail }
    }
}

fn ending(status: std::process::ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return format!("it was killed (signal {signal}); if memory ran out, render with fewer workers");
    }
    format!("it ended with {status}")
}

impl Drop for Tool {
    fn drop(&mut self) {
        self.child.stdin = None;
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.last_words();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_killed_child_is_said_to_be_killed() {
        let input = ["-f", "rawvideo", "-video_size", "64x64", "-i", "pipe:0", "-f", "null", "-"];
        let mut tool = ffmpeg("encoding scene 7", input).expect("ffmpeg is installed");
        tool.child.kill().expect("it runs");
        let error = (0..1000).find_map(|_| tool.write(&[0; 1 << 16]).err()).expect("nobody reads any more");
        let expected =
            "ffmpeg failed while encoding scene 7: it was killed (signal 9); if memory ran out, render with fewer workers";
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn last_words_are_in_the_error() {
        let tool = ffmpeg("trying", ["-f", "nonsense", "-i", "pipe:0", "-f", "null", "-"]).expect("ffmpeg is installed");
        let error = tool.output().expect_err("there is no such format").to_string();
        assert!(error.starts_with("ffmpeg failed while trying: ") && error.contains("nonsense"), "{error}");
    }
}
