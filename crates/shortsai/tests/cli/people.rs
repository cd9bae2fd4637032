//! Who may come in, on the command line; and projects that are taken in.

use crate::desk::Desk;

#[test]
fn users_are_managed_on_the_command_line() {
    let desk = Desk::new();
    let run = |arguments: &[&str]| desk.run(&[&["user"], arguments].concat());
    let added = run(&["create", "Ana@Example.org", "--admin"]);
    assert_eq!((added.code, added.stdout.as_str()), (Some(0), "Ana@Example.org may sign in as ADMIN.\n"), "{}", added.stderr);
    assert!(run(&["create", "ana@example.org"]).stdout.contains("is here already, as ADMIN"));
    let token = run(&["token", "ana@example.org", "--scope", "render"]).stdout;
    assert!(token.starts_with("shortsai_") && token.trim_end().len() == 73, "{token}");
    assert_eq!(run(&["create", "eva@example.org", "--admin"]).code, Some(0));
    assert_eq!(run(&["block", "ana@example.org"]).code, Some(0));
    let list = run(&["list"]).stdout;
    assert!(
        list.lines().any(|line| line.contains("ana@example.org") && line.contains("ADMIN") && line.contains("blocked")),
        "{list}"
    );
    assert!(!list.contains(token.trim_end()));
    assert_eq!(run(&["unblock", "ana@example.org"]).code, Some(0));
    assert_eq!(run(&["demote", "eva@example.org"]).code, Some(0));
    let last = run(&["demote", "ana@example.org"]);
    assert_eq!(last.code, Some(2));
    assert!(last.stderr.contains("they are the last administrator; make somebody else one first"), "{}", last.stderr);
    let unknown = run(&["promote", "bob@example.org"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.stderr.contains("there is no user bob@example.org; shortsai user list shows all"), "{}", unknown.stderr);
    let wrong = run(&["create", "not an address"]);
    assert!(wrong.code == Some(2) && wrong.stderr.contains("is no e-mail address"), "{}", wrong.stderr);
}

#[test]
fn a_broken_archive_is_refused_by_name() {
    let desk = Desk::new();
    desk.write("broken.zip", "not an archive");
    let ended = desk.run(&["import", "broken.zip"]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("broken.zip: The file is no ZIP archive"), "{}", ended.stderr);
    assert!(desk.run(&["import", "missing.zip"]).stderr.contains("missing.zip can't be read"));
}

#[test]
fn nobody_listens_to_others_without_sign_in() {
    let desk = Desk::new();
    let ended = desk.run(&["serve", "--listen", "0.0.0.0:0"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("Sign-in is not configured (see docs/sign-in.md)"), "{}", ended.stderr);
    let ended = desk.run(&["serve", "--listen", "127.0.0.1:0", "--web-root", "."]);
    assert!(ended.code == Some(2) && ended.stderr.contains("has no index.html"), "{}", ended.stderr);
}
