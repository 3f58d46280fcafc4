//! What surrounds every picture: its title, the protocol, and whether a shared result was reproduced.

use leptos::prelude::*;

use crate::state::Results;
use crate::work::Page;
use hemoscope_core::experiment::Screen;
use hemoscope_core::experiment::Settings;
use hemoscope_core::experiment::bundled::SIZES;
use hemoscope_core::modify::Sweep;
use hemoscope_core::wording;

/// The picture's title.
#[component]
pub(super) fn Title() -> impl IntoView {
    let page = Page::get();
    let title = Memo::new(move |_| title(&page.link.read(), &page.results.read()));
    view! { <h2 class="chart-title">{title}</h2> }
}

/// The title of a picture: the whole modification, model and text.
#[must_use]
pub(crate) fn title(link: &Settings, results: &Results) -> String {
    let of = |sweep: &Sweep, model: &str, text: &str| {
        let model = match link.view.screen {
            Screen::Sizes => "three sizes",
            Screen::Model => model,
        };
        wording::experiment_title(sweep, model, text)
    };
    let e = &link.experiment;
    match results.shown.as_ref().map(|shown| &shown.curve) {
        Some(curve) => of(&curve.sweep, &curve.protocol.model_name, &curve.protocol.text_name),
        None => of(e.sweep(), &e.model.name(), &e.text.name()),
    }
}

/// When sizes are compared, the one whose points can be selected, to be named where something refers only to it.
pub(super) fn selectable(link: &Settings, results: &Results) -> Option<&'static str> {
    let compared = link.view.screen == Screen::Sizes;
    let place = results.selectable_size(link).filter(|_| compared)?;
    SIZES.get(place).map(|model| model.short)
}

/// How the result was measured, and whether a shared one was reproduced.
#[component]
pub(super) fn Protocol() -> impl IntoView {
    let page = Page::get();
    view! {
        <p class="protocol" data-testid="protocol">
            {move || protocol(&page.link.read(), &page.results.read())}
        </p>
        <Verdict/>
    }
}

fn protocol(link: &Settings, results: &Results) -> String {
    let Some(shown) = &results.shown else {
        return String::new();
    };
    let said = wording::protocol(&shown.curve.protocol, &shown.curve.device, shown.curve.duration_secs);
    match selectable(link, results) {
        Some(_) => format!("Table and texts below are of {said}"),
        None => said,
    }
}

/// Whether a shared result was reproduced.
#[component]
fn Verdict() -> impl IntoView {
    let page = Page::get();
    let verdict = Memo::new(move |_| {
        let run = page.run.read();
        let words = run.verdict_in_words(&page.results.read())?;
        Some((
            words,
            run.verdict.as_ref().is_some_and(|verdict| verdict.is_reproduced()),
        ))
    });
    move || {
        verdict.get().map(|(words, reproduced)| {
            view! {
                <p class="verdict" role="status" data-testid="verdict" data-is=(!reproduced).then_some("different")>
                    {words}
                </p>
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::State;
    use crate::testing::stored;
    use hemoscope_core::share;

    #[test]
    fn of_several_sizes_the_protocol_names_the_one_that_it_is_of() {
        let mut state = State::open(share::open("view=sizes"));
        for model in ["hemoscope-1m", "hemoscope-4m"] {
            state.take_stored("", Some(stored(model, "wanda:sparsity=0..0.8/9")));
        }
        assert!(protocol(&state.link, &state.results).starts_with("Table and texts below are of hemoscope 4M"));
        assert_eq!(
            title(&state.link, &state.results),
            "Wanda pruning · three sizes · Everyday prose"
        );
        state.look_at(Screen::Model);
        assert!(protocol(&state.link, &state.results).starts_with("hemoscope 4M"));
    }
}
