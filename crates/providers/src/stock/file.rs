//! The files in which a stock offers one film, and the one that is fetched.

use model::storyboard::Size;

/// The largest photograph that is fetched, in bytes.
pub const MOST_OF_PICTURE: usize = 48 << 20;
/// The largest film that is fetched, in bytes.
pub const MOST_OF_FILM: usize = 160 << 20;

/// One of a film's files.
#[derive(Debug, Clone, PartialEq)]
pub struct File {
    /// Where it is.
    pub address: String,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

/// The smallest file that fills the video without being stretched, else the largest there is.
pub fn nearest_file(files: impl Iterator<Item = File>, video: Size) -> Option<File> {
    files.filter(|file| file.width > 0 && file.height > 0).min_by_key(|file| {
        let pixels = i64::from(file.width) * i64::from(file.height);
        let stretched = file.width < video.width || file.height < video.height;
        (stretched, if stretched { -pixels } else { pixels })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_that_is_large_enough() {
        let check = |sizes: &[(u32, u32)], expected: Option<(u32, u32)>| {
            let files = sizes.iter().map(|(width, height)| File { address: String::new(), width: *width, height: *height });
            assert_eq!(nearest_file(files, Size::default()).map(|file| (file.width, file.height)), expected);
        };
        check(&[(360, 640), (2160, 3840), (1080, 1920), (720, 1280)], Some((1080, 1920)));
        check(&[(360, 640), (720, 1280)], Some((720, 1280)));
        check(&[(1920, 1080), (3840, 2160)], Some((3840, 2160)));
        check(&[(0, 0)], None);
    }
}
