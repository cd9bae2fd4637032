//! Where objects are kept: in the data folder, or in a bucket (R2, or any service that speaks S3). The environment overrules
//! the file where both say something, and what contradicts itself is refused.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use assets::{Assets, S3Settings};
use chrono::Duration;
use serde::Deserialize;

use crate::config::{Problems, all_of};
use crate::environment::{
    NEXT_PUBLIC_STORAGE_URL, R2_ACCESS_KEY_ID, R2_ACCOUNT_ID, R2_BUCKET_NAME, R2_PUBLIC_URL, R2_SECRET_ACCESS_KEY,
    S3_ACCESS_KEY_ID, S3_BUCKET_NAME, S3_ENDPOINT, S3_REGION, S3_SECRET_ACCESS_KEY, Variable,
};

/// The table `objects`.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ObjectsConfig {
    account_id: Option<String>,
    endpoint: Option<String>,
    region: Option<String>,
    bucket: Option<String>,
    access_key_id: Option<String>,
    secret_access_key_file: Option<PathBuf>,
    path_style: Option<bool>,
    prefix: Option<String>,
    public_url: Option<String>,
    gc: Option<When>,
    grace: Option<String>,
}

/// When a server collects what nothing names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum When {
    Daily,
    Off,
}

/// How long objects that nothing names are kept.
const GRACE: Duration = Duration::days(7);

/// How this installation collects objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CollectConfig {
    /// Whether a server does it every day by itself.
    pub daily: bool,
    /// How long objects are kept.
    pub grace: Duration,
}

/// A time such as `7d` or `12h`.
pub fn grace(text: &str) -> Result<Duration, String> {
    let (number, unit) = text.trim().split_at(text.trim().len().saturating_sub(1));
    let number = number.parse::<u16>().ok().map(i64::from);
    let time = match (number, unit) {
        (Some(days), "d") => Duration::days(days),
        (Some(hours), "h") => Duration::hours(hours),
        _ => return Err(format!("{text:?} is no time; write days or hours, such as 7d or 12h")),
    };
    match time < engine::SHORTEST_GRACE {
        true => Err("less than 1h could meet work in progress; give 1h or more".to_owned()),
        false => Ok(time),
    }
}

/// What a bucket needs, with the names under which it is looked for.
struct Found {
    account_id: Option<String>,
    endpoint: Option<String>,
    region: Option<String>,
    bucket: Option<String>,
    access_key_id: Option<String>,
    secret: Option<String>,
}

const NONE_OF_THEM: &str = "or remove the others to keep objects in the data folder (docs/storage.md)";

impl ObjectsConfig {
    /// Opens the store of objects. `data` is the folder for objects without a bucket, file names are relative to `folder`.
    pub fn open(&self, data: &Path, folder: &Path, variable: impl Fn(Variable) -> Option<String>) -> anyhow::Result<Assets> {
        let assets = match self.bucket(folder, &variable).map_err(all_of)? {
            Some(settings) => Assets::s3(&settings).context("objects")?,
            None => Assets::folder(data)?,
        };
        Ok(assets.with_public_urls(self.public_urls(&variable).map_err(all_of)?))
    }

    /// Whether objects are in a bucket, and all that is wrong with where they are.
    pub fn look(&self, folder: &Path, variable: impl Fn(Variable) -> Option<String>) -> (bool, Problems) {
        let mut problems = self.public_urls(&variable).err().unwrap_or_default();
        match self.bucket(folder, &variable) {
            Ok(None) => (false, problems),
            Ok(Some(settings)) => {
                problems.extend(Assets::s3(&settings).err().map(|error| anyhow::Error::from(error).context("objects")));
                (true, problems)
            }
            // One is meant.
            Err(wrong) => (true, wrong.into_iter().chain(problems).collect()),
        }
    }

    /// How objects that nothing names are collected. In a bucket only on demand, unless it is switched on: another
    /// installation may use the same one, and its objects are unknown here.
    pub fn collecting(&self, is_remote: bool) -> anyhow::Result<CollectConfig> {
        let grace = self.grace.as_deref().map(grace).transpose().map_err(|problem| anyhow!("objects.grace: {problem}"))?;
        let daily = self.gc.map_or(!is_remote, |when| when == When::Daily);
        Ok(CollectConfig { daily, grace: grace.unwrap_or(GRACE) })
    }

