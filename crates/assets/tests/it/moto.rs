//! Moto's S3 server, a process of its own, which checks signatures too.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use assets::S3Settings;
use reqwest::{Client, Response};
use secrecy::SecretString;

const BUCKET: &str = "media";
/// Until so many requests were made, it does not ask who makes them: user, key, policy, bucket.
const SETTING_UP: &str = "4";

/// The server ends with this.
pub struct Moto {
    process: Child,
    pub settings: S3Settings,
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Moto {
    /// With a bucket, and one user who may do everything with it.
    pub async fn start() -> Self {
        let program = program();
        let mut process = Command::new(&program)
            .args(["-H", "127.0.0.1", "-p", "0"])
            .env("INITIAL_NO_AUTH_ACTION_COUNT", SETTING_UP)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("{} can't be started ({error}); scripts/setup.sh --tests installs it", program.display())
            });
        let mut said = BufReader::new(process.stderr.take().expect("piped")).lines();
        let endpoint = said
            .by_ref()
            .find_map(|line| line.expect("readable").split_once("Running on ").map(|(_, address)| address.trim().to_owned()))
            .expect("it says where it listens");
        // Whoever is not listened to stops talking.
        std::thread::spawn(move || said.for_each(drop));
        let (id, secret) = set_up(&endpoint).await;
        let settings = S3Settings::new("us-east-1", BUCKET, &id, SecretString::from(secret)).at(&endpoint);
        Self { process, settings: S3Settings { retries: 0, ..settings } }
    }
}

impl Moto {
    /// It checks no signatures from now on: those of addresses it does not understand.
    pub async fn ask_nobody_any_more(&self) {
        let endpoint = self.settings.endpoint.as_deref().expect("it has one");
        text(Client::new().post(format!("{endpoint}/moto-api/reset-auth")).body("inf").send().await.expect("an answer")).await;
    }
}

fn program() -> PathBuf {
    let workspace = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from(workspace).join("target"), PathBuf::from);
    target.join("python/bin/moto_server")
}

async fn set_up(endpoint: &str) -> (String, String) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::new();
    // It sees from this whom a request is for.
    let scope = |service: &str| {
        format!("AWS4-HMAC-SHA256 Credential=any/20261127/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=any")
    };
    let ask = async |body: String| {
        let request = client.post(endpoint).header("authorization", scope("iam"));
        text(request.header("content-type", "application/x-www-form-urlencoded").body(body).send().await.expect("an answer"))
            .await
    };
    let version = "Version=2010-05-08&UserName=us";
    ask(format!("Action=CreateUser&{version}")).await;
    let key = ask(format!("Action=CreateAccessKey&{version}")).await;
    let policy = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22s3%3A%2A%22%2C\
                  %22Resource%22%3A%22%2A%22%7D%5D%7D";
    ask(format!("Action=PutUserPolicy&{version}&PolicyName=all&PolicyDocument={policy}")).await;
    let made = client.put(format!("{endpoint}/{BUCKET}")).header("authorization", scope("s3")).send().await.expect("an answer");
    text(made).await;
    (inside(&key, "AccessKeyId"), inside(&key, "SecretAccessKey"))
}

async fn text(response: Response) -> String {
    let (status, text) = (response.status(), response.text().await.expect("a body"));
    assert!(status.is_success(), "{status}: {text}");
    text
}

fn inside(xml: &str, tag: &str) -> String {
    let (_, rest) = xml.split_once(&format!("<{tag}>")).expect("the tag");
    rest.split_once('<').expect("its end").0.to_owned()
}
