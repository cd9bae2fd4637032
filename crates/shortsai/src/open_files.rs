//! The limit of open files. Every connection is one, and what a process gets to begin with (often 1,024) is few for a server
//! whose clients keep streams open.

/// Raises this process's limit to the most that it may have without asking anybody.
pub fn allow_all() {
    #[cfg(unix)]
    match raise() {
        Ok((before, now)) => tracing::debug!(before, now, "the limit of open files"),
        // The server runs all the same, with fewer connections.
        Err(error) => tracing::debug!(%error, "the limit of open files stays as it was"),
    }
}

/// The limit before and afterwards.
#[cfg(unix)]
fn raise() -> std::io::Result<(libc::rlim_t, libc::rlim_t)> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: both calls only read and write the structure that is given to them.
    unsafe {
        if libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) != 0 {
            return Err(std::io::Error::last_os_error());
        }
        let before = std::mem::replace(&mut limit.rlim_cur, limit.rlim_max);
        if before != limit.rlim_max && libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) != 0 {
            return Err(std::io::Error::last_os_error());
        }
        Ok((before, limit.rlim_cur))
    }
}
