//! Variables that nobody reads, although somebody thinks so.

use super::files::SUFFIX;
use super::spelling::{is_slip, nearest};
use super::{ALL, OF_OTHERS, Variable};

/// How names begin that are certainly meant for this program.
const OURS: &str = "SHORTSAI_";
/// How names begin that tests of the program itself set.
const OF_TESTS: [&str; 2] = ["SHORTSAI_TEST_", "SHORTSAI_CRASH_"];

/// A sentence for each variable that is set and that the program does not know: those that begin as ours do, and those that look
/// like slips. `set` are names and values.
pub fn unknown(set: impl Iterator<Item = (String, String)>) -> Vec<String> {
    let mut found: Vec<String> = set.filter_map(|(name, value)| sentence(&name, &value)).collect();
    found.sort();
    found
}

/// The names that are set in this process.
pub fn of_process() -> Vec<String> {
    unknown(std::env::vars_os().map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned())))
}

fn sentence(name: &str, value: &str) -> Option<String> {
    let stem = name.strip_suffix(SUFFIX).unwrap_or(name);
    let is_known = Variable::named(name).is_some() || Variable::named(stem).is_some() || OF_OTHERS.contains(&name);
    if value.trim().is_empty()
        || is_known
        || OF_TESTS.iter().any(|begin| name.starts_with(begin))
        || is_of_kubernetes(name, value)
    {
        return None;
    }
    let names = || ALL.iter().map(|variable| variable.name());
    if name.starts_with(OURS) {
        let meant = nearest(stem, names()).map(|right| format!("{right}{}", &name[stem.len()..]));
        let hint = meant.map_or_else(
            || "remove it (docs/configuration.md names all that there are)".to_owned(),
            |right| format!("do you mean {right}?"),
        );
        return Some(format!("{name} is set, but there is no such variable; {hint}"));
    }
    let slip = |tail: &str, stem: &str| names().find(|right| is_slip(stem, right)).map(|right| format!("{right}{tail}"));
    let right = slip(&name[stem.len()..], stem)?;
    Some(format!("{name} is set, which is not read; do you mean {right}? (If it is another program's, unset it here.)"))
}

