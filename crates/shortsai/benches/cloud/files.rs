//! A video of 50 MB through the server, against nginx on the same machine.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use futures::StreamExt;
use reqwest::Client;
use serde_json::Value;

use crate::process::{Process, program};
use crate::{Figures, median};

const BYTES: usize = 50_000_000;
/// Downloads at a time, and how often that is done.
const AT_ONCE: usize = 4;
const ROUNDS: usize = 6;

pub async fn measure(figures: &mut Figures) -> anyhow::Result<()> {
    println!("a file of 50 MB, {AT_ONCE} at a time:");
    let folder = tempfile::tempdir()?;
    let server = Process::start(program(folder.path()).args(["serve", "--listen", "127.0.0.1:0"]))?;
    let client = Client::new();
    let video = video();
    let sent = client.post(format!("{}/api/assets", server.url)).body(video.clone()).send().await?;
    let stored: Value = sent.error_for_status().context("the video is refused")?.json().await?;
    let ours = format!("{}{}", server.url, stored["url"].as_str().context("no address")?);
    let Some(nginx) = Nginx::start(folder.path(), &video)? else {
        println!("  nginx is not installed (scripts/setup.sh --bench), so there is nothing to compare with");
        return Ok(());
    };
    let mut ratios = Vec::new();
    fetch(&client, &ours).await?;
    fetch(&client, &nginx.url).await?;
    let before = server.peak_mb()?;
    for _ in 0..ROUNDS {
        let (own, plain) = (fetch(&client, &ours).await?, fetch(&client, &nginx.url).await?);
        println!("    {own:.0} MB/s, nginx {plain:.0} MB/s");
        ratios.push(own / plain);
    }
    figures.note("proxy_vs_static", median(ratios));
    figures.note("proxy_peak_mb", server.peak_mb()?);
    figures.note("proxy_growth_mb", server.peak_mb()? - before);
    Ok(())
}

/// An MP4 as far as its head goes.
fn video() -> Vec<u8> {
    let mut video = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2".to_vec();
    let rest = BYTES - video.len();
    video.extend(u32::try_from(rest).expect("it fits").to_be_bytes());
    video.extend(b"mdat");
    video.extend((0..rest - 8).map(|index| (index * 31 % 251) as u8));
    video
}

/// Megabytes a second.
async fn fetch(client: &Client, url: &str) -> anyhow::Result<f64> {
    let begun = Instant::now();
    let one = || async {
        let mut parts = client.get(url).send().await?.error_for_status()?.bytes_stream();
        let mut bytes = 0;
        while let Some(part) = parts.next().await {
            bytes += part?.len();
        }
        ensure!(bytes == BYTES, "{bytes} bytes came");
        anyhow::Ok(())
    };
    futures::future::try_join_all((0..AT_ONCE).map(|_| one())).await?;
    Ok((BYTES * AT_ONCE) as f64 / 1e6 / begun.elapsed().as_secs_f64())
}

struct Nginx {
    child: Child,
    url: String,
}

impl Nginx {
    fn start(folder: &Path, video: &[u8]) -> anyhow::Result<Option<Self>> {
        let root = folder.join("static");
        std::fs::create_dir_all(root.join("tmp"))?;
        std::fs::write(root.join("video.mp4"), video)?;
        open_to_all(folder)?;
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let at = root.display();
        let temporary =
            ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|name| format!("{name}_temp_path {at}/tmp/{name};"));
        let config = format!(
            "daemon off; pid {at}/pid; error_log {at}/error.log; worker_processes 2; events {{}}\n\
             http {{ access_log off; sendfile on; {} server {{ listen 127.0.0.1:{port}; root {at}; }} }}",
            temporary.join(" ")
        );
        let file = root.join("nginx.conf");
        std::fs::write(&file, config)?;
        let program = ["/usr/sbin/nginx", "nginx"].into_iter().find_map(|program| {
            Command::new(program).arg("-c").arg(&file).arg("-e").arg(root.join("error.log")).stderr(Stdio::null()).spawn().ok()
        });
        let Some(child) = program else { return Ok(None) };
        let begun = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            ensure!(begun.elapsed() < Duration::from_secs(10), "nginx does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(Some(Self { child, url: format!("http://127.0.0.1:{port}/video.mp4") }))
    }
}

/// nginx's workers are another user when it is started by root.
fn open_to_all(folder: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755))?;
    Ok(())
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // SAFETY: the child has not been waited for, so its id is still its own. It takes its own workers with it.
        unsafe { libc::kill(i32::try_from(self.child.id()).expect("process ids fit"), libc::SIGTERM) };
        let _ = self.child.wait();
    }
}
