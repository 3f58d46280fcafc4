//! The result in words: the answer first.

use leptos::prelude::*;

use crate::parts::{Explained, Notes, PERPLEXITY};
use crate::state::{Goal, Results, Run};
use crate::work::Page;
use hemoscope_core::curve::Protocol;
use hemoscope_core::curve::sentence::Answer as Said;
use hemoscope_core::experiment::Screen;
use hemoscope_core::experiment::Settings;
use hemoscope_core::modify::catalogue::Family;
use hemoscope_core::modify::knob;
use hemoscope_core::wording;

/// One short sentence, the remaining clauses, and whether it was measured here.
#[component]
pub(super) fn Answer() -> impl IntoView {
    let page = Page::get();
    let said = Memo::new(move |_| {
        let (run, results) = (page.run.read(), page.results.read());
        page.answer.with(|answer| said(answer, &run, &results))
    });
    let headline = Memo::new(move |_| said.with(|said| said.headline.clone()));
    let outcome = Memo::new(move |_| outcome(&page.link.read(), &page.run.read(), &page.results.read()));
    let tag = move || {
        let tag = outcome.with(|outcome| outcome.tag.clone());
        (!tag.is_empty()).then(|| view! { <span class="tag">{tag}</span> })
    };
    let expected = Memo::new(move |_| page.link.read().expect.is_some() && page.run.read().verdict.is_none());
    let note = move || {
        let expected = if expected.get() {
            " This link carries an expected result: Run checks whether it is reproduced."
        } else {
            ""
        };
        outcome.with(|outcome| format!("{}{expected}", outcome.note))
    };
    view! {
        <div class="answer" data-testid="sentence">
            <p class="sentence"><Explained text=headline term=PERPLEXITY/></p>
            " "
            <p class="clauses">{move || said.with(|said| said.rest.clone())}</p>
        </div>
        <p class="status">{tag}" "<span>{note}</span></p>
        <Notes/>
    }
}

/// What is said: the answer, or the state of the run while there is none.
fn said(answer: &Said, run: &Run, results: &Results) -> Said {
    let alone = |text: &str| Said {
        headline: text.to_owned(),
        rest: String::new(),
    };
    if run.is_before_first_point(results.shown.as_ref()) {
        return alone("The first point is being measured.");
    }
    if answer.headline.is_empty() {
        return alone(if results.is_looking() {
            "Looking for the stored result …"
        } else {
            "No result is stored for these settings. Press Run to measure."
        });
    }
    Said {
        headline: wording::kept_together(&answer.headline),
        rest: wording::kept_together(&answer.rest),
    }
}

/// The tag beside a result that is not what the settings would give now, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Outcome {
    tag: String,
    note: String,
}

fn outcome(link: &Settings, run: &Run, results: &Results) -> Outcome {
    if link.view.screen == Screen::Sizes {
        return outcome_of_sizes(link, results);
    }
    let outdated = results.is_outdated(&link.experiment);
    let (tag, note) = match &results.shown {
        Some(shown) if shown.stored && outdated => {
            let Protocol { windows, window, .. } = &shown.curve.protocol;
            let windows = wording::counted(*windows, "window");
            (
                wording::STORED,
                format!(
                    "It was measured with other settings ({}, {windows} × {window} tokens); Run measures yours.",
                    shown.curve.sweep
                ),
            )
        }
        Some(shown) if shown.stored => (wording::STORED, "Press Run to measure it on this device.".to_owned()),
        Some(_) if outdated && run.task.is_none() => (
            "earlier settings",
            "The settings have changed since; Run measures them.".to_owned(),
        ),
        Some(shown) if !shown.complete => {
            let all = wording::counted(shown.experiment.sweep().points().len(), "point");
            (
                if run.is(Goal::Run) { "so far" } else { "unfinished" },
                format!("{} of {all} measured.", shown.curve.points.len()),
            )
        }
        _ => ("", String::new()),
    };
    Outcome {
        tag: tag.to_owned(),
        note,
    }
}

/// The same for the sizes together, each of which has its own curve.
fn outcome_of_sizes(link: &Settings, results: &Results) -> Outcome {
    let sizes = results.sizes(link.experiment.sweep());
    let measured = sizes
        .iter()
        .filter(|(_, shown)| shown.is_some_and(|shown| !shown.stored));
    let measured = measured.map(|(model, _)| model.short).collect::<Vec<_>>();
    let stored = sizes.iter().any(|(_, shown)| shown.is_some_and(|shown| shown.stored));
    let tag = match (measured.as_slice(), stored) {
        ([], true) => "stored results, not measured here".to_owned(),
        (_, false) => String::new(),
        (measured, true) => format!("{} measured here, the rest stored", measured.join(" and ")),
    };
    let of_depth = knob::entry(link.experiment.sweep()).is_some_and(|entry| entry.family == Family::Depth);
    let blocks = if of_depth {
        let blocks = sizes
            .iter()
            .map(|(model, _)| format!("{} has {}", model.short, model.blocks));
        format!(" Blocks: {}.", blocks.collect::<Vec<_>>().join(", "))
    } else {
        String::new()
    };
    let note = format!(
        "Three models that differ only in size, each trained once.{blocks} Run measures all three on this device, \
         one after the other."
    );
    Outcome { tag, note }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::State;
    use crate::testing::stored;
    use hemoscope_core::share::Opened;

    fn outcome_of(state: &State) -> Outcome {
        outcome(&state.link, &state.run, &state.results)
    }

    #[test]
    fn a_stored_result_says_that_it_is_one_and_of_which_settings() {
        let mut state = State::open(Opened::default());
        assert_eq!(outcome_of(&state), Outcome::default());
        state.take_stored("", Some(stored("hemoscope-4m", "wanda:sparsity=0..0.8/9")));
        let Outcome { tag, note } = outcome_of(&state);
        assert_eq!((tag.as_str(), note.starts_with("Press Run")), (wording::STORED, true));
        state.change(|e| e.windows = 3);
        let Outcome { tag, note } = outcome_of(&state);
        assert_eq!(
            (tag.as_str(), note.contains("Run measures yours")),
            (wording::STORED, true)
        );
    }

    #[test]
    fn without_a_curve_the_page_says_what_to_do() {
        let mut state = State::open(Opened::default());
        let headline = |state: &State| said(&Said::default(), &state.run, &state.results).headline;
        assert!(headline(&state).starts_with("No result is stored for these settings."));
        state.results.ask_for_curves(&state.link);
        assert!(headline(&state).starts_with("Looking for"));
    }
}
