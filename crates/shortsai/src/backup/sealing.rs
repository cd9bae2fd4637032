//! The bytes of a backup on their way into its file and out again: compressed, encrypted, counted and hashed. Synchronous.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;

use anyhow::{Context, bail, ensure};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

use crate::backup::manifest::Kind;
use crate::backup::{Keys, Lock, Manifest};

/// Size and hash of a file that was written.
pub struct Sealed {
    pub bytes: u64,
    pub sha256: String,
}

/// Counts and hashes what goes through.
struct Hashing<W> {
    inner: W,
    hash: Sha256,
    bytes: u64,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Writes what is in `plain` to a new file `to`.
pub fn seal(kind: Kind, plain: &Path, lock: &Lock, to: &Path) -> anyhow::Result<Sealed> {
    let encryptor = lock.encryptor()?;
    let failed = || format!("the backup can't be written to {}", to.display());
    let sealed = || -> io::Result<Sealed> {
        let mut plain = File::open(plain)?;
        let file = Hashing { inner: BufWriter::new(File::create_new(to)?), hash: Sha256::new(), bytes: 0 };
        let mut file = match encryptor {
            None => compress(kind, &mut plain, file)?,
            Some(encryptor) => compress(kind, &mut plain, encryptor.wrap_output(file)?)?.finish()?,
        };
        file.flush()?;
        file.inner.get_ref().sync_all()?;
        Ok(Sealed { bytes: file.bytes, sha256: hexadecimal(file.hash) })
    };
    sealed().with_context(failed)
}

fn compress<W: Write>(kind: Kind, plain: &mut File, mut out: W) -> io::Result<W> {
    match kind {
        Kind::Sqlite => {
            let mut out = GzEncoder::new(out, Compression::default());
            io::copy(plain, &mut out)?;
            out.finish()
        }
        Kind::Postgres => io::copy(plain, &mut out).map(|_| out),
    }
}

/// Whether the file is the very one that was written.
pub fn check(manifest: &Manifest, file: &Path) -> anyhow::Result<()> {
    let name = &manifest.name;
    let shown = || format!("the file of the backup {name} can't be read");
    let found = std::fs::metadata(file).with_context(shown)?.len();
    ensure!(
        found == manifest.bytes,
        "the backup {name} is not whole: {} has {found} bytes, not {}; take another backup",
        manifest.file,
        manifest.bytes
    );
    let mut hashing = Hashing { inner: io::sink(), hash: Sha256::new(), bytes: 0 };
    io::copy(&mut File::open(file).with_context(shown)?, &mut hashing).with_context(shown)?;
    let same = hexadecimal(hashing.hash) == manifest.sha256;
    ensure!(same, "the backup {name} is damaged: {} is not what was written; take another backup", manifest.file);
    Ok(())
}

/// Writes what was sealed to a new file `to`.
pub fn unseal(manifest: &Manifest, file: &Path, keys: &Keys, to: &Path) -> anyhow::Result<()> {
    let name = &manifest.name;
    let keys = keys.of(manifest.encryption)?;
    let sealed = BufReader::new(File::open(file).with_context(|| format!("the file of the backup {name} can't be read"))?);
    let mut plain: Box<dyn Read> = if keys.is_empty() {
        Box::new(sealed)
    } else {
        let opened = age::Decryptor::new_buffered(sealed).and_then(|file| file.decrypt(keys.iter().map(|key| &**key)));
        match opened {
            Ok(plain) => Box::new(plain),
            Err(age::DecryptError::Io(error)) => return Err(error).context("the backup can't be read"),
            Err(error) => {
                bail!("the backup {name} can't be opened with this key or passphrase ({error}); give the one it was made with")
            }
        }
    };
    if manifest.database == Kind::Sqlite {
        plain = Box::new(GzDecoder::new(plain));
    }
    let mut out = File::create_new(to).with_context(|| to.display().to_string())?;
    io::copy(&mut plain, &mut out).with_context(|| format!("the backup {name} can't be unpacked"))?;
    out.sync_all().with_context(|| to.display().to_string())
}

fn hexadecimal(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
