//! What is done to the model: method, knob, range, further settings. All of it follows from the catalogue.

use leptos::prelude::*;

use super::context::{Page, page};
use super::erase::{entered, piece, text};
use super::fields::{choice, input, number, option};
use crate::app::controls::{self, MOST_POINTS, Range};
use crate::app::words;
use crate::modify::Sweep;
use crate::modify::catalogue::{self, Entry, Family, Kind, Parameter};
use crate::plot::format_value;

/// The controls of the modification.
pub(super) fn damage() -> AnyView {
    let page = page();
    let method = page.part(|state| controls::entry(&state.link.experiment.sweep).map_or("", |entry| entry.name));
    let name = text(move || method.get().to_owned());
    let choose = entered(move |name| {
        if let Some(entry) = catalogue::find(&name) {
            page.update(|state| state.change(|e| controls::choose_method(&mut e.sweep, entry)));
        }
    });
    let groups = [Family::Pruning, Family::Quantization, Family::Depth]
        .into_iter()
        .map(|family| {
            let options = catalogue::ALL
                .iter()
                .filter(|entry| entry.family == family)
                .map(|entry| option(entry.name.to_owned(), entry.title.to_owned(), name))
                .collect::<Vec<_>>();
            view! { <optgroup label=family_name(family)>{options}</optgroup> }.into_any()
        })
        .collect::<Vec<_>>();
    view! {
        <label class="field">
            <span>"Method"</span>
            <select data-testid="method" prop:value=name on:change=choose>{groups}</select>
        </label>
        {piece(move || controls_of(page, catalogue::find(method.get())))}
        {as_text(page)}
    }
    .into_any()
}

fn family_name(family: Family) -> &'static str {
    match family {
        Family::Pruning => "Pruning: weights set to zero",
        Family::Quantization => "Quantization: weights rounded",
        Family::Depth => "Depth: blocks removed or repeated",
    }
}

fn controls_of(page: Page, entry: Option<&'static Entry>) -> AnyView {
    let Some(entry) = entry else {
        return view! { <p class="hint">"This modification is written as text below."</p> }.into_any();
    };
    let more = entry
        .parameters
        .iter()
        .skip(1)
        .map(|parameter| further(page, parameter))
        .collect::<Vec<_>>();
    let more = if more.is_empty() {
        ().into_any()
    } else {
        view! { <details class="more"><summary>"More settings"</summary>{more}</details> }.into_any()
    };
    let source = format!(
        "{} ({}): {}",
        entry.source.authors, entry.source.year, entry.source.title
    );
    view! {
        <p class="hint">{first_sentence(entry.what)}</p>
        <details class="more">
            <summary>"What it does, why it hurts"</summary>
            <p>{entry.what}</p>
            <p>{entry.why}</p>
            <p class="formula">{entry.formula}</p>
            <p><a href=entry.source.url target="_blank" rel="noopener">{source}</a></p>
        </details>
        {entry.knob().map_or(().into_any(), |parameter| knob(page, parameter))}
        {more}
    }
    .into_any()
}