    /// Where objects of the bucket are, or were, public.
    fn public_urls(&self, variable: impl Fn(Variable) -> Option<String>) -> Result<Vec<String>, Problems> {
        let named = [
            ("objects.public_url", self.public_url.clone()),
            (R2_PUBLIC_URL.name(), variable(R2_PUBLIC_URL)),
            (NEXT_PUBLIC_STORAGE_URL.name(), variable(NEXT_PUBLIC_STORAGE_URL)),
        ];
        let (mut urls, mut problems) = (Vec::new(), Vec::new());
        for (name, url) in named {
            let Some(url) = url else { continue };
            let rest = url.trim().split_once("://").filter(|(scheme, _)| matches!(*scheme, "http" | "https"));
            if !rest.is_some_and(|(_, rest)| !rest.is_empty() && !rest.contains(['?', '#', '@', ' '])) {
                problems.push(anyhow!("{name} is {url:?}; give an address such as https://media.example.com"));
            }
            urls.push(url);
        }
        if problems.is_empty() { Ok(urls) } else { Err(problems) }
    }

    /// The bucket, if one is named; or all that is wrong with it.
    fn bucket(&self, folder: &Path, variable: impl Fn(Variable) -> Option<String>) -> Result<Option<S3Settings>, Problems> {
        let (found, mut problems) = self.found(folder, &variable);
        let all = [&found.account_id, &found.endpoint, &found.bucket, &found.access_key_id, &found.secret];
        let named = all.iter().any(|value| value.is_some());
        if !named {
            return if problems.is_empty() { Ok(None) } else { Err(problems) };
        }
        problems.extend(missing(&found));
        let Found { account_id, endpoint, region, bucket, access_key_id, secret } = found;
        match (&account_id, &endpoint) {
            (Some(account), Some(endpoint)) => problems.push(anyhow!(
                "the bucket is said to be both at R2 (account {account}) and at {endpoint}; set R2_ACCOUNT_ID for R2, or S3_ENDPOINT for another service, not both"
            )),
            (Some(account), None) if !account.bytes().all(|byte| byte.is_ascii_alphanumeric()) => problems.push(anyhow!(
                "R2_ACCOUNT_ID is {account:?}; it is the account's id, 32 letters and digits, not an address"
            )),
            _ => {}
        }
        let (Some(bucket), Some(id), Some(secret), true) = (bucket, access_key_id, secret, problems.is_empty()) else {
            return Err(problems);
        };
        let settings = match (account_id, endpoint, region) {
            (Some(account), _, region) => {
                let settings = S3Settings::r2(&account, &bucket, &id, secret.into());
                S3Settings { region: region.unwrap_or(settings.region.clone()), ..settings }
            }
            (None, Some(endpoint), region) => {
                S3Settings::new(region.as_deref().unwrap_or("us-east-1"), &bucket, &id, secret.into()).at(&endpoint)
            }
            (None, None, region) => S3Settings::new(region.as_deref().unwrap_or_default(), &bucket, &id, secret.into()),
        };
        let path_style = self.path_style.unwrap_or(settings.path_style);
        Ok(Some(S3Settings { path_style, prefix: self.prefix.clone(), ..settings }))
    }

