//! The `shortsai` binary: commands, configuration and wiring. What the commands do is in the crates below.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command talks to its user on these")]

mod background;
mod backup;
mod bars;
mod checks;
mod cli;
mod commands;
mod config;
mod courier;
mod daily;
mod data_dir;
mod disk;
mod environment;
mod fail;
mod legacy;
mod logging;
mod metrics;
mod office;
mod open_files;
mod output;
mod renderers;
mod secret;
mod sign_in;
mod signal;
mod telemetry;
mod wiring;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};

fn main() -> ExitCode {
    stay_off_the_sound_server();
    // SAFETY: no other thread runs yet.
    if let Err(error) = unsafe { environment::files::take() } {
        return refuse(&error);
    }
    render::give_memory_back();
    let cli = Cli::parse();
    let traces = match telemetry::Traces::configured(cli.service()) {
        Ok(None) if cli.is_long_running() && logging::is_json() => Some(telemetry::Traces::for_the_log()),
        Ok(traces) => traces,
        Err(error) => return refuse(&error),
    };
    logging::start(cli.log_level(), traces.as_ref());
    let done = match cli.command {
        Command::Make(arguments) => commands::make::make(arguments),
        Command::Render(arguments) => commands::render::render(arguments),
        Command::Serve(arguments) => commands::serve::serve(arguments),
        Command::Engine(arguments) => commands::engine::engine(&arguments),
        Command::User(arguments) => commands::user::user(&arguments),
        Command::Worker(arguments) => commands::worker::worker(arguments),
        Command::Import(arguments) => commands::import::import(&arguments),
        Command::ImportLegacy(arguments) => commands::import_legacy::import_legacy(&arguments),
        Command::Migrate(arguments) => commands::migrate::migrate(&arguments),
        Command::Objects(arguments) => commands::objects::objects(&arguments),
        Command::Backup(arguments) => commands::backup::backup(&arguments),
        Command::Status(arguments) => commands::status::status(&arguments),
        Command::Usage(arguments) => commands::usage::usage(&arguments),
        Command::Config(arguments) => commands::config::config(&arguments),
        Command::Doctor(arguments) => commands::doctor::doctor(&arguments),
        Command::SimulateVendors(arguments) => commands::simulate_vendors::simulate_vendors(&arguments),
        Command::Openapi => commands::openapi::openapi(),
    };
    if let Some(traces) = traces {
        traces.end();
    }
    done.unwrap_or_else(|error| refuse(&error))
}

fn refuse(error: &anyhow::Error) -> ExitCode {
    eprintln!("error: {}", fail::sentence(error));
    fail::exit_code(error)
}

/// libespeak-ng connects to PulseAudio although it only hands its samples over: that would start a sound server where none
/// runs and leave a folder of it in the temporary folder. A server that can't be there keeps it off.
fn stay_off_the_sound_server() {
    // SAFETY: the first thing that the program does, so that no other thread reads the environment.
    unsafe { std::env::set_var("PULSE_SERVER", "unix:/dev/null") };
}
