//! Terms that explain themselves where they stand: pressing one shows its note.

use leptos::prelude::*;

/// A term of the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Term {
    /// The term, in lower case.
    word: &'static str,
    /// The id of its note.
    id: &'static str,
    /// What it means.
    pub(crate) note: &'static str,
}

/// The perplexity.
pub(crate) const PERPLEXITY: Term = Term {
    word: "perplexity",
    id: "what-perplexity-is",
    note: "How many tokens the model wavers between, on average. × 2 means twice as many: twice as unsure.",
};
/// The hemorrhage.
pub(crate) const HEMORRHAGE: Term = Term {
    word: "hemorrhage",
    id: "what-hemorrhage-is",
    note: "The loss: the logarithm of how many times the perplexity grows. 0 is the untouched model, 0.69 is × 2.",
};

/// A text in which a term, where it first stands, is a button that shows its note.
#[component]
pub(crate) fn Explained(
    /// The text.
    #[prop(into)]
    text: Signal<String>,
    /// The term.
    term: Term,
) -> impl IntoView {
    let explained = move |text: String| {
        let Some([before, word, after]) = around(&text, term) else {
            return text.into_any();
        };
        view! {
            {before.to_owned()}
            <button type="button" class="term" popovertarget=term.id>{word.to_owned()}</button>
            {after.to_owned()}
        }
        .into_any()
    };
    // Another text is another element: what is behind the term would otherwise jump when what is before it grows.
    view! { <For each=move || [text.get()] key=String::clone children=explained/> }
}

/// The notes of the terms. Hidden until a term is pressed; Escape or a press elsewhere hides them again.
#[component]
pub(crate) fn Notes() -> impl IntoView {
    [PERPLEXITY, HEMORRHAGE].map(|term| {
        view! {
            <div class="note" id=term.id popover="auto">
                <strong>{term.word}</strong>
                " "
                {term.note}
            </div>
        }
    })
}

/// The text before a term, the term as it is written there, and the text after it.
fn around(text: &str, term: Term) -> Option<[&str; 3]> {
    let start = text.to_ascii_lowercase().find(term.word)?;
    let (before, rest) = text.split_at(start);
    let (word, after) = rest.split_at(term.word.len());
    Some([before, word, after])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_term_is_found_where_it_first_stands() {
        let text = "é 39 %: Perplexity is 10 % higher, perplexity";
        assert_eq!(
            around(text, PERPLEXITY),
            Some(["é 39 %: ", "Perplexity", " is 10 % higher, perplexity"])
        );
        assert_eq!(around(text, HEMORRHAGE), None);
    }
}
