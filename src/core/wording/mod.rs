//! Sentences and short lines that the page builds from numbers.

mod depth;
mod names;
pub mod opening;
mod points;
#[cfg(test)]
pub(crate) mod testing;

pub use depth::{depth, depth_mark, depth_value};
pub use names::{curve_name, kept_name, knob_title, strength, title};
pub use points::{LOST, arrival, mark, sample, strength_in_full};

use names::device_name;

use crate::curve::digest::Verdict;
use crate::curve::{CalibrationStats, Curve, Protocol};
use crate::experiment::Question;
use crate::metric::is_lost;
use crate::modify::Sweep;
use crate::modify::catalogue::Unit;
use crate::plot::{format_number, format_value};
use crate::protocol::{DeviceKind, DeviceReport};

/// The tag of a result that comes with the page.
pub const STORED: &str = "stored result, not measured here";

/// The title of a picture: the whole modification, model and text.
#[must_use]
pub fn experiment_title(sweep: &Sweep, model: &str, text: &str) -> String {
    format!("{} · {} · {}", curve_name(sweep), title(model), title(text))
}

/// A sentence with unbreakable spaces that keep each position on one line with its model size.
#[must_use]
pub fn kept_together(text: &str) -> String {
    let text = text.replace(" %", "\u{a0}%").replace(" ± ", "\u{a0}±\u{a0}");
    text.replace("M at ", "M\u{a0}at\u{a0}")
}

/// A text with a full stop at its end.
#[must_use]
pub fn ended(text: &str) -> String {
    let text = text.trim_end();
    let stop = if text.is_empty() || text.ends_with(['.', '!', '?', '…']) {
        ""
    } else {
        "."
    };
    format!("{text}{stop}")
}

/// A text as a sentence of its own, since error messages begin in lower case and have no full stop. A name at the
/// beginning stays as it is.
#[must_use]
pub fn sentence(text: &str) -> String {
    let mut text = ended(text);
    let first = text.split(' ').next().unwrap_or_default();
    if first
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || b"':".contains(&byte))
        && let Some(letter) = text.get_mut(..1)
    {
        letter.make_ascii_uppercase();
    }
    text
}

/// A duration in words: `8 s`, `2 min 05 s`, `12 min`, `1 h 10 min`.
#[must_use]
pub fn duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return "—".to_owned();
    }
    let whole = seconds.round() as u64;
    let text = match whole {
        0 => format!("{} s", format_number((seconds * 10.0).round() / 10.0)),
        1..60 => format!("{whole} s"),
        60..600 => format!("{} min {:02} s", whole / 60, whole % 60),
        600..3600 => format!("{} min", whole / 60),
        _ => format!("{} h {:02} min", whole / 3600, whole / 60 % 60),
    };
    // Keeps numbers and units on one line.
    text.replace(' ', "\u{a0}")
}

/// A count with spaces between thousands: `12 264`.
#[must_use]
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    if digits.len() < 5 {
        return digits;
    }
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// Whether this curve reproduced a shared result, and if not, where it differs.
#[must_use]
pub fn verdict(verdict: &Verdict, curve: &Curve) -> String {
    let sweep = &curve.sweep;
    match verdict {
        Verdict::Differs { value, by } => {
            let side = if *by > 0.0 { "higher" } else { "lower" };
            let at = strength(sweep, *value);
            // What the digest's items are.
            let what = match curve.question {
                Question::Curve if is_lost(by.abs()) => format!("perplexity came out far {side}"),
                Question::Curve => {
                    let share = format_value(round_to((by.exp() - 1.0).abs(), 2), Unit::Share);
                    format!("perplexity came out {share} {side}")
                }
                Question::Depth => {
                    let by = format_number(round_to(by.abs(), 2));
                    format!("the relative error at the end came out {by} {side}")
                }
            };
            // A device's last digits decide which of two nearly equal weights is pruned, and with sequential
            // calibration the effect grows from block to block.
            let calibration = curve.protocol.calibration.as_ref();
            let sequential = calibration.is_some_and(|found| found.stats == CalibrationStats::Sequential);
            let why = if sequential {
                " Calibrated on blocks already damaged, another kind of device gives other numbers; calibrate on the \
                 untouched model to compare devices."
            } else {
                ""
            };
            format!("Differs: at {at}, {what} than in the link.{why}")
        }
        Verdict::Unlike {
            value,
            expected,
            measured,
        } => {
            let at = strength(sweep, *value);
            format!("Differs: at {at}, the link has {expected} and this run {measured}.")
        }
        other => sentence(&other.to_string()),
    }
}

/// The text of the device's badge.
#[must_use]
pub fn device(report: &DeviceReport) -> String {
    match report.kind {
        DeviceKind::Gpu => "WebGPU, verified".to_owned(),
        DeviceKind::Flex => "CPU".to_owned(),
    }
}

