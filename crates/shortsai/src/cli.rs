//! The command line.

mod processes;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::environment;
pub use processes::{Config, Engine, Process, Role, Serve, USUAL_ADDRESS, Worker};

/// Turns a script into a finished vertical short: pictures, narration, music and word-timed captions in one MP4.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
    /// Say more about what is being done (twice for still more)
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub verbose: u8,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a short from a Markdown script
    Make(Make),
    /// Render a storyboard (JSON) with local files: only the renderer, no database
    Render(Render),
    /// Run the API, its engine and the renderer on this machine
    Serve(Serve),
    /// Carry out the tasks of servers that run without an engine of their own, and all else that they would do by themselves
    Engine(Engine),
    /// Render for other servers: the render microservice, without a database
    Worker(Worker),
    /// Take an exported project in
    Import(Import),
    /// Take an installation of the older Studio server over: its users, projects and all that belongs to them
    ImportLegacy(ImportLegacy),
    /// Bring the database's schema up to date, as every start does
    Migrate(Migrate),
    /// Say who may come in, and change that
    User(User),
    /// Look after stored pictures, sounds and videos
    Objects(Objects),
    /// Back up the database, and bring a backup back
    Backup(Backup),
    /// Say how the server stands: what waits, runs and failed, disk, spend, backups
    Status(Status),
    /// Say what vendors have done in a month, and what that costs by the configured prices
    Usage(Usage),
    /// Show each setting of the server with its value and where that comes from, and what is wrong with them
    Config(Config),
    /// Say what works here, what is missing and how to get it
    Doctor(Doctor),
    /// Speak the wire formats of all vendors on this machine, for development and tests without keys or costs
    SimulateVendors(SimulateVendors),
    /// Print the OpenAPI document of the API
    Openapi,
}

#[derive(Debug, Args)]
pub struct Make {
    /// A Markdown script: the first heading is the title, each paragraph a scene. A plain text (.txt) is cut into scenes. About a topic in quotes a language model writes the script
    #[arg(value_name = "SCRIPT.md | TOPIC")]
    pub script: String,
    /// A setting as at the top of a script, such as language=pt-BR or image-vendor=gemini; counts before the script's own
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub settings: Vec<String>,
    /// How long a video about a topic should be, in seconds, such as 30-45
    #[arg(long, value_name = "SHORTEST-LONGEST")]
    pub seconds: Option<String>,
    /// How many scenes a video about a topic should have
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub scenes: Option<u32>,
    /// The video to write; captions (.srt, .vtt, .ass) and a thumbnail (.jpg) go beside it [default: the script's name .mp4]
    #[arg(short, long, value_name = "FILE.mp4")]
    pub output: Option<PathBuf>,
    /// Pause before vendors' work for this short costs more than so many US dollars, by the configured prices
    #[arg(long, value_name = "USD")]
    pub budget: Option<f64>,
    #[command(flatten)]
    pub encoder: Encoder,
    #[command(flatten)]
    pub data: DataDir,
}

