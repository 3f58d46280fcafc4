//! What things are called: knobs, curves, models and texts.

use super::counted;
use crate::curve::{CalibrationStats, Curve};
use crate::experiment::{BUNDLED_CALIBRATION, BUNDLED_TEXT, bundled};
use crate::modify::catalogue::{self, Parameter, Unit};
use crate::modify::{Step, Sweep, Value, knob};
use crate::plot::format_value;

/// The title of the x axis: plain words, then the field's term.
#[must_use]
pub fn knob_title(knob: &Parameter) -> String {
    if knob.label == knob.term {
        knob.label.to_owned()
    } else {
        format!("{} ({})", knob.label, knob.term)
    }
}

/// The name of a curve: its methods by name, with the settings that don't vary.
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

/// A strength of a sweep, as it is shown: `50 %`, `4 bits`.
#[must_use]
pub fn strength(sweep: &Sweep, value: f64) -> String {
    let unit = knob::knob(sweep).and_then(|knob| knob.unit());
    format_value(value, unit.unwrap_or(Unit::Count))
}

/// The name of a kept curve: as [`curve_name`], with what distinguishes it from others of the same name.
#[must_use]
pub fn kept_name<'a>(curve: &Curve, others: impl Iterator<Item = (&'a str, &'a Curve)>) -> String {
    let base = curve_name(&curve.sweep);
    let facts = facts(curve);
    let mut told = [false; FACTS];
    let mut taken = Vec::new();
    for (name, other) in others.filter(|(_, other)| curve_name(&other.sweep) == base) {
        taken.push(name);
        for (told, (one, other)) in told.iter_mut().zip(facts.iter().zip(self::facts(other))) {
            *told |= *one != other;
        }
    }
    let mut name = base;
    for (fact, _) in facts.iter().zip(told).filter(|(_, told)| *told) {
        name.push_str(", ");
        name.push_str(fact);
    }
    let mut number = 1;
    let mut free = name.clone();
    while taken.contains(&free.as_str()) {
        number += 1;
        free = format!("{name} ({number})");
    }
    free
}

const FACTS: usize = 6;

/// What two curves of one method can differ in.
fn facts(curve: &Curve) -> [String; FACTS] {
    let protocol = &curve.protocol;
    let calibration = protocol.calibration.as_ref();
    let range = knob::range(&curve.sweep).map_or_else(String::new, |(_, (from, to, points))| {
        let [from, to] = [from, to].map(|end| strength(&curve.sweep, end));
        format!("{from} to {to} in {}", counted(points, "point"))
    });
    [
        title(&protocol.model_name).to_owned(),
        title(&protocol.text_name).to_owned(),
        format!("{} × {} tokens", counted(protocol.windows, "window"), protocol.window),
        calibration.map_or_else(String::new, |calibration| {
            let stats = match calibration.stats {
                CalibrationStats::Sequential => "damaged blocks",
                CalibrationStats::Dense => "the untouched model",
            };
            format!("calibrated with {} of {stats}", counted(calibration.windows, "window"))
        }),
        range,
        device_name(&curve.device).to_owned(),
    ]
}

/// The title of a text or model that comes with the page; others keep their own names.
#[must_use]
pub fn title(name: &str) -> &str {
    match name {
        BUNDLED_TEXT => "Everyday prose",
        BUNDLED_CALIBRATION => "Household prose",
        other => bundled::find(other).map_or(other, |model| model.title),
    }
}

/// A result's device without the name of the library that computed on it.
pub(super) fn device_name(device: &str) -> &str {
    device.strip_suffix(" (flex)").unwrap_or(device)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wording::testing::smollm2;

    #[test]
    fn curves_are_called_by_their_methods() {
        let name = |text: &str| curve_name(&text.parse().expect("a sweep of the grammar"));
        let wanda = catalogue::find("wanda").expect("in the catalogue").title;
        assert_eq!(name("wanda:sparsity=0..0.8/9"), wanda);
        assert_eq!(name("wanda:pattern=2:4"), format!("{wanda}, pattern 2:4"));
        assert!(name("wanda:sparsity=0.4+rtn:bits=8..2/7").starts_with(&format!("{wanda}, sparsity 0.4 + ")));
    }

    #[test]
    fn bundled_texts_go_by_the_titles_of_their_list() {
        let list: serde_json::Value =
            serde_json::from_str(include_str!("../../../web/texts/manifest.json")).expect("a list of texts");
        for text in list.as_array().expect("a list") {
            assert_eq!(title(text["name"].as_str().expect("a name")), text["title"]);
        }
        assert_eq!(title("mine.txt"), "mine.txt");
    }

    #[test]
    fn kept_curves_of_one_method_are_told_apart() {
        let first = smollm2();
        let mut kept = Vec::new();
        let mut keep = |curve: &Curve| {
            let name = kept_name(
                curve,
                kept.iter()
                    .map(|(name, curve): &(String, Curve)| (name.as_str(), curve)),
            );
            kept.push((name.clone(), curve.clone()));
            name
        };
        let wanda = curve_name(&first.sweep);
        assert_eq!(keep(&first), wanda);
        assert_eq!(keep(&first), format!("{wanda} (2)"));
        let mut other = first.clone();
        other.protocol.windows = 16;
        other.protocol.text_name = "mine.txt".to_owned();
        assert_eq!(keep(&other), format!("{wanda}, mine.txt, 16\u{a0}windows × 512 tokens"));
    }
}
