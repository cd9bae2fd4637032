//! How much room there is.

use std::path::Path;

/// A disk, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    pub free: u64,
    pub total: u64,
}

/// The disk of that folder, if the system tells.
pub fn space(folder: &Path) -> Option<Space> {
    #[cfg(unix)]
    {
        let found = rustix::fs::statvfs(folder).ok()?;
        Some(Space { free: found.f_bavail * found.f_frsize, total: found.f_blocks * found.f_frsize })
    }
    #[cfg(not(unix))]
    {
        let _ = folder;
        None
    }
}
