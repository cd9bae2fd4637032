//! What administrators see of everybody: the ledger of vendor calls, and sums over users, projects and calls.

use std::collections::HashMap;

use chrono::{DateTime, Days, NaiveTime, Utc};
use model::usage::Unit;
use sea_orm::sea_query::{Expr, ExprTrait, Func, LikeExpr, Query};
use sea_orm::{
    ColumnTrait, Condition, DbBackend, EntityTrait, FromQueryResult, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};
use uuid::Uuid;

use crate::entity::{project, scene, usage, user};
use crate::error::During;
use crate::user::user_of;
use crate::{ProjectRecord, Store, StoreError, UsageState, User};

/// The most messages of failures in a summary.
const MOST_MESSAGES: u64 = 50;
/// How many projects are the newest.
const NEWEST: u64 = 5;

/// Which calls to list.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LedgerQuery {
    /// Only those that failed, or only those that did not.
    pub failed: Option<bool>,
    /// Only those that count one of these; empty for all.
    pub units: Vec<Unit>,
    /// Only those with this in their message or in their user's name or address, whatever the case of ASCII letters; or with this
    /// id of a user, project or call.
    pub search: String,
    /// At most so many.
    pub limit: u64,
    /// Skip so many of the newest.
    pub offset: u64,
}

/// One call that has ended.
#[derive(Debug, Clone, PartialEq)]
pub struct LedgerLine {
    /// Identity.
    pub id: Uuid,
    /// For whom.
    pub owner: Uuid,
    /// For which project.
    pub project: Option<Uuid>,
    /// Who was asked.
    pub vendor: String,
    /// Which model.
    pub model: String,
    /// What is counted; `None` when a newer version knows more.
    pub unit: Option<Unit>,
    /// How many of it.
    pub units: f64,
    /// Whether nothing came of it, as far as one knows.
    pub failed: bool,
    /// What the vendor said.
    pub error: Option<String>,
    /// What was read and written, in the vendor's tokens; 0 for our own calls, which are paid by other things.
    pub tokens: (i64, i64),
    /// What whoever told of it has called it.
    pub key: Option<String>,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// The user, if they are still there.
    pub user: Option<User>,
    /// The project's topic, if it is still there.
    pub topic: Option<String>,
}

/// What has happened lately.
#[derive(Debug, Clone, PartialEq)]
pub struct Activity {
    /// All users.
    pub users: u64,
    /// All projects.
    pub projects: u64,
    /// All scenes.
    pub scenes: u64,
    /// The newest projects, with whose they are.
    pub newest: Vec<(ProjectRecord, Option<User>)>,
    /// New users and projects of each day in UTC (`2026-11-22`), where there were any.
    pub days: HashMap<String, (u64, u64)>,
    /// Calls by what they count and whether they failed.
    pub calls: Vec<(Option<Unit>, bool, u64)>,
    /// The most frequent messages of calls that failed.
    pub messages: Vec<(Option<Unit>, String, u64)>,
}

#[derive(FromQueryResult)]
struct Calls {
    unit: String,
    failed: i64,
    calls: i64,
}

impl Store {
    /// One page of the calls that have ended, the newest first, and how many there are on all pages.
    pub async fn ledger(&self, query: &LedgerQuery) -> Result<(Vec<LedgerLine>, u64), StoreError> {
        let doing = "reading the ledger";
        let wanted = ended(usage::Entity::find(), query);
        let total = wanted.clone().count(&self.db).await.during(doing, "")?;
        let page = wanted.order_by_desc(usage::Column::CreatedAt).order_by_desc(usage::Column::Id);
        let most = i64::MAX as u64;
        let page =
            page.limit(Ord::min(query.limit, most)).offset(Ord::min(query.offset, most)).all(&self.db).await.during(doing, "")?;
        Ok((self.lines_of(page).await?, total))
    }

