//! What is done to the model: method, knob, range, further settings. All of it follows from the catalogue.

use leptos::prelude::*;

use super::context::page;
use super::fields::{Choice, Number};
use crate::app::controls::{self, MOST_POINTS};
use crate::app::words;
use crate::modify::catalogue::{self, Family, Kind, Parameter, Unit};
use crate::modify::{Sweep, catalogue::Entry};
use crate::plot::format_value;

/// The controls of the modification.
#[component]
pub(super) fn Damage() -> impl IntoView {
    let page = page();
    let method = page.part(|state| controls::entry(&state.link.experiment.sweep).map_or("", |entry| entry.name));
    let choose = move |name: String| {
        if let Some(entry) = catalogue::find(&name) {
            page.update(|state| state.change(|e| controls::choose_method(&mut e.sweep, entry)));
        }
    };
    let groups = [Family::Pruning, Family::Quantization, Family::Depth]
        .into_iter()
        .map(|family| {
            let options = catalogue::ALL
                .iter()
                .filter(|entry| entry.family == family)
                .map(|entry| {
                    let selected = move || method.get() == entry.name;
                    view! { <option value=entry.name prop:selected=selected>{entry.title}</option> }
                })
                .collect::<Vec<_>>();
            view! { <optgroup label=family_name(family)>{options}</optgroup> }
        })
        .collect::<Vec<_>>();
    view! {
        <label class="field">
            <span>"Method"</span>
            <select data-testid="method" on:change=move |event| choose(event_target_value(&event))>
                {groups}
            </select>
        </label>
        {move || controls_of(catalogue::find(method.get()))}
        <AsText/>
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

fn controls_of(entry: Option<&'static Entry>) -> AnyView {
    let Some(entry) = entry else {
        return view! { <p class="hint">"This modification is written as text below."</p> }.into_any();
    };
    let more = entry
        .parameters
        .iter()
        .skip(1)
        .map(|parameter| further(parameter))
        .collect::<Vec<_>>();
    let source = format!(
        "{} ({}): {}",
        entry.source.authors, entry.source.year, entry.source.title
    );
    view! {
        <p class="hint">{first_sentence(entry.what)}</p>
        <details class="more">
            <summary>"What it does, why it hurts"</summary>
            <p>{entry.what}</p>
            <p><strong>"Why it might hurt. "</strong>{entry.why}</p>
            <p class="formula">{entry.formula}</p>
            <p><a href=entry.source.url target="_blank" rel="noopener">{source}</a></p>
        </details>
        {entry.knob().map(|knob| view! { <Knob knob=knob/> })}
        {(!more.is_empty()).then(|| view! {
            <details class="more">
                <summary>"More settings"</summary>
                {more}
            </details>
        })}
    }
    .into_any()
}

/// A dot followed by a space ends a sentence; one inside a number doesn't.
fn first_sentence(text: &'static str) -> &'static str {
    text.find(". ").and_then(|end| text.get(..=end)).unwrap_or(text)
}

/// The range of the knob: two ends and the number of points.
#[component]
fn Knob(knob: &'static Parameter) -> impl IntoView {
    let page = page();
    let Kind::Number {
        min, max, whole, unit, ..
    } = knob.kind
    else {
        return ().into_any();
    };
    let range = page.part(|state| controls::range(&state.link.experiment.sweep).map(|(_, range)| range));
    let set = move |change: &dyn Fn(&mut controls::Range)| {
        page.update(|state| {
            state.change(|e| {
                let first = || controls::entry(&e.sweep).and_then(controls::first_range);
                let present = controls::range(&e.sweep).map(|(_, range)| range).or_else(first);
                if let Some(mut range) = present {
                    change(&mut range);
                    if whole {
                        // More points than whole numbers would measure some of them twice.
                        let steps = (range.1 - range.0).abs() as usize;
                        range.2 = range.2.min(steps + 1).max(2);
                    }
                    controls::set_range(&mut e.sweep, range);
                }
            });
        });
    };
    let step = if whole { 1.0 } else { 0.05 };
    let end = move |name: &'static str, read: fn(controls::Range) -> f64, write: fn(&mut controls::Range, f64)| {
        let value = move || range.get().map(read);
        let shown = move || value().map_or_else(|| "—".to_owned(), |value| format_value(value, unit));
        let moved = move |event| {
            if let Ok(value) = event_target_value(&event).parse::<f64>() {
                let value = (value * 1e6).round() / 1e6;
                set(&move |range| write(range, value));
            }
        };
        view! {
            <label class="slider">
                <span>{name}</span>
                <input
                    type="range"
                    min=min
                    max=max
                    step=step
                    data-testid=if name == "from" { "range" } else { "knob" }
                    aria-label=format!("{}, {name}", words::knob_title(knob))
                    aria-valuetext=shown
                    prop:value=move || value().unwrap_or(min).to_string()
                    on:input=moved
                />
                <output>{shown}</output>
            </label>
        }
    };
    let points = Signal::derive(move || range.get().map_or(1, |(_, _, points)| points));
    let most = if whole { (max - min) as usize + 1 } else { MOST_POINTS };
    view! {
        <fieldset class="knob">
            <legend>{words::knob_title(knob)}</legend>
            {end("from", |range| range.0, |range, value| range.0 = value)}
            {end("to", |range| range.1, |range, value| range.1 = value)}
            <Number label="points" testid="points" range=(2, most) value=points set=move |n| set(&move |range| range.2 = n)/>
        </fieldset>
        {(unit == Unit::Bits).then(|| view! { <p class="hint">"Fewer bits are more damage."</p> })}
    }
    .into_any()
}

/// A setting beside the knob.
fn further(parameter: &'static Parameter) -> AnyView {
    let page = page();
    let value = page.part(|state| controls::setting(&state.link.experiment.sweep, parameter.key).unwrap_or_default());
    let set = move |text: String| {
        page.update(|state| state.change(|e| controls::set(&mut e.sweep, parameter, &text)));
    };
    let label = words::knob_title(parameter);
    let owned = |(key, text): &(&str, &str)| ((*key).to_owned(), (*text).to_owned());
    match parameter.kind {
        Kind::Choice { options, default } => {
            let value = Signal::derive(move || {
                Some(value.get())
                    .filter(|set| !set.is_empty())
                    .unwrap_or(default.to_owned())
            });
            let set = move |text: String| set(if text == default { String::new() } else { text });
            view! { <Choice label=label options=options.iter().map(owned).collect() value=value chosen=set/> }
                .into_any()
        }
        Kind::Pattern { options } => {
            let none = (String::new(), "none: the share above".to_owned());
            let options = std::iter::once(none)
                .chain(options.iter().map(|text| ((*text).to_owned(), (*text).to_owned())))
                .collect::<Vec<_>>();
            view! { <Choice label=label options=options value=value chosen=set/> }.into_any()
        }
        Kind::Number { .. } | Kind::Blocks => view! {
            <label class="field">
                <span>{label}</span>
                <input
                    type="text"
                    placeholder="the method's own choice"
                    prop:value=value
                    on:change=move |event| set(event_target_value(&event).trim().to_owned())
                />
            </label>
        }
        .into_any(),
    }
}

/// The whole modification in the grammar, for what the controls can't say.
#[component]
fn AsText() -> impl IntoView {
    let page = page();
    let text = page.part(|state| state.link.experiment.sweep.to_string());
    let wrong = RwSignal::new(String::new());
    let changed = move |event| match event_target_value(&event).trim().parse::<Sweep>() {
        Ok(sweep) => {
            wrong.set(String::new());
            page.update(|state| state.change(|e| e.sweep = sweep));
        }
        Err(error) => wrong.set(error.to_string()),
    };
    view! {
        <details class="more">
            <summary>"Written as text"</summary>
            <label class="field">
                <span>"Several steps are joined by +"</span>
                <input type="text" class="code" data-testid="spec" spellcheck="false" prop:value=text on:change=changed/>
            </label>
            <p class="problem" role="alert">{wrong}</p>
        </details>
    }
    .into_any()
}
