//! Reading and changing a sweep through the controls that the catalogue describes.
//!
//! The controls show one step: the one with the range, or else the first. Other steps, which come from a link or from
//! the modification written as text, are kept as they are.

use crate::modify::catalogue::{self, Entry, Kind, Parameter};
use crate::modify::{MOST_POINTS, Step, Sweep, Value};
use crate::numeric::parse_finite;

/// From, to, number of points.
pub type Range = (f64, f64, usize);

/// The index of the step that the controls show.
#[must_use]
pub fn shown_step(sweep: &Sweep) -> Option<usize> {
    let ranged = sweep.steps.iter().position(|step| {
        step.values
            .iter()
            .any(|(_, value)| matches!(value, Value::Range { .. }))
    });
    ranged.or(if sweep.steps.is_empty() { None } else { Some(0) })
}

/// The catalogue's entry of the step that the controls show.
#[must_use]
pub fn entry(sweep: &Sweep) -> Option<&'static Entry> {
    catalogue::find(&sweep.steps.get(shown_step(sweep)?)?.name)
}

/// The range and the parameter that it varies.
#[must_use]
pub fn range(sweep: &Sweep) -> Option<(&'static Parameter, Range)> {
    let step = sweep.steps.get(shown_step(sweep)?)?;
    let entry = catalogue::find(&step.name)?;
    step.values.iter().find_map(|(key, value)| match value {
        Value::Range { from, to, points } => {
            let parameter = entry.parameters.iter().find(|parameter| parameter.key == key)?;
            Some((parameter, (*from, *to, *points)))
        }
        _ => None,
    })
}

/// The parameter along x: the one with the range, or else the method's knob.
#[must_use]
pub fn knob(sweep: &Sweep) -> Option<&'static Parameter> {
    range(sweep)
        .map(|(parameter, _)| parameter)
        .or_else(|| entry(sweep)?.knob())
}

/// The range first offered for a method's knob.
#[must_use]
pub fn first_range(entry: &Entry) -> Option<Range> {
    match entry.knob()?.kind {
        Kind::Number { sweep, .. } => Some(sweep),
        _ => None,
    }
}

/// Another method in place of the shown step, with its own first range.
pub fn choose_method(sweep: &mut Sweep, entry: &Entry) {
    let values = entry
        .knob()
        .zip(first_range(entry))
        .map(|(knob, (from, to, points))| (knob.key.to_owned(), Value::Range { from, to, points }));
    let step = Step {
        name: entry.name.to_owned(),
        values: values.into_iter().collect(),
    };
    match shown_step(sweep).and_then(|place| sweep.steps.get_mut(place)) {
        Some(old) => *old = step,
        None => sweep.steps.push(step),
    }
}

/// A new range for the knob. A pattern, which excludes the knob, is removed.
pub fn set_range(sweep: &mut Sweep, (from, to, points): Range) {
    let Some(knob) = knob(sweep) else { return };
    let value = Value::Range {
        from,
        to,
        points: points.clamp(2, MOST_POINTS),
    };
    let Some(step) = shown_step(sweep).and_then(|place| sweep.steps.get_mut(place)) else {
        return;
    };
    step.values.retain(|(_, value)| !matches!(value, Value::Pattern { .. }));
    match step.values.iter_mut().find(|(key, _)| key == knob.key) {
        Some((_, old)) => *old = value,
        None => step.values.insert(0, (knob.key.to_owned(), value)),
    }
}

/// The most points of a new range; each one is a whole measurement.
const MOST_NEW_POINTS: usize = 33;

/// A part of a range that can be moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RangePart {
    /// The first value.
    From,
    /// The last value.
    To,
    /// The number of values.
    Points,
}

