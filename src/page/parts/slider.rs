//! A slider with its value beside it.

use leptos::prelude::*;

/// A slider with its value beside it. It is heard while it moves.
#[component]
pub(crate) fn Slider(
    /// What is written before it.
    label: &'static str,
    /// What it is called where only it is read.
    name: String,
    /// What browser tests know it by.
    testid: &'static str,
    /// From, to, and how far apart values are.
    #[prop(into)]
    scale: Signal<(f64, f64, f64)>,
    /// The value.
    value: Signal<f64>,
    /// The value in words.
    shown: Signal<String>,
    /// Takes another one.
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
