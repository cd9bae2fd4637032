//! Questions to vendors that somebody waits for. Nobody is asked here: the question goes through the queue like everything
//! else, and the request waits for what a worker makes of it. Who loses patience, or the connection, asks the same again and
//! gets the same answer.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::StatusCode;
use chrono::Utc;
use model::project::{Project, ProjectStatus, Settings};
use model::question::{Answer, Ask};
use serde_json::json;
use sha2::{Digest, Sha256};
use store::{Details, NewQuestion, ProjectRecord};
use tokio::time::{Instant, sleep, sleep_until};
use uuid::Uuid;

use crate::error::ApiError;
use crate::routes::keys::{given, keep};
use crate::signed::Signed;
use crate::wire::ai::AiAnswer;
use crate::wire::keys::RequestKeys;

/// Who waits looks by itself from time to time: a signal can be lost, and other processes' need not come.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// Lists of voices are free, and new ones are wanted soon.
const VOICES_LAST: chrono::Duration = chrono::Duration::minutes(10);

/// The questions whose answers this process has handed out, as far as it remembers.
#[derive(Clone, Default)]
pub struct Told(Arc<Mutex<HashSet<Uuid>>>);

impl Told {
    /// More are not remembered: whoever asks again then gets the same answer.
    const MOST: usize = 10_000;

    fn put(&self, id: Uuid) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() >= Self::MOST {
            told.clear();
        }
        told.insert(id);
    }

    fn take(&self, id: Uuid) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&id)
    }
}

/// What is asked, and what shapes the answer.
pub struct Question {
    pub ask: Ask,
    pub settings: Settings,
    pub details: Details,
    pub take: i32,
}

/// A question that is written down.
pub struct Noted {
    id: Uuid,
    take: i32,
    /// Keys that came with it.
    secrets: Vec<(&'static str, String)>,
}

/// Writes the question down, unless it is there.
pub async fn note(app: &Signed, question: Question, keys: Option<&RequestKeys>) -> Result<Noted, ApiError> {
    let secrets = given(keys)?;
    let (owner, now) = (app.user.id, (app.clock)());
    let id = id_of(owner, &question);
    let Question { ask, settings, details, take } = question;
    app.store.note_question(&NewQuestion { id, owner, ask, settings, details, take }, now).await?;
    Ok(Noted { id, take, secrets })
}

/// The answer, if it comes in time.
pub async fn answer(app: &Signed, Noted { id, take, secrets }: Noted) -> Result<AiAnswer, ApiError> {
    let now = (app.clock)();
    let known = app.store.project(id).await?.ok_or(ApiError::NotFound("Answer"))?;
    let is_script = known.project.question.as_ref().is_some_and(|question| question.ask == Ask::Script);
    // Who has the script and asks for it once more wants another one; who has lost the connection wants that one.
    let again = is_outdated(&known, !secrets.is_empty(), now) || (is_script && take == 0 && app.memory.told.take(id));
    if again || known.project.status != ProjectStatus::Completed {
        keep(app, id, &secrets).await?;
        app.store.ask(id, again, now).await?;
    }
    let record = wait(app, id).await?;
    let answer = told(&record.project, StatusCode::GATEWAY_TIMEOUT)?;
    if is_script {
        app.memory.told.put(id);
    }
    Ok(answer)
}

/// The answer to a question that was asked before, as far as it is known.
pub async fn known(app: &Signed, id: Uuid) -> Result<AiAnswer, ApiError> {
    let record = app.store.question(id, (app.clock)()).await?;
    // Somebody else's is not there, for all that the caller learns.
    let record = record.filter(|record| record.project.owner == app.user.id).ok_or(ApiError::NotFound("Answer"))?;
    told(&record.project, StatusCode::ACCEPTED)
}

/// It follows from who asks what. Keys are no part of it: they shape who pays, not what is asked.
fn id_of(owner: Uuid, Question { ask, settings, details, take }: &Question) -> Uuid {
    let text = json!([ask, settings, details.duration_config, take]).to_string();
    Uuid::new_v5(&owner, &Sha256::digest(text))
}

/// Keys that differ may show other voices.
fn is_outdated(known: &ProjectRecord, other_keys: bool, now: chrono::DateTime<Utc>) -> bool {
    let Some(question) = &known.project.question else { return false };
    let is_empty = matches!(&question.answer, Some(Answer::Voices { voices }) if voices.is_empty());
    question.ask == Ask::Voices && (other_keys || is_empty || now - known.updated_at > VOICES_LAST)
}

/// Waits until nothing more happens to it, or patience ends.
async fn wait(app: &Signed, id: Uuid) -> Result<ProjectRecord, ApiError> {
    let mut changes = app.store.changes_of(id);
    let end = Instant::now() + app.answer_within;
    loop {
        // Marked as seen before looking, so that a change while looking wakes the next wait.
        changes.mark_unchanged();
        let record = app.store.project(id).await?.ok_or(ApiError::NotFound("Answer"))?;
        if record.project.status != ProjectStatus::Generating || Instant::now() >= end || app.closing.is_cancelled() {
            return Ok(record);
        }
        tokio::select! {
            _ = changes.changed() => {}
            () = sleep(LOOK_AGAIN) => {}
            () = sleep_until(end) => {}
            () = app.closing.cancelled() => {}
        }
    }
}

/// What the client is told; `pending` is the status while there is no answer.
fn told(project: &Project, pending: StatusCode) -> Result<AiAnswer, ApiError> {
    let question = project.question.as_ref().ok_or(ApiError::NotFound("Answer"))?;
    match (project.status, &question.answer) {
        (ProjectStatus::Completed, Some(answer)) if answer.answers(&question.ask) => {
            Ok(AiAnswer::new(&question.ask, answer.clone()))
        }
        (ProjectStatus::Completed | ProjectStatus::Failed, _) => {
            let error = project.script.error.as_deref().unwrap_or("It could not be made; ask again.");
            Err(failed(error))
        }
        (ProjectStatus::Paused, _) => {
            let reason = project.notice.as_deref().unwrap_or("the budget is used up");
            Err(failed(&format!("Quota exceeded: {reason}")))
        }
        (ProjectStatus::Draft | ProjectStatus::Generating, _) => {
            let what = match question.ask {
                Ask::Script => "script",
                Ask::MusicPrompt => "prompt",
                Ask::Describe(_) => "description",
                Ask::Portrait(_) => "portrait",
                Ask::Speech { .. } => "audio",
                Ask::Voices => "list of voices",
            };
            let error = format!("The {what} is still being made; send the same request again in a moment to get it.");
            Err(ApiError::Refused { status: pending, error, details: Some(json!({ "askId": project.id })) })
        }
    }
}

/// Clients know by their words that a quota or limit is reached.
fn failed(error: &str) -> ApiError {
    let limited = error.starts_with("Quota exceeded") || error.contains("429");
    ApiError::plain(if limited { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::BAD_GATEWAY }, error)
}
