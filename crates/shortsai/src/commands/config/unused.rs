//! What stands in the file and has no effect, because something else that it needs is not there.

use super::settings::{Origin, Section};
use crate::config::document::Document;
use crate::environment::variable;
use crate::sign_in;

/// A sentence for each.
pub fn of(document: &Document, sections: &[Section]) -> Vec<String> {
    let is_set = |title: &str, name: &str| {
        let section = sections.iter().find(|section| section.title == title);
        let setting = section.and_then(|section| section.settings.iter().find(|setting| setting.name == name));
        setting.is_some_and(|setting| setting.origin != Origin::Default)
    };
    let has_bucket = is_set("[objects]", "bucket");
    let has_workers = is_set("[render]", "workers") || is_set("[render]", "cloud_run");
    let signs_in = sign_in::is_configured(variable);
    let mut found = Vec::new();
    for (table, line) in &document.tables {
        let is_empty = !document.entries.iter().any(|entry| entry.table == *table);
        let why = match table.as_str() {
            // It says that backups are to be taken.
            "backup" => continue,
            _ if is_empty => "there is nothing in it",
            "owner" if signs_in => "people sign in, and each has limits of their own",
            "render" if !has_workers => "no workers are named, so this process renders",
            _ => continue,
        };
        found.push(format!("[{table}] in line {line}: {why}"));
    }
    let bucket_only = document.entries.iter().filter(|entry| {
        !has_bucket && entry.table == "objects" && ["region", "path_style", "prefix"].contains(&entry.name.as_str())
    });
    found.extend(bucket_only.map(|entry| format!("objects.{} in line {}: no bucket is named", entry.name, entry.line)));
    found
}