#[derive(Debug, Args)]
pub struct Render {
    /// The storyboard; media paths in it are relative to its folder
    #[arg(value_name = "STORYBOARD.json")]
    pub storyboard: PathBuf,
    /// The video to write; captions (.srt, .vtt, .ass) and a thumbnail (.jpg) go beside it [default: the storyboard's name .mp4]
    #[arg(short, long, value_name = "FILE.mp4")]
    pub output: Option<PathBuf>,
    /// Speed against size and sharpness
    #[arg(long, value_enum, default_value_t = Quality::Standard)]
    pub quality: Quality,
    #[command(flatten)]
    pub encoder: Encoder,
    /// Keep encoded scenes here, so that after a change only what changed is made again
    #[arg(long, value_name = "FOLDER")]
    pub cache: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Quality {
    Draft,
    Standard,
    High,
}

#[derive(Debug, Clone, Args)]
pub struct Encoder {
    /// Who encodes the picture; hardware that does not work here is replaced by x264, with a note
    #[arg(long, value_enum, default_value_t = EncoderName::X264, env = environment::SHORTSAI_ENCODER.name())]
    pub encoder: EncoderName,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EncoderName {
    X264,
    Nvenc,
    Vaapi,
    Qsv,
    Videotoolbox,
}

impl From<&Encoder> for render::Encoder {
    fn from(encoder: &Encoder) -> Self {
        match encoder.encoder {
            EncoderName::X264 => Self::X264,
            EncoderName::Nvenc => Self::Nvenc,
            EncoderName::Vaapi => Self::Vaapi,
            EncoderName::Qsv => Self::Qsv,
            EncoderName::Videotoolbox => Self::VideoToolbox,
        }
    }
}

#[derive(Debug, Args)]
pub struct Import {
    /// The archive, as the API's export or ShortsAI Studio's makes it
    #[arg(value_name = "PROJECT.zip")]
    pub archive: PathBuf,
    #[command(flatten)]
    pub data: DataDir,
}

#[derive(Debug, Args)]
pub struct ImportLegacy {
    /// The older installation's database, which is only read; LEGACY_DATABASE_URL is the better place for an address with a
    /// password, because other users of the machine can see arguments
    #[arg(
        long,
        visible_alias = "database-url",
        value_name = "postgres://USER@HOST/DATABASE",
        env = environment::LEGACY_DATABASE_URL.name(),
        hide_env_values = true
    )]
    pub from: Option<String>,
    /// The PostgreSQL database that takes it in, instead of the SQLite file in the data folder
    #[arg(long, value_name = "postgres://USER@HOST/DATABASE", env = environment::DATABASE_URL.name(), hide_env_values = true)]
    pub into: Option<String>,
    /// Bring files that lie elsewhere than in the bucket of the objects, from where the configuration (fetch) allows it
    #[arg(long)]
    pub fetch: bool,
    /// Only say what would be done
    #[arg(long)]
    pub dry_run: bool,
    /// Answer JSON, for programs
    #[arg(long)]
    pub json: bool,
    /// Where the database and the media are kept [default: the platform's data directory]
    #[arg(long, value_name = "FOLDER", env = environment::SHORTSAI_DATA_DIR.name())]
    pub data_dir: Option<PathBuf>,
    /// The configuration [default: shortsai.toml in the data folder, if there is one]
    #[arg(long, value_name = "FILE", env = environment::SHORTSAI_CONFIG.name())]
    pub config: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Migrate {
    /// Only say whether steps are missing, and end with status 3 if there are
    #[arg(long)]
    pub check: bool,
    #[command(flatten)]
    pub data: DataDir,
}

#[derive(Debug, Args)]
pub struct User {
    #[command(subcommand)]
    pub action: UserAction,
    #[command(flatten)]
    pub data: DataDir,
}

#[derive(Debug, Subcommand)]
pub enum UserAction {
    /// Show all
    List,
    /// Add somebody before they have signed in
    Create {
        /// Their address at Google
        #[arg(value_name = "E-MAIL")]
        email: String,
        /// They manage users and plans
        #[arg(long)]
        admin: bool,
    },
    /// Let somebody manage users and plans
    Promote {
        /// Their address
        #[arg(value_name = "E-MAIL")]
        email: String,
    },
    /// Let somebody no longer manage users and plans
    Demote {
        /// Their address
        #[arg(value_name = "E-MAIL")]
        email: String,
    },
    /// Keep somebody out, at once
    Block {
        /// Their address
        #[arg(value_name = "E-MAIL")]
        email: String,
    },
    /// Let somebody in again
    Unblock {
        /// Their address
        #[arg(value_name = "E-MAIL")]
        email: String,
    },
    /// Make an access token for somebody's program, and print it: it is not shown again
    Token {
        /// Whose program
        #[arg(value_name = "E-MAIL")]
        email: String,
        /// read, render (also bring files and order renders) or write
        #[arg(long, default_value = "read", value_parser = ["read", "render", "write"])]
        scope: String,
        /// What it is for
        #[arg(long, default_value = "made on the command line")]
        name: String,
        /// How long it holds [default: until it is revoked]
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3650))]
        days: Option<u32>,
    },
}

#[derive(Debug, Args)]
pub struct Objects {
    #[command(subcommand)]
    pub action: ObjectsAction,
    #[command(flatten)]
    pub data: DataDir,
}

#[derive(Debug, Subcommand)]
pub enum ObjectsAction {
    /// Put aside what nothing names any more, and remove for ever what was put aside before
    Gc {
        /// Only say what would be done
        #[arg(long)]
        dry_run: bool,
        /// Leave alone what is younger, and keep what is put aside for so long; such as 7d or 12h, at least 1h [default: objects.grace of the configuration, else 7d]
        #[arg(long, value_name = "TIME", value_parser = crate::config::objects::grace)]
        grace: Option<chrono::Duration>,
    },
}

