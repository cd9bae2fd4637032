//! Users, with their limits and with the Google accounts that they have signed in with.

use std::collections::HashMap;

use model::usage::Allowance;
use store::{LegacyMoment, LegacyTable, Role, TakenUser, User};
use uuid::Uuid;

use super::row::Row;
use super::{TakeOver, all, plans};

const NOUN: &str = "users";
const LIMITS: &str = "users' own limits";
/// Longer addresses of pictures are no addresses.
const LONGEST_IMAGE: usize = 2_048;

/// Those who are new in a run that writes nothing, by what tells that two are the same person.
#[derive(Default)]
struct Seen {
    google: HashMap<String, Uuid>,
    email: HashMap<String, Uuid>,
}

pub async fn take(over: &mut TakeOver<'_>, from: &LegacyMoment) -> anyhow::Result<()> {
    let google = google_accounts(over, from).await?;
    let limits = limits(from).await?;
    let (mut rows, mut seen) = (from.read(LegacyTable::Users).await?, Seen::default());
    loop {
        let page: Vec<Row> = rows.page().await?.into_iter().map(Row).collect();
        if page.is_empty() {
            break;
        }
        for row in page {
            let Some(user) = user_of(over, &google, &row) else { continue };
            take_one(over, user, &limits, &mut seen, &row).await?;
        }
    }
    let lost = limits.keys().filter(|user| !over.users.contains_key(*user)).count() as i64;
    if lost > 0 {
        over.report.left_many(LIMITS, "their user is not there, or was not taken over", lost);
    }
    Ok(())
}

async fn take_one(
    over: &mut TakeOver<'_>,
    mut user: User,
    limits: &HashMap<Uuid, Allowance>,
    seen: &mut Seen,
    row: &Row,
) -> anyhow::Result<()> {
    let known = over.store.known_user(&user).await?.or_else(|| seen.find(&user));
    if let Some(id) = known {
        over.users.insert(user.id, id);
        over.report.here(NOUN);
        if id != user.id {
            over.report.changed(
                NOUN,
                "somebody with the same address or Google account is here; what they have is that one's",
                row,
            );
        }
        return Ok(());
    }
    let plan = row.id("plan_id").and_then(|plan| over.plans.get(&plan)).copied();
    user.plan = match (plan, limits.get(&user.id)) {
        (plan, None) => plan.map(|(id, _)| id),
        (Some((id, allowance)), Some(own)) if allowance == *own => Some(id),
        (plan, Some(own)) => {
            if plan.is_some() {
                over.report.changed(
                    NOUN,
                    "their own limits differ from their plan's, and counted; they are on a plan of those limits",
                    row,
                );
            }
            over.report.new_one(LIMITS);
            Some(plans::of_limits(over, *own).await?)
        }
    };
    // Whoever has signed in there is no stranger: the first stranger becomes an administrator.
    let signed_in_at = user.google_id.is_some().then_some(user.created_at);
    let taken = if over.dry_run { TakenUser::New } else { over.store.take_user(&user, signed_in_at).await? };
    let id = if let TakenUser::Same(other) = taken { other } else { user.id };
    over.users.insert(user.id, id);
    over.report.new_one(NOUN);
    if row.words("stripe_customer_id").is_some() {
        over.report.changed(NOUN, "their stripe_customer_id has no place here", row);
    }
    if over.dry_run {
        seen.add(user);
    }
    Ok(())
}

fn user_of(over: &mut TakeOver<'_>, google: &HashMap<Uuid, String>, row: &Row) -> Option<User> {
    let email = row.words("email").map(str::to_lowercase).filter(|email| email.contains('@'));
    let (Some(id), Some(email)) = (row.id("id"), email) else {
        over.report.left(NOUN, "they have no e-mail address, by which people are known here", row);
        return None;
    };
    let role = row.text("role").map_or(Some(Role::User), Role::from_name);
    if role.is_none() {
        over.report.changed(NOUN, "their role is unknown; they are USER here", row);
    }
    let subscription = row.text("subscription_plan").unwrap_or("FREE");
    let is_known = matches!(subscription, "FREE" | "PRO");
    if !is_known {
        over.report.changed(NOUN, "their subscription_plan is unknown; it is FREE here", row);
    }
    let subscription = if is_known { subscription } else { "FREE" };
    let tier = row.text("tier").filter(|tier| matches!(*tier, "free" | "pro" | "enterprise"));
    let image = row.words("image").or(row.words("avatar_url"));
    let created_at = row.time("created_at").unwrap_or(over.now);
    Some(User {
        id,
        name: row.words("name").map_or_else(|| email.split('@').next().unwrap_or_default().to_owned(), str::to_owned),
        email_verified_at: row.time("email_verified").or_else(|| row.time("emailVerified")),
        image: image.filter(|image| assets::is_address(image) && image.len() <= LONGEST_IMAGE).map(str::to_owned),
        google_id: google.get(&id).cloned(),
        role: role.unwrap_or(Role::User),
        subscription_plan: subscription.to_owned(),
        tier: tier.map_or_else(|| subscription.to_lowercase(), str::to_owned),
        is_blocked: row.is("is_blocked"),
        plan: None,
        created_at,
        updated_at: row.time("updated_at").unwrap_or(created_at),
        email: Some(email),
    })
}

/// What Google calls those who have signed in. The column `google_id` of `users` says it too, but anybody could write that one.
async fn google_accounts(over: &mut TakeOver<'_>, from: &LegacyMoment) -> anyhow::Result<HashMap<Uuid, String>> {
    let mut google = HashMap::new();
    for row in all(from, LegacyTable::Accounts).await? {
        let user = row.id("user_id").or_else(|| row.id("userId"));
        let account = row.words("provider_account_id").or_else(|| row.words("providerAccountId"));
        match (row.text("provider"), user, account) {
            (Some("google"), Some(user), Some(account)) => {
                google.insert(user, account.to_owned());
            }
            _ => over.report.left("accounts", "they are none of Google's, or incomplete", &row),
        }
    }
    Ok(google)
}

async fn limits(from: &LegacyMoment) -> anyhow::Result<HashMap<Uuid, Allowance>> {
    let rows = all(from, LegacyTable::UserLimits).await?;
    Ok(rows.iter().filter_map(|row| Some((row.id("user_id")?, plans::allowance(row)))).collect())
}

impl Seen {
    fn find(&self, user: &User) -> Option<Uuid> {
        let google = user.google_id.as_ref().and_then(|id| self.google.get(id));
        google.or_else(|| user.email.as_ref().and_then(|email| self.email.get(email))).copied()
    }

    fn add(&mut self, user: User) {
        self.google.extend(user.google_id.map(|google| (google, user.id)));
        self.email.extend(user.email.map(|email| (email, user.id)));
    }
}
