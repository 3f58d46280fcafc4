//! What the two models write, side by side.

use leptos::prelude::*;

use crate::limits::Limits;
use crate::parts::{Choice, Field, Group, NumberField, Select, TokenStream};
use crate::state::{Goal, Results, Run, Writing};
use crate::work::Page;
use hemoscope_core::experiment::{Sampling, View};
use hemoscope_core::say;

/// What a draw begins with: temperature, seed.
const FIRST_DRAW: (f64, u64) = (0.8, 0);

/// The prompt, how words are chosen, and both texts.
#[component]
pub(super) fn WritingSection() -> impl IntoView {
    let page = Page::get();
    let prompt = move || page.link.read().view.prompt.clone();
    let enter = move |event| page.update(|state| state.link.view.prompt = event_target_value(&event));
    let off = Memo::new(move |_| {
        page.run.read().task.is_some() || page.results.read().selected(&page.link.read().view).is_none()
    });
    let title = Memo::new(move |_| modified_title(&page.writing.read(), &page.results.read(), &page.link.read().view));
    let hint = Memo::new(move |_| hint(&page.writing.read(), &page.results.read(), &page.link.read().view));
    let again = Memo::new(move |_| page.writing.read().spec.is_some());
    let base = Memo::new(move |_| page.writing.read().base.clone());
    let modified = Memo::new(move |_| page.writing.read().modified.clone());
    view! {
        <section class="writing" aria-label="What it writes">
            <h2>"What it writes"</h2>
            <Field label="Both models continue">
                <textarea rows="2" data-testid="prompt" prop:value=prompt on:change=enter></textarea>
            </Field>
            <div class="row">
                <button type="button" data-testid="write" disabled=off on:click=move |_| page.write_selected()>
                    {move || if again.get() { "Write again" } else { "Let both write" }}
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
            <p class="hint" data-testid="first-difference">
                {move || first_difference(&page.writing.read(), &page.run.read())}
            </p>
        </section>
    }
}

/// Whether words are drawn, and how.
fn draw(view: &View) -> Option<(f64, u64)> {
    match view.sampling {
        Sampling::Temperature { temperature, seed } => Some((temperature, seed)),
        Sampling::Greedy => None,
    }
}

/// How words are chosen.
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

/// How words are drawn, where they are.
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

/// The selected strength.
fn strength(results: &Results, view: &View) -> Option<String> {
    let (curve, point) = results.selected_point(view)?;
    Some(say::strength(&curve.sweep, point.value))
}

/// What the damaged model is: the one that wrote, else the one that would.
fn modified_title(writing: &Writing, results: &Results, view: &View) -> String {
    let title = match (&writing.spec, &results.shown) {
        (Some(_), _) => return format!("{} at {}", writing.title, writing.at),
        (None, Some(shown)) => say::curve_name(&shown.curve.sweep),
        (None, None) => return String::new(),
    };
    match strength(results, view) {
        Some(at) => format!("{title} at {at}"),
        None => title,
    }
}

fn hint(writing: &Writing, results: &Results, view: &View) -> String {
    let Some((at, (_, point))) = strength(results, view).zip(results.selected_point(view)) else {
        return "Select a point in the chart first.".to_owned();
    };
    match &writing.spec {
        Some(written) if *written != point.spec => {
            format!("Written at {}; press Write again for {at}.", writing.at)
        }
        _ => format!("The damaged model is the selected point: {at}. Choose another in the chart."),
    }
}

fn first_difference(writing: &Writing, run: &Run) -> String {
    match writing.first_difference {
        _ if run.is(Goal::Write) => String::new(),
        Some(Some(place)) => format!("First difference: token {place}."),
        Some(None) => "No difference.".to_owned(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::State;
    use crate::testing::stored;
    use hemoscope_core::share::Opened;

    #[test]
    fn texts_name_the_strength_that_they_were_written_at() {
        let mut state = State::open(Opened::default());
        let view = state.link.view.clone();
        assert!(hint(&state.writing, &state.results, &view).starts_with("Select a point"));
        state.take_stored("", Some(stored("hemoscope-4m", "wanda:sparsity=0..0.8/9")));
        state.link.view.at = Some(0.3);
        let title = modified_title(&state.writing, &state.results, &state.link.view);
        assert_eq!(title, "Wanda pruning at 30\u{202f}%");
        let spec = state
            .results
            .shown
            .as_ref()
            .map(|shown| shown.curve.points[2].spec.clone());
        let at = "20\u{202f}%".to_owned();
        state
            .writing
            .start(spec.expect("a curve"), "Wanda pruning".to_owned(), at);
        let hint = hint(&state.writing, &state.results, &state.link.view);
        assert_eq!(hint, "Written at 20\u{202f}%; press Write again for 30\u{202f}%.");
    }
}
