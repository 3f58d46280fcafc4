//! Plain text, and what fields hold.

use super::Face;
use crate::state::{Engine, State, Wish, Writing};
use hemoscope_core::curve::{CalibrationStats, Protocol};
use hemoscope_core::modify::catalogue::{Family, Kind, Unit};
use hemoscope_core::modify::knob;
use hemoscope_core::plot::{Axis, format_value};
use hemoscope_core::protocol::DeviceKind;
use hemoscope_core::say;
use hemoscope_core::share::bundled::SIZES;
use hemoscope_core::share::{DeviceChoice, Origin, Sampling, Screen};

/// The text of a key; also the state that style follows.
#[must_use]
pub fn say(face: Face<'_>, key: &str) -> String {
    let state = face.state;
    let text = match key {
        "device" => return device(state),
        "device-state" => device_state(state),
        "self-test" => return self_test(state),
        "theme" if state.ui.dark => "Light",
        "theme" => "Dark",
        "sentence" if state.is_before_first_point() => "The first point is being measured.",
        "sentence" if face.sentence.is_empty() && state.is_looking() => "Looking for the stored result …",
        "sentence" if face.sentence.is_empty() => "No result is stored for these settings. Press Run to measure.",
        "sentence" => {
            // A place stays in one line, and the size that it belongs to.
            let sentence = face.sentence.replace(" %", "\u{a0}%").replace(" ± ", "\u{a0}±\u{a0}");
            return sentence.replace("M at ", "M\u{a0}at\u{a0}");
        }
        "tag" => return outcome(state).0,
        "note" => return note(state),
        "verdict" => return state.verdict_in_words().unwrap_or_default(),
        "verdict-state" => match &state.verdict {
            Some(verdict) if !verdict.is_reproduced() => "different",
            _ => "",
        },
        "readout" => return readout(state),
        "protocol" => return protocol(state),
        "spec-error" => &state.ui.spec_error,
        "own-model" => return own_model(state),
        "own-text" => return own_text(state),
        "scored" => return scored(state),
        "progress" => return state.progress(face.now_ms).map(|(text, _)| text).unwrap_or_default(),
        "progress-state" => match state.progress(face.now_ms) {
            None => "idle",
            Some((_, None)) => "unknown",
            Some(_) => "",
        },
        "write" if state.writing.spec.is_some() => "Write again",
        "write" => "Let both write",
        "writing" => return writing(state),
        "modified-title" => return modified_title(state),
        "first-difference" => return first_difference(state),
        "announcement" => &state.announcement,
        "range:from" | "range:to" => return range_end(state, key, true),
        _ => match key.strip_prefix("limit:") {
            Some(field) if field == state.ui.limit.0 => &state.ui.limit.1,
            _ => "",
        },
    };
    text.to_owned()
}

/// What the field of a key holds.
#[must_use]
pub fn value(face: Face<'_>, key: &str) -> String {
    let state = face.state;
    let e = &state.link.experiment;
    let view = &state.link.view;
    let (temperature, draw) = match view.sampling {
        Sampling::Temperature { temperature, seed } => (temperature, seed),
        Sampling::Greedy => (0.8, 0),
    };
    match key {
        "device" => match view.device {
            DeviceChoice::Auto => "auto".to_owned(),
            DeviceChoice::Gpu => "gpu".to_owned(),
            DeviceChoice::Flex => "flex".to_owned(),
        },
        "axis" => (view.axis == Axis::Log).to_string(),
        "threshold" => view.threshold.to_string(),
        "method" => knob::entry(e.sweep()).map_or("", |entry| entry.name).to_owned(),
        "spec" => e.sweep().to_string(),
        "model" => state.model_kind().to_owned(),
        "hub" => match &e.model.origin {
            Origin::Hub {
                repository,
                revision,
                file,
            } => format!("{repository}@{revision}/{file}"),
            Origin::Url(url) => url.clone(),
            Origin::Bundled(_) | Origin::Own(_) => String::new(),
        },
        "text" => state.text_kind().to_owned(),
        "own-text" => state.ui.own_text.clone().unwrap_or_default(),
        "windows" => e.windows.to_string(),
        "window" => e.window.to_string(),
        "calibration-text" => match &e.calibration_text.origin {
            Origin::Bundled(name) => name.clone(),
            _ => String::new(),
        },
        "calibration-windows" => e.calibration_windows.to_string(),
        "calibration-stats" => match e.calibration_stats {
            CalibrationStats::Sequential => "sequential".to_owned(),
            CalibrationStats::Dense => "dense".to_owned(),
        },
        "progress" => state
            .progress(face.now_ms)
            .and_then(|(_, part)| part)
            .unwrap_or_default()
            .to_string(),
        "prompt" => view.prompt.clone(),
        "sampling" if view.sampling == Sampling::Greedy => "greedy".to_owned(),
        "sampling" => "drawn".to_owned(),
        "temperature" => temperature.to_string(),
        "draw" => draw.to_string(),
        "range:points" => knob::range(e.sweep())
            .map_or(1, |(_, (_, _, points))| points)
            .to_string(),
        "range:from" | "range:to" => range_end(state, key, false),
        _ => parameter(state, key),
    }
}

