//! Ten users order twenty renders each at once; eight workers make them, and every other moment one of them is killed.

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use reqwest::Client;
use sea_orm::{ConnectionTrait, Database};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::process::{Process, program};
use crate::s3_server::{BUCKET, S3Server};
use crate::{Figures, media};

const USERS: usize = 10;
const RENDERS: usize = 20;
const WORKERS: usize = 8;
/// Between two kills.
const KILL: Duration = Duration::from_millis(1500);
/// Far more than it takes.
const PATIENCE: Duration = Duration::from_secs(1800);

/// One order.
struct Order {
    user: usize,
    id: String,
    /// The video, once it is there.
    done: Option<String>,
}

/// What all processes are told.
struct Setting {
    folder: PathBuf,
    environment: Vec<(&'static str, String)>,
}

pub async fn measure(figures: &mut Figures) -> anyhow::Result<()> {
    let Ok(postgres) = std::env::var("SHORTSAI_TEST_POSTGRES_URL") else {
        println!("SHORTSAI_TEST_POSTGRES_URL names no server: the crowd is left out");
        return Ok(());
    };
    println!("{} renders of 3 scenes at 270x480, {WORKERS} workers, one killed every {KILL:?}:", USERS * RENDERS);
    let s3 = S3Server::start().await;
    let folder = tempfile::tempdir()?;
    let ports: Vec<u16> = (0..WORKERS).map(|_| free_port()).collect::<Result<_, _>>()?;
    let setting = setting(folder.path(), &postgres, &s3, &ports).await?;
    let mut workers = BTreeMap::new();
    for (index, port) in ports.iter().enumerate() {
        workers.insert(index, setting.worker(index, *port)?);
    }
    let server = Process::start(setting.program("server").args(["serve", "--listen", "127.0.0.1:0"]))?;
    let client = Client::new();
    let tokens: Vec<String> = (0..USERS).map(|user| setting.token(user)).collect::<Result<_, _>>()?;
    let ask = Ask { client, url: server.url.clone(), tokens };
    let mut orders = order(&ask).await?;

    let begun = Instant::now();
    let (mut killed, mut last_kill, mut half) = (0, Instant::now(), None);
    while orders.iter().any(|order| order.done.is_none()) {
        ensure!(begun.elapsed() < PATIENCE, "{} renders never ended", orders.iter().filter(|order| order.done.is_none()).count());
        if last_kill.elapsed() >= KILL {
            // Any order would do; this one is the same in every run.
            let victim = killed * 5 % WORKERS;
            drop(workers.remove(&victim));
            workers.insert(victim, setting.worker(victim, ports[victim])?);
            (killed, last_kill) = (killed + 1, Instant::now());
        }
        for order in orders.iter_mut().filter(|order| order.done.is_none()) {
            order.done = ask.video_of(order).await?;
        }
        let done = orders.iter().filter(|order| order.done.is_some()).count();
        if half.is_none() && done * 2 >= orders.len() {
            half = Some(done_by_user(&orders));
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let seconds = begun.elapsed().as_secs_f64();
    figures.note("crowd_seconds", seconds);
    figures.note("crowd_renders_per_minute", orders.len() as f64 / seconds * 60.0);
    figures.note("crowd_kills", killed as f64);
    let half = half.unwrap_or_default();
    figures.note("crowd_fewest_of_a_user_at_half", half.values().copied().min().unwrap_or_default() as f64);
    figures.note("crowd_most_of_a_user_at_half", half.values().copied().max().unwrap_or_default() as f64);
    check(figures, &s3, &orders);
    Ok(())
}

/// What must be true at the end.
fn check(figures: &mut Figures, s3: &S3Server, orders: &[Order]) {
    let named: BTreeSet<&str> = orders.iter().filter_map(|order| order.done.as_deref()).collect();
    let there: Vec<String> =
        s3.objects().into_iter().filter(|key| key.starts_with("renders/") && key.ends_with(".mp4")).collect();
    let orphans = there.iter().filter(|key| !named.contains(key.as_str())).count();
    figures.note("crowd_videos", named.len() as f64);
    figures.note("crowd_orphan_videos", orphans as f64);
    figures.note("crowd_unfinished_uploads", s3.unfinished() as f64);
}

fn done_by_user(orders: &[Order]) -> BTreeMap<usize, usize> {
    let mut done: BTreeMap<usize, usize> = (0..USERS).map(|user| (user, 0)).collect();
    for order in orders.iter().filter(|order| order.done.is_some()) {
        *done.entry(order.user).or_default() += 1;
    }
    done
}

async fn setting(folder: &Path, postgres: &str, s3: &S3Server, ports: &[u16]) -> anyhow::Result<Setting> {
    let name = format!("crowd_{}", std::process::id());
    Database::connect(postgres).await?.execute_unprepared(&format!("CREATE DATABASE {name}")).await?;
    let (front, _) = postgres.rsplit_once('/').context("an address of a database")?;
    let bucket = s3.settings();
    let workers: Vec<String> = ports.iter().map(|port| format!("http://127.0.0.1:{port}")).collect();
    let environment = vec![
        ("DATABASE_URL", format!("{front}/{name}")),
        ("S3_ENDPOINT", s3.endpoint.clone()),
        ("S3_REGION", "us-east-1".to_owned()),
        ("S3_BUCKET_NAME", BUCKET.to_owned()),
        ("S3_ACCESS_KEY_ID", bucket.access_key_id.clone()),
        ("S3_SECRET_ACCESS_KEY", bucket.secret_access_key.expose_secret().to_owned()),
        ("WORKER_URL", workers.join(",")),
        ("GOOGLE_CLIENT_ID", "nobody signs in here".to_owned()),
        ("GOOGLE_CLIENT_SECRET", "nobody signs in here".to_owned()),
        ("AUTH_URL", "http://localhost".to_owned()),
        ("AUTH_SECRET", "a secret of nobody but this benchmark".to_owned()),
    ];
    Ok(Setting { folder: folder.to_owned(), environment })
}

impl Setting {
    fn program(&self, name: &str) -> Command {
        let mut command = program(&self.folder.join(name));
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    fn worker(&self, index: usize, port: u16) -> anyhow::Result<Process> {
        let listen = format!("127.0.0.1:{port}");
        let arguments = ["worker", "--listen", &listen, "--jobs", "1", "--processors", "1", "--waiting", "1"];
        Process::start(self.program(&format!("worker{index}")).args(arguments))
    }

    /// Makes a user, and a token of theirs.
    fn token(&self, user: usize) -> anyhow::Result<String> {
        let address = format!("user{user}@example.org");
        for arguments in [&["user", "create", &address][..], &["user", "token", &address, "--scope", "write"]] {
            let output = self.program("server").args(arguments).output()?;
            ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            if arguments[1] == "token" {
                return Ok(String::from_utf8(output.stdout)?.trim().to_owned());
            }
        }
        anyhow::bail!("no token")
    }
}

/// Who asks the server.
struct Ask {
    client: Client,
    url: String,
    tokens: Vec<String>,
}

impl Ask {
    async fn post(&self, user: usize, path: &str, body: impl Into<reqwest::Body>) -> anyhow::Result<Value> {
        let request = self.client.post(format!("{}{path}", self.url)).bearer_auth(&self.tokens[user]).body(body);
        let answer = request.header("content-type", "application/json").send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        ensure!(status.is_success(), "{path}: {status} {text}");
        Ok(serde_json::from_str(&text)?)
    }

    /// The key of the video, once it is there; an error if it failed.
    async fn video_of(&self, order: &Order) -> anyhow::Result<Option<String>> {
        let request = self.client.get(format!("{}/api/render/{}", self.url, order.id)).bearer_auth(&self.tokens[order.user]);
        let answer = request.send().await?;
        if answer.status().as_u16() == 429 {
            return Ok(None);
        }
        let state: Value = answer.error_for_status()?.json().await?;
        ensure!(state["status"] != "failed", "a render failed: {state}");
        let url = state["resultUrl"].as_str().filter(|_| state["status"] == "completed");
        Ok(url.and_then(|url| url.split_once("renders/")).map(|(_, name)| format!("renders/{name}")))
    }
}

/// All orders of all users at once.
async fn order(ask: &Ask) -> anyhow::Result<Vec<Order>> {
    let mut bodies = Vec::new();
    for user in 0..USERS {
        let seed = u32::try_from(user)?;
        let picture = ask.post(user, "/api/assets", media::picture(300, 520, seed)?).await?["url"].clone();
        let sound = ask.post(user, "/api/assets", media::sound(1.2, seed)?).await?["url"].clone();
        for number in 0..RENDERS {
            let project = ask.post(user, "/api/projects", json!({ "topic": format!("{user}/{number}") }).to_string()).await?;
            let scene = |duration: f64| json!({ "imageUrl": picture, "duration": duration });
            let length = 1.0 + number as f64 / 20.0;
            let scenes = json!([{ "imageUrl": picture, "audioUrl": sound }, scene(length), scene(2.5 - length / 2.0)]);
            let size = json!({ "width": 270, "height": 480 });
            bodies.push((user, json!({ "projectId": project["id"], "scenes": scenes, "size": size }).to_string()));
        }
    }
    let begun = Instant::now();
    let sent = bodies.into_iter().map(async |(user, body)| {
        let render = ask.post(user, "/api/render", body).await?;
        anyhow::Ok(Order { user, id: render["jobId"].as_str().context("no id")?.to_owned(), done: None })
    });
    let orders: Vec<Order> = futures::future::try_join_all(sent).await?;
    println!("    all ordered within {:.1} s", begun.elapsed().as_secs_f64());
    Ok(orders)
}

fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
