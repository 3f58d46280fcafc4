//! What it is measured on: text and windows.

use leptos::prelude::*;
use web_sys::File;

use super::context::{Page, page};
use super::fields::{Choice, Number};
use super::work::sha256;
use crate::app::words;
use crate::curve::CalibrationStats;
use crate::share::{Asset, Origin};
use crate::web::files;
use crate::web::spawn::spawn;

/// The texts shipped with the page: name and title.
const BUNDLED: [(&str, &str); 2] = [
    ("evaluation", "Everyday prose (bundled)"),
    ("calibration", "Household prose (bundled)"),
];
/// The value of the choice that stands for the reader's own text.
const OWN: &str = ":own";
/// What a pasted text is called.
const PASTED: &str = "pasted text";

/// Text and windows.
#[component]
pub(super) fn MeasureOn() -> impl IntoView {
    let page = page();
    let pasting = RwSignal::new(false);
    let chosen = page.part(|state| match &state.link.experiment.text.origin {
        Origin::Bundled(name) => name.clone(),
        _ => OWN.to_owned(),
    });
    let shown = Signal::derive(move || if pasting.get() { OWN.to_owned() } else { chosen.get() });
    let is_own = Signal::derive(move || shown.get() == OWN);
    let options = BUNDLED
        .iter()
        .map(|(name, title)| ((*name).to_owned(), (*title).to_owned()));
    let options = options
        .chain([(OWN.to_owned(), "A text of your own".to_owned())])
        .collect::<Vec<_>>();
    let choose = move |name: String| {
        pasting.set(name == OWN);
        if name != OWN {
            page.update(|state| state.change(|e| e.text = Asset::bundled(&name)));
        }
    };
    let windows = page.part(|state| state.link.experiment.windows);
    let window = page.part(|state| state.link.experiment.window);
    let calibration = page.part(|state| state.link.experiment.calibration_windows);
    let stats = page.part(|state| match state.link.experiment.calibration_stats {
        CalibrationStats::Sequential => "sequential".to_owned(),
        CalibrationStats::Dense => "dense".to_owned(),
    });
    let scored = page.part(|state| {
        let e = &state.link.experiment;
        words::count((e.windows * e.window.saturating_sub(1)) as u64)
    });
    let seed = page.part(|state| usize::try_from(state.link.experiment.seed).unwrap_or(usize::MAX));
    view! {
        <Choice label="Text" testid="text" options=options value=shown chosen=choose/>
        <Show when=move || is_own.get()><OwnText/></Show>
        <div class="pair">
            <Number label="windows" testid="windows" range=(1, 4096) value=windows
                set=move |n| page.update(|state| state.change(|e| e.windows = n))/>
            <span aria-hidden="true">"×"</span>
            <Number label="tokens each" testid="window" range=(8, 8192) value=window
                set=move |n| page.update(|state| state.change(|e| e.window = n))/>
        </div>
        <p class="hint">{scored}" predictions are scored at each point. More windows: smaller error bars, longer run."</p>
        <details class="more">
            <summary>"More settings"</summary>
            <Number label="windows to calibrate on" testid="calibration-windows" range=(1, 4096) value=calibration
                set=move |n| page.update(|state| state.change(|e| e.calibration_windows = n))/>
            <Choice label="calibrate on the outputs of" testid="calibration-stats" value=stats
                options=vec![
                    ("sequential".to_owned(), "blocks already damaged (as published)".to_owned()),
                    ("dense".to_owned(), "the untouched model".to_owned()),
                ]
                chosen=move |word: String| page.update(|state| state.change(|e| {
                    e.calibration_stats = if word == "dense" { CalibrationStats::Dense } else { CalibrationStats::Sequential };
                }))/>
            <Number label="seed" testid="seed" range=(0, usize::MAX) value=seed
                set=move |n| page.update(|state| state.change(|e| e.seed = n as u64))/>
        </details>
    }
    .into_any()
}

/// A field to paste into, which also takes a dropped file.
#[component]
fn OwnText() -> impl IntoView {
    let page = page();
    let over = RwSignal::new(false);
    let named = page.part(|state| match &state.link.experiment.text.origin {
        Origin::Own(name) => Some(name.clone()),
        _ => None,
    });
    let pasted = move |event| {
        let text = event_target_value(&event);
        if !text.trim().is_empty() {
            take_text(page, PASTED, text);
        }
    };
    let dropped = move |event: web_sys::DragEvent| {
        event.prevent_default();
        event.stop_propagation();
        over.set(false);
        let files = files::listed(event.data_transfer().and_then(|data| data.files()));
        if let Some(file) = files.into_iter().next() {
            take_text_file(page, file);
        }
    };
    let missing = move || named.get().is_some() && page.own().text.is_none();
    view! {
        <label class="field" class:is-over=over
            on:dragover=move |event: web_sys::DragEvent| { event.prevent_default(); over.set(true); }
            on:dragleave=move |_| over.set(false)
            on:drop=dropped>
            <span>"Paste a text, or drop a text file here"</span>
            <textarea rows="4" data-testid="own-text" on:change=pasted
                prop:value=move || { named.track(); page.own().text.map(|(_, text)| shortened(&text)).unwrap_or_default() }/>
        </label>
        <p class="hint">
            {move || match (named.get(), missing()) {
                (Some(name), true) => format!("The link was made with “{name}”, which it can't carry. Paste or drop that text."),
                (Some(name), false) => format!("Measured on “{name}”. It stays on this device: links hold only its name and SHA-256."),
                (None, _) => "It stays on this device. It needs about 400 words for each window of 512 tokens.".to_owned(),
            }}
        </p>
    }
    .into_any()
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
    if wanted.sha256 == asset.sha256 {
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
