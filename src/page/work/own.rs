//! What the user provides: texts, models, addresses of models.

use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;

use super::model::hub;
use super::page::Page;
use super::text::{LONGEST_TEXT_BYTES, sha256};
use crate::doors::fetch::{Cancel, Listed, Size, offer, read_origin, repository};
use crate::doors::files::{self, Blob, File};
use crate::doors::spawn::spawn;
use crate::state::{Offers, OwnText};
use hemoscope_core::experiment::{Asset, Origin};

/// The name of a pasted text.
const PASTED: &str = "pasted text";

/// Takes files dropped outside the fields: a text file becomes the text, anything else is taken for a model.
pub(crate) fn take_any(page: Page, files: Vec<File>) {
    if files
        .iter()
        .all(|file| file.name().to_ascii_lowercase().ends_with(".txt"))
    {
        take_text_file(page, files);
    } else {
        take_model_files(page, files);
    }
}

/// Uses these files as the model from now on.
pub(crate) fn take_model_files(page: Page, chosen: Vec<File>) {
    if chosen.is_empty() {
        return;
    }
    let mut files = chosen
        .into_iter()
        .map(|file| (file.name(), Blob::from(file)))
        .collect::<Vec<_>>();
    let listed = files
        .iter()
        .map(|(name, blob)| Listed {
            path: name.clone(),
            bytes: blob.size() as u64,
            sha256: None,
        })
        .collect::<Vec<_>>();
    let weights = |end: &str| {
        let mut names = files.iter().map(|(name, _)| name);
        names
            .find(|name| name.to_ascii_lowercase().ends_with(end) && !name.starts_with("tok"))
            .cloned()
    };
    let name = [".gguf", ".safetensors.index.json", ".safetensors", ".bin"]
        .into_iter()
        .find_map(weights);
    let (name, needed) = match name.map(|name| offer(&name, &listed).map(|offer| (name, offer.files))) {
        Some(Ok(found)) => found,
        Some(Err(error)) => {
            page.update(|state| state.ui.report(format!("{error}. Choose all its files at once.")));
            return;
        }
        None => {
            page.update(|state| {
                state.ui.report(
                    "There is no model among these files. Choose one .gguf file, or config.json, tokenizer.json and all \
                     .safetensors files at once.",
                );
            });
            return;
        }
    };
    files.retain(|(name, _)| needed.iter().any(|file| file.path == *name));
    page.set_own(|own| own.model = files);
    page.model_changed();
    page.update(|state| {
        state.ui.own_model = true;
        state.ui.picking_model = None;
        // The link's own hash stays, so that another file of the same name is noticed.
        if state.link.experiment.model.origin != Origin::Own(name.clone()) {
            state.change(|e| {
                e.model = Asset {
                    origin: Origin::Own(name),
                    sha256: None,
                };
            });
        }
    });
}

/// Uses this model from now on, and fetches it after consent.
pub(crate) fn take_origin(page: Page, origin: Origin) {
    page.update(|state| {
        state.ui.offers = None;
        state.ui.picking_model = None;
        state.change(|e| e.model = Asset { origin, sha256: None });
    });
    page.model_changed();
    spawn(async move {
        // Lets a task whose question was just answered end first.
        TimeoutFuture::new(0).await;
        page.load();
    });
}

/// Looks up a model on the hub by its id or an address; if a repository has several, the user picks one.
pub(crate) fn look_up(page: Page, typed: String) {
    if typed.trim().is_empty() {
        return;
    }
    spawn(async move {
        let hub = match hub() {
            Ok(hub) => hub,
            Err(error) => return page.update(|state| state.ui.report(error.to_string())),
        };
        let found = match read_origin(&typed, &hub) {
            Ok(Origin::Hub {
                repository: name,
                revision,
                file,
            }) if file.is_empty() => {
                let offers = repository(&name, &revision, "", &hub, &Cancel::default()).await;
                offers.map(|models| {
                    Err(Offers {
                        repository: name,
                        revision,
                        models,
                    })
                })
            }
            other => other.map(Ok),
        };
        match found {
            Ok(Ok(origin)) => take_origin(page, origin),
            Ok(Err(offers)) => page.update(|state| state.ui.offers = Some(offers)),
            Err(error) => page.update(|state| state.ui.report(error.to_string())),
        }
    });
}

/// Measures on what was pasted. An empty text does not count; the field waits for one.
pub(crate) fn paste_text(page: Page, text: String) {
    if text.trim().is_empty() {
        page.set_own(|own| own.text = None);
        page.update(|state| {
            (state.ui.own_text, state.ui.typing_text, state.ui.picking_text) = (None, false, true);
        });
    } else if !is_too_long(page, "The pasted text", text.len() as u64) {
        take_text(page, PASTED, text);
    }
}

/// Whether a text is too long to be read; if so, says so.
fn is_too_long(page: Page, name: &str, bytes: u64) -> bool {
    let limit = LONGEST_TEXT_BYTES as u64;
    if bytes > limit {
        page.update(|state| {
            state.ui.report(format!(
                "{name} has {}, and at most {} are read. Take a part of it: a curve measures far less.",
                Size(bytes),
                Size(limit)
            ));
        });
    }
    bytes > limit
}

fn shortened(text: &str) -> String {
    const SHOWN: usize = 4000;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{} …", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Measures on this text from now on.
fn take_text(page: Page, name: &str, text: String) {
    let asset = Asset {
        origin: Origin::Own(name.to_owned()),
        sha256: Some(sha256(&text)),
    };
    let wanted = page.link.read_untracked().experiment.text.clone();
    let shown = OwnText {
        beginning: shortened(&text),
        bytes: text.len(),
    };
    page.set_own(|own| own.text = Some((name.to_owned(), text)));
    page.update(|state| {
        state.ui.own_text = Some(shown);
        (state.ui.picking_text, state.ui.typing_text) = (false, false);
    });
    if wanted.sha256 == asset.sha256 && matches!(wanted.origin, Origin::Own(_)) {
        // It is the link's own text: nothing changes, and the expected result stays.
        page.update(|state| state.ui.notify("That is the text that the link was made with."));
        return;
    }
    page.update(|state| state.change(|e| e.text = asset));
}

/// Measures on this file from now on.
pub(crate) fn take_text_file(page: Page, mut files: Vec<File>) {
    let Some(file) = files.pop() else { return };
    let name = file.name();
    if is_too_long(page, &name, file.size() as u64) {
        return;
    }
    spawn(async move {
        match files::text(&file).await {
            Ok(text) if text.trim().is_empty() => {
                page.update(|state| {
                    state
                        .ui
                        .report(format!("{name} is empty. Choose a file with plain text."));
                });
            }
            Ok(text) if text.contains('\0') => page.update(|state| {
                state
                    .ui
                    .report(format!("{name} is not plain text. Save it as a .txt file first."));
            }),
            Ok(text) => take_text(page, &name, text),
            Err(error) => page.update(|state| state.ui.report(format!("{name} could not be read: {error}"))),
        }
    });
}
