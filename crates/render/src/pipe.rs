//! Reading from and writing to the pipes of child processes without ever waiting forever.
//!
//! What a silence means is decided in `ffmpeg`. Where there is no `poll`, the calls simply block.

use std::io::{self, Read, Write};
use std::process::{ChildStdin, ChildStdout};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How often a waiting call looks whether it should stop.
const TICK: Duration = Duration::from_millis(50);

/// Reads what there is; 0 is the end.
///
/// # Errors
/// `TimedOut` when nothing came within `patience`, `Other` when `stop` was set.
pub(crate) fn read(pipe: &mut ChildStdout, block: &mut [u8], patience: Duration, stop: Option<&AtomicBool>) -> io::Result<usize> {
    loop {
        ready::for_reading(pipe, patience, stop)?;
        match pipe.read(block) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// Writes as much as there is room for; errors are those of [`read`].
pub(crate) fn write(pipe: &mut ChildStdin, bytes: &[u8], patience: Duration, stop: Option<&AtomicBool>) -> io::Result<usize> {
    loop {
        match pipe.write(bytes) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => ready::for_writing(pipe, patience, stop)?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// Like [`write()`], but the pipe refers to the bytes instead of copying them, where the system can do that. Until they are read
/// they must stay as they are.
pub(crate) fn lend(pipe: &mut ChildStdin, bytes: &[u8], patience: Duration, stop: Option<&AtomicBool>) -> io::Result<usize> {
    loop {
        match ready::lend(pipe, bytes) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => ready::for_writing(pipe, patience, stop)?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // Some sandboxes don't have the call.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return write(pipe, bytes, patience, stop),
            other => return other,
        }
    }
}

/// What a pipe holds at most, in bytes; without an answer more than anything.
pub(crate) fn capacity(pipe: &ChildStdin) -> usize {
    ready::capacity(pipe)
}

/// Makes writes that find no room return at once.
pub(crate) fn never_block(pipe: &ChildStdin) {
    ready::never_block(pipe);
}

#[cfg(unix)]
mod ready {
    use super::{AtomicBool, ChildStdin, ChildStdout, Duration, Instant, Ordering, TICK, io};
    use std::os::fd::{AsRawFd, RawFd};

    pub(super) fn for_reading(pipe: &ChildStdout, patience: Duration, stop: Option<&AtomicBool>) -> io::Result<()> {
        wait(pipe.as_raw_fd(), libc::POLLIN, patience, stop)
    }

    pub(super) fn for_writing(pipe: &ChildStdin, patience: Duration, stop: Option<&AtomicBool>) -> io::Result<()> {
        wait(pipe.as_raw_fd(), libc::POLLOUT, patience, stop)
    }

    #[cfg(target_os = "linux")]
    pub(super) fn lend(pipe: &ChildStdin, bytes: &[u8]) -> io::Result<usize> {
        let part = libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
        // SAFETY: one part is given and it lies in `bytes`, from which the call only reads.
        match unsafe { libc::vmsplice(pipe.as_raw_fd(), &raw const part, 1, libc::SPLICE_F_NONBLOCK) } {
            given @ 0.. => Ok(given as usize),
            _ => Err(io::Error::last_os_error()),
        }
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn lend(_: &ChildStdin, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::Unsupported.into())
    }

    #[cfg(target_os = "linux")]
    pub(super) fn capacity(pipe: &ChildStdin) -> usize {
        // SAFETY: the descriptor is open as long as `pipe`.
        usize::try_from(unsafe { libc::fcntl(pipe.as_raw_fd(), libc::F_GETPIPE_SZ) }).unwrap_or(usize::MAX)
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn capacity(_: &ChildStdin) -> usize {
        usize::MAX
    }

    pub(super) fn never_block(pipe: &ChildStdin) {
        let pipe = pipe.as_raw_fd();
        // SAFETY: the descriptor is open as long as `pipe`; a refusal only leaves it as it is.
        unsafe { libc::fcntl(pipe, libc::F_SETFL, libc::fcntl(pipe, libc::F_GETFL) | libc::O_NONBLOCK) };
    }

    fn wait(pipe: RawFd, events: libc::c_short, patience: Duration, stop: Option<&AtomicBool>) -> io::Result<()> {
        let begun = Instant::now();
        loop {
            if stop.is_some_and(|stop| stop.load(Ordering::Relaxed)) {
                return Err(io::Error::other("the render was stopped"));
            }
            let mut asked = libc::pollfd { fd: pipe, events, revents: 0 };
            // SAFETY: one structure is given, and it outlives the call.
            match unsafe { libc::poll(&mut asked, 1, TICK.as_millis() as libc::c_int) } {
                0 if begun.elapsed() >= patience => return Err(io::ErrorKind::TimedOut.into()),
                0 => {}
                // A closed pipe is ready too: the call itself then says so.
                1.. => return Ok(()),
                _ => {
                    let error = io::Error::last_os_error();
                    if error.kind() != io::ErrorKind::Interrupted {
                        return Err(error);
                    }
                }
            }
        }
    }
}

#[cfg(not(unix))]
mod ready {
    use super::{AtomicBool, ChildStdin, ChildStdout, Duration, io};

    pub(super) fn for_reading(_: &ChildStdout, _: Duration, _: Option<&AtomicBool>) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn for_writing(_: &ChildStdin, _: Duration, _: Option<&AtomicBool>) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn lend(_: &ChildStdin, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn capacity(_: &ChildStdin) -> usize {
        usize::MAX
    }

    pub(super) fn never_block(_: &ChildStdin) {}
}
