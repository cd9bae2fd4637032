//! All SQL of ShortsAI: entities, migrations, queries by noun, the task queue, and [`Store::apply`], the one atomic writer
//! of workflow state. SQLite and PostgreSQL from one code base; no HTTP, no vendors, no objects.

mod account;
mod apply;
mod changes;
mod character;
mod chore;
mod claim;
mod delete;
mod delivery;
mod entity;
mod error;
mod event;
mod folder;
mod lane;
mod lease;
mod ledger;
mod legacy;
mod limit;
mod load;
mod lock;
mod logged;
mod made;
mod making;
mod manage;
mod mark;
mod message;
mod migration;
mod open;
mod overview;
mod owned;
mod place;
mod plan;
mod project;
mod question;
mod queue;
mod raw;
mod record;
mod render;
mod report;
mod request;
mod schema;
mod server;
mod session;
mod show;
mod taken;
mod task;
mod transaction;
mod update;
mod usage;
mod user;
mod vault;
mod vendor_key;
mod webhook;

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use model::trace::TraceParent;
use sea_orm::DatabaseConnection;
use tokio::sync::Mutex;

pub use account::UsageTotal;
pub use apply::Applied;
pub use character::CharacterRecord;
pub use claim::{Claimed, Wanted};
pub use delivery::Delivery;
pub use error::{ApplyError, StoreError};
pub use event::NumberedEvent;
pub use folder::{Folder, FolderChange, FolderError, FolderList, LONGEST_FOLDER_NAME};
pub use lane::Lane;
pub use lease::{Lease, Outcome};
pub use ledger::{Activity, LedgerLine, LedgerQuery};
pub use legacy::{LegacyMoment, LegacyRow, LegacyRows, LegacySource, LegacyTable};
pub use limit::{Entry, Limit, Limits};
pub use logged::{LogError, LoggedCall};
pub use made::Made;
pub use making::Making;
pub use manage::{Standing, UserChange, UserError};
pub use mark::Mark;
pub use message::{Attempt, KEEP as KEEP_MESSAGES, MessageRecord, MessageState, Resent};
// Tests make the databases of older versions with it.
#[doc(hidden)]
pub use migration::Migrator;
pub use open::{migrate, open, without_secrets};
pub use overview::{QueueOf, RunningTask};
pub use plan::{Plan, PlanAbout, PlanError, PlanRecord};
pub use project::{Details, NewProject, ProjectLock, ProjectPage, ProjectQuery, ProjectRecord};
pub use question::{KEEP as KEEP_QUESTIONS, NewQuestion};
pub use raw::{Contents, Moment, RawDatabase};
pub use render::RenderRecord;
pub use report::{Report, Reported};
pub use request::{Answer, Caller, ProjectChange, RequestError, Ticket};
pub use schema::{Migrated, Steps, takes_away};
pub use server::PostgresServer;
pub use session::{AccessToken, Scope, session_lifetime};
pub use show::{Show, ShowRecord};
pub use taken::{Noun, TakenUser};
pub use task::{TaskRecord, TaskState};
pub use usage::{Call, Reservation, UsageState};
pub use user::{Profile, Role, SignedIn, User};
pub use vault::{CannotOpen, Vault, nonce, webhook_secret};
pub use vendor_key::{KeyOf, VendorKey};
pub use webhook::{MOST_WEBHOOKS, NewWebhook, OneOff, Webhook, WebhookChange, one_off_id, seal_one_off};

/// The database. Cheap to clone; all clones share one pool.
#[derive(Clone)]
pub struct Store {
    db: DatabaseConnection,
    signal: Arc<changes::Signal>,
    /// When a claim last looked for tasks whose time has come, in milliseconds.
    due_at: Arc<AtomicI64>,
    /// The turn to write, on SQLite.
    turn: Arc<Mutex<()>>,
    /// The span that what is asked for belongs to.
    cause: Option<TraceParent>,
}

impl Store {
    /// The same database, for a request: the tasks that it puts in the queue remember that they belong to this span.
    pub fn caused_by(&self, cause: Option<TraceParent>) -> Self {
        Self { cause, ..self.clone() }
    }
}
