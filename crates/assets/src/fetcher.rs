//! The only fetcher of addresses that users give, and the only one who sends messages there. It goes to the internet at large and nowhere else, unless a machine is
//! allowed by name or network.
//!
//! Each address is taken apart and looked up here, every answer is checked, and the connection goes to what was checked: a
//! name that answers differently the second time gains nothing. The same again for every redirect.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures::TryStreamExt;
use futures::future::BoxFuture;
use reqwest::header::{LOCATION, RETRY_AFTER};
use reqwest::{Client, Response, Url, redirect};
use tokio_util::io::StreamReader;

use crate::address::{AllowList, is_public_address};
use crate::{AssetError, Assets, Kind, Place, Stored, Taking};

/// A file may point elsewhere so many times.
const HOPS: usize = 5;
/// Longer addresses are nobody's.
const LONGEST: usize = 4096;
const CONNECT: Duration = Duration::from_secs(10);

/// The most bytes that are read of the answer to a message, and for how long.
const MOST_OF_AN_ANSWER: usize = 64 << 10;
const REST: Duration = Duration::from_secs(1);

/// The answer to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// Its status code.
    pub status: u16,
    /// When to come again, as it was said: seconds, or a date.
    pub retry_after: Option<String>,
}

/// What may be fetched.
#[derive(Debug, Clone)]
pub struct FetchSettings {
    /// Machines besides those of the internet at large. They may be asked at any port, and without TLS.
    pub allow: AllowList,
    /// Whether the internet at large may be asked without TLS.
    pub http: bool,
    /// The most bytes of one file.
    pub most: u64,
    /// How long one file may take.
    pub within: Duration,
}

impl Default for FetchSettings {
    fn default() -> Self {
        Self { allow: AllowList::default(), http: false, most: 256 << 20, within: Duration::from_secs(60) }
    }
}

/// Looks names up.
pub trait Resolver: Send + Sync {
    /// All addresses of the name.
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, std::io::Result<Vec<IpAddr>>>;
}

/// As the system does.
struct SystemResolver;

impl Resolver for SystemResolver {
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, std::io::Result<Vec<IpAddr>>> {
        Box::pin(async move { Ok(tokio::net::lookup_host((host, 0)).await?.map(|address| address.ip()).collect()) })
    }
}

/// Fetches. Cheap to clone.
#[derive(Clone)]
pub struct Fetcher {
    settings: Arc<FetchSettings>,
    resolver: Arc<dyn Resolver>,
}

impl std::fmt::Debug for Fetcher {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Fetcher")
    }
}

/// Why something was not fetched; the sentences are for whoever has given the address.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// It is no address of a file.
    #[error("it is no address that can be fetched; give one such as https://example.com/moon.jpg")]
    NoUrl,
    /// Without TLS.
    #[error("it would be fetched without encryption; give an https address")]
    Plain,
    /// Another port than usual.
    #[error("it names port {0}, and only the usual ones are fetched from")]
    Port(u16),
    /// A name and password in the address.
    #[error("it holds a name and password, which are not sent; give an address that needs none")]
    Credentials,
    /// It leads into a network that is not the internet at large.
    #[error("it leads into a private network, where nothing is fetched; whoever runs this server can allow it (fetch.allow)")]
    Private,
    /// There is no such machine.
    #[error("there is no machine of the name {0}")]
    NoMachine(String),
    /// The machine does not answer.
    #[error("{0} can't be reached, or its answer broke off")]
    Unreachable(String),
    /// It answers, but not with the file.
    #[error("{host} answers with status {status} and no file")]
    Status {
        /// Who answers.
        host: String,
        /// How.
        status: u16,
    },
    /// It always points elsewhere.
    #[error("it was sent on more than {HOPS} times")]
    Hops,
    /// It takes too long.
    #[error("it did not arrive within {} s", .0.as_secs_f64())]
    Slow(Duration),
    /// What came can't be used or stored.
    #[error(transparent)]
    Asset(#[from] AssetError),
}

/// Whether a text is an address that would have to be fetched.
pub fn is_address(text: &str) -> bool {
    let scheme = text.trim_start().split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https"))
}

impl Fetcher {
    /// With the system's own names.
    pub fn new(settings: FetchSettings) -> Self {
        Self::with_resolver(settings, Arc::new(SystemResolver))
    }

    /// With somebody else to look names up.
    pub fn with_resolver(settings: FetchSettings, resolver: Arc<dyn Resolver>) -> Self {
        // An error says that the process has one already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self { settings: Arc::new(settings), resolver }
    }

    /// Fetches a file of one of those kinds and stores it.
    pub async fn fetch(&self, assets: &Assets, place: Place, url: &str, kinds: &[Kind]) -> Result<Stored, FetchError> {
        let within = self.settings.within;
        let fetched = tokio::time::timeout(within, self.fetch_all(assets, place, url, kinds)).await;
        fetched.map_err(|_| FetchError::Slow(within))?
    }

    async fn fetch_all(&self, assets: &Assets, place: Place, url: &str, kinds: &[Kind]) -> Result<Stored, FetchError> {
        let response = self.follow(url).await?;
        let host = host_of(response.url());
        let most = self.settings.most;
        if response.content_length().is_some_and(|length| length > most) {
            return Err(AssetError::TooLarge(most).into());
        }
        let body = response.bytes_stream().map_err(std::io::Error::other);
        let stored = assets.put_stream(place, &mut StreamReader::new(body), Taking { most, kinds }).await;
        stored.map_err(|error| match error {
            AssetError::Reading(_) => FetchError::Unreachable(host),
            error => FetchError::Asset(error),
        })
    }

