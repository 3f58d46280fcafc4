//! A slider with its value beside it.

use leptos::prelude::*;

/// A slider with its value beside it. It reports its value while it moves.
#[component]
pub(crate) fn Slider(
    /// The label before it.
    label: &'static str,
    /// Its full name for screen readers.
    name: String,
    /// The `data-testid` hook for browser tests.
    testid: &'static str,
    /// From, to, and the step between values.
    #[prop(into)]
    scale: Signal<(f64, f64, f64)>,
    /// The value.
    value: Signal<f64>,
    /// The value in words.
    shown: Signal<String>,
    /// Takes a new value.
    on_change: Callback<f64>,
) -> impl IntoView {
    let moved = move |event| {
        if let Ok(number) = event_target_value(&event).parse() {
            on_change.run(number);
        }
    };
    view! {
        <label class="slider">
            <span>{label}</span>
            <input
                type="range"
                min=move || scale.get().0
                max=move || scale.get().1
                step=move || scale.get().2
                data-testid=testid
                aria-label=name
                prop:value=move || value.get().to_string()
                on:input=moved
            />
            <output>{shown}</output>
        </label>
    }
}
