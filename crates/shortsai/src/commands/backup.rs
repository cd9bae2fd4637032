//! `shortsai backup`: taking, showing, trying, restoring and removing backups of the database.

use std::io::{BufRead, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use engine::WorkerLock;
use store::RawDatabase;

use crate::backup::place::{Found, Place};
use crate::backup::{Manifest, create, prune, restore, schedule, verify};
use crate::cli::{self, BackupAction};
use crate::config::Config;
use crate::config::backup::{BackupConfig, Named};
use crate::data_dir::DataDir;
use crate::environment::variable;
use crate::fail::Unusable;
use crate::wiring::{new_id, now};

/// What the configuration and the command line say together.
struct Setting {
    config: BackupConfig,
    named: Named,
    places: Vec<Place>,
    data: DataDir,
}

pub fn backup(arguments: &cli::Backup) -> anyhow::Result<ExitCode> {
    let data = DataDir::open(&arguments.data)?;
    let runtime = tokio::runtime::Runtime::new().context("the async runtime can't be started")?;
    runtime.block_on(async {
        let named = Named { folder: arguments.folder.clone(), bucket: arguments.bucket, identity: arguments.identity.clone() };
        let setting = Setting::read(data, named)?;
        match &arguments.action {
            BackupAction::Create => take(&setting).await,
            BackupAction::List { json } => list(&setting, *json).await,
            BackupAction::Verify { name } => try_out(&setting, name).await,
            BackupAction::Restore { name, yes, disconnect } => {
                bring_back(&setting, name, *yes, &restore::Wish { disconnect: *disconnect }).await
            }
            BackupAction::Prune { keep_last, keep_daily, keep_weekly, keep_monthly, dry_run } => {
                let usual = setting.config.keep();
                let keep = prune::Keep {
                    last: keep_last.unwrap_or(usual.last),
                    daily: keep_daily.unwrap_or(usual.daily),
                    weekly: keep_weekly.unwrap_or(usual.weekly),
                    monthly: keep_monthly.unwrap_or(usual.monthly),
                };
                thin_out(&setting, keep, *dry_run).await
            }
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

impl Setting {
    fn read(data: DataDir, named: Named) -> anyhow::Result<Self> {
        let config = Config::read(data.config(), data.root())?;
        let assets = config.objects(&data.objects(), data.config_folder())?;
        let (config, _) = config.backup();
        let places = config.places(&named, &assets, (data.config_folder(), data.backups()), variable)?;
        Ok(Self { config, named, places, data })
    }

    fn ground(&self) -> anyhow::Result<verify::Ground> {
        let keys = self.config.keys(&self.named, self.data.config_folder(), variable)?;
        Ok(verify::Ground { url: self.data.database_url(), room: self.data.root().to_owned(), keys })
    }

    /// The backup of that name, of that file, or the newest one.
    async fn find(&self, name: &str) -> anyhow::Result<(Place, Manifest)> {
        let path = Path::new(name);
        if name.contains('/') || path.is_file() {
            let own = path.file_name().and_then(|file| Manifest::name_of(file.to_str()?));
            let own =
                own.ok_or_else(|| Unusable(format!("{name} is no file of a backup; name its .json or the file beside it")))?;
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            return find_in(&[Place::Folder(folder.to_owned())], own).await;
        }
        find_in(&self.places, name).await
    }
}

async fn find_in(places: &[Place], name: &str) -> anyhow::Result<(Place, Manifest)> {
    let mut best: Option<(Place, Manifest)> = None;
    let mut trouble = None;
    for place in places {
        for found in place.list().await? {
            match found.manifest {
                Ok(manifest) if found.name == name => return Ok((place.clone(), manifest)),
                Ok(manifest) if name == "latest" && best.as_ref().is_none_or(|(_, best)| best.made_at < manifest.made_at) => {
                    best = Some((place.clone(), manifest));
                }
                Err(error) if found.name == name => trouble = Some(error.context(format!("the backup {name} can't be used"))),
                _ => {}
            }
        }
    }
    let places: Vec<String> = places.iter().map(Place::whereabouts).collect();
    best.ok_or_else(|| {
        trouble.unwrap_or_else(|| match name {
            "latest" => anyhow!("there is no backup {}; take one with: shortsai backup create", places.join(" or ")),
            _ => anyhow!("there is no backup {name} {}; shortsai backup list shows all", places.join(" or ")),
        })
    })
}

async fn take(setting: &Setting) -> anyhow::Result<()> {
    let taking = create::Taking {
        url: setting.data.database_url(),
        places: setting.places.clone(),
        lock: setting.config.lock(setting.data.config_folder(), variable)?,
    };
    let manifest = create::create(&taking, setting.data.root(), new_id(), now()).await?;
    // An older schema is left as it is: somebody may take a backup because a newer version is about to change it.
    if manifest.contents().is_usable() {
        schedule::note(&store::open(&taking.url).await?).await?;
    }
    println!("{}", manifest.name);
    for place in &taking.places {
        eprintln!("{} rows in {}, kept {}", manifest.all_rows(), size(manifest.bytes), place.whereabouts());
    }
    Ok(())
}

async fn list(setting: &Setting, json: bool) -> anyhow::Result<()> {
    let mut all = Vec::new();
    for place in &setting.places {
        all.extend(place.list().await?.into_iter().map(|found| (place.whereabouts(), found)));
    }
    if json {
        let shown = |(place, found): &(String, Found)| match &found.manifest {
            Ok(manifest) => serde_json::json!({ "name": found.name, "place": place, "manifest": manifest }),
            Err(error) => serde_json::json!({ "name": found.name, "place": place, "problem": format!("{error:#}") }),
        };
        println!("{}", serde_json::to_string_pretty(&all.iter().map(shown).collect::<Vec<_>>())?);
        return Ok(());
    }
    for (place, found) in &all {
        match &found.manifest {
            Ok(manifest) => {
                let rows = manifest.all_rows();
                let (kind, encryption) = (manifest.database.name(), manifest.encryption);
                let locked = if encryption == crate::backup::Encryption::None { "" } else { ", encrypted" };
                println!(
                    "{}  {kind}{locked}, {}, {rows} rows, schema {}, {place}",
                    found.name,
                    size(manifest.bytes),
                    manifest.step()
                );
            }
            Err(error) => println!("{}  {error:#}, {place}", found.name),
        }
    }
    if all.is_empty() {
        let places: Vec<String> = setting.places.iter().map(Place::whereabouts).collect();
        println!("There is no backup {}.", places.join(" or "));
    }
    Ok(())
}

async fn try_out(setting: &Setting, name: &str) -> anyhow::Result<()> {
    let (place, manifest) = setting.find(name).await?;
    verify::verify(&setting.ground()?, &place, &manifest, new_id()).await?;
    println!("{} is good: {} rows in {} tables came back.", manifest.name, manifest.all_rows(), manifest.rows.len());
    Ok(())
}

async fn bring_back(setting: &Setting, name: &str, yes: bool, wish: &restore::Wish) -> anyhow::Result<()> {
    let (place, manifest) = setting.find(name).await?;
    let folder = setting.data.root().display();
    match WorkerLock::alive(&setting.data.workers()) {
        0 => {}
        1 => bail!("a process of ShortsAI works on {folder}; stop it first"),
        alive => bail!("{alive} processes of ShortsAI work on {folder}; stop them first"),
    }
    if !yes {
        ask(setting, &manifest).await?;
    }
    let before = restore::restore(&setting.ground()?, (&place, &manifest), wish, new_id(), now()).await?;
    println!("{} was restored: {} rows in {} tables.", manifest.name, manifest.all_rows(), manifest.rows.len());
    if let Some(before) = before {
        println!("The database of before is kept as {before}; remove it when it is needed no more.");
    }
    Ok(())
}

/// Shows what there is and what will be there, and wants a yes.
async fn ask(setting: &Setting, manifest: &Manifest) -> anyhow::Result<()> {
    if !std::io::stdin().is_terminal() {
        return Err(Unusable("nobody is there to be asked; add --yes to restore without a question".to_owned()).into());
    }
    let now = match RawDatabase::open(&setting.data.database_url()).await {
        Ok(database) => format!("{} rows", database.contents().await?.rows.values().sum::<i64>()),
        Err(_) => "none that can be opened".to_owned(),
    };
    eprintln!("The database now: {now}.");
    eprintln!("The backup: {}, made at {}, {} rows.", manifest.name, manifest.made_at, manifest.all_rows());
    eprint!("Put the backup in the database's place? [y/N] ");
    std::io::stderr().flush()?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    match answer.trim().to_lowercase().as_str() {
        "y" | "yes" | "s" | "sim" => Ok(()),
        _ => bail!("nothing was changed"),
    }
}

async fn thin_out(setting: &Setting, keep: prune::Keep, dry_run: bool) -> anyhow::Result<()> {
    for place in &setting.places {
        let removed = prune::prune(place, keep, dry_run, now()).await?;
        let would = if dry_run { "would be " } else { "" };
        for name in &removed {
            println!("{name}  {would}removed");
        }
        eprintln!("{} backups {would}removed {}", removed.len(), place.whereabouts());
    }
    Ok(())
}

fn size(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}
