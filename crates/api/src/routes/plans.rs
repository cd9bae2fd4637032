//! Plans, for administrators.

use axum::Json;
use axum::http::StatusCode;
use store::{Plan, PlanError};

use crate::error::ApiError;
use crate::extract::{Checked, PathId};
use crate::signed::SignedAdmin;
use crate::wire::plan::{PlanRow, PutPlan};
use crate::wire::project::Success;
use crate::wire::refusal::{Error, Refusals};

/// List plans
///
/// The cheapest first; also those of the configuration file.
#[utoipa::path(
    get, path = "/api/admin/plans", tag = "Admin", operation_id = "listPlans",
    responses((status = 200, description = "The plans.", body = [PlanRow]), Refusals),
)]
pub async fn list(SignedAdmin(app): SignedAdmin) -> Result<Json<Vec<PlanRow>>, ApiError> {
    Ok(Json(app.store.plan_records().await?.iter().map(PlanRow::from).collect()))
}

/// Make a plan
///
/// Nobody is on it until you change users.
#[utoipa::path(
    post, path = "/api/admin/plans", tag = "Admin", operation_id = "createPlan", request_body = PutPlan,
    responses(
        (status = 200, description = "The plan.", body = PlanRow),
        (status = 409, description = "Another plan has this name or slug.", body = Error),
        Refusals
    ),
)]
pub async fn create(SignedAdmin(app): SignedAdmin, Checked(input): Checked<PutPlan>) -> Result<Json<PlanRow>, ApiError> {
    let plan = Plan {
        id: (app.new_id)(),
        slug: input.slug().unwrap_or_else(|| (app.new_id)().to_string()),
        name: input.name.trim().to_owned(),
        allowance: input.allowance(),
        budget: None,
        about: input.about()?,
    };
    Ok(Json(PlanRow::from(&app.store.create_plan(&plan, (app.clock)()).await?)))
}

/// Replace a plan
///
/// By the whole plan that you send; whoever is on it has the new limits at once. The next start of the server puts the limits of a
/// plan of the configuration file back.
#[utoipa::path(
    put, path = "/api/admin/plans/{id}", tag = "Admin", operation_id = "putPlan", request_body = PutPlan,
    params(("id" = Uuid, Path, description = "The plan's id.")),
    responses(
        (status = 200, description = "The plan.", body = PlanRow),
        (status = 409, description = "Another plan has this name or slug.", body = Error),
        Refusals
    ),
)]
pub async fn put(SignedAdmin(app): SignedAdmin, id: PathId, Checked(input): Checked<PutPlan>) -> Result<Json<PlanRow>, ApiError> {
    let id = id.of("Plan")?;
    let before = app.store.plan_records().await?.into_iter().find(|record| record.plan.id == id);
    let before = before.ok_or(ApiError::NotFound("Plan"))?.plan;
    let plan = Plan {
        slug: input.slug().unwrap_or(before.slug),
        name: input.name.trim().to_owned(),
        allowance: input.allowance(),
        about: input.about()?,
        ..before
    };
    Ok(Json(PlanRow::from(&app.store.change_plan(&plan, (app.clock)()).await?)))
}

/// Delete a plan
///
/// Whoever is on it has no limits then, until you put them on another one.
#[utoipa::path(
    delete, path = "/api/admin/plans/{id}", tag = "Admin", operation_id = "deletePlan",
    params(("id" = Uuid, Path, description = "The plan's id.")),
    responses((status = 200, description = "It is deleted.", body = Success), Refusals),
)]
pub async fn delete(SignedAdmin(app): SignedAdmin, id: PathId) -> Result<Json<Success>, ApiError> {
    let gone = app.store.delete_plan(id.of("Plan")?).await?;
    if gone { Ok(Json(Success { success: true })) } else { Err(ApiError::NotFound("Plan")) }
}

impl From<PlanError> for ApiError {
    fn from(error: PlanError) -> Self {
        match error {
            PlanError::NotFound => Self::NotFound("Plan"),
            PlanError::Taken(field) => {
                Self::plain(StatusCode::CONFLICT, format!("There is a plan with this {field} already; choose another {field}."))
            }
            PlanError::Store(error) => error.into(),
        }
    }
}
