//! What a press, an entry or a file does, by the keys of index.html.

use super::context::Page;
use super::{chart, download, own};
use crate::doors::document::Happening;
use crate::doors::spawn::spawn;
use crate::doors::{address, browser};
use crate::face::{self, Face};
use crate::limits;
use crate::state::State;
use hemoscope_core::curve::CalibrationStats;
use hemoscope_core::modify::knob;
use hemoscope_core::modify::{Sweep, catalogue};
use hemoscope_core::numeric::parse_finite;
use hemoscope_core::plot::{Axis, Measure};
use hemoscope_core::share::{Asset, DeviceChoice, Experiment, Origin, Sampling, Screen, Tab};

/// Where the theme is kept on this device.
pub(super) const THEME: &str = "hemoscope-theme";

/// Does what was asked for.
pub(super) fn act(page: Page, happening: Happening) {
    match happening {
        Happening::Press(key) => press(page, &key),
        Happening::Fold(key, open) => page.update(|state| {
            let tab = if key == "table" { Tab::Table } else { Tab::Curves };
            let view = &mut state.link.view;
            if open {
                view.tab = tab;
            } else if view.tab == tab {
                view.tab = Tab::Chart;
            }
        }),
        Happening::Enter(key, value) => enter(page, &key, value),
        Happening::Files(key, files) => match key.as_str() {
            "text" => own::take_text_file(page, files),
            "model" => own::take_model_files(page, files),
            _ => own::take_any(page, files),
        },
    }
}

/// What a key of the keyboard does; `false` where it does nothing.
pub(super) fn typed(page: Page, key: &str) -> bool {
    match key {
        "r" | "R" => page.measure(),
        "Escape" => page.stop(),
        "l" | "L" => copy_link(page),
        "ArrowLeft" => chart::walk(page, -1),
        "ArrowRight" => chart::walk(page, 1),
        _ => return false,
    }
    true
}

fn press(page: Page, key: &str) {
    let (name, number) = key.split_once(':').unwrap_or((key, ""));
    let number = number.parse::<usize>().unwrap_or_default();
    match name {
        "skip" => browser::focus("[data-testid=chart]"),
        "run" => page.measure(),
        "stop" => page.stop(),
        "consent" => page.answer(true),
        "write" => page.write_selected(),
        "copy-link" => copy_link(page),
        "theme" => turn_theme(page),
        "keep" => page.update(State::keep),
        "remove" => page.update(|state| state.kept.retain(|kept| kept.slot != number)),
        "dismiss" => page.update(|state| state.dismiss(number as u64)),
        "view" => page.update(|state| {
            state.look_at(if number == 0 { Screen::Model } else { Screen::Sizes });
        }),
        "measure" => page.update(|state| {
            if let Some(measure) = Measure::ALL.get(number) {
                state.link.view.measure = *measure;
            }
        }),
        "offer" => {
            let offers = page.read(|state| state.ui.offers.clone());
            if let Some((repository, revision, mut offers)) = offers
                && number < offers.len()
            {
                let file = offers.swap_remove(number).file;
                own::take_origin(
                    page,
                    Origin::Hub {
                        repository,
                        revision,
                        file,
                    },
                );
            }
        }
        _ => download::download(page, name),
    }
}

fn enter(page: Page, key: &str, value: String) {
    let typed = value.clone();
    take(page, key, value);
    page.update(|state| {
        let used = face::value(Face::of(state), key);
        state.ui.limit = (key.to_owned(), limits::note(key, &typed, &used));
    });
}

