//! Keeps strangers' web pages away.
//!
//! A page from anywhere can send requests to `127.0.0.1`, or make its own name resolve to it. So without sign-in the `Host`
//! must be a name of this machine; and whatever changes something must not come from a page of another origin, except those
//! that are configured. Programs send neither `Origin` nor `Sec-Fetch-Site` and pass.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::access::SignIn;
use crate::error::ApiError;
use crate::serve::Peer;
use crate::{Access, AppState};

/// The middleware.
pub async fn keep_strangers_away(State(app): State<AppState>, request: Request, next: Next) -> Response {
    match &app.access {
        Access::LocalOwner(_) => only_from_here(request, next).await,
        Access::SignIn(sign_in) => {
            let peer = request.extensions().get::<Peer>().map(|peer| peer.0);
            let address = peer.map(|peer| app.proxies.client(peer, request.headers()));
            let of_sign_in = request.uri().path().starts_with("/api/auth/");
            if let Some(address) = address.filter(|_| of_sign_in)
                && let Err(error) = app.rates.check_address(address)
            {
                return error.into_response();
            }
            let response = only_from_trusted(sign_in, request, next).await;
            // Whoever tries names and tokens is slowed down; who is signed in is counted by name.
            match address.filter(|_| response.status() == StatusCode::UNAUTHORIZED && !of_sign_in) {
                Some(address) => app.rates.check_address(address).map_or_else(IntoResponse::into_response, |()| response),
                None => response,
            }
        }
    }
}

/// With sign-in: pages of configured origins may ask and read, others can change nothing.
async fn only_from_trusted(sign_in: &SignIn, request: Request, next: Next) -> Response {
    let trusted =
        request.headers().get(header::ORIGIN).filter(|origin| origin.to_str().is_ok_and(|origin| sign_in.trusts(origin)));
    let trusted = trusted.cloned();
    if *request.method() == Method::OPTIONS && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD) {
        return allow(StatusCode::NO_CONTENT.into_response(), trusted, true);
    }
    let harmless = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if !harmless && trusted.is_none() && !from_own_page_or_program(request.headers()) {
        let error = "A web page of another origin may not change anything here; use the page that this server serves.";
        return ApiError::plain(StatusCode::FORBIDDEN, error).into_response();
    }
    allow(next.run(request).await, trusted, false)
}

/// Lets a page of that origin read the answer, with its cookies.
fn allow(mut response: Response, origin: Option<HeaderValue>, asked_before: bool) -> Response {
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    let Some(origin) = origin else { return response };
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    if asked_before {
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET,DELETE,PATCH,POST,PUT,OPTIONS"));
        let names = "content-type,authorization,x-api-key,idempotency-key,x-session-id,if-none-match,last-event-id";
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(names));
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    } else {
        headers.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static("etag,retry-after,x-request-id,x-total-count"),
        );
    }
    response
}

/// Without sign-in.
async fn only_from_here(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let in_address = request.uri().authority().map(Authority::as_str);
    let hosts = headers.get_all(header::HOST).iter().map(|host| host.to_str().unwrap_or_default()).chain(in_address);
    if !hosts.into_iter().all(is_this_machine) {
        let error = "This server only answers to this machine's own names, such as localhost or 127.0.0.1.";
        return ApiError::plain(StatusCode::MISDIRECTED_REQUEST, error).into_response();
    }
    let harmless = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if !harmless && !from_own_page_or_program(headers) {
        let error = "A web page of another origin may not change anything here; use the page that this server serves.";
        return ApiError::plain(StatusCode::FORBIDDEN, error).into_response();
    }
    next.run(request).await
}

fn is_this_machine(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    if authority.as_str().contains('@') {
        return false;
    }
    let name = authority.host().trim_end_matches('.').to_ascii_lowercase();
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    name == "localhost" || name.ends_with(".localhost") || address.is_ok_and(|address| address.is_loopback())
}

/// Browsers say where a request comes from in `Sec-Fetch-Site`, which a page can't forge and which survives a proxy that
/// changes `Host`; old ones only in `Origin`, which must then be this very address.
fn from_own_page_or_program(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("unreadable"));
    if let Some(site) = text("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text("origin") else { return true };
    let address = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    address.zip(text("host")).is_some_and(|(address, host)| address.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_pass() {
        let check = |host, expected| assert_eq!(is_this_machine(host), expected, "{host}");
        for host in [
            "localhost",
            "LOCALHOST:3333",
            "localhost.",
            "app.localhost:80",
            "127.0.0.1:3333",
            "127.9.9.9",
            "[::1]:3333",
            "[::1]",
        ] {
            check(host, true);
        }
        for host in [
            "",
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "192.168.1.4",
            "0.0.0.0",
            "[::]",
            "a@localhost",
            "notlocalhost",
            "[::1",
            "2130706433",
        ] {
            check(host, false);
        }
    }

    #[test]
    fn pages_of_other_origins_change_nothing() {
        let check = |pairs: &[(&'static str, &str)], expected: bool| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.insert(*name, value.parse().expect("a header value"));
            }
            assert_eq!(from_own_page_or_program(&headers), expected, "{pairs:?}");
        };
        let host = ("host", "localhost:3333");
        check(&[host], true);
        check(&[host, ("sec-fetch-site", "same-origin"), ("origin", "http://localhost:3000")], true);
        check(&[host, ("sec-fetch-site", "none")], true);
        check(&[host, ("sec-fetch-site", "same-site")], false);
        check(&[host, ("sec-fetch-site", "cross-site"), ("origin", "http://localhost:3333")], false);
        check(&[host, ("origin", "http://localhost:3333")], true);
        check(&[host, ("origin", "http://localhost:3000")], false);
        check(&[host, ("origin", "https://evil.example")], false);
        check(&[host, ("origin", "null")], false);
        check(&[("origin", "http://localhost:3333")], false);
    }
}
