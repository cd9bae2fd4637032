//! A small HTTP/1.1 client that costs little beside the server: one buffer for each connection, and no more understanding
//! of answers than their status, their length and their tag.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A connection that is kept open.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// An answer.
pub struct Answer {
    pub status: u16,
    pub tag: String,
    pub body: Vec<u8>,
}

impl Connection {
    pub async fn open(address: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(32 << 10) })
    }

    /// `headers` are whole lines.
    pub async fn get(&mut self, path: &str, headers: &str) -> anyhow::Result<Answer> {
        self.send(format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n").as_bytes()).await
    }

    pub async fn post(&mut self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let body = body.to_string();
        let head = format!("POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n", body.len());
        let answer = self.send((head + &body).as_bytes()).await?;
        ensure!(answer.status < 300, "{path}: {}", String::from_utf8_lossy(&answer.body));
        Ok(serde_json::from_slice(&answer.body)?)
    }

    async fn send(&mut self, request: &[u8]) -> anyhow::Result<Answer> {
        let (status, head, length) = self.exchange(request).await?;
        let text = String::from_utf8_lossy(&self.buffer[..head]).to_ascii_lowercase();
        let tag = text.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap_or_default().to_owned();
        Ok(Answer { status, tag, body: self.buffer[head..head + length].to_vec() })
    }

    /// Sends, and reads the whole answer into the buffer; gives its status and the lengths of its head and its body.
    async fn exchange(&mut self, request: &[u8]) -> anyhow::Result<(u16, usize, usize)> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let (mut head, mut length) = (0, 0);
        while head == 0 || self.buffer.len() < head + length {
            ensure!(self.stream.read_buf(&mut self.buffer).await? > 0, "the server has closed the connection");
            if head == 0 {
                head = self.buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n").map_or(0, |place| place + 4);
                length = content_length(&self.buffer[..head]);
            }
        }
        let status = std::str::from_utf8(&self.buffer[9..12])?.parse()?;
        Ok((status, head, length))
    }
}

fn content_length(head: &[u8]) -> usize {
    const NAME: &[u8] = b"content-length: ";
    let Some(place) = head.windows(NAME.len()).position(|bytes| bytes == NAME) else { return 0 };
    let digits = head[place + NAME.len()..].iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(0, |length, digit| length * 10 + usize::from(digit - b'0'))
}

/// The same requests again and again over several connections.
pub struct Load<'a> {
    pub address: &'a str,
    /// Asked for in turn; each connection begins at another one.
    pub paths: &'a [String],
    /// Whole lines.
    pub header: String,
    pub expected: u16,
    pub connections: usize,
}

/// What a load has shown.
pub struct Shown {
    pub per_second: f64,
    pub p99_ms: f64,
}

impl Load<'_> {
    pub async fn run(&self, lasts: Duration) -> anyhow::Result<Shown> {
        let request = |path: &String| format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{}\r\n", self.header).into_bytes();
        let requests: Arc<Vec<Vec<u8>>> = Arc::new(self.paths.iter().map(request).collect());
        let mut connections = Vec::new();
        for _ in 0..self.connections {
            connections.push(Connection::open(self.address).await?);
        }
        let (begun, expected) = (Instant::now(), self.expected);
        let tasks = connections.into_iter().enumerate().map(|(number, mut connection)| {
            let requests = requests.clone();
            let first = number * requests.len() / self.connections;
            tokio::spawn(async move {
                let mut waits = Vec::new();
                let mut turn = requests.iter().cycle().skip(first);
                while let Some(request) = turn.next().filter(|_| begun.elapsed() < lasts) {
                    let asked = Instant::now();
                    let (status, ..) = connection.exchange(request).await?;
                    ensure!(status == expected, "the status {status}");
                    waits.push(asked.elapsed().as_secs_f64() * 1e3);
                }
                Ok::<_, anyhow::Error>(waits)
            })
        });
        let tasks: Vec<_> = tasks.collect();
        let mut waits = Vec::new();
        for task in tasks {
            waits.extend(task.await??);
        }
        let per_second = waits.len() as f64 / begun.elapsed().as_secs_f64();
        waits.sort_by(f64::total_cmp);
        let p99_ms = waits[waits.len() * 99 / 100];
        Ok(Shown { per_second, p99_ms })
    }
}

/// Many equal projects; answers their ids.
pub async fn create_projects(address: &str, body: &Value, count: usize, connections: usize) -> anyhow::Result<Vec<String>> {
    let tasks = (0..connections).map(|_| {
        let (address, body) = (address.to_owned(), body.clone());
        tokio::spawn(async move {
            let mut connection = Connection::open(&address).await?;
            let mut ids = Vec::new();
            for _ in 0..count / connections {
                let project = connection.post("/api/projects", &body).await?;
                ids.push(project["id"].as_str().context("a project without an id")?.to_owned());
            }
            Ok::<_, anyhow::Error>(ids)
        })
    });
    let tasks: Vec<_> = tasks.collect();
    let mut ids = Vec::new();
    for task in tasks {
        ids.extend(task.await??);
    }
    Ok(ids)
}

/// Streams that have got their first message.
pub async fn open_streams(address: &str, project: &str, count: usize) -> anyhow::Result<Vec<TcpStream>> {
    let request = format!("GET /api/events/{project} HTTP/1.1\r\nhost: localhost\r\n\r\n");
    let mut streams = Vec::with_capacity(count);
    for _ in 0..count {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut seen = Vec::new();
        while !seen.ends_with(b"\n\n\r\n") {
            if stream.read_buf(&mut seen).await? == 0 {
                bail!("a stream ended: {}", String::from_utf8_lossy(&seen));
            }
        }
        streams.push(stream);
    }
    Ok(streams)
}
