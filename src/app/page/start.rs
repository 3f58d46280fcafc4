//! The whole page, and what happens when it opens.

use leptos::prelude::*;

use super::chart::{chart, walk};
use super::context::{Page, page};
use super::damage::damage;
use super::header::{copy_link, header};
use super::kept::kept_curves;
use super::measure::measure_on;
use super::messages::messages;
use super::model::model_panel;
use super::result::{outcome, protocol_line};
use super::run_bar::run_bar;
use super::table::point_table;
use super::writing::writing;
use crate::app::state::State;
use crate::share::{Link, Tab};
use crate::web::spawn::spawn;
use crate::web::{address, browser};

/// The curve that the native binary measured; part of the module, so that nothing has to be fetched before it is drawn.
const STORED: &str = include_str!("../../../web/curves/default.json");

/// Opens the page.
pub fn start() {
    let opened = Link::open(&address::fragment());
    let fresh = address::fragment().len() < 2;
    let mut state = State::open(opened, serde_json::from_str(STORED).ok());
    state.fresh = fresh;
    let present = address::query("present").is_some();
    let page = Page::new(state, present);
    leptos::mount::mount_to_body(move || {
        provide_context(page);
        app()
    });
    if let Some(loading) = browser::document()
        .ok()
        .and_then(|document| document.get_element_by_id("loading"))
    {
        loading.remove();
    }
    begin(page);
}

/// What runs beside the components.
fn begin(page: Page) {
    if page.present {
        browser::mark_document("data-present", "yes");
    }
    // A browser that refuses these leaves a page that works without keys and without following the address.
    address::on_change(move |fragment| {
        let current = page.read(|state| state.link.to_fragment());
        if fragment.trim_start_matches('#') != current {
            page.update(|state| state.follow(Link::open(&fragment)));
        }
    })
    .ok();
    browser::on_key(move |key| press(page, key)).ok();
    Effect::new(move |before: Option<String>| {
        let fragment = page.state.with(|state| state.link.to_fragment());
        // A fresh page keeps its plain address until something is changed.
        if before.is_some_and(|before| before != fragment) {
            address::set_fragment(&fragment).ok();
        }
        fragment
    });
    spawn(page.tick());
    spawn(async move {
        // After the first paint.
        gloo_timers::future::TimeoutFuture::new(200).await;
        let webgpu = browser::has_webgpu().await;
        page.update(|state| state.settle_device(webgpu));
        page.look_for_model().await;
    });
}

fn press(page: Page, key: &str) -> bool {
    match key {
        "r" | "R" => page.run(),
        "Escape" => page.stop(),
        "l" | "L" => copy_link(page),
        "ArrowLeft" => walk(page, -1),
        "ArrowRight" => walk(page, 1),
        _ => return false,
    }
    true
}

fn app() -> AnyView {
    let page = page();
    let announcement = page.text(|state| state.announcement.clone());
    let folded = page.present || browser::matches("(max-width: 699px)");
    let table_open = page.flag(|state| state.link.view.tab == Tab::Table);
    let curves_open = page.flag(|state| state.link.view.tab == Tab::Curves || !state.kept.is_empty());
    view! {
        {header()}
        <main class="layout">
            <section class="result" aria-label="Result">
                {messages()}
                {outcome()}
                {chart()}
                {protocol_line()}
                <details prop:open=table_open class="fold"><summary>"Table of points"</summary>{point_table()}</details>
                <details prop:open=curves_open class="fold"><summary>"Kept curves"</summary>{kept_curves()}</details>
            </section>
            <div class="controls">
                <details class="panel" prop:open=!folded><summary><h2>"Damage"</h2></summary>{damage()}</details>
                <details class="panel" prop:open=!folded>
                    <summary><h2>"Measure on"</h2></summary>
                    {model_panel()}
                    {measure_on()}
                </details>
                {run_bar()}
            </div>
            {writing()}
        </main>
        <p class="unseen" role="status" aria-live="polite">{announcement}</p>
    }
    .into_any()
}
