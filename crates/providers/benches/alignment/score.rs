//! How far the found times lie from the true ones.
//!
//! The errors are in seconds, without their sign unless it says so.

use model::caption::WordTiming;

/// The errors of some words.
#[derive(Debug, Clone, Default)]
pub struct Errors {
    pub starts: Vec<f64>,
    pub ends: Vec<f64>,
    /// Sum of the errors of the starts with their sign: found minus true.
    pub bias: f64,
    pub sentences: usize,
    /// Sentences whose times the aligner called an estimate.
    pub estimated: usize,
}

impl Errors {
    /// Adds a sentence. The words must be the same.
    pub fn add(&mut self, found: &[WordTiming], truth: &[WordTiming], estimated: bool) -> anyhow::Result<()> {
        let same =
            found.len() == truth.len() && found.iter().zip(truth).all(|(one, other)| plain(&one.word) == plain(&other.word));
        anyhow::ensure!(same, "other words were found than were spoken: {found:?} {truth:?}");
        for (found, truth) in found.iter().zip(truth) {
            self.starts.push((found.start - truth.start).abs());
            self.ends.push((found.end - truth.end).abs());
            self.bias += found.start - truth.start;
        }
        self.sentences += 1;
        self.estimated += usize::from(estimated);
        Ok(())
    }

    pub fn join(&mut self, other: &Self) {
        self.starts.extend(&other.starts);
        self.ends.extend(&other.ends);
        self.bias += other.bias;
        self.sentences += other.sentences;
        self.estimated += other.estimated;
    }

    pub fn mean_bias(&self) -> f64 {
        self.bias / self.starts.len().max(1) as f64
    }
}

fn plain(word: &str) -> String {
    word.chars().filter(|letter| letter.is_alphanumeric()).collect()
}

/// The value below which this share of the values lies.
pub fn share(values: &[f64], share: f64) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values.get(((values.len() as f64 * share) as usize).min(values.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}
