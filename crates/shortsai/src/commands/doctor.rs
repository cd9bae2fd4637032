//! `shortsai doctor`: what works here, what is missing, and how to get it.

use std::process::{Command, ExitCode};

use providers::espeak::Espeak;
use providers::speech::SpeechProvider;

use crate::cli;
use crate::data_dir::DataDir;
use crate::fail::sentence;
use crate::wiring::House;

pub fn doctor(arguments: &cli::Doctor) -> anyhow::Result<ExitCode> {
    let checks: [(&str, anyhow::Result<String>); 5] = [
        ("ffmpeg", program("ffmpeg")),
        ("ffprobe", program("ffprobe")),
        ("H.264 encoder", encoder()),
        ("espeak-ng", voice()),
        ("data folder", data_folder(arguments)),
    ];
    let mut healthy = true;
    for (name, found) in checks {
        match found {
            Ok(what) => println!("ok       {name:<14} {what}"),
            Err(error) => {
                healthy = false;
                println!("missing  {name:<14} {}", sentence(&error));
            }
        }
    }
    println!(
        "{}",
        if healthy { "Everything is there: shortsai make examples/moon-landing.md" } else { "Something is missing; see above." }
    );
    Ok(if healthy { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn program(name: &'static str) -> anyhow::Result<String> {
    let output = Command::new(name)
        .args(["-hide_banner", "-version"])
        .output()
        .map_err(|_| anyhow::anyhow!("{name} was not found; install it with: sudo apt-get install ffmpeg"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().next().unwrap_or_default().split(" Copyright").next().unwrap_or_default().to_owned())
}

fn encoder() -> anyhow::Result<String> {
    let output = Command::new("ffmpeg")
        .args(["-hide_banner", "-loglevel", "error", "-encoders"])
        .output()
        .map_err(|_| anyhow::anyhow!("needs ffmpeg"))?;
    match String::from_utf8_lossy(&output.stdout).contains(" libx264 ") {
        true => Ok("libx264".to_owned()),
        false => Err(anyhow::anyhow!("this ffmpeg was built without libx264; install your distribution's full ffmpeg")),
    }
}

fn voice() -> anyhow::Result<String> {
    Espeak.check("en", "")?;
    Ok("speaks".to_owned())
}

fn data_folder(arguments: &cli::Doctor) -> anyhow::Result<String> {
    let data = DataDir::open(&arguments.data)?;
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(House::open(&data))?;
    let folder = data.root().display();
    Ok(data.other_database().map_or_else(|| folder.to_string(), |database| format!("{folder}, database {database}")))
}
