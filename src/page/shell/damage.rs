//! What is done to the model: the method, its strength and its other settings.

use leptos::prelude::*;

use crate::limits::Limits;
use crate::parts::{Choice, Field, Group, More, NumberField, Panel, Problem, Select, Slider};
use crate::work::Page;
use hemoscope_core::modify::catalogue::{self, Entry, Family, Kind, Parameter, Unit};
use hemoscope_core::modify::knob::RangePart;
use hemoscope_core::modify::{MOST_POINTS, Sweep, knob};
use hemoscope_core::plot::format_value;
use hemoscope_core::wording;

/// The controls of the damage.
#[component]
pub(crate) fn DamagePanel() -> impl IntoView {
    let page = Page::get();
    let folded = page.is_folded();
    let method = Memo::new(move |_| knob::entry(page.link.read().experiment.sweep()).map_or("", |entry| entry.name));
    let choose = Callback::new(move |name| {
        if let Some(entry) = catalogue::find(name) {
            change(page, |sweep| knob::choose_method(sweep, entry));
        }
    });
    let problem = Memo::new(move |_| page.ui.read().spec_problem.clone());
    view! {
        <Panel title="Damage" open=!folded>
            <Field label="Method">
                <Select testid="method" groups=methods() value=method.into() on_change=choose/>
            </Field>
            {move || catalogue::find(method.get()).map(|entry| view! { <MethodControls entry/> })}
            <SpecField/>
            <Problem text=problem/>
        </Panel>
    }
}

/// Changes the damage. If the grammar refuses a change, the reason is shown at the field, and the settings stay as they
/// were.
fn change(page: Page, change: impl FnOnce(&mut Sweep)) {
    page.update(|state| {
        let mut changed = state.link.experiment.sweep().clone();
        change(&mut changed);
        match changed.to_string().parse::<Sweep>() {
            Ok(_) => {
                state.ui.spec_problem.clear();
                state.change(|e| *e.sweep_mut() = changed);
            }
            Err(error) => state.ui.spec_problem = wording::sentence(&error.to_string()),
        }
    });
}

fn methods() -> Vec<Group<&'static str>> {
    let families = [
        (Family::Pruning, "Pruning: weights set to zero"),
        (Family::Quantization, "Quantization: weights rounded"),
        (Family::Depth, "Depth: blocks removed or repeated"),
    ];
    let group = |(family, title)| Group {
        title: Some(title),
        choices: catalogue::ALL
            .iter()
            .filter(|entry| entry.family == family)
            .map(|entry| Choice::new(entry.name, entry.name, entry.title))
            .collect(),
    };
    families.map(group).into()
}

/// The controls of one method, all from its catalogue entry.
#[component]
fn MethodControls(
    /// The method.
    entry: &'static Entry,
) -> impl IntoView {
    let source = format!(
        "{} ({}): {}",
        entry.source.authors, entry.source.year, entry.source.title
    );
    let further = entry.parameters.get(1..).unwrap_or_default();
    view! {
        <p class="hint">{first_sentence(entry.what)}</p>
        <More title="What it does, why it hurts">
            <p>{entry.what}</p>
            <p>{entry.why}</p>
            <p class="formula">{entry.formula}</p>
            <p>
                <a href=entry.source.url target="_blank" rel="noopener">{source}</a>
            </p>
        </More>
        {entry.knob().map(|knob| view! { <RangeField knob/> })}
        {(!further.is_empty())
            .then(|| {
                let settings = further.iter().map(|parameter| view! { <Setting parameter/> }).collect_view();
                view! { <More title="More settings">{settings}</More> }
            })}
    }
}

/// The first sentence: a full stop followed by a space ends it; a decimal point doesn't.
fn first_sentence(text: &str) -> &str {
    text.find(". ").and_then(|end| text.get(..=end)).unwrap_or(text)
}

