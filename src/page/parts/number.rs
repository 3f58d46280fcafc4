//! A field that holds a number.

use leptos::ev;
use leptos::prelude::*;

use super::Problem;
use crate::doors::field;
use crate::limits::Limits;

/// A field that holds a number within limits. It says while a number is being typed if it would not use it as it is.
#[component]
pub(crate) fn NumberField(
    /// Its name.
    label: &'static str,
    /// The `data-testid` hook for browser tests.
    testid: &'static str,
    /// The numbers that it takes.
    limits: Limits,
    /// The step between offered numbers.
    #[prop(default = 1.0)]
    step: f64,
    /// The number in use.
    value: Signal<f64>,
    /// Takes a new number, within the limits.
    on_change: Callback<f64>,
) -> impl IntoView {
    let note = RwSignal::new(String::new());
    let changed = move |event: ev::Event| {
        let typed = event_target_value(&event);
        if let Some(number) = limits.read(&typed) {
            on_change.run(number);
        }
        let used = value.get_untracked();
        field::show(&event, &used.to_string());
        note.set(limits.note(&typed, used));
    };
    view! {
        <div class="number">
            <label class="field">
                <span>{label}</span>
                <input
                    type="number"
                    min=limits.least
                    max=limits.most
                    step=step
                    data-testid=testid
                    prop:value=move || value.get().to_string()
                    on:input=move |event| note.set(limits.warning(&event_target_value(&event)))
                    on:change=changed
                />
            </label>
            <Problem text=note/>
        </div>
    }
}