    /// The rows with whose they are.
    pub(crate) async fn lines_of(&self, page: Vec<usage::Model>) -> Result<Vec<LedgerLine>, StoreError> {
        let doing = "reading the ledger";
        let users = self.users_by_id(page.iter().map(|row| row.owner_id)).await?;
        let topics = project::Entity::find()
            .select_only()
            .columns([project::Column::Id, project::Column::Topic])
            .filter(project::Column::Id.is_in(page.iter().map(|row| row.project_id)))
            .into_tuple::<(Uuid, String)>();
        let topics: HashMap<Uuid, String> = topics.all(&self.db).await.during(doing, "")?.into_iter().collect();
        let line = |row: usage::Model| LedgerLine {
            user: users.get(&row.owner_id).cloned(),
            topic: topics.get(&row.project_id).cloned(),
            unit: Unit::from_name(&row.unit),
            failed: row.state == UsageState::Refunded.name() || row.error.is_some(),
            id: row.id,
            owner: row.owner_id,
            project: Some(row.project_id).filter(|id| !id.is_nil()),
            vendor: row.vendor,
            model: row.model,
            units: row.units,
            error: row.error,
            tokens: (row.tokens_input, row.tokens_output),
            key: row.idempotency_key,
            created_at: row.created_at,
        };
        Ok(page.into_iter().map(line).collect())
    }

    /// What has happened, with the last so many days in UTC (today is the last one). `asker` counts as a user even without an
    /// address: this machine's owner has none.
    pub async fn activity(&self, asker: Uuid, days: u64, now: DateTime<Utc>) -> Result<Activity, StoreError> {
        let doing = "adding up what has happened";
        let today = now.date_naive().and_time(NaiveTime::MIN).and_utc();
        let since = today.checked_sub_days(Days::new(days.saturating_sub(1))).unwrap_or(today);
        let somebody = Condition::any().add(user::Column::Email.is_not_null()).add(user::Column::Id.eq(asker));
        let people = user::Entity::find().filter(somebody);
        let day = match self.db.get_database_backend() {
            DbBackend::Postgres => "to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')",
            _ => "substr(created_at, 1, 10)",
        };
        let new_users = people.clone().filter(user::Column::CreatedAt.gte(since)).select_only().column_as(Expr::cust(day), "day");
        let new_users = new_users.column_as(Expr::cust("COUNT(*)"), "new").group_by(Expr::cust(day));
        let new_users: Vec<(String, i64)> = new_users.into_tuple().all(&self.db).await.during(doing, "")?;
        // Those that carry questions are no projects for anybody.
        let projects = project::Entity::find().filter(project::Column::Question.is_null());
        let new_projects = projects.clone().filter(project::Column::CreatedAt.gte(since)).select_only();
        let new_projects = new_projects.column_as(Expr::cust(day), "day").column_as(Expr::cust("COUNT(*)"), "new");
        let new_projects = new_projects.group_by(Expr::cust(day));
        let new_projects: Vec<(String, i64)> = new_projects.into_tuple().all(&self.db).await.during(doing, "")?;
        let mut by_day: HashMap<String, (u64, u64)> = HashMap::new();
        for (day, count) in new_users {
            by_day.entry(day).or_default().0 = count.unsigned_abs();
        }
        for (day, count) in new_projects {
            by_day.entry(day).or_default().1 = count.unsigned_abs();
        }
        let newest = projects.clone().order_by_desc(project::Column::CreatedAt).order_by_desc(project::Column::Id);
        let newest = self.load(newest.limit(NEWEST)).await?;
        let owners = self.users_by_id(newest.iter().map(|record| record.project.owner)).await?;
        let newest = newest.into_iter().map(|record| (owners.get(&record.project.owner).cloned(), record));
        Ok(Activity {
            users: people.count(&self.db).await.during(doing, "")?,
            projects: projects.count(&self.db).await.during(doing, "")?,
            scenes: scene::Entity::find().count(&self.db).await.during(doing, "")?,
            newest: newest.map(|(owner, record)| (record, owner)).collect(),
            days: by_day,
            calls: self.calls_since(since).await?,
            messages: self.messages_since(since).await?,
        })
    }

