//! Who speaks in the measurement, and when each word is truly heard: variants of espeak-ng that the aligner does not use, and
//! the voices of festival, another synthesiser.
//!
//! How the sounds are spoiled afterwards is in `spoil`.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Context;
use model::caption::WordTiming;
use providers::espeak::{Manner, speak_in};
use providers::speech::SpeechRequest;

/// A sound with the true times of its words.
#[derive(Debug, Clone)]
pub struct Spoken {
    /// One channel, from −1 to 1.
    pub samples: Vec<f32>,
    /// Samples per second.
    pub rate: u32,
    pub words: Vec<WordTiming>,
}

/// A variant of espeak-ng's voices.
pub struct Variant {
    pub name: &'static str,
    pub manner: Manner,
}

/// A woman in a hurry, a slow deep man, a monotonous reader with another sound source.
pub const VARIANTS: &[Variant] = &[
    Variant { name: "+f3", manner: Manner { rate: 215, pitch: 62, range: 70 } },
    Variant { name: "+m7", manner: Manner { rate: 125, pitch: 25, range: 40 } },
    Variant { name: "+klatt4", manner: Manner { rate: 170, pitch: 45, range: 20 } },
];

/// A voice of festival.
pub struct Festival {
    /// How festival calls it.
    pub voice: &'static str,
    /// Short, for the table.
    pub name: &'static str,
    /// Of the sentences.
    pub language: &'static str,
    /// The Debian package that has it.
    pub package: &'static str,
    utf8: bool,
}

pub const FESTIVAL: &[Festival] = &[
    Festival { voice: "kal_diphone", name: "festival kal", language: "en", package: "festvox-kallpc16k", utf8: true },
    Festival { voice: "cmu_us_slt_arctic_hts", name: "festival slt", language: "en", package: "festvox-us-slt-hts", utf8: true },
    Festival { voice: "lp_diphone", name: "festival lp", language: "it", package: "festvox-italp16k", utf8: false },
    Festival { voice: "suo_fi_lj_diphone", name: "festival lj", language: "fi", package: "festvox-suopuhe-lj", utf8: false },
    Festival { voice: "upc_ca_ona_hts", name: "festival ona", language: "ca", package: "festvox-ca-ona-hts", utf8: false },
];

/// Speaks with a variant of espeak-ng.
pub fn espeak(text: &str, language: &str, variant: &Variant) -> anyhow::Result<Spoken> {
    let request = SpeechRequest {
        text: text.to_owned(),
        language: language.to_owned(),
        voice: variant.name.to_owned(),
        ..SpeechRequest::default()
    };
    let speech = speak_in(variant.manner, &request)?;
    let (samples, rate) = read(&speech.bytes)?;
    Ok(Spoken { samples, rate, words: speech.words.context("espeak-ng tells the times")? })
}

/// Speaks all texts with a voice of festival; `None` where it or the voice is not installed. `folder` takes its files.
pub fn festival(texts: &[&str], voice: &Festival, folder: &Path) -> anyhow::Result<Option<Vec<Spoken>>> {
    let file = |index: usize| folder.join(format!("{}-{index}.wav", voice.voice));
    let mut script = String::from(SCRIPT);
    script.push_str(&format!("(voice_{})\n", voice.voice));
    for (index, text) in texts.iter().enumerate() {
        let text = text.replace(['"', '\\'], "");
        script.push_str(&format!("(tell \"{text}\" \"{}\")\n", file(index).display()));
    }
    let script: Vec<u8> = match voice.utf8 {
        true => script.into_bytes(),
        // The old voices read Latin-1, whose letters are the first of Unicode.
        false => script.chars().map(|letter| u8::try_from(letter).unwrap_or(b' ')).collect(),
    };
    let path = folder.join(format!("{}.scm", voice.voice));
    std::fs::File::create(&path)?.write_all(&script)?;
    let output = match Command::new("festival").arg("--batch").arg(&path).stdin(Stdio::null()).output() {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).context("festival could not be started"),
    };
    if !file(0).exists() {
        return Ok(None);
    }
    let told: String = output.stdout.iter().map(|byte| char::from(*byte)).collect();
    let mut spoken = Vec::new();
    for (index, (text, block)) in texts.iter().zip(told.split("<<").skip(1)).enumerate() {
        let (samples, rate) = read(&std::fs::read(file(index))?)?;
        let words = join(text, block).with_context(|| format!("festival told for {text:?}: {block}"))?;
        spoken.push(Spoken { samples, rate, words });
    }
    anyhow::ensure!(spoken.len() == texts.len(), "festival stopped early: {}", String::from_utf8_lossy(&output.stderr));
    Ok(Some(spoken))
}

/// Writes a sentence to a file and prints each token with the time of its first and last word. Punctuation is a word of the
/// token too, but one that is not spoken.
const SCRIPT: &str = r#"
(define (tell text file)
  (let ((utt (utt.synth (eval (list 'Utterance 'Text text)))))
    (utt.save.wave utt file 'riff)
    (format t "<<\n")
    (let ((token (utt.relation.first utt 'Token)))
      (while token
        (mapcar
          (lambda (word)
            (if (> (item.feat word "word_end") 0)
              (format t "%s\t%f\t%f\n" (item.name token) (item.feat word "word_start") (item.feat word "word_end"))))
          (item.daughters token))
        (format t "%s\t.\t.\n" (item.name token))
        (set! token (item.next token))))))
"#;

/// Joins festival's tokens to the words of the text.
fn join(text: &str, told: &str) -> Option<Vec<WordTiming>> {
    let plain = |word: &str| -> Vec<char> {
        word.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let mut lines = told.lines().filter(|line| line.contains('\t')).map(|line| line.split('\t').collect::<Vec<_>>());
    let mut words = Vec::new();
    for word in text.split_whitespace() {
        let (wanted, mut got) = (plain(word).len(), 0);
        let mut timing: Option<WordTiming> = None;
        while got < wanted {
            let line = lines.next()?;
            match (line.get(1)?.parse::<f64>(), line.get(2)?.parse::<f64>()) {
                (Ok(start), Ok(end)) => {
                    timing = Some(WordTiming { word: word.to_owned(), start: timing.map_or(start, |timing| timing.start), end });
                }
                // The token's end.
                _ => got += plain(line[0]).len(),
            }
        }
        words.push(timing?);
    }
    Some(words)
}

/// The first channel of a WAV with 16 bits.
fn read(file: &[u8]) -> anyhow::Result<(Vec<f32>, u32)> {
    let mut reader = hound::WavReader::new(std::io::Cursor::new(file))?;
    let rate = reader.spec().sample_rate;
    let samples = reader.samples::<i16>().map(|sample| Ok(f32::from(sample?) / 32_768.0)).collect::<anyhow::Result<_>>()?;
    Ok((samples, rate))
}