    fn found(&self, folder: &Path, variable: impl Fn(Variable) -> Option<String>) -> (Found, Problems) {
        let mut problems = Vec::new();
        // The same thing has a name of its own where it is R2's.
        let mut either = |r2: Variable, s3: Variable| match (variable(r2), variable(s3)) {
            (Some(one), Some(other)) if one.trim() != other.trim() => {
                problems.push(anyhow!("{r2} and {s3} say different things; set one of them"));
                Some(one)
            }
            (one, other) => one.or(other).map(|value| value.trim().to_owned()),
        };
        let bucket = either(R2_BUCKET_NAME, S3_BUCKET_NAME);
        let access_key_id = either(R2_ACCESS_KEY_ID, S3_ACCESS_KEY_ID);
        let mut secret = either(R2_SECRET_ACCESS_KEY, S3_SECRET_ACCESS_KEY);
        let (mut account_id, mut endpoint) = (variable(R2_ACCOUNT_ID), variable(S3_ENDPOINT));
        if account_id.is_none() && endpoint.is_none() {
            (account_id, endpoint) = (self.account_id.clone(), self.endpoint.clone());
        }
        if let (None, Some(file)) = (&secret, &self.secret_access_key_file) {
            let file = folder.join(file);
            match std::fs::read_to_string(&file) {
                Ok(text) => secret = Some(text.trim().to_owned()),
                Err(error) => {
                    let what = format!("objects.secret_access_key_file {} can't be read", file.display());
                    problems.push(anyhow::Error::from(error).context(what));
                    // It is not missing.
                    secret = Some(String::new());
                }
            }
        }
        let found = Found {
            account_id: account_id.map(|id| id.trim().to_owned()),
            endpoint,
            region: variable(S3_REGION).or(self.region.clone()),
            bucket: bucket.or(self.bucket.clone()),
            access_key_id: access_key_id.or(self.access_key_id.clone()),
            secret,
        };
        (found, problems)
    }
}

