//! From HTTP to a vendor and back: the way of each call, and the faults that happen on the wire.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Query, Request, State};
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::stream;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::call::{Asked, Call, Key};
use super::edge;
use super::fault::{Fault, FaultKind, FaultOrder, Ordered};
use super::reply::Reply;
use super::vendor::{self, Trouble, VENDORS, Vendor};
use super::world::World;

/// The largest body that is taken.
const MOST_BYTES: usize = 64 << 20;
/// A body that drips comes in so many pieces at most.
const DROPS: usize = 16;
/// Milliseconds between two drops when the order says nothing.
const DRIP: u64 = 50;

pub(super) fn router(world: Arc<World>) -> Router {
    Router::new().fallback(handle).with_state(world)
}

async fn handle(State(world): State<Arc<World>>, request: Request) -> Response {
    let path = percent_decode_str(request.uri().path()).decode_utf8_lossy().into_owned();
    let (first, rest) = path.trim_start_matches('/').split_once('/').unwrap_or((path.trim_start_matches('/'), ""));
    match (first, rest) {
        ("", _) => return respond(Reply::ok(&index())),
        ("ledger" | "faults", "") => {
            let control = control(&world, first, request).await;
            return respond(control);
        }
        _ => {}
    }
    let Some(vendor) = vendor::named(first) else {
        let problem = format!("The simulator knows no vendor \"{first}\"; {}", known());
        return respond(Reply::json(404, &json!({ "error": problem })));
    };
    if first == "edge" && edge::is_handshake(rest, &request) {
        return edge::shake_hands(world, request).await;
    }
    match read(request, rest.to_owned()).await {
        Ok(call) => serve(world, vendor, call).await,
        Err(problem) => respond(Reply::json(413, &json!({ "error": problem }))),
    }
}

fn index() -> Value {
    json!({ "simulator": "vendors of ShortsAI", "vendors": VENDORS.map(Vendor::name), "ledger": "/ledger", "faults": "/faults" })
}

fn known() -> String {
    format!("it knows {}", VENDORS.map(Vendor::name).join(", "))
}

async fn read(request: Request, path: String) -> Result<Call, String> {
    let (parts, body) = request.into_parts();
    let query = query(&parts.uri);
    let body = axum::body::to_bytes(body, MOST_BYTES).await.map_err(|error| format!("The body can't be taken: {error}."))?;
    Ok(Call { method: parts.method, path, query, headers: parts.headers, body })
}

/// The parameters of an address; none when they can't be read.
pub(super) fn query(uri: &Uri) -> Vec<(String, String)> {
    Query::<Vec<(String, String)>>::try_from_uri(uri).map(|Query(pairs)| pairs).unwrap_or_default()
}

/// The simulator's own routes: the ledger and the faults.
async fn control(world: &World, what: &str, request: Request) -> Reply {
    let method = request.method().clone();
    match (what, method) {
        ("ledger", Method::GET) => Reply::ok(&world.ledger.shown()),
        ("ledger", Method::DELETE) => {
            world.ledger.clear();
            Reply::ok(&json!({ "calls": [] }))
        }
        ("faults", Method::GET) => Reply::ok(&json!({ "faults": world.faults.all() })),
        ("faults", Method::DELETE) => {
            world.faults.clear();
            Reply::ok(&json!({ "faults": [] }))
        }
        ("faults", Method::POST) => match read(request, String::new()).await.and_then(|call| order(&call)) {
            Ok(order) => {
                world.faults.order(order);
                Reply::json(201, &json!({ "faults": world.faults.all() }))
            }
            Err(problem) => Reply::json(400, &json!({ "error": problem })),
        },
        _ => Reply::json(405, &json!({ "error": format!("/{what} does not know this method.") })),
    }
}

fn order(call: &Call) -> Result<FaultOrder, String> {
    let order: FaultOrder =
        serde_json::from_slice(&call.body).map_err(|error| format!("This is not an order for a fault: {error}."))?;
    if order.vendor != "*" && vendor::named(&order.vendor).is_none() {
        return Err(format!("The simulator knows no vendor \"{}\"; {}, or * for all.", order.vendor, known()));
    }
    if order.fault.status.is_some_and(|status| StatusCode::from_u16(status).is_err()) {
        return Err("A status is a number from 100 to 999.".to_owned());
    }
    Ok(order)
}

/// One call of a vendor, from the ledger's first line to the last byte.
async fn serve(world: Arc<World>, vendor: &'static dyn Vendor, call: Call) -> Response {
    let key = vendor.key(&call);
    let asked = vendor.read(&call);
    let number = world.ledger.arrived(vendor.name(), &key, &call, &asked);
    let locked = locked_out(&key);
    let ordered = if locked.is_some() { Ordered::default() } else { world.faults.take(vendor.name(), asked.ability) };
    if ordered.latency > 0 {
        tokio::time::sleep(Duration::from_millis(ordered.latency)).await;
    }
    let fault = ordered.fault.clone();
    let made = {
        let world = world.clone();
        tokio::task::spawn_blocking(move || match locked {
            Some(trouble) => vendor.trouble(&trouble, &call, &asked),
            None => answer(&world, vendor, &call, &asked, fault.as_ref()),
        })
    };
    let reply = made
        .await
        .unwrap_or_else(|error| Reply::json(500, &json!({ "error": format!("The simulator itself failed: {error}.") })));
    world.ledger.answered(number, ordered.name().as_deref(), &reply);
    deliver(reply, ordered.fault.as_ref())
}