/// A setting of the method, or its default.
fn parameter(state: &State, key: &str) -> String {
    let sweep = state.link.experiment.sweep();
    let key = key.strip_prefix("parameter:").unwrap_or_default();
    let default = || {
        let entry = knob::entry(sweep)?;
        let parameter = entry.parameters.iter().find(|parameter| parameter.key == key)?;
        match parameter.kind {
            Kind::Choice { default, .. } => Some(default.to_owned()),
            _ => None,
        }
    };
    knob::setting(sweep, key).or_else(default).unwrap_or_default()
}

fn range_end(state: &State, key: &str, shown: bool) -> String {
    let Some((knob, (from, to, _))) = knob::range(state.link.experiment.sweep()) else {
        return if shown { "—".to_owned() } else { "0".to_owned() };
    };
    let value = if key == "range:from" { from } else { to };
    if shown {
        format_value(value, knob.unit().unwrap_or(Unit::Count))
    } else {
        value.to_string()
    }
}

fn device(state: &State) -> String {
    match (&state.engine, state.webgpu) {
        (Engine::Off, Some(true)) => "WebGPU found, not started".to_owned(),
        (Engine::Off, Some(false)) => "no WebGPU here: CPU".to_owned(),
        (Engine::Off, None) => "not started".to_owned(),
        (Engine::Starting, _) => "starting …".to_owned(),
        (Engine::Ready(report), _) => say::device(report),
        (Engine::Broken(_), _) => "stopped".to_owned(),
    }
}

fn device_state(state: &State) -> &'static str {
    match &state.engine {
        Engine::Ready(report) if report.kind == DeviceKind::Gpu => "gpu",
        Engine::Ready(_) => "flex",
        Engine::Starting => "starting",
        Engine::Off | Engine::Broken(_) => "off",
    }
}

fn self_test(state: &State) -> String {
    let slow = if state.webgpu == Some(false) {
        " This browser has no WebGPU, so the CPU computes, about 200 times slower than a fast graphics card: the small models \
         are made for that."
    } else {
        ""
    };
    match &state.engine {
        Engine::Ready(report) if report.kind == DeviceKind::Gpu => {
            format!("{} {}", say::ended(&report.name), say::self_test(report))
        }
        Engine::Ready(report) => format!("{}{slow}", say::self_test(report)),
        Engine::Broken(reason) => say::sentence(reason),
        Engine::Off | Engine::Starting => format!(
            "Nothing is computed before you press Run. Then the device is compared with the CPU on a small model; one that \
             fails is not used.{slow}"
        ),
    }
}

/// The tag beside a result that is not what the settings would give now, and what to do.
fn outcome(state: &State) -> (String, String) {
    if state.link.view.screen == Screen::Sizes {
        return outcome_of_sizes(state);
    }
    let (tag, note) = match &state.shown {
        Some(shown) if shown.stored && state.is_outdated() => {
            let Protocol { windows, window, .. } = &shown.curve.protocol;
            let windows = say::counted(*windows, "window");
            (
                STORED,
                format!(
                    "It was measured with other settings ({}, {windows} × {window} tokens); Run measures yours.",
                    shown.curve.sweep
                ),
            )
        }
        Some(shown) if shown.stored => (STORED, "Press Run to measure it on this device.".to_owned()),
        Some(_) if state.is_outdated() && state.task.is_none() => (
            "earlier settings",
            "The settings have changed since; Run measures them.".to_owned(),
        ),
        Some(shown) if !shown.complete => {
            let running = state.task.as_ref().is_some_and(|task| task.wish == Wish::Run);
            let all = say::counted(shown.experiment.sweep().points().len(), "point");
            (
                if running { "so far" } else { "unfinished" },
                format!("{} of {all} measured.", shown.curve.points.len()),
            )
        }
        _ => ("", String::new()),
    };
    (tag.to_owned(), note)
}

const STORED: &str = "stored result, not measured here";

/// The same of the sizes together, each of which has a curve of its own.
fn outcome_of_sizes(state: &State) -> (String, String) {
    let sizes = state.sizes();
    let measured = sizes
        .iter()
        .filter(|(_, shown)| shown.is_some_and(|shown| !shown.stored));
    let measured = measured.map(|(model, _)| model.short).collect::<Vec<_>>();
    let stored = sizes.iter().any(|(_, shown)| shown.is_some_and(|shown| shown.stored));
    let tag = match (measured.as_slice(), stored) {
        ([], true) => "stored results, not measured here".to_owned(),
        (_, false) => String::new(),
        (measured, true) => format!("{} measured here, the rest stored", measured.join(" and ")),
    };
    let of_depth = knob::entry(state.link.experiment.sweep()).is_some_and(|entry| entry.family == Family::Depth);
    let blocks = if of_depth {
        let blocks = sizes
            .iter()
            .map(|(model, _)| format!("{} has {}", model.short, model.blocks));
        format!(" Blocks: {}.", blocks.collect::<Vec<_>>().join(", "))
    } else {
        String::new()
    };
    let note = format!(
        "Three models that differ in nothing but size, each trained once.{blocks} Run measures all three on this device, \
         one after the other."
    );
    (tag, note)
}

