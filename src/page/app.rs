//! The page as a whole: opened at its address, kept in step with it, and mounted over the static first paint.

use leptos::prelude::*;
use leptos::{ev, mount};

use crate::doors::spawn::spawn;
use crate::doors::{address, browser, field};
use crate::shell::{Footer, Header, SkipLink, keys, theme};
use crate::state::State;
use crate::views::Frame;
use crate::work::{Page, hub, own};
use hemoscope_core::share;
use hemoscope_core::wording::opening;

/// The id of the element in index.html that holds the page.
const PLACE: &str = "app";

/// Opens the page.
pub fn start() {
    let address = address::href().unwrap_or_default();
    let mut state = State::open(share::open(share::part_of(&address)));
    state.ui.dark = theme::is_dark();
    theme::apply(state.ui.dark);
    let present = address::query("present").is_some();
    if present {
        browser::mark_document("data-present", "yes");
    }
    let curve = browser::take_out(opening::CURVE_ID).and_then(|text| serde_json::from_str(&text).ok());
    state.take_stored("", curve);
    let texts = browser::take_out(opening::TEXTS_ID).and_then(|text| serde_json::from_str(&text).ok());
    state.writing.take_stored("", texts);
    let Some(place) = browser::by_id(PLACE) else { return };
    mount::mount_to(place, move || view! { <App state present/> }).forget();
    // In the same frame, so that nothing shows twice.
    browser::take_out(opening::PAINT_ID);
}

/// The frame and the view in it.
#[component]
fn App(
    /// What is known at first.
    state: State,
    /// Whether the page is on a projector.
    present: bool,
) -> impl IntoView {
    let folded = present || browser::matches("(max-width: 699px)");
    let page = Page::new(state, present, folded);
    provide_context(page);
    page.show_curves();
    follow(page);
    keys::listen(page);
    take_files(page);
    later(page);
    view! {
        <SkipLink/>
        <Header/>
        <Frame/>
        <Footer/>
    }
}

/// Reacts to changes, and keeps the settings in the address. A fresh page keeps its plain address until something is
/// changed, and looks for its model after the first paint.
fn follow(page: Page) {
    let fragment = Memo::new(move |_| share::fragment(&page.link.read()));
    Effect::watch(
        move || fragment.get(),
        |fragment, _, _| {
            // If the browser refuses, the settings are only in the page.
            address::set_fragment(fragment).ok();
        },
        false,
    );
    let models = Memo::new(move |_| {
        let link = page.link.read();
        (link.experiment.model.origin.clone(), link.view.screen)
    });
    Effect::watch(move || models.get(), move |_, _, _| spawn(page.look_for_model()), false);
    let asked = Memo::new(move |_| {
        let link = page.link.read();
        let names = link.experiment.sweep().steps.iter().map(|step| step.name.clone());
        (link.experiment.ask.question(), names.collect::<Vec<_>>())
    });
    Effect::watch(
        move || (models.get(), asked.get()),
        move |_, _, _| page.show_curves(),
        false,
    );
    let device = Memo::new(move |_| page.link.read().view.device);
    Effect::watch(move || device.get(), move |_, _, _| page.forget_device(), false);
    address::on_change(move |fragment| {
        let current = share::fragment(&page.link.read_untracked());
        if fragment.trim_start_matches('#') != current {
            page.update(|state| state.follow(share::open(&fragment)));
        }
    })
    .ok();
}

/// Takes files that are dropped outside the fields for them. Otherwise the browser would open them in place of the
/// page.
fn take_files(page: Page) {
    window_event_listener(ev::dragover, |event| event.prevent_default());
    window_event_listener(ev::drop, move |event| {
        event.prevent_default();
        own::take_any(page, field::dropped(&event));
    });
}

/// Does what can wait until after the first paint.
fn later(page: Page) {
    spawn(page.tick());
    if let Err(error) = hub() {
        page.update(|state| {
            let text = format!("The hub that the address names is not used: {error}");
            state.ui.report(text);
        });
    }
    spawn(async move {
        gloo_timers::future::TimeoutFuture::new(200).await;
        let webgpu = browser::has_webgpu().await;
        page.update(|state| state.machine.webgpu = Some(webgpu));
        page.look_for_engine().await;
        page.look_for_model().await;
        page.look_for_optional_model().await;
    });
}
