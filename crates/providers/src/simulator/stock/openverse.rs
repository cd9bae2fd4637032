//! Openverse: `/openverse/v1/images/`, without a key or with a token from `/openverse/v1/auth_tokens/token/`.

use serde_json::{Value, json};

use super::super::call::{Asked, Call, Key};
use super::super::fault::FaultKind;
use super::super::multipart;
use super::super::reply::Reply;
use super::super::vendor::{Trouble, Vendor};
use super::super::world::World;
use super::{Item, STOCK, Shape, search};

/// The vendor.
pub(in super::super) struct Openverse;

/// Licences, their versions and where they are told.
const LICENCES: [(&str, &str, &str); 4] = [
    ("by", "4.0", "https://creativecommons.org/licenses/by/4.0/"),
    ("by-sa", "2.0", "https://creativecommons.org/licenses/by-sa/2.0/"),
    ("cc0", "1.0", "https://creativecommons.org/publicdomain/zero/1.0/"),
    ("pdm", "1.0", "https://creativecommons.org/publicdomain/mark/1.0/"),
];
/// Licences that forbid trade, which are only among the results when trade was not asked for.
const NOT_FOR_TRADE: (&str, &str, &str) = ("by-nc", "2.0", "https://creativecommons.org/licenses/by-nc/2.0/");
/// Results on a page without a token.
const MOST_ANONYMOUS: u32 = 20;

impl Vendor for Openverse {
    fn name(&self) -> &'static str {
        "openverse"
    }

    fn key(&self, call: &Call) -> Key {
        Key::welcome(call.bearer())
    }

    fn read(&self, call: &Call) -> Asked {
        match call.segments().as_slice() {
            ["v1", "images"] => Asked::new("stock", "")
                .with("prompt", call.parameter("q").unwrap_or_default())
                .with("kind", "photo")
                .with("orientation", call.parameter("aspect_ratio").map_or(Value::Null, Value::from))
                .with("licenceType", call.parameter("license_type").map_or(Value::Null, Value::from)),
            ["v1", "auth_tokens", "token"] => Asked::new("token", ""),
            _ => Asked::new("unknown", ""),
        }
    }

    fn trouble(&self, trouble: &Trouble, _: &Call, _: &Asked) -> Reply {
        let error = |status: u16, detail: &str| Reply::json(status, &json!({ "detail": detail }));
        match trouble {
            Trouble::NoKey => error(401, "Authentication credentials were not provided."),
            Trouble::BadKey => error(401, "Invalid token header. Token string should not contain invalid characters."),
            Trouble::NoMoney => error(429, "Request was throttled. Expected available in 86400 seconds."),
            Trouble::TooMany(after) => {
                error(429, &format!("Request was throttled. Expected available in {} seconds.", after.unwrap_or(60)))
                    .retry_after(*after)
            }
            Trouble::NoModel | Trouble::NoRoute => error(404, "Not found."),
            Trouble::Broken => error(500, "Internal Server Error"),
            Trouble::Overloaded(after) => error(503, "Service Unavailable").retry_after(*after),
        }
    }

    fn answer(&self, world: &World, call: &Call, asked: &Asked, bend: Option<FaultKind>) -> Reply {
        match (asked.ability, call.is_get()) {
            ("token", false) => token(call),
            ("stock", true) => images(world, call, asked, bend),
            _ => self.trouble(&Trouble::NoRoute, call, asked),
        }
    }
}

/// Client credentials against a token.
fn token(call: &Call) -> Reply {
    let form = String::from_utf8_lossy(&call.body).into_owned();
    let parts = multipart::parts(call);
    let field = |name: &str| {
        let prefix = format!("{name}=");
        let plain = form.split('&').find_map(|field| field.strip_prefix(&prefix)).map(str::to_owned);
        plain.or_else(|| multipart::text(&parts, name)).filter(|value| !value.is_empty())
    };
    match (field("client_id"), field("client_secret"), field("grant_type").as_deref()) {
        (Some(id), Some(_), Some("client_credentials")) if !id.starts_with("bad") => Reply::ok(
            &json!({ "access_token": "simulated-openverse-token", "scope": "read write groups", "expires_in": 43_200, "token_type": "Bearer" }),
        ),
        (Some(_), Some(_), Some("client_credentials")) => Reply::json(401, &json!({ "error": "invalid_client" })),
        _ => Reply::json(400, &json!({ "error": "unsupported_grant_type" })),
    }
}

fn images(world: &World, call: &Call, asked: &Asked, bend: Option<FaultKind>) -> Reply {
    let number = |name: &str, usual: u32| call.parameter(name).and_then(|text| text.parse().ok()).unwrap_or(usual);
    let (page, per_page) = (number("page", 1).max(1), number("page_size", MOST_ANONYMOUS).clamp(1, 500));
    if per_page > MOST_ANONYMOUS && call.bearer().is_none() {
        let message = format!("Ensure this value is less than or equal to {MOST_ANONYMOUS}.");
        return Reply::json(401, &json!({ "detail": { "page_size": [message] } }));
    }
    let shape = match call.parameter("aspect_ratio") {
        Some("tall") => Some(Shape::Tall),
        Some("wide") => Some(Shape::Wide),
        Some("square") => Some(Shape::Square),
        _ => None,
    };
    let nothing = matches!(bend, Some(FaultKind::Empty | FaultKind::Refusal));
    let found = if nothing { Vec::new() } else { search("openverse", asked.prompt(), shape, page, per_page) };
    let trade = call.parameter("license_type").is_some_and(|kind| kind.split(',').any(|kind| kind == "commercial"));
    let results: Vec<Value> = found.iter().map(|item| image(world, item, trade)).collect();
    let total = if nothing { 0 } else { STOCK };
    Reply::ok(&json!({
        "result_count": total, "page_count": total.div_ceil(per_page), "page_size": per_page, "page": page, "results": results, "warnings": [],
    }))
    .priced("searches", 1.0, 0.0)
}

fn image(world: &World, item: &Item, trade: bool) -> Value {
    let licence = if !trade && item.id.is_multiple_of(5) { NOT_FOR_TRADE } else { LICENCES[item.id as usize % LICENCES.len()] };
    let (code, version, address) = licence;
    let (url, width, height) = item.picture(world, 2_048);
    let (thumbnail, ..) = item.picture(world, 600);
    let id = super::super::call::hash(format!("openverse {}", item.id).as_bytes());
    let id = format!("{}-{}-4{}-8{}-{}", &id[..8], &id[8..12], &id[12..15], &id[15..18], &id[18..30]);
    let name = item.author.to_lowercase().replace(' ', "");
    json!({
        "id": id, "title": item.title, "indexed_on": "2025-03-01T00:00:00Z", "foreign_landing_url": format!("https://www.flickr.com/photos/{name}/{}", item.id),
        "url": url, "creator": item.author, "creator_url": format!("https://www.flickr.com/photos/{name}"), "license": code, "license_version": version,
        "license_url": address, "provider": "flickr", "source": "flickr", "category": "photograph", "filesize": 640_000, "filetype": "jpg",
        "tags": [{ "name": item.query, "accuracy": null }],
        "attribution": format!("\"{}\" by {} is licensed under CC {} {version}. To view a copy of this license, visit {address}.", item.title, item.author, code.to_uppercase()),
        "fields_matched": ["title"], "mature": false, "height": height, "width": width, "thumbnail": thumbnail,
        "detail_url": format!("https://api.openverse.org/v1/images/{id}/"), "related_url": format!("https://api.openverse.org/v1/images/{id}/related/"),
        "unstable__sensitivity": [],
    })
}
