//! The damage along the depth, in words.

use super::{curve_name, ended, round_to, strength, strength_in_full, title};
use crate::curve::sentence::Answer;
use crate::curve::{Curve, Outcome, Point};
use crate::modify::catalogue::Unit;
use crate::modify::{Sweep, knob};
use crate::observation::{Observation, find};
use crate::plot::{DepthMeasure, format_number};

/// The relative error, in words.
const MEASURE: &str = "relative_error";

/// What a screen reader announces when a point arrives.
pub(super) fn arrival(observations: &[Observation]) -> String {
    match find(observations, MEASURE).and_then(|error| error.values.last()) {
        Some(last) if last.is_finite() => format!("relative error {} at the end", percent(*last)),
        _ => "no number at the end".to_owned(),
    }
}

/// Where the damage of a point along the depth starts, and how it develops. `None` for any other kind of point.
#[must_use]
pub fn depth(curve: &Curve, point: &Point) -> Option<Answer> {
    let model = title(&curve.protocol.model_name);
    let under = format!("Under {}", curve_name(&curve.sweep));
    let at = match curve.sweep.varied() {
        Some(_) => format!("{under}{}", at(&curve.sweep, point.value())),
        None => under,
    };
    match point.outcome() {
        Outcome::Observed(observations) => course(observations, &at, model),
        Outcome::Failed(reason) => Some(alone(format!("{at}, {model} was not measured: {}", ended(reason)))),
        Outcome::Measured(_) => None,
    }
}

/// A strength after the name of what has it; a mere count is named.
fn at(sweep: &Sweep, value: f64) -> String {
    let knob = knob::knob(sweep);
    let shown = strength(sweep, value);
    match knob.and_then(|knob| knob.unit()) {
        Some(Unit::Share | Unit::Bits) => format!(" at {shown}"),
        Some(Unit::Count) | None => format!(", {}: {shown}", knob.map_or("value", |knob| knob.term)),
    }
}

fn alone(headline: String) -> Answer {
    Answer {
        headline,
        rest: String::new(),
    }
}

fn course(observations: &[Observation], at: &str, model: &str) -> Option<Answer> {
    let error = find(observations, MEASURE)?;
    let names = &error.axes.first()?.labels;
    let (last, errors) = error.values.split_last()?;
    let Some(first) = error.values.iter().position(|value| *value != 0.0) else {
        return Some(alone(format!(
            "{at}, {model} has the residual stream of the untouched model at every depth."
        )));
    };
    let name = names.get(first).map_or("the beginning", String::as_str);
    let here = error.values.get(first).copied().unwrap_or(f64::NAN);
    if !here.is_finite() || !last.is_finite() {
        return Some(alone(format!(
            "{at}, the residual stream of {model} is no longer a number."
        )));
    }
    if first == errors.len() {
        return Some(Answer {
            headline: format!("{at}, the damage to {model} starts in {name}, the last one."),
            rest: format!("The residual stream is off by {} after it.", percent(*last)),
        });
    }
    let factor = last / here;
    let course = match factor {
        1.05.. => format!(
            "it grows {} times on its way to the end",
            format_number(round_to(factor, 2))
        ),
        ..0.95 => format!("it shrinks to {} of that on its way to the end", percent(factor)),
        _ => "it stays about the same to the end".to_owned(),
    };
    let (here, last) = (percent(here), percent(*last));
    Some(Answer {
        headline: format!("{at}, the damage to {model} starts in {name}."),
        rest: format!("The residual stream is off by {here} there; {course}: {last}."),
    })
}

/// The text of a mark in the chart along the depth: its site, strength and value.
#[must_use]
pub fn depth_mark(curve: &Curve, point: &Point, site: usize, measure: DepthMeasure) -> Option<String> {
    let observed = find(&point.observations, measure.key())?;
    let place = place(observed.axes.first()?.labels.get(site)?);
    let value = depth_value(*observed.values.get(site)?, measure);
    let at = strength_in_full(&curve.sweep, point.value());
    Some(format!("{at}, {place}: {} {value}", measure.name()))
}

/// Where the residual stream is read, in words.
fn place(site: &str) -> String {
    if site.starts_with("block") {
        format!("after {site}")
    } else {
        format!("after the {site}")
    }
}

