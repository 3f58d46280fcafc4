//! The model: a bundled one, the user's own file, or one from the hub.

use leptos::prelude::*;

use crate::doors::fetch::Size;
use crate::doors::field;
use crate::parts::{Choice, DropField, Field, Group, Select};
use crate::state::{Machine, Model, ModelKind, Offers, Picking, Ui};
use crate::work::{Page, own};
use hemoscope_core::experiment::Origin;
use hemoscope_core::experiment::bundled::{self, Bundled};
use hemoscope_core::plot::format_number;
use hemoscope_core::wording;

/// The choice of a model, the fields it needs, and the facts about it.
#[component]
pub(crate) fn ModelField() -> impl IntoView {
    let page = Page::get();
    let origin = Memo::new(move |_| page.link.read().experiment.model.origin.clone());
    let kind = Memo::new(move |_| page.ui.read().model_kind(&origin.read()));
    let choices = Memo::new(move |_| vec![Group::from(models(&origin.read(), &page.machine.read().absent))]);
    let choose = Callback::new(move |kind| {
        page.update(|state| {
            state.ui.picking_model = match kind {
                ModelKind::Own => Some(Picking::Own),
                ModelKind::Hub => Some(Picking::Hub),
                ModelKind::Bundled(name) => {
                    state.choose_bundled(&name);
                    None
                }
            };
        });
    });
    view! {
        <Field label="Model">
            <Select testid="model" groups=choices value=kind.into() on_change=choose/>
        </Field>
        <div hidden=move || kind.get() != ModelKind::Own>
            <OwnModel origin/>
        </div>
        <div hidden=move || kind.get() != ModelKind::Hub>
            <HubModel origin/>
        </div>
        <ModelFacts/>
    }
}

/// The bundled models, one from another copy of the page if a link names it, and the ways to load others.
fn models(origin: &Origin, absent: &[String]) -> Vec<Choice<ModelKind>> {
    let chosen = match origin {
        Origin::Bundled(name) => name.as_str(),
        _ => "",
    };
    let is_here = |model: &&Bundled| model.name == chosen || absent.iter().all(|name| name != model.name);
    let own = |name: &str, shown: String| Choice::new(ModelKind::Bundled(name.to_owned()), name, shown);
    let mut choices = bundled::all()
        .filter(is_here)
        .map(|model| own(model.name, format!("{} · {}", model.title, model.size)))
        .collect::<Vec<_>>();
    if !chosen.is_empty() && bundled::find(chosen).is_none() {
        choices.push(own(chosen, chosen.to_owned()));
    }
    choices.push(Choice::new(ModelKind::Own, "own", "A file of your own"));
    choices.push(Choice::new(ModelKind::Hub, "hub", "Hugging Face hub or URL"));
    choices
}

/// The user's own file.
#[component]
fn OwnModel(
    /// The chosen model.
    origin: Memo<Origin>,
) -> impl IntoView {
    let page = Page::get();
    let take = Callback::new(move |files| own::take_model_files(page, files));
    view! {
        <DropField
            label="Choose or drop a .gguf file, or config.json, tokenizer.json and all .safetensors files together"
            hook="model"
            on_files=take
        >
            <input
                type="file"
                multiple
                accept=".gguf,.safetensors,.json,.bin"
                data-testid="model-file"
                on:change=move |event| take.run(field::chosen(&event))
            />
        </DropField>
        <p class="hint">{move || own_model(&origin.read(), &page.ui.read())}</p>
    }
}

fn own_model(origin: &Origin, ui: &Ui) -> String {
    match origin {
        Origin::Own(name) if ui.own_model => format!("Chosen: {name}. It stays on this device."),
        Origin::Own(name) => format!("The link was made with “{name}”, which it can't carry. Drop that file here."),
        _ => "It stays on this device.".to_owned(),
    }
}

/// A model from the hub or any address.
#[component]
fn HubModel(
    /// The chosen model.
    origin: Memo<Origin>,
) -> impl IntoView {
    let page = Page::get();
    let address = move || match &*origin.read() {
        Origin::Hub {
            repository,
            revision,
            file,
        } => format!("{repository}@{revision}/{file}"),
        Origin::Url(url) => url.clone(),
        Origin::Bundled(_) | Origin::Own(_) => String::new(),
    };
    let offers = Memo::new(move |_| page.ui.read().offers.clone());
    view! {
        <Field label="Repository (owner/name) or address">
            <input
                type="text"
                class="code"
                spellcheck="false"
                placeholder="owner/name"
                data-testid="hub"
                prop:value=address
                on:change=move |event| own::look_up(page, event_target_value(&event))
            />
        </Field>
        <p class="hint">"The size is shown before anything is downloaded."</p>
        {move || offers.get().map(|offers| view! { <OfferList offers/> })}
    }
}

/// The models in a repository.
#[component]
fn OfferList(
    /// The models.
    offers: Offers,
) -> impl IntoView {
    let page = Page::get();
    let Offers {
        repository,
        revision,
        models,
    } = offers;
    let offer = move |offer: crate::doors::fetch::Offer| {
        let origin = Origin::Hub {
            repository: repository.clone(),
            revision: revision.clone(),
            file: offer.file.clone(),
        };
        view! {
            <li>
                <button type="button" class="offer" on:click=move |_| own::take_origin(page, origin.clone())>
                    <span>{offer.file}</span>
                    <span>{Size(offer.bytes).to_string()}</span>
                </button>
            </li>
        }
    };
    view! {
        <ul class="offers" aria-label="Models in this repository">
            {models.into_iter().map(offer).collect_view()}
        </ul>
    }
}

/// The facts about the model.
#[component]
fn ModelFacts() -> impl IntoView {
    let page = Page::get();
    let missing = move || match &page.machine.read().model {
        Model::Missing(reason) => Some(reason.clone()),
        _ => None,
    };
    let facts = Memo::new(move |_| facts(&page.machine.read()));
    view! {
        {move || missing().map(|reason| view! { <p class="problem">{reason}</p> })}
        {move || facts.get().map(|(text, sha256)| view! { <p class="hint" title=sha256>{text}</p> })}
    }
}

/// Size and short hash of a loaded model, and its full hash.
fn facts(machine: &Machine) -> Option<(String, String)> {
    let report = machine.report()?;
    let text = format!(
        "{} parameters · {} bits per weight · {} blocks · SHA-256 {}…",
        wording::count(report.parameters),
        format_number(wording::round_to(report.bits_per_weight, 4)),
        report.blocks,
        report.sha256.get(..12).unwrap_or(&report.sha256),
    );
    Some((text, report.sha256.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hemoscope_core::experiment::bundled::SMOLLM2;

    #[test]
    fn models_that_this_copy_lacks_are_not_offered_unless_they_are_chosen() {
        let absent = [SMOLLM2.name.to_owned()];
        let keys = |origin: &str| {
            let choices = models(&Origin::Bundled(origin.to_owned()), &absent);
            choices.into_iter().map(|choice| choice.key).collect::<Vec<_>>()
        };
        assert_eq!(keys(bundled::FIRST).len(), 3 + 2);
        assert!(keys(SMOLLM2.name).contains(&SMOLLM2.name.to_owned()));
        // A link from another copy of the page.
        assert!(keys("other").contains(&"other".to_owned()));
    }
}
