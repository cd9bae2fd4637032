//! WAV, read by walking its chunks and written with an exact header.
//!
//! Files that were streamed say no sizes and have their samples wherever; the usual readers, and players that look at fixed
//! places, get those wrong.

use super::Sound;

/// Sizes from here on mean "until the end": writers that do not know the length put the largest number they can.
const UNTIL_THE_END: u32 = 0x7fff_0000;

/// How samples are written.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Format {
    float: bool,
    channels: usize,
    rate: u32,
    /// Bytes of one sample.
    width: usize,
}

/// The sound of a WAV, and whether all of it is there; `None` for other files and for kinds of samples that nobody sends.
pub(super) fn read(file: &[u8], most_seconds: u32) -> Option<(Sound, bool)> {
    let mut rest = file.strip_prefix(b"RIFF")?.get(4..)?.strip_prefix(b"WAVE")?;
    let mut format = None;
    loop {
        let (head, body) = rest.split_at_checked(8)?;
        let size = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
        if &head[..4] == b"data" {
            let format: Format = format?;
            // Zero is another way to say nothing; then whatever follows is the sound.
            let open = size >= UNTIL_THE_END || (size == 0 && !body.is_empty());
            let length = if open { body.len() } else { size as usize };
            let there = &body[..length.min(body.len())];
            return Some((samples(there, format, most_seconds), length <= body.len()));
        }
        let chunk = body.get(..size as usize)?;
        if &head[..4] == b"fmt " {
            format = Some(read_format(chunk)?);
        }
        // Chunks begin at even places.
        rest = body.get(size as usize + size as usize % 2..)?;
    }
}

