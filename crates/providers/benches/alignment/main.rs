//! Measures how well the aligner finds words, against voices that it does not know, and what it costs: `make bench`.
//!
//! The numbers are also written to a JSON file, given as the first argument. `bench worst` lists the largest errors instead.

mod score;
mod sentences;
mod speakers;
mod spoil;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use anyhow::Context;
use model::caption::WordTiming;
use providers::align::{AlignProvider, AlignRequest, Aligned};
use providers::aligner::Aligner;
use providers::espeak;
use score::{Errors, share};
use sentences::LANGUAGES;
use serde_json::{Value, json};
use speakers::{FESTIVAL, Spoken, VARIANTS};
use spoil::{CONDITIONS, Condition, File};

fn main() -> anyhow::Result<()> {
    // cargo adds --bench.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["worst"] => worst(&cases()?),
        [result] => measure(result.as_ref()),
        _ => anyhow::bail!("give the name of the JSON file for the numbers"),
    }
}

/// One sentence of one voice.
struct Case {
    language: &'static str,
    voice: &'static str,
    text: &'static str,
    /// Whether the aligner's numbers were chosen by it.
    tuned: bool,
    condition: Condition,
    truth: Vec<WordTiming>,
    file: File,
}

/// Every sentence by every voice of its language, each spoiled in one way and all ways equally often.
fn cases() -> anyhow::Result<Vec<Case>> {
    let folder = tempfile::tempdir()?;
    let mut cases = Vec::new();
    for language in LANGUAGES {
        let mut voices: Vec<(&str, Vec<Spoken>)> = Vec::new();
        for variant in VARIANTS {
            let spoken: anyhow::Result<_> =
                language.sentences.iter().map(|text| speakers::espeak(text, language.tag, variant)).collect();
            voices.push((variant.name, spoken?));
        }
        for voice in FESTIVAL.iter().filter(|voice| voice.language == language.tag) {
            match speakers::festival(language.sentences, voice, folder.path())? {
                Some(spoken) => voices.push((voice.name, spoken)),
                None => say(&format!("{} is not measured: install festival and {}", voice.name, voice.package))?,
            }
        }
        for (number, (voice, spoken)) in voices.into_iter().enumerate() {
            for (index, mut spoken) in spoken.into_iter().enumerate() {
                let condition = CONDITIONS[(index + 2 * number) % CONDITIONS.len()];
                let file = spoil::spoil(&mut spoken, condition)?;
                let (tuned, text) = (index % 2 == 0, language.sentences[index]);
                cases.push(Case { language: language.tag, voice, text, tuned, condition, truth: spoken.words, file });
            }
        }
    }
    Ok(cases)
}

