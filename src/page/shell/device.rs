//! The device, and whether it can be trusted.

use leptos::prelude::*;

use crate::parts::{Choice, Field, Group, Select};
use crate::state::{Engine, Machine};
use crate::work::Page;
use hemoscope_core::experiment::DeviceChoice;
use hemoscope_core::protocol::DeviceKind;
use hemoscope_core::wording;

/// The device's state, and the choice of device.
#[component]
pub(super) fn DeviceMenu() -> impl IntoView {
    let page = Page::get();
    let machine = page.machine;
    let choices = vec![Group::from(vec![
        Choice::new(DeviceChoice::Auto, "auto", "WebGPU, else the CPU"),
        Choice::new(DeviceChoice::Gpu, "gpu", "WebGPU only"),
        Choice::new(DeviceChoice::Flex, "flex", "CPU only"),
    ])];
    let chosen = Signal::derive(move || page.link.read().view.device);
    let choose = Callback::new(move |device| page.update(|state| state.link.view.device = device));
    view! {
        <details class="menu device" data-is=move || kind(&machine.read())>
            <summary>
                <span class="dot" aria-hidden="true"></span>
                <span data-testid="device">{move || badge(&machine.read())}</span>
            </summary>
            <div class="sheet">
                <p data-testid="self-test">{move || self_test(&machine.read())}</p>
                <Field label="Compute on">
                    <Select testid="device-choice" groups=choices value=chosen on_change=choose/>
                </Field>
            </div>
        </details>
    }
}

fn badge(machine: &Machine) -> String {
    match (&machine.engine, machine.webgpu) {
        (Engine::Off, Some(true)) => "WebGPU found, not started".to_owned(),
        (Engine::Off, Some(false)) => "no WebGPU here: CPU".to_owned(),
        (Engine::Off, None) => "not started".to_owned(),
        (Engine::Fetching(_) | Engine::Starting, _) => "starting …".to_owned(),
        (Engine::Ready(report), _) => wording::device(report),
        (Engine::Broken(_), _) => "stopped".to_owned(),
    }
}

/// The value that determines how the dot looks.
fn kind(machine: &Machine) -> &'static str {
    match &machine.engine {
        Engine::Ready(report) if report.kind == DeviceKind::Gpu => "gpu",
        Engine::Ready(_) => "flex",
        Engine::Fetching(_) | Engine::Starting => "starting",
        Engine::Off | Engine::Broken(_) => "off",
    }
}

fn self_test(machine: &Machine) -> String {
    let slow = if machine.webgpu == Some(false) {
        " This browser has no WebGPU, so the CPU computes, about 200 times slower than a fast graphics card: the small models \
         are made for that."
    } else {
        ""
    };
    match &machine.engine {
        Engine::Ready(report) if report.kind == DeviceKind::Gpu => {
            format!("{} {}", wording::ended(&report.name), wording::self_test(report))
        }
        Engine::Ready(report) => format!("{}{slow}", wording::self_test(report)),
        Engine::Broken(reason) => wording::sentence(reason),
        Engine::Off | Engine::Fetching(_) | Engine::Starting => format!(
            "Nothing is computed before you press Run. Then the device is compared with the CPU on a small model; one that \
             fails is not used.{slow}"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_without_webgpu_says_so_before_anything_runs() {
        let machine = Machine {
            webgpu: Some(false),
            ..Machine::default()
        };
        assert_eq!(badge(&machine), "no WebGPU here: CPU");
        assert!(self_test(&machine).contains("has no WebGPU"));
        assert!(!self_test(&Machine::default()).contains("has no WebGPU"));
    }
}
