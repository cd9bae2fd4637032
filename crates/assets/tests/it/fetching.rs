//! Servers on this machine, reached because a test allows it; everything else must stay out of reach.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use assets::{AllowList, Assets, FetchSettings, Fetcher, Kind, Place, Posted, Resolver};
use futures::future::BoxFuture;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nrest";

/// Answers by the path of the request; `None` says nothing and keeps the line.
async fn serve(answer: impl Fn(&str) -> Option<Vec<u8>> + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        let mut silent = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 4096];
            let length = stream.read(&mut request).await.unwrap_or_default();
            let request = String::from_utf8_lossy(&request[..length]).into_owned();
            match answer(request.split(' ').nth(1).unwrap_or_default()) {
                // Whoever has got what they want hangs up.
                Some(answer) => drop(stream.write_all(&answer).await),
                None => silent.push(stream),
            }
        }
    });
    address
}

fn file(body: &[u8]) -> Option<Vec<u8>> {
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    Some([head.as_bytes(), body].concat())
}

fn status(line: &str) -> Option<Vec<u8>> {
    Some(format!("HTTP/1.1 {line}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").into_bytes())
}

/// Tells prepared answers one after the other, then nothing.
#[derive(Default)]
struct Prepared(Mutex<VecDeque<Vec<IpAddr>>>);

impl Prepared {
    fn of(answers: &[&[&str]]) -> Arc<Self> {
        let addresses = |answer: &&[&str]| answer.iter().map(|address| address.parse().expect("an address")).collect();
        Arc::new(Self(Mutex::new(answers.iter().map(addresses).collect())))
    }
}

impl Resolver for Prepared {
    fn resolve<'a>(&'a self, _: &'a str) -> BoxFuture<'a, std::io::Result<Vec<IpAddr>>> {
        Box::pin(async { Ok(self.0.lock().expect("no test panics with it").pop_front().unwrap_or_default()) })
    }
}

fn settings(allow: &[&str]) -> FetchSettings {
    let entries: Vec<String> = allow.iter().map(|entry| (*entry).to_owned()).collect();
    FetchSettings { allow: AllowList::parse(&entries).expect("good entries"), ..FetchSettings::default() }
}

async fn fetch(fetcher: &Fetcher, url: &str) -> Result<u64, String> {
    let assets = Assets::memory();
    let fetched = fetcher.fetch(&assets, Place::Uploads, url, &[Kind::Image]).await.map_err(|error| error.to_string())?;
    Ok(assets.head(&fetched.key).await.expect("it is stored").bytes)
}