fn read_format(chunk: &[u8]) -> Option<Format> {
    let number = |at: usize| chunk.get(at..at + 2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    let kind = match number(0)? {
        // The kind of an extensible format is told further behind.
        0xfffe => number(24)?,
        kind => kind,
    };
    let rate = chunk.get(4..8)?;
    let rate = u32::from_le_bytes([rate[0], rate[1], rate[2], rate[3]]);
    let (channels, bits) = (number(2)?, number(14)?);
    let float = match (kind, bits) {
        (1, 8 | 16 | 24 | 32) => false,
        (3, 32 | 64) => true,
        _ => return None,
    };
    let sensible = (4_000..=384_000).contains(&rate) && (1..=8).contains(&channels);
    sensible.then_some(Format { float, channels: channels.into(), rate, width: usize::from(bits) / 8 })
}

fn samples(data: &[u8], format: Format, most_seconds: u32) -> Sound {
    let frame = format.channels * format.width;
    let mix = |frame: &[u8]| {
        let sum: f32 = frame.chunks_exact(format.width).map(|sample| value(sample, format.float)).sum();
        let mean = sum / format.channels as f32;
        if mean.is_finite() { mean } else { 0.0 }
    };
    let most = most_seconds as usize * format.rate as usize;
    Sound { samples: data.chunks_exact(frame).take(most).map(mix).collect(), rate: format.rate }
}

fn value(sample: &[u8], float: bool) -> f32 {
    match *sample {
        // Eight bits are the only ones without a sign.
        [a] => (f32::from(a) - 128.0) / 128.0,
        [a, b] => f32::from(i16::from_le_bytes([a, b])) / 32_768.0,
        [a, b, c] => i32::from_le_bytes([0, a, b, c]) as f32 / 2_147_483_648.0,
        [a, b, c, d] if float => f32::from_le_bytes([a, b, c, d]),
        [a, b, c, d] => i32::from_le_bytes([a, b, c, d]) as f32 / 2_147_483_648.0,
        [a, b, c, d, e, f, g, h] => f64::from_le_bytes([a, b, c, d, e, f, g, h]) as f32,
        _ => 0.0,
    }
}

/// One channel of 16 bits.
pub(super) fn write(sound: &Sound) -> Vec<u8> {
    let bytes = 2 * sound.samples.len() as u32;
    let mut file = Vec::with_capacity(44 + bytes as usize);
    file.extend_from_slice(b"RIFF");
    file.extend_from_slice(&(36 + bytes).to_le_bytes());
    file.extend_from_slice(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    file.extend_from_slice(&sound.rate.to_le_bytes());
    file.extend_from_slice(&(2 * sound.rate).to_le_bytes());
    file.extend_from_slice(b"\x02\0\x10\0data");
    file.extend_from_slice(&bytes.to_le_bytes());
    for sample in &sound.samples {
        let sample = (sample * 32_768.0).round().clamp(-32_768.0, 32_767.0) as i16;
        file.extend_from_slice(&sample.to_le_bytes());
    }
    file
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A file with the given format chunk and data, and with another chunk of odd size before them.
    fn file(format: &[u8], size: u32, data: &[u8]) -> Vec<u8> {
        let mut file = b"RIFF\xff\xff\xff\xffWAVELIST\x03\0\0\0abc\0fmt ".to_vec();
        file.extend_from_slice(&(format.len() as u32).to_le_bytes());
        file.extend_from_slice(format);
        file.extend_from_slice(b"data");
        file.extend_from_slice(&size.to_le_bytes());
        file.extend_from_slice(data);
        file
    }

    fn format(kind: u16, channels: u16, bits: u16) -> Vec<u8> {
        let mut chunk = Vec::new();
        for number in [kind, channels, 8_000, 0, 0, 0, channels * bits / 8, bits] {
            chunk.extend_from_slice(&number.to_le_bytes());
        }
        chunk
    }

    #[track_caller]
    fn check(file: &[u8], expected: Option<(&[f32], bool)>) {
        let expected = expected.map(|(samples, whole)| (Sound { samples: samples.to_vec(), rate: 8_000 }, whole));
        assert_eq!(read(file, 10), expected);
    }

    #[test]
    fn samples_of_all_kinds_are_read() {
        check(&file(&format(1, 1, 16), 4, &[0, 0x40, 0, 0xc0]), Some((&[0.5, -0.5], true)));
        check(&file(&format(1, 2, 16), 4, &[0, 0x40, 0, 0]), Some((&[0.25], true)));
        check(&file(&format(1, 1, 8), 2, &[192, 64]), Some((&[0.5, -0.5], true)));
        check(&file(&format(1, 1, 24), 3, &[0, 0, 0x40]), Some((&[0.5], true)));
        check(&file(&format(1, 1, 32), 4, &[0, 0, 0, 0x40]), Some((&[0.5], true)));
        check(&file(&format(3, 1, 32), 4, &0.5f32.to_le_bytes()), Some((&[0.5], true)));
        check(&file(&format(3, 1, 64), 8, &0.5f64.to_le_bytes()), Some((&[0.5], true)));
        check(&file(&format(3, 1, 32), 4, &f32::NAN.to_le_bytes()), Some((&[0.0], true)));
        let mut extensible = format(0xfffe, 1, 16);
        extensible.extend_from_slice(&[22, 0, 16, 0, 4, 0, 0, 0, 1, 0]);
        check(&file(&extensible, 2, &[0, 0x40]), Some((&[0.5], true)));
        check(&file(&format(2, 1, 4), 2, &[0, 0x40]), None);
    }

    #[test]
    fn streamed_files_go_to_their_end_and_others_to_their_size() {
        for open in [u32::MAX, 0x7fff_ffff, 0] {
            check(&file(&format(1, 1, 16), open, &[0, 0x40, 0, 0xc0]), Some((&[0.5, -0.5], true)));
        }
        let mut followed = file(&format(1, 1, 16), 2, &[0, 0x40]);
        followed.extend_from_slice(b"LIST\x04\0\0\0abcd");
        check(&followed, Some((&[0.5], true)));
        check(&file(&format(1, 1, 16), 6, &[0, 0x40, 0, 0xc0]), Some((&[0.5, -0.5], false)));
        check(&file(&format(1, 1, 16), 0, &[]), Some((&[], true)));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(samples in proptest::collection::vec(-32_768i32..32_768, 0..50)) {
            let samples: Vec<f32> = samples.into_iter().map(|sample| sample as f32 / 32_768.0).collect();
            let sound = Sound { samples, rate: 22_050 };
            prop_assert_eq!(read(&write(&sound), 10), Some((sound, true)));
        }

        #[test]
        fn nothing_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let mut file = b"RIFF....WAVEfmt ".to_vec();
            file.extend(bytes);
            let _ = read(&file, 1);
        }
    }
}
