//! All variables of the environment that the program reads, in one table: nothing else reads one, because only this module can
//! name one. Names that are none are in `unknown`, values that stand in files in `files`.

pub mod files;
pub mod spelling;
pub mod unknown;

/// A variable that the program reads. There are no others than those of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    name: &'static str,
    secret: bool,
    key: &'static str,
    group: Group,
    about: &'static str,
}

/// What variables are about, in the order in which they are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    Place,
    SignIn,
    Server,
    Objects,
    Render,
    Vendors,
    Backup,
    Traces,
    Worker,
}

impl Variable {
    /// The variable of that name, if the program reads one.
    pub fn named(name: &str) -> Option<Self> {
        ALL.iter().find(|variable| variable.name == name).copied()
    }

    pub const fn name(self) -> &'static str {
        self.name
    }

    /// Whether its value is never to be shown.
    pub const fn is_secret(self) -> bool {
        self.secret
    }

    /// The key of shortsai.toml that says the same, as `table.key`; empty if there is none. The variable counts before it.
    pub const fn key(self) -> &'static str {
        self.key
    }

    pub const fn group(self) -> Group {
        self.group
    }

    /// A sentence for people.
    pub const fn about(self) -> &'static str {
        self.about
    }

    /// Its value, if it says something.
    pub fn value(self) -> Option<String> {
        std::env::var(self.name).ok().filter(|value| !value.trim().is_empty())
    }
}

/// The value of a variable of this process, if it says something.
pub fn variable(variable: Variable) -> Option<String> {
    variable.value()
}

impl std::fmt::Display for Variable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

macro_rules! variables {
    ($($group:ident { $($name:ident $kind:ident $key:literal $about:literal;)* })*) => {
        $($(
            #[doc = $about]
            pub const $name: Variable = Variable {
                name: stringify!($name),
                secret: variables!($kind),
                key: $key,
                group: Group::$group,
                about: $about,
            };
        )*)*
        /// All of them, group by group.
        pub const ALL: &[Variable] = &[$($($name),*),*];
    };
    (secret) => { true };
    (open) => { false };
}