/// Moves one part of the range. A range of whole numbers has a point for each number, or for
/// every second, third … where those would be too many.
pub fn move_range(sweep: &mut Sweep, part: RangePart, value: f64) {
    let first = || entry(sweep).and_then(first_range);
    let Some(mut range) = range(sweep).map(|(_, range)| range).or_else(first) else {
        return;
    };
    // Slider steps are not exact in binary, and their errors add up.
    let value = (value * 1e6).round() / 1e6;
    match part {
        RangePart::From => range.0 = value,
        RangePart::To => range.1 = value,
        RangePart::Points => range.2 = value as usize,
    }
    // A curve needs two different ends; the control goes back to where it was.
    if range.0 == range.1 {
        return;
    }
    let whole = knob(sweep).is_some_and(|knob| matches!(knob.kind, Kind::Number { whole: true, .. }));
    if whole {
        let wanted = if part == RangePart::Points {
            range.2
        } else {
            MOST_NEW_POINTS
        };
        range.2 = whole_points((range.1 - range.0).abs() as usize, wanted);
    }
    set_range(sweep, range);
}

/// The most points, up to `wanted`, that divide `span` into whole-number steps; at least the two ends.
fn whole_points(span: usize, wanted: usize) -> usize {
    (1..wanted.min(span + 1))
        .rev()
        .find(|steps| span.is_multiple_of(*steps))
        .unwrap_or(1)
        + 1
}

/// A shown step's parameter as written in the grammar; `None` where it has its default.
#[must_use]
pub fn setting(sweep: &Sweep, key: &str) -> Option<String> {
    let step = sweep.steps.get(shown_step(sweep)?)?;
    let (_, value) = step.values.iter().find(|(other, _)| other == key)?;
    Some(value.to_string())
}

/// Sets a parameter of the shown step from its text in the grammar; an empty text resets it to its default. A pattern
/// replaces the knob; removing it brings the knob back.
pub fn set(sweep: &mut Sweep, key: &str, text: &str) {
    let Some((entry, place)) = entry(sweep).zip(shown_step(sweep)) else {
        return;
    };
    let Some(parameter) = entry.parameters.iter().find(|parameter| parameter.key == key) else {
        return;
    };
    let pattern = matches!(parameter.kind, Kind::Pattern { .. });
    // The default is left out, so that a link says no more than was chosen.
    let is_default = matches!(parameter.kind, Kind::Choice { default, .. } if default == text);
    let text = if is_default { "" } else { text };
    let Some(step) = sweep.steps.get_mut(place) else { return };
    step.values.retain(|(key, _)| key != parameter.key);
    if !text.is_empty() {
        if pattern && let Some(knob) = entry.knob() {
            step.values.retain(|(key, _)| key != knob.key);
        }
        step.values.push((parameter.key.to_owned(), value_of(text)));
    } else if pattern && let Some(range) = first_range(entry) {
        set_range(sweep, range);
    }
}