/// The one of several sizes whose points are selected, to be named where only it is meant.
fn selectable(state: &State) -> Option<&'static str> {
    let compared = state.link.view.screen == Screen::Sizes;
    let place = state.selectable_size().filter(|_| compared)?;
    SIZES.get(place).map(|model| model.short)
}

fn note(state: &State) -> String {
    let expected = if state.link.expect.is_some() && state.verdict.is_none() {
        " This link carries an expected result: Run checks whether it comes out again."
    } else {
        ""
    };
    format!("{}{expected}", outcome(state).1)
}

fn readout(state: &State) -> String {
    let Some((place, shown)) = state.selected().zip(state.shown.as_ref()) else {
        return String::new();
    };
    let x = shown.curve.points.get(place).map_or(f64::NAN, |point| point.value);
    let said = say::mark(&shown.curve, place, x, state.link.view.measure);
    match selectable(state) {
        Some(size) => format!("{size}, {said}"),
        None => said,
    }
}

fn protocol(state: &State) -> String {
    let Some(shown) = &state.shown else {
        return String::new();
    };
    let said = say::protocol(&shown.curve.protocol, &shown.curve.device, shown.curve.duration_secs);
    match selectable(state) {
        Some(_) => format!("Table and texts below are of {said}"),
        None => said,
    }
}

fn own_model(state: &State) -> String {
    match &state.link.experiment.model.origin {
        Origin::Own(name) if state.ui.own_model => format!("Chosen: {name}. It stays on this device."),
        Origin::Own(name) => format!("The link was made with “{name}”, which it can't carry. Drop that file here."),
        _ => "It stays on this device.".to_owned(),
    }
}

fn own_text(state: &State) -> String {
    match &state.link.experiment.text.origin {
        Origin::Own(name) if state.ui.own_text.is_none() => {
            format!("The link was made with “{name}”, which it can't carry. Paste or drop that text.")
        }
        Origin::Own(name) => {
            format!("Measured on “{name}”. It stays on this device: links hold only its name and SHA-256.")
        }
        _ => "It stays on this device. It needs about 400 words for each window of 512 tokens.".to_owned(),
    }
}

fn scored(state: &State) -> String {
    let e = &state.link.experiment;
    let scored = e.windows as u64 * (e.window as u64).saturating_sub(1);
    // A method that has seen the text does better on it than on any other.
    let seen = if knob::is_calibrated(e.sweep()) && e.text.origin == e.calibration_text.origin {
        " This method also calibrates on this text, so the loss on other texts will be larger."
    } else {
        ""
    };
    format!(
        "{} predictions are scored at each point. More windows: smaller error bars, longer run.{seen}",
        say::count(scored)
    )
}

/// The selected strength.
fn at(state: &State) -> String {
    let found = state.selected().zip(state.shown.as_ref());
    let Some((point, shown)) = found.and_then(|(place, shown)| Some((shown.curve.points.get(place)?, shown))) else {
        return String::new();
    };
    say::strength(&shown.curve.sweep, point.value)
}

/// What the damaged model is: the one that wrote, else the one that would.
fn modified_title(state: &State) -> String {
    let title = match (&state.writing.spec, &state.shown) {
        (Some(_), _) => return format!("{} at {}", state.writing.title, state.writing.at),
        (None, Some(shown)) => say::curve_name(&shown.curve.sweep),
        (None, None) => return String::new(),
    };
    match at(state) {
        at if at.is_empty() => title,
        at => format!("{title} at {at}"),
    }
}

fn writing(state: &State) -> String {
    let selected = state.selected().zip(state.shown.as_ref());
    let spec = selected.and_then(|(place, shown)| Some(&shown.curve.points.get(place)?.spec));
    let Writing {
        spec: written,
        at: then,
        ..
    } = &state.writing;
    match at(state) {
        at if at.is_empty() => "Select a point in the chart first.".to_owned(),
        at if written.is_some() && written.as_ref() != spec => {
            format!("Written at {then}; press Write again for {at}.")
        }
        at => format!("The damaged model is the selected point: {at}. Choose another in the chart."),
    }
}

fn first_difference(state: &State) -> String {
    let writing = state.task.as_ref().is_some_and(|task| task.wish == Wish::Write);
    match state.writing.first_difference {
        _ if writing => String::new(),
        Some(Some(place)) => format!("First difference: token {place}."),
        Some(None) => "No difference.".to_owned(),
        None => String::new(),
    }
}