variables! {
    Place {
        SHORTSAI_DATA_DIR open "" "Where the database and the made pictures, sounds and videos are kept.";
        SHORTSAI_CONFIG open "" "The configuration file; else shortsai.toml in the data folder, if there is one.";
        DATABASE_URL secret "" "A PostgreSQL database instead of the SQLite file in the data folder.";
        PGPASSWORD secret "" "The password of that database, where its address has none; PostgreSQL's own programs read it too.";
        LEGACY_DATABASE_URL secret "" "The older installation that shortsai import-legacy takes over.";
        SHORTSAI_LOG open "" "The form of the log: text or json.";
        RUST_LOG open "" "What is logged, such as info or warn,engine=debug.";
        SHORTSAI_LOG_PROMPTS open "" "yes logs what vendors are asked, too; never on a server for others.";
    }
    SignIn {
        AUTH_URL open "" "Where browsers find this server, such as `https://shorts.example.com`.";
        AUTH_SECRET secret "" "Seals stored keys and signs links; at least 32 characters where others reach the server.";
        AUTH_SECRET_PREVIOUS secret "" "Secrets of before, with commas: what they have sealed can still be opened.";
        GOOGLE_CLIENT_ID open "" "The id that Google has given this app; setting it turns sign-in on.";
        GOOGLE_CLIENT_SECRET secret "" "The secret that Google has given this app.";
        GOOGLE_ISSUER open "" "Another provider of OpenID Connect instead of Google.";
        ADMIN_EMAILS open "" "Who becomes an administrator, with commas; the very first to sign in does too.";
        FRONTEND_URL open "" "A front end at another address: its pages may use this server, and a failed sign-in leads there.";
        NEXT_PUBLIC_APP_URL open "" "Another address whose pages may use this server.";
        CORS_ORIGINS open "" "More addresses whose pages may use this server, with commas.";
    }
    Server {
        SHORTSAI_LISTEN open "" "Where the server listens.";
        SHORTSAI_WEB_ROOT open "" "The folder of a built web app that is served too.";
        SHORTSAI_WITHOUT_ENGINE open "" "true leaves tasks, webhooks and backups to shortsai engine, or to other servers.";
        SHORTSAI_ALLOW_PLAIN_HTTP open "server.allow_plain_http" "true lets others reach the server without https, in a network that you trust.";
        TRUSTED_PROXIES open "trusted_proxies" "Proxies that are believed about where requests come from, with commas.";
        SHORTSAI_METRICS open "" "Where Prometheus reads metrics.";
        SHORTSAI_METRICS_TOKEN secret "" "What Prometheus must know; needed at other addresses than loopback.";
    }
    Objects {
        R2_ACCOUNT_ID open "objects.account_id" "The account at Cloudflare R2 whose bucket keeps pictures, sounds and videos.";
        R2_BUCKET_NAME open "objects.bucket" "The bucket's name.";
        R2_ACCESS_KEY_ID secret "objects.access_key_id" "The id of the access key.";
        R2_SECRET_ACCESS_KEY secret "objects.secret_access_key_file" "The secret of the access key (in shortsai.toml, a file with it).";
        R2_PUBLIC_URL open "" "Where the bucket's objects are, or once were, public; counts besides objects.public_url.";
        NEXT_PUBLIC_STORAGE_URL open "" "Another such address.";
        S3_ENDPOINT open "objects.endpoint" "Another service that speaks S3, instead of R2.";
        S3_REGION open "objects.region" "The bucket's region.";
        S3_BUCKET_NAME open "objects.bucket" "The bucket's name.";
        S3_ACCESS_KEY_ID secret "objects.access_key_id" "The id of the access key.";
        S3_SECRET_ACCESS_KEY secret "objects.secret_access_key_file" "The secret of the access key (in shortsai.toml, a file with it).";
    }
    Render {
        WORKER_URL open "render.workers" "Render workers, with commas.";
        CLOUD_RUN_URL open "render.cloud_run" "Render workers on Cloud Run, with commas; they are asked with an ID token of Google's.";
        WORKER_SECRET secret "" "What the server and its workers know each other by: the same on both sides, at least 32 characters.";
        NEXT_PUBLIC_API_URL open "" "Where workers find this server, if not at AUTH_URL.";
        GOOGLE_APPLICATION_CREDENTIALS open "" "The file of a service account's key, for Cloud Run's ID tokens.";
        GCE_METADATA_HOST open "" "Who gives ID tokens on Google's machines, if not metadata.google.internal.";
        SHORTSAI_ENCODER open "" "Who encodes the picture: x264, nvenc, vaapi, qsv or videotoolbox.";
    }
    Vendors {
        GEMINI_API_KEY secret "vendor.gemini.key_file" "The key of Gemini (in shortsai.toml, a file with it).";
        OPENAI_API_KEY secret "vendor.openai.key_file" "The key of OpenAI, or of a server that speaks its protocol.";
        OPENAI_BASE_URL open "vendor.openai.base_url" "A server that speaks OpenAI's protocol.";
        OLLAMA_HOST open "vendor.ollama.base_url" "Where Ollama is; the scheme may be left out.";
        ELEVENLABS_API_KEY secret "vendor.elevenlabs.key_file" "The key of ElevenLabs.";
        GROQ_API_KEY secret "vendor.groq.key_file" "The key of Groq.";
        SUNO_API_KEY secret "vendor.suno.key_file" "The key of Suno's wrapper.";
        VERTEX_ACCESS_TOKEN secret "vendor.vertex.key_file" "A token of Vertex AI.";
        PEXELS_API_KEY secret "vendor.pexels.key_file" "The key of Pexels.";
        PIXABAY_API_KEY secret "vendor.pixabay.key_file" "The key of Pixabay.";
        OPENVERSE_TOKEN secret "vendor.openverse.key_file" "A token of Openverse.";
        SHORTSAI_VENDOR_BASE open "" "One address in the place of all vendors': the simulator's, for development and tests.";
    }
    Backup {
        SHORTSAI_BACKUP_EVERY open "backup.every" "How often the server takes a backup by itself: hours or days such as 6h, or off.";
        SHORTSAI_BACKUP_FOLDER open "backup.folder" "The folder of the backups.";
        SHORTSAI_BACKUP_BUCKET open "backup.bucket" "true keeps backups in the bucket of the objects.";
        SHORTSAI_BACKUP_RECIPIENTS open "backup.recipients" "Encrypt backups for these keys of age, with commas.";
        SHORTSAI_BACKUP_PASSPHRASE secret "backup.passphrase_file" "Encrypt backups by a passphrase (in shortsai.toml, a file with it).";
    }
    Traces {
        OTEL_EXPORTER_OTLP_ENDPOINT open "" "A collector of OpenTelemetry's, such as http://127.0.0.1:4318; without it there are no traces.";
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT open "" "The whole address for traces instead, with its path.";
        OTEL_EXPORTER_OTLP_HEADERS secret "" "What the collector must know, as name=value with commas.";
        OTEL_EXPORTER_OTLP_PROTOCOL open "" "Only http/json can be used.";
        OTEL_SERVICE_NAME open "" "What this process is called in traces; else shortsai, shortsai-engine or shortsai-worker.";
        OTEL_RESOURCE_ATTRIBUTES open "" "What else traces say of this process.";
        OTEL_TRACES_SAMPLER open "" "Which traces are told, by OpenTelemetry's names; else parentbased_always_on.";
        OTEL_TRACES_SAMPLER_ARG open "" "The share of them, from 0 to 1.";
        OTEL_SDK_DISABLED open "" "true turns traces off.";
    }
    Worker {
        SHORTSAI_WORKER_LISTEN open "" "Where a render worker listens; else 0.0.0.0 and the port in PORT.";
        PORT open "" "The port of a render worker, as platforms such as Cloud Run set it.";
        SHORTSAI_WORKER_JOBS open "" "How many renders go on at a time.";
        SHORTSAI_WORKER_PROCESSORS open "" "How many processors all renders share.";
        SHORTSAI_WORKER_WAITING open "" "How many renders may wait.";
    }
}

