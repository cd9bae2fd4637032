//! Webhooks: where users want to be told, what is told, and what became of each attempt.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, boolean, integer, integer_null, json_binary, text, text_null, timestamp_with_time_zone,
    timestamp_with_time_zone_null, uuid, uuid_null,
};

pub struct Step;

impl MigrationName for Step {
    fn name(&self) -> &str {
        "m0021_webhooks"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let to = |table: &'static str, column: &'static str, other: &'static str| {
            ForeignKey::create().from(table, column).to(other, "id").on_delete(ForeignKeyAction::Cascade).take()
        };
        let endpoints = Table::create()
            .table("webhook_endpoint")
            .col(uuid("id").primary_key())
            .col(uuid("owner_id"))
            .col(text("url"))
            .col(json_binary("kinds"))
            .col(uuid_null("render_id"))
            .col(text_null("sealed"))
            .col(text_null("sealed_before"))
            .col(timestamp_with_time_zone_null("before_until"))
            .col(boolean("enabled"))
            .col(text_null("disabled_reason"))
            .col(timestamp_with_time_zone_null("failing_since"))
            .col(timestamp_with_time_zone("created_at"))
            .col(timestamp_with_time_zone("updated_at"))
            .foreign_key(&mut to("webhook_endpoint", "owner_id", "user"))
            .take();
        manager.create_table(endpoints).await?;
        // No key to the endpoint: a message is written with what it tells, which must never fail because somebody takes the
        // endpoint away at that moment.
        let messages = Table::create()
            .table("webhook_message")
            .col(uuid("id").primary_key())
            .col(uuid("endpoint_id"))
            .col(uuid("owner_id"))
            .col(uuid_null("project_id"))
            .col(text("kind"))
            .col(json_binary("notice"))
            .col(text("state"))
            .col(integer("attempt"))
            .col(integer("tries"))
            .col(timestamp_with_time_zone_null("due_at"))
            .col(timestamp_with_time_zone_null("lease_until"))
            .col(timestamp_with_time_zone("created_at"))
            .take();
        manager.create_table(messages).await?;
        let attempts = Table::create()
            .table("webhook_attempt")
            .col(uuid("message_id"))
            .col(integer("number"))
            .col(timestamp_with_time_zone("at"))
            .col(integer_null("status"))
            .col(text_null("error"))
            .col(big_integer("millis"))
            .primary_key(Index::create().col("message_id").col("number"))
            .foreign_key(&mut to("webhook_attempt", "message_id", "webhook_message"))
            .take();
        manager.create_table(attempts).await?;
        for (name, table, columns) in INDEXES {
            let mut index = Index::create().name(*name).table(*table).take();
            columns.iter().for_each(|column| {
                index.col(*column);
            });
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["webhook_attempt", "webhook_message", "webhook_endpoint"] {
            manager.drop_table(Table::drop().table(table).take()).await?;
        }
        Ok(())
    }
}

const INDEXES: &[(&str, &str, &[&str])] = &[
    ("webhook_endpoint_owner", "webhook_endpoint", &["owner_id", "render_id"]),
    ("webhook_endpoint_age", "webhook_endpoint", &["created_at"]),
    ("webhook_message_endpoint", "webhook_message", &["endpoint_id", "created_at"]),
    ("webhook_message_due", "webhook_message", &["due_at"]),
    ("webhook_message_age", "webhook_message", &["created_at"]),
];