/// A dot followed by a space ends a sentence; one inside a number doesn't.
fn first_sentence(text: &'static str) -> &'static str {
    text.find(". ").and_then(|end| text.get(..=end)).unwrap_or(text)
}

/// The range of the knob: two ends and the number of points.
fn knob(page: Page, knob: &'static Parameter) -> AnyView {
    let Kind::Number { min, max, whole, .. } = knob.kind else {
        return ().into_any();
    };
    let most = if whole { (max - min) as usize + 1 } else { MOST_POINTS };
    let points = move || range(page).map_or(1, |(_, _, points)| points);
    let set_points = move |points| change(page, whole, &mut |range| range.2 = points);
    let note = if knob.harm_grows_downwards() {
        "Fewer bits are more damage."
    } else {
        ""
    };
    view! {
        <fieldset class="knob">
            <legend>{words::knob_title(knob)}</legend>
            {end(page, knob, true)}
            {end(page, knob, false)}
            {number("points", "points", (2, most), points, set_points)}
        </fieldset>
        <p class="hint">{note}</p>
    }
    .into_any()
}

/// The present range, tracked.
fn range(page: Page) -> Option<Range> {
    page.state
        .with(|state| controls::range(&state.link.experiment.sweep).map(|(_, range)| range))
}

fn change(page: Page, whole: bool, change: &mut dyn FnMut(&mut Range)) {
    page.update(|state| {
        state.change(|e| {
            let first = || controls::entry(&e.sweep).and_then(controls::first_range);
            let present = controls::range(&e.sweep).map(|(_, range)| range).or_else(first);
            let Some(mut range) = present else { return };
            change(&mut range);
            if whole {
                // Between whole numbers there is nothing to measure: one point for each.
                range.2 = (range.1 - range.0).abs() as usize + 1;
            }
            controls::set_range(&mut e.sweep, range);
        });
    });
}

/// One end of the range.
fn end(page: Page, knob: &'static Parameter, first: bool) -> AnyView {
    let Kind::Number {
        min, max, whole, unit, ..
    } = knob.kind
    else {
        return ().into_any();
    };
    let read = move || range(page).map(|range| if first { range.0 } else { range.1 });
    let value = text(move || read().unwrap_or(min).to_string());
    let shown = text(move || read().map_or_else(|| "—".to_owned(), |value| format_value(value, unit)));
    let moved = entered(move |typed| {
        if let Ok(value) = typed.parse::<f64>() {
            let value = (value * 1e6).round() / 1e6;
            change(page, whole, &mut |range| {
                if first { range.0 = value } else { range.1 = value }
            });
        }
    });
    let (name, testid) = if first { ("from", "range") } else { ("to", "knob") };
    let step = if whole { "1" } else { "0.05" };
    view! {
        <label class="slider">
            <span>{name}</span>
            <input
                type="range"
                min=min.to_string()
                max=max.to_string()
                step=step
                data-testid=testid
                aria-label=format!("{}, {name}", words::knob_title(knob))
                aria-valuetext=shown
                prop:value=value
                on:input=moved
            />
            <output>{shown}</output>
        </label>
    }
    .into_any()
}

/// A setting beside the knob.
fn further(page: Page, parameter: &'static Parameter) -> AnyView {
    let set = move |text: String| {
        page.update(|state| state.change(|e| controls::set(&mut e.sweep, parameter, &text)));
    };
    let label = words::knob_title(parameter);
    let value = page.text(|state| controls::setting(&state.link.experiment.sweep, parameter.key).unwrap_or_default());
    match parameter.kind {
        Kind::Choice { options, default } => {
            let options = options
                .iter()
                .map(|(key, name)| ((*key).to_owned(), (*name).to_owned()))
                .collect();
            let value = text(move || {
                let set = value.get();
                if set.is_empty() { default.to_owned() } else { set }
            });
            choice(&label, parameter.key, options, value, move |chosen| {
                set(if chosen == default { String::new() } else { chosen });
            })
        }
        Kind::Pattern { options } => {
            let options = options
                .iter()
                .map(|pattern| ((*pattern).to_owned(), (*pattern).to_owned()));
            let none = (String::new(), "none: the share above".to_owned());
            choice(
                &label,
                parameter.key,
                std::iter::once(none).chain(options).collect(),
                value,
                set,
            )
        }
        Kind::Number { .. } | Kind::Blocks => input(&label, parameter.key, "text", value, Box::new(set)),
    }
}

/// The whole modification in the grammar, for what the controls can't say.
fn as_text(page: Page) -> AnyView {
    let sweep = page.text(|state| state.link.experiment.sweep.to_string());
    let wrong = RwSignal::new(String::new());
    let take = move |typed: String| match typed.trim().parse::<Sweep>() {
        Ok(sweep) => {
            wrong.set(String::new());
            page.update(|state| state.change(|e| e.sweep = sweep));
        }
        Err(error) => wrong.set(error.to_string()),
    };
    view! {
        <details class="more">
            <summary>"Written as text"</summary>
            {input("Several steps are joined by +", "spec", "text", sweep, Box::new(take))}
            <p class="problem" role="alert">{text(move || wrong.get())}</p>
        </details>
    }
    .into_any()
}
