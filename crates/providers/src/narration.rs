//! A narration as a vendor sent it: accepted only when it can be heard, and handed on as a file with an exact length.
//!
//! When its words are heard is found out in `spoken`, and what takes several calls is put together in `parts`.

use bytes::Bytes;

use crate::error::ProviderError;
use crate::sound::{self, Recording, Sound};
use crate::speech::Speech;
use crate::vendor::Vendor;

/// Below this level a narration is silent, in decibels of full scale.
const SILENT: f64 = -60.0;

/// A usable narration.
#[derive(Debug, Clone, PartialEq)]
pub struct Narration {
    /// What is heard.
    pub sound: Sound,
    /// The file as it came, as long as it may be handed on so.
    file: Option<(Bytes, &'static str)>,
}

impl Narration {
    /// Decodes a file that a vendor sent.
    ///
    /// # Errors
    /// [`ProviderError::Retry`] when it is no sound, was cut off or is silent: another try may bring a good one.
    pub async fn read(vendor: Vendor, file: Bytes) -> Result<Self, ProviderError> {
        let copy = file.clone();
        let decoded = tokio::task::spawn_blocking(move || sound::decode(&copy))
            .await
            .map_err(|error| ProviderError::Fatal(format!("the thread that decoded the narration stopped: {error}")))??;
        let recording = usable(vendor, decoded)?;
        // A WAV is written anew because its header may say no length; what is rarer than MP3 because players may not know it.
        let file = (recording.media_type == "audio/mpeg").then_some((file, recording.media_type));
        Ok(Self { sound: recording.sound, file })
    }

    /// Takes samples of 16 bits without a file around them, as some models send them.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn bare(vendor: Vendor, samples: &[u8], rate: u32) -> Result<Self, ProviderError> {
        // A picture is no sound, however it is labelled.
        if !(4_000..=384_000).contains(&rate) || image::guess_format(samples).is_ok() {
            return Err(unusable(vendor, "it can't be decoded as a sound"));
        }
        let value = |pair: &[u8; 2]| f32::from(i16::from_le_bytes(*pair)) / 32_768.0;
        let (pairs, rest) = samples.as_chunks::<2>();
        let sound = Sound { samples: pairs.iter().map(value).collect(), rate };
        let recording = usable(vendor, Some(Recording { media_type: "audio/wav", sound, whole: rest.is_empty() }))?;
        Ok(recording.sound.into())
    }

    /// The same at another speed, for vendors that know none; from 0.5 to 2.0.
    pub async fn at_speed(self, speed: f64) -> Result<Self, ProviderError> {
        if (speed - 1.0).abs() < 0.005 {
            return Ok(self);
        }
        let stretched = tokio::task::spawn_blocking(move || sound::stretch(&self.sound, speed)).await;
        let stretched = stretched
            .map_err(|error| ProviderError::Fatal(format!("the thread that changed the narration's speed stopped: {error}")))?;
        Ok(stretched.into())
    }

    /// As a file, without word times.
    pub fn speech(self) -> Speech {
        let seconds = self.sound.seconds();
        let (bytes, media_type) = self.file.unwrap_or_else(|| (sound::wav(&self.sound), "audio/wav"));
        Speech { bytes, media_type, seconds, words: None }
    }
}

impl From<Sound> for Narration {
    fn from(sound: Sound) -> Self {
        Self { sound, file: None }
    }
}

fn usable(vendor: Vendor, recording: Option<Recording>) -> Result<Recording, ProviderError> {
    match recording {
        None => Err(unusable(vendor, "it can't be decoded as a sound")),
        Some(recording) if !recording.whole => Err(unusable(vendor, "it was cut off")),
        Some(recording) if recording.sound.samples.is_empty() => Err(unusable(vendor, "it is empty")),
        Some(recording) if recording.sound.level() < SILENT => Err(unusable(vendor, "it is silent")),
        Some(recording) => Ok(recording),
    }
}

fn unusable(vendor: Vendor, why: &str) -> ProviderError {
    ProviderError::retry(format!("{vendor} sent something else than a usable narration ({why})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(seconds: f64, level: f32) -> Bytes {
        let sample = |index: usize| level * (index as f32 * 0.1).sin();
        sound::wav(&Sound { samples: (0..(seconds * 24_000.0) as usize).map(sample).collect(), rate: 24_000 })
    }

    async fn check(file: Bytes, expected: &str) {
        let got = match Narration::read(Vendor::Groq, file).await {
            Ok(narration) => format!("{:.2} s", narration.speech().seconds),
            Err(error) => {
                assert!(matches!(error, ProviderError::Retry { .. }), "{error:?}");
                error.to_string().replace("Groq sent something else than a usable narration ", "")
            }
        };
        assert_eq!(got, expected);
    }

    #[tokio::test]
    async fn a_narration_is_whole_and_heard() {
        let good = tone(0.5, 0.5);
        check(good.clone(), "0.50 s").await;
        check(good.slice(..good.len() - 1000), "(it was cut off)").await;
        check(tone(0.5, 0.0001), "(it is silent)").await;
        check(tone(0.0, 0.0), "(it is empty)").await;
        check(Bytes::from_static(b"<html>"), "(it can't be decoded as a sound)").await;
    }

    #[test]
    fn bare_samples_have_a_rate() {
        let good = &tone(0.5, 0.5)[44..];
        assert_eq!(Narration::bare(Vendor::Gemini, good, 24_000).map(|narration| narration.sound.seconds()), Ok(0.5));
        for (samples, rate) in [(&good[1..], 24_000), (good, 0), (b"\x89PNG\r\n\x1a\n........".as_slice(), 24_000)] {
            Narration::bare(Vendor::Gemini, samples, rate).expect_err("not usable");
        }
    }

    #[tokio::test]
    async fn another_speed_is_another_length() {
        let narration = Narration::read(Vendor::Groq, tone(1.0, 0.5)).await.expect("a tone");
        let faster = narration.at_speed(2.0).await.expect("a thread").speech();
        assert_eq!((faster.seconds, faster.bytes.len()), (0.5, 44 + 24_000));
    }
}