fn align(text: &str, language: &str, file: &File) -> anyhow::Result<Aligned> {
    let request = AlignRequest {
        sound: file.bytes.clone(),
        sound_media_type: file.media_type.to_owned(),
        seconds: file.seconds,
        text: text.to_owned(),
        language: language.to_owned(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    Ok(runtime.block_on(Aligner.align(&request, ""))?)
}

fn measure(result: &Path) -> anyhow::Result<()> {
    let cases = cases()?;
    // Libraries and tables are loaded once, not per narration.
    align(cases[0].text, cases[0].language, &cases[0].file)?;
    let mut by_voice: BTreeMap<(usize, &str), Errors> = BTreeMap::new();
    let mut by_condition: BTreeMap<Condition, Errors> = BTreeMap::new();
    let (mut all, mut unseen) = (Errors::default(), Errors::default());
    let (mut seconds, mut used, mut reference) = (0.0, 0.0, 0.0);
    for case in &cases {
        let before = processor_seconds();
        let aligned = align(case.text, case.language, &case.file)?;
        used += processor_seconds() - before;
        seconds += case.file.seconds;
        let before = processor_seconds();
        espeak::reference::read(case.text, &model::words::cut(case.text), case.language)?.context("there is a reading")?;
        reference += processor_seconds() - before;
        let mut errors = Errors::default();
        errors.add(&aligned.words, &case.truth, aligned.estimated.is_some())?;
        let language = LANGUAGES.iter().position(|language| language.tag == case.language).unwrap_or(0);
        by_voice.entry((language, case.voice)).or_default().join(&errors);
        by_condition.entry(case.condition).or_default().join(&errors);
        all.join(&errors);
        if !case.tuned {
            unseen.join(&errors);
        }
    }
    say(&format!(
        "{:<28}{:>9}{:>7}{:>16}{:>16}{:>8}{:>10}",
        "", "sentences", "words", "starts 50/95 %", "ends 50/95 %", "bias", "estimated"
    ))?;
    for ((language, voice), errors) in &by_voice {
        row(&format!("{} {voice}", LANGUAGES[*language].tag), errors)?;
    }
    for (condition, errors) in &by_condition {
        row(condition.name(), errors)?;
    }
    row("all", &all)?;
    row("all, not chosen by", &unseen)?;
    let long = long()?;
    row(&format!("{:.1} minutes at once", long.minutes), &long.errors)?;
    let wrong = wrong_texts(&cases)?;
    say(&format!("of {} narrations with another text, {} were called estimates", wrong.0, wrong.1))?;
    let minutes = seconds / 60.0;
    say(&format!(
        "processor time: {:.3} s per minute of speech, of which {:.3} s for espeak-ng's reading ({minutes:.1} minutes)",
        used / minutes,
        reference / minutes
    ))?;
    say(&format!(
        "ten minutes at once: {:.3} s per minute, the process never above {:.0} MB",
        long.per_minute,
        peak_megabytes()
    ))?;
    let table: Vec<Value> = by_voice
        .iter()
        .map(|((language, voice), errors)| json!({ "language": LANGUAGES[*language].tag, "voice": voice, "errors": numbers(errors) }))
        .collect();
    let conditions: BTreeMap<&str, Value> =
        by_condition.iter().map(|(condition, errors)| (condition.name(), numbers(errors))).collect();
    let written = json!({
        "voices": table, "conditions": conditions, "all": numbers(&all), "notTuned": numbers(&unseen),
        "wrongTexts": { "tried": wrong.0, "calledEstimates": wrong.1 },
        "processorSecondsPerMinute": { "all": used / minutes, "reference": reference / minutes, "tenMinutesAtOnce": long.per_minute },
        "tenMinutesAtOnce": numbers(&long.errors), "peakMegabytes": peak_megabytes(),
    });
    std::fs::create_dir_all(result.parent().context("the file is in a folder")?)?;
    std::fs::write(result, serde_json::to_string_pretty(&written)?)?;
    Ok(())
}

/// What a long narration costs, at best of three times.
struct Long {
    minutes: f64,
    errors: Errors,
    per_minute: f64,
}

/// All English sentences by one voice again and again, a third of a second apart, for ten minutes.
fn long() -> anyhow::Result<Long> {
    let english = &LANGUAGES[0];
    let sentences: anyhow::Result<Vec<Spoken>> =
        english.sentences.iter().map(|text| speakers::espeak(text, english.tag, &VARIANTS[0])).collect();
    let sentences = sentences?;
    let (mut text, mut all) = (String::new(), Spoken { samples: Vec::new(), rate: sentences[0].rate, words: Vec::new() });
    for (sentence, spoken) in english.sentences.iter().zip(&sentences).cycle() {
        let moved = all.samples.len() as f64 / f64::from(all.rate);
        if moved > 600.0 {
            break;
        }
        text.push_str(sentence);
        text.push(' ');
        all.words.extend(spoken.words.iter().map(|word| WordTiming {
            word: word.word.clone(),
            start: word.start + moved,
            end: word.end + moved,
        }));
        all.samples.extend(&spoken.samples);
        all.samples.extend(std::iter::repeat_n(0.0, all.rate as usize / 3));
    }
    let file = spoil::spoil(&mut all, Condition::Noise)?;
    let minutes = file.seconds / 60.0;
    let (mut errors, mut per_minute) = (Errors::default(), f64::INFINITY);
    for _ in 0..3 {
        let before = processor_seconds();
        let aligned = align(&text, english.tag, &file)?;
        per_minute = per_minute.min((processor_seconds() - before) / minutes);
        errors = Errors::default();
        errors.add(&aligned.words, &all.words, aligned.estimated.is_some())?;
    }
    Ok(Long { minutes, errors, per_minute })
}

/// Lays narrations beside the text of the next one: how many were tried, and how many the aligner did not believe.
fn wrong_texts(cases: &[Case]) -> anyhow::Result<(usize, usize)> {
    let mut count = (0, 0);
    for pair in cases.windows(2).filter(|pair| pair[0].language == pair[1].language) {
        count.0 += 1;
        count.1 += usize::from(align(pair[1].text, pair[0].language, &pair[0].file)?.estimated.is_some());
    }
    Ok(count)
}

/// The largest errors.
fn worst(cases: &[Case]) -> anyhow::Result<()> {
    let mut errors = Vec::new();
    for case in cases {
        let aligned = align(case.text, case.language, &case.file)?;
        for (found, truth) in aligned.words.iter().zip(&case.truth) {
            errors.push((found.start - truth.start, case, found.clone(), truth.clone()));
        }
    }
    errors.sort_by(|one, other| other.0.abs().total_cmp(&one.0.abs()));
    for (error, case, found, truth) in errors.iter().take(60) {
        let place = format!("{} {} {}", case.language, case.voice, case.condition.name());
        say(&format!(
            "{place:<36}{:<16}{error:+.3}  found {:.2}-{:.2}, true {:.2}-{:.2}  {:.40}",
            truth.word, found.start, found.end, truth.start, truth.end, case.text
        ))?;
    }
    Ok(())
}

fn row(name: &str, errors: &Errors) -> anyhow::Result<()> {
    let ms = |values: &[f64]| format!("{:.0} / {:.0} ms", 1000.0 * share(values, 0.5), 1000.0 * share(values, 0.95));
    say(&format!(
        "{name:<28}{:>9}{:>7}{:>16}{:>16}{:>+8.0}{:>10}",
        errors.sentences,
        errors.starts.len(),
        ms(&errors.starts),
        ms(&errors.ends),
        1000.0 * errors.mean_bias(),
        errors.estimated
    ))
}

fn numbers(errors: &Errors) -> Value {
    let ms = |values: &[f64]| json!({ "median": 1000.0 * share(values, 0.5), "p95": 1000.0 * share(values, 0.95) });
    json!({
        "sentences": errors.sentences, "words": errors.starts.len(), "estimated": errors.estimated,
        "startMs": ms(&errors.starts), "endMs": ms(&errors.ends), "startBiasMs": 1000.0 * errors.mean_bias(),
    })
}

/// Processor time of this process and of those that it has waited for.
fn processor_seconds() -> f64 {
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    let of = |usage: libc::rusage| seconds(usage.ru_utime) + seconds(usage.ru_stime);
    of(usage(libc::RUSAGE_SELF)) + of(usage(libc::RUSAGE_CHILDREN))
}

/// The most memory that this process ever had.
fn peak_megabytes() -> f64 {
    let units = if cfg!(target_os = "macos") { 1e6 } else { 1e3 };
    usage(libc::RUSAGE_SELF).ru_maxrss as f64 / units
}

fn usage(who: libc::c_int) -> libc::rusage {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the struct is the one that the call fills, and zeros are a valid one.
    unsafe {
        libc::getrusage(who, usage.as_mut_ptr());
        usage.assume_init()
    }
}

fn say(line: &str) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}