fn value_of(text: &str) -> Value {
    if let Some(number) = parse_finite(text) {
        return Value::Number(number);
    }
    if let Some((first, last)) = text.split_once('-')
        && let (Ok(first), Ok(last)) = (first.parse(), last.parse())
    {
        return Value::Span { first, last };
    }
    if let Some((zeros, group)) = text.split_once(':')
        && let (Ok(zeros), Ok(group)) = (zeros.parse(), group.parse())
    {
        return Value::Pattern { zeros, group };
    }
    Value::Word(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sweep(text: &str) -> Sweep {
        text.parse().expect("a sweep of the grammar")
    }

    #[test]
    fn a_range_is_read_and_written() {
        let mut wanda = sweep("wanda:sparsity=0..0.8/9");
        let (knob, found) = range(&wanda).expect("a range");
        assert_eq!((knob.key, found), ("sparsity", (0.0, 0.8, 9)));
        set_range(&mut wanda, (0.1, 0.5, 5));
        assert_eq!(wanda.to_string(), "wanda:sparsity=0.1..0.5/5");
    }

    #[test]
    fn whole_numbers_have_a_point_each() {
        let mut rtn = sweep("rtn:bits=8..2/7");
        move_range(&mut rtn, RangePart::To, 3.0);
        assert_eq!(rtn.to_string(), "rtn:bits=8..3/6");
        let mut wanda = sweep("wanda:sparsity=0..0.8/9");
        move_range(&mut wanda, RangePart::To, 0.1 + 0.2);
        assert_eq!(wanda.to_string(), "wanda:sparsity=0..0.3/9");
    }

    #[test]
    fn many_whole_numbers_are_taken_in_steps() {
        let mut drop = sweep("layer-drop:count=0..10/11");
        move_range(&mut drop, RangePart::To, 100.0);
        assert_eq!(drop.to_string(), "layer-drop:count=0..100/26");
        move_range(&mut drop, RangePart::Points, 4.0);
        assert_eq!(drop.to_string(), "layer-drop:count=0..100/3");
        move_range(&mut drop, RangePart::To, 7.0);
        assert_eq!(drop.to_string(), "layer-drop:count=0..7/8");
        move_range(&mut drop, RangePart::Points, 0.0);
        assert_eq!(drop.to_string(), "layer-drop:count=0..7/2");
    }

    #[test]
    fn a_long_range_of_a_link_keeps_its_points() {
        let mut wanda = sweep("wanda:sparsity=0..0.8/201");
        move_range(&mut wanda, RangePart::To, 0.5);
        assert_eq!(wanda.to_string(), "wanda:sparsity=0..0.5/201");
    }

    #[test]
    fn a_pattern_and_the_knob_take_each_others_place() {
        let mut wanda = sweep("wanda:sparsity=0..0.8/9");
        let entry = entry(&wanda).expect("in the catalogue");
        let pattern = entry
            .parameters
            .iter()
            .find(|parameter| matches!(parameter.kind, Kind::Pattern { .. }))
            .expect("wanda knows patterns");
        set(&mut wanda, pattern.key, "2:4");
        assert_eq!(wanda.to_string(), "wanda:pattern=2:4");
        set(&mut wanda, pattern.key, "");
        assert_eq!(range(&wanda).map(|(_, range)| Some(range)), Some(first_range(entry)));
    }

    #[test]
    fn another_method_brings_its_own_range_and_leaves_further_steps() {
        let mut two = sweep("wanda:sparsity=0..0.8/9+rtn:bits=4");
        let magnitude = catalogue::find("magnitude").expect("in the catalogue");
        choose_method(&mut two, magnitude);
        assert!(two.to_string().starts_with("magnitude:sparsity="), "{two}");
        assert!(two.to_string().ends_with("+rtn:bits=4"), "{two}");
    }

    #[test]
    fn what_the_controls_write_is_of_the_grammar() {
        for entry in catalogue::ALL {
            let mut sweep = sweep("magnitude:sparsity=0..0.8/9");
            choose_method(&mut sweep, entry);
            for parameter in entry.parameters {
                let texts: Vec<&str> = match parameter.kind {
                    Kind::Choice { options, .. } => options.iter().map(|(text, _)| *text).collect(),
                    Kind::Pattern { options } => options.to_vec(),
                    Kind::Number { min, max, .. } if entry.knob().is_some_and(|knob| knob.key == parameter.key) => {
                        for (part, value) in [
                            (RangePart::From, min),
                            (RangePart::To, max),
                            (RangePart::Points, 1e9),
                            (RangePart::Points, 3.0),
                        ] {
                            let mut changed = sweep.clone();
                            move_range(&mut changed, part, value);
                            assert_eq!(changed.to_string().parse(), Ok(changed), "{part:?} of {}", entry.name);
                        }
                        continue;
                    }
                    Kind::Number { .. } | Kind::Blocks => continue,
                };
                for text in texts {
                    let mut changed = sweep.clone();
                    set(&mut changed, parameter.key, text);
                    assert_eq!(changed.to_string().parse(), Ok(changed));
                }
            }
        }
    }
}
