//! Models of several sizes under the same damage, compared in words: whether the larger ones break later.
//!
//! Two models are told apart where the 95 % intervals of their thresholds don't overlap, which is the conservative
//! choice. Where the knob takes whole numbers only, intervals end at measured points. A threshold outside the range
//! gives an interval that is open on that side.

use super::super::Curve;
use super::super::threshold::{Crossing, FEWEST_POINTS, bounds, crossing, samples};
use super::words::Knob;
use super::{Interval, place, ratio_in_words};

/// One of the models, as far as it has been measured.
struct Model<'a> {
    name: &'a str,
    /// The strengths between which it breaks.
    interval: (f64, f64),
    /// The same in words, after the name.
    told: String,
}

/// Whether larger models break later: `sizes` are the models by name, smallest first, each with its curve if it has
/// one; a model counts as broken at `ratio` times its own untouched perplexity.
#[must_use]
pub fn compare(sizes: &[(&str, Option<&Curve>)], ratio: f64) -> String {
    let curves = || sizes.iter().filter_map(|(_, curve)| *curve);
    let knob = curves().find_map(|curve| curve.sweep.varied());
    let Some(knob) = knob.map(|varied| Knob {
        parameter: varied.parameter,
    }) else {
        return "None of the sizes is measured yet.".to_owned();
    };
    let models = sizes
        .iter()
        .filter_map(|(name, curve)| model(name, (*curve)?, knob, ratio))
        .collect::<Vec<_>>();
    let items = models
        .iter()
        .map(|model| format!("{} {}", model.name, model.told))
        .collect::<Vec<_>>()
        .join(", ");
    let what = ratio_in_words(ratio);
    let verdict = if models.len() < 2 {
        "There is nothing to compare yet".to_owned()
    } else if alike(curves()) {
        order(&models, knob.whole())
    } else {
        "They were not measured alike, so they can't be compared".to_owned()
    };
    let missing = sizes
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| models.iter().all(|model| model.name != *name))
        .collect::<Vec<_>>();
    let missing = match missing.as_slice() {
        [] => String::new(),
        [one] => format!(" {one} is not measured yet."),
        several => format!(" {} are not measured yet.", several.join(" and ")),
    };
    if models.is_empty() {
        return missing.trim_start().to_owned();
    }
    format!("{verdict} ({what}): {items}.{missing}")
}

fn model<'a>(name: &'a str, curve: &Curve, knob: Knob, ratio: f64) -> Option<Model<'a>> {
    let samples = samples(curve);
    if samples.len() < FEWEST_POINTS {
        return None;
    }
    let (low, high) = bounds(curve, ratio)?;
    let interval = if knob.whole() {
        let before = samples.iter().rfind(|sample| sample.strength <= low);
        let after = samples.iter().find(|sample| sample.strength >= high);
        (
            before.map_or(f64::NEG_INFINITY, |sample| sample.strength),
            after.map_or(f64::INFINITY, |sample| sample.strength),
        )
    } else {
        (low, high)
    };
    let told = match crossing(curve, ratio)? {
        Crossing::NotReached { beyond } => format!("not {}", knob.until(beyond)),
        Crossing::BeforeFirst { before } => format!("already at {}", knob.value(before)),
        Crossing::At { value, low, high } => {
            let place = place(&samples, knob, Interval::Precise, value, low, high);
            place.unwrap_or_else(|| "somewhere in this range".to_owned())
        }
    };
    Some(Model { name, interval, told })
}

/// Whether the curves show the same damage measured in the same way, apart from the model.
fn alike<'a>(mut curves: impl Iterator<Item = &'a Curve>) -> bool {
    let Some(first) = curves.next() else { return true };
    curves.all(|other| {
        let (one, two) = (&first.protocol, &other.protocol);
        first.sweep == other.sweep
            && one.calibration == two.calibration
            && (one.window, one.windows, one.seed) == (two.window, two.windows, two.seed)
            && one.text_sha256 == two.text_sha256
    })
}

