//! What the loss is measured on: the model, the text, and how much of it.

use leptos::prelude::*;

use super::ModelField;
use crate::limits::Limits;
use crate::parts::{Choice, DropField, Field, Group, More, NumberField, Panel, Problem, Select};
use crate::state::{Machine, Ui, calibration_problem, sample_problem};
use crate::work::{Page, own};
use hemoscope_core::curve::CalibrationStats;
use hemoscope_core::experiment::{Asset, BUNDLED_CALIBRATION, BUNDLED_TEXT, Experiment, Origin};
use hemoscope_core::wording;

/// The controls of the measurement.
#[component]
pub(crate) fn MeasurePanel() -> impl IntoView {
    let page = Page::get();
    let problem = problem(page, sample_problem);
    view! {
        <Panel title="Measure on" open=!page.is_folded()>
            <ModelField/>
            <TextFields/>
            <div class="pair">
                <NumberField
                    label="windows"
                    testid="windows"
                    limits=Limits::WINDOWS
                    value=read(page, |e| e.windows as f64)
                    on_change=write(page, |e, windows| e.windows = windows as usize)
                />
                <span aria-hidden="true">"×"</span>
                <NumberField
                    label="tokens each"
                    testid="window"
                    limits=Limits::WINDOW
                    value=read(page, |e| e.window as f64)
                    on_change=write(page, |e, window| e.window = window as usize)
                />
            </div>
            <Problem text=problem/>
            <p class="hint">{move || scored(&page.link.read().experiment)}</p>
            <CalibrationFields/>
        </Panel>
    }
}

/// A part of the experiment.
fn read<T: Send + Sync + 'static>(page: Page, read: fn(&Experiment) -> T) -> Signal<T> {
    Signal::derive(move || read(&page.link.read().experiment))
}

/// Changes a part of the experiment.
fn write<T: 'static>(page: Page, write: fn(&mut Experiment, T)) -> Callback<T> {
    Callback::new(move |value| page.update(|state| state.change(|e| write(e, value))))
}

/// What keeps a part of the form from being run; empty if nothing does.
fn problem(page: Page, find: fn(&Experiment, &Ui, &Machine) -> Option<String>) -> Memo<String> {
    Memo::new(move |_| {
        let (link, ui, machine) = (page.link.read(), page.ui.read(), page.machine.read());
        find(&link.experiment, &ui, &machine).unwrap_or_default()
    })
}

fn bundled_texts() -> [(&'static str, &'static str); 2] {
    [
        (BUNDLED_TEXT, "Everyday prose (bundled)"),
        (BUNDLED_CALIBRATION, "Household prose (bundled)"),
    ]
}

/// The text that is measured on.
#[component]
fn TextFields() -> impl IntoView {
    let page = Page::get();
    // `None`: the user's own.
    let chosen = Memo::new(move |_| {
        let link = page.link.read();
        let ui = page.ui.read();
        ui.bundled_text(&link.experiment.text.origin).map(str::to_owned)
    });
    let mut choices = bundled_texts()
        .map(|(name, title)| Choice::new(Some(name.to_owned()), name, title))
        .to_vec();
    choices.push(Choice::new(None, ":own", "A text of your own"));
    let choose = Callback::new(move |text: Option<String>| {
        page.update(|state| {
            state.ui.picking_text = text.is_none();
            state.ui.typing_text = false;
            if let Some(name) = text {
                state.change(|e| e.text = Asset::bundled(&name));
            }
        });
    });
    view! {
        <Field label="Text">
            <Select testid="text" groups=vec![Group::from(choices)] value=chosen.into() on_change=choose/>
        </Field>
        <div hidden=move || chosen.read().is_some()>
            <OwnText/>
        </div>
    }
}

