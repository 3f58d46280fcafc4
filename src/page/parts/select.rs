//! One of several: a list to choose from, or buttons side by side.

use leptos::ev;
use leptos::prelude::*;

/// One of several.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Choice<T> {
    /// What is chosen.
    pub(crate) value: T,
    /// Its value in the list's HTML, unique in the list.
    pub(crate) key: String,
    /// Its name for people.
    pub(crate) name: String,
}

impl<T> Choice<T> {
    pub(crate) fn new(value: T, key: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            value,
            key: key.into(),
            name: name.into(),
        }
    }
}

/// Choices under a heading, or without one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Group<T> {
    /// The heading; `None`: the choices stand by themselves.
    pub(crate) title: Option<&'static str>,
    /// The choices.
    pub(crate) choices: Vec<Choice<T>>,
}

impl<T> From<Vec<Choice<T>>> for Group<T> {
    fn from(choices: Vec<Choice<T>>) -> Self {
        Self { title: None, choices }
    }
}

/// A list to choose from.
#[component]
pub(crate) fn Select<T>(
    /// The `data-testid` hook for browser tests.
    testid: &'static str,
    /// The choices.
    #[prop(into)]
    groups: Signal<Vec<Group<T>>>,
    /// What is chosen.
    value: Signal<T>,
    /// Takes a new choice.
    on_change: Callback<T>,
) -> impl IntoView
where
    T: Clone + PartialEq + Send + Sync + 'static,
{
    let changed = move |event: ev::Event| {
        let key = event_target_value(&event);
        let chosen = groups.with_untracked(|groups| {
            let mut choices = groups.iter().flat_map(|group| &group.choices);
            choices
                .find(|choice| choice.key == key)
                .map(|choice| choice.value.clone())
        });
        if let Some(chosen) = chosen {
            on_change.run(chosen);
        }
    };
    let option = move |choice: Choice<T>| {
        let own = choice.value;
        view! {
            <option value=choice.key prop:selected=move || value.with(|value| *value == own)>
                {choice.name}
            </option>
        }
    };
    let lists = move || {
        let group = |group: Group<T>| {
            let options = group.choices.into_iter().map(option).collect_view();
            match group.title {
                Some(title) => view! { <optgroup label=title>{options}</optgroup> }.into_any(),
                None => options.into_any(),
            }
        };
        groups.get().into_iter().map(group).collect_view()
    };
    view! {
        <select data-testid=testid on:change=changed>
            {lists}
        </select>
    }
}

/// Buttons side by side, one of which is pressed.
#[component]
pub(crate) fn Segments<T>(
    /// What they choose between.
    label: &'static str,
    /// The `data-testid` hook for browser tests.
    testid: &'static str,
    /// The choices, with their names.
    choices: Vec<(T, &'static str)>,
    /// What is chosen.
    value: Signal<T>,
    /// Takes a new choice.
    on_change: Callback<T>,
) -> impl IntoView
where
    T: Clone + PartialEq + Send + Sync + 'static,
{
    let button = |(choice, name): (T, &'static str)| {
        let own = choice.clone();
        view! {
            <button
                type="button"
                aria-pressed=move || value.with(|value| *value == own).to_string()
                on:click=move |_| on_change.run(choice.clone())
            >
                {name}
            </button>
        }
    };
    view! {
        <div class="segments" role="group" aria-label=label data-testid=testid>
            {choices.into_iter().map(button).collect_view()}
        </div>
    }
}