    /// The answer with the file, after all redirects.
    async fn follow(&self, url: &str) -> Result<Response, FetchError> {
        let mut url = parse(url)?;
        for _ in 0..=HOPS {
            let response = self.ask(&url).await?;
            let status = response.status();
            if status.is_success() {
                return Ok(response);
            }
            let location = response.headers().get(LOCATION).filter(|_| status.is_redirection());
            let location = location.and_then(|location| location.to_str().ok());
            let Some(location) = location else {
                return Err(FetchError::Status { host: host_of(&url), status: status.as_u16() });
            };
            url = url.join(location).map_err(|_| FetchError::NoUrl)?;
        }
        Err(FetchError::Hops)
    }

    async fn ask(&self, url: &Url) -> Result<Response, FetchError> {
        let host = host_of(url);
        self.client(url).await?.get(url.clone()).send().await.map_err(|_| FetchError::Unreachable(host))
    }

    /// Sends a message to an address under the same rules. No redirect is followed. The answer's status may take no longer than
    /// `within`; of its body no more is read than 64 KiB, for no longer than a second, and nobody looks at it.
    pub async fn post(
        &self,
        url: &str,
        headers: &[(&'static str, String)],
        body: String,
        within: Duration,
    ) -> Result<Posted, FetchError> {
        let sent = tokio::time::timeout(within, self.send(url, headers, body)).await;
        let mut response = sent.map_err(|_| FetchError::Slow(within))??;
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let posted = Posted { status: response.status().as_u16(), retry_after };
        // A receiver that has its answer taken ends in peace. What is wrong with it does not matter: its status counts.
        let rest = async {
            let mut read = 0;
            while read < MOST_OF_AN_ANSWER
                && let Ok(Some(part)) = response.chunk().await
            {
                read += part.len();
            }
        };
        let _ = tokio::time::timeout(REST, rest).await;
        Ok(posted)
    }

    async fn send(&self, url: &str, headers: &[(&'static str, String)], body: String) -> Result<Response, FetchError> {
        let url = parse(url)?;
        let mut request = self.client(&url).await?.post(url.clone()).body(body);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        request.send().await.map_err(|_| FetchError::Unreachable(host_of(&url)))
    }

    /// Says what can be said of an address without looking its name up: whether anything could ever be sent there.
    pub fn check_address(&self, url: &str) -> Result<(), FetchError> {
        let url = parse(url)?;
        let (host, plain) = parts(&url)?;
        match literal(host) {
            Some(address) => self.check_all(&url, (host, plain), &[address]),
            // Whether the name leads to a machine that is allowed is seen when something is sent.
            None if !self.settings.allow.is_empty() => Ok(()),
            None => self.check_public(&url, plain),
        }
    }

    /// Whoever connects to what the address leads to now, all of it checked.
    async fn client(&self, url: &Url) -> Result<Client, FetchError> {
        let addresses = self.check(url).await?;
        let host = host_of(url);
        let unreachable = |_| FetchError::Unreachable(host.clone());
        // A client for each: what it knows of names is this one answer. A proxy would look the name up again.
        Client::builder()
            .no_proxy()
            .no_gzip()
            .referer(false)
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT)
            .user_agent(concat!("shortsai/", env!("CARGO_PKG_VERSION")))
            .resolve_to_addrs(&host, &addresses)
            .build()
            .map_err(unreachable)
    }

    /// The addresses to connect to, all of them checked.
    async fn check(&self, url: &Url) -> Result<Vec<SocketAddr>, FetchError> {
        let (host, plain) = parts(url)?;
        let addresses = match literal(host) {
            Some(address) => vec![address],
            None => self.resolver.resolve(host).await.unwrap_or_default(),
        };
        if addresses.is_empty() {
            return Err(FetchError::NoMachine(host.to_owned()));
        }
        self.check_all(url, (host, plain), &addresses)?;
        let port = url.port_or_known_default().ok_or(FetchError::NoUrl)?;
        Ok(addresses.into_iter().map(|address| SocketAddr::new(address, port)).collect())
    }

    fn check_all(&self, url: &Url, (host, plain): (&str, bool), addresses: &[IpAddr]) -> Result<(), FetchError> {
        let allow = &self.settings.allow;
        if !addresses.iter().all(|address| allow.allows(host, *address)) {
            // One bad answer among good ones is a trick, too.
            if !addresses.iter().all(|address| is_public_address(*address) || allow.allows(host, *address)) {
                return Err(FetchError::Private);
            }
            self.check_public(url, plain)?;
        }
        Ok(())
    }

    /// How the internet at large may be asked.
    fn check_public(&self, url: &Url, plain: bool) -> Result<(), FetchError> {
        if plain && !self.settings.http {
            return Err(FetchError::Plain);
        }
        // The usual port is none in a parsed address.
        url.port().map_or(Ok(()), |port| Err(FetchError::Port(port)))
    }
}

fn parse(url: &str) -> Result<Url, FetchError> {
    let url = url.trim();
    Url::parse(url).ok().filter(|_| url.len() <= LONGEST).ok_or(FetchError::NoUrl)
}

/// The machine, and whether it would be asked without TLS.
fn parts(url: &Url) -> Result<(&str, bool), FetchError> {
    let plain = match url.scheme() {
        "https" => false,
        "http" => true,
        _ => return Err(FetchError::NoUrl),
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(FetchError::Credentials);
    }
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or(FetchError::NoUrl)?;
    Ok((host, plain))
}

/// The address that stands in place of a name.
fn literal(host: &str) -> Option<IpAddr> {
    host.trim_matches(['[', ']']).parse().ok()
}

fn host_of(url: &Url) -> String {
    url.host_str().unwrap_or_default().to_owned()
}