#[derive(Debug, Args)]
pub struct Backup {
    #[command(subcommand)]
    pub action: BackupAction,
    /// The folder of the backups [default: backup.folder of the configuration, else backups in the data folder]
    #[arg(long, value_name = "FOLDER", global = true)]
    pub folder: Option<PathBuf>,
    /// Backups in the bucket of the objects
    #[arg(long, global = true)]
    pub bucket: bool,
    /// A file of age-keygen's with the key that opens encrypted backups
    #[arg(long, value_name = "FILE", global = true)]
    pub identity: Option<PathBuf>,
    #[command(flatten)]
    pub data: DataDir,
}

#[derive(Debug, Subcommand)]
pub enum BackupAction {
    /// Take one now; others may go on working meanwhile
    Create,
    /// Show all
    List {
        /// Answer JSON, for programs
        #[arg(long)]
        json: bool,
    },
    /// Restore one into a scratch database, and count every table
    Verify {
        /// Its name, or the path of its file
        #[arg(value_name = "NAME", default_value = "latest")]
        name: String,
    },
    /// Put one in the place of the database; what was there stays under another name
    Restore {
        /// Its name, the path of its file, or latest
        #[arg(value_name = "NAME")]
        name: String,
        /// Don't ask
        #[arg(long)]
        yes: bool,
        /// Disconnect whoever uses the database (PostgreSQL)
        #[arg(long)]
        disconnect: bool,
    },
    /// Remove old ones
    Prune {
        /// Keep so many of the newest [default: backup.keep_last of the configuration, else 4]
        #[arg(long, value_name = "COUNT")]
        keep_last: Option<usize>,
        /// Keep the newest of each of so many days
        #[arg(long, value_name = "COUNT")]
        keep_daily: Option<usize>,
        /// Keep the newest of each of so many weeks
        #[arg(long, value_name = "COUNT")]
        keep_weekly: Option<usize>,
        /// Keep the newest of each of so many months
        #[arg(long, value_name = "COUNT")]
        keep_monthly: Option<usize>,
        /// Only say what would be removed
        #[arg(long)]
        dry_run: bool,
    },
}

#[derive(Debug, Args)]
pub struct Status {
    /// Answer JSON, for programs
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub data: DataDir,
}

#[derive(Debug, Args)]
pub struct Usage {
    /// The month, in UTC [default: this month]
    #[arg(long, value_name = "YYYY-MM")]
    pub month: Option<String>,
    #[command(flatten)]
    pub data: DataDir,
}

#[derive(Debug, Args)]
pub struct Doctor {
    /// Answer JSON, for programs
    #[arg(long)]
    pub json: bool,
    /// Ask no vendor: only look at this machine
    #[arg(long)]
    pub offline: bool,
    #[command(flatten)]
    pub data: DataDir,
}

#[derive(Debug, Args)]
pub struct SimulateVendors {
    /// Where to listen; only loopback addresses, because keys are not checked
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:4010")]
    pub listen: SocketAddr,
    /// How many times a clip or song is asked about until it is done
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..))]
    pub polls: u32,
}

#[derive(Debug, Clone, Args)]
pub struct DataDir {
    /// Where the database and the made pictures, sounds and videos are kept [default: the platform's data directory]
    #[arg(long, value_name = "FOLDER", env = environment::SHORTSAI_DATA_DIR.name())]
    pub data_dir: Option<PathBuf>,
    /// Prices, plans and budgets [default: shortsai.toml in the data folder, if there is one]
    #[arg(long, value_name = "FILE", env = environment::SHORTSAI_CONFIG.name())]
    pub config: Option<PathBuf>,
    /// A PostgreSQL database instead of the SQLite file in the data folder; DATABASE_URL is the better place for one with a
    /// password, because other users of the machine can see arguments
    // Shown without its value in the help: it may hold a password.
    #[arg(long, value_name = "postgres://USER@HOST/DATABASE", env = environment::DATABASE_URL.name(), hide_env_values = true)]
    pub database_url: Option<String>,
}

impl Cli {
    /// What the program calls itself in traces.
    pub fn service(&self) -> &'static str {
        match self.command {
            Command::Worker(_) => "shortsai-worker",
            Command::Engine(_) => "shortsai-engine",
            _ => "shortsai",
        }
    }

    /// Whether it goes on until it is stopped.
    pub fn is_long_running(&self) -> bool {
        matches!(self.command, Command::Serve(_) | Command::Engine(_) | Command::Worker(_))
    }

    /// How much is logged unless `RUST_LOG` says otherwise.
    pub fn log_level(&self) -> &'static str {
        match (self.verbose, !self.is_long_running()) {
            (0, true) => "error",
            (0, false) | (1, true) => "info",
            _ => "debug",
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