/// The result of the self-test.
#[must_use]
pub fn self_test(report: &DeviceReport) -> String {
    let result = match report.self_test_difference {
        Some(difference) => format!(
            "Self-test passed: a small model's outputs differ from the CPU's by {} at most; {} is allowed.",
            format_number(difference),
            format_number(report.self_test_bound),
        ),
        None => "Computed on the CPU, which is what other devices are compared with.".to_owned(),
    };
    match &report.refused {
        Some(reason) => format!("{result} WebGPU is not used: {}", ended(reason)),
        None => result,
    }
}

/// The line under the chart.
#[must_use]
pub fn protocol(protocol: &Protocol, device: &str, seconds: f64) -> String {
    let Protocol {
        model_name,
        text_name,
        windows,
        window,
        tokens,
        ..
    } = protocol;
    let calibration = protocol.calibration.as_ref().map_or_else(String::new, |calibration| {
        let windows = counted(calibration.windows, "window");
        format!(" · calibrated on {} ({windows})", title(&calibration.text_name))
    });
    // A run in progress has no duration yet.
    let took = if seconds > 0.0 {
        format!(" · {}", duration(seconds))
    } else {
        String::new()
    };
    format!(
        "{} · {} · {} × {window} tokens ({} scored){calibration} · {}{took}",
        title(model_name),
        title(text_name),
        counted(*windows, "window"),
        count(*tokens as u64),
        device_name(device),
    )
}

/// `1 window`, `8 windows`, with an unbreakable space.
#[must_use]
pub fn counted(number: usize, thing: &str) -> String {
    format!("{number}\u{a0}{thing}{}", if number == 1 { "" } else { "s" })
}

/// A number rounded to this many significant digits.
#[must_use]
pub fn round_to(value: f64, digits: i32) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let scale = 10_f64.powi(digits - 1 - value.abs().log10().floor() as i32);
    if scale.is_finite() {
        (value * scale).round() / scale
    } else {
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wording::testing::smollm2;

    #[test]
    fn sentences_end_and_names_keep_their_letters() {
        for (text, whole) in [
            ("the server is down", "The server is down."),
            ("it's gone.", "It's gone."),
            ("offline: no network", "Offline: no network."),
            ("page.gguf is a web page", "page.gguf is a web page."),
            ("Nothing … ", "Nothing …"),
            ("", ""),
        ] {
            assert_eq!(sentence(text), whole);
        }
        assert_eq!(ended("no adapter"), "no adapter.");
    }

    #[test]
    fn durations_are_said_as_people_say_them() {
        for (seconds, text) in [
            (0.04, "0 s"),
            (0.42, "0.4 s"),
            (8.4, "8 s"),
            (59.6, "1 min 00 s"),
            (125.0, "2 min 05 s"),
            (1234.0, "20 min"),
            (4200.0, "1 h 10 min"),
            (f64::NAN, "—"),
        ] {
            assert_eq!(duration(seconds), text.replace(' ', "\u{a0}"));
        }
    }

    #[test]
    fn a_protocol_is_said_in_the_pages_words() {
        let mut curve = smollm2();
        curve.protocol.windows = 1;
        assert_eq!(
            protocol(&curve.protocol, "CPU (flex)", 0.0),
            "SmolLM2-135M-Instruct · Everyday prose · 1\u{a0}window × 512 tokens (4088 scored) · calibrated on Household \
             prose (8\u{a0}windows) · CPU"
        );
    }

    #[test]
    fn a_verdict_says_how_much_and_where() {
        let mut curve = smollm2();
        let by = |by, curve: &Curve| verdict(&Verdict::Differs { value: 0.5, by }, curve);
        assert_eq!(
            by(0.012, &curve),
            "Differs: at 50\u{202f}%, perplexity came out 1.2\u{202f}% higher than in the link."
        );
        assert!(by(-0.012, &curve).contains("1.2\u{202f}% lower"));
        assert!(by(20.9, &curve).contains("perplexity came out far higher than"));
        assert!(verdict(&Verdict::Reproduced, &curve).starts_with("Reproduced: every point"));
        assert!(verdict(&Verdict::Unreadable, &curve).ends_with("damaged."));
        let calibration = curve.protocol.calibration.as_mut().expect("Wanda calibrates");
        calibration.stats = CalibrationStats::Sequential;
        assert!(by(0.3, &curve).ends_with("to compare devices."));
        curve.question = Question::Depth;
        assert!(by(0.012, &curve).contains("the relative error at the end came out 0.012 higher"));
    }

    #[test]
    fn large_counts_are_spaced() {
        assert_eq!(count(4088), "4088");
        assert_eq!(count(134_515_008), "134\u{202f}515\u{202f}008");
    }
}
