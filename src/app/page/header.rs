//! The line at the top: what computes, copying the link, downloads, theme, help.

use leptos::prelude::*;

use super::context::{Page, page};
use super::download::downloads;
use super::erase::{flag, press, text};
use super::fields::button;
use crate::app::state::Engine;
use crate::app::words;
use crate::engine::job::DeviceKind;
use crate::share::DeviceChoice;
use crate::web::spawn::spawn;
use crate::web::{address, browser};

/// Where the theme is kept on this device.
const THEME: &str = "hemoscope-theme";

/// The line at the top.
pub(super) fn header() -> AnyView {
    let page = page();
    view! {
        {button("Skip to the chart", "skip", "", || browser::focus("#chart"))}
        <header class="top">
            <div class="brand">
                <h1>"hemoscope"</h1>
                <p>"How much damage can a language model take before it breaks?"</p>
            </div>
            {device(page)}
            <nav aria-label="Page">
                {button("Copy link", "", "copy-link", move || copy_link(page))}
                {downloads(page)}
                {theme()}
                <details class="menu"><summary>"Help"</summary>{help()}</details>
            </nav>
        </header>
    }
    .into_any()
}

/// Puts the address, which holds the whole experiment, on the clipboard.
pub(super) fn copy_link(page: Page) {
    let fragment = page.read(|state| state.shared_link().to_fragment());
    address::set_fragment(&fragment).ok();
    spawn(async move {
        let Ok(link) = address::href() else { return };
        let copied = browser::copy(&link).await;
        page.update(|state| {
            state.announcement = String::new();
            state.tell(match copied {
                Ok(()) => "Link copied. It holds every setting; nothing was sent anywhere.".to_owned(),
                Err(error) => {
                    format!("The link could not be copied ({error}). It is the page's address: copy it there.")
                }
            });
        });
    });
}

fn device(page: Page) -> AnyView {
    let engine = page.part(|state| state.engine.clone());
    let webgpu = page.part(|state| state.webgpu);
    let badge = text(move || match engine.get() {
        Engine::Off => match webgpu.get() {
            Some(true) => "WebGPU found, not started".to_owned(),
            Some(false) => "no WebGPU here: CPU".to_owned(),
            None => "not started".to_owned(),
        },
        Engine::Starting => "starting …".to_owned(),
        Engine::Ready(report) => words::device(&report),
        Engine::Broken(_) => "stopped".to_owned(),
    });
    let kind = page.text(|state| {
        let kind = match &state.engine {
            Engine::Ready(report) if report.kind == DeviceKind::Gpu => "gpu",
            Engine::Ready(_) => "flex",
            Engine::Starting => "starting",
            Engine::Off | Engine::Broken(_) => "off",
        };
        kind.to_owned()
    });
    let detail = text(move || {
        match engine.get() {
        Engine::Ready(report) => format!("{} {}", report.name, words::self_test(&report)),
        Engine::Broken(reason) => reason,
        Engine::Off | Engine::Starting => {
            "Nothing is computed before you press Run. Then the device is compared with the CPU on a small model; one that \
             fails is not used."
                .to_owned()
        }
    }
    });
    let choice = page.part(|state| state.link.view.device);
    let options = [
        (DeviceChoice::Auto, "WebGPU, else the CPU"),
        (DeviceChoice::Gpu, "WebGPU only"),
        (DeviceChoice::Flex, "CPU only"),
    ];
    let options = options
        .into_iter()
        .map(|(device, name)| {
            let chosen = press(move || {
                page.update(|state| state.link.view.device = device);
                page.forget_device();
            });
            let checked = flag(move || choice.get() == device);
            view! { <label><input type="radio" name="device" prop:checked=checked on:click=chosen/>{name}</label> }
                .into_any()
        })
        .collect::<Vec<_>>();
    view! {
        <details class="menu device" data-kind=kind>
            <summary><span class="dot" aria-hidden="true"></span><span data-testid="device">{badge}</span></summary>
            <div class="sheet">
                <p data-testid="self-test">{detail}</p>
                <fieldset class="radios"><legend>"Compute on"</legend>{options}</fieldset>
            </div>
        </details>
    }
    .into_any()
}

fn theme() -> AnyView {
    let system = if browser::matches("(prefers-color-scheme: dark)") {
        "dark"
    } else {
        "light"
    };
    let theme = RwSignal::new(browser::stored(THEME).unwrap_or_else(|| system.to_owned()));
    Effect::new(move |_| browser::mark_document("data-theme", &theme.get()));
    let turn = press(move || {
        let next = if theme.get_untracked() == "dark" {
            "light"
        } else {
            "dark"
        };
        browser::store(THEME, next);
        theme.set(next.to_owned());
    });
    let name = text(move || if theme.get() == "dark" { "Light" } else { "Dark" }.to_owned());
    view! { <button type="button" data-testid="theme" on:click=turn>{name}</button> }.into_any()
}

fn help() -> AnyView {
    view! {
        <div class="sheet help">
            <p>
                "A language model guesses the next word of a text. Here its weights are damaged step by step, and each damaged \
                 model reads the same text as the untouched one."
            </p>
            <dl>
                <dt>"Perplexity"</dt>
                <dd>"How many words the model wavers between, on average. × 2 means twice as many: twice as unsure."</dd>
                <dt>"Hemorrhage"</dt>
                <dd>"The loss: the logarithm of that factor. 0 is the untouched model, 0.69 is × 2."</dd>
                <dt>"KL divergence"</dt>
                <dd>"How far the predicted probabilities of all words have moved."</dd>
                <dt>"Same next word"</dt>
                <dd>"How often both models find the same word most likely."</dd>
                <dt>"Whiskers"</dt>
                <dd>"With 95 % confidence the true value, for texts like this one, lies between their ends."</dd>
                <dt>"Everything stays here"</dt>
                <dd>"Model and texts are computed in this browser. A link holds settings only."</dd>
            </dl>
            <p><kbd>"R"</kbd>" run · "<kbd>"Esc"</kbd>" cancel · "<kbd>"←"</kbd>" "<kbd>"→"</kbd>" walk the points · "<kbd>"L"</kbd>" copy the link"</p>
        </div>
    }
    .into_any()
}