/// Kubernetes tells every container about its services: one named `shortsai` makes SHORTSAI_SERVICE_HOST and its like.
fn is_of_kubernetes(name: &str, value: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let port = |rest: &str| rest.is_empty() || rest.split('_').nth(1).is_some_and(is_number);
    name.ends_with("_SERVICE_HOST")
        || name.rsplit_once("_SERVICE_PORT").is_some_and(|(_, rest)| rest.is_empty() || rest.starts_with('_'))
        || name.rsplit_once("_PORT").is_some_and(|(_, rest)| port(rest) && (!rest.is_empty() || value.contains("://")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(name: &str) -> Option<String> {
        sentence(name, "something")
    }

    #[test]
    fn slips_are_found() {
        let check = |name: &str, right: &str| {
            let said = one(name).unwrap_or_else(|| panic!("{name} is not found"));
            assert!(said.contains(&format!("do you mean {right}?")), "{said}");
        };
        check("GOOGLE_CLIENT_SECERT", "GOOGLE_CLIENT_SECRET");
        check("GOGLE_CLIENT_ID", "GOOGLE_CLIENT_ID");
        check("GOOGLE_CLIENT_DI", "GOOGLE_CLIENT_ID");
        check("R2_ACCOUNTID", "R2_ACCOUNT_ID");
        check("R2_BUCKET_NAM", "R2_BUCKET_NAME");
        check("S3_BUCKT_NAME", "S3_BUCKET_NAME");
        check("OPENAI_APIKEY", "OPENAI_API_KEY");
        check("OPENAI_API_KYE", "OPENAI_API_KEY");
        check("ATUH_SECRET", "AUTH_SECRET");
        check("AUTH_SECRT", "AUTH_SECRET");
        check("DATABASE_URI", "DATABASE_URL");
        check("WORKER_SECRETS", "WORKER_SECRET");
        check("TRUSTED_PROXIS", "TRUSTED_PROXIES");
        check("ADMIN_EMAIL", "ADMIN_EMAILS");
        check("AUTH_SECRT_FILE", "AUTH_SECRET_FILE");
        check("SHORTSAI_LISTN", "SHORTSAI_LISTEN");
        check("SHORTSAI_BACKUP_FOLDR_FILE", "SHORTSAI_BACKUP_FOLDER_FILE");
        check("SHORTSAI_DATADIR", "SHORTSAI_DATA_DIR");
        let said = one("SHORTSAI_FAVOURITE_COLOUR").expect("it is not known");
        assert!(said.contains("there is no such variable; remove it"), "{said}");
        assert_eq!(
            unknown([("SHORTSAI_X", "1"), ("OPENAI_API_KYE", "1")].map(|(a, b)| (a.into(), b.into())).into_iter()).len(),
            2
        );
    }

    #[test]
    fn what_is_known_or_says_nothing_is_let_be() {
        for variable in ALL {
            assert_eq!(one(variable.name()), None);
            assert_eq!(one(&format!("{}_FILE", variable.name())), None);
        }
        for name in OF_OTHERS {
            assert_eq!(one(name), None);
        }
        assert_eq!(one("SHORTSAI_TEST_POSTGRES_URL"), None);
        assert_eq!(sentence("SHORTSAI_LISTN", " "), None, "it was left out");
    }

    #[test]
    fn other_programs_keep_their_variables() {
        let names = "PATH HOME USER LOGNAME SHELL PWD OLDPWD TERM LANG LC_ALL TZ TMPDIR EDITOR HOSTNAME MAIL DISPLAY SHLVL PS1 \
            XDG_DATA_HOME XDG_RUNTIME_DIR SSH_AUTH_SOCK SSL_CERT_FILE SSL_CERT_DIR HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy \
            PGHOST PGPORT PGUSER PGDATABASE PGPASSFILE PGSSLMODE PGOPTIONS PGDATA PGSERVICE POSTGRES_PASSWORD POSTGRES_USER POSTGRES_DB \
            DATABASE_HOST DATABASE_NAME DATABASE_USER DATABASE_PORT DATABASE_PASSWORD DATABASE_URL_2 MYSQL_URL REDIS_URL MONGO_URL \
            OPENAI_ORG_ID OPENAI_ORGANIZATION OPENAI_API_BASE OPENAI_API_KEY_2 OPENAI_API_KEY1 OPENAI_PROXY OPENAI_PROJECT_ID OPENAI_MODEL \
            AZURE_OPENAI_API_KEY ANTHROPIC_API_KEY MISTRAL_API_KEY GROK_API_KEY XAI_API_KEY COHERE_API_KEY GOOGLE_API_KEY GEMINI_MODEL \
            GEMINI_API_URL OLLAMA_PORT OLLAMA_MODELS OLLAMA_ORIGINS PIXEL_API_KEY VERTEX_PROJECT VERTEX_LOCATION \
            GOOGLE_CLOUD_PROJECT GOOGLE_CLOUD_REGION GOOGLE_PROJECT_ID GOOGLE_CLIENT_EMAIL GOOGLE_REDIRECT_URI GOOGLE_PRIVATE_KEY \
            GOOGLE_APPLICATION_CREDENTIALS_JSON GCE_METADATA_IP GCLOUD_PROJECT CLOUDSDK_CONFIG K_SERVICE K_REVISION K_CONFIGURATION \
            CLOUD_RUN_JOB CLOUD_RUN_EXECUTION CLOUD_RUN_TASK_INDEX CLOUD_RUN_TASK_COUNT PORT PORTS HOST \
            AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_REGION AWS_SESSION_TOKEN AWS_ENDPOINT_URL B2_ACCOUNT_ID B2_BUCKET_NAME GS_BUCKET_NAME \
            GCS_BUCKET_NAME S3_USER S3_BUCKET S3_REGION_NAME S3_ENDPOINT_URL MINIO_ROOT_USER MINIO_ROOT_PASSWORD CF_ACCOUNT_ID \
            AUTH_TRUST_HOST AUTH_GOOGLE_ID AUTH_GOOGLE_SECRET AUTH_TOKEN AUTH_USER AUTH_TYPE NEXTAUTH_URL NEXTAUTH_SECRET JWT_SECRET \
            NEXT_PUBLIC_API_KEY NEXT_PUBLIC_APP_ENV NEXT_PUBLIC_APP_ID NEXT_PUBLIC_RPC_URL NEXT_PUBLIC_MAP_URL NEXT_PUBLIC_SITE_URL \
            NEXT_TELEMETRY_DISABLED NODE_ENV FRONTEND_PORT BACKEND_URL CORS_ORIGIN_ALLOW_ALL WORKER_COUNT WORKER_ID WORKER_PORT WORKERS \
            RUST_BACKTRACE RUST_LIB_BACKTRACE RUST_LOG_STYLE RUSTFLAGS CARGO_HOME CARGO_PKG_NAME NEXTEST OTEL_SERVICE_NAME \
            OTEL_EXPORTER_OTLP_ENDPOINT PROMETHEUS_URL INVOCATION_ID JOURNAL_STREAM NOTIFY_SOCKET SYSTEMD_EXEC_PID CREDENTIALS_DIRECTORY \
            STATE_DIRECTORY KUBERNETES_SERVICE_HOST KUBERNETES_PORT GITHUB_TOKEN GITHUB_ACTIONS CI RENDER_EXTERNAL_URL FLY_APP_NAME \
            RAILWAY_ENVIRONMENT HEROKU_APP_NAME DYNO PULSE_SERVER LD_LIBRARY_PATH SECRET_KEY API_KEY SUNO_COOKIE PEXELS_KEY SHORTSAI";
        let refused: Vec<_> = names.split_whitespace().filter_map(one).collect();
        assert!(refused.is_empty(), "{refused:?}");
        let services = [
            "SHORTSAI_SERVICE_HOST",
            "SHORTSAI_SERVICE_PORT",
            "SHORTSAI_WORKER_SERVICE_PORT_HTTP",
            "SHORTSAI_PORT_3333_TCP_ADDR",
        ];
        for name in services {
            assert_eq!(sentence(name, "10.0.0.1"), None, "{name}");
        }
        assert_eq!(sentence("SHORTSAI_PORT", "tcp://10.0.0.1:3333"), None);
        assert!(sentence("SHORTSAI_PORT", "3333").is_some(), "somebody hopes that it is a port");
    }
}
