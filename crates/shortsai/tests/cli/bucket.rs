//! A bucket: moto, an S3 server in Python that is independent of ours.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Moto's S3 server with a bucket; it asks nobody who they are.
pub struct Moto {
    process: Child,
    address: String,
}

impl Moto {
    pub fn start() -> Self {
        let workspace = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
        let target = std::env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| format!("{workspace}/target"));
        let program = Path::new(&target).join("python/bin/moto_server");
        let mut command = Command::new(&program);
        command.args(["-H", "127.0.0.1", "-p", "0"]).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut process = command.spawn().unwrap_or_else(|error| {
            panic!("{} can't be started ({error}); scripts/setup.sh --tests installs it", program.display())
        });
        let mut said = BufReader::new(process.stderr.take().expect("piped")).lines();
        let address = |line: String| line.split_once("Running on http://").map(|(_, address)| address.trim().to_owned());
        let address = said.find_map(|line| address(line.expect("readable"))).expect("it says where it listens");
        // Whoever is not listened to stops talking.
        std::thread::spawn(move || said.for_each(drop));
        let moto = Self { process, address };
        moto.ask("PUT", "/media");
        moto
    }

    /// What programs of ours are told about it.
    pub fn environment(&self) -> [(&'static str, String); 4] {
        [
            ("S3_ENDPOINT", format!("http://{}", self.address)),
            ("S3_BUCKET_NAME", "media".to_owned()),
            ("S3_ACCESS_KEY_ID", "any".to_owned()),
            ("S3_SECRET_ACCESS_KEY", "any".to_owned()),
        ]
    }

    /// Keys that begin like that.
    pub fn keys(&self, prefix: &str) -> Vec<String> {
        let listed = self.ask("GET", &format!("/media?list-type=2&prefix={prefix}"));
        let keys = listed.split("<Key>").skip(1).filter_map(|rest| rest.split_once("</Key>"));
        keys.map(|(key, _)| key.to_owned()).collect()
    }

    fn ask(&self, method: &str, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        let head = "authorization: AWS4-HMAC-SHA256 Credential=any/20261127/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=any";
        let to = &self.address;
        write!(stream, "{method} {path} HTTP/1.1\r\nhost: {to}\r\n{head}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            .expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        assert!(answer.split(' ').nth(1) == Some("200"), "{answer}");
        answer
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
