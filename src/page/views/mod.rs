//! The views, each a question about a model, and the one list of them.

mod answer;
mod caption;
pub(crate) mod curve;
mod depth;
mod tabs;
mod under;
mod writing;

pub(crate) use caption::title;

use leptos::prelude::*;

use crate::shell::{DamagePanel, MeasurePanel, Messages, RunBar};
use crate::state::{Results, State};
use crate::work::Page;
use hemoscope_core::experiment::{Question, Settings};
use hemoscope_core::plot::{Drawing, Size, Threshold};

/// A question about a model, with its picture.
#[derive(Debug)]
pub(crate) struct View {
    /// What it answers.
    question: Question,
    /// The question, as its tab says it.
    title: &'static str,
    /// The picture, with what it is of and how it is looked at.
    figure: fn() -> AnyView,
    /// What lies under the picture: its numbers, and what is kept beside it.
    under: fn() -> AnyView,
    /// The picture as a file holds it; `None` where there is none.
    pub(crate) picture: fn(&Seen<'_>, Size) -> Option<Picture>,
    /// Walks so many marks on and gives the place of the one that is selected then; `None` where there is none.
    pub(crate) walk: fn(&mut State, isize) -> Option<usize>,
}

/// Two views are the same where they ask the same.
impl PartialEq for View {
    fn eq(&self, other: &Self) -> bool {
        self.question == other.question
    }
}

/// What is seen, for a picture that is not the page's own.
pub(crate) struct Seen<'a> {
    pub(crate) link: &'a Settings,
    pub(crate) results: &'a Results,
    /// Where the curves break.
    pub(crate) thresholds: &'a [Option<Threshold>],
    /// What is said of it.
    pub(crate) answer: &'a str,
}

/// A picture as a file holds it.
pub(crate) struct Picture {
    /// What is drawn.
    pub(crate) drawing: Drawing,
    /// Its text alternative.
    pub(crate) alternative: String,
    /// What stands under it; `None`: the protocol.
    pub(crate) note: Option<String>,
}

/// All views, in the order of their tabs.
const VIEWS: [&View; 2] = [&curve::VIEW, &depth::VIEW];

impl View {
    /// The view that the page is at.
    pub(crate) fn of(question: Question) -> &'static Self {
        let own = |view: &&&'static Self| view.question == question;
        VIEWS.iter().find(own).unwrap_or(&VIEWS[0])
    }
}

/// The view that the page is at, between what is done to the model and what the model writes.
#[component]
pub(crate) fn Frame() -> impl IntoView {
    let page = Page::get();
    let view = Memo::new(move |_| View::of(page.run.read().question(&page.link.read())));
    view! {
        <main class="layout">
            <section class="result" aria-label="Result">
                <tabs::Tabs view/>
                <answer::Answer/>
                {move || (view.get().figure)()}
                <Messages/>
                {move || (view.get().under)()}
            </section>
            <div class="controls">
                <div class="panels">
                    <DamagePanel/>
                    <MeasurePanel/>
                </div>
                <RunBar/>
            </div>
            <writing::WritingSection/>
        </main>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_paint_has_the_tabs_of_the_page() {
        let html = include_str!("../../../index.html");
        for (place, view) in VIEWS.iter().enumerate() {
            let pressed = place == 0;
            let tab = format!("aria-pressed=\"{pressed}\" disabled>{}</button>", view.title);
            assert!(html.contains(&tab), "{tab}");
        }
        assert_eq!(html.matches("aria-pressed=").count(), VIEWS.len());
    }

    #[test]
    fn every_question_has_its_view() {
        assert_eq!(VIEWS.map(|view| view.question), Question::ALL);
    }
}
