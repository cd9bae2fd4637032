//! The server as a team would start it: with sign-in, a web app, and vendors that are simulated.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use providers::simulator::{Options, Simulator};
use serde_json::{Value, json};

use super::account;
use super::tab::Tab;
use crate::desk::{Desk, wait_for};
use crate::google::{CLIENT, CLIENT_SECRET, Google};

/// The server's own key of a vendor.
const SYSTEM_KEY: &str = "AIza-of-the-server-0001";
/// The simulator would play any vendor; whom the Studio's users have a key of is asked.
const CHOICE: &str =
    "[choice]\nscript = [\"gemini\"]\nimage = [\"gemini\"]\nspeech = [\"gemini\"]\nclip = [\"gemini\"]\nmusic = [\"gemini\"]\n";
/// The page that the browser test opens.
const PAGE: &str = include_str!("page.html");
const SCRIPT: &str = include_str!("page.js");

pub struct Studio {
    pub google: Google,
    pub vendors: Simulator,
    pub desk: Desk,
    pub home: String,
    child: Child,
}

pub fn person(name: &str) -> Value {
    json!({ "sub": format!("google-{name}"), "email": format!("{name}@shorts.example"), "email_verified": true, "name": name })
}

impl Studio {
    pub async fn start() -> Self {
        let vendors = Simulator::start(([127, 0, 0, 1], 0).into(), Options::default()).expect("a free port");
        let (desk, google) = (Desk::new(), Google::start().await);
        std::fs::create_dir(desk.path("dist")).expect("an empty desk");
        desk.write("dist/index.html", PAGE);
        desk.write("dist/page.js", SCRIPT);
        std::fs::create_dir(desk.data()).expect("an empty desk");
        std::fs::write(desk.data().join("shortsai.toml"), CHOICE).expect("written");
        let (child, home) = serve(&desk, &google, &vendors, None);
        Self { google, vendors, desk, home, child }
    }

    /// Kills the server, as a power cut would.
    pub fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it has ended");
    }

    /// Starts it again, where it was.
    pub fn start_again(&mut self) {
        let port = self.home.rsplit(':').next().and_then(|port| port.parse().ok());
        (self.child, _) = serve(&self.desk, &self.google, &self.vendors, port);
    }

    pub fn tab(&self) -> Tab {
        Tab::open(&self.home)
    }

    pub async fn signed_in(&self, name: &str) -> Tab {
        let tab = self.tab();
        account::sign_in(&self.google, &tab, name).await;
        tab
    }

    /// How many calls for that ability the vendors have had.
    pub fn calls(&self, ability: &str) -> usize {
        self.vendors.calls().iter().filter(|call| call.ability == ability).count()
    }
}

impl Drop for Studio {
    fn drop(&mut self) {
        // It may have ended by itself, which the test has noticed by then.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The address is part of the configuration, so the port must be known before: another program may be quicker to take it, and
/// then another one is tried.
fn serve(desk: &Desk, google: &Google, vendors: &Simulator, port: Option<u16>) -> (Child, String) {
    wait_for("a server", || {
        let free = || std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = port.unwrap_or_else(|| free().expect("a free port").port());
        // Not the provider's own name, so that its answers come from another site, as Google's do.
        let home = format!("http://localhost:{port}");
        let mut command = desk.command(&["serve", "--listen", &format!("127.0.0.1:{port}"), "--web-root", "dist"]);
        command
            .env("GOOGLE_CLIENT_ID", CLIENT)
            .env("GOOGLE_CLIENT_SECRET", CLIENT_SECRET)
            .env("GOOGLE_ISSUER", google.issuer())
            .env("AUTH_URL", &home)
            .env("AUTH_SECRET", "a secret of these tests only")
            .env("SHORTSAI_VENDOR_BASE", vendors.base())
            .env("GEMINI_API_KEY", SYSTEM_KEY);
        let log = std::fs::File::options().create(true).append(true).open(desk.path("server.log")).expect("a log");
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().expect("the program starts");
        let mut line = String::new();
        let mut said = BufReader::new(child.stdout.take().expect("it is piped"));
        said.read_line(&mut line).expect("it says where it listens, or nothing");
        if !line.trim_end().ends_with(&format!("http://127.0.0.1:{port}")) {
            child.wait().expect("it has ended");
            return None;
        }
        // Somebody has to read on, or the server would block once the pipe is full.
        std::thread::spawn(move || said.lines().for_each(drop));
        Some((child, home))
    })
}
