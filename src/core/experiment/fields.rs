//! Every value that can be set for an experiment and its view: one table for the link, the page's controls, the command
//! line and the engine's limits.

mod read;

use super::{DeviceChoice, Question, Sampling, Screen, Settings, Tab, View};
use crate::curve::CalibrationStats;
use crate::modify::Sweep;
use crate::numeric::parse_finite;
use crate::plot::{Axis, DepthMeasure, Measure};
use crate::weights::BLOCKS_MAX;
use read::{names, not_among, number, origin, rejected, sha256, unusual, unusual_word, whole, word, word_of};

/// One value: its key, its label, what it may be, and how it is read and written.
pub struct Field {
    /// Its key in a link.
    pub key: &'static str,
    /// What it is, in plain words.
    pub label: &'static str,
    /// What it may be.
    pub kind: Kind,
    /// The field is ignored where the value of this other key can't be used.
    pub(crate) only_with: Option<&'static str>,
    pub(crate) read: fn(&mut Settings, &str) -> Result<(), Rejected>,
    /// Gives `None` where the link leaves it out: it is not set, or it changes no result and has its default.
    pub(crate) write: fn(&Settings) -> Option<String>,
}

/// What a field may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// A whole number in `min..=max`.
    Whole {
        /// Smallest allowed.
        min: u64,
        /// Largest allowed.
        max: u64,
    },
    /// A number in `min..=max`.
    Number {
        /// Smallest allowed.
        min: f64,
        /// Largest allowed.
        max: f64,
    },
    /// One of a few words.
    Word(&'static [&'static str]),
    /// Any other text, checked by its reader.
    Text,
}

/// A value that could not be used as it was written.
pub(crate) struct Rejected {
    /// What is allowed.
    pub(crate) allowed: String,
    /// What is used instead.
    pub(crate) used: String,
}

impl Field {
    /// The smallest and largest number it takes; `None` if it is not a number.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "limits are round numbers or the end of the type"
    )]
    pub const fn range(&self) -> Option<(f64, f64)> {
        match self.kind {
            Kind::Whole { min, max } => Some((min as f64, max as f64)),
            Kind::Number { min, max } => Some((min, max)),
            Kind::Word(_) | Kind::Text => None,
        }
    }

    /// The smallest and largest whole number it takes; the full range of `u64` if it is not a whole number.
    #[must_use]
    pub const fn whole(&self) -> (u64, u64) {
        match self.kind {
            Kind::Whole { min, max } => (min, max),
            _ => (0, u64::MAX),
        }
    }
}

/// All fields, in the order in which a link holds them.
pub const FIELDS: &[&Field] = &[
    &ASK,
    &MODEL,
    &MODEL_SHA256,
    &MODIFICATION,
    &TEXT,
    &TEXT_SHA256,
    &WINDOWS,
    &WINDOW,
    &CALIBRATION,
    &CALIBRATION_SHA256,
    &CALIBRATION_WINDOWS,
    &CALIBRATION_STATS,
    &SEED,
    &THRESHOLD,
    &SCREEN,
    &MEASURE,
    &AXIS,
    &DEPTH_MEASURE,
    &SITE,
    &AT,
    &PROMPT,
    &TEMPERATURE,
    &DRAW,
    &TOKENS,
    &TAB,
    &DEVICE,
    &EXPECT,
];

/// The two fields of a model or a text: where it comes from, and the hash that makes a result repeatable.
macro_rules! asset_fields {
    ($origin:ident, $sha256:ident, $slot:ident, $key:literal, $sha256_key:literal, $label:literal) => {
        #[doc = concat!("Where ", $label, " comes from.")]
        pub const $origin: Field = Field {
            key: $key,
            label: $label,
            kind: Kind::Text,
            only_with: None,
            read: |link, given| origin(given, &mut link.experiment.$slot),
            write: |link| Some(link.experiment.$slot.origin.to_string()),
        };
        #[doc = concat!("The SHA-256 of ", $label, ".")]
        pub const $sha256: Field = Field {
            key: $sha256_key,
            label: concat!("the SHA-256 of ", $label),
            kind: Kind::Text,
            // If the model or text was replaced by a default, its hash must not be checked against the link's.
            only_with: Some($key),
            read: |link, given| sha256(given, &mut link.experiment.$slot),
            write: |link| link.experiment.$slot.sha256.clone(),
        };
    };
}

