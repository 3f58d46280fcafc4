//! The views, one per question about a model, and the list of them.

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
    /// The question, as worded on its tab.
    title: &'static str,
    /// The picture, with its title and switches.
    figure: fn() -> AnyView,
    /// What is under the picture: its numbers, and what is kept for comparison.
    under: fn() -> AnyView,
    /// The picture for a file; `None` if there is none.
    pub(crate) picture: fn(&Seen<'_>, Size) -> Option<Picture>,
    /// Moves the selection by this many marks and returns the index of the newly selected one; `None` if there is none.
    pub(crate) walk: fn(&mut State, isize) -> Option<usize>,
}

/// Two views are the same if they answer the same question.
impl PartialEq for View {
    fn eq(&self, other: &Self) -> bool {
        self.question == other.question
    }
}

/// What the page shows, for drawing a picture outside the page.
pub(crate) struct Seen<'a> {
    pub(crate) link: &'a Settings,
    pub(crate) results: &'a Results,
    /// Where the curves break.
    pub(crate) thresholds: &'a [Option<Threshold>],
    /// The answer in words.
    pub(crate) answer: &'a str,
}

/// A picture for a file.
pub(crate) struct Picture {
    /// The drawing.
    pub(crate) drawing: Drawing,
    /// Its text alternative.
    pub(crate) alternative: String,
    /// The note under it; `None`: the protocol.
    pub(crate) note: Option<String>,
}

/// All views, in the order of their tabs.
const VIEWS: [&View; 2] = [&curve::VIEW, &depth::VIEW];

impl View {
    /// The view of a question.
    pub(crate) fn of(question: Question) -> &'static Self {
        let own = |view: &&&'static Self| view.question == question;
        VIEWS.iter().find(own).unwrap_or(&VIEWS[0])
    }
}

/// The current view, between the controls and the model's texts.
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
