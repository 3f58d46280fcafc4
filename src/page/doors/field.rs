//! Form fields, read from their events.

use wasm_bindgen::JsCast as _;
use web_sys::{DragEvent, Event, EventTarget, File, HtmlDetailsElement, HtmlInputElement};

use super::files::listed;

fn target<T: wasm_bindgen::JsCast>(target: Option<EventTarget>) -> Option<T> {
    target?.dyn_into().ok()
}

/// Sets the text of the input that an event came from: the value in use may differ from what was typed.
pub fn show(event: &Event, text: &str) {
    if let Some(input) = target::<HtmlInputElement>(event.target())
        && input.value() != text
    {
        input.set_value(text);
    }
}

/// The files that were chosen in a field.
#[must_use]
pub fn chosen(event: &Event) -> Vec<File> {
    target::<HtmlInputElement>(event.target()).map_or_else(Vec::new, |input| listed(input.files()))
}

/// The files that were dropped.
#[must_use]
pub fn dropped(event: &DragEvent) -> Vec<File> {
    listed(event.data_transfer().and_then(|data| data.files()))
}

/// Whether the foldable element that an event came from is open.
#[must_use]
pub fn is_open(event: &Event) -> bool {
    target::<HtmlDetailsElement>(event.target()).is_some_and(|fold| fold.open())
}
