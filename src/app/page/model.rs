//! Which model: the bundled one, files of one's own, or one of the hub.

use leptos::prelude::*;
use web_sys::{Blob, File};

use super::context::{Page, page};
use super::erase::{entered, piece, press, text};
use super::fields::{button, choice, hint};
use super::measure::{allow_drop, drop_zone};
use super::work::hub;
use crate::app::state::Model;
use crate::app::words;
use crate::plot::format_number;
use crate::share::{Asset, BUNDLED_MODEL, Origin};
use crate::web::fetch::{Listed, Offer, Size, offer, read_origin, repository};
use crate::web::files;
use crate::web::spawn::spawn;

const BUNDLED: &str = "bundled";
const OWN: &str = "own";
const HUB: &str = "hub";

/// The model and its state.
pub(super) fn model_panel() -> AnyView {
    let page = page();
    let opened = RwSignal::new(None::<&'static str>);
    let chosen = page.part(|state| match &state.link.experiment.model.origin {
        Origin::Bundled(_) => BUNDLED,
        Origin::Own(_) => OWN,
        Origin::Hub { .. } | Origin::Url(_) => HUB,
    });
    let shown = text(move || opened.get().unwrap_or_else(|| chosen.get()).to_owned());
    let options = [
        (BUNDLED, "SmolLM2-135M (bundled)"),
        (OWN, "A file of your own"),
        (HUB, "Hugging Face hub or URL"),
    ];
    let choose = move |kind: String| {
        opened.set(match kind.as_str() {
            OWN => Some(OWN),
            HUB => Some(HUB),
            _ => None,
        });
        if kind == BUNDLED {
            page.update(|state| state.change(|e| e.model = Asset::bundled(BUNDLED_MODEL)));
        }
    };
    let options = options.map(|(key, name)| (key.to_owned(), name.to_owned())).to_vec();
    view! {
        {choice("Model", "model", options, shown, choose)}
        {piece(move || match shown.get().as_str() {
            OWN => own_model(page),
            HUB => hub_model(page),
            _ => ().into_any(),
        })}
        {page.piece(|state| state.model.clone(), move |model| status(page, model))}
    }
    .into_any()
}

/// What is known of the model, and the question before a download.
fn status(page: Page, model: Model) -> AnyView {
    match model {
        Model::Asking(consent) => {
            let size = Size(consent.bytes).to_string();
            let after = if consent.lasting {
                "It stays in this browser for the next visit."
            } else {
                "This browser keeps nothing: it will be fetched again on the next visit."
            };
            view! {
                <div class="question" role="alertdialog" aria-label="Download">
                    <p><strong>{format!("Download {size} from {}?", consent.host)}</strong></p>
                    <p>{format!("{}. {after}", consent.name)}</p>
                    <div class="row">
                        <button type="button" class="primary" data-testid="consent" on:click=press(move || page.answer(true))>
                            {format!("Download {size}")}
                        </button>
                        {button("No", "", "refuse", move || page.stop())}
                    </div>
                </div>
            }
            .into_any()
        }
        Model::Missing(reason) => view! { <p class="problem">{reason}</p> }.into_any(),
        Model::Ready(report) => {
            let text = format!(
                "{} parameters · {} bits a weight · {} blocks · SHA-256 {}…",
                words::count(report.parameters),
                format_number((report.bits_per_weight * 100.0).round() / 100.0),
                report.config.blocks,
                report.sha256.get(..12).unwrap_or(&report.sha256),
            );
            view! { <p class="hint" title=report.sha256.clone()>{text}</p> }.into_any()
        }
        Model::Absent | Model::Fetching(_) | Model::Loading { .. } => ().into_any(),
    }
}

/// Files of the reader's own.
fn own_model(page: Page) -> AnyView {
    let name = page.text(|state| match &state.link.experiment.model.origin {
        Origin::Own(name) => name.clone(),
        _ => String::new(),
    });
    let chosen = move |event: web_sys::Event| {
        use wasm_bindgen::JsCast as _;
        let input = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::HtmlInputElement>().ok());
        take_model_files(page, files::listed(input.and_then(|input| input.files())));
    };
    let note = text(move || {
        let name = name.get();
        if name.is_empty() {
            "It stays on this device.".to_owned()
        } else if page.own().model.is_empty() {
            format!("The link was made with “{name}”, which it can't carry. Drop that file here.")
        } else {
            format!("Chosen: {name}. It stays on this device.")
        }
    });
    view! {
        <label class="field drop" on:dragover=allow_drop() on:drop=drop_zone(move |files| take_model_files(page, files))>
            <span>"Choose or drop a .gguf file, or config.json, tokenizer.json and all .safetensors files together"</span>
            <input type="file" multiple accept=".gguf,.safetensors,.json,.bin" data-testid="model-file" on:change=chosen/>
        </label>
        {hint(note)}
    }
    .into_any()
}

