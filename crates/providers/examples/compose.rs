//! Writes the music for some words: `cargo run -p providers --example compose -- "calm piano" music.wav [take]`.

use providers::composer::Composer;
use providers::music::{MusicProvider, MusicRequest};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let prompt = arguments.next().ok_or("say what the music should be, such as \"calm piano\"")?;
    let path = arguments.next().unwrap_or_else(|| "music.wav".to_owned());
    let take = arguments.next().map_or(Ok(0), |take| take.parse())?;
    let request = MusicRequest { prompt, take, ..MusicRequest::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    std::fs::write(path, runtime.block_on(Composer.compose(&request, ""))?.bytes)?;
    Ok(())
}
