//! Run and its cost, the question before a download, and the progress of a run.

use leptos::html;
use leptos::prelude::*;

use crate::doors::browser;
use crate::doors::fetch::Size;
use crate::parts::ProgressBar;
use crate::state::{Consent, Goal, Machine, Model, agree, estimate_secs, obstacle, progress};
use crate::work::Page;
use hemoscope_core::experiment::Settings;
use hemoscope_core::experiment::bundled::SIZES;
use hemoscope_core::experiment::{Experiment, Screen};
use hemoscope_core::modify::knob;
use hemoscope_core::wording;

/// Run, or whatever takes its place.
#[component]
pub(crate) fn RunBar() -> impl IntoView {
    let page = Page::get();
    let asking = Memo::new(move |_| match &page.machine.read().model {
        Model::Asking(consent) => Some(consent.clone()),
        _ => None,
    });
    let busy = Memo::new(move |_| page.run.read().task.is_some());
    let question = NodeRef::<html::Div>::new();
    let button = NodeRef::<html::Button>::new();
    // The keyboard focus moves to the question, and after the answer to what replaces it.
    Effect::new(move |before: Option<bool>| {
        let now = asking.read().is_some();
        if before.is_some_and(|before| before != now) {
            request_animation_frame(move || {
                if now {
                    question.get_untracked().inspect(|question| browser::focus(question));
                } else {
                    button.get_untracked().inspect(|button| browser::focus(button));
                }
            });
        }
        now
    });
    let progress = Memo::new(move |_| progress(&page.run.read(), &page.machine.read(), page.clock.get()));
    view! {
        <div class="run-bar">
            {move || asking.get().map(|consent| view! { <Question consent element=question/> })}
            <Show when=move || busy.get() fallback=move || view! { <RunButton element=button/> }>
                <CancelButton element=button/>
            </Show>
            <div class="under-way">
                <Running/>
                <ProgressBar progress/>
            </div>
        </div>
    }
}

/// The question before a download.
#[component]
fn Question(
    /// What it would cost.
    consent: Consent,
    /// Its element.
    element: NodeRef<html::Div>,
) -> impl IntoView {
    let page = Page::get();
    let size = Size(consent.bytes);
    let after = if consent.lasting {
        "It stays in this browser for the next visit."
    } else {
        "This browser keeps nothing: it will be fetched again on the next visit."
    };
    view! {
        <div node_ref=element class="question" role="alertdialog" aria-label="Download" tabindex="-1">
            <p>
                <strong>{format!("Download {size} from {}?", consent.host)}</strong>
            </p>
            <p>{format!("{}. {after}", consent.name)}</p>
            <div class="row">
                <button type="button" class="primary" data-testid="consent" on:click=move |_| page.answer_question(true)>
                    {format!("Download {size}")}
                </button>
                <button type="button" on:click=move |_| page.stop()>
                    "No"
                </button>
            </div>
        </div>
    }
}

/// Run, with its cost or the reason it can't run.
#[component]
fn RunButton(
    /// Its element.
    element: NodeRef<html::Button>,
) -> impl IntoView {
    let page = Page::get();
    let obstacle = Memo::new(move |_| obstacle(&page.link.read().experiment, &page.ui.read(), &page.machine.read()));
    let cost = Memo::new(move |_| cost(&page.link.read(), &page.machine.read()));
    view! {
        <button
            node_ref=element
            type="button"
            class="primary run"
            data-testid="run"
            title="Key: R"
            disabled=move || obstacle.read().is_some()
            on:click=move |_| page.measure()
        >
            <span class="run-word">"Run"</span>
            <span class="run-cost">{move || obstacle.get().unwrap_or_else(|| cost.get())}</span>
        </button>
    }
}

/// What a run involves: its points, and the time they take or the download before them.
fn cost(link: &Settings, machine: &Machine) -> String {
    let points = wording::counted(link.experiment.sweep().points().len(), "point");
    let points = match link.view.screen {
        Screen::Model => points,
        Screen::Sizes => format!("{}\u{a0}×\u{a0}{points}", SIZES.len()),
    };
    match (estimate_secs(machine, link), machine.download_bytes()) {
        (Some(seconds), _) => format!("{points}, about {}", wording::duration(seconds)),
        (None, Some(bytes)) if bytes > 0 => format!("{points}; downloads up to {} first", Size(bytes)),
        _ => points,
    }
}

/// Cancels the current task.
#[component]
fn CancelButton(
    /// Its element.
    element: NodeRef<html::Button>,
) -> impl IntoView {
    let page = Page::get();
    let again = Memo::new(move |_| page.run.read().task.as_ref().is_some_and(|task| task.cancelling));
    view! {
        <button node_ref=element type="button" class="run" data-testid="cancel" title="Key: Esc" on:click=move |_| page.stop()>
            <span class="run-word">{move || if again.get() { "Stop at once" } else { "Cancel" }}</span>
            <span class="run-cost">"finished points are kept"</span>
        </button>
    }
}

/// What is running, even if the form has changed meanwhile.
#[component]
fn Running() -> impl IntoView {
    let page = Page::get();
    let running = Memo::new(move |_| {
        let run = page.run.read();
        let task = run.task.as_ref().filter(|task| task.goal == Goal::Run)?;
        let changed = !agree(&task.experiment, &page.link.read().experiment);
        Some((described(&task.experiment), changed))
    });
    move || {
        running.get().map(|(what, changed)| {
            let after = if changed {
                " What you change now is for the next run."
            } else {
                ""
            };
            view! { <p class="running" data-testid="running">{format!("Running: {what}.{after}")}</p> }
        })
    }
}

/// An experiment in one line.
fn described(e: &Experiment) -> String {
    let range = knob::range(e.sweep()).map_or_else(String::new, |(knob, (from, to, points))| {
        let [from, to] = [from, to].map(|end| wording::strength(e.sweep(), end));
        format!(
            ", {} {from} to {to} in {}",
            knob.term,
            wording::counted(points, "point")
        )
    });
    format!(
        "{}{range} · {} · {}, {} × {} tokens",
        wording::curve_name(e.sweep()),
        wording::title(&e.model.name()),
        wording::title(&e.text.name()),
        wording::counted(e.windows, "window"),
        e.window
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn run_names_all_that_it_downloads() {
        let link = Settings::default();
        let mut machine = Machine::default();
        assert_eq!(cost(&link, &machine), "9\u{a0}points", "nobody knows yet");
        machine.cost = Some(8_000_000);
        assert_eq!(cost(&link, &machine), "9\u{a0}points", "nor of the engine");
        machine.engine_cost = Some(3_400_000);
        assert_eq!(cost(&link, &machine), "9\u{a0}points; downloads up to 11.4 MB first");
        machine.cost = Some(0);
        assert_eq!(cost(&link, &machine), "9\u{a0}points; downloads up to 3.4 MB first");
        machine.engine_cost = Some(0);
        assert_eq!(cost(&link, &machine), "9\u{a0}points", "the page has it");
    }

    #[test]
    fn what_runs_is_said_whole() {
        assert_eq!(
            described(&Experiment::default()),
            "Wanda pruning, sparsity 0\u{202f}% to 80\u{202f}% in 9\u{a0}points · hemoscope 4M · Everyday prose, \
             8\u{a0}windows × 256 tokens"
        );
    }
}