/// Uses these files as the model from now on.
pub(super) fn take_model_files(page: Page, chosen: Vec<File>) {
    if chosen.is_empty() {
        return;
    }
    let mut files = chosen
        .into_iter()
        .map(|file| (file.name(), Blob::from(file)))
        .collect::<Vec<_>>();
    files.sort_by(|one, other| one.0.cmp(&other.0));
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
            .find(|name| name.to_lowercase().ends_with(end) && !name.starts_with("tok"))
            .cloned()
    };
    let name = [".gguf", ".safetensors.index.json", ".safetensors", ".bin"]
        .into_iter()
        .find_map(weights);
    let (name, needed) = match name.map(|name| offer(&name, &listed).map(|offer| (name, offer.files))) {
        Some(Ok(found)) => found,
        Some(Err(error)) => {
            page.update(|state| state.complain(format!("{error}. Choose all its files at once.")));
            return;
        }
        None => {
            page.update(|state| {
                state.complain(
                    "There is no model among these files. Choose one .gguf file, or config.json, tokenizer.json and all \
                     .safetensors files at once."
                        .to_owned(),
                );
            });
            return;
        }
    };
    files.retain(|(name, _)| needed.iter().any(|file| file.path == *name));
    page.set_own(|own| own.model = files);
    page.set_loaded(None);
    page.update(|state| {
        // The link's own hash stays, so that another file of the same name is noticed.
        if state.link.experiment.model.origin != Origin::Own(name.clone()) {
            state.change(|e| {
                e.model = Asset {
                    origin: Origin::Own(name),
                    sha256: None,
                };
            });
        }
        state.model = Model::Absent;
    });
}

/// A model of the hub: an id or an address; where a repository has several, the reader picks.
fn hub_model(page: Page) -> AnyView {
    let offers = RwSignal::new(None::<(String, String, Vec<Offer>)>);
    let present = page.text(|state| match &state.link.experiment.model.origin {
        Origin::Hub { repository, file, .. } => format!("{repository}/{file}"),
        Origin::Url(url) => url.clone(),
        _ => String::new(),
    });
    let take = move |origin: Origin| {
        offers.set(None);
        page.update(|state| {
            state.change(|e| e.model = Asset { origin, sha256: None });
            state.model = Model::Absent;
        });
        page.load();
    };
    let asked = entered(move |text: String| {
        if text.trim().is_empty() {
            return;
        }
        spawn(async move {
            let found = async {
                let hub = hub().ok()?;
                Some(match read_origin(&text, &hub) {
                    Ok(Origin::Hub {
                        repository: name,
                        revision,
                        file,
                    }) if file.is_empty() => repository(&name, &revision, "", &hub, &page.cancel())
                        .await
                        .map(|list| Err((name, revision, list))),
                    other => other.map(Ok),
                })
            };
            match found.await {
                Some(Ok(Ok(origin))) => take(origin),
                Some(Ok(Err(list))) => offers.set(Some(list)),
                Some(Err(error)) => page.update(|state| state.complain(error.to_string())),
                None => {}
            }
        });
    });
    view! {
        <label class="field">
            <span>"Repository (owner/name) or address"</span>
            <input type="text" class="code" spellcheck="false" data-testid="hub" placeholder="owner/name" prop:value=present on:change=asked/>
        </label>
        <p class="hint">"The size is shown before anything is downloaded."</p>
        {piece(move || offers.get().map_or(().into_any(), |(name, revision, list)| {
            let buttons = list.into_iter().map(|offer| {
                let origin = Origin::Hub { repository: name.clone(), revision: revision.clone(), file: offer.file.clone() };
                let size = Size(offer.bytes).to_string();
                view! {
                    <li><button type="button" class="offer" on:click=press(move || take(origin.clone()))>
                        <span>{offer.file}</span><span>{size}</span>
                    </button></li>
                }.into_any()
            }).collect::<Vec<_>>();
            view! { <ul class="offers" aria-label="Models in this repository">{buttons}</ul> }.into_any()
        }))}
    }
    .into_any()
}