/// Names that begin like ours and are read by others: Docker Compose, the scripts in `scripts/`, and tests.
pub const OF_OTHERS: [&str; 6] =
    ["SHORTSAI_BIND", "SHORTSAI_DOMAIN", "SHORTSAI_COMPOSE", "SHORTSAI_SERVICE", "SHORTSAI_ENV_FILE", "SHORTSAI_BACKUP_LOG"];

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use providers::vendor::Vendor;

    use super::*;

    #[test]
    fn all_that_is_read_elsewhere_is_in_the_table() {
        for vendor in Vendor::ALL {
            let Some(name) = vendor.key_variable() else { continue };
            assert!(Variable::named(name).is_some_and(Variable::is_secret), "{name} is no secret of the table");
        }
        let cli = crate::cli::Cli::command();
        let arguments = cli.get_subcommands().flat_map(clap::Command::get_arguments);
        let names: Vec<_> = arguments.filter_map(|argument| argument.get_env()?.to_str()).collect();
        assert!(names.len() > 10, "{names:?}");
        for name in names {
            assert!(Variable::named(name).is_some(), "{name} is not in the table");
        }
    }

    /// The table of docs/configuration.md.
    fn table() -> String {
        let titles = [
            (Group::Place, "Places and logs"),
            (Group::SignIn, "Sign-in"),
            (Group::Server, "The server"),
            (Group::Objects, "Objects"),
            (Group::Render, "Rendering"),
            (Group::Vendors, "Vendors"),
            (Group::Backup, "Backups"),
            (Group::Traces, "Traces"),
            (Group::Worker, "`shortsai worker`"),
        ];
        let row = |variable: &Variable| {
            let key = if variable.key.is_empty() { String::new() } else { format!("`{}`", variable.key) };
            format!("| `{}` | {} | {key} |\n", variable.name, variable.about)
        };
        let part = |(group, title): (Group, &str)| {
            let rows: String = ALL.iter().filter(|variable| variable.group == group).map(row).collect();
            format!("\n| {title} | | shortsai.toml |\n|---|---|---|\n{rows}")
        };
        titles.map(part).concat()
    }

    #[test]
    fn the_guide_names_all() {
        let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
        let read = |name: &str| std::fs::read_to_string(docs.join(name)).expect("the guide");
        let guide = read("configuration.md");
        let (before, rest) = guide.split_once("\n<!-- end -->").expect("an end");
        let (before, _) = before.split_once(" -->").map(|(head, tail)| (format!("{head} -->"), tail)).expect("a beginning");
        let wanted = format!("{before}\n{}\n<!-- end -->{rest}", table());
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(docs.join("configuration.md"), &wanted).expect("written");
        } else {
            assert_eq!(guide, wanted, "write it again with UPDATE=1");
        }
        for page in ["configuration.md", "pt-BR/configuration.md"] {
            let text = read(page);
            for name in ALL.iter().map(|variable| variable.name).chain(OF_OTHERS) {
                assert!(text.contains(&format!("`{name}`")), "{page} does not name {name}");
            }
        }
    }

    #[test]
    fn the_example_names_all_and_nothing_else() {
        let text = include_str!("../../../.env.example");
        // "# NAME=   in secrets/…" is one too: its value is better in a file.
        let assigned = |line: &str| {
            let (name, _) = line.trim_start_matches(['#', ' ']).split_once('=')?;
            let is_name = name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
            (is_name && !name.is_empty()).then(|| name.to_owned())
        };
        let names: Vec<String> = text.lines().filter_map(assigned).collect();
        for name in &names {
            assert!(Variable::named(name).is_some() || OF_OTHERS.contains(&name.as_str()), "nobody reads {name}");
        }
        let missing: Vec<_> = ALL.iter().filter(|variable| !names.iter().any(|name| name == variable.name)).collect();
        assert!(missing.is_empty(), ".env.example does not name {missing:?}");
    }
}