/// The user's own text.
#[component]
fn OwnText() -> impl IntoView {
    let page = Page::get();
    let take = Callback::new(move |files| own::take_text_file(page, files));
    let text = move || {
        page.ui
            .read()
            .own_text
            .as_ref()
            .map_or_else(String::new, |text| text.beginning.clone())
    };
    // The text is taken over when the field loses focus; until then, Run only knows that there is one.
    let typed = move |event| {
        let typing = !event_target_value(&event).trim().is_empty();
        if page.ui.read_untracked().typing_text != typing {
            page.update(|state| state.ui.typing_text = typing);
        }
    };
    view! {
        <DropField label="Paste a text, or drop a text file here" hook="text" on_files=take>
            <textarea
                rows="4"
                data-testid="own-text"
                prop:value=text
                on:input=typed
                on:change=move |event| own::paste_text(page, event_target_value(&event))
            ></textarea>
        </DropField>
        <p class="hint">{move || own_text(&page.link.read().experiment, &page.ui.read())}</p>
    }
}

fn own_text(e: &Experiment, ui: &Ui) -> String {
    match &e.text.origin {
        Origin::Own(name) if ui.own_text.is_none() => {
            format!("The link was made with “{name}”, which it can't carry. Paste or drop that text.")
        }
        Origin::Own(name) => {
            format!("Measured on “{name}”. It stays on this device: links hold only its name and SHA-256.")
        }
        // A token of English prose is about three quarters of a word.
        _ => format!(
            "It stays on this device. It needs about {} words for each window of {} tokens.",
            wording::round_to(0.75 * e.window as f64, 1),
            e.window
        ),
    }
}

fn scored(e: &Experiment) -> String {
    let scored = e.windows as u64 * (e.window as u64).saturating_sub(1);
    // A method calibrated on a text does better on it than on others.
    let seen = if e.sweep().needs_calibration() && e.text.origin == e.calibration_text.origin {
        " This method also calibrates on this text, so the loss on other texts will be larger."
    } else {
        ""
    };
    format!(
        "{} predictions are scored at each point. More windows: smaller error bars, longer run.{seen}",
        wording::count(scored)
    )
}

/// The settings of calibration.
#[component]
fn CalibrationFields() -> impl IntoView {
    let page = Page::get();
    let texts = bundled_texts()
        .map(|(name, title)| Choice::new(Origin::Bundled(name.to_owned()), name, title))
        .to_vec();
    let stats = vec![
        Choice::new(
            CalibrationStats::Sequential,
            "sequential",
            "blocks already damaged (as published)",
        ),
        Choice::new(CalibrationStats::Dense, "dense", "the untouched model"),
    ];
    let choose_text = write(page, |e, origin| e.calibration_text = Asset { origin, sha256: None });
    view! {
        <More title="More settings">
            <Field label="text to calibrate on">
                <Select
                    testid="calibration-text"
                    groups=vec![Group::from(texts)]
                    value=read(page, |e| e.calibration_text.origin.clone())
                    on_change=choose_text
                />
            </Field>
            <NumberField
                label="windows to calibrate on"
                testid="calibration-windows"
                limits=Limits::WINDOWS
                value=read(page, |e| e.calibration_windows as f64)
                on_change=write(page, |e, windows| e.calibration_windows = windows as usize)
            />
            <Field label="calibrate on the outputs of">
                <Select
                    testid="calibration-stats"
                    groups=vec![Group::from(stats)]
                    value=read(page, |e| e.calibration_stats)
                    on_change=write(page, |e, stats| e.calibration_stats = stats)
                />
            </Field>
        </More>
        // Outside the fold, so that it shows if a longer window asks too much of the calibration text.
        <Problem text=problem(page, |e, ui, _| calibration_problem(e, ui))/>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_a_method_has_seen_are_said() {
        let mut e = Experiment::default();
        assert!(scored(&e).starts_with("2040 predictions") && !scored(&e).contains("calibrates"));
        e.calibration_text = e.text.clone();
        assert!(scored(&e).contains("also calibrates on this text"));
    }

    #[test]
    fn a_text_that_a_link_cannot_carry_is_asked_for_by_name() {
        let mut e = Experiment::default();
        assert!(own_text(&e, &Ui::default()).contains("about 200 words for each window of 256 tokens"));
        e.text.origin = Origin::Own("notes.txt".to_owned());
        assert!(own_text(&e, &Ui::default()).contains("“notes.txt”, which it can't carry"));
    }
}