/// Keys that never work: an absent one, and those whose beginning says so.
fn locked_out(key: &Key) -> Option<Trouble> {
    match key {
        Key::Missing => Some(Trouble::NoKey),
        Key::Given(key) if key.starts_with("bad") => Some(Trouble::BadKey),
        Key::Given(key) if key.starts_with("broke") => Some(Trouble::NoMoney),
        _ => None,
    }
}

fn answer(world: &World, vendor: &dyn Vendor, call: &Call, asked: &Asked, fault: Option<&Fault>) -> Reply {
    let Some(fault) = fault else { return vendor.answer(world, call, asked, None) };
    if fault.kind == FaultKind::Html {
        return html(fault.status.unwrap_or(502));
    }
    let Some(trouble) = trouble(fault) else {
        return spoil(vendor.answer(world, call, asked, Some(fault.kind)), fault.kind, asked);
    };
    let mut reply = vendor.trouble(&trouble, call, asked);
    reply.status = fault.status.unwrap_or(reply.status);
    reply
}

/// The faults for which vendors have words of their own.
pub(super) fn trouble(fault: &Fault) -> Option<Trouble> {
    Some(match fault.kind {
        FaultKind::Unauthorized => Trouble::BadKey,
        FaultKind::PaymentRequired => Trouble::NoMoney,
        FaultKind::ModelNotFound => Trouble::NoModel,
        FaultKind::RateLimited => Trouble::TooMany(fault.retry_after),
        FaultKind::ServerError => Trouble::Broken,
        FaultKind::Unavailable => Trouble::Overloaded(fault.retry_after),
        _ => return None,
    })
}

pub(super) fn html(status: u16) -> Reply {
    let page = "<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head>\n<body><center><h1>502 Bad Gateway</h1></center><hr><center>nginx</center></body></html>\n";
    Reply { status, media_type: "text/html; charset=utf-8".to_owned(), body: page.into(), ..Reply::ok(&Value::Null) }
}

/// Faults of the whole body, where the vendor has not bent anything within it.
fn spoil(mut reply: Reply, kind: FaultKind, asked: &Asked) -> Reply {
    let makes_media = ["image", "speech", "clip", "music"].contains(&asked.ability);
    let is_json = reply.media_type.starts_with("application/json");
    match kind {
        FaultKind::MalformedJson if is_json && asked.ability != "script" => {
            reply.body = reply.body.slice(..reply.body.len() * 2 / 3);
        }
        FaultKind::Empty if ["models", "account", "poll", "cancel", "token"].contains(&asked.ability) => reply.body = "{}".into(),
        FaultKind::WrongMediaType if is_json && !makes_media => reply.media_type = "text/plain; charset=utf-8".to_owned(),
        _ => {}
    }
    reply
}

/// Puts a reply on the wire.
fn deliver(reply: Reply, fault: Option<&Fault>) -> Response {
    match fault {
        Some(Fault { kind: FaultKind::Cut, .. }) => {
            let half = reply.body.slice(..reply.body.len() / 2);
            let torn = io::Error::new(io::ErrorKind::ConnectionReset, "cut by order");
            // The first half must be on its way before the connection ends, else the client sees no answer at all.
            let pieces = stream::unfold(Some((Some(half), torn)), |left| async move {
                let (half, torn) = left?;
                match half {
                    Some(half) => Some((Ok(half), Some((None, torn)))),
                    None => {
                        tokio::time::sleep(Duration::from_millis(20)).await;
                        Some((Err(torn), None))
                    }
                }
            });
            with_body(&reply, Body::from_stream(pieces))
        }
        Some(Fault { kind: FaultKind::Drip, ms, .. }) => {
            let pause = Duration::from_millis(ms.unwrap_or(DRIP));
            let size = reply.body.len().div_ceil(DROPS).max(1);
            let drops = stream::unfold(reply.body.clone(), move |mut left: Bytes| async move {
                if left.is_empty() {
                    return None;
                }
                tokio::time::sleep(pause).await;
                let drop = left.split_to(size.min(left.len()));
                Some((Ok::<_, Infallible>(drop), left))
            });
            with_body(&reply, Body::from_stream(drops))
        }
        _ => respond(reply),
    }
}

pub(super) fn respond(reply: Reply) -> Response {
    let body = Body::from(reply.body.clone());
    with_body(&reply, body)
}

fn with_body(reply: &Reply, body: Body) -> Response {
    let mut response = Response::builder()
        .status(reply.status)
        .header(header::CONTENT_TYPE, &reply.media_type)
        .header(header::CONTENT_LENGTH, reply.body.len());
    for (name, value) in &reply.headers {
        response = response.header(*name, value);
    }
    // Only a header value with control characters could fail here.
    response.body(body).unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}
