//! What a server has to have that others can reach: https, sign-in, secrets that nobody knows.

use std::net::SocketAddr;

use percent_encoding::percent_decode_str;
use url::Url;

use super::Findings;
use super::secrets::{is_default_password, weakness};
use crate::environment::{
    AUTH_SECRET, AUTH_SECRET_PREVIOUS, AUTH_URL, PGPASSWORD, SHORTSAI_ALLOW_PLAIN_HTTP, SHORTSAI_METRICS_TOKEN,
    SHORTSAI_VENDOR_BASE, Variable, WORKER_SECRET,
};
use crate::sign_in::{self, is_loopback};

/// How such a secret is made.
const MAKE: &str = "make one with: openssl rand -hex 32";

/// What is known besides the environment.
pub struct Setting {
    pub listen: SocketAddr,
    pub database_url: String,
    /// Whether others may come without https.
    pub allow_plain_http: bool,
}

impl Setting {
    /// Whether others than this machine reach the server: it listens to them, or browsers are told to come from elsewhere,
    /// through a proxy.
    fn is_open(&self, variable: impl Fn(Variable) -> Option<String>) -> bool {
        !self.listen.ip().is_loopback() || variable(AUTH_URL).is_some_and(|address| !is_loopback(&address))
    }
}

/// All that a server lacks.
pub fn look(setting: &Setting, variable: impl Fn(Variable) -> Option<String> + Copy) -> Findings {
    let mut findings = Findings::default();
    if setting.is_open(variable) {
        sign_in(setting, &mut findings, variable);
        https(setting, &mut findings, variable);
        findings.add(look_behind(setting, variable));
    }
    findings
}

/// All that a process lacks that works behind such a server.
pub fn look_behind(setting: &Setting, variable: impl Fn(Variable) -> Option<String> + Copy) -> Findings {
    let mut findings = Findings::default();
    if !setting.is_open(variable) {
        return findings;
    }
    for named in [AUTH_SECRET, WORKER_SECRET, SHORTSAI_METRICS_TOKEN] {
        if let Some(why) = variable(named).and_then(|secret| weakness(&secret)) {
            let keep = match named == AUTH_SECRET {
                true => ", and name this one in AUTH_SECRET_PREVIOUS, so that stored keys can still be opened",
                false => "",
            };
            findings.problems.push(format!("{named} {why}, and others reach this server; {MAKE}{keep}"));
        }
    }
    let older = variable(AUTH_SECRET_PREVIOUS).unwrap_or_default();
    if older.split(',').any(|secret| !secret.trim().is_empty() && weakness(secret).is_some()) {
        let warning =
            "AUTH_SECRET_PREVIOUS names a secret that could be guessed; remove it once users have entered their keys again";
        findings.warnings.push(warning.to_owned());
    }
    if let Some(problem) = database(&setting.database_url, variable(PGPASSWORD)) {
        findings.problems.push(problem);
    }
    if let Some(base) = variable(SHORTSAI_VENDOR_BASE) {
        let base = store::without_secrets(&base);
        findings.warnings.push(format!("SHORTSAI_VENDOR_BASE is {base}: it gets all vendors' calls, with their keys"));
    }
    findings
}

fn sign_in(setting: &Setting, findings: &mut Findings, variable: impl Fn(Variable) -> Option<String>) {
    if sign_in::is_configured(&variable) {
        return;
    }
    findings.problems.push(match setting.listen.ip().is_loopback() {
        false => format!(
            "{} can be reached by others, and without sign-in everybody could use this server. Sign-in is not configured (see docs/sign-in.md), so listen on 127.0.0.1 or [::1] only",
            setting.listen
        ),
        true => format!(
            "AUTH_URL is {}, where others come through a proxy, and without sign-in everybody could use this server; set GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET and AUTH_SECRET (docs/sign-in.md), or remove AUTH_URL",
            variable(AUTH_URL).unwrap_or_default()
        ),
    });
}

/// Cookies are marked as secure where AUTH_URL is https, so this is about them too.
fn https(setting: &Setting, findings: &mut Findings, variable: impl Fn(Variable) -> Option<String>) {
    // What is no address at all is said elsewhere.
    let own = variable(AUTH_URL).and_then(|address| sign_in::origin(AUTH_URL, &address).ok());
    let plain_own = own.filter(|origin| !origin.is_secure()).map(|origin| (AUTH_URL, origin));
    let others = sign_in::Settings::read(&variable).ok().flatten().map(|settings| settings.origins).unwrap_or_default();
    let plain_others = others.into_iter().filter(|(_, origin)| !origin.is_secure() && !is_loopback(origin.as_str()));
    for (named, origin) in plain_own.into_iter().chain(plain_others) {
        let address = origin.as_str();
        if setting.allow_plain_http {
            findings.warnings.push(format!(
                "{named} is {address} without https: whoever is on the way can read and take over what people do here; allowed by {SHORTSAI_ALLOW_PLAIN_HTTP} or server.allow_plain_http"
            ));
        } else {
            findings.problems.push(format!(
                "{named} is {address}, without https: everybody on the way could take sessions over, because cookies travel in the clear; put a proxy with TLS before it and set {named} to its https address (in a network that you trust: {SHORTSAI_ALLOW_PLAIN_HTTP}=true)"
            ));
        }
    }
}