/// What is asked.
pub const ASK: Field = Field {
    key: "ask",
    label: "what is asked",
    kind: Kind::Word(&Question::WORDS),
    only_with: None,
    read: |link, given| {
        let ask = &mut link.experiment.ask;
        let sweep = ask.sweep().clone();
        let question = Question::find(given).ok_or_else(|| not_among(&ASK, ask.question().word()))?;
        *ask = question.of(sweep);
        Ok(())
    },
    write: |link| Some(link.experiment.ask.question().word().to_owned()),
};

asset_fields!(MODEL, MODEL_SHA256, model, "model", "model-sha256", "the model");

/// The modification with its range.
pub const MODIFICATION: Field = Field {
    key: "m",
    label: "what is done to the model",
    kind: Kind::Text,
    only_with: None,
    read: |link, given| {
        let sweep = link.experiment.sweep_mut();
        match given.parse::<Sweep>() {
            Ok(read) => *sweep = read,
            Err(error) => return Err(rejected(error, &*sweep)),
        }
        Ok(())
    },
    write: |link| Some(link.experiment.sweep().to_string()),
};

asset_fields!(TEXT, TEXT_SHA256, text, "text", "text-sha256", "the text to measure on");

/// Windows to measure. The limit keeps the untouched model's hidden states within memory.
pub const WINDOWS: Field = Field {
    key: "windows",
    label: "windows to measure",
    kind: Kind::Whole { min: 1, max: 4096 },
    only_with: None,
    read: |link, given| whole(&WINDOWS, given, &mut link.experiment.windows),
    write: |link| Some(link.experiment.windows.to_string()),
};

/// Tokens per window.
pub const WINDOW: Field = Field {
    key: "window",
    label: "tokens in a window",
    kind: Kind::Whole { min: 2, max: 8192 },
    only_with: None,
    read: |link, given| whole(&WINDOW, given, &mut link.experiment.window),
    write: |link| Some(link.experiment.window.to_string()),
};

asset_fields!(
    CALIBRATION,
    CALIBRATION_SHA256,
    calibration_text,
    "calibration",
    "calibration-sha256",
    "the text to calibrate on"
);

/// Windows to calibrate on.
pub const CALIBRATION_WINDOWS: Field = Field {
    key: "calibration-windows",
    label: "windows to calibrate on",
    kind: WINDOWS.kind,
    only_with: None,
    read: |link, given| whole(&CALIBRATION_WINDOWS, given, &mut link.experiment.calibration_windows),
    write: |link| Some(link.experiment.calibration_windows.to_string()),
};

/// How calibration statistics are collected.
pub const CALIBRATION_STATS: Field = Field {
    key: "calibration-stats",
    label: "where calibration statistics come from",
    kind: Kind::Word(&names(&STATS)),
    only_with: None,
    read: |link, given| {
        word(
            &CALIBRATION_STATS,
            &STATS,
            given,
            &mut link.experiment.calibration_stats,
        )
    },
    write: |link| Some(word_of(&STATS, &link.experiment.calibration_stats).to_owned()),
};

/// The seed of everything random.
pub const SEED: Field = Field {
    key: "seed",
    label: "the seed of everything random",
    kind: Kind::Whole { min: 0, max: u64::MAX },
    only_with: None,
    read: |link, given| whole(&SEED, given, &mut link.experiment.seed),
    write: |link| Some(link.experiment.seed.to_string()),
};

/// The perplexity ratio at which a model counts as broken.
pub const THRESHOLD: Field = Field {
    key: "threshold",
    label: "broken at so many times the perplexity",
    kind: Kind::Number {
        min: 1.001,
        max: 1000.0,
    },
    only_with: None,
    read: |link, given| number(&THRESHOLD, given, &mut link.view.threshold),
    write: |link| Some(link.view.threshold.to_string()),
};