/// The two ends of the knob's range and the number of points.
#[component]
fn RangeField(
    /// The knob.
    knob: &'static Parameter,
) -> impl IntoView {
    let Kind::Number { min, max, whole, .. } = knob.kind else {
        return None;
    };
    let page = Page::get();
    let title = wording::knob_title(knob);
    let step = if whole { 1.0 } else { 0.05 };
    let range = Memo::new(move |_| knob::range(page.link.read().experiment.sweep()).map(|(_, range)| range));
    let unit = knob.unit().unwrap_or(Unit::Count);
    let slider = {
        let title = title.clone();
        move |part: RangePart, label: &'static str, testid| {
            let value = move || {
                range.get().map(|(from, to, points)| match part {
                    RangePart::From => from,
                    RangePart::To => to,
                    RangePart::Points => points as f64,
                })
            };
            let shown = move || value().map_or_else(|| "—".to_owned(), |value| format_value(value, unit));
            let moved = Callback::new(move |value| change(page, |sweep| knob::move_range(sweep, part, value)));
            view! {
                <Slider
                    label
                    name=format!("{title}, {label}")
                    testid
                    scale=(min, max, step)
                    value=Signal::derive(move || value().unwrap_or_default())
                    shown=Signal::derive(shown)
                    on_change=moved
                />
            }
        }
    };
    let most = if whole { max - min + 1.0 } else { MOST_POINTS as f64 };
    let limits = Limits { most, ..Limits::POINTS };
    let points = Signal::derive(move || range.get().map_or(1.0, |(_, _, points)| points as f64));
    let set_points =
        Callback::new(move |points| change(page, |sweep| knob::move_range(sweep, RangePart::Points, points)));
    let downwards = knob.harm_grows_downwards();
    Some(view! {
        <fieldset class="knob">
            <legend>{title}</legend>
            {slider(RangePart::From, "from", "range")}
            {slider(RangePart::To, "to", "knob")}
            <NumberField label="points" testid="points" limits value=points on_change=set_points/>
        </fieldset>
        {downwards.then(|| view! { <p class="hint">"Fewer bits are more damage."</p> })}
    })
}

/// A setting other than the knob.
#[component]
fn Setting(
    /// The parameter that it sets.
    parameter: &'static Parameter,
) -> impl IntoView {
    let page = Page::get();
    let key = parameter.key;
    let default = match parameter.kind {
        Kind::Choice { default, .. } => default,
        _ => "",
    };
    let value = Signal::derive(move || {
        let set = knob::setting(page.link.read().experiment.sweep(), key);
        set.unwrap_or_else(|| default.to_owned())
    });
    let set = Callback::new(move |text: String| change(page, |sweep| knob::set(sweep, key, text.trim())));
    let choice = |key: &str, name: &str| Choice::new(key.to_owned(), key, name);
    let choices = match parameter.kind {
        Kind::Choice { options, .. } => options.iter().map(|(value, name)| choice(value, name)).collect(),
        Kind::Pattern { options } => std::iter::once(choice("", "none: the share above"))
            .chain(options.iter().map(|pattern| choice(pattern, pattern)))
            .collect(),
        Kind::Number { .. } | Kind::Blocks => Vec::new(),
    };
    let field = if choices.is_empty() {
        view! {
            <input
                type="text"
                placeholder="the method's own choice"
                data-testid=key
                prop:value=value
                on:change=move |event| set.run(event_target_value(&event))
            />
        }
        .into_any()
    } else {
        view! { <Select testid=key groups=vec![Group::from(choices)] value on_change=set/> }.into_any()
    };
    view! { <Field label=wording::knob_title(parameter)>{field}</Field> }
}

/// The damage in the grammar's own words. Errors are shown while it is being typed.
#[component]
fn SpecField() -> impl IntoView {
    let page = Page::get();
    let text = move || page.link.read().experiment.sweep().to_string();
    let typed = move |event| {
        let problem = match event_target_value(&event).trim().parse::<Sweep>() {
            Ok(_) => String::new(),
            Err(error) => wording::sentence(&error.to_string()),
        };
        page.update(|state| state.ui.spec_problem = problem);
    };
    let entered = move |event| {
        if let Ok(sweep) = event_target_value(&event).trim().parse::<Sweep>() {
            page.update(|state| state.change(|e| *e.sweep_mut() = sweep));
        }
    };
    view! {
        <More title="Edit as text">
            <Field label="Several steps are joined by +">
                <input
                    type="text"
                    class="code"
                    spellcheck="false"
                    data-testid="spec"
                    prop:value=text
                    on:input=typed
                    on:change=entered
                />
            </Field>
        </More>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_is_offered_once_with_a_range_to_start_from() {
        let offered = methods().into_iter().flat_map(|group| group.choices);
        let names = offered.map(|choice| choice.value).collect::<Vec<_>>();
        assert_eq!(names.len(), catalogue::ALL.len());
        for name in names {
            let entry = catalogue::find(name).expect("in the catalogue");
            let mut sweep = Sweep { steps: Vec::new() };
            knob::choose_method(&mut sweep, entry);
            assert!(knob::range(&sweep).is_some(), "{name}");
        }
    }

    #[test]
    fn a_sentence_ends_at_a_dot_before_a_space() {
        assert_eq!(first_sentence("Sets 0.5 to 0. Then more."), "Sets 0.5 to 0.");
        assert_eq!(first_sentence("Only one."), "Only one.");
    }
}
