//! Holds the rooms of `src/` to their order: a room uses the rooms below it and no other.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where its surroundings are not as they must be"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Each room with the rooms that it may use.
const ROOMS: [(&str, &[&str]); 14] = [
    ("numeric", &[]),
    ("weights", &["numeric"]),
    ("tokenizer", &["weights", "numeric"]),
    ("metric", &["numeric"]),
    ("decode", &["numeric"]),
    ("modify", &["weights", "numeric"]),
    ("curve", &["modify", "metric", "numeric"]),
    ("plot", &["curve", "modify", "metric", "numeric"]),
    // A link names what the chart shows.
    ("share", &["plot", "curve", "modify", "metric", "numeric"]),
    ("model", &["modify", "metric", "weights", "numeric"]),
    // Makes the embedded models; native, beside the engine.
    ("train", &["plot", "weights", "numeric"]),
    (
        "engine",
        &[
            "model",
            "share",
            "curve",
            "modify",
            "decode",
            "metric",
            "weights",
            "tokenizer",
            "numeric",
        ],
    ),
    ("web", &["engine", "share", "curve", "weights", "numeric"]),
    (
        "app",
        &[
            "web", "engine", "share", "plot", "curve", "modify", "decode", "metric", "weights", "numeric",
        ],
    ),
];

/// Rooms that know nothing of burn, the browser or waiting.
const PURE: [&str; 8] = [
    "modify", "decode", "metric", "curve", "plot", "share", "weights", "numeric",
];
const IMPURE: [&str; 9] = [
    "burn::",
    "cubecl::",
    "web_sys",
    "js_sys",
    "wasm_bindgen",
    "leptos",
    "gloo",
    "async fn",
    ".await",
];

fn files_of(room: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(room);
    let mut folders = vec![root];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                files.push(path);
            }
        }
    }
    assert!(!files.is_empty(), "room {room} is empty");
    files
}

/// A file's code without comments.
fn code_of(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n")
}

/// The rooms that a text names as `crate::room`, alone or in a list of braces.
fn rooms_in(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        if code[..at].ends_with(|c: char| c == '$' || c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        let names: Vec<&str> = match rest.strip_prefix('{') {
            Some(list) => list
                .split('}')
                .next()
                .unwrap_or_default()
                .split(',')
                .map(str::trim)
                .collect(),
            None => vec![rest],
        };
        for name in names {
            let name: String = name.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if ROOMS.iter().any(|(room, _)| *room == name) {
                found.insert(name);
            }
        }
    }
    found
}

#[test]
fn rooms_use_only_the_rooms_below_them() {
    let mut wrong = Vec::new();
    for (room, allowed) in ROOMS {
        for path in files_of(room) {
            for used in rooms_in(&code_of(&path)) {
                if used != room && !allowed.contains(&used.as_str()) {
                    wrong.push(format!("{} uses {used}; {room} may use {allowed:?}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn pure_rooms_know_nothing_of_burn_the_browser_or_waiting() {
    let mut wrong = Vec::new();
    for room in PURE {
        for path in files_of(room) {
            let code = code_of(&path);
            for word in IMPURE.iter().filter(|word| code.contains(**word)) {
                wrong.push(format!("{} mentions `{word}`", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_folder_of_src_is_a_known_room() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for entry in std::fs::read_dir(root)
        .unwrap()
        .map(Result::unwrap)
        .filter(|entry| entry.path().is_dir())
    {
        let name = entry.file_name().to_string_lossy().into_owned();
        assert!(
            name == "bin" || ROOMS.iter().any(|(room, _)| *room == name),
            "src/{name} is in no order"
        );
    }
}

#[test]
fn a_turned_arrow_is_seen() {
    assert!(rooms_in("use crate::model::Llama;").contains("model"));
    assert!(rooms_in("use crate::{engine::Host, numeric};").contains("engine"));
    assert!(rooms_in("let x = crate::app::mount();").contains("app"));
    assert!(!rooms_in("use crate::error::Thing;").contains("web"));
}
