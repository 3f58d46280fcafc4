//! A field with its name, and a message about what is wrong with its content.

use leptos::ev;
use leptos::prelude::*;

use crate::doors::field;
use crate::doors::files::File;

/// A field with its name above it.
#[component]
pub(crate) fn Field(
    /// Its name.
    #[prop(into)]
    label: Signal<String>,
    /// The field.
    children: Children,
) -> impl IntoView {
    view! {
        <label class="field">
            <span>{label}</span>
            {children()}
        </label>
    }
}

/// A field that files can be dropped on.
#[component]
pub(crate) fn DropField(
    /// Its name.
    label: &'static str,
    /// The `data-testid` hook for browser tests.
    hook: &'static str,
    /// Takes dropped files.
    on_files: Callback<Vec<File>>,
    /// The field.
    children: Children,
) -> impl IntoView {
    let dropped = move |event: ev::DragEvent| {
        event.prevent_default();
        // Files dropped outside the fields are handled elsewhere.
        event.stop_propagation();
        on_files.run(field::dropped(&event));
    };
    view! {
        <label
            class="field drop"
            data-drop=hook
            on:dragover=move |event: ev::DragEvent| event.prevent_default()
            on:drop=dropped
        >
            <span>{label}</span>
            {children()}
        </label>
    }
}

/// What is wrong with the field above; shows nothing if the text is empty.
#[component]
pub(crate) fn Problem(
    /// What to say.
    #[prop(into)]
    text: Signal<String>,
) -> impl IntoView {
    view! { <p class="problem" role="status">{text}</p> }
}
