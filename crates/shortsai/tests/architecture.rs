//! The house of `docs/architecture.md` holds: arrows only go down, and no file grows beyond what a reader can keep in mind.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Each crate and the crates of ours that it may depend on, for building and for its tests. The binary wires all of them.
const MAY_USE: [(&str, &[&str]); 9] = [
    ("model", &[]),
    ("render", &["model"]),
    ("providers", &["model"]),
    ("assets", &["model"]),
    ("store", &["model"]),
    ("engine", &["store", "assets", "providers", "model"]),
    ("worker", &["render", "assets", "model"]),
    ("api", &["store", "assets", "model"]),
    ("shortsai", &["model", "render", "providers", "assets", "store", "engine", "worker", "api"]),
];

/// Libraries that would break a crate's promise even though they are not ours: the "must never know" of the house.
/// `providers` may serve: its simulator of vendors is a server.
const MUST_NOT_USE: [(&str, &[&str]); 8] = [
    ("model", &["tokio", "sea-orm", "sqlx", "axum", "reqwest", "object_store", "rand"]),
    ("render", &["tokio", "sea-orm", "sqlx", "axum", "reqwest", "object_store"]),
    ("providers", &["sea-orm", "sqlx", "object_store"]),
    ("assets", &["sea-orm", "sqlx", "axum"]),
    ("store", &["axum", "reqwest", "object_store"]),
    ("engine", &["axum", "sea-orm", "sqlx", "reqwest"]),
    ("worker", &["sea-orm", "sqlx"]),
    // It asks one server: whoever vouches for people who sign in.
    ("api", &["sea-orm", "sqlx", "object_store"]),
];

/// The most lines of one source file.
const MOST_LINES: usize = 600;

#[test]
fn every_crate_has_its_place_in_the_house() {
    let known: Vec<&str> = MAY_USE.iter().map(|(name, _)| *name).collect();
    let unknown: Vec<String> = packages().into_keys().filter(|name| !known.contains(&name.as_str())).collect();
    assert_eq!(unknown, Vec::<String>::new(), "give new crates a place in MAY_USE and in docs/architecture.md");
}

#[test]
fn arrows_only_go_down() {
    let packages = packages();
    let mut wrong = Vec::new();
    for (name, dependencies) in &packages {
        let allowed = row(&MAY_USE, name);
        let forbidden = row(&MUST_NOT_USE, name);
        for dependency in dependencies {
            let upwards = packages.contains_key(dependency) && !allowed.contains(&dependency.as_str());
            if upwards || forbidden.contains(&dependency.as_str()) {
                wrong.push(format!("{name} → {dependency}"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new(), "these dependencies are not in the house of docs/architecture.md");
}

#[test]
fn no_source_file_is_too_long() {
    let mut files = Vec::new();
    rust_files(&workspace().join("crates"), &mut files);
    assert!(files.len() >= MAY_USE.len(), "found only {} source files: is this the right folder?", files.len());
    let lines = |path: &PathBuf| std::fs::read_to_string(path).expect("source files are readable UTF-8").lines().count();
    let long: Vec<String> = files
        .iter()
        .map(|path| (path, lines(path)))
        .filter(|(_, lines)| *lines > MOST_LINES)
        .map(|(path, lines)| format!("{}: {lines} lines", path.display()))
        .collect();
    assert_eq!(long, Vec::<String>::new(), "split these files by noun; the most is {MOST_LINES} lines");
}

/// A guide to errors that nobody sees any more would help nobody.
#[test]
fn the_guide_to_troubles_quotes_what_the_program_says() {
    let mut files = Vec::new();
    rust_files(&workspace().join("crates"), &mut files);
    let sources: Vec<String> = files
        .iter()
        .filter(|path| path.components().any(|part| part.as_os_str() == "src"))
        .map(|path| std::fs::read_to_string(path).expect("source files are readable UTF-8"))
        .collect();
    let quotes = |guide: &str| -> Vec<String> {
        let guide = std::fs::read_to_string(workspace().join(guide)).expect("the guide is there");
        let heads = guide.lines().filter(|line| line.starts_with("### "));
        heads.flat_map(|head| head.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>()).collect()
    };
    let english = quotes("docs/troubleshooting.md");
    assert!(english.len() > 15, "only {} messages are quoted", english.len());
    assert_eq!(english, quotes("docs/pt-BR/troubleshooting.md"), "both languages have the same messages");
    let pieces = english.iter().flat_map(|quote| quote.split('…')).map(str::trim);
    let unknown: Vec<&str> =
        pieces.filter(|piece| piece.len() > 3 && !sources.iter().any(|source| source.contains(piece))).collect();
    assert_eq!(unknown, Vec::<&str>::new(), "the program says nothing like that");
}

fn row<'a>(table: &[(&str, &'a [&'a str])], name: &str) -> &'a [&'a str] {
    table.iter().find(|(known, _)| *known == name).map_or(&[], |(_, names)| names)
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The workspace's crates with the names of all their direct dependencies; the binary's tests may use anything.
fn packages() -> BTreeMap<String, Vec<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(workspace())
        .output()
        .expect("cargo runs: it runs this test");
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON");
    let packages = metadata["packages"].as_array().expect("cargo metadata lists packages");
    packages.iter().map(|package| (text(&package["name"]), dependencies(package))).collect()
}

fn dependencies(package: &Value) -> Vec<String> {
    let is_binary = package["name"] == "shortsai";
    let all = package["dependencies"].as_array().expect("a package lists its dependencies");
    let counted = all.iter().filter(|dependency| !(is_binary && dependency["kind"] == "dev"));
    counted.map(|dependency| text(&dependency["name"])).collect()
}

fn text(value: &Value) -> String {
    value.as_str().expect("names in cargo metadata are texts").to_owned()
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("source folders are readable") {
        let path = entry.expect("source folders are readable").path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}