#[tokio::test]
async fn files_are_fetched_and_trouble_is_named() {
    let address = serve(|path| match path {
        "/moon.png" => file(PNG),
        "/large.png" => file(&[PNG, &[0; 3000]].concat()),
        // Says nothing of its length.
        "/endless.png" => Some([b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".as_slice(), PNG, &[0; 3000]].concat()),
        "/half.png" => Some([b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\nConnection: close\r\n\r\n".as_slice(), PNG].concat()),
        "/page.png" => file(b"<html>no picture</html>"),
        "/song.png" => file(b"ID3\x04 a song"),
        "/empty.png" => file(b""),
        "/round" => status("302 Found\r\nLocation: /round"),
        "/twice" => status("302 Found\r\nLocation: /once"),
        "/once" => status("307 Temporary Redirect\r\nLocation: moon.png"),
        "/nowhere" => status("302 Found"),
        "/silent.png" => None,
        _ => status("404 Not Found"),
    })
    .await;
    let settings = FetchSettings { most: 2000, ..settings(&["127.0.0.1"]) };
    let fetcher = Fetcher::new(settings.clone());
    let check = async |path: &str, expected: Result<u64, &str>| {
        let found = fetch(&fetcher, &format!("http://{address}{path}")).await;
        match (&found, &expected) {
            (Err(error), Err(says)) => assert!(error.contains(says), "{path}: {error}\ndoes not say\n{says}"),
            _ => assert_eq!(found, expected.map_err(str::to_owned), "{path}"),
        }
    };
    check("/moon.png", Ok(PNG.len() as u64)).await;
    check("/twice", Ok(PNG.len() as u64)).await;
    check("/large.png", Err("more than 2000 bytes")).await;
    check("/endless.png", Err("more than 2000 bytes")).await;
    check("/half.png", Err("its answer broke off")).await;
    check("/page.png", Err("is not a picture, sound or video")).await;
    check("/song.png", Err("of type audio/mpeg")).await;
    check("/empty.png", Err("it is empty")).await;
    check("/round", Err("sent on more than 5 times")).await;
    check("/nowhere", Err("127.0.0.1 answers with status 302 and no file")).await;
    check("/missing.png", Err("127.0.0.1 answers with status 404 and no file")).await;
    let hasty = Fetcher::new(FetchSettings { within: Duration::from_millis(40), ..settings });
    assert_eq!(fetch(&hasty, &format!("http://{address}/silent.png")).await, Err("it did not arrive within 0.04 s".to_owned()));
}

#[tokio::test]
async fn only_the_internet_at_large_is_asked() {
    let address = serve(|_| file(PNG)).await;
    let public: &[&str] = &["93.184.216.34"];
    let check = async |url: &str, answer: &[&str], says: &str| {
        let fetcher = Fetcher::with_resolver(FetchSettings::default(), Prepared::of(&[answer]));
        let error = fetch(&fetcher, url).await.expect_err(url);
        assert!(error.contains(says), "{url}: {error}\ndoes not say\n{says}");
    };
    check(&format!("http://{address}/"), public, "private network").await;
    check("https://127.0.0.1/a.png", public, "private network").await;
    check("https://2130706433/a.png", public, "private network").await;
    check("https://0x7f.1/a.png", public, "private network").await;
    check("https://[::1]/a.png", public, "private network").await;
    check("https://[::ffff:10.0.0.1]/a.png", public, "private network").await;
    check("https://169.254.169.254/latest/meta-data", public, "private network").await;
    check("https://files.example/a.png", &["10.0.0.1"], "private network").await;
    check("https://files.example/a.png", &["93.184.216.34", "10.0.0.1"], "private network").await;
    check("https://files.example/a.png", &["fd00::1"], "private network").await;
    check("https://files.example/a.png", &[], "no machine of the name files.example").await;
    check("http://files.example/a.png", public, "without encryption").await;
    check("https://files.example:8443/a.png", public, "port 8443").await;
    check("https://files.example:22/a.png", public, "port 22").await;
    check("https://me:word@files.example/a.png", public, "name and password").await;
    check("https://me@files.example/a.png", public, "name and password").await;
    check("file:///etc/passwd", public, "no address that can be fetched").await;
    check("gopher://files.example/", public, "no address that can be fetched").await;
    check("https:///a.png", &["10.0.0.1"], "private network").await;
    check("moon.png", public, "no address that can be fetched").await;
    check(&format!("https://files.example/{}", "a".repeat(5000)), public, "no address that can be fetched").await;
}

#[tokio::test]
async fn a_redirect_into_a_forbidden_place_is_not_followed() {
    let inside = serve(|_| file(PNG)).await;
    for target in [
        format!("http://127.0.0.2:{}/secret.png", inside.port()),
        "http://169.254.169.254/latest/meta-data".to_owned(),
        "file:///etc/passwd".to_owned(),
        format!("http://me:word@{inside}/a.png"),
    ] {
        let location = target.clone();
        let outside = serve(move |_| status(&format!("302 Found\r\nLocation: {location}"))).await;
        let fetcher = Fetcher::new(settings(&["127.0.0.1"]));
        let error = fetch(&fetcher, &format!("http://{outside}/a.png")).await.expect_err(&target);
        let says = ["private network", "no address that can be fetched", "name and password"];
        assert!(says.iter().any(|says| error.contains(says)), "{target}: {error}");
    }
}

#[tokio::test]
async fn a_name_that_changes_its_mind_gains_nothing() {
    let address = serve(|path| if path == "/moon.png" { file(PNG) } else { status("302 Found\r\nLocation: /moon.png") }).await;
    let url = |path: &str| format!("http://rebinding.example:{}{path}", address.port());
    // One answer is asked for, and the connection goes there although nobody else knows that name.
    let names = Prepared::of(&[&["127.0.0.1"], &["127.0.0.2"]]);
    let fetcher = Fetcher::with_resolver(settings(&["127.0.0.1"]), names.clone());
    assert_eq!(fetch(&fetcher, &url("/moon.png")).await, Ok(PNG.len() as u64));
    assert_eq!(names.0.lock().expect("unharmed").len(), 1, "the second answer was not asked for");
    // The next hop asks again, and what it learns is checked again.
    let fetcher = Fetcher::with_resolver(settings(&["127.0.0.1"]), Prepared::of(&[&["127.0.0.1"], &["127.0.0.2"]]));
    let error = fetch(&fetcher, &url("/a.png")).await.expect_err("the second answer is forbidden");
    assert!(error.contains("private network"), "{error}");
}

async fn post(fetcher: &Fetcher, url: &str, within: Duration) -> Result<Posted, String> {
    let headers = [("webhook-id", "one".to_owned())];
    fetcher.post(url, &headers, "{}".to_owned(), within).await.map_err(|error| error.to_string())
}

#[tokio::test]
async fn messages_are_sent_and_only_the_status_counts() {
    let address = serve(|path| match path {
        "/taken" => file(b"thanks"),
        // What it has promised never comes.
        "/half" => Some(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n".to_vec()),
        "/busy" => status("503 Service Unavailable\r\nRetry-After: 120"),
        "/elsewhere" => status("302 Found\r\nLocation: /taken"),
        "/silent" => None,
        _ => status("404 Not Found"),
    })
    .await;
    let fetcher = Fetcher::new(settings(&["127.0.0.1"]));
    let patient = Duration::from_secs(20);
    let check = async |path: &str, expected, again: Option<&str>| {
        let posted = post(&fetcher, &format!("http://{address}{path}"), patient).await;
        assert_eq!(posted, Ok(Posted { status: expected, retry_after: again.map(str::to_owned) }), "{path}");
    };
    check("/taken", 200, None).await;
    check("/half", 204, None).await;
    check("/busy", 503, Some("120")).await;
    check("/elsewhere", 302, None).await;
    check("/nowhere", 404, None).await;
    let slow = post(&fetcher, &format!("http://{address}/silent"), Duration::from_millis(40)).await;
    assert_eq!(slow, Err("it did not arrive within 0.04 s".to_owned()));
    let strict = Fetcher::new(FetchSettings::default());
    let forbidden = post(&strict, &format!("http://{address}/taken"), patient).await;
    assert!(forbidden.expect_err("it is private").contains("private network"));
}

#[test]
fn addresses_are_checked_without_asking_anybody() {
    let check = |allow: &[&str], url: &str, says: Option<&str>| {
        let checked = Fetcher::with_resolver(settings(allow), Prepared::of(&[])).check_address(url);
        match (checked, says) {
            (Err(error), Some(says)) => assert!(error.to_string().contains(says), "{url}: {error}"),
            (checked, says) => assert_eq!(checked.err().map(|error| error.to_string()).as_deref(), says, "{url}"),
        }
    };
    check(&[], "https://hooks.example/in", None);
    check(&[], "https://1.1.1.1/in", None);
    check(&[], "https://10.0.0.1/in", Some("private network"));
    check(&[], "https://[::1]/in", Some("private network"));
    check(&[], "http://hooks.example/in", Some("without encryption"));
    check(&[], "https://hooks.example:8443/in", Some("port 8443"));
    check(&[], "https://me:word@hooks.example/in", Some("name and password"));
    check(&[], "ftp://hooks.example/in", Some("no address"));
    check(&[], "hooks.example", Some("no address"));
    // Whether that is the machine which is allowed is seen when something is sent.
    check(&["192.168.1.0/24"], "http://n8n.lan:5678/webhook/x", None);
    check(&["192.168.1.0/24"], "http://192.168.1.7:5678/webhook/x", None);
    check(&["192.168.1.0/24"], "http://192.168.2.7:5678/webhook/x", Some("private network"));
}
