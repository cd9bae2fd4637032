//! An installation of the older Studio server, taken over into both databases and read back through the store.

use std::fs;
use std::future::Future;
use std::process::Command;

use model::project::{ProjectStatus, SlotStatus};
use model::usage::Allowance;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};
use store::{ProjectQuery, ProjectRecord, Role, Store, Vault};
use uuid::Uuid;

use crate::backups::{Site, with_database};
use crate::desk::Ended;
use crate::postgres::Database;
use crate::storage::serve;

const TABLES: [&str; 13] = [
    "users",
    "accounts",
    "sessions",
    "plans",
    "user_limits",
    "api_keys",
    "folders",
    "shows",
    "characters",
    "projects",
    "scenes",
    "\"Job\"",
    "usage_logs",
];

/// What is in the bucket already.
const OBJECTS: [&str; 5] = [
    "characters/00000000-0000-4000-8000-00000000c0de.png",
    "music/00000000-0000-4000-8000-0000000000aa.mp3",
    "scenes/images/00000000-0000-4000-8000-0000000001aa.png",
    "scenes/audio/00000000-0000-4000-8000-0000000001bb.mp3",
    "scenes/videos/00000000-0000-4000-8000-0000000001cc.mp4",
];

/// What nobody may read in any output.
const SECRETS: [&str; 6] =
    ["planted-password", "AIzaPlanted-1", "38300318291518170d1c1d5448", "gsk_planted", "planted-job-key", "planted-session"];

/// An older installation, and where it is to go.
struct Move {
    old: Database,
    site: Site,
}

impl Move {
    fn to(site: Site) -> Option<Self> {
        let old = Database::new()?;
        old.psql(include_str!("legacy/schema.sql"));
        old.psql(include_str!("legacy/rows.sql"));
        let moving = Self { old, site };
        for key in OBJECTS {
            let path = moving.site.desk.data().join("objects").join(key);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, "seven b").expect("written");
        }
        // Somebody who is here under another id.
        moving.site.succeed(&["user", "create", "known@example.org"]);
        Some(moving)
    }

    fn command(&self, more: &[&str]) -> Command {
        let mut command = self.site.command(&[&["import-legacy"], more].concat());
        command.env("NEXT_PUBLIC_STORAGE_URL", "https://media.example");
        command.env("LEGACY_DATABASE_URL", format!("{}&schema=public&password=planted-password", self.old.url()));
        command
    }

    #[track_caller]
    fn run(&self, more: &[&str], code: i32) -> Ended {
        let ended = Ended::of(self.command(more).output().expect("the program starts"));
        assert_eq!(ended.code, Some(code), "{ended:?}");
        for secret in SECRETS {
            assert!(!ended.stdout.contains(secret) && !ended.stderr.contains(secret), "{secret} is shown: {ended:?}");
        }
        ended
    }

    #[track_caller]
    fn json(&self, more: &[&str]) -> Value {
        serde_json::from_str(&self.run(&[more, &["--json"]].concat(), 0).stdout).expect("JSON")
    }

    /// All of the old rows.
    fn before(&self) -> Vec<String> {
        TABLES.iter().map(|table| self.old.psql(&format!("SELECT t::text FROM {table} t ORDER BY 1"))).collect()
    }

    fn read<T>(&self, look: impl AsyncFnOnce(Store) -> T) -> T {
        run(async { look(store::open(&self.site.url()).await.expect("it opens")).await })
    }

    fn count(&self, sql: &str) -> i64 {
        with_database(&self.site.url(), async |db| {
            let count = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await.expect("the query works");
            count.expect("a count has one row").try_get_by_index(0).expect("a number")
        })
    }
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(work)
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(0x0000_0000_0000_4000_8000_0000_0000_0000 | number)
}

fn taken(report: &Value) -> Vec<(String, u64, u64)> {
    let counts = report["taken"].as_object().expect("counts").iter();
    let number = |value: &Value| value.as_u64().expect("a number");
    let mut counts: Vec<_> = counts.map(|(noun, count)| (noun.clone(), number(&count["new"]), number(&count["here"]))).collect();
    counts.sort();
    counts
}

