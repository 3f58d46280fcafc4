//! The line at the top: what computes, copying the link, downloads, theme, help.

use leptos::prelude::*;

use super::context::{Page, page};
use super::download::Downloads;
use crate::app::state::Engine;
use crate::app::words;
use crate::engine::job::DeviceKind;
use crate::share::DeviceChoice;
use crate::web::spawn::spawn;
use crate::web::{address, browser};

/// Where the theme is kept on this device.
const THEME: &str = "hemoscope-theme";

/// The line at the top.
#[component]
pub(super) fn Header() -> impl IntoView {
    let page = page();
    view! {
        <a class="skip" href="#chart" on:click=|event| { event.prevent_default(); browser::focus("[data-testid=chart]"); }>
            "Skip to the chart"
        </a>
        <header class="top">
            <div class="brand">
                <h1>"hemoscope"</h1>
                <p>"How much damage can a language model take before it breaks?"</p>
            </div>
            <Device/>
            <nav aria-label="Page">
                <button type="button" data-testid="copy-link" title="Key: L" on:click=move |_| copy_link(page)>"Copy link"</button>
                <Downloads/>
                <Theme/>
                <details class="menu">
                    <summary>"Help"</summary>
                    <Help/>
                </details>
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

#[component]
fn Device() -> impl IntoView {
    let page = page();
    let engine = page.part(|state| state.engine.clone());
    let webgpu = page.part(|state| state.webgpu);
    let badge = move || match engine.get() {
        Engine::Off => match webgpu.get() {
            Some(true) => "WebGPU found, not started".to_owned(),
            Some(false) => "no WebGPU here: CPU".to_owned(),
            None => "not started".to_owned(),
        },
        Engine::Starting => "starting …".to_owned(),
        Engine::Ready(report) => words::device(&report),
        Engine::Broken(_) => "stopped".to_owned(),
    };
    let kind = move || match engine.get() {
        Engine::Ready(report) if report.kind == DeviceKind::Gpu => "gpu",
        Engine::Ready(_) => "flex",
        Engine::Starting => "starting",
        Engine::Off | Engine::Broken(_) => "off",
    };
    let detail = move || {
        match engine.get() {
        Engine::Ready(report) => format!("{} {}", report.name, words::self_test(&report)),
        Engine::Broken(reason) => reason,
        Engine::Off | Engine::Starting => {
            "Nothing is computed before you press Run. Then the device is compared with the CPU on a small model; one that \
             fails is not used."
                .to_owned()
        }
    }
    };
    let choice = page.part(|state| state.link.view.device);
    let options = [
        (DeviceChoice::Auto, "WebGPU, else the CPU"),
        (DeviceChoice::Gpu, "WebGPU only"),
        (DeviceChoice::Flex, "CPU only"),
    ];
    let options = options
        .into_iter()
        .map(|(device, text)| {
            let chosen = move |_| {
                page.update(|state| state.link.view.device = device);
                page.forget_device();
            };
            view! {
                <label><input type="radio" name="device" prop:checked=move || choice.get() == device on:change=chosen/>{text}</label>
            }
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

#[component]
fn Theme() -> impl IntoView {
    let system = if browser::matches("(prefers-color-scheme: dark)") {
        "dark"
    } else {
        "light"
    };
    let theme = RwSignal::new(browser::stored(THEME).unwrap_or_else(|| system.to_owned()));
    Effect::new(move |_| browser::mark_document("data-theme", &theme.get()));
    let turn = move |_| {
        let next = if theme.get_untracked() == "dark" {
            "light"
        } else {
            "dark"
        };
        browser::store(THEME, next);
        theme.set(next.to_owned());
    };
    view! {
        <button type="button" data-testid="theme" on:click=turn>
            {move || if theme.get() == "dark" { "Light" } else { "Dark" }}
        </button>
    }
    .into_any()
}

#[component]
fn Help() -> impl IntoView {
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
