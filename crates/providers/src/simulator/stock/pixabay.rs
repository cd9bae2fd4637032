//! Pixabay: `/pixabay/api/` and `/pixabay/api/videos/`, key in the query. Its errors are plain text.

use serde_json::{Value, json};

use super::super::call::{Asked, Call, Key};
use super::super::fault::FaultKind;
use super::super::reply::Reply;
use super::super::vendor::{Trouble, Vendor};
use super::super::world::World;
use super::{Item, STOCK, Shape, search};

/// The vendor.
pub(in super::super) struct Pixabay;

impl Vendor for Pixabay {
    fn name(&self) -> &'static str {
        "pixabay"
    }

    fn key(&self, call: &Call) -> Key {
        Key::needed(call.parameter("key"))
    }

    fn read(&self, call: &Call) -> Asked {
        let kind = match call.segments().as_slice() {
            ["api"] => "photo",
            ["api", "videos"] => "video",
            _ => return Asked::new("unknown", ""),
        };
        Asked::new("stock", "")
            .with("prompt", call.parameter("q").unwrap_or_default())
            .with("kind", kind)
            .with("orientation", call.parameter("orientation").map_or(Value::Null, Value::from))
    }

    fn trouble(&self, trouble: &Trouble, _: &Call, _: &Asked) -> Reply {
        match trouble {
            Trouble::NoKey | Trouble::BadKey => {
                error(400, "[ERROR 400] Invalid or missing API key (https://pixabay.com/api/docs/#api_search_images).")
            }
            Trouble::NoMoney | Trouble::TooMany(None) => error(429, "[ERROR 429] API rate limit exceeded."),
            Trouble::TooMany(after) => {
                let wait = after.unwrap_or(0).to_string();
                error(429, "[ERROR 429] API rate limit exceeded.").retry_after(*after).header("x-ratelimit-reset", wait)
            }
            Trouble::NoModel | Trouble::NoRoute => error(404, "[ERROR 404] Not found."),
            Trouble::Broken => error(500, "[ERROR 500] Internal error."),
            Trouble::Overloaded(after) => error(503, "[ERROR 503] Service unavailable.").retry_after(*after),
        }
    }

    fn answer(&self, world: &World, call: &Call, asked: &Asked, bend: Option<FaultKind>) -> Reply {
        if asked.ability != "stock" || !call.is_get() {
            return self.trouble(&Trouble::NoRoute, call, asked);
        }
        let number = |name: &str, usual: u32| call.parameter(name).and_then(|text| text.parse().ok()).unwrap_or(usual);
        let (page, per_page) = (number("page", 1).max(1), number("per_page", 20));
        if !(3..=200).contains(&per_page) {
            return error(400, "[ERROR 400] \"per_page\" is out of valid range.");
        }
        if asked.prompt().chars().count() > 100 {
            return error(400, "[ERROR 400] \"q\" may not exceed 100 characters.");
        }
        let shape = match call.parameter("orientation") {
            Some("vertical") => Some(Shape::Tall),
            Some("horizontal") => Some(Shape::Wide),
            _ => None,
        };
        let nothing = matches!(bend, Some(FaultKind::Empty | FaultKind::Refusal));
        let found = if nothing { Vec::new() } else { search("pixabay", asked.prompt(), shape, page, per_page) };
        let hits: Vec<Value> = if asked.details["kind"] == "video" {
            found.iter().map(|item| video(world, item)).collect()
        } else {
            found.iter().map(|item| photo(world, item)).collect()
        };
        let total = if nothing { 0 } else { STOCK };
        Reply::ok(&json!({ "total": total, "totalHits": total, "hits": hits }))
            .header("x-ratelimit-limit", "100")
            .header("x-ratelimit-remaining", "99")
            .header("x-ratelimit-reset", "60")
            .priced("searches", 1.0, 0.0)
    }
}

fn error(status: u16, message: &str) -> Reply {
    Reply {
        media_type: "text/plain; charset=utf-8".to_owned(),
        body: message.to_owned().into(),
        ..Reply::json(status, &Value::Null)
    }
}

fn photo(world: &World, item: &Item) -> Value {
    let (preview, preview_width, preview_height) = item.picture(world, 150);
    let (web, web_width, web_height) = item.picture(world, 640);
    let (large, ..) = item.picture(world, 1_280);
    json!({
        "id": item.id, "pageURL": format!("https://pixabay.com/photos/{}-{}/", item.slug(), item.id), "type": "photo", "tags": item.title,
        "previewURL": preview, "previewWidth": preview_width, "previewHeight": preview_height,
        "webformatURL": web, "webformatWidth": web_width, "webformatHeight": web_height, "largeImageURL": large,
        "imageWidth": item.width, "imageHeight": item.height, "imageSize": 1_500_000, "views": 7_671, "downloads": 6_439, "collections": 12,
        "likes": 5, "comments": 2, "user_id": item.author_id, "user": item.author, "userImageURL": "", "isAiGenerated": false,
    })
}

fn video(world: &World, item: &Item) -> Value {
    let (still, ..) = item.picture(world, 640);
    let file = |side: u32| {
        let (url, width, height) = item.clip(world, side);
        json!({ "url": url, "width": width, "height": height, "size": u64::from(width) * 1_000, "thumbnail": still })
    };
    json!({
        "id": item.id, "pageURL": format!("https://pixabay.com/videos/id-{}/", item.id), "type": "film", "tags": item.title, "duration": item.seconds,
        "videos": { "large": file(1_920), "medium": file(1_280), "small": file(960), "tiny": file(640) },
        "views": 4_462, "downloads": 1_464, "likes": 18, "comments": 0, "user_id": item.author_id, "user": item.author, "userImageURL": "",
    })
}
