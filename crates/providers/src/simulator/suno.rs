//! The Suno wrapper (sunoapi.org's shape): `/suno/api/v1/…`, key as bearer.
//!
//! Its own errors come with HTTP 200 and a code in the body. Telling a callback address is in `callback`.

use serde_json::{Value, json};

use super::call::{Asked, Call, Key, text_of};
use super::fault::FaultKind;
use super::file::{Recipe, public_link};
use super::job::{Ending, Job, Stage};
use super::media::{SongOrder, SoundFormat};
use super::reply::Reply;
use super::vendor::{Trouble, Vendor};
use super::world::World;

mod callback;

/// The vendor.
pub(super) struct Suno;

const MODELS: [&str; 5] = ["V4", "V4_5", "V4_5PLUS", "V4_5ALL", "V5"];
/// The length of every song.
const SECONDS: f64 = 60.0;
/// US dollars for one order, which is two songs.
const PRICE: f64 = 0.06;

impl Vendor for Suno {
    fn name(&self) -> &'static str {
        "suno"
    }

    fn key(&self, call: &Call) -> Key {
        Key::needed(call.bearer())
    }

    fn read(&self, call: &Call) -> Asked {
        match (call.segments().as_slice(), call.is_get()) {
            (["api", "v1", "generate"], false) => {
                let body = call.json();
                Asked::new("music", body["model"].as_str().unwrap_or_default())
                    .with("prompt", text_of(&body["prompt"]))
                    .with("style", text_of(&body["style"]))
                    .with("title", text_of(&body["title"]))
                    .with("instrumental", body["instrumental"].clone())
                    .with("callBackUrl", text_of(&body["callBackUrl"]))
            }
            (["api", "v1", "generate", "record-info"], true) => {
                Asked::new("poll", "").with("job", call.parameter("taskId").map_or(Value::Null, Value::from))
            }
            (["api", "v1", "generate", "credit"], true) => Asked::new("account", ""),
            _ => Asked::new("unknown", ""),
        }
    }

    fn trouble(&self, trouble: &Trouble, _: &Call, asked: &Asked) -> Reply {
        match trouble {
            Trouble::NoKey | Trouble::BadKey => coded(401, 401, "You do not have access permissions"),
            Trouble::NoMoney => coded(200, 429, "The current credits are insufficient. Please top up."),
            Trouble::NoModel => coded(200, 422, &format!("The model {} is not supported", asked.model)),
            Trouble::TooMany(after) => {
                coded(429, 430, "Your call frequency is too high. Please try again later.").retry_after(*after)
            }
            Trouble::Broken => coded(500, 500, "Server exception, please try again later or contact customer service"),
            Trouble::Overloaded(after) => {
                coded(503, 455, "The website is currently undergoing maintenance. Please try again later.").retry_after(*after)
            }
            Trouble::NoRoute => coded(404, 404, "Not Found"),
        }
    }

    fn answer(&self, world: &World, call: &Call, asked: &Asked, bend: Option<FaultKind>) -> Reply {
        match (call.segments().as_slice(), call.is_get()) {
            (["api", "v1", "generate"], false) => order(world, &call.json(), asked, bend),
            (["api", "v1", "generate", "record-info"], true) => poll(world, call.parameter("taskId").unwrap_or_default()),
            (["api", "v1", "generate", "credit"], true) => Reply::ok(&json!({ "code": 200, "msg": "success", "data": 100 })),
            _ => self.trouble(&Trouble::NoRoute, call, asked),
        }
    }
}

/// An error: HTTP's status, and the body's code and sentence.
fn coded(status: u16, code: u16, message: &str) -> Reply {
    Reply::json(status, &json!({ "code": code, "msg": message, "data": null }))
}

