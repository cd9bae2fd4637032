//! Pictures and sounds to work with.

use std::io::Cursor;

use image::{ImageFormat, Rgb, RgbImage};

/// A picture with something to see in it, different for each seed.
pub fn picture(width: u32, height: u32, seed: u32) -> anyhow::Result<Vec<u8>> {
    let pixel = |x: u32, y: u32| {
        let wave = ((f64::from(x * (seed % 7 + 1)) / 40.0).sin() * 60.0 + (f64::from(y) / 25.0).cos() * 60.0) as i32;
        let channel = |shift: u32| (128 + wave + ((x / 8 * y / 8 + seed * shift) % 64) as i32).clamp(0, 255) as u8;
        Rgb([channel(3), channel(5), channel(11)])
    };
    let mut jpeg = Cursor::new(Vec::new());
    RgbImage::from_fn(width, height, pixel).write_to(&mut jpeg, ImageFormat::Jpeg)?;
    Ok(jpeg.into_inner())
}

/// A sound of some seconds.
pub fn sound(seconds: f64, seed: u32) -> anyhow::Result<Vec<u8>> {
    let spec = hound::WavSpec { channels: 1, sample_rate: 22_050, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
    let mut wav = Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut wav, spec)?;
    for index in 0..(seconds * 22_050.0) as u32 {
        let time = f64::from(index) / 22_050.0;
        let level = ((time * 2.5).fract() * 4.0).min(1.0) * 0.4;
        writer.write_sample(((time * f64::from(180 + seed % 200) * std::f64::consts::TAU).sin() * level * 30_000.0) as i16)?;
    }
    writer.finalize()?;
    Ok(wav.into_inner())
}