/// What can be said about the order, without the numbers.
fn order(models: &[Model<'_>], whole: bool) -> String {
    // Where intervals end at measured points, they may touch: at that point one model is sound and the other broken.
    let apart = |first: f64, then: f64| then > first || (whole && first.is_finite() && then == first);
    let mut later = Vec::new();
    let (mut earlier, mut pairs) = (0, 0);
    for (place, large) in models.iter().enumerate() {
        let small = models.iter().take(place);
        pairs += place;
        earlier += small
            .clone()
            .filter(|small| apart(large.interval.1, small.interval.0))
            .count();
        let than = small
            .filter(|small| apart(small.interval.1, large.interval.0))
            .map(|small| small.name)
            .collect::<Vec<_>>();
        if !than.is_empty() {
            later.push((large.name, than));
        }
    }
    let clear = later.iter().map(|(_, than)| than.len()).sum::<usize>();
    let open = |model: &Model<'_>| model.interval.0 == f64::INFINITY;
    match (earlier, clear) {
        (0, 0) if models.iter().all(open) => "None of them breaks in this range".to_owned(),
        (0, 0) => "The intervals overlap, so we can't say which breaks first".to_owned(),
        (0, all) if all == pairs => "Larger models break later here".to_owned(),
        (0, _) => {
            let told = later
                .iter()
                .map(|(large, than)| format!("{large} breaks later than {}", than.join(" and ")))
                .collect::<Vec<_>>()
                .join(", and ");
            format!("{told} here; the other intervals overlap")
        }
        (all, 0) if all == pairs => "Larger models break earlier here".to_owned(),
        _ => "The order does not follow size here".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::testing::{bits, fail, of, sparsity};

    /// A linear loss that reaches a ratio of 1.1 at this strength.
    fn at(strength: f64, error: f64) -> Curve {
        sparsity(|x| (1.1_f64.ln() * x / strength, error))
    }

    fn said(curves: [&Curve; 3]) -> String {
        compare(
            &[
                ("1M", Some(curves[0])),
                ("4M", Some(curves[1])),
                ("16M", Some(curves[2])),
            ],
            1.1,
        )
    }

    #[test]
    fn the_order_of_clear_thresholds() {
        let [a, b, c] = [0.2, 0.3, 0.4].map(|strength| at(strength, 0.005));
        assert_eq!(
            said([&a, &b, &c]),
            "Larger models break later here (1.1 times the perplexity): 1M at 20 % (17.9 to 22.1), 4M at 30 % (26.9 to 33.1), 16M \
             at 40 % (35.8 to 44.2)."
        );
        assert!(
            said([&c, &b, &a]).starts_with("Larger models break earlier here (1.1 times the perplexity): 1M at 40 %")
        );
        assert!(
            said([&a, &c, &b])
                .starts_with("The order does not follow size here (1.1 times the perplexity): 1M at 20 %")
        );
    }

    #[test]
    fn overlapping_intervals_are_not_an_order() {
        let [a, b, c] = [0.3, 0.31, 0.32].map(|strength| at(strength, 0.01));
        let text = said([&a, &b, &c]);
        assert!(
            text.starts_with(
                "The intervals overlap, so we can't say which breaks first (1.1 times the perplexity): 1M at 30 % (2"
            ),
            "{text}"
        );
        let [a, b, c] = [0.2, 0.26, 0.36].map(|strength| at(strength, 0.01));
        let text = said([&a, &b, &c]);
        assert!(
            text.starts_with(
                "16M breaks later than 1M here; the other intervals overlap (1.1 times the perplexity): 1M at 20 % (1"
            ),
            "{text}"
        );
        let [a, b] = [0.2, 0.5].map(|strength| at(strength, 0.005));
        assert!(
            said([&a, &b, &b]).starts_with("4M breaks later than 1M, and 16M breaks later than 1M here; the other")
        );
        assert!(said([&a, &a, &b]).starts_with("16M breaks later than 1M and 4M here; the other"));
        assert!(said([&b, &b, &a]).starts_with("The order does not follow size here"));
    }

    #[test]
    fn what_never_breaks_breaks_later_and_what_is_always_broken_earlier() {
        let (always, never) = (sparsity(|_| (1.0, 0.01)), sparsity(|x| (0.01 * x, 0.0001)));
        let middle = at(0.4, 0.005);
        assert_eq!(
            said([&always, &middle, &never]),
            "Larger models break later here (1.1 times the perplexity): 1M already at 0 %, 4M at 40 % (35.8 to 44.2), 16M not up \
             to 80 %."
        );
        assert!(
            said([&never, &never, &never])
                .starts_with("None of them breaks in this range (1.1 times the perplexity): 1M not up to 80 %")
        );
        // Within the error there could be a threshold in the range, but not a known one.
        let unsure = sparsity(|x| (0.1 * x, 0.03));
        assert!(said([&middle, &unsure, &never]).starts_with("16M breaks later than 1M here; the other"));
        assert!(
            said([&always, &always, &always]).starts_with("The intervals overlap, so we can't say which breaks first")
        );
    }

    #[test]
    fn whole_numbers_are_apart_where_one_is_sound_at_what_breaks_the_other() {
        let breaks_at = |first: f64| bits(move |bits| (if bits <= first { 1.0 } else { 0.0 }, 0.001));
        let [a, b, c] = [5.0, 4.0, 3.0].map(breaks_at);
        assert_eq!(
            said([&a, &b, &c]),
            "Larger models break later here (1.1 times the perplexity): 1M between 6 and 5 bits, 4M between 5 and 4 bits, 16M \
             between 4 and 3 bits."
        );
        // Both break between the same two counts, one a little later by linear interpolation.
        let steps = |loss: f64| of("layer-drop:count=0..3/4", move |count| (loss * count, 0.0001));
        let [a, b] = [0.12, 0.19].map(steps);
        assert!(said([&a, &b, &b]).starts_with("The intervals overlap, so we can't say which breaks first"));
    }

    #[test]
    fn what_is_missing_or_otherwise_measured_is_told() {
        let [a, b] = [0.2, 0.4].map(|strength| at(strength, 0.005));
        let text = compare(&[("1M", Some(&a)), ("4M", Some(&b)), ("16M", None)], 2.0);
        assert!(
            text.starts_with("None of them breaks in this range (twice the perplexity): 1M "),
            "{text}"
        );
        assert!(text.ends_with(". 16M is not measured yet."), "{text}");
        let text = compare(&[("1M", None), ("4M", Some(&b)), ("16M", None)], 1.1);
        assert_eq!(
            text,
            "There is nothing to compare yet (1.1 times the perplexity): 4M at 40 % (35.8 to 44.2). 1M and 16M are not measured yet."
        );
        assert_eq!(
            compare(&[("1M", None), ("4M", None)], 1.1),
            "None of the sizes is measured yet."
        );
        let mut failed = a.clone();
        (0..9).for_each(|index| fail(&mut failed, index));
        assert_eq!(compare(&[("1M", Some(&failed))], 1.1), "1M is not measured yet.");
        let mut other = b.clone();
        other.protocol.windows += 1;
        let text = said([&a, &b, &other]);
        assert!(
            text.starts_with(
                "They were not measured alike, so they can't be compared (1.1 times the perplexity): 1M at"
            ),
            "{text}"
        );
        let other = bits(|bits| (8.0 - bits, 0.01));
        assert!(said([&a, &b, &other]).starts_with("They were not measured alike"));
    }
}
