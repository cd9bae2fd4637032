//! `shortsai migrate`, from outside.

use sea_orm::ConnectionTrait;

use crate::backups::{Site, with_database};
use crate::desk::Ended;

/// Takes the newest step out of the history, or adds one.
fn change(site: &Site, sql: &str) {
    with_database(&site.url(), async |db| db.execute_unprepared(sql).await.expect("the statement works"));
}

fn the_schema_is_brought_up_to_date_by_hand(site: &Site) {
    let run = |arguments: &[&str], code: i32, says: &str| {
        let ended = Ended::of(site.command(arguments).output().expect("the program starts"));
        let said = format!("{}{}", ended.stdout, ended.stderr);
        assert!(ended.code == Some(code) && said.contains(says), "{arguments:?} does not say {says}: {ended:?}");
        said
    };
    run(&["migrate", "--check"], 3, "The schema is at nothing;");
    let (one, other) = (site.command(&["migrate"]), site.command(&["migrate"]));
    let started = [one, other].map(|mut command| {
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().expect("the program starts")
    });
    let ended = started.map(|child| Ended::of(child.wait_with_output().expect("it ends")));
    assert!(ended.iter().all(|ended| ended.code == Some(0)), "{ended:?}");
    let made = ended.iter().filter(|ended| ended.stdout.contains("A new database was made, at m0")).count();
    assert_eq!(made, 1, "one of them did all of it: {ended:?}");
    run(&["migrate", "--check"], 0, "nothing is missing");
    run(&["migrate"], 0, "nothing was missing");
    change(site, "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9998_more', 0)");
    run(&["migrate", "--check"], 0, "A newer version of ShortsAI has added to it");
    run(&["user", "list"], 0, "this machine");
    let said = run(&["user", "list", "-v"], 0, "used by a newer version");
    assert!(said.contains("m9998_more"), "{said}");
    change(site, "UPDATE seaql_migrations SET version = 'm9998_contract_less' WHERE version = 'm9998_more'");
    for arguments in [&["migrate", "--check"][..], &["migrate"], &["user", "list"]] {
        run(arguments, 1, "m9998_contract_less");
    }
}

#[test]
fn the_schema_is_brought_up_to_date_by_hand_on_sqlite() {
    the_schema_is_brought_up_to_date_by_hand(&Site::sqlite());
}

#[test]
fn the_schema_is_brought_up_to_date_by_hand_on_postgresql() {
    if let Some(site) = Site::postgres() {
        the_schema_is_brought_up_to_date_by_hand(&site);
    }
}
