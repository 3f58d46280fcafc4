//! The engine's module as it was linked.

use std::collections::HashMap;

use wasmparser::{ExternalKind, Operator, Parser, Payload, TypeRef};

use crate::site::dist;

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

/// Where a module never calls its constructors itself, the linker wraps every export in a function that calls them first, and
/// each call into the engine runs them all again: a thousand tiny operations take a hundred times as long.
#[test]
fn a_call_into_the_engine_runs_no_constructors() {
    let find = |name: &str| {
        let files = std::fs::read_dir(dist())
            .expect("dist/")
            .flatten()
            .map(|entry| entry.path());
        let named = |path: &std::path::PathBuf| {
            let file = path.file_name().and_then(|file| file.to_str()).unwrap_or_default();
            file.starts_with(name) && file.ends_with("_bg.wasm")
        };
        files.into_iter().find(named).expect("a module")
    };
    let module = std::fs::read(find("engine")).expect("its bytes");
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