    async fn calls_since(&self, since: DateTime<Utc>) -> Result<Vec<(Option<Unit>, bool, u64)>, StoreError> {
        let failed = "CASE WHEN state = 'refunded' OR error IS NOT NULL THEN 1 ELSE 0 END";
        let rows = ended(usage::Entity::find(), &LedgerQuery::default())
            .filter(usage::Column::CreatedAt.gte(since))
            .select_only()
            .column(usage::Column::Unit)
            .column_as(Expr::cust(format!("CAST({failed} AS BIGINT)")), "failed")
            .column_as(Expr::cust("COUNT(*)"), "calls")
            .group_by(usage::Column::Unit)
            .group_by(Expr::cust(failed))
            .order_by_asc(usage::Column::Unit);
        let rows = rows.into_model::<Calls>().all(&self.db).await.during("adding up", "the ledger")?;
        Ok(rows.into_iter().map(|row| (Unit::from_name(&row.unit), row.failed != 0, row.calls.unsigned_abs())).collect())
    }

    async fn messages_since(&self, since: DateTime<Utc>) -> Result<Vec<(Option<Unit>, String, u64)>, StoreError> {
        let rows = ended(usage::Entity::find(), &LedgerQuery { failed: Some(true), ..LedgerQuery::default() })
            .filter(usage::Column::CreatedAt.gte(since))
            .filter(usage::Column::Error.is_not_null())
            .select_only()
            .columns([usage::Column::Unit, usage::Column::Error])
            .column_as(Expr::cust("COUNT(*)"), "calls")
            .group_by(usage::Column::Unit)
            .group_by(usage::Column::Error)
            .order_by_desc(Expr::cust("COUNT(*)"))
            .order_by_asc(usage::Column::Error)
            .limit(MOST_MESSAGES);
        let rows: Vec<(String, String, i64)> = rows.into_tuple().all(&self.db).await.during("adding up", "the ledger")?;
        Ok(rows.into_iter().map(|(unit, error, calls)| (Unit::from_name(&unit), error, calls.unsigned_abs())).collect())
    }

    async fn users_by_id(&self, ids: impl Iterator<Item = Uuid>) -> Result<HashMap<Uuid, User>, StoreError> {
        let rows = user::Entity::find().filter(user::Column::Id.is_in(ids)).all(&self.db).await.during("reading", "users")?;
        Ok(rows.into_iter().map(|row| (row.id, user_of(row))).collect())
    }
}

/// Calls that have ended, as wanted.
fn ended(calls: Select<usage::Entity>, query: &LedgerQuery) -> Select<usage::Entity> {
    let refunded = usage::Column::State.eq(UsageState::Refunded.name());
    let settled = usage::Column::State.eq(UsageState::Settled.name());
    let mut calls = match query.failed {
        None => calls.filter(usage::Column::State.ne(UsageState::Reserved.name())),
        Some(false) => calls.filter(settled).filter(usage::Column::Error.is_null()),
        // What was settled with a message may have been made, but nobody has it.
        Some(true) => calls
            .filter(Condition::any().add(refunded).add(Condition::all().add(settled).add(usage::Column::Error.is_not_null()))),
    };
    if !query.units.is_empty() {
        calls = calls.filter(usage::Column::Unit.is_in(query.units.iter().map(|unit| unit.name())));
    }
    let search = query.search.trim().to_lowercase();
    if search.is_empty() {
        return calls;
    }
    let escaped = search.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    let pattern = || LikeExpr::new(format!("%{escaped}%")).escape('\\');
    let lower = |column: &'static str| Expr::expr(Func::lower(Expr::col(column)));
    let mut people = Query::select();
    people.column("id").from("user");
    people.cond_where(Condition::any().add(lower("name").like(pattern())).add(lower("email").like(pattern())));
    let mut found = Condition::any().add(lower("error").like(pattern())).add(usage::Column::OwnerId.in_subquery(people));
    if let Ok(id) = Uuid::parse_str(&search) {
        for column in [usage::Column::Id, usage::Column::OwnerId, usage::Column::ProjectId] {
            found = found.add(column.eq(id));
        }
    }
    calls.filter(found)
}
