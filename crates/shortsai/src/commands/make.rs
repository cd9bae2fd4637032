//! `shortsai make`: the whole way from a script to a video, through the same store and engine as the server.

mod credits;
mod files;
mod follow;
mod import;
mod topic;
mod web;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, bail};
use model::project::{RenderOutput, RenderStatus};
use model::script::{Script, ScriptSettings};
use model::usage::Money;
use model::workflow::{Command, Input};
use store::Store;
use tracing::Instrument;
use uuid::Uuid;

use crate::cli;
use crate::data_dir::DataDir;
use crate::fail::{INTERRUPTED, Unusable};
use crate::output::{self, OutputFiles};
use crate::renderers::Renderers;
use crate::telemetry;
use crate::wiring::{House, new_id, now};
use topic::Topic;

/// Scripts are text that a person wrote.
const MAX_SCRIPT_BYTES: u64 = 4 << 20;

pub fn make(arguments: cli::Make) -> anyhow::Result<ExitCode> {
    if let Some(budget) = arguments.budget.filter(|budget| !(0.0..=1e9).contains(budget)) {
        return Err(Unusable(format!("--budget {budget}: give an amount of US dollars, such as 2.50")).into());
    }
    let source = Source::read(&arguments)?;
    let files = match &source {
        Source::Script(path, script) => {
            let files = OutputFiles::plan(arguments.output.as_deref(), path, &import::media(script, path))?;
            import::check(script, path)?;
            files
        }
        Source::Topic(topic) => {
            topic.check()?;
            OutputFiles::plan(arguments.output.as_deref(), Path::new(&topic.file_name()), &topic.media())?
        }
    };
    let data = DataDir::open(&arguments.data)?;
    let runtime = tokio::runtime::Runtime::new().context("the async runtime can't be started")?;
    let budget = arguments.budget.map(Money::dollars);
    let made = run(&data, source, budget, (&files, (&arguments.encoder).into()));
    runtime.block_on(made.instrument(tracing::info_span!("make")))
}

/// What a short is made of.
enum Source {
    /// A script, with its file.
    Script(PathBuf, Script),
    /// A topic that a language model writes about.
    Topic(Topic),
}

impl Source {
    fn read(arguments: &cli::Make) -> anyhow::Result<Self> {
        let Some(path) = script_path(&arguments.script)? else { return Topic::read(arguments).map(Self::Topic) };
        for (flag, given) in [("--seconds", arguments.seconds.is_some()), ("--scenes", arguments.scenes.is_some())] {
            if given {
                return Err(Unusable(format!("{flag} is for a topic; a script says itself what is in it")).into());
            }
        }
        let text = read_script(&path)?;
        let mut script = read(&path, &text).with_context(|| format!("{}", path.display()))?;
        for warning in &script.warnings {
            eprintln!("note: {}: {warning}", path.display());
        }
        set_all(&mut script.settings, &arguments.settings)?;
        Ok(Self::Script(path, script))
    }
}

/// Puts settings of the command line over others.
fn set_all(settings: &mut ScriptSettings, given: &[String]) -> anyhow::Result<()> {
    for setting in given {
        let problem = |problem: String| Unusable(format!("--set {setting}: {problem}"));
        let (key, value) =
            setting.split_once('=').ok_or_else(|| problem("write KEY=VALUE, such as language=pt-BR".to_owned()))?;
        settings.set(key.trim(), value.trim()).map_err(problem)?;
    }
    Ok(())
}

async fn run(
    data: &DataDir,
    source: Source,
    budget: Option<Money>,
    (files, encoder): (&OutputFiles, render::Encoder),
) -> anyhow::Result<ExitCode> {
    let begun = Instant::now();
    let mut house = House::open(data).await?;
    house.store = house.store.caused_by((telemetry::PROPAGATION.current)());
    let (project, name) = match source {
        Source::Script(path, script) => {
            let fetched = web::fetch(&house, &script, &path).await?;
            (import::import(&house, &path, script, &fetched).await?, path.display().to_string())
        }
        Source::Topic(topic) => (topic.begin(&house).await?, "the topic".to_owned()),
    };
    import::check_voice(&house, project, &name).await?;
    house.store.set_project_budget(project, budget).await?;
    let render = ask_for_render(&house.store, project).await?;
    let mut engine = house.start_engine(Some(project), encoder, &Renderers::Here).await?;
    let ended = tokio::select! {
        ended = follow::follow(&house.store, project, render) => ended,
        trouble = engine.trouble() => Err(trouble),
    };
    engine.stop().await;
    match ended? {
        follow::Ended::Rendered(output) => {
            publish(&house, data, &output, files).await?;
            let record = house.store.project(project).await?.context("the project is gone; its video is there")?;
            let credited = credits::write(&record.project, &files.credits)?;
            say_what_came_out(&output, files, begun.elapsed().as_secs_f64());
            credits::say_who_made_it(&record.project);
            if credited {
                println!(
                    "  {} names the authors of its pictures: put that into the video's description",
                    files.credits.display()
                );
            }
            Ok(ExitCode::SUCCESS)
        }
        follow::Ended::Failed(reason) => bail!("{reason}"),
        follow::Ended::Interrupted => {
            eprintln!("Stopped. What was made so far is kept: run the same command again and it goes on from there.");
            Ok(ExitCode::from(INTERRUPTED))
        }
    }
}

