//! A queue whose claim does not grow with its length: tasks stand in line by turn and lane, and limits of vendors.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer_null, double, integer, text, text_null, timestamp_with_time_zone};

pub struct Step;

impl MigrationName for Step {
    fn name(&self) -> &str {
        "m0005_queue"
    }
}

/// The builder knows no condition for an index; these statements are the same in both databases. None of the conditions
/// compares with a value: a prepared statement, whose values come later, would not be known to meet it.
const INDEXES: [&str; 5] = [
    "CREATE INDEX task_line ON task (lane, turn, priority DESC, created_at, place) WHERE turn IS NOT NULL",
    "CREATE INDEX task_owner_line ON task (owner_id, lane, priority, turn) WHERE turn IS NOT NULL",
    "CREATE INDEX task_waiting ON task (run_at) WHERE turn IS NULL AND lease_until IS NULL AND finished_at IS NULL",
    "CREATE INDEX task_lease ON task (lease_until) WHERE lease_until IS NOT NULL",
    "CREATE INDEX task_vendor ON task (vendor, owner_id) WHERE vendor IS NOT NULL",
];

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [integer("lane").default(0).take(), big_integer_null("turn"), text_null("vendor")] {
            manager.alter_table(Table::alter().table("task").add_column(column).take()).await?;
        }
        manager.drop_index(Index::drop().name("task_claim").table("task").to_owned()).await?;
        let connection = manager.get_connection();
        connection.execute_unprepared("UPDATE task SET lane = 1 WHERE kind = 'render'").await?;
        for index in INDEXES {
            connection.execute_unprepared(index).await?;
        }
        let gate = Table::create()
            .table("vendor_gate")
            .col(text("key").primary_key())
            .col(double("tokens"))
            .col(timestamp_with_time_zone("counted_at"))
            .take();
        manager.create_table(gate).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("vendor_gate").take()).await?;
        let connection = manager.get_connection();
        for index in ["task_line", "task_owner_line", "task_waiting", "task_lease", "task_vendor"] {
            connection.execute_unprepared(&format!("DROP INDEX {index}")).await?;
        }
        for column in ["lane", "turn", "vendor"] {
            manager.alter_table(Table::alter().table("task").drop_column(column).take()).await?;
        }
        connection.execute_unprepared("CREATE INDEX task_claim ON task (state, priority, run_at)").await?;
        Ok(())
    }
}