/// Which models the chart compares.
pub const SCREEN: Field = Field {
    key: "view",
    label: "which models the chart compares",
    kind: Kind::Word(&names(&SCREENS)),
    only_with: None,
    read: |link, given| word(&SCREEN, &SCREENS, given, &mut link.view.screen),
    write: |link| unusual_word(&SCREENS, |view| view.screen, link),
};

/// What the chart shows.
pub const MEASURE: Field = Field {
    key: "metric",
    label: "what the chart shows",
    kind: Kind::Word(&names(&MEASURES)),
    only_with: None,
    read: |link, given| word(&MEASURE, &MEASURES, given, &mut link.view.measure),
    write: |link| unusual_word(&MEASURES, |view| view.measure, link),
};

/// How the chart's axis is divided.
pub const AXIS: Field = Field {
    key: "axis",
    label: "how the chart's axis is divided",
    kind: Kind::Word(&names(&AXES)),
    only_with: None,
    read: |link, given| word(&AXIS, &AXES, given, &mut link.view.axis),
    write: |link| unusual_word(&AXES, |view| view.axis, link),
};

/// What the chart along the depth shows.
pub const DEPTH_MEASURE: Field = Field {
    key: "depth-metric",
    label: "what the chart along the depth shows",
    kind: Kind::Word(&names(&DEPTH_MEASURES)),
    only_with: None,
    read: |link, given| word(&DEPTH_MEASURE, &DEPTH_MEASURES, given, &mut link.view.depth_measure),
    write: |link| unusual_word(&DEPTH_MEASURES, |view| view.depth_measure, link),
};

/// The selected place along the depth.
pub const SITE: Field = Field {
    key: "site",
    label: "the selected place along the depth",
    kind: Kind::Whole {
        min: 0,
        max: BLOCKS_MAX as u64,
    },
    only_with: None,
    read: |link, given| {
        let mut site = 0;
        let read = whole(&SITE, given, &mut site);
        if read.is_ok() {
            link.view.site = Some(site);
        }
        read
    },
    write: |link| link.view.site.map(|site| site.to_string()),
};

/// The selected strength.
pub const AT: Field = Field {
    key: "at",
    label: "the selected strength",
    kind: Kind::Text,
    only_with: None,
    read: |link, given| {
        link.view.at = parse_finite(given);
        let rejected = || rejected("a number", "the page's own choice");
        link.view.at.is_some().then_some(()).ok_or_else(rejected)
    },
    write: |link| link.view.at.map(|at| at.to_string()),
};

/// What both models continue.
pub const PROMPT: Field = Field {
    key: "prompt",
    label: "what both models continue",
    kind: Kind::Text,
    only_with: None,
    read: |link, given| {
        link.view.prompt = given.to_owned();
        Ok(())
    },
    write: |link| unusual(&link.view.prompt, &View::default().prompt),
};

/// The sampling temperature; without one, decoding is greedy.
pub const TEMPERATURE: Field = Field {
    key: "temperature",
    label: "the temperature that tokens are drawn at",
    kind: Kind::Number { min: 0.01, max: 10.0 },
    only_with: None,
    read: |link, given| {
        let mut temperature = 0.0;
        let read = number(&TEMPERATURE, given, &mut temperature);
        if temperature > 0.0 {
            link.view.sampling = Sampling::Temperature { temperature, seed: 0 };
        }
        read
    },
    write: |link| match link.view.sampling {
        Sampling::Temperature { temperature, .. } => Some(temperature.to_string()),
        Sampling::Greedy => None,
    },
};

/// The seed for sampling tokens.
pub const DRAW: Field = Field {
    key: "draw",
    label: "the seed that tokens are drawn with",
    kind: SEED.kind,
    only_with: None,
    read: |link, given| {
        let mut drawn = 0;
        let read = whole(&DRAW, given, &mut drawn);
        if let Sampling::Temperature { seed, .. } = &mut link.view.sampling {
            *seed = drawn;
        }
        read
    },
    write: |link| match link.view.sampling {
        Sampling::Temperature { seed, .. } => Some(seed.to_string()),
        Sampling::Greedy => None,
    },
};

/// The most tokens that each model writes.
pub const TOKENS: Field = Field {
    key: "tokens",
    label: "tokens that both models write",
    kind: Kind::Whole { min: 1, max: 8192 },
    only_with: None,
    read: |link, given| whole(&TOKENS, given, &mut link.view.tokens),
    write: |link| unusual(&link.view.tokens, &View::default().tokens),
};

