//! The schema's history: one file per step, never changed once it has been released.

mod m0001_first;
mod m0002_scene_look;
mod m0003_ass;
mod m0004_media;
mod m0005_queue;
mod m0006_requests;
mod m0007_usage;
mod m0008_render_storyboard;
mod m0009_making;
mod m0010_vendors;
mod m0011_characters;
mod m0012_targets;
mod m0013_accounts;
mod m0014_folders;
mod m0015_shows;
mod m0016_plans;
mod m0017_questions;
mod m0018_studio;
mod m0020_chores;
mod m0021_webhooks;
mod m0022_traces;

use sea_orm_migration::prelude::*;

/// All steps in order.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_first::Step),
            Box::new(m0002_scene_look::Step),
            Box::new(m0003_ass::Step),
            Box::new(m0004_media::Step),
            Box::new(m0005_queue::Step),
            Box::new(m0006_requests::Step),
            Box::new(m0007_usage::Step),
            Box::new(m0008_render_storyboard::Step),
            Box::new(m0009_making::Step),
            Box::new(m0010_vendors::Step),
            Box::new(m0011_characters::Step),
            Box::new(m0012_targets::Step),
            Box::new(m0013_accounts::Step),
            Box::new(m0014_folders::Step),
            Box::new(m0015_shows::Step),
            Box::new(m0016_plans::Step),
            Box::new(m0017_questions::Step),
            Box::new(m0018_studio::Step),
            Box::new(m0020_chores::Step),
            Box::new(m0021_webhooks::Step),
            Box::new(m0022_traces::Step),
        ]
    }
}
