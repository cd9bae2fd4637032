//! People who sign in, their sessions and access tokens, and who brought which file.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{boolean, text, text_null, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid};

pub struct Step;

impl MigrationName for Step {
    fn name(&self) -> &str {
        "m0013_accounts"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite adds one column a statement.
        for column in columns() {
            manager.alter_table(Table::alter().table("user").add_column(column).take()).await?;
        }
        let unique =
            |name: &'static str, column: &'static str| Index::create().name(name).table("user").col(column).unique().take();
        manager.create_index(unique("user_email", "email")).await?;
        manager.create_index(unique("user_google", "google_id")).await?;
        for table in [session(), token(), upload()] {
            manager.create_table(table).await?;
        }
        for (table, column) in [("session", "user_id"), ("session", "expires_at"), ("access_token", "user_id")] {
            let index = Index::create().name(format!("{table}_{column}")).table(table).col(column).take();
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["upload", "access_token", "session"] {
            manager.drop_table(Table::drop().table(table).take()).await?;
        }
        for index in ["user_google", "user_email"] {
            manager.drop_index(Index::drop().name(index).table("user").to_owned()).await?;
        }
        for column in columns() {
            let column = column.get_column_name();
            manager.alter_table(Table::alter().table("user").drop_column(column).take()).await?;
        }
        Ok(())
    }
}

fn columns() -> [ColumnDef; 9] {
    [
        timestamp_with_time_zone_null("email_verified_at"),
        text_null("image"),
        text_null("google_id"),
        text("role").default("USER").take(),
        text("subscription_plan").default("FREE").take(),
        text("tier").default("free").take(),
        boolean("is_blocked").default(false).take(),
        timestamp_with_time_zone_null("updated_at"),
        timestamp_with_time_zone_null("signed_in_at"),
    ]
}

fn of_user(table: &'static str, column: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create().from(table, column).to("user", "id").on_delete(ForeignKeyAction::Cascade).take()
}

fn session() -> TableCreateStatement {
    Table::create()
        .table("session")
        .col(text("hash").primary_key())
        .col(uuid("user_id"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("expires_at"))
        .foreign_key(&mut of_user("session", "user_id"))
        .take()
}

fn token() -> TableCreateStatement {
    Table::create()
        .table("access_token")
        .col(uuid("id").primary_key())
        .col(uuid("user_id"))
        .col(text("name"))
        .col(text("scope"))
        .col(text("hash").unique_key())
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone_null("used_at"))
        .col(timestamp_with_time_zone_null("expires_at"))
        .foreign_key(&mut of_user("access_token", "user_id"))
        .take()
}

fn upload() -> TableCreateStatement {
    Table::create()
        .table("upload")
        .col(text("asset_key"))
        .col(uuid("owner_id"))
        .col(timestamp_with_time_zone("created_at"))
        .primary_key(Index::create().col("asset_key").col("owner_id"))
        .foreign_key(&mut of_user("upload", "owner_id"))
        .take()
}
