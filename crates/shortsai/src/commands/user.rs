//! `shortsai user`: who may come in, for whoever runs the server.

use std::process::ExitCode;

use anyhow::Context;
use chrono::Duration;
use store::{AccessToken, Role, Scope, Store, User, UserChange, UserError};

use crate::cli::{self, UserAction};
use crate::data_dir::DataDir;
use crate::fail::Unusable;
use crate::wiring::{House, new_id, now};

pub fn user(arguments: &cli::User) -> anyhow::Result<ExitCode> {
    let data = DataDir::open(&arguments.data)?;
    let runtime = tokio::runtime::Runtime::new().context("the async runtime can't be started")?;
    runtime.block_on(async {
        let house = House::open(&data).await?;
        act(&house.store, &arguments.action).await
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn act(store: &Store, action: &UserAction) -> anyhow::Result<()> {
    match action {
        UserAction::List => list(&store.users().await?),
        UserAction::Create { email, admin } => {
            check(email)?;
            let role = if *admin { Role::Admin } else { Role::User };
            let added = store.add_user(new_id(), email, role, now()).await?;
            match added.is_new {
                true => println!("{} may sign in as {}.", email.trim(), role.name()),
                false => println!("{} is here already, as {}.", email.trim(), added.user.role.name()),
            }
        }
        UserAction::Promote { email } => change(store, email, role(Role::Admin), "is ADMIN now").await?,
        UserAction::Demote { email } => change(store, email, role(Role::User), "is USER now").await?,
        UserAction::Block { email } => change(store, email, blocked(true), "is out at once").await?,
        UserAction::Unblock { email } => change(store, email, blocked(false), "may come in again").await?,
        UserAction::Token { email, scope, name, days } => {
            let user = find(store, email).await?;
            let scope = Scope::from_name(scope).with_context(|| format!("{scope} is no scope"))?;
            let expires_at = days.map(|days| now() + Duration::days(i64::from(days)));
            let token = AccessToken { id: new_id(), name: name.clone(), scope, created_at: now(), used_at: None, expires_at };
            let secret = AccessToken::secret([new_id(), new_id()]);
            store.add_token(user.id, &token, &secret).await?;
            // Alone on its line, so that a script can take it.
            println!("{secret}");
        }
    }
    Ok(())
}

fn role(role: Role) -> UserChange {
    UserChange { role: Some(role), ..UserChange::default() }
}

fn blocked(blocked: bool) -> UserChange {
    UserChange { blocked: Some(blocked), ..UserChange::default() }
}

fn list(users: &[User]) {
    println!("{:<40} {:<6} {:<8} {:<17} name", "e-mail", "role", "state", "since (UTC)");
    for user in users {
        let email = user.email.as_deref().unwrap_or("(this machine)");
        let state = if user.is_blocked { "blocked" } else { "active" };
        println!("{email:<40} {:<6} {state:<8} {:<17} {}", user.role.name(), user.created_at.format("%Y-%m-%d %H:%M"), user.name);
    }
}

async fn change(store: &Store, email: &str, change: UserChange, done: &str) -> anyhow::Result<()> {
    let user = find(store, email).await?;
    match store.change_user(user.id, &change, now()).await {
        Ok(_) => println!("{} {done}.", email.trim()),
        Err(UserError::Store(error)) => return Err(error.into()),
        Err(error) => return Err(Unusable(format!("{} can't be changed: {error}", email.trim())).into()),
    }
    Ok(())
}

async fn find(store: &Store, email: &str) -> anyhow::Result<User> {
    let found = store.user_by_email(email).await?;
    found.ok_or_else(|| Unusable(format!("there is no user {}; shortsai user list shows all", email.trim())).into())
}

fn check(email: &str) -> anyhow::Result<()> {
    let good = email.trim().split_once('@').is_some_and(|(name, domain)| !name.is_empty() && domain.contains('.'));
    let good = good && !email.trim().contains(char::is_whitespace);
    if good { Ok(()) } else { Err(Unusable(format!("{email:?} is no e-mail address; give one such as ana@example.org")).into()) }
}
