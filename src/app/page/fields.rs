//! Form fields with a label, of one look.

use leptos::prelude::*;

/// A labelled choice.
#[component]
pub(super) fn Choice(
    /// What is chosen.
    #[prop(into)]
    label: String,
    /// The hook for tests.
    #[prop(optional, into)]
    testid: String,
    /// Values and what they are called, in groups with an optional name.
    options: Vec<(String, String)>,
    /// The present value.
    #[prop(into)]
    value: Signal<String>,
    /// What a choice does.
    chosen: impl Fn(String) + 'static,
) -> impl IntoView {
    let options = options
        .into_iter()
        .map(|(key, text)| {
            let own = key.clone();
            let selected = move || value.get() == own;
            view! { <option value=key prop:selected=selected>{text}</option> }
        })
        .collect::<Vec<_>>();
    view! {
        <label class="field">
            <span>{label}</span>
            <select data-testid=testid prop:value=value on:change=move |event| chosen(event_target_value(&event))>
                {options}
            </select>
        </label>
    }
    .into_any()
}

/// A labelled whole number.
#[component]
pub(super) fn Number(
    /// What is counted.
    #[prop(into)]
    label: String,
    /// The hook for tests.
    #[prop(into)]
    testid: String,
    /// Smallest and largest.
    range: (usize, usize),
    /// The present value.
    #[prop(into)]
    value: Signal<usize>,
    /// What a new number does.
    set: impl Fn(usize) + 'static,
) -> impl IntoView {
    let (min, max) = range;
    let changed = move |event| {
        if let Ok(number) = event_target_value(&event).parse::<usize>() {
            set(number.clamp(min, max));
        }
    };
    view! {
        <label class="field">
            <span>{label}</span>
            <input
                type="number"
                inputmode="numeric"
                data-testid=testid
                min=min
                max=max
                prop:value=move || value.get().to_string()
                on:change=changed
            />
        </label>
    }
    .into_any()
}
