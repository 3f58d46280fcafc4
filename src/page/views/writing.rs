//! What the two models write, side by side.

use leptos::prelude::*;

use crate::limits::Limits;
use crate::parts::{Choice, Field, Group, NumberField, Select, TokenStream};
use crate::state::{Goal, Texts};
use crate::work::Page;
use hemoscope_core::experiment::{Sampling, View};

/// The initial sampling settings: temperature, seed.
const FIRST_DRAW: (f64, u64) = (0.8, 0);

/// The prompt, how tokens are chosen, and both texts.
#[component]
pub(super) fn WritingSection() -> impl IntoView {
    let page = Page::get();
    let prompt = move || page.link.read().view.prompt.clone();
    let enter = move |event| page.update(|state| state.link.view.prompt = event_target_value(&event));
    let off = Memo::new(move |_| {
        page.run.read().task.is_some() || page.results.read().selected(&page.link.read().view).is_none()
    });
    let texts = Memo::new(move |_| {
        let busy = page.run.read().is(Goal::Write);
        page.writing
            .read()
            .seen(&page.results.read(), &page.link.read().view, busy)
    });
    let part = move |part: fn(&Texts) -> &String| Memo::new(move |_| texts.with(|texts| part(texts).clone()));
    let (title, hint) = (part(|texts| &texts.title), part(|texts| &texts.hint));
    let (base, modified) = (part(|texts| &texts.base), part(|texts| &texts.modified));
    let difference = part(|texts| &texts.difference);
    let again = Memo::new(move |_| page.writing.read().live.is_some());
    view! {
        <section class="writing" aria-label="What it writes">
            <h2>"What it writes"</h2>
            <Field label="Both models continue">
                <textarea rows="2" data-testid="prompt" prop:value=prompt on:change=enter></textarea>
            </Field>
            <div class="row">
                <button type="button" data-testid="write" disabled=off on:click=move |_| page.write_selected()>
                    {move || if again.get() { "Generate again" } else { "Generate both" }}
                </button>
                <SamplingSelect/>
            </div>
            <DrawFields/>
            <p class="hint">{hint}</p>
            <div class="texts">
                <article>
                    <h3>"untouched"</h3>
                    <TokenStream testid="base-text" text=base other=modified damaged=false/>
                </article>
                <article>
                    <h3 class="is-damaged">{title}</h3>
                    <TokenStream testid="modified-text" text=modified other=base damaged=true/>
                </article>
            </div>
            <p class="hint" data-testid="first-difference">{difference}</p>
        </section>
    }
}

/// Temperature and seed, if tokens are sampled.
fn draw(view: &View) -> Option<(f64, u64)> {
    match view.sampling {
        Sampling::Temperature { temperature, seed } => Some((temperature, seed)),
        Sampling::Greedy => None,
    }
}

/// Greedy decoding or sampling.
#[component]
fn SamplingSelect() -> impl IntoView {
    let page = Page::get();
    let drawn = Memo::new(move |_| draw(&page.link.read().view).is_some());
    let choices = vec![Group::from(vec![
        Choice::new(false, "greedy", "always the most likely word"),
        Choice::new(true, "drawn", "drawn at random"),
    ])];
    let choose = Callback::new(move |drawn| {
        page.update(|state| {
            let (temperature, seed) = draw(&state.link.view).unwrap_or(FIRST_DRAW);
            state.link.view.sampling = if drawn {
                Sampling::Temperature { temperature, seed }
            } else {
                Sampling::Greedy
            };
        });
    });
    view! {
        <label class="inline">
            <span class="unseen">"How words are chosen"</span>
            <Select testid="sampling" groups=choices value=drawn.into() on_change=choose/>
        </label>
    }
}

/// The sampling settings, if tokens are sampled.
#[component]
fn DrawFields() -> impl IntoView {
    let page = Page::get();
    let drawn = Memo::new(move |_| draw(&page.link.read().view));
    let set = move |change: fn(&mut (f64, u64), f64)| {
        Callback::new(move |value| {
            page.update(|state| {
                if let Some(mut drawn) = draw(&state.link.view) {
                    change(&mut drawn, value);
                    let (temperature, seed) = drawn;
                    state.link.view.sampling = Sampling::Temperature { temperature, seed };
                }
            });
        })
    };
    let get = move |read: fn((f64, u64)) -> f64| Signal::derive(move || read(drawn.get().unwrap_or(FIRST_DRAW)));
    view! {
        <Show when=move || drawn.get().is_some()>
            <div class="pair">
                <NumberField
                    label="temperature"
                    testid="temperature"
                    limits=Limits::TEMPERATURE
                    step=0.1
                    value=get(|(temperature, _)| temperature)
                    on_change=set(|drawn, temperature| drawn.0 = temperature)
                />
                <span aria-hidden="true">"·"</span>
                <NumberField
                    label="seed"
                    testid="draw"
                    limits=Limits::SEED
                    value=get(|(_, seed)| seed as f64)
                    on_change=set(|drawn, seed| drawn.1 = seed as u64)
                />
            </div>
        </Show>
    }
}
