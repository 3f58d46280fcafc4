//! Sentences and short lines that the page builds from numbers.

use super::controls;
use crate::curve::{Curve, Outcome, Point, Protocol};
use crate::engine::job::{DeviceKind, DeviceReport};
use crate::modify::catalogue::{self, Parameter, Unit};
use crate::modify::{Step, Sweep, Value};
use crate::plot::{Measure, Sample, Series, format_number, format_value};

/// A duration as a person says it: `8 s`, `2 min 05 s`, `1 h 10 min`.
#[must_use]
pub fn duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return "—".to_owned();
    }
    let whole = seconds.round() as u64;
    match whole {
        0 => format!("{} s", format_number((seconds * 10.0).round() / 10.0)),
        1..60 => format!("{whole} s"),
        60..3600 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole / 60 % 60),
    }
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

/// What x is called: plain words, then the field's term.
#[must_use]
pub fn knob_title(knob: &Parameter) -> String {
    if knob.label == knob.term {
        knob.label.to_owned()
    } else {
        format!("{} ({})", knob.label, knob.term)
    }
}

/// What a curve is called: its methods by name, with the settings that don't vary.
#[must_use]
pub fn curve_name(sweep: &Sweep) -> String {
    let step = |step: &Step| {
        let title = catalogue::find(&step.name).map_or(step.name.as_str(), |entry| entry.title);
        let fixed = step
            .values
            .iter()
            .filter(|(_, value)| !matches!(value, Value::Range { .. }));
        let fixed = fixed.map(|(key, value)| format!(", {key} {value}")).collect::<String>();
        format!("{title}{fixed}")
    };
    let steps = sweep.steps.iter().map(step).collect::<Vec<_>>();
    if steps.is_empty() {
        "untouched".to_owned()
    } else {
        steps.join(" + ")
    }
}

/// What the badge says of a device.
#[must_use]
pub fn device(report: &DeviceReport) -> String {
    match report.kind {
        DeviceKind::Gpu => "WebGPU, verified".to_owned(),
        DeviceKind::Flex => "CPU".to_owned(),
    }
}

/// What the self-test found.
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
        Some(reason) => format!("{result} WebGPU is not used: {reason}"),
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
        seed,
        ..
    } = protocol;
    let calibration = protocol.calibration.as_ref().map_or_else(String::new, |calibration| {
        let windows = counted(calibration.windows, "window");
        format!(" · calibrated on {} ({windows})", calibration.text_name)
    });
    format!(
        "{model_name} · {text_name} · {} × {window} tokens ({} scored){calibration} · seed {seed} · \
         {device} · {}",
        counted(*windows, "window"),
        count(*tokens as u64),
        duration(seconds),
    )
}

/// `1 window`, `8 windows`.
#[must_use]
pub fn counted(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

/// What a point says when it is selected or read aloud, without its x.
#[must_use]
pub fn sample(sample: &Sample, measure: Measure) -> String {
    if let Some(reason) = &sample.failed {
        return format!("not measured: {reason}");
    }
    if !sample.y.is_finite() {
        return "off the scale: the model's probabilities are no numbers any more".to_owned();
    }
    let error = if sample.half_width > 0.0 && sample.half_width.is_finite() {
        format!(" ± {}", format_number(round_to(sample.half_width, 2)))
    } else {
        String::new()
    };
    match measure {
        Measure::Hemorrhage => format!(
            "perplexity × {} (hemorrhage {}{error})",
            format_number(round_to(sample.y.exp(), 3)),
            format_number(round_to(sample.y, 3)),
        ),
        Measure::Kld => format!("KL divergence {}{error} nats", format_number(round_to(sample.y, 3))),
        Measure::SameTop => format!(
            "{} of next words the same{}",
            format_value(round_to(sample.y, 3), Unit::Share),
            if error.is_empty() {
                String::new()
            } else {
                format!(" ± {}", format_value(round_to(sample.half_width, 2), Unit::Share))
            },
        ),
    }
}

/// What a mark of a curve says: its strength and its value, or that it is being measured.
#[must_use]
pub fn mark(curve: &Curve, index: usize, x: f64, measure: Measure) -> String {
    let knob = controls::knob(&curve.sweep);
    let unit = knob.and_then(|knob| knob.unit()).unwrap_or(Unit::Count);
    let x = format!("{} {}", knob.map_or("value", |knob| knob.term), format_value(x, unit));
    match Series::of(curve, measure).samples.get(index) {
        Some(found) => format!("{x}: {}", sample(found, measure)),
        None => format!("{x}: being measured"),
    }
}

/// What is read aloud when a point arrives.
#[must_use]
pub fn arrival(index: usize, total: usize, knob: Option<&Parameter>, point: &Point) -> String {
    let x = match knob {
        Some(knob) => format!(
            "{} {}",
            knob.term,
            format_value(point.value, knob.unit().unwrap_or(Unit::Count))
        ),
        None => point.spec.to_string(),
    };
    let y = match &point.outcome {
        Outcome::Measured(measured) if measured.hemorrhage.ln_ratio.is_finite() => format!(
            "perplexity {} times",
            format_number(round_to(measured.hemorrhage.ln_ratio.exp(), 3))
        ),
        Outcome::Measured(_) => "perplexity off the scale".to_owned(),
        Outcome::Failed(reason) => format!("not measured: {reason}"),
    };
    format!("Point {} of {total}: {x}, {y}.", index + 1)
}

/// A number with so many significant digits.
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

    #[test]
    fn durations_are_said_as_people_say_them() {
        for (seconds, text) in [
            (0.04, "0 s"),
            (0.42, "0.4 s"),
            (8.4, "8 s"),
            (59.6, "1 min 00 s"),
            (125.0, "2 min 05 s"),
            (4200.0, "1 h 10 min"),
            (f64::NAN, "—"),
        ] {
            assert_eq!(duration(seconds), text);
        }
    }

    #[test]
    fn curves_are_called_by_their_methods() {
        let name = |text: &str| curve_name(&text.parse().expect("a sweep of the grammar"));
        let wanda = catalogue::find("wanda").expect("in the catalogue").title;
        assert_eq!(name("wanda:sparsity=0..0.8/9"), wanda);
        assert_eq!(name("wanda:pattern=2:4"), format!("{wanda}, pattern 2:4"));
        assert!(name("wanda:sparsity=0.4+rtn:bits=8..2/7").starts_with(&format!("{wanda}, sparsity 0.4 + ")));
    }

    #[test]
    fn large_counts_are_spaced() {
        assert_eq!(count(4088), "4088");
        assert_eq!(count(134_515_008), "134\u{202f}515\u{202f}008");
    }

    #[test]
    fn a_sample_is_said_with_its_error() {
        let whole = Sample {
            x: 0.3,
            y: 1.42_f64.ln(),
            half_width: 0.0213,
            failed: None,
        };
        assert_eq!(
            sample(&whole, Measure::Hemorrhage),
            "perplexity × 1.42 (hemorrhage 0.351 ± 0.021)"
        );
        let lost = Sample {
            y: f64::NAN,
            ..whole.clone()
        };
        assert!(sample(&lost, Measure::Kld).starts_with("off the scale"));
        let failed = Sample {
            failed: Some("out of memory".to_owned()),
            ..lost
        };
        assert_eq!(sample(&failed, Measure::Kld), "not measured: out of memory");
    }
}
