//! Messages from other machines: how the renders there get on.
//!
//! Whoever sends them proves by a shared secret that they come from the worker. A message about something that nobody waits
//! for any more is fine and changes nothing, so that a worker never has a reason to send it again and again.

use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use chrono::Duration;
use model::project::{Asset, RenderOutput};
use model::task::{Failure, FailureClass};
use store::{Report, Reported};

use crate::AppState;
use crate::error::ApiError;
use crate::extract::Checked;
use crate::key::stored_medium;
use crate::secret::same;
use crate::wire::refusal::{Error, Refusals};
use crate::wire::webhook::{JobHeard, JobMessage, JobNews};

/// How long a worker may be silent after a message.
const LEASE: Duration = Duration::seconds(60);

/// Proof that a request comes from the render worker.
pub struct FromWorker;

impl FromRequestParts<AppState> for FromWorker {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, ApiError> {
        let Some(secret) = app.worker_secret.as_ref().filter(|secret| !secret.0.is_empty()) else {
            let error = "No render worker is configured here; set WORKER_SECRET to the worker's secret to take its messages.";
            return Err(ApiError::plain(StatusCode::SERVICE_UNAVAILABLE, error));
        };
        let given = parts.headers.get(header::AUTHORIZATION).map(header::HeaderValue::as_bytes).unwrap_or_default();
        let (scheme, token) = given.split_at_checked("Bearer ".len()).unwrap_or_default();
        if scheme.eq_ignore_ascii_case(b"Bearer ") && same(token, secret.0.as_bytes()) {
            Ok(Self)
        } else {
            Err(ApiError::plain(StatusCode::UNAUTHORIZED, "Unauthorized"))
        }
    }
}

/// Report on a render
///
/// For render workers on other machines, with `Authorization: Bearer` and the shared secret. Messages may come late, twice or
/// in any order: progress never falls, and what has ended stays as it is.
#[utoipa::path(
    post, path = "/api/webhooks/job-status", tag = "Renders", operation_id = "reportJob", security(()), request_body = JobMessage,
    params(("Authorization" = String, Header, description = "`Bearer` and the worker's secret.")),
    responses(
        (status = 200, description = "It was read.", body = JobHeard),
        (status = 401, description = "The secret is wrong.", body = Error),
        (status = 503, description = "No secret is configured.", body = Error),
        Refusals
    ),
)]
pub async fn job_status(
    State(app): State<AppState>,
    _: FromWorker,
    Checked(message): Checked<JobMessage>,
) -> Result<Json<JobHeard>, ApiError> {
    let (id, attempt) = (message.job_id, message.attempt);
    let report = read(&app, message).await?;
    let now = (app.clock)();
    match app.store.report_render(id, attempt, report, now + LEASE, now).await? {
        Reported::Unknown => Err(ApiError::NotFound("Job")),
        reported => Ok(Json(JobHeard { success: true, taken: reported == Reported::Taken })),
    }
}

async fn read(app: &AppState, message: JobMessage) -> Result<Report, ApiError> {
    let required = |field| ApiError::field(field, "Required when the job is completed");
    Ok(match message.status {
        JobNews::Processing => Report::Progress(message.progress.unwrap_or_default() / 100.0),
        JobNews::Failed => {
            let message = message.error.filter(|error| !error.trim().is_empty());
            let message = message.unwrap_or_else(|| "The render worker failed without saying why.".to_owned());
            Report::Failed(Failure { class: FailureClass::Fatal, message })
        }
        // An older worker's: whoever has sent the render away takes the video over and makes what belongs to it.
        JobNews::Completed if message.result_url.is_some() && message.captions.is_none() && message.thumbnail.is_none() => {
            Report::Progress(1.0)
        }
        JobNews::Completed => {
            let url = message.result_url.ok_or_else(|| required("resultUrl"))?;
            let captions = message.captions.ok_or_else(|| required("captions"))?;
            let thumbnail = message.thumbnail.ok_or_else(|| required("thumbnail"))?;
            let video = named(app, "resultUrl", &url, &["video"]).await?;
            let object = async |field, text: &str, kinds: &[&str]| {
                let found: Result<_, ApiError> = named(app, field, text, kinds).await;
                found.map(|asset| asset.key)
            };
            Report::Done(RenderOutput {
                srt: object("captions.srt", &captions.srt, &["application", "text"]).await?,
                vtt: object("captions.vtt", &captions.vtt, &["text"]).await?,
                ass: match &captions.ass {
                    Some(ass) => Some(object("captions.ass", ass, &["text"]).await?),
                    None => None,
                },
                thumbnail: object("thumbnail", &thumbnail, &["image"]).await?,
                seconds: message.seconds.ok_or_else(|| required("seconds"))?,
                bytes: video.bytes,
                video: video.key,
                warnings: message.warnings,
            })
        }
    })
}

/// An object that the worker has stored.
async fn named(app: &AppState, field: &str, text: &str, kinds: &[&str]) -> Result<Asset, ApiError> {
    stored_medium(app, text, kinds).await.map_err(|problem| ApiError::field(field, problem))
}

#[cfg(test)]
mod tests {
    use super::same;

    #[test]
    fn only_the_same_is_the_same() {
        let check = |one: &str, other: &str, expected| assert_eq!(same(one.as_bytes(), other.as_bytes()), expected);
        check("secret", "secret", true);
        check("secret", "Secret", false);
        check("secret", "secret ", false);
        check("", "secret", false);
    }
}
