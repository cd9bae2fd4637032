//! Users, for administrators.

use std::cmp::Ordering;
use std::collections::HashMap;

use axum::Json;
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use store::{Role, User, UserChange, UserError};
use uuid::Uuid;

use super::projects::number;
use crate::error::ApiError;
use crate::extract::{Asked, Checked};
use crate::signed::SignedAdmin;
use crate::wire::folder::ProjectCount;
use crate::wire::limits::LimitsRow;
use crate::wire::people::{PatchPerson, Person, WhichPeople};
use crate::wire::refusal::{Error, Refusals};
use crate::wire::user::UserRow;

/// The subscriptions.
const SUBSCRIPTIONS: [&str; 2] = ["FREE", "PRO"];

/// What users can be sorted by: nothing else, so that no column of the database can be asked for.
const SORTS: [&str; 12] = [
    "created_at",
    "updated_at",
    "name",
    "email",
    "emailVerified",
    "role",
    "subscription_plan",
    "tier",
    "is_blocked",
    "plan_id",
    "id",
    "projects",
];
/// How many users there are on all pages.
const TOTAL: HeaderName = HeaderName::from_static("x-total-count");

/// List users
///
/// All of them that the filters let through, or one page of them, with their projects and limits (1000000000 where there is none).
#[utoipa::path(
    get, path = "/api/admin/users", tag = "Admin", operation_id = "listUsers", params(WhichPeople),
    responses(
        (status = 200, description = "The users.", body = [Person], headers(
            ("X-Total-Count" = u64, description = "How many the filters let through, on all pages.")
        )),
        Refusals
    ),
)]
pub async fn list(SignedAdmin(app): SignedAdmin, Asked(which): Asked<WhichPeople>) -> Result<Response, ApiError> {
    let limit = number("limit", which.limit.as_deref())?.map(|limit| limit.clamp(1, 100) as usize);
    let offset = number("offset", which.offset.as_deref())?.unwrap_or_default().max(0) as usize;
    let filter = Filter::of(&which)?;
    let sort = one_of("sort", which.sort.as_deref(), &SORTS)?.unwrap_or(SORTS[0]);
    let descending = one_of("order", which.order.as_deref(), &["desc", "asc"])? != Some("asc");
    let projects = app.store.project_counts().await?;
    // This machine's owner is nobody with sign-in.
    let somebody = |user: &User| user.email.is_some() || user.id == app.user.id;
    let mut users: Vec<User> = app.store.users().await?.into_iter().filter(|user| somebody(user) && filter.fits(user)).collect();
    users.sort_by(|one, other| {
        let order = compare(sort, one, other, &projects);
        if descending { order.reverse() } else { order }
    });
    let total = [(TOTAL, users.len().to_string())];
    let users: Vec<User> = users.into_iter().skip(offset).take(limit.unwrap_or(usize::MAX)).collect();
    let now = (app.clock)();
    let standings = app.store.standings(&users, now).await?;
    let person = |user: &User| Person {
        user: UserRow::from(user),
        count: ProjectCount { projects: projects.get(&user.id).copied().unwrap_or_default() },
        user_limits: LimitsRow::new(user.id, &standings.get(&user.id).copied().unwrap_or_default(), now),
    };
    Ok((total, Json(users.iter().map(person).collect::<Vec<_>>())).into_response())
}

/// Change a user
///
/// What is left out stays. The last administrator can neither be blocked nor made an ordinary user.
#[utoipa::path(
    patch, path = "/api/admin/users", tag = "Admin", operation_id = "changeUser", request_body = PatchPerson,
    responses(
        (status = 200, description = "The user.", body = UserRow),
        (status = 409, description = "They are the last administrator.", body = Error),
        Refusals
    ),
)]
pub async fn change(SignedAdmin(app): SignedAdmin, Checked(input): Checked<PatchPerson>) -> Result<Json<UserRow>, ApiError> {
    let id = input.user_id.filter(|id| !id.is_empty());
    let id = id.ok_or_else(|| ApiError::plain(StatusCode::BAD_REQUEST, "User ID required"))?;
    let id = Uuid::parse_str(&id).map_err(|_| ApiError::NotFound("User"))?;
    let role = one_of("role", input.role.as_deref(), &[Role::User.name(), Role::Admin.name()])?;
    let subscription = one_of("subscription_plan", input.subscription_plan.as_deref(), &SUBSCRIPTIONS)?;
    let change = UserChange {
        role: role.and_then(Role::from_name),
        subscription: subscription.map(str::to_owned),
        blocked: input.is_blocked,
        plan: input.plan_id,
    };
    Ok(Json(UserRow::from(&app.store.change_user(id, &change, (app.clock)()).await?)))
}

