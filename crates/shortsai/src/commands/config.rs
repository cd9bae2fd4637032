//! `shortsai config`: each setting of a server, what it is set to and by what, and what is wrong with them. Where they are looked up
//! is in `settings`, which of the file's say nothing in `unused`.

mod settings;
mod unused;

use std::process::ExitCode;

use anyhow::anyhow;
use clap::{CommandFactory, Parser};
use serde::Serialize;

use super::worker;
use crate::checks::{self, Findings};
use crate::cli::{self, Command, Role};
use crate::config;
use crate::config::document::Document;
use crate::data_dir::DataDir;
use crate::fail::sentence;
use settings::{Origin, Section, Sources};

/// The most characters of a value in a line.
const WIDTH: usize = 44;

/// What is answered to programs.
#[derive(Serialize)]
struct Answer<'a> {
    /// The configuration file, if there is one.
    file: Option<String>,
    sections: &'a [Section],
    unused: &'a [String],
    problems: &'a [String],
    warnings: &'a [String],
}

pub fn config(arguments: &cli::Config) -> anyhow::Result<ExitCode> {
    let findings = findings(arguments);
    let data = DataDir::named(&arguments.serve.process.data)?;
    let file = config::file(data.config(), data.root());
    // What can't be read is among the problems.
    let text = file.as_deref().and_then(|file| config::text_of(file).ok()).unwrap_or_default();
    let document = Document::parse(&text).unwrap_or_default();
    let command = cli::Cli::command();
    // It has been read once already, so that it can be read.
    let matches = command.clone().get_matches();
    let sources = Sources {
        document: &document,
        file: file.as_deref(),
        data: &data,
        command: command.find_subcommand("config"),
        matches: matches.subcommand_matches("config"),
        listen: arguments.serve.listen,
    };
    let sections = settings::all(&sources);
    let unused = unused::of(&document, &sections);
    if arguments.json {
        let file = file.as_ref().map(|file| file.display().to_string());
        let (problems, warnings) = (&findings.problems, &findings.warnings);
        let answer = Answer { file, sections: &sections, unused: &unused, problems, warnings };
        println!("{}", serde_json::to_string_pretty(&answer)?);
    } else {
        match &file {
            Some(file) => println!("The configuration is {}", file.display()),
            None => println!("There is no {} in {}", config::FILE_NAME, data.root().display()),
        }
        print(&sections);
        list("In the file without effect:", &unused);
        list("Warnings:", &findings.warnings);
        list(&format!("shortsai {} would not start with this:", arguments.role.name()), &findings.problems);
    }
    let refused = arguments.check && !findings.problems.is_empty();
    Ok(if refused { ExitCode::from(2) } else { ExitCode::SUCCESS })
}

/// What the process that is asked about would say.
fn findings(arguments: &cli::Config) -> Findings {
    let process = &arguments.serve.process;
    match arguments.role {
        Role::Serve => checks::of_server(&arguments.serve),
        Role::Engine => checks::of_engine(process),
        Role::Worker => {
            of_worker(process).unwrap_or_else(|error| Findings { problems: vec![sentence(&error)], ..Findings::default() })
        }
    }
}

/// A worker has settings of its own, which its command reads out of the environment.
fn of_worker(process: &cli::Process) -> anyhow::Result<Findings> {
    let parsed = cli::Cli::try_parse_from(["shortsai", "worker"]);
    let parsed = parsed.map_err(|error| {
        anyhow!(error.to_string().trim_start_matches("error: ").lines().next().unwrap_or_default().to_owned())
    })?;
    let Command::Worker(worker) = parsed.command else { unreachable!("it was named") };
    Ok(checks::of_worker(process, worker::listen(&worker)?))
}

fn print(sections: &[Section]) {
    let names = sections.iter().flat_map(|section| &section.settings).map(|setting| setting.name.chars().count());
    let wide = names.max().unwrap_or_default();
    for section in sections.iter().filter(|section| !section.settings.is_empty()) {
        println!("\n{}", section.title);
        for setting in &section.settings {
            let value = setting.value.as_deref().unwrap_or("-");
            let overruled: Vec<String> = setting.overruled.iter().map(Origin::to_string).collect();
            let instead = if overruled.is_empty() { String::new() } else { format!(", before {}", overruled.join(", ")) };
            println!("  {:<wide$}  {value:<WIDTH$}  {}{instead}", setting.name, setting.origin);
        }
    }
}

fn list(title: &str, sentences: &[String]) {
    if !sentences.is_empty() {
        println!("\n{title}");
    }
    for sentence in sentences {
        println!("  - {sentence}");
    }
}
