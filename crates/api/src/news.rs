//! What administrators are told at once: that somebody is new, or has begun a project. Only in this process, and only while
//! they look; nothing is kept.

use serde_json::{Value, json};
use tokio::sync::broadcast;
use uuid::Uuid;

/// So many pieces of news wait for a slow reader; then it misses the oldest.
const WAITING: usize = 64;

/// One piece of news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// Somebody has signed in for the first time.
    UserRegistered(Uuid),
    /// Somebody has begun a project.
    ProjectCreated(Uuid),
}

/// Where news is told. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Newsroom(broadcast::Sender<News>);

impl Default for Newsroom {
    fn default() -> Self {
        Self(broadcast::Sender::new(WAITING))
    }
}

impl Newsroom {
    /// Tells those who listen.
    pub fn tell(&self, news: News) {
        // Nobody need listen.
        let _ = self.0.send(news);
    }

    /// Listens from now on.
    pub fn listen(&self) -> broadcast::Receiver<News> {
        self.0.subscribe()
    }
}

impl News {
    /// On the wire: only what it is about.
    pub fn to_json(self) -> Value {
        match self {
            Self::UserRegistered(id) => json!({ "type": "USER_REGISTERED", "payload": { "id": id } }),
            Self::ProjectCreated(id) => json!({ "type": "PROJECT_CREATED", "payload": { "id": id } }),
        }
    }
}
