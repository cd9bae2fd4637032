//! Writing an archive while it is sent: one medium is in memory at a time.

use std::io::{Error, Write};

use assets::Assets;
use bytes::Bytes;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::{DESCRIPTION, Description, Medium};

/// What is sent at a time, in bytes.
const PIECE: usize = 64 << 10;

/// The archive's bytes, as they are made. Media that can't be read are named in its description, which comes last.
pub fn stream(assets: Assets, description: Description, media: Vec<Medium>) -> mpsc::Receiver<Result<Bytes, Error>> {
    let (sender, receiver) = mpsc::channel(4);
    let runtime = Handle::current();
    tokio::task::spawn_blocking(move || {
        let pipe = Pipe { sender: sender.clone(), waiting: Vec::with_capacity(PIECE) };
        if let Err(error) = write(pipe, &runtime, &assets, description, media) {
            // Nobody may take a broken archive for a whole one.
            let _ = sender.blocking_send(Err(error));
        }
    });
    receiver
}

fn write(pipe: Pipe, runtime: &Handle, assets: &Assets, mut description: Description, media: Vec<Medium>) -> Result<(), Error> {
    let mut archive = ZipWriter::new_stream(pipe);
    // Pictures, sounds and clips are compressed already.
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for medium in media {
        match runtime.block_on(assets.get(&medium.key)) {
            Ok(bytes) => {
                archive.start_file(medium.path, stored)?;
                archive.write_all(&bytes)?;
            }
            Err(error) => {
                tracing::warn!(key = medium.key, %error, "a medium is missing in an export");
                forget(&mut description, &medium.path);
            }
        }
    }
    archive.start_file(DESCRIPTION, SimpleFileOptions::default().compression_method(CompressionMethod::Deflated))?;
    serde_json::to_writer_pretty(&mut archive, &description)?;
    archive.finish()?.into_inner().flush()
}

/// Names a medium as missing, wherever it stands.
fn forget(description: &mut Description, path: &str) {
    let scenes = description.scenes.iter_mut();
    let of_scenes = scenes.flat_map(|scene| [&mut scene.audio, &mut scene.image, &mut scene.video]);
    let all = of_scenes.chain([&mut description.background_music, &mut description.reference_image]);
    for slot in all.filter(|slot| slot.as_deref() == Some(path)) {
        *slot = None;
    }
    description.metadata.missing.push(path.to_owned());
}

/// Gathers bytes and hands them to whoever sends them.
struct Pipe {
    sender: mpsc::Sender<Result<Bytes, Error>>,
    waiting: Vec<u8>,
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Error> {
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), Error> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let piece = std::mem::replace(&mut self.waiting, Vec::with_capacity(PIECE));
        self.sender.blocking_send(Ok(piece.into())).map_err(|_| Error::other("the client has gone away"))
    }
}