/// A value of the chart along the depth, as it is shown.
#[must_use]
pub fn depth_value(value: f64, measure: DepthMeasure) -> String {
    match measure {
        _ if !value.is_finite() => "not a number".to_owned(),
        DepthMeasure::RelativeError => percent(value),
        DepthMeasure::Cosine | DepthMeasure::Cka => format_number(round_to(value, 4)),
    }
}

fn percent(share: f64) -> String {
    format!("{}\u{202f}%", format_number(round_to(share * 100.0, 2)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::Status;
    use crate::observation::Axis;
    use crate::wording::testing::smollm2;

    fn observed(values: &[f64]) -> Vec<Observation> {
        let names = ["embedding", "block 0", "block 1", "block 2"];
        let axis = Axis::named("site", names[..values.len()].iter().map(ToString::to_string).collect());
        vec![Observation::along(MEASURE, &axis, values.to_vec())]
    }

    fn at_half(observations: Vec<Observation>, status: Status) -> (Curve, Point) {
        let mut curve = smollm2();
        let point = curve.points.iter_mut().find(|point| point.value() == 0.5);
        let point = point.expect("a point at one half");
        (point.observations, point.status) = (observations, status);
        let point = point.clone();
        (curve, point)
    }

    fn said(values: &[f64]) -> String {
        let (curve, point) = at_half(observed(values), Status::Measured);
        depth(&curve, &point).expect("a point along the depth").whole()
    }

    #[test]
    fn where_it_starts_and_what_becomes_of_it() {
        assert_eq!(
            said(&[0.0, 0.0, 0.28, 0.4]),
            "Under Wanda pruning at 50\u{202f}%, the damage to SmolLM2-135M-Instruct starts in block 1. The residual stream \
             is off by 28\u{202f}% there; it grows 1.4 times on its way to the end: 40\u{202f}%."
        );
        assert!(
            said(&[0.0, 0.4, 0.3, 0.1])
                .contains("it shrinks to 25\u{202f}% of that on its way to the end: 10\u{202f}%")
        );
        assert!(said(&[0.0, 0.4, 0.41]).contains("stays about the same"));
        assert!(said(&[0.0, 0.0, 0.0, 0.5]).contains("starts in block 2, the last one"));
    }

    #[test]
    fn nothing_is_claimed_where_there_is_no_damage_or_no_number() {
        assert!(said(&[0.0, 0.0, 0.0]).contains("has the residual stream of the untouched model"));
        assert!(said(&[0.0, 0.1, f64::NAN]).contains("no longer a number"));
        assert!(said(&[0.0, f64::INFINITY, 0.1]).contains("no longer a number"));
        let (curve, point) = at_half(Vec::new(), Status::Measured);
        assert_eq!(depth(&curve, &point), None);
        let (curve, point) = at_half(Vec::new(), Status::Failed("out of memory".to_owned()));
        let answer = depth(&curve, &point).expect("a reason");
        assert!(
            answer.headline.ends_with("was not measured: out of memory."),
            "{answer:?}"
        );
    }

    #[test]
    fn a_strength_is_named_where_its_unit_does_not_say_it() {
        let sweep = |text: &str| text.parse::<Sweep>().expect("a sweep of the grammar");
        assert_eq!(at(&sweep("rtn:bits=8..2/7"), 4.0), " at 4\u{202f}bits");
        assert_eq!(at(&sweep("layer-drop:count=0..4/5"), 2.0), ", removed blocks: 2");
    }

    #[test]
    fn a_mark_says_its_place_and_its_value() {
        let (curve, point) = at_half(observed(&[0.0, 0.125, f64::NAN]), Status::Measured);
        let mark = |site| depth_mark(&curve, &point, site, DepthMeasure::RelativeError);
        assert_eq!(
            mark(0).as_deref(),
            Some("sparsity 50\u{202f}%, after the embedding: relative error 0\u{202f}%")
        );
        assert_eq!(
            mark(1).as_deref(),
            Some("sparsity 50\u{202f}%, after block 0: relative error 13\u{202f}%")
        );
        assert!(mark(2).is_some_and(|said| said.ends_with("relative error not a number")));
        assert_eq!(mark(3), None);
        assert_eq!(depth_mark(&curve, &point, 0, DepthMeasure::Cka), None);
    }
}
