//! Plans, budgets, and what was used: sums by day and month, and a ledger with one row for each vendor call.
//!
//! The ledger belongs to no table: it stays when projects and users go.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean, double, integer, json_binary, text, text_null, timestamp_with_time_zone,
    timestamp_with_time_zone_null, uuid, uuid_null,
};

pub struct Step;

impl MigrationName for Step {
    fn name(&self) -> &str {
        "m0007_usage"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [plan(), used(), usage()] {
            manager.create_table(table).await?;
        }
        let mut index = Index::create();
        manager.create_index(index.name("usage_owner").table("usage").col("owner_id").col("created_at").take()).await?;
        let mut index = Index::create();
        manager.create_index(index.name("usage_task").table("usage").col("task_id").col("attempt").take()).await?;
        // SQLite takes one column at a time.
        for (table, column) in [
            ("user", uuid_null("plan_id")),
            ("user", big_integer_null("budget_micros")),
            ("project", big_integer_null("budget_micros")),
            ("project", big_integer("spent_micros").default(0).take()),
        ] {
            manager.alter_table(Table::alter().table(table).add_column(column).take()).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column) in
            [("project", "spent_micros"), ("project", "budget_micros"), ("user", "budget_micros"), ("user", "plan_id")]
        {
            manager.alter_table(Table::alter().table(table).drop_column(column).take()).await?;
        }
        for table in ["usage", "used", "plan"] {
            manager.drop_table(Table::drop().table(table).take()).await?;
        }
        Ok(())
    }
}

fn plan() -> TableCreateStatement {
    Table::create()
        .table("plan")
        .col(uuid("id").primary_key())
        .col(text("slug").unique_key())
        .col(text("name"))
        .col(json_binary("allowance"))
        .col(big_integer_null("budget_micros"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .take()
}

fn used() -> TableCreateStatement {
    Table::create()
        .table("used")
        .col(uuid("owner_id"))
        .col(text("period"))
        .col(big_integer("requests"))
        .col(big_integer("images"))
        .col(double("speech_seconds"))
        .col(big_integer("clips"))
        .col(big_integer("cost_micros"))
        .primary_key(Index::create().col("owner_id").col("period"))
        .take()
}

fn usage() -> TableCreateStatement {
    Table::create()
        .table("usage")
        .col(uuid("id").primary_key())
        .col(uuid("owner_id"))
        .col(uuid("project_id"))
        .col(uuid("task_id"))
        .col(integer("attempt"))
        .col(text("kind"))
        .col(text("vendor"))
        .col(text("model"))
        .col(text("unit"))
        .col(double("units"))
        .col(big_integer_null("cost_micros"))
        .col(boolean("counts"))
        .col(text("state"))
        .col(text_null("error"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone_null("settled_at"))
        .take()
}