/// What a bucket lacks.
fn missing(found: &Found) -> Option<anyhow::Error> {
    let place = found.account_id.is_some() || found.endpoint.is_some() || found.region.is_some();
    let parts = [
        (found.bucket.is_some(), "its name (R2_BUCKET_NAME, S3_BUCKET_NAME or objects.bucket)"),
        (found.access_key_id.is_some(), "the access key's id (R2_ACCESS_KEY_ID, S3_ACCESS_KEY_ID or objects.access_key_id)"),
        (
            found.secret.is_some(),
            "the access key's secret (R2_SECRET_ACCESS_KEY, S3_SECRET_ACCESS_KEY or objects.secret_access_key_file)",
        ),
        (place, "where it is (R2_ACCOUNT_ID, S3_ENDPOINT, or S3_REGION for Amazon's own)"),
    ];
    let missing: Vec<&str> = parts.into_iter().filter(|(is_there, _)| !is_there).map(|(_, what)| what).collect();
    let (last, others) = missing.split_last()?;
    let (all, are) = match others {
        [] => ((*last).to_owned(), "is missing; set it"),
        others => (format!("{} and {last}", others.join(", ")), "are missing; set them"),
    };
    Some(anyhow!("objects are to be kept in a bucket, but {all} {are}, {NONE_OF_THEM}"))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    const R2: [(&str, &str); 4] = [
        ("R2_ACCOUNT_ID", "0123abcd"),
        ("R2_ACCESS_KEY_ID", "planted-id"),
        ("R2_SECRET_ACCESS_KEY", "planted-secret"),
        ("R2_BUCKET_NAME", "media"),
    ];

    fn bucket(file: &str, environment: &[(&str, &str)]) -> anyhow::Result<Option<S3Settings>> {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("s3.key"), "of the file\n").expect("written");
        let config: ObjectsConfig = toml::from_str(file).expect("a table");
        let environment: HashMap<&str, &str> = environment.iter().copied().collect();
        config.bucket(folder.path(), |named| environment.get(named.name()).map(|value| (*value).to_owned())).map_err(all_of)
    }

    const FILE: &str = "endpoint = \"http://127.0.0.1:9000\"\nbucket = \"films\"\naccess_key_id = \"me\"\n\
                        secret_access_key_file = \"s3.key\"\nregion = \"here\"\nprefix = \"shorts\"";

    #[test]
    fn a_bucket_comes_out_of_the_file_the_environment_or_both() {
        let check = |file: &str, environment: &[(&str, &str)], expected: Option<(&str, &str, &str, bool)>| {
            let settings = bucket(file, environment).expect("good");
            let found = settings.as_ref().map(|settings| {
                let S3Settings { endpoint, region, bucket, path_style, .. } = settings;
                (endpoint.as_deref().unwrap_or_default(), region.as_str(), bucket.as_str(), *path_style)
            });
            assert_eq!(found, expected, "{file} {environment:?}");
        };
        let r2 = "https://0123abcd.r2.cloudflarestorage.com";
        check("", &[], None);
        check("", &[("R2_PUBLIC_URL", "https://media.example"), ("S3_REGION", "eu")], None);
        check("", &R2, Some((r2, "auto", "media", true)));
        check(FILE, &[], Some(("http://127.0.0.1:9000", "here", "films", true)));
        // The environment says where, so what the file says of that does not count.
        check(FILE, &R2, Some((r2, "here", "media", true)));
        let other = [("S3_ENDPOINT", "https://s3.example"), ("S3_BUCKET_NAME", "b-1"), ("S3_ACCESS_KEY_ID", "x")];
        check(FILE, &other, Some(("https://s3.example", "here", "b-1", true)));
        check(&format!("{FILE}\npath_style = false"), &[], Some(("http://127.0.0.1:9000", "here", "films", false)));
        let amazon = [R2[1], R2[2], R2[3], ("S3_REGION", "eu-central-1")];
        check("", &amazon, Some(("", "eu-central-1", "media", false)));
        let shown = format!("{:?}", bucket("", &R2).expect("good"));
        assert!(!shown.contains("planted-secret"), "{shown}");
    }

    #[test]
    fn what_is_missing_or_contradicts_is_said() {
        let check = |environment: &[(&str, &str)], says: &str| {
            let error = bucket("", environment).expect_err("refused").to_string();
            assert!(error.contains(says) && !error.contains("planted-secret"), "{error}\ndoes not say\n{says}");
        };
        check(&R2[..3], "its name (R2_BUCKET_NAME");
        check(&R2[..2], "its name (R2_BUCKET_NAME");
        check(&R2[..2], "and the access key's secret (R2_SECRET_ACCESS_KEY");
        check(&[R2[0], R2[1], R2[3], ("S3_BUCKET_NAME", "other")], "say different things");
        check(&[R2[0], R2[1], R2[3], ("S3_BUCKET_NAME", "other")], "the access key's secret");
        check(&[R2[0], R2[2], R2[3]], "the access key's id");
        check(&[R2[0], R2[1], R2[3]], "the access key's secret");
        check(&R2[1..], "where it is (R2_ACCOUNT_ID, S3_ENDPOINT");
        check(&[&R2[..], &[("S3_ENDPOINT", "https://s3.example")]].concat(), "both at R2");
        check(&[&R2[..], &[("S3_BUCKET_NAME", "other")]].concat(), "R2_BUCKET_NAME and S3_BUCKET_NAME say different things");
        check(&[&R2[1..], &[("R2_ACCOUNT_ID", "https://0123.r2.cloudflarestorage.com")]].concat(), "not an address");
        let error = grace("10m").expect_err("no unit of ours");
        assert!(error.contains("such as 7d or 12h"), "{error}");
        assert!(grace("0d").expect_err("too short").contains("1h or more"));
        assert_eq!(grace("36h"), Ok(Duration::hours(36)));
        let collecting = |file: &str, is_remote| {
            let config: ObjectsConfig = toml::from_str(file).expect("a table");
            config.collecting(is_remote).map(|config| (config.daily, config.grace.num_hours())).ok()
        };
        assert_eq!(collecting("", false), Some((true, 168)));
        assert_eq!(collecting("", true), Some((false, 168)), "the bucket may be somebody else's too");
        assert_eq!(collecting("gc = \"daily\"\ngrace = \"2d\"", true), Some((true, 48)));
        assert_eq!(collecting("gc = \"off\"", false), Some((false, 168)));
        assert_eq!(collecting("grace = \"never\"", false), None);
        let config = ObjectsConfig::default();
        let wrong =
            config.public_urls(|named| (named == R2_PUBLIC_URL).then(|| "media.example".to_owned())).expect_err("refused");
        assert!(wrong[0].to_string().contains("R2_PUBLIC_URL is \"media.example\""), "{wrong:?}");
    }
}
