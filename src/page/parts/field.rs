//! A field with its name, and what is wrong with what it holds.

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
    /// What browser tests drop their files on.
    hook: &'static str,
    /// Takes what is dropped.
    on_files: Callback<Vec<File>>,
    /// The field.
    children: Children,
) -> impl IntoView {
    let dropped = move |event: ev::DragEvent| {
        event.prevent_default();
        // Files that fall beside the fields are somebody else's.
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

/// What is wrong with the field above; nothing where it is empty.
#[component]
pub(crate) fn Problem(
    /// What to say.
    #[prop(into)]
    text: Signal<String>,
) -> impl IntoView {
    view! { <p class="problem" role="status">{text}</p> }
}
