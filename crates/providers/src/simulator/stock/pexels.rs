//! Pexels: `/pexels/v1/search` and `/pexels/v1/videos/search`, key in `Authorization`.

use serde_json::{Value, json};

use super::super::call::{Asked, Call, Key};
use super::super::fault::FaultKind;
use super::super::reply::Reply;
use super::super::vendor::{Trouble, Vendor};
use super::super::world::World;
use super::{Item, STOCK, Shape, search};

/// The vendor.
pub(in super::super) struct Pexels;

impl Vendor for Pexels {
    fn name(&self) -> &'static str {
        "pexels"
    }

    fn key(&self, call: &Call) -> Key {
        Key::needed(call.header("authorization"))
    }

    fn read(&self, call: &Call) -> Asked {
        let kind = match call.segments().as_slice() {
            ["v1", "search"] => "photo",
            ["v1", "videos", "search"] | ["videos", "search"] => "video",
            _ => return Asked::new("unknown", ""),
        };
        Asked::new("stock", "")
            .with("prompt", call.parameter("query").unwrap_or_default())
            .with("kind", kind)
            .with("orientation", call.parameter("orientation").map_or(Value::Null, Value::from))
    }

    fn trouble(&self, trouble: &Trouble, _: &Call, _: &Asked) -> Reply {
        let error = |status: u16, code: &str| Reply::json(status, &json!({ "status": status, "code": code }));
        match trouble {
            Trouble::NoKey | Trouble::BadKey => error(401, "Unauthorized"),
            Trouble::NoMoney => error(429, "Monthly quota exceeded").header("x-ratelimit-remaining", "0"),
            Trouble::TooMany(after) => error(429, "Rate limit exceeded").header("x-ratelimit-remaining", "0").retry_after(*after),
            Trouble::NoModel | Trouble::NoRoute => error(404, "Not Found"),
            Trouble::Broken => error(500, "Internal Server Error"),
            Trouble::Overloaded(after) => error(503, "Service Unavailable").retry_after(*after),
        }
    }

    fn answer(&self, world: &World, call: &Call, asked: &Asked, bend: Option<FaultKind>) -> Reply {
        if asked.ability != "stock" || !call.is_get() {
            return self.trouble(&Trouble::NoRoute, call, asked);
        }
        if asked.prompt().is_empty() {
            return Reply::json(400, &json!({ "status": 400, "code": "Bad Request: query is required" }));
        }
        let number = |name: &str, usual: u32| call.parameter(name).and_then(|text| text.parse().ok()).unwrap_or(usual);
        let (page, per_page) = (number("page", 1).max(1), number("per_page", 15).clamp(1, 80));
        let shape = match call.parameter("orientation") {
            Some("portrait") => Some(Shape::Tall),
            Some("landscape") => Some(Shape::Wide),
            Some("square") => Some(Shape::Square),
            _ => None,
        };
        let nothing = matches!(bend, Some(FaultKind::Empty | FaultKind::Refusal));
        let found = if nothing { Vec::new() } else { search("pexels", asked.prompt(), shape, page, per_page) };
        let mut body = json!({ "page": page, "per_page": per_page, "total_results": if nothing { 0 } else { STOCK }, "url": "https://www.pexels.com/" });
        if asked.details["kind"] == "video" {
            body["videos"] = found.iter().map(|item| video(world, item)).collect();
        } else {
            body["photos"] = found.iter().map(|item| photo(world, item)).collect();
        }
        Reply::ok(&body)
            .header("x-ratelimit-limit", "20000")
            .header("x-ratelimit-remaining", "19684")
            .priced("searches", 1.0, 0.0)
    }
}

fn author(item: &Item) -> (String, String) {
    let name = item.author.to_lowercase().replace(' ', "-");
    (item.author.to_owned(), format!("https://www.pexels.com/@{name}"))
}

fn photo(world: &World, item: &Item) -> Value {
    let (photographer, photographer_url) = author(item);
    let link = |side| item.picture(world, side).0;
    json!({
        "id": item.id, "width": item.width, "height": item.height, "url": format!("https://www.pexels.com/photo/{}-{}/", item.slug(), item.id),
        "photographer": photographer, "photographer_url": photographer_url, "photographer_id": item.author_id, "avg_color": "#7A6F5D",
        "src": {
            "original": link(2_560), "large2x": link(1_880), "large": link(940), "medium": link(350), "small": link(130),
            "portrait": link(1_200), "landscape": link(1_200), "tiny": link(280),
        },
        "liked": false, "alt": item.title,
    })
}

fn video(world: &World, item: &Item) -> Value {
    let (name, url) = author(item);
    let file = |side: u32, quality: &str| {
        let (link, width, height) = item.clip(world, side);
        json!({ "id": item.id + u64::from(side), "quality": quality, "file_type": "video/mp4", "width": width, "height": height, "fps": 24.0, "link": link })
    };
    let (still, ..) = item.picture(world, 640);
    json!({
        "id": item.id, "width": item.width, "height": item.height, "duration": item.seconds, "full_res": null, "tags": [],
        "url": format!("https://www.pexels.com/video/{}-{}/", item.slug(), item.id), "image": still, "avg_color": null,
        "user": { "id": item.author_id, "name": name, "url": url },
        "video_files": [file(1_920, "hd"), file(1_280, "hd"), file(640, "sd")],
        "video_pictures": [{ "id": item.id, "nr": 0, "picture": still }],
    })
}
