//! Two engines on one database, one of which is killed at random moments again and again: in the end everything is there.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::child::is_fragile;
use crate::database::Server;
use crate::ledger::{Call, Ledger};
use crate::order::{Job, Order};

/// How long the torment lasts, if the environment does not say.
const SECONDS: u64 = 4;
/// The moments, if the environment does not say: any number but 0.
const SEED: u64 = 20_261_122;
/// The process that is never killed.
const SURVIVOR: &str = "survivor";

/// How long processes are killed.
pub fn torment() -> Duration {
    Duration::from_secs(number("SHORTSAI_CRASH_SECONDS", SECONDS))
}

fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |text| text.parse().expect("the environment variable is a number"))
}

#[expect(clippy::print_stdout, reason = "`make test-crash` shows the figures")]
pub fn check(server: &Server) {
    let mut dice = number("SHORTSAI_CRASH_SEED", SEED);
    let folder = tempfile::tempdir().expect("a folder for the test");
    let database = server.create("two", folder.path());
    let order = |job, name: String| Order { job, database: database.clone(), folder: folder.path().to_owned(), name };
    order(Job::Prepare, "prepare".to_owned()).run();

    let begun = Instant::now();
    let feeder = order(Job::Feed, SURVIVOR.to_owned());
    let mut survivor = feeder.start();
    let mut kills = 0;
    while begun.elapsed() < torment() {
        let victim = order(Job::Work, format!("victim{kills}"));
        let mut process = victim.start();
        std::thread::sleep(Duration::from_millis(40 + roll(&mut dice) % 400));
        while is_fragile(folder.path(), &victim.name) {
            std::thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(process.try_wait().expect("it can be asked"), None, "the victim ended by itself:\n{}", victim.said());
        process.kill().expect("it runs");
        process.wait().expect("a child can be waited for");
        kills += 1;
    }
    // The last one lives: what its dead brother held is freed when it starts.
    let last = order(Job::Work, "last".to_owned());
    let mut helper = last.start();
    std::fs::write(folder.path().join("enough"), "").expect("the folder is writable");
    let ended = survivor.wait().expect("a child can be waited for");
    helper.kill().expect("it runs");
    helper.wait().expect("a child can be waited for");
    assert!(ended.success(), "the survivor: {ended}\n{}", feeder.said());

    let report = std::fs::read_to_string(folder.path().join(format!("{SURVIVOR}.report"))).expect("a good end has a report");
    let faults: Vec<&str> = report.lines().skip(1).filter(|line| !line.ends_with(": whole")).collect();
    assert_eq!(faults, ["tasks left: ([], None)"]);
    let calls = Ledger::new(folder.path(), "").calls();
    let repeated = check_calls(&calls);
    server.drop("two");
    println!(
        "{} kills; {}; {} calls, {repeated} of them repeated",
        kills,
        report.lines().next().unwrap_or_default(),
        calls.len()
    );
}

/// A call is only made again when the process that made it was killed. Answers how many were.
fn check_calls(calls: &[Call]) -> usize {
    let mut callers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for call in calls.iter().filter(|call| call.what != "poll") {
        callers.entry(&call.what).or_default().push(&call.caller);
    }
    for (what, callers) in &callers {
        let (_, cut_off) = callers.split_last().expect("every entry has a caller");
        assert!(cut_off.iter().all(|caller| caller.starts_with("victim")), "{what} was finished and made again: {callers:?}");
        let mut different = callers.clone();
        different.sort_unstable();
        different.dedup();
        assert_eq!(different.len(), callers.len(), "{what} was made twice by one process: {callers:?}");
    }
    callers.values().map(|callers| callers.len() - 1).sum()
}

/// The next number of a xorshift generator.
fn roll(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}