fn database(address: &str, password: Option<String>) -> Option<String> {
    let url = Url::parse(address).ok().filter(|url| url.scheme().starts_with("postgres"))?;
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let user = decoded(url.username());
    let parameter = || url.query_pairs().find(|(name, _)| name == "password").map(|(_, value)| value.into_owned());
    let (named, password) = match url.password().map(decoded).or_else(parameter) {
        Some(own) => ("DATABASE_URL", own),
        None => (PGPASSWORD.name(), password?),
    };
    is_default_password(&user, password.trim()).then(|| {
        format!(
            "{named} has a password that everybody tries first; give the database's user another one (ALTER USER … PASSWORD …)"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: &str = "8f3a1c9be27d40516a8f3a1c9be27d40";
    const GOOD: [(&str, &str); 4] = [
        ("GOOGLE_CLIENT_ID", "id"),
        ("GOOGLE_CLIENT_SECRET", "x"),
        ("AUTH_SECRET", LONG),
        ("AUTH_URL", "https://shorts.example"),
    ];

    fn found(listen: &str, database: &str, allow_plain_http: bool, pairs: &[(&str, &str)]) -> Findings {
        let variable =
            |named: Variable| pairs.iter().rev().find(|(name, _)| *name == named.name()).map(|(_, value)| (*value).to_owned());
        let setting =
            Setting { listen: listen.parse().expect("an address"), database_url: database.to_owned(), allow_plain_http };
        look(&setting, variable)
    }

    #[test]
    fn what_is_missing_for_others_is_said_all_at_once() {
        let check = |listen: &str, database: &str, more: &[(&str, &str)], expected: &[&str]| {
            let found = found(listen, database, false, &[&GOOD[..], more].concat());
            assert_eq!(found.problems.len(), expected.len(), "{found:?}");
            for (problem, begin) in found.problems.iter().zip(expected) {
                assert!(problem.starts_with(begin), "{problem}\ndoes not begin with\n{begin}");
            }
        };
        let (all, here) = ("0.0.0.0:3333", "127.0.0.1:3333");
        check(all, "sqlite:///x", &[], &[]);
        check(all, "postgres://me:8f3a1c9be@db/x", &[("PGPASSWORD", "postgres")], &[]);
        let weak = [("AUTH_URL", "http://shorts.example"), ("AUTH_SECRET", "0123456789abcdef"), ("WORKER_SECRET", "dev-secret")];
        let expected = [
            "AUTH_URL is http://shorts.example, without https",
            "AUTH_SECRET has 16 characters",
            "WORKER_SECRET has 10 characters",
            "DATABASE_URL has a password",
        ];
        check(all, "postgres://me:postgres@db/x", &weak, &expected);
        check(here, "postgres://me:postgres@db/x", &weak, &expected);
        check(here, "postgres://me@db/x", &[("PGPASSWORD", "me")], &["PGPASSWORD has a password"]);
        check(here, "postgres://db/x?user=me&password=secret", &[], &["DATABASE_URL has a password"]);
        check(all, "", &[("FRONTEND_URL", "http://studio.example")], &["FRONTEND_URL is http://studio.example"]);
        check(all, "", &[("FRONTEND_URL", "http://localhost:3000")], &[]);
        check(all, "", &[("SHORTSAI_METRICS_TOKEN", "metrics")], &["SHORTSAI_METRICS_TOKEN has 7"]);
        check(all, "", &[("AUTH_URL", "http://localhost:3333")], &["AUTH_URL is http://localhost:3333, without https"]);
        // Nobody but this machine.
        check(here, "postgres://me:postgres@db/x", &[&weak[1..], &[("AUTH_URL", "http://localhost")]].concat(), &[]);
    }

    #[test]
    fn sign_in_and_exceptions() {
        let local = [("AUTH_URL", "https://shorts.example")];
        let behind = found("127.0.0.1:3333", "", false, &local).problems;
        assert!(
            behind.len() == 1 && behind[0].contains("set GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET and AUTH_SECRET"),
            "{behind:?}"
        );
        let open = found("0.0.0.0:3333", "", false, &[]).problems;
        assert!(open.len() == 1 && open[0].starts_with("0.0.0.0:3333 can be reached by others"), "{open:?}");
        let plain = [&GOOD[..], &[("AUTH_URL", "http://192.168.1.5:3333"), ("SHORTSAI_VENDOR_BASE", "http://u:p@sim")]].concat();
        let allowed = found("0.0.0.0:3333", "", true, &plain);
        assert_eq!(allowed.problems, Vec::<String>::new());
        assert!(allowed.warnings[0].contains("without https") && allowed.warnings[0].contains("SHORTSAI_ALLOW_PLAIN_HTTP"));
        assert!(allowed.warnings[1].contains("http://u@sim") && allowed.warnings.len() == 2, "{allowed:?}");
    }
}
