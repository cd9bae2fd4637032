//! Child processes: explicit arguments, captured stderr, killed and waited for whenever their guard is dropped.
//!
//! What they are asked to do is decided elsewhere.

use std::ffi::OsStr;
use std::io::{self, Read};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::error::RenderError;
use crate::pipe;

/// How much of a child's stderr is kept.
const STDERR_BYTES: usize = 4096;

/// A child that neither takes nor gives a byte for so long hangs.
const PATIENCE: Duration = Duration::from_secs(60);
/// The most time that a child has to end after its input: a long video is copied on a slow disk.
const TIME_TO_FINISH: Duration = Duration::from_secs(600);

/// A way to give bytes to a child: it answers how many it gave.
type Send = fn(&mut ChildStdin, &[u8], Duration, Option<&AtomicBool>) -> io::Result<usize>;

/// A running `ffmpeg` or `ffprobe`. Dropping it kills it.
pub(crate) struct Tool {
    child: Child,
    stderr: Option<JoinHandle<String>>,
    doing: String,
    patience: Duration,
    /// Set by the reader of its stdout when nothing came in time.
    silent: Arc<AtomicBool>,
}

/// A child's stdout. Reading fails when nothing comes for too long; [`Tool::finish`] then says so.
pub(crate) struct Output {
    pipe: ChildStdout,
    patience: Duration,
    silent: Arc<AtomicBool>,
}

impl Output {
    /// Reads until the block is full or the stream ends, unless `stop` is set meanwhile.
    pub(crate) fn fill(&mut self, block: &mut [u8], stop: &AtomicBool) -> io::Result<usize> {
        let mut length = 0;
        while length < block.len() {
            match self.read_some(&mut block[length..], Some(stop))? {
                0 => break,
                read => length += read,
            }
        }
        Ok(length)
    }

    fn read_some(&mut self, block: &mut [u8], stop: Option<&AtomicBool>) -> io::Result<usize> {
        let read = pipe::read(&mut self.pipe, block, self.patience, stop);
        if read.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::TimedOut) {
            self.silent.store(true, Ordering::Relaxed);
        }
        read
    }
}