fn notes(report: &Value, kind: &str) -> Vec<String> {
    let note = |note: &Value| format!("{} {}: {}", note["count"], note["noun"].as_str().unwrap(), note["why"].as_str().unwrap());
    report[kind].as_array().expect("notes").iter().map(note).collect()
}

#[test]
fn an_older_installation_is_taken_over_into_sqlite() {
    if let Some(moving) = Move::to(Site::sqlite()) {
        there_and_again(&moving);
    }
}

#[test]
fn an_older_installation_is_taken_over_into_postgresql() {
    if let Some(moving) = Site::postgres().and_then(Move::to) {
        there_and_again(&moving);
    }
}

fn there_and_again(moving: &Move) {
    let (source, target) = (moving.before(), moving.site.all());
    let would = moving.json(&["--dry-run"]);
    assert_eq!((&would["dryRun"], &would["taken"]["projects"]["new"]), (&json!(true), &json!(5)));
    assert_eq!(moving.site.all(), target, "a dry run writes nothing");

    let report = moving.json(&[]);
    assert_eq!(
        taken(&report),
        [
            ("characters", 2, 0),
            ("files", 1, 7),
            ("folders", 1, 1),
            ("plans", 2, 0),
            ("projects", 5, 0),
            ("scenes", 5, 0),
            ("shows", 1, 0),
            ("usage logs", 4, 0),
            ("users", 3, 2),
            ("users' own limits", 1, 0),
            ("vendor keys", 2, 0),
        ]
        .map(|(noun, new, here)| (noun.to_owned(), new, here)),
        "{report:#}"
    );
    assert_eq!(notes(&report, "left"), LEFT);
    assert_eq!(notes(&report, "changed"), CHANGED);
    assert_eq!(moving.before(), source, "nothing is written to the source");
    moving.read(async |store| {
        people(&store, moving).await;
        projects(&store).await;
    });
    // A picture of this month counts for its day and its month; what is older only stands in the ledger.
    assert_eq!(moving.count("SELECT CAST(sum(images * 10 + requests) AS BIGINT) FROM used"), 22);
    assert_eq!(moving.count("SELECT count(*) FROM \"usage\" WHERE units = 61.5 AND state = 'settled'"), 1);

    let target = moving.site.all();
    let again = moving.json(&[]);
    assert!(taken(&again).iter().all(|(_, new, _)| *new == 0), "{again:#}");
    assert_eq!(again["taken"]["scenes"]["here"], json!(5));
    assert_eq!(moving.site.all(), target, "done twice is done once");
    let text = moving.run(&[], 0).stdout;
    assert!(
        text.contains("        0 projects (5 were here)") && text.contains("        1 sessions: everybody signs in anew"),
        "{text}"
    );
}

/// Why each of them is left.
const LEFT: [&str; 15] = [
    "1 accounts: they are none of Google's, or incomplete",
    "1 folders: they belong to a user who is not there, or was not taken over",
    "1 jobs: VIDEO_GENERATION, PROCESSING: jobs end with the installation that began them; ask for the work again",
    "1 jobs: render_video, completed: jobs end with the installation that began them; ask for the work again",
    "1 projects: they belong to a user who is not there, or was not taken over",
    "1 scenes: their project is not there",
    "1 scenes: their project was not taken over",
    "1 scenes: they were deleted there",
    "1 sessions: everybody signs in anew",
    "1 usage logs: their action_type is unknown",
    "1 users: they have no e-mail address, by which people are known here",
    "1 users' own limits: their user is not there, or was not taken over",
    "1 vendor keys: they are no keys but masks of some",
    "1 vendor keys: they belong to a user who is not there, or was not taken over",
    "1 vendor keys: they can be no keys: too long, or not in plain characters",
];

