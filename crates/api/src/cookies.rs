//! The cookies of signing in. Their names are those that clients of Auth.js know; on https they have the prefixes that keep
//! other pages of the same domain from setting them.

use axum::http::{HeaderMap, HeaderValue, header};
use cookie::time::Duration;
use cookie::{Cookie, SameSite};

use crate::access::Origin;

/// Which cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Who is signed in.
    Session,
    /// Where to go after signing in.
    CallbackUrl,
    /// Proves that a form came from our page.
    Csrf,
    /// What ties an answer of the provider to this browser.
    Attempt,
}

impl Kind {
    fn name(self, secure: bool) -> String {
        let name = match self {
            Self::Session => "authjs.session-token",
            Self::CallbackUrl => "authjs.callback-url",
            Self::Csrf => "authjs.csrf-token",
            Self::Attempt => "authjs.pkce.code_verifier",
        };
        match (secure, self) {
            (false, _) => name.to_owned(),
            (true, Self::Csrf) => format!("__Host-{name}"),
            (true, _) => format!("__Secure-{name}"),
        }
    }
}

/// The value of a cookie that the browser has sent.
pub fn read(headers: &HeaderMap, kind: Kind, origin: &Origin) -> Option<String> {
    let name = kind.name(origin.is_secure());
    let sent = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut cookies = sent.flat_map(|line| Cookie::split_parse_encoded(line.to_owned()).filter_map(Result::ok));
    cookies.find(|cookie| cookie.name() == name).map(|cookie| cookie.value().to_owned())
}

/// The secret of the session, if the browser has sent one.
pub fn session(headers: &HeaderMap, origin: &Origin) -> Option<String> {
    read(headers, Kind::Session, origin)
}

/// A header that sets a cookie; without `seconds` it lasts as long as the browser is open.
pub fn set(kind: Kind, value: &str, seconds: Option<i64>, origin: &Origin) -> HeaderValue {
    let mut cookie = plain(kind, value, origin);
    if let Some(seconds) = seconds {
        cookie.set_max_age(Duration::seconds(seconds));
    }
    header_of(&cookie)
}

/// A header that removes a cookie.
pub fn remove(kind: Kind, origin: &Origin) -> HeaderValue {
    let mut cookie = plain(kind, "", origin);
    cookie.make_removal();
    header_of(&cookie)
}

fn plain(kind: Kind, value: &str, origin: &Origin) -> Cookie<'static> {
    let secure = origin.is_secure();
    Cookie::build((kind.name(secure), value.to_owned())).http_only(true).same_site(SameSite::Lax).path("/").secure(secure).build()
}

fn header_of(cookie: &Cookie<'_>) -> HeaderValue {
    HeaderValue::from_str(&cookie.encoded().to_string()).expect("what is encoded is plain ASCII")
}