/// What is open under the chart.
pub const TAB: Field = Field {
    key: "tab",
    label: "what is open under the chart",
    kind: Kind::Word(&names(&TABS)),
    only_with: None,
    read: |link, given| word(&TAB, &TABS, given, &mut link.view.tab),
    write: |link| unusual_word(&TABS, |view| view.tab, link),
};

/// The device to compute on.
pub const DEVICE: Field = Field {
    key: "device",
    label: "what computes",
    kind: Kind::Word(&names(&DEVICES)),
    only_with: None,
    read: |link, given| word(&DEVICE, &DEVICES, given, &mut link.view.device),
    write: |link| unusual_word(&DEVICES, |view| view.device, link),
};

/// The digest of the result at the time the link was copied.
pub const EXPECT: Field = Field {
    key: "expect",
    label: "the result that the link was copied with",
    kind: Kind::Text,
    only_with: None,
    read: |link, given| {
        link.expect = Some(given.to_owned());
        Ok(())
    },
    write: |link| link.expect.clone(),
};

const STATS: [(&str, CalibrationStats); 2] = [
    ("sequential", CalibrationStats::Sequential),
    ("dense", CalibrationStats::Dense),
];
const MEASURES: [(&str, Measure); 3] = [
    ("hemorrhage", Measure::Hemorrhage),
    ("kld", Measure::Kld),
    ("same-top", Measure::SameTop),
];
const DEPTH_MEASURES: [(&str, DepthMeasure); 3] = [
    ("relative-error", DepthMeasure::RelativeError),
    ("cosine", DepthMeasure::Cosine),
    ("cka", DepthMeasure::Cka),
];
const AXES: [(&str, Axis); 2] = [("linear", Axis::Linear), ("log", Axis::Log)];
const SCREENS: [(&str, Screen); 2] = [("model", Screen::Model), ("sizes", Screen::Sizes)];
const TABS: [(&str, Tab); 3] = [("chart", Tab::Chart), ("table", Tab::Table), ("curves", Tab::Curves)];
const DEVICES: [(&str, DeviceChoice); 3] = [
    ("auto", DeviceChoice::Auto),
    ("gpu", DeviceChoice::Gpu),
    ("flex", DeviceChoice::Flex),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_stands_once_and_has_words() {
        for (i, field) in FIELDS.iter().enumerate() {
            assert!(FIELDS[..i].iter().all(|other| other.key != field.key), "{}", field.key);
            assert!(!field.label.is_empty(), "{}", field.key);
            assert!(
                field
                    .only_with
                    .is_none_or(|key| FIELDS.iter().any(|other| other.key == key)),
                "{}",
                field.key
            );
        }
    }

    #[test]
    fn every_word_that_is_offered_is_read_and_written_again() {
        for field in FIELDS {
            let Kind::Word(words) = field.kind else { continue };
            for word in words {
                let mut link = Settings::default();
                assert!((field.read)(&mut link, word).is_ok(), "{}={word}", field.key);
                // The view leaves out defaults.
                let written = (field.write)(&link);
                assert!(written.is_none_or(|written| written == *word), "{}={word}", field.key);
            }
            assert!(
                (field.read)(&mut Settings::default(), "nonsense").is_err(),
                "{}",
                field.key
            );
        }
    }

    #[test]
    fn defaults_are_within_their_limits() {
        for field in FIELDS {
            let written = (field.write)(&Settings::default());
            let (Some((min, max)), Some(written)) = (field.range(), written) else {
                continue;
            };
            let value = written.parse::<f64>().unwrap();
            assert!((min..=max).contains(&value), "{}", field.key);
        }
    }

    #[test]
    fn a_number_beyond_its_limits_becomes_the_nearer_end() {
        let mut windows = 8_usize;
        for (given, used) in [("5000", 4096), ("0", 1), ("-3", 1), ("12", 12), ("x", 12), ("2.5", 12)] {
            let read = whole(&WINDOWS, given, &mut windows);
            assert_eq!((windows, read.is_ok()), (used, given == "12"), "{given}");
        }
    }
}
