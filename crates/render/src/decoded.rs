//! Decoded sound that can be read from any place: what was kept in memory, or else a temporary file.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::RenderError;
use crate::ffmpeg;
use crate::probe::fill;
use crate::sound_file::{self, Kept, SoundFile};

/// A decoded sound.
pub(crate) struct Decoded {
    source: Source,
    /// Sample frames.
    pub(crate) samples: u64,
}

enum Source {
    Memory(Arc<Kept>),
    File { file: File, bytes: Vec<u8> },
}

impl Decoded {
    /// Makes a sound ready to be read, at most its first `most` sample frames. `doing` is for errors.
    pub(crate) fn open(
        sound: &SoundFile,
        most: u64,
        folder: &Path,
        doing: String,
        stop: &AtomicBool,
    ) -> Result<Self, RenderError> {
        if let Some(kept) = &sound.kept {
            return Ok(Self { source: Source::Memory(Arc::clone(kept)), samples: sound.facts.samples.min(most) });
        }
        let failed = |error: std::io::Error| RenderError::file("can't write decoded sound to", folder, &error);
        let seconds = most as f64 / f64::from(sound_file::RATE) + 0.01;
        let arguments = sound_file::decode_arguments(&sound.path, &sound.demuxer, sound.of_clip, Some(seconds));
        let mut tool = ffmpeg::ffmpeg(doing.clone(), arguments)?;
        let mut stream = tool.reader();
        let mut file = tempfile::tempfile_in(folder).map_err(failed)?;
        let (mut block, mut written) = (vec![0; 1 << 17], 0u64);
        loop {
            if stop.load(Ordering::Relaxed) {
                return Err(RenderError::Stopped);
            }
            let length = fill(&mut stream, &mut block).map_err(failed)?;
            if length == 0 {
                break;
            }
            file.write_all(&block[..length]).map_err(failed)?;
            written += length as u64;
        }
        tool.finish()?;
        if written < 8 {
            return Err(RenderError::Ffmpeg { doing, detail: "it gave no sound".to_owned() });
        }
        Ok(Self { source: Source::File { file, bytes: Vec::new() }, samples: (written / 8).min(most) })
    }

    /// Reads interleaved stereo from sample frame `at`; behind the end there is silence.
    pub(crate) fn read(&mut self, at: u64, out: &mut Vec<f32>, frames: usize) -> Result<(), RenderError> {
        let there = self.samples.saturating_sub(at).min(frames as u64) as usize;
        match &mut self.source {
            Source::Memory(kept) => {
                out.clear();
                let from = at.min(self.samples) as usize;
                match kept.stereo {
                    true => out.extend_from_slice(&kept.samples[2 * from..2 * (from + there)]),
                    false => out.extend(kept.samples[from..from + there].iter().flat_map(|sample| [*sample; 2])),
                }
            }
            Source::File { file, bytes } => {
                bytes.resize(8 * there, 0);
                let read = file.seek(SeekFrom::Start(8 * at)).and_then(|_| file.read_exact(bytes));
                read.map_err(|error| RenderError::Ffmpeg {
                    doing: "reading decoded sound".to_owned(),
                    detail: error.to_string(),
                })?;
                sound_file::floats(bytes, out);
            }
        }
        out.resize(2 * frames, 0.0);
        Ok(())
    }
}