/// What is another here than it was there.
const CHANGED: [&str; 21] = [
    "1 characters: a picture of theirs lies elsewhere; with --fetch it is brought here",
    "1 characters: their show is not there, or somebody else's",
    "1 folders: their owner has one of the same name here; their projects are in that one",
    "1 plans: their price is no price; it is 0 here",
    "1 projects: a character of theirs is not there, or somebody else's",
    "2 projects: their folder is not there, or somebody else's",
    "1 projects: their reference picture lies elsewhere; with --fetch it is brought here",
    "1 projects: their show is not there, or somebody else's",
    "1 projects: their status is unknown; they are draft here",
    "1 projects: their tts_provider is unknown; the server's own choice speaks",
    "1 scenes: the status of their clip is unknown; it is draft here",
    "1 scenes: their character is not there, or somebody else's",
    "1 scenes: their duration_seconds is no length; it is estimated from the words",
    "1 scenes: their narration is not in the object store of this server",
    "2 scenes: their numbers had gaps or were there twice; they are numbered 1, 2, 3 … here",
    "1 scenes: their picture lies elsewhere; with --fetch it is brought here",
    "1 scenes: their word_timings can't be read; captions are timed by estimate",
    "1 usage logs: their duration_seconds is no number; it is 0 here",
    "2 users: somebody with the same address or Google account is here; what they have is that one's",
    "1 users: their role is unknown; they are USER here",
    "1 users: their stripe_customer_id has no place here",
];

async fn people(store: &Store, moving: &Move) {
    let ana = store.user(id(1)).await.unwrap().expect("she is here");
    assert_eq!((ana.name.as_str(), ana.role, ana.tier.as_str()), ("Ana", Role::Admin, "pro"));
    assert_eq!((ana.google_id.as_deref(), ana.plan), (Some("1234567890"), Some(id(0xa1))));
    assert_eq!(ana.updated_at.to_rfc3339(), "2025-12-01T10:00:00.500+00:00");
    assert_eq!(store.user(id(2)).await.unwrap(), None, "there is one of her");
    let bob = store.user_by_email("bob@example.org").await.unwrap().expect("he is here");
    assert_eq!((bob.id, bob.name.as_str(), bob.is_blocked, bob.google_id), (id(3), "bob", true, None));
    let plans = store.plans().await.unwrap();
    let own = plans.iter().find(|plan| Some(plan.id) == bob.plan).expect("his limits are a plan");
    let limits = Allowance {
        requests_per_day: Some(100),
        clips_per_day: Some(1),
        images_per_month: Some(50),
        speech_minutes_per_month: Some(10),
        clips_per_month: Some(5),
    };
    assert_eq!((own.allowance, own.slug.as_str()), (limits, "limits-100-1-50-10-5"));
    assert!(plans.iter().any(|plan| plan.id == id(0xa1) && plan.about.price.0 == 19_900_000 && plan.about.features.is_some()));
    let eva = store.user_by_email("eva@example.org").await.unwrap().expect("she is here");
    assert_eq!((eva.role, eva.plan, eva.image), (Role::User, None, None));
    let known = store.user_by_email("known@example.org").await.unwrap().expect("they were here");
    assert!(known.role == Role::User && known.id != id(6), "who was here stays as they were");

    let secret = fs::read_to_string(moving.site.desk.data().join("secret")).expect("the server has one");
    let vault = Vault::new(secret.trim(), &[]);
    let keys = store.vendor_keys(id(1), None, &vault, ana.updated_at).await.unwrap();
    let keys: Vec<(&str, Option<&str>)> = keys.iter().map(|key| (key.vendor.as_str(), key.secret.as_deref())).collect();
    assert_eq!(keys, [("gemini", Some("AIzaPlanted-1")), ("groq", Some("gsk_planted"))]);
}

async fn of(store: &Store, owner: Uuid) -> Vec<ProjectRecord> {
    let query = ProjectQuery { owner, limit: None, offset: 0, folder: None, archived: None };
    store.projects(&query).await.unwrap().projects
}

