//! The fragment of the page's address: `#v=2&model=…&m=wanda:sparsity=0..0.8/9&text=…&windows=…&seed=…`.
//!
//! Flat and readable. Every value that changes a result is always written, even where it is the default, so that a later
//! change of a default does not change an old link. What can't be understood is reported as a [`Notice`] and replaced by
//! something sensible; unknown keys are kept and written again.

mod reader;

use std::fmt::{self, Display};

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::{Asset, DeviceChoice, Experiment, Sampling, Screen, Tab, View};
use crate::curve::CalibrationStats;
use crate::plot::{Axis, Measure};
use reader::Reader;

/// The version that is written. Versions differ in the defaults of what a link leaves out.
const VERSION: u64 = 2;
/// What separates pairs, what an address may not hold, and what mail and chat programs take for the end of a link.
const ESCAPED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'&')
    .add(b'\'')
    .add(b'(')
    .add(b')')
    .add(b'<')
    .add(b'>')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');
/// Keys are as values, but end at the first `=`.
const ESCAPED_KEY: &AsciiSet = &ESCAPED.add(b'=');

/// Allowed numbers of windows.
pub(super) const WINDOWS: (usize, usize) = (1, 4096);
/// Allowed tokens per window.
pub(super) const WINDOW: (usize, usize) = (8, 8192);
/// Allowed numbers of tokens to write.
pub(super) const TOKENS: (usize, usize) = (1, 512);
/// Allowed perplexity ratios of a threshold.
pub(super) const THRESHOLD: (f64, f64) = (1.001, 1000.0);
/// Allowed temperatures.
pub(super) const TEMPERATURE: (f64, f64) = (0.01, 10.0);

/// Everything that a link holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Link {
    /// What to run.
    pub experiment: Experiment,
    /// How to look at it.
    pub view: View,
    /// The digest of the result that it was copied with.
    pub expect: Option<String>,
    /// What another version wrote, as it was.
    pub unknown: Vec<(String, String)>,
}

/// A link as it was understood.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Opened {
    /// What to use.
    pub link: Link,
    /// What could not be used as it was written.
    pub notices: Vec<Notice>,
}

/// One value of a link that could not be used as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The key in the link.
    pub key: String,
    /// What it was given.
    pub given: String,
    /// What is possible.
    pub allowed: String,
    /// What is used instead.
    pub used: String,
}

impl Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            key,
            given,
            allowed,
            used,
        } = self;
        write!(f, "Link: “{key}={given}” can't be used ({allowed}). Instead: {used}.")
    }
}

impl Link {
    /// The fragment, without `#`.
    #[must_use]
    pub fn to_fragment(&self) -> String {
        let mut writer = Writer(String::new());
        let Self {
            experiment: e,
            view,
            expect,
            unknown,
        } = self;
        writer.pair("v", VERSION);
        writer.asset("model", &e.model);
        writer.pair("m", &e.sweep);
        writer.asset("text", &e.text);
        writer.pair("windows", e.windows);
        writer.pair("window", e.window);
        writer.asset("calibration", &e.calibration_text);
        writer.pair("calibration-windows", e.calibration_windows);
        writer.pair("calibration-stats", word_of(STATS, &e.calibration_stats));
        writer.pair("seed", e.seed);
        writer.pair("threshold", view.threshold);
        let usual = View::default();
        writer.unusual("view", word_of(SCREENS, &view.screen), word_of(SCREENS, &usual.screen));
        writer.unusual(
            "metric",
            word_of(MEASURES, &view.measure),
            word_of(MEASURES, &usual.measure),
        );
        writer.unusual("axis", word_of(AXES, &view.axis), word_of(AXES, &usual.axis));
        if let Some(at) = view.at {
            writer.pair("at", at);
        }
        writer.unusual("prompt", &view.prompt, &usual.prompt);
        if let Sampling::Temperature { temperature, seed } = view.sampling {
            writer.pair("temperature", temperature);
            writer.pair("draw", seed);
        }
        writer.unusual("tokens", view.tokens, usual.tokens);
        writer.unusual("tab", word_of(TABS, &view.tab), word_of(TABS, &usual.tab));
        writer.unusual(
            "device",
            word_of(DEVICES, &view.device),
            word_of(DEVICES, &usual.device),
        );
        if let Some(expect) = expect {
            writer.pair("expect", expect);
        }
        for (key, value) in unknown {
            writer.pair(key, value);
        }
        writer.0
    }

