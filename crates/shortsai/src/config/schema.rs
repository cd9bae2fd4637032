//! Which keys shortsai.toml may have, in the order of docs/shortsai.toml, and what counts where they are left out. What they
//! mean is in their tables' own files; a test holds the two together.

/// One key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// Its table: empty for none, `vendor.*` for one of several.
    pub table: &'static str,
    pub name: &'static str,
    /// What counts without it, in words; empty where that is nothing.
    pub default: &'static str,
}

impl Key {
    /// As it is written in sentences.
    pub fn path(&self) -> String {
        match self.table {
            "" => self.name.to_owned(),
            table => format!("{table}.{}", self.name),
        }
    }
}

/// All tables, with whether their names are the user's own (`vendor.*`) or they are lists (`[[price]]`).
pub const TABLES: [&str; 12] =
    ["", "choice", "vendor.*", "alias", "price", "plan.*", "server", "owner", "objects", "fetch", "render", "backup"];

/// The keys of a table.
pub fn keys_of(table: &str) -> impl Iterator<Item = &'static Key> {
    KEYS.iter().filter(move |key| key.table == table)
}

const fn key(table: &'static str, name: &'static str, default: &'static str) -> Key {
    Key { table, name, default }
}

/// All keys. Those of `alias` are names of models.
pub const KEYS: &[Key] = &[
    key("", "prompts", "the built-in prompts"),
    key("", "trusted_proxies", ""),
    key("", "prices_of", ""),
    key("choice", "script", "auto"),
    key("choice", "image", "auto"),
    key("choice", "speech", "auto"),
    key("choice", "align", "auto"),
    key("choice", "clip", "auto"),
    key("choice", "music", "auto"),
    key("choice", "fallback", "false"),
    key("choice", "keyless", "false"),
    key("vendor.*", "base_url", ""),
    key("vendor.*", "key_file", ""),
    key("vendor.*", "script_model", ""),
    key("vendor.*", "image_model", ""),
    key("vendor.*", "speech_model", ""),
    key("vendor.*", "align_model", ""),
    key("vendor.*", "clip_model", ""),
    key("vendor.*", "music_model", ""),
    key("vendor.*", "voice", ""),
    key("vendor.*", "project", ""),
    key("vendor.*", "location", ""),
    key("vendor.*", "callback_url", ""),
    key("vendor.*", "at_once", ""),
    key("vendor.*", "per_minute", ""),
    key("vendor.*", "user_at_once", ""),
    key("vendor.*", "user_per_minute", ""),
    key("price", "vendor", ""),
    key("price", "model", ""),
    key("price", "unit", ""),
    key("price", "usd", ""),
    key("plan.*", "name", ""),
    key("plan.*", "requests_per_day", ""),
    key("plan.*", "clips_per_day", ""),
    key("plan.*", "images_per_month", ""),
    key("plan.*", "speech_minutes_per_month", ""),
    key("plan.*", "clips_per_month", ""),
    key("plan.*", "budget_usd_per_month", ""),
    key("server", "requests_per_minute", "1200"),
    key("server", "address_requests_per_minute", "240"),
    key("server", "allow_plain_http", "false"),
    key("owner", "plan", ""),
    key("owner", "budget_usd_per_month", ""),
    key("objects", "account_id", ""),
    key("objects", "endpoint", ""),
    key("objects", "region", ""),
    key("objects", "bucket", "none: in the data folder"),
    key("objects", "access_key_id", ""),
    key("objects", "secret_access_key_file", ""),
    key("objects", "path_style", ""),
    key("objects", "prefix", ""),
    key("objects", "public_url", ""),
    key("objects", "gc", "daily for a folder, off for a bucket"),
    key("objects", "grace", "7d"),
    key("fetch", "allow", ""),
    key("fetch", "http", "false"),
    key("fetch", "most_mb", "256"),
    key("fetch", "seconds", "60"),
    key("render", "workers", "none: in this process"),
    key("render", "cloud_run", ""),
    key("render", "at_once", "16"),
    key("render", "fan_out", "1"),
    key("render", "asynchronous", "false"),
    key("render", "or_here", "false"),
    key("backup", "every", "off"),
    key("backup", "folder", ""),
    key("backup", "bucket", "false"),
    key("backup", "keep_last", "4"),
    key("backup", "keep_daily", "0"),
    key("backup", "keep_weekly", "0"),
    key("backup", "keep_monthly", "0"),
    key("backup", "recipients", ""),
    key("backup", "passphrase_file", ""),
    key("backup", "identity_file", ""),
];
