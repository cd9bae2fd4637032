//! An S3 server in this process, which checks signatures.

use std::path::Path;

use assets::S3Settings;
use hyper::http::Extensions;
use hyper::server::conn::http1;
use hyper::{HeaderMap, Method, Uri};
use hyper_util::rt::TokioIo;
use s3s::auth::SimpleAuth;
use s3s::route::S3Route;
use s3s::service::S3ServiceBuilder;
use s3s::{Body, S3Request, S3Response, S3Result};
use secrecy::SecretString;
use tokio::net::TcpListener;

const KEY_ID: &str = "AKIAEXAMPLE";
const SECRET: &str = "a secret that only this test knows";
pub const BUCKET: &str = "media";

/// The server ends with its runtime, its files with this.
pub struct S3Server {
    pub endpoint: String,
    pub folder: tempfile::TempDir,
}

impl S3Server {
    /// With the bucket.
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(folder.path().join(BUCKET)).expect("a bucket is a folder");
        let endpoint = serve(folder.path(), None).await;
        Self { endpoint, folder }
    }

    /// The same, with a disk that breaks at that part of an upload.
    pub async fn breaking_at_part(number: u32) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(folder.path().join(BUCKET)).expect("a bucket is a folder");
        let endpoint = serve(folder.path(), Some(BrokenPart(format!("partNumber={number}&")))).await;
        Self { endpoint, folder }
    }

    pub fn settings(&self) -> S3Settings {
        settings(&self.endpoint)
    }

    /// The names of all objects, without what the server notes beside them.
    pub fn objects(&self) -> Vec<String> {
        let root = self.folder.path().join(BUCKET);
        let mut folders = vec![root.clone()];
        let mut names = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("readable") {
                let path = entry.expect("an entry").path();
                match path.is_dir() {
                    true => folders.push(path),
                    false => names.push(path.strip_prefix(&root).expect("inside").to_string_lossy().into_owned()),
                }
            }
        }
        names.sort();
        names
    }

    /// What unfinished uploads have left behind.
    pub fn unfinished(&self) -> usize {
        let files = std::fs::read_dir(self.folder.path()).expect("readable");
        files.filter(|file| file.as_ref().is_ok_and(|file| file.file_name().to_string_lossy().starts_with(".upload"))).count()
    }
}

pub fn settings(endpoint: &str) -> S3Settings {
    let settings = S3Settings::new("us-east-1", BUCKET, KEY_ID, SecretString::from(SECRET)).at(endpoint);
    S3Settings { retries: 0, ..settings }
}

/// Answers for the server where a request's query begins so.
struct BrokenPart(String);

#[async_trait::async_trait]
impl S3Route for BrokenPart {
    fn is_match(&self, _: &Method, uri: &Uri, _: &HeaderMap, _: &mut Extensions) -> bool {
        uri.query().is_some_and(|query| query.starts_with(&self.0))
    }

    async fn check_access(&self, _: &mut S3Request<Body>) -> S3Result<()> {
        Ok(())
    }

    async fn call(&self, _: S3Request<Body>) -> S3Result<S3Response<Body>> {
        Err(s3s::s3_error!(InternalError, "the disk is broken"))
    }
}

async fn serve(folder: &Path, broken: Option<BrokenPart>) -> String {
    let mut builder = S3ServiceBuilder::new(s3s_fs::FileSystem::new(folder).expect("a file system"));
    builder.set_auth(SimpleAuth::from_single(KEY_ID, SECRET));
    if let Some(broken) = broken {
        builder.set_route(broken);
    }
    let service = builder.build();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service.clone()));
        }
    });
    format!("http://{address}")
}
