//! What is said of the damage along the depth.

use crate::observation::{Observation, find};
use crate::plot::format_number;

use super::round_to;

/// The relative error, in words.
const MEASURE: &str = "relative_error";

/// What is read aloud when a point arrives.
pub(super) fn arrival(observations: &[Observation]) -> String {
    match find(observations, MEASURE).and_then(|error| error.values.last()) {
        Some(last) if last.is_finite() => format!("relative error {} at the end", percent(*last)),
        _ => "no number at the end".to_owned(),
    }
}

/// Where the damage of one strength starts and what becomes of it; `at` is the strength ("sparsity 50 %"). Nothing where no
/// errors were observed.
#[must_use]
pub fn depth(observations: &[Observation], at: &str) -> Option<String> {
    let error = find(observations, MEASURE)?;
    let names = &error.axes.first()?.labels;
    let (last, errors) = error.values.split_last()?;
    let Some(first) = error.values.iter().position(|value| *value != 0.0) else {
        return Some(format!(
            "At {at}, both models have the same residual stream at every depth."
        ));
    };
    let name = names.get(first).map_or("the beginning", String::as_str);
    let here = error.values.get(first).copied().unwrap_or(f64::NAN);
    if !here.is_finite() || !last.is_finite() {
        return Some(format!("At {at}, the residual stream is not a number any more."));
    }
    if first == errors.len() {
        let last = percent(*last);
        return Some(format!(
            "At {at}, the damage starts in {name}, the last one: the stream is off by {last} behind it."
        ));
    }
    let factor = last / here;
    let course = match factor {
        1.05.. => format!(
            "it grows {} times on its way to the end",
            format_number(round_to(factor, 2))
        ),
        ..0.95 => format!("it shrinks to {} on its way to the end", percent(factor)),
        _ => "it stays about the same to the end".to_owned(),
    };
    let (here, last) = (percent(here), percent(*last));
    Some(format!(
        "At {at}, the damage starts in {name}, where the residual stream is off by {here}; {course}, {last}."
    ))
}

fn percent(share: f64) -> String {
    format!("{}\u{202f}%", format_number(round_to(share * 100.0, 2)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::Axis;

    fn said(values: &[f64]) -> String {
        let names = ["embedding", "block 0", "block 1", "block 2"];
        let axis = Axis::named("site", names[..values.len()].iter().map(ToString::to_string).collect());
        depth(&[Observation::along(MEASURE, &axis, values.to_vec())], "sparsity 50 %").unwrap()
    }

    #[test]
    fn where_it_starts_and_what_becomes_of_it() {
        assert_eq!(
            said(&[0.0, 0.0, 0.28, 0.4]),
            "At sparsity 50 %, the damage starts in block 1, where the residual stream is off by 28\u{202f}%; it grows 1.4 times \
             on its way to the end, 40\u{202f}%."
        );
        assert!(said(&[0.0, 0.4, 0.3, 0.1]).contains("it shrinks to 25\u{202f}% on its way to the end, 10\u{202f}%"));
        assert!(said(&[0.0, 0.4, 0.41]).contains("stays about the same"));
        assert!(said(&[0.0, 0.0, 0.0, 0.5]).contains("starts in block 2, the last one"));
    }

    #[test]
    fn nothing_is_claimed_where_there_is_no_damage_or_no_number() {
        assert!(said(&[0.0, 0.0, 0.0]).contains("the same residual stream"));
        assert!(said(&[0.0, 0.1, f64::NAN]).contains("not a number any more"));
        assert!(said(&[0.0, f64::INFINITY, 0.1]).contains("not a number any more"));
        assert_eq!(depth(&[], "bits 4"), None);
    }
}