async fn projects(store: &Store) {
    let luna = store.character(id(1), id(0xc1)).await.unwrap().expect("she is here");
    assert_eq!((luna.character.pictures.len(), luna.show_id, luna.character.voice.is_some()), (2, Some(id(0xb1)), true));
    assert_eq!(store.folders(id(1)).await.unwrap().folders.len(), 1);
    assert_eq!(store.shows(id(1)).await.unwrap()[0].episodes, 1);
    assert_eq!(of(store, id(1)).await.len(), 2, "her own, and what she had under the other spelling");

    let moon = store.project(id(0x11)).await.unwrap().expect("it is here");
    let (project, details) = (&moon.project, &moon.details);
    assert_eq!((project.status, project.settings.title.as_str()), (ProjectStatus::Completed, "Mond – „Übung“"));
    assert_eq!((details.tags.as_slice(), details.is_archived), (["a".to_owned(), "b c".to_owned()].as_slice(), true));
    assert_eq!((details.folder_id, details.show_id, details.episode_number), (Some(id(0xf1)), Some(id(0xb1)), Some(7)));
    assert_eq!(moon.created_at.to_rfc3339(), "2025-11-03T08:09:10.123+00:00");
    assert_eq!(
        (project.settings.characters.as_slice(), project.settings.reference.as_deref()),
        ([id(0xc1)].as_slice(), Some(OBJECTS[2]))
    );
    assert_eq!(project.music.asset.as_ref().map(|asset| (asset.key.as_str(), asset.bytes)), Some((OBJECTS[1], 7)));
    let [first, second] = &project.scenes[..] else { panic!("two scenes are alive: {:?}", project.scenes) };
    let key = |slot: &model::project::Slot| slot.asset.as_ref().map(|asset| asset.key.clone()).unwrap_or_default();
    assert_eq!([key(&first.image), key(&first.audio), key(&first.video)], [OBJECTS[2], OBJECTS[3], OBJECTS[4]]);
    assert_eq!((first.duration_seconds, first.moving, first.character), (4.25, true, Some(id(0xc1))));
    assert_eq!((first.word_timings.len(), first.word_timings[1].end, first.id), (2, 1.337, id(0x111)));
    assert_eq!((second.image.status, second.audio.status), (SlotStatus::Skipped, SlotStatus::Skipped));

    let mars = store.project(id(0x12)).await.unwrap().expect("it is here").project;
    assert_eq!((mars.owner, mars.status), (id(1), ProjectStatus::Paused));
    assert!(mars.notice.expect("it says why").contains("resume it"));
    let [first, second] = &mars.scenes[..] else { panic!("two scenes: {:?}", mars.scenes) };
    assert_eq!([first.number, second.number], [1, 2]);
    assert_eq!(
        (first.image.status, first.audio.status, first.sfx.status),
        (SlotStatus::Completed, SlotStatus::Pending, SlotStatus::Draft)
    );
    assert_eq!((second.image.status, second.audio.status), (SlotStatus::Pending, SlotStatus::Failed));
    assert_eq!((second.audio.error.as_deref(), second.video.status), (Some("The vendor said no"), SlotStatus::Draft));
    assert_eq!((mars.music.status, first.duration_seconds, first.word_timings.len()), (SlotStatus::Pending, 1.0, 0));

    let venus = store.project(id(0x13)).await.unwrap().expect("it is here");
    assert_eq!((venus.project.status, venus.details.folder_id, venus.details.show_id), (ProjectStatus::Draft, None, None));
    assert!(venus.project.settings.characters.is_empty(), "nobody gets what is Ana's");
    let scene = &venus.project.scenes[0];
    assert_eq!((scene.number, scene.image.status, scene.audio.status), (1, SlotStatus::Draft, SlotStatus::Draft));
    let known = store.user_by_email("known@example.org").await.unwrap().expect("they were here").id;
    assert_eq!(of(store, known).await[0].project.settings.topic, "Io");
}

#[test]
fn a_project_in_the_middle_goes_on_when_it_is_resumed() {
    let Some(moving) = Move::to(Site::sqlite()) else { return };
    moving.json(&[]);
    moving.read(async |store| {
        let resume = model::workflow::Input::Command(model::workflow::Command::Resume);
        let now = store.project(id(0x12)).await.unwrap().expect("it is here").updated_at;
        let mars = store.apply(id(0x12), resume, now).await.expect("it can be resumed").record.project;
        assert_eq!(mars.status, ProjectStatus::Generating);
        assert_eq!((mars.scenes[0].audio.status, mars.scenes[0].image.status), (SlotStatus::Queued, SlotStatus::Completed));
        assert_eq!(mars.scenes[1].image.status, SlotStatus::Queued);
    });
}

