//! A text that grows while it is written, set against another.

use leptos::prelude::*;

/// A text that grows while it is written. It is underlined from where it differs from the other.
#[component]
pub(crate) fn TokenStream(
    /// The `data-testid` hook for browser tests.
    testid: &'static str,
    /// The text.
    #[prop(into)]
    text: Signal<String>,
    /// The text to compare with.
    #[prop(into)]
    other: Signal<String>,
    /// Whether it is the damaged model's.
    damaged: bool,
) -> impl IntoView {
    let class = if damaged { "rest is-damaged" } else { "rest" };
    let same = move || text.with(|text| other.with(|other| shared(text, other).0.to_owned()));
    let rest = move || text.with(|text| other.with(|other| shared(text, other).1.to_owned()));
    view! {
        <p data-testid=testid>
            {same}
            <span class=class>{rest}</span>
        </p>
    }
}

/// Splits a text into the beginning that it shares with another, and the rest.
fn shared<'a>(own: &'a str, other: &str) -> (&'a str, &'a str) {
    let differs = own.char_indices().zip(other.chars()).find(|((_, a), b)| a != b);
    // While the other side is still shorter, nothing differs yet.
    own.split_at(differs.map_or(own.len(), |((end, _), _)| end))
}

#[cfg(test)]
mod tests {
    use super::shared;

    #[test]
    fn texts_part_at_the_first_letter_that_differs() {
        assert_eq!(shared("the cat sat", "the car"), ("the ca", "t sat"));
        assert_eq!(shared("grün", "grüß"), ("grü", "n"));
        assert_eq!(shared("longer", "long"), ("longer", ""));
        assert_eq!(shared("", "x"), ("", ""));
    }
}