/// A file that is there is a script; so is what looks like one. Everything else is a topic: `None`.
fn script_path(argument: &str) -> anyhow::Result<Option<PathBuf>> {
    let path = PathBuf::from(argument);
    let looks_like_a_file =
        path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("md") || extension.eq_ignore_ascii_case("txt"))
            || argument.contains(std::path::MAIN_SEPARATOR) && !argument.contains(' ');
    if path.is_file() {
        return path.canonicalize().map(Some).with_context(|| format!("{argument} can't be read"));
    }
    if path.is_dir() {
        bail!("{argument} is a folder; give a script such as {argument}/script.md");
    }
    if looks_like_a_file {
        bail!("there is no script {argument}; check the path");
    }
    if argument == "-" {
        bail!(
            "a script is read from a file, because the next run knows it again by its path; save it as my-script.md and give that"
        );
    }
    Ok(None)
}

/// A script in Markdown; a `.txt` without any is a plain text, which is cut into scenes.
fn read(path: &Path, text: &str) -> Result<Script, model::script::ScriptError> {
    let is_text = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("txt"));
    if is_text && model::script::is_plain(text) {
        return model::script::from_text(text, None);
    }
    model::script::parse(text)
}

fn read_script(path: &Path) -> anyhow::Result<String> {
    let context = || format!("the script {} can't be read", path.display());
    let length = std::fs::metadata(path).with_context(context)?.len();
    if length > MAX_SCRIPT_BYTES {
        bail!("the script {} has {length} bytes; a script has at most {MAX_SCRIPT_BYTES}", path.display());
    }
    let bytes = std::fs::read(path).with_context(context)?;
    String::from_utf8(bytes).map_err(|_| anyhow::anyhow!("the script {} is not UTF-8 text; save it as UTF-8", path.display()))
}

/// Asks for all that is missing and the video; answers the render to follow. A finished render of this very state serves.
async fn ask_for_render(store: &Store, project: Uuid) -> anyhow::Result<Uuid> {
    let record = store.project(project).await?.context("the project is gone; run the command again")?;
    if let Some(render) = &record.project.render
        && render.status == RenderStatus::Completed
        && render.storyboard.is_none()
        && render.revision == record.project.revision
        && record.project.missing_for_render().is_empty()
        // Older versions wrote no .ass.
        && render.output.as_ref().is_some_and(|output| output.ass.is_some())
    {
        return Ok(render.id);
    }
    store.apply(project, Input::Command(Command::GenerateAll { force: false }), now()).await?;
    let applied = store.apply(project, Input::Command(Command::Render { id: new_id(), when_ready: true }), now()).await?;
    let render = applied.record.project.render.context("the render was not stored; run the command again")?;
    Ok(render.id)
}

async fn publish(house: &House, data: &DataDir, render: &RenderOutput, files: &OutputFiles) -> anyhow::Result<()> {
    let pairs = [
        (&render.srt, &files.srt),
        (&render.vtt, &files.vtt),
        (&render.thumbnail, &files.thumbnail),
        // The video last: once it is there, everything is.
        (&render.video, &files.video),
    ];
    let pairs = render.ass.iter().map(|ass| (ass, &files.ass)).chain(pairs);
    // What comes out of a bucket lies there until it is copied.
    let fetched = tempfile::Builder::new().prefix("fetched-").tempdir_in(data.root());
    let fetched = fetched.with_context(|| format!("the data folder {}", data.root().display()))?;
    let mut copies = Vec::new();
    for (key, target) in pairs {
        copies.push((house.assets.local_path(key, fetched.path()).await?, target.as_path()));
    }
    output::copy_all(&copies)
}

fn say_what_came_out(render: &RenderOutput, files: &OutputFiles, took: f64) {
    for warning in &render.warnings {
        eprintln!("note: {warning}");
    }
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    println!("{}", files.video.display());
    println!("  {:.1} s long, {:.1} MB, made in {took:.1} s", render.seconds, render.bytes as f64 / 1e6);
    println!(
        "  beside it: {} (captions), {} (captions for the web), {} (captions with their look), {} (thumbnail)",
        name(&files.srt),
        name(&files.vtt),
        name(&files.ass),
        name(&files.thumbnail)
    );
    println!(
        "Next: watch it; change a paragraph of the script and run the same command again, and only that scene is made anew."
    );
}