#[test]
fn what_was_stopped_in_the_middle_is_completed() {
    let Some(moving) = Move::to(Site::sqlite()) else { return };
    moving.old.psql("ALTER TABLE usage_logs RENAME COLUMN created_at TO made_at");
    let ended = moving.run(&[], 1);
    assert!(ended.stderr.contains("reading the table usage_logs of postgres://"), "{ended:?}");
    moving.old.psql("ALTER TABLE usage_logs RENAME COLUMN made_at TO created_at");
    // And what has come there meanwhile is taken over with the rest.
    moving.old.psql("INSERT INTO projects (id, user_id, topic) VALUES ('late', '00000000-0000-4000-8000-000000000001', 'Late')");
    let report = moving.json(&[]);
    assert_eq!(report["taken"]["projects"], json!({ "new": 1, "here": 5 }));
    assert_eq!(report["taken"]["usage logs"], json!({ "new": 4, "here": 0 }));
    assert_eq!(moving.count("SELECT count(*) FROM project"), 6);
}

#[test]
fn files_that_lie_elsewhere_are_brought_on_demand() {
    let Some(moving) = Move::to(Site::sqlite()) else { return };
    moving.site.desk.picture("venus.png");
    let there = serve(fs::read(moving.site.desk.path("venus.png")).expect("readable"));
    moving.old.psql(&format!("UPDATE scenes SET image_url = '{there}/venus.png' WHERE image_url LIKE 'https://elsewhere%'"));
    // Nobody is asked for these: they lead into a private network.
    moving.old.psql(
        "UPDATE projects SET reference_image_url = 'https://10.1.2.3/look.png' WHERE reference_image_url LIKE 'https://elsewhere%'; \
         UPDATE scenes SET audio_url = 'https://10.1.2.3/a.mp3' WHERE audio_url LIKE '%0000ff.mp3'; \
         UPDATE characters SET images = array_replace(images, 'https://elsewhere.example/luna.png', 'https://10.1.2.3/luna.png')",
    );
    fs::write(moving.site.desk.data().join("shortsai.toml"), "[fetch]\nallow = [\"127.0.0.1\"]\n").expect("written");
    let report = moving.json(&["--fetch"]);
    let changed = notes(&report, "changed");
    assert!(changed.iter().any(|note| note.starts_with("1 projects: their reference picture can't be fetched")), "{changed:?}");
    assert!(!changed.iter().any(|note| note.contains("lies elsewhere")), "{changed:?}");
    let venus = moving.read(async |store| store.project(id(0x13)).await.unwrap().expect("it is here").project);
    let picture = venus.scenes[0].image.asset.as_ref().expect("it was brought");
    assert!(picture.key.starts_with("scenes/images/") && picture.media_type == "image/png" && picture.bytes > 100, "{picture:?}");
    assert_eq!(venus.scenes[0].image.status, SlotStatus::Completed);
}

#[test]
fn only_another_older_installation_is_taken_over() {
    let Some(moving) = Move::to(Site::sqlite()) else { return };
    let refused = |command: &mut Command, says: &str| {
        let ended = Ended::of(command.output().expect("the program starts"));
        assert!(ended.code == Some(2) && ended.stderr.contains(says), "does not say {says}: {ended:?}");
    };
    refused(moving.command(&[]).env("LEGACY_DATABASE_URL", " "), "no older installation is named");
    refused(moving.command(&[]).env("DATABASE_URL", moving.old.url()), "is also the database that would take it in");
    assert_eq!(moving.old.psql("SELECT count(*) FROM pg_tables WHERE tablename = 'seaql_migrations'"), "0", "it was not touched");
    let empty = Database::new().expect("there is a server");
    refused(&mut moving.command(&["--database-url", &empty.url()]), "it has no table users");
    let ended = Ended::of(moving.command(&["--from", "mysql://me:planted-password@host/db"]).output().expect("it starts"));
    assert!(
        ended.code == Some(1) && ended.stderr.contains("no PostgreSQL database") && !ended.stderr.contains("planted"),
        "{ended:?}"
    );
}