impl Read for Output {
    fn read(&mut self, block: &mut [u8]) -> io::Result<usize> {
        self.read_some(block, None)
    }
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

/// Which file is started as `ffmpeg`, with its size and the time of its last change; `None` if it isn't found.
pub(crate) fn program() -> Option<String> {
    let folders = std::env::var_os("PATH")?;
    let path = std::env::split_paths(&folders).map(|folder| folder.join("ffmpeg")).find(|path| path.is_file())?;
    let path = path.canonicalize().ok()?;
    let facts = path.metadata().ok()?;
    let changed = facts.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(format!("{} {} {}", path.display(), facts.len(), changed.as_nanos()))
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
    let mut child = command.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => RenderError::MissingProgram(program),
        _ => RenderError::Ffmpeg { doing: doing.clone(), detail: format!("it could not be started: {error}") },
    })?;
    widen_pipes(&child);
    if let Some(stdin) = &child.stdin {
        pipe::never_block(stdin);
    }
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
    Ok(Tool { child, stderr: Some(stderr), doing, patience: PATIENCE, silent: Arc::default() })
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
        self.send_all(bytes, pipe::write, None)
    }

    /// Writes to its stdin unless `stop` is set meanwhile, also when it is too busy to read.
    pub(crate) fn write_until(&mut self, bytes: &[u8], stop: &AtomicBool) -> Result<(), RenderError> {
        self.send_all(bytes, pipe::write, Some(stop))
    }

    /// The same without copying where the system can: the bytes must stay as they are until as many others have followed as
    /// the pipe holds, or the child has ended.
    pub(crate) fn lend_until(&mut self, bytes: &[u8], stop: &AtomicBool) -> Result<(), RenderError> {
        self.send_all(bytes, pipe::lend, Some(stop))
    }

    /// What the pipe to its stdin holds at most.
    pub(crate) fn pipe_bytes(&self) -> usize {
        self.child.stdin.as_ref().map_or(usize::MAX, pipe::capacity)
    }

    fn send_all(&mut self, mut bytes: &[u8], send: Send, stop: Option<&AtomicBool>) -> Result<(), RenderError> {
        while !bytes.is_empty() {
            let pipe = self.child.stdin.as_mut().expect("write is not called after finish");
            match send(pipe, bytes, self.patience, stop) {
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == io::ErrorKind::TimedOut => return Err(self.failure(&silence(self.patience))),
                Err(_) if stop.is_some_and(|stop| stop.load(Ordering::Relaxed)) => return Err(RenderError::Stopped),
                Err(error) => {
                    let how = self.how_it_ended().unwrap_or_else(|| error.to_string());
                    return Err(self.failure(&how));
                }
            }
        }
        Ok(())
    }

    /// A child whose pipe is broken is about to be gone: waits a moment for it and says how it ended.
    fn how_it_ended(&mut self) -> Option<String> {
        self.wait(Duration::from_millis(500), None).ok().flatten().map(ending)
    }

    /// Waits for its end; `None` when it takes longer than `patience` or `stop` is set.
    fn wait(&mut self, patience: Duration, stop: Option<&AtomicBool>) -> io::Result<Option<ExitStatus>> {
        let begun = Instant::now();
        let mut pause = Duration::from_micros(500);
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(Some(status));
            }
            if begun.elapsed() > patience || stop.is_some_and(|stop| stop.load(Ordering::Relaxed)) {
                return Ok(None);
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(20));
        }
    }

    /// Its stdout, to be read by the caller; stdin is closed.
    pub(crate) fn reader(&mut self) -> Output {
        self.child.stdin = None;
        let pipe = self.child.stdout.take().expect("reader is called once");
        Output { pipe, patience: self.patience, silent: Arc::clone(&self.silent) }
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
    pub(crate) fn finish(self) -> Result<String, RenderError> {
        self.end(None)
    }

    /// The same, but `stop` kills it.
    pub(crate) fn finish_until(self, stop: &AtomicBool) -> Result<String, RenderError> {
        self.end(Some(stop))
    }

    fn end(mut self, stop: Option<&AtomicBool>) -> Result<String, RenderError> {
        self.child.stdin = None;
        self.child.stdout = None;
        if self.silent.load(Ordering::Relaxed) {
            return Err(self.failure(&silence(self.patience)));
        }
        match self.wait(TIME_TO_FINISH, stop) {
            Ok(Some(status)) if status.success() => Ok(self.last_words()),
            Ok(Some(status)) => Err(self.failure(&ending(status))),
            Ok(None) if stop.is_some_and(|stop| stop.load(Ordering::Relaxed)) => Err(RenderError::Stopped),
            Ok(None) => Err(self.failure(&silence(TIME_TO_FINISH))),
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

fn silence(patience: Duration) -> String {
    format!("it did nothing for {} s and was ended; try again, and check the file if it happens again", patience.as_secs_f64())
}

fn ending(status: ExitStatus) -> String {
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

    /// A program that does nothing, and has little time for it.
    fn sleeper(patience: Duration) -> Tool {
        let mut command = Command::new("sleep");
        command.arg("1000");
        let mut tool = start(command, "ffmpeg", "decoding scene 7".to_owned()).expect("sleep is installed");
        tool.patience = patience;
        tool
    }

    fn alive(process: u32) -> bool {
        std::path::Path::new("/proc").join(process.to_string()).exists()
    }

    #[test]
    fn a_child_that_hangs_is_ended() {
        let expected = "ffmpeg failed while decoding scene 7: it did nothing for 0.05 s and was ended; \
                        try again, and check the file if it happens again";
        let tool = sleeper(Duration::from_millis(50));
        let process = tool.child.id();
        assert_eq!(tool.output().expect_err("it gives nothing").to_string(), expected);
        let mut tool = sleeper(Duration::from_millis(50));
        let error = (0..100).find_map(|_| tool.write(&[0; 1 << 20]).err()).expect("it takes nothing");
        assert_eq!(error.to_string(), expected);
        assert!(!alive(process) && !alive(tool.child.id()));
    }

    #[test]
    fn a_stop_does_not_wait_for_a_busy_child() {
        let stop = AtomicBool::new(false);
        let begun = Instant::now();
        std::thread::scope(|scope| {
            let reads = scope.spawn(|| {
                let mut tool = sleeper(PATIENCE);
                tool.reader().fill(&mut [0; 8], &stop).expect_err("it gives nothing");
                tool.finish_until(&stop)
            });
            let writes = scope.spawn(|| {
                let mut tool = sleeper(PATIENCE);
                (0..100).find_map(|_| tool.write_until(&[0; 1 << 20], &stop).err()).expect("it takes nothing")
            });
            stop.store(true, Ordering::Relaxed);
            assert_eq!(reads.join().expect("no panic"), Err(RenderError::Stopped));
            assert_eq!(writes.join().expect("no panic"), RenderError::Stopped);
        });
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    }
}