fn order(world: &World, body: &Value, asked: &Asked, bend: Option<FaultKind>) -> Reply {
    if !MODELS.contains(&asked.model.as_str()) {
        return coded(200, 422, &format!("The model {} is not supported", asked.model));
    }
    let is_empty = |name: &str| body[name].as_str().is_none_or(str::is_empty);
    if is_empty("callBackUrl") {
        return coded(200, 422, "Please enter callBackUrl.");
    }
    let custom = body["customMode"] == true;
    let needed: &[&str] = match (custom, body["instrumental"] == true) {
        (true, true) => &["style", "title"],
        (true, false) => &["style", "title", "prompt"],
        (false, _) => &["prompt"],
    };
    if let Some(name) = needed.iter().find(|name| is_empty(name)) {
        return coded(200, 422, &format!("{name} cannot be empty"));
    }
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let song = |take| {
        Recipe::Song(SongOrder {
            prompt: text("prompt"),
            style: text("style"),
            title: if is_empty("title") { text("prompt") } else { text("title") },
            seconds: Some(SECONDS),
            take,
            format: SoundFormat::Mp3 { rate: 44_100, kilobits: 128 },
        })
    };
    let ending = Ending::from(bend);
    let id = world.jobs.order("suno", Job::new(&asked.model, vec![song(0), song(1)], body.clone(), ending));
    if let Some(address) = body["callBackUrl"].as_str().and_then(callback::loopback) {
        // The songs' links are in the call, so the job must be done by then.
        if let Some((job, _)) = world.jobs.finish(&id).filter(|_| ending != Ending::Never) {
            callback::tell(address, &callback::message(&id, &job, songs(world, &id, &job, 2)));
        }
    }
    Reply::ok(&json!({ "code": 200, "msg": "success", "data": { "taskId": id } })).priced("songs", 2.0, PRICE / 2.0)
}

fn poll(world: &World, id: &str) -> Reply {
    let polls = world.options.polls;
    let Some((job, stage)) = world.jobs.poll(id, polls) else { return coded(200, 422, "record is null") };
    let (status, count, problem) = match (stage, job.ending) {
        (Stage::Running(asked), _) => running(polls.saturating_sub(asked), polls),
        (Stage::Ended, Ending::Failed) => ("GENERATE_AUDIO_FAILED", 0, Some((500, "Internal error, please try again later."))),
        (Stage::Ended, Ending::NotBegun) => ("CREATE_TASK_FAILED", 0, Some((500, "The task could not be created."))),
        (Stage::Ended, Ending::Refused) => {
            ("SENSITIVE_WORD_ERROR", 0, Some((400, "Song Description flagged for moderation: it contains a sensitive word.")))
        }
        (Stage::Ended, Ending::Empty) => ("SUCCESS", 0, None),
        (Stage::Ended, _) => ("SUCCESS", 2, None),
        (Stage::Queued | Stage::Cancelled, _) => ("PENDING", 0, None),
    };
    let response = if problem.is_some() || (count == 0 && status != "SUCCESS") {
        Value::Null
    } else {
        json!({ "taskId": id, "sunoData": songs(world, id, &job, count) })
    };
    Reply::ok(&json!({ "code": 200, "msg": "success", "data": {
        "taskId": id, "parentMusicId": "", "param": job.request.to_string(), "response": response, "status": status,
        "type": "GENERATE", "operationType": "generate", "errorCode": problem.map(|(code, _)| code),
        "errorMessage": problem.map(|(_, message)| message),
    } }))
}

/// What is ready when so many polls are left: first the text, then one song.
fn running(left: u32, polls: u32) -> (&'static str, usize, Option<(u16, &'static str)>) {
    match left {
        1 if polls > 2 => ("FIRST_SUCCESS", 1, None),
        1 | 2 => ("TEXT_SUCCESS", 0, None),
        _ => ("PENDING", 0, None),
    }
}

/// The first `count` songs with their links.
fn songs(world: &World, id: &str, job: &Job, count: usize) -> Vec<Value> {
    let title = job.request["title"].as_str().unwrap_or("Untitled");
    let recipes = job.products.iter().take(count).enumerate();
    let song = |(index, recipe): (usize, &Recipe)| {
        let name = format!("suno {id} {index}");
        let recipe = if job.ending == Ending::Mislabelled { mislabelled(recipe) } else { recipe.clone() };
        let link = public_link(world, &name, recipe, "mp3");
        json!({
            "id": format!("{id}-{index}"), "audioUrl": link, "sourceAudioUrl": link, "streamAudioUrl": link, "sourceStreamAudioUrl": link,
            "imageUrl": null, "sourceImageUrl": null, "prompt": job.request["prompt"], "modelName": "chirp-v5", "title": title,
            "tags": job.request["style"], "createTime": 1_764_000_000_000u64, "duration": SECONDS,
        })
    };
    recipes.map(song).collect()
}

/// A file that is no song, whatever its name says.
fn mislabelled(recipe: &Recipe) -> Recipe {
    recipe.make().map_or_else(|_| recipe.clone(), |media| Recipe::Ready(media.mislabelled()))
}
