//! Form fields with a label, of one look.

use leptos::prelude::*;

use super::erase::{Text, entered, text};

/// What a field's new value does.
type Take = Box<dyn Fn(String)>;

/// A labelled choice among values and what they are called.
pub(super) fn choice(
    label: &str,
    testid: &'static str,
    options: Vec<(String, String)>,
    value: Text,
    take: impl Fn(String) + 'static,
) -> AnyView {
    boxed_choice(label.to_owned(), testid, options, value, Box::new(take))
}

fn boxed_choice(
    label: String,
    testid: &'static str,
    options: Vec<(String, String)>,
    value: Text,
    take: Take,
) -> AnyView {
    let options = options
        .into_iter()
        .map(|(key, name)| option(key, name, value))
        .collect::<Vec<_>>();
    view! {
        <label class="field">
            <span>{label}</span>
            <select data-testid=testid prop:value=value on:change=entered(take)>{options}</select>
        </label>
    }
    .into_any()
}

/// One choice of a select whose present value is `value`.
pub(super) fn option(key: String, name: String, value: Text) -> AnyView {
    let own = key.clone();
    let selected = super::erase::flag(move || value.get() == own);
    view! { <option value=key prop:selected=selected>{name}</option> }.into_any()
}

/// A labelled whole number; what is out of range becomes the nearer end.
pub(super) fn number(
    label: &'static str,
    testid: &'static str,
    (min, max): (usize, usize),
    value: impl Fn() -> usize + Send + Sync + 'static,
    set: impl Fn(usize) + 'static,
) -> AnyView {
    let value = text(move || value().to_string());
    let take = Box::new(move |typed: String| {
        if let Ok(number) = typed.parse::<usize>() {
            set(number.clamp(min, max));
        }
    });
    input(label, testid, "number", value, take)
}

/// A labelled line of text or a number.
pub(super) fn input(label: &str, testid: &'static str, kind: &'static str, value: Text, take: Take) -> AnyView {
    let class = if kind == "text" { "code" } else { "" };
    view! {
        <label class="field">
            <span>{label.to_owned()}</span>
            <input type=kind class=class spellcheck="false" data-testid=testid prop:value=value on:change=entered(take)/>
        </label>
    }
    .into_any()
}

/// A button with a text.
pub(super) fn button(
    name: &'static str,
    class: &'static str,
    testid: &'static str,
    act: impl Fn() + 'static,
) -> AnyView {
    boxed_button(name, class, testid, super::erase::press(act))
}

fn boxed_button(
    name: &'static str,
    class: &'static str,
    testid: &'static str,
    act: Box<dyn FnMut(leptos::ev::MouseEvent)>,
) -> AnyView {
    view! { <button type="button" class=class data-testid=testid on:click=act>{name}</button> }.into_any()
}

/// A small note under a field.
pub(super) fn hint(text: Text) -> AnyView {
    view! { <p class="hint">{text}</p> }.into_any()
}