    /// Reads a fragment, with or without `#`. Never fails: what can't be used becomes a notice.
    #[must_use]
    pub fn open(fragment: &str) -> Opened {
        let mut reader = Reader::new(fragment);
        if reader.is_empty() {
            return Opened::default();
        }
        let mut link = reader.version();
        let e = &mut link.experiment;
        reader.asset("model", &mut e.model);
        reader.sweep("m", &mut e.sweep);
        reader.asset("text", &mut e.text);
        reader.within("windows", &mut e.windows, WINDOWS);
        reader.within("window", &mut e.window, WINDOW);
        reader.asset("calibration", &mut e.calibration_text);
        reader.within("calibration-windows", &mut e.calibration_windows, WINDOWS);
        reader.word("calibration-stats", &mut e.calibration_stats, STATS);
        reader.within("seed", &mut e.seed, (0, u64::MAX));

        let view = &mut link.view;
        reader.word("view", &mut view.screen, SCREENS);
        reader.within("threshold", &mut view.threshold, THRESHOLD);
        reader.word("metric", &mut view.measure, MEASURES);
        reader.word("axis", &mut view.axis, AXES);
        view.at = reader.number("at");
        if let Some(prompt) = reader.take("prompt") {
            view.prompt = prompt;
        }
        view.sampling = reader.sampling();
        reader.within("tokens", &mut view.tokens, TOKENS);
        reader.word("tab", &mut view.tab, TABS);
        reader.word("device", &mut view.device, DEVICES);
        link.expect = reader.take("expect");

        let (unknown, notices) = reader.finish();
        link.unknown = unknown;
        Opened { link, notices }
    }
}

type Words<T> = &'static [(&'static str, T)];

const STATS: Words<CalibrationStats> = &[
    ("sequential", CalibrationStats::Sequential),
    ("dense", CalibrationStats::Dense),
];
const MEASURES: Words<Measure> = &[
    ("hemorrhage", Measure::Hemorrhage),
    ("kld", Measure::Kld),
    ("same-top", Measure::SameTop),
];
const AXES: Words<Axis> = &[("linear", Axis::Linear), ("log", Axis::Log)];
const SCREENS: Words<Screen> = &[("model", Screen::Model), ("sizes", Screen::Sizes)];
const TABS: Words<Tab> = &[("chart", Tab::Chart), ("table", Tab::Table), ("curves", Tab::Curves)];
const DEVICES: Words<DeviceChoice> = &[
    ("auto", DeviceChoice::Auto),
    ("gpu", DeviceChoice::Gpu),
    ("flex", DeviceChoice::Flex),
];

fn word_of<T: PartialEq>(words: Words<T>, value: &T) -> &'static str {
    words
        .iter()
        .find(|(_, other)| other == value)
        .map_or("", |(word, _)| word)
}

struct Writer(String);

impl Writer {
    fn pair(&mut self, key: &str, value: impl Display) {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        self.0.extend(utf8_percent_encode(key, ESCAPED_KEY));
        self.0.push('=');
        self.0.extend(utf8_percent_encode(&value.to_string(), ESCAPED));
    }

    fn unusual<T: Display + PartialEq>(&mut self, key: &str, value: T, usual: T) {
        if value != usual {
            self.pair(key, value);
        }
    }

    fn asset(&mut self, key: &str, asset: &Asset) {
        self.pair(key, &asset.origin);
        if let Some(hash) = &asset.sha256 {
            self.pair(&format!("{key}-sha256"), hash);
        }
    }
}

#[cfg(test)]
mod tests;