fn take(page: Page, key: &str, value: String) {
    match key {
        "device" => page.update(|state| {
            state.link.view.device = match value.as_str() {
                "gpu" => DeviceChoice::Gpu,
                "flex" => DeviceChoice::Flex,
                _ => DeviceChoice::Auto,
            };
        }),
        "model" => page.update(|state| pick_model(state, &value)),
        "hub" => own::look_up(page, value),
        "text" => page.update(|state| {
            state.ui.picking_text = value == ":own";
            if value != ":own" {
                state.change(|e| e.text = Asset::bundled(&value));
            }
        }),
        "own-text" => own::paste_text(page, value),
        "spec" => page.update(|state| match value.trim().parse() {
            Ok(sweep) => {
                state.ui.spec_error.clear();
                state.change(|e| *e.sweep_mut() = sweep);
            }
            Err(error) => state.ui.spec_error = error.to_string(),
        }),
        "axis" | "threshold" | "prompt" | "sampling" | "temperature" | "draw" => {
            page.update(|state| enter_view(state, key, value));
        }
        _ => page.update(|state| {
            let mut changed = state.link.experiment.clone();
            enter_experiment(&mut changed, key, &value);
            // What the grammar refuses is said beside the field, and the settings stay as they were.
            match changed.sweep().to_string().parse::<Sweep>() {
                Ok(_) => {
                    state.ui.spec_error.clear();
                    state.change(|e| *e = changed);
                }
                Err(error) => state.ui.spec_error = error.to_string(),
            }
        }),
    }
}

fn pick_model(state: &mut State, kind: &str) {
    state.ui.picking_model = match kind {
        "own" => Some("own"),
        "hub" => Some("hub"),
        name => {
            state.choose_bundled(name);
            None
        }
    };
}

/// What changes no measured number.
fn enter_view(state: &mut State, key: &str, value: String) {
    let view = &mut state.link.view;
    let (old_temperature, old_seed) = match view.sampling {
        Sampling::Temperature { temperature, seed } => (temperature, seed),
        Sampling::Greedy => (0.8, 0),
    };
    let drawn = |temperature: f64, seed: u64| Sampling::Temperature {
        temperature: temperature.clamp(0.01, 10.0),
        seed,
    };
    match key {
        "axis" => view.axis = if value == "true" { Axis::Log } else { Axis::Linear },
        "threshold" => view.threshold = parse_finite(&value).unwrap_or(view.threshold),
        "prompt" => view.prompt = value,
        "sampling" if value == "greedy" => view.sampling = Sampling::Greedy,
        "sampling" => view.sampling = drawn(old_temperature, old_seed),
        "temperature" => view.sampling = drawn(parse_finite(&value).unwrap_or(old_temperature), old_seed),
        "draw" => view.sampling = drawn(old_temperature, value.parse().unwrap_or(old_seed)),
        _ => {}
    }
}

/// What changes the result. A number that is none leaves the setting as it is; one out of range becomes the nearer end.
fn enter_experiment(e: &mut Experiment, key: &str, value: &str) {
    let within = |old: usize| limits::whole(key, value, old);
    match key {
        "method" => {
            if let Some(entry) = catalogue::find(value) {
                knob::choose_method(e.sweep_mut(), entry);
            }
        }
        "windows" => e.windows = within(e.windows),
        "window" => e.window = within(e.window),
        "calibration-text" => e.calibration_text = Asset::bundled(value),
        "calibration-windows" => e.calibration_windows = within(e.calibration_windows),
        "calibration-stats" => {
            e.calibration_stats = match value {
                "dense" => CalibrationStats::Dense,
                _ => CalibrationStats::Sequential,
            };
        }
        _ => {
            if let Some(end) = key.strip_prefix("range:") {
                if let Some(value) = parse_finite(value) {
                    knob::move_range(e.sweep_mut(), end, value);
                }
            } else if let Some(key) = key.strip_prefix("parameter:") {
                knob::set(e.sweep_mut(), key, value.trim());
            }
        }
    }
}

fn turn_theme(page: Page) {
    let mut dark = false;
    page.update(|state| {
        state.ui.dark = !state.ui.dark;
        dark = state.ui.dark;
    });
    let theme = if dark { "dark" } else { "light" };
    browser::store(THEME, theme);
    browser::mark_document("data-theme", theme);
}

/// Puts the address, which holds the whole experiment, on the clipboard.
fn copy_link(page: Page) {
    let fragment = page.read(|state| state.shared_link().to_fragment());
    // Where the browser refuses, the message below says so.
    address::set_fragment(&fragment).ok();
    spawn(async move {
        let Ok(link) = address::href() else { return };
        let copied = browser::copy(&link).await;
        page.update(|state| {
            state.tell(match copied {
                Ok(()) => "Link copied. It holds every setting; nothing was sent anywhere.".to_owned(),
                Err(error) => {
                    format!("The link could not be copied ({error}). It is the page's address: copy it there.")
                }
            });
        });
    });
}
