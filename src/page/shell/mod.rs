//! The frame around every view: header and footer; the controls for damage, model and text; Run, the device, sharing,
//! messages, keys and theme.

mod damage;
mod device;
mod download;
mod help;
pub(crate) mod keys;
mod messages;
mod model;
mod run_bar;
mod sample;
mod share;
pub(crate) mod theme;

pub(crate) use damage::DamagePanel;
pub(crate) use messages::Messages;
pub(crate) use run_bar::RunBar;
pub(crate) use sample::MeasurePanel;

use model::ModelField;

use leptos::prelude::*;

use crate::parts::chart::Focus;
use crate::work::Page;

/// A link that skips the controls.
#[component]
pub(crate) fn SkipLink() -> impl IntoView {
    let page = Page::get();
    view! {
        <button type="button" class="skip" on:click=move |_| page.focus.set(Some(Focus::Chart))>
            "Skip to the chart"
        </button>
    }
}

/// Name, device, and the page's menus.
#[component]
pub(crate) fn Header() -> impl IntoView {
    view! {
        <header class="top">
            <div class="brand">
                <h1>"hemoscope"</h1>
                <p>"How much damage can a language model take before it breaks?"</p>
            </div>
            <device::DeviceMenu/>
            <nav aria-label="Page">
                <share::CopyLink/>
                <share::DownloadMenu/>
                <theme::ThemeButton/>
                <help::HelpMenu/>
            </nav>
        </header>
    }
}

/// What only print and screen readers show: where a printed page comes from, and what has just happened.
#[component]
pub(crate) fn Footer() -> impl IntoView {
    view! {
        <share::Source/>
        <messages::Announcement/>
    }
}
