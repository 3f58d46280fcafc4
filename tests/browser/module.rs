//! The engine's linked module, and the names of its files.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

use wasmparser::{ExternalKind, Operator, Parser, Payload, TypeRef};

use crate::browser::Graphics;
use crate::engines::processors;
use crate::page::{Page, RUN, stories};
use crate::runs::STORIES;
use crate::site::{Site, engine};

/// For each exported function, the function that it calls before it does anything else.
fn first_calls(module: &[u8]) -> Vec<Option<u32>> {
    let (mut imported, mut exported, mut bodies) = (0, Vec::new(), Vec::new());
    for payload in Parser::new(0).parse_all(module) {
        match payload.expect("a valid module") {
            Payload::ImportSection(section) => {
                let imports = section.into_imports().map(|import| import.expect("an import").ty);
                imported += imports.filter(|ty| matches!(ty, TypeRef::Func(_))).count();
            }
            Payload::ExportSection(section) => {
                let exports = section.into_iter().map(|export| export.expect("an export"));
                exported.extend(exports.filter(|export| export.kind == ExternalKind::Func));
            }
            Payload::CodeSectionEntry(body) => {
                let mut operators = body.get_operators_reader().expect("a function's body");
                bodies.push(match operators.read().expect("an instruction") {
                    Operator::Call { function_index } => Some(function_index),
                    _ => None,
                });
            }
            _ => {}
        }
    }
    let body = |index: u32| (index as usize).checked_sub(imported);
    let called = |index| body(index).and_then(|body| bodies[body]);
    exported.iter().map(|export| called(export.index)).collect()
}

/// If a module never calls its constructors itself, the linker wraps every export in a function that calls them first,
/// and each call into the engine runs all of them again: a thousand tiny operations then take a hundred times as long.
#[test]
fn a_call_into_the_engine_runs_no_constructors() {
    let module = std::fs::read(engine("_bg.wasm")).expect("its bytes");
    let first = first_calls(&module);
    let mut callers: HashMap<u32, usize> = HashMap::new();
    for called in first.iter().flatten() {
        *callers.entry(*called).or_default() += 1;
    }
    let most = callers.values().max().copied().unwrap_or_default();
    assert!(first.len() > 5, "only {} functions are exported", first.len());
    assert!(
        most < first.len() / 2,
        "{most} of {} exports call the same function first",
        first.len()
    );
}

/// What a build produces for an engine with these bytes: the names of its files, and the text of each except the
/// module.
fn named(bytes: &str) -> Vec<(String, String)> {
    let built = tempfile::tempdir().expect("a folder");
    for (name, content) in [
        ("engine_bg.wasm", bytes),
        ("engine.js", "new URL('engine_bg.wasm', import.meta.url)"),
        ("engine_loader.js", "import init from './engine.js'"),
        ("index.html", "<meta name=\"engine\" content=\"engine\">"),
    ] {
        std::fs::write(built.path().join(name), content).expect("a file");
    }
    let ended = Command::new("python3")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/name_engine.py"))
        .env("TRUNK_STAGING_DIR", built.path())
        .status()
        .expect("python3");
    assert!(ended.success(), "{ended}");
    let files = std::fs::read_dir(built.path()).expect("a folder").flatten();
    let mut files: Vec<_> = files
        .map(|file| {
            let text = std::fs::read_to_string(file.path()).expect("a file");
            (file.file_name().into_string().expect("a name"), text)
        })
        .collect();
    files.sort();
    files
}

#[test]
fn another_content_is_another_name_and_each_file_finds_the_others() {
    let (one, other) = (named("one"), named("other"));
    let name = |files: &[(String, String)]| files[0].0.trim_end_matches(".js").to_owned();
    assert_ne!(name(&one), name(&other));
    for (files, bytes) in [(&one, "one"), (&other, "other")] {
        let name = name(files);
        let expected = [
            (
                format!("{name}.js"),
                format!("new URL('{name}_bg.wasm', import.meta.url)"),
            ),
            (format!("{name}_bg.wasm"), bytes.to_owned()),
            (format!("{name}_loader.js"), format!("import init from './{name}.js'")),
        ];
        assert_eq!(files[..3], expected);
        let told = format!(
            "<meta name=\"engine\" content=\"{name}\" data-bytes=\"{}\"",
            bytes.len()
        );
        assert!(files[3].1.starts_with(&told), "{}", files[3].1);
    }
}

/// A browser with an older engine in its cache must not start it for a newer page.
#[tokio::test(flavor = "multi_thread")]
async fn every_file_of_the_engine_is_asked_for_by_its_content() {
    let site = Site::start();
    let page = Page::new(&site, Graphics::None).await;
    page.before_each_page(&processors(2)).await;
    page.open("", &format!("{STORIES}&device=flex")).await;
    page.choose_files("model-file", &stories()).await;
    page.run(RUN).await;
    assert_eq!(page.points().await.len(), 9, "{:?}", page.messages().await);
    let asked = site.log();
    let names = asked.iter().filter_map(|asked| asked.path().rsplit('/').next());
    let named: Vec<&str> = names.filter(|name| name.starts_with("engine")).collect();
    for ending in ["_loader.js", ".js", "_bg.wasm"] {
        let file = engine(ending);
        let name = file.file_name().and_then(|name| name.to_str()).expect("a name");
        assert!(named.contains(&name), "{name} in {named:?}");
    }
    let built = engine("_bg.wasm");
    let name = built.file_name().and_then(|name| name.to_str()).expect("a name");
    let name = name.trim_end_matches("_bg.wasm");
    assert!(named.iter().all(|file| file.starts_with(name)), "{named:?}");
    // A file that an engine's script imports must not be shared with another engine.
    assert!(
        asked.iter().all(|asked| !asked.path().contains("snippets")),
        "{asked:?}"
    );
    page.assert_console_is_clean().await;
}
