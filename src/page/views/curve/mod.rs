//! The view "Where does it break?": the loss of a model against the strength of its damage.

mod answer;
mod figure;
mod method;
pub(crate) mod picture;
pub(crate) mod reading;
mod run_bar;
mod sample;
mod under;
mod writing;

use leptos::prelude::*;

use crate::shell::Messages;

/// Controls, chart and texts.
#[component]
pub(crate) fn CurveView() -> impl IntoView {
    view! {
        <main class="layout">
            <section class="result" aria-label="Result">
                <answer::Answer/>
                <figure::Figure/>
                <Messages/>
                <under::Under/>
            </section>
            <div class="controls">
                <div class="panels">
                    <method::DamagePanel/>
                    <sample::MeasurePanel/>
                </div>
                <run_bar::RunBar/>
            </div>
            <writing::WritingSection/>
        </main>
    }
}
