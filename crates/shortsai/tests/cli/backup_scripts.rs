//! What existing users know: the scripts, with a `crontab` that is a file.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::backups::Site;
use crate::desk::{Ended, names_in, wrapped};
use crate::terminal::on_terminal;

/// A line of somebody else.
const OWN: &str = "5 4 * * * somebody's own\n";

struct Scripts(Site);

impl Scripts {
    fn new() -> Self {
        let site = Site::sqlite();
        site.succeed(&["user", "create", "ana@example.org"]);
        let tab = site.desk.write("tab", OWN);
        let crontab = format!("#!/bin/sh\nif [ \"$1\" = -l ]; then cat '{0}'; else cat >'{0}'; fi\n", tab.display());
        site.desk.stand_in("crontab", &crontab);
        Self(site)
    }

    fn command(&self, script: &str, arguments: &[&str]) -> Command {
        let inner = self.0.command(&[]);
        let mut command = wrapped(format!("{}/../../scripts/{script}", env!("CARGO_MANIFEST_DIR")), &inner);
        command.args(arguments).env("SHORTSAI", inner.get_program()).env("PATH", self.0.desk.search_path());
        command
    }

    fn run(&self, script: &str, arguments: &[&str]) -> Ended {
        Ended::of(self.command(script, arguments).output().expect("the script starts"))
    }

    /// What cron does for us; what is not ours is as it was.
    #[track_caller]
    fn schedule(&self) -> String {
        let lines = fs::read_to_string(self.0.desk.path("tab")).expect("readable");
        lines.strip_prefix(OWN).expect("what is not ours stays").to_owned()
    }
}

#[test]
fn scripts_do_the_same() {
    let scripts = Scripts::new();
    let kept = || names_in(&scripts.0.kept()).len();
    for _ in 0..3 {
        let ended = scripts.run("backup-rotate.sh", &["--keep-last", "2"]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }
    assert_eq!(kept(), 4, "two backups");
    let name = scripts.run("backup-db.sh", &[]).stdout.trim().to_owned();
    assert_eq!(scripts.run("restore-db.sh", &[&name, "--yes"]).code, Some(0));
    let asked = scripts.run("restore-db.sh", &[]);
    assert!(asked.code == Some(2) && asked.stdout.contains(&name), "{asked:?}");

    // The same in a container: `docker` takes off what is its own.
    let docker =
        "#!/bin/sh\n[ \"$*\" != \"${*#compose run --rm -T api }\" ] || exit 9\nshift 5\npwd\nexec \"$SHORTSAI\" \"$@\"\n";
    scripts.0.desk.stand_in("docker", docker);
    let composed: PathBuf = scripts.0.desk.path("composed");
    fs::create_dir(&composed).expect("a folder");
    let mut contained = scripts.command("backup-rotate.sh", &["--keep-last", "1"]);
    let contained = Ended::of(contained.env("SHORTSAI_COMPOSE", &composed).output().expect("the script starts"));
    assert!(contained.code == Some(0) && contained.stdout.contains(composed.to_str().expect("UTF-8")), "{contained:?}");
    assert_eq!(kept(), 2, "one backup");
}

#[test]
fn cron_is_told() {
    let scripts = Scripts::new();
    let times = [("--every-6h", "0 */6 * * * "), ("--every-12h", "0 */12 * * * "), ("--daily", "0 3 * * * ")];
    for (option, when) in times {
        assert_eq!(scripts.run("setup-cron.sh", &[option, "--", "--keep-last", "7"]).code, Some(0));
        let ours = scripts.schedule();
        assert!(ours.starts_with(when) && ours.contains("backup-rotate.sh --keep-last 7"), "{ours}");
        assert_eq!(ours.lines().count(), 1, "{ours}");
    }
    assert_eq!(scripts.run("setup-cron.sh", &[]).code, Some(2), "nobody is there to be asked");
    assert_eq!(scripts.run("setup-cron.sh", &["--remove"]).code, Some(0));
    assert_eq!(scripts.schedule(), "");

    // With somebody there.
    let answers = [("1", times[0].1), ("2", times[1].1), ("3", times[2].1), ("5", times[2].1), ("4", "")];
    for (typed, when) in answers {
        let Some((code, shown)) = on_terminal(&scripts.command("setup-cron.sh", &[]), "How often? ", typed) else { return };
        assert!(code == Some(0) && shown.contains("4) remove the schedule"), "{code:?} {shown}");
        let ours = scripts.schedule();
        assert!(ours.starts_with(when) && ours.is_empty() == when.is_empty(), "{typed}: {ours}");
    }
}
