//! What it is measured on: text and windows.

use leptos::prelude::*;
use web_sys::{DragEvent, File};

use super::context::{Page, page};
use super::erase::{entered, piece, text};
use super::fields::{choice, hint, number};
use super::work::sha256;
use crate::app::words;
use crate::curve::CalibrationStats;
use crate::share::{Asset, Origin};
use crate::web::files;
use crate::web::spawn::spawn;

/// The value of the choice that stands for the reader's own text.
const OWN: &str = ":own";
/// What a pasted text is called.
const PASTED: &str = "pasted text";

fn named(options: &[(&str, &str)]) -> Vec<(String, String)> {
    options
        .iter()
        .map(|(key, name)| ((*key).to_owned(), (*name).to_owned()))
        .collect()
}

/// Text and windows.
pub(super) fn measure_on() -> AnyView {
    let page = page();
    let pasting = RwSignal::new(false);
    let chosen = page.text(|state| match &state.link.experiment.text.origin {
        Origin::Bundled(name) => name.clone(),
        _ => OWN.to_owned(),
    });
    let shown = text(move || if pasting.get() { OWN.to_owned() } else { chosen.get() });
    let options = named(&[
        ("evaluation", "Everyday prose (bundled)"),
        ("calibration", "Household prose (bundled)"),
        (OWN, "A text of your own"),
    ]);
    let choose = move |name: String| {
        pasting.set(name == OWN);
        if name != OWN {
            page.update(|state| state.change(|e| e.text = Asset::bundled(&name)));
        }
    };
    let scored = page.text(|state| {
        let e = &state.link.experiment;
        let scored = words::count((e.windows * e.window.saturating_sub(1)) as u64);
        format!("{scored} predictions are scored at each point. More windows: smaller error bars, longer run.")
    });
    let windows = move || page.state.with(|state| state.link.experiment.windows);
    let window = move || page.state.with(|state| state.link.experiment.window);
    view! {
        {choice("Text", "text", options, shown, choose)}
        {piece(move || if shown.get() == OWN { own_text(page) } else { ().into_any() })}
        <div class="pair">
            {number("windows", "windows", (1, 4096), windows,
                move |n| page.update(|state| state.change(|e| e.windows = n)))}
            <span aria-hidden="true">"×"</span>
            {number("tokens each", "window", (8, 8192), window,
                move |n| page.update(|state| state.change(|e| e.window = n)))}
        </div>
        {hint(scored)}
        <details class="more"><summary>"More settings"</summary>{more(page)}</details>
    }
    .into_any()
}

fn more(page: Page) -> AnyView {
    let calibration = move || page.state.with(|state| state.link.experiment.calibration_windows);
    let seed = move || {
        page.state
            .with(|state| usize::try_from(state.link.experiment.seed).unwrap_or(usize::MAX))
    };
    let stats = page.text(|state| match state.link.experiment.calibration_stats {
        CalibrationStats::Sequential => "sequential".to_owned(),
        CalibrationStats::Dense => "dense".to_owned(),
    });
    let options = named(&[
        ("sequential", "blocks already damaged (as published)"),
        ("dense", "the untouched model"),
    ]);
    let choose = move |word: String| {
        page.update(|state| {
            state.change(|e| {
                e.calibration_stats = match word.as_str() {
                    "dense" => CalibrationStats::Dense,
                    _ => CalibrationStats::Sequential,
                };
            });
        });
    };
    view! {
        {number("windows to calibrate on", "calibration-windows", (1, 4096), calibration,
            move |n| page.update(|state| state.change(|e| e.calibration_windows = n)))}
        {choice("calibrate on the outputs of", "calibration-stats", options, stats, choose)}
        {number("seed", "seed", (0, usize::MAX), seed,
            move |n| page.update(|state| state.change(|e| e.seed = n as u64)))}
    }
    .into_any()
}

/// A field to paste into, which also takes a dropped file.
fn own_text(page: Page) -> AnyView {
    let name = page.part(|state| match &state.link.experiment.text.origin {
        Origin::Own(name) => Some(name.clone()),
        _ => None,
    });
    let pasted = entered(move |text| {
        if !text.trim().is_empty() {
            take_text(page, PASTED, text);
        }
    });
    let value = text(move || {
        name.track();
        page.own().text.map(|(_, text)| shortened(&text)).unwrap_or_default()
    });
    let note = text(move || match name.get() {
        Some(name) if page.own().text.is_none() => {
            format!("The link was made with “{name}”, which it can't carry. Paste or drop that text.")
        }
        Some(name) => format!("Measured on “{name}”. It stays on this device: links hold only its name and SHA-256."),
        None => "It stays on this device. It needs about 400 words for each window of 512 tokens.".to_owned(),
    });
    let dropped = drop_zone(move |files| {
        if let Some(file) = files.into_iter().next() {
            take_text_file(page, file);
        }
    });
    view! {
        <label class="field drop" on:dragover=allow_drop() on:drop=dropped>
            <span>"Paste a text, or drop a text file here"</span>
            <textarea rows="4" data-testid="own-text" prop:value=value on:change=pasted/>
        </label>
        {hint(note)}
    }
    .into_any()
}

/// Without it, the browser would open a dropped file in place of the page.
pub(super) fn allow_drop() -> Box<dyn FnMut(DragEvent)> {
    Box::new(|event: DragEvent| event.prevent_default())
}

/// What a dropped file does.
pub(super) fn drop_zone(take: impl Fn(Vec<File>) + 'static) -> Box<dyn FnMut(DragEvent)> {
    Box::new(move |event: DragEvent| {
        event.prevent_default();
        event.stop_propagation();
        take(files::listed(event.data_transfer().and_then(|data| data.files())));
    })
}

/// A text area with megabytes in it blocks the page.
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
    let wanted = page.read(|state| state.link.experiment.text.clone());
    page.set_own(|own| own.text = Some((name.to_owned(), text)));
    if wanted.sha256 == asset.sha256 && matches!(wanted.origin, Origin::Own(_)) {
        // It is the text of the link: nothing changes, and the expected result stays.
        page.update(|state| state.tell("That is the text that the link was made with.".to_owned()));
        return;
    }
    page.update(|state| state.change(|e| e.text = asset));
}

/// Measures on this file from now on.
pub(super) fn take_text_file(page: Page, file: File) {
    spawn(async move {
        let name = file.name();
        match files::text(&file).await {
            Ok(text) if text.trim().is_empty() => {
                page.update(|state| state.complain(format!("{name} is empty. Choose a file with plain text.")));
            }
            Ok(text) if text.contains('\0') => page.update(|state| {
                state.complain(format!("{name} is no plain text. Save it as a .txt file first."));
            }),
            Ok(text) => take_text(page, &name, text),
            Err(error) => page.update(|state| state.complain(format!("{name} could not be read: {error}."))),
        }
    });
}