/// Whom to show.
struct Filter<'a> {
    search: String,
    role: Option<&'a str>,
    subscription: Option<&'a str>,
    blocked: Option<bool>,
}

impl Filter<'_> {
    fn of(which: &WhichPeople) -> Result<Self, ApiError> {
        let on = |wish: &Option<String>| wish.clone().filter(|wish| wish != "ALL");
        let status = one_of("status", on(&which.status).as_deref(), &["active", "blocked"])?;
        Ok(Self {
            search: which.search.as_deref().unwrap_or_default().trim().to_lowercase(),
            role: one_of("role", on(&which.role).as_deref(), &[Role::User.name(), Role::Admin.name()])?,
            subscription: one_of("plan", on(&which.plan).as_deref(), &SUBSCRIPTIONS)?,
            blocked: status.map(|status| status == "blocked"),
        })
    }

    fn fits(&self, user: &User) -> bool {
        let found = |text: &str| text.to_lowercase().contains(&self.search);
        (found(&user.name) || user.email.as_deref().is_some_and(found) || found(&user.id.to_string()))
            && self.role.is_none_or(|role| role == user.role.name())
            && self.subscription.is_none_or(|subscription| subscription == user.subscription_plan)
            && self.blocked.is_none_or(|blocked| blocked == user.is_blocked)
    }
}

/// One of the words, if the client says one.
pub fn one_of(field: &str, wish: Option<&str>, words: &[&'static str]) -> Result<Option<&'static str>, ApiError> {
    let Some(wish) = wish.filter(|wish| !wish.is_empty()) else { return Ok(None) };
    let found = words.iter().find(|word| **word == wish).copied();
    found.map(Some).ok_or_else(|| ApiError::field(field, format!("Expected one of {}", words.join(", "))))
}

fn compare(sort: &str, one: &User, other: &User, projects: &HashMap<Uuid, u64>) -> Ordering {
    let count = |user: &User| projects.get(&user.id).copied().unwrap_or_default();
    let order = match sort {
        "updated_at" => one.updated_at.cmp(&other.updated_at),
        "name" => one.name.to_lowercase().cmp(&other.name.to_lowercase()),
        "email" => one.email.cmp(&other.email),
        "emailVerified" => one.email_verified_at.cmp(&other.email_verified_at),
        "tier" => one.tier.cmp(&other.tier),
        "plan_id" => one.plan.cmp(&other.plan),
        "id" => one.id.cmp(&other.id),
        "role" => one.role.name().cmp(other.role.name()),
        "subscription_plan" => one.subscription_plan.cmp(&other.subscription_plan),
        "is_blocked" => one.is_blocked.cmp(&other.is_blocked),
        "projects" => count(one).cmp(&count(other)),
        _ => Ordering::Equal,
    };
    order.then(one.created_at.cmp(&other.created_at)).then(one.id.cmp(&other.id))
}

impl From<UserError> for ApiError {
    fn from(error: UserError) -> Self {
        match error {
            UserError::NotFound => Self::NotFound("User"),
            UserError::NoPlan => Self::field("plan_id", "There is no such plan; GET /api/admin/plans lists them"),
            UserError::LastAdmin => Self::plain(
                StatusCode::CONFLICT,
                "They are the last administrator (role, is_blocked); make somebody else an administrator first.",
            ),
            UserError::Store(error) => error.into(),
        }
    }
}
