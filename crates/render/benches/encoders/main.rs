//! Compares x264's settings on what shorts are made of and prints tables: `make bench-encoders`.
//!
//! The renderer's standard quality was chosen from these tables. They are made from frames as the renderer gives them to the
//! encoder, and every figure is of this run on this machine. With arguments (`-- ROUNDS WORD…`) only the settings are
//! measured whose names hold one of the words, beside the reference; the word `all` asks for all of them, which takes long.
//! Where the variable `KEEP_ENCODINGS` names a folder, the encoded files are kept there to be looked at.

mod encoder;
mod material;
mod settings;
mod table;

use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use encoder::Measured;
use material::Material;
use settings::Setting;

/// How often each encoding is run; the least processor time counts, because others may use the machine too.
const ROUNDS: usize = 3;
/// Encodings at a time: as in a render, they share the memory's bandwidth.
const AT_A_TIME: usize = 2;

fn main() -> anyhow::Result<()> {
    // cargo adds --bench.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let rounds = arguments.first().and_then(|rounds| rounds.parse().ok()).unwrap_or(ROUNDS);
    let words = arguments.get(1..).unwrap_or_default();
    let settings: Vec<Setting> = settings::all()
        .into_iter()
        .filter(|setting| {
            setting.reference
                || match words {
                    [] => setting.usual,
                    words => words.iter().any(|word| word == "all" || setting.name.contains(word.as_str())),
                }
        })
        .collect();
    let folder = tempfile::tempdir()?;
    let mut tables = Vec::new();
    for material in material::all(folder.path())? {
        say(&format!("{}: {} frames, {} encodings", material.name, material.frames, settings.len()))?;
        let mut rows = measure(&material, &settings, rounds)?;
        table::compare(&settings, &mut rows);
        tables.push((material.name, rows));
        std::fs::remove_file(&material.raw)?;
    }
    let mut out = std::io::stdout().lock();
    for (name, rows) in &tables {
        table::write(&mut out, name, &settings, rows)?;
    }
    let averages = table::average(&tables.into_iter().map(|(_, rows)| rows).collect::<Vec<_>>());
    Ok(table::write(&mut out, "average", &settings, &averages)?)
}

/// Measures every setting on a material, some at a time. Rounds are outside, so that a busy minute does not fall on one
/// setting alone.
fn measure(material: &Material, settings: &[Setting], rounds: usize) -> anyhow::Result<Vec<Measured>> {
    let results: Vec<Mutex<Option<anyhow::Result<Measured>>>> = settings.iter().map(|_| Mutex::new(None)).collect();
    for round in 0..rounds {
        let next = AtomicUsize::new(0);
        let work = || {
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(setting) = settings.get(index) else { break };
                let mut slot = results[index].lock().expect("no other thread holds a result");
                *slot = Some(match slot.take() {
                    None => encoder::measure(material, setting, index),
                    // It takes as long as all others together, and nothing hangs on its time.
                    Some(before) if setting.preset == "medium" => before,
                    Some(before) => before.and_then(|before| encoder::again(material, setting, index, before)),
                });
            }
        };
        std::thread::scope(|scope| (0..AT_A_TIME).for_each(|_| drop(scope.spawn(work))));
        say(&format!("{}: round {} of {rounds}", material.name, round + 1))?;
    }
    results.into_iter().map(|slot| slot.into_inner().expect("no thread died").expect("every setting was measured")).collect()
}

fn say(text: &str) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stderr(), "{text}")?)
}
