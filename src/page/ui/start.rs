//! What happens when the page opens.

use std::cell::RefCell;

use leptos::prelude::*;

use super::act::{THEME, act, typed};
use super::chart::Chart;
use super::context::Page;
use super::work::hub;
use crate::doors::document::{Bindings, Slot, listen};
use crate::doors::spawn::spawn;
use crate::doors::{address, browser};
use crate::face::{self, Face};
use crate::state::{Model, State};
use hemoscope_core::share::{DeviceChoice, Link, Screen};

/// Opens the page.
pub fn start() {
    let fragment = address::fragment();
    let mut state = State::open(Link::open(&fragment));
    state.ui.dark = browser::stored(THEME).map_or_else(
        || browser::matches("(prefers-color-scheme: dark)"),
        |theme| theme == "dark",
    );
    browser::mark_document("data-theme", if state.ui.dark { "dark" } else { "light" });
    let present = address::query("present").is_some();
    if present {
        browser::mark_document("data-present", "yes");
    }
    if present || browser::matches("(max-width: 699px)") {
        browser::fold(".panel");
    }
    let owner = Owner::new();
    owner.set();
    let page = Page::new(state, present);
    page.show_curves();
    // Mounting starts what runs effects, so it comes first.
    if let Some(chart) = browser::element("#chart") {
        leptos::mount::mount_to(chart, move || view! { <Chart page=page/> }).forget();
    }
    follow(page);
    // The signals live as long as the page.
    std::mem::forget(owner);
    hear(page);
    later(page);
}

/// Keeps the page at what is known, and the address too.
fn follow(page: Page) {
    let Ok(bindings) = Bindings::of_page() else { return };
    let bindings = RefCell::new(bindings);
    Effect::new(move |_| {
        let now_ms = page.clock.get();
        let sentence = page.sentence.get();
        page.state.with(|state| {
            let face = Face {
                state,
                sentence: &sentence,
                now_ms,
            };
            bindings.borrow_mut().fill(&|slot, key| match slot {
                Slot::Html => face::html(face, key),
                Slot::Text => face::say(face, key),
                Slot::State => face::say(face, &format!("{key}-state")),
                Slot::Value => face::value(face, key),
                Slot::If | Slot::Off | Slot::Open => face::is(face, key).to_string(),
            });
        });
    });
    Effect::new(move |before: Option<Followed>| {
        let now = page.state.with(Followed::of);
        // A fresh page keeps its plain address until something is changed, and looks for its model after the first paint.
        if let Some(before) = before {
            now.follow(&before, page);
        }
        now
    });
}

/// What the page does something about when it changes.
struct Followed {
    fragment: String,
    model: String,
    device: DeviceChoice,
    methods: String,
    screen: Screen,
    asking: bool,
    newest_error: u64,
}

impl Followed {
    fn of(state: &State) -> Self {
        let newest = state.messages.last().filter(|message| message.error);
        Self {
            fragment: state.link.to_fragment(),
            methods: state
                .link
                .experiment
                .sweep
                .steps
                .iter()
                .map(|step| step.name.as_str())
                .collect(),
            device: state.link.view.device,
            screen: state.link.view.screen,
            model: state.link.experiment.model.origin.to_string(),
            asking: matches!(state.model, Model::Asking(_)),
            newest_error: newest.map_or(0, |message| message.number),
        }
    }

    fn follow(&self, before: &Self, page: Page) {
        if self.fragment != before.fragment {
            address::set_fragment(&self.fragment).ok();
        }
        let other_models = self.model != before.model || self.screen != before.screen;
        if other_models {
            spawn(page.look_for_model());
        }
        if other_models || self.methods != before.methods {
            // A state can't be changed while its change is told.
            spawn(async move { page.show_curves() });
        }
        if self.device != before.device {
            spawn(async move { page.forget_device() });
        }
        let (asked, failed) = (self.asking != before.asking, self.newest_error > before.newest_error);
        let keyboard = if self.asking { ".question" } else { ".run" };
        if asked || failed {
            // After it is in the document.
            request_animation_frame(move || {
                if asked {
                    browser::focus(keyboard);
                }
                if failed {
                    browser::scroll_up_to(".messages");
                }
            });
        }
    }
}

/// Hears what a person does. A browser that refuses leaves a page that can be read.
fn hear(page: Page) {
    listen(move |happening| act(page, happening)).ok();
    browser::on_key(move |key| typed(page, key)).ok();
    address::on_change(move |fragment| {
        let current = page.read(|state| state.link.to_fragment());
        if fragment.trim_start_matches('#') != current {
            page.update(|state| state.follow(Link::open(&fragment)));
        }
    })
    .ok();
}

/// What can wait for the first paint.
fn later(page: Page) {
    spawn(page.tick());
    if let Err(error) = hub() {
        page.update(|state| state.complain(format!("The hub that the address names is not used: {error}")));
    }
    spawn(async move {
        gloo_timers::future::TimeoutFuture::new(200).await;
        let webgpu = browser::has_webgpu().await;
        page.update(|state| state.webgpu = Some(webgpu));
        page.look_for_model().await;
        page.look_for_optional_model().await;
    });
}
