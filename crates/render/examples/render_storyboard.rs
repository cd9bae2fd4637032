//! Renders a storyboard file and says how long it took: `render_storyboard STORYBOARD.json OUTPUT.mp4 [CACHE_FOLDER]`.

use std::io::Write;
use std::path::PathBuf;

use render::{Flow, FolderMedia, RenderOptions};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(input), Some(output)) = (arguments.next(), arguments.next()) else {
        return Err("give a storyboard and the name of the video".into());
    };
    let storyboard = model::storyboard::Storyboard::from_json(&std::fs::read_to_string(&input)?)?;
    let media = FolderMedia::new(input.parent().unwrap_or(&input));
    let begun = std::time::Instant::now();
    let plan = render::plan(&storyboard, &media)?;
    let planned = begun.elapsed();
    let options = RenderOptions { cache: arguments.next(), ..RenderOptions::default() };
    let report = render::render(&plan, &output, &options, &|_| Flow::Continue)?;
    let total = begun.elapsed().as_secs_f64();
    writeln!(std::io::stdout(), "{report:#?}\nplan {planned:.3?}, all {total:.3} s, {:.3} s per second", total / report.seconds)?;
    Ok(())
}
