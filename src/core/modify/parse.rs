//! Reading the grammar and checking steps against the catalogue.

use super::catalogue::{ALL, Entry, Kind, Parameter, find};
use super::{SpecError, Step, Value};
use crate::numeric::parse_finite;

/// The longest specification, in characters: far more than needed, yet short enough to show and to put in a link.
const LONGEST: usize = 2000;
const MOST_STEPS: usize = 16;
/// The most points of a curve; each costs a whole measurement.
pub const MOST_POINTS: usize = 201;
const LARGEST_PATTERN: usize = 64;

/// The steps that a text names, not yet checked against the catalogue.
///
/// # Errors
/// [`SpecError::Syntax`].
pub(super) fn steps(text: &str) -> Result<Vec<Step>, SpecError> {
    let reader = Reader { text };
    if text.trim() == "none" {
        return Ok(Vec::new());
    }
    if text.chars().count() > LONGEST {
        return Err(reader.error(text, &format!("at most {LONGEST} characters are read")));
    }
    let parts = text.split('+').collect::<Vec<_>>();
    if parts.len() > MOST_STEPS {
        return Err(reader.error(text, &format!("at most {MOST_STEPS} steps can be joined by `+`")));
    }
    parts.into_iter().map(|part| reader.step(part)).collect()
}

struct Reader<'a> {
    text: &'a str,
}

impl Reader<'_> {
    /// An error at the beginning of `part`, which is a slice of the text.
    fn error(&self, part: &str, expected: &str) -> SpecError {
        let byte = (part.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        let before = self.text.get(..byte).unwrap_or_default();
        SpecError::Syntax {
            text: shortened(self.text),
            at: before.chars().count() + 1,
            expected: expected.to_owned(),
        }
    }

    fn step(&self, part: &str) -> Result<Step, SpecError> {
        let (name, values) = match part.split_once(':') {
            Some((name, values)) => (name.trim(), Some(values)),
            None => (part.trim(), None),
        };
        if name.is_empty() {
            let expected = "a method is expected, for instance `wanda:sparsity=0.5`; `none` leaves the model untouched";
            return Err(self.error(part, expected));
        }
        if name == "none" {
            return Err(self.error(part, "`none` must stand alone; leave it out if there are other steps"));
        }
        let values = values.map_or(Ok(Vec::new()), |values| {
            values.split(',').map(|pair| self.pair(pair)).collect()
        })?;
        Ok(Step {
            name: name.to_owned(),
            values,
        })
    }

    fn pair(&self, pair: &str) -> Result<(String, Value), SpecError> {
        let (key, value) = match pair.split_once('=') {
            Some((key, value)) if !key.trim().is_empty() => (key.trim(), value),
            _ => return Err(self.error(pair, "`key=value` is expected")),
        };
        Ok((key.to_owned(), self.value(value)?))
    }

    fn value(&self, part: &str) -> Result<Value, SpecError> {
        let text = part.trim();
        if let Some((from, rest)) = text.split_once("..") {
            let range = rest.split_once('/').and_then(|(to, points)| {
                Some(Value::Range {
                    from: number(from)?,
                    to: number(to)?,
                    points: whole(points)?,
                })
            });
            return range.ok_or_else(|| self.error(part, "a range is `from..to/points`, for instance `0..0.8/9`"));
        }
        if let Some((zeros, group)) = pair_of_whole(text, ':') {
            return Ok(Value::Pattern { zeros, group });
        }
        if let Some((first, last)) = pair_of_whole(text, '-') {
            return Ok(if first == last {
                Value::Number(first as f64)
            } else {
                Value::Span { first, last }
            });
        }
        if let Some(number) = number(text) {
            return Ok(Value::Number(number));
        }
        let letters = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(letters) {
            return Ok(Value::Word(text.to_owned()));
        }
        Err(self.error(
            part,
            "a number, a word, a pattern such as `2:4`, a span such as `12-15` or a range such as `0..0.8/9` is expected",
        ))
    }
}

fn pair_of_whole(text: &str, separator: char) -> Option<(usize, usize)> {
    let (left, right) = text.split_once(separator)?;
    Some((whole(left)?, whole(right)?))
}

fn whole(text: &str) -> Option<usize> {
    let text = text.trim();
    // Up to nine digits: fits 32 bits, and an f64 exactly.
    let digits = (1..=9).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let plain = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b".-eE".contains(&byte));
    let number = parse_finite(text).filter(|_| plain)?;
    // −0 would print differently from 0.
    Some(number + 0.0)
}

/// The entry that a step names.
///
/// # Errors
/// [`SpecError::UnknownMethod`].
pub(super) fn entry(step: &Step) -> Result<&'static Entry, SpecError> {
    find(&step.name).ok_or_else(|| SpecError::UnknownMethod {
        name: shortened(&step.name),
        known: list(ALL.iter().map(|entry| entry.name)),
    })
}

/// The parameter with this key.
///
/// # Errors
/// [`SpecError::UnknownMethod`], [`SpecError::UnknownKey`].
pub(super) fn parameter(step: &Step, key: &str) -> Result<&'static Parameter, SpecError> {
    let entry = entry(step)?;
    entry.parameter(key).ok_or_else(|| SpecError::UnknownKey {
        method: step.name.clone(),
        key: shortened(key),
        known: list(entry.all_parameters().map(|parameter| parameter.key)),
    })
}

/// The error for a value that its parameter doesn't take, or for a missing value.
pub(super) fn unfit(step: &Step, parameter: &Parameter, value: Option<&Value>) -> SpecError {
    let (method, key) = (step.name.clone(), parameter.key.to_owned());
    match value {
        None => SpecError::MissingKey {
            method,
            key,
            allowed: allowed(parameter),
        },
        Some(value) => SpecError::BadValue {
            method,
            key,
            value: shortened(&value.to_string()),
            allowed: allowed(parameter),
        },
    }
}

/// Checks steps without a range.
///
/// # Errors
/// Any [`SpecError`] but `Syntax`.
pub(super) fn check_spec(steps: &[Step]) -> Result<(), SpecError> {
    check_sweep(steps)?;
    for step in steps {
        for (key, value) in &step.values {
            if matches!(value, Value::Range { .. }) {
                return Err(SpecError::Range {
                    problem: format!(
                        "`{}`: `{key}={value}` is a range, and here one value is needed; give one of its points",
                        step.name
                    ),
                });
            }
        }
    }
    Ok(())
}

/// Checks steps in which one value may be a range.
///
/// # Errors
/// Any [`SpecError`] but `Syntax`.
pub(super) fn check_sweep(steps: &[Step]) -> Result<(), SpecError> {
    for step in steps {
        check_step(step)?;
    }
    let ranges = steps
        .iter()
        .flat_map(|step| &step.values)
        .filter(|(_, value)| matches!(value, Value::Range { .. }))
        .count();
    if ranges > 1 {
        return Err(SpecError::Range {
            problem:
                "there are two ranges or more, and a curve can follow only one; give the other keys one value each"
                    .to_owned(),
        });
    }
    Ok(())
}

fn check_step(step: &Step) -> Result<(), SpecError> {
    let parameters = entry(step)?.parameters;
    for (i, (key, value)) in step.values.iter().enumerate() {
        let parameter = parameter(step, key)?;
        if step.values[..i].iter().any(|(other, _)| other == key) {
            return Err(SpecError::RepeatedKey {
                method: step.name.clone(),
                key: key.clone(),
            });
        }
        match *value {
            Value::Range { from, to, points } => check_range(step, parameter, from, to, points)?,
            _ if fits(parameter, value) => {}
            _ => return Err(unfit(step, parameter, Some(value))),
        }
    }

    let pattern = parameters
        .iter()
        .find(|parameter| matches!(parameter.kind, Kind::Pattern { .. }) && step.value(parameter.key).is_some());
    let knob = parameters.first();
    if let (Some(pattern), Some(knob)) = (pattern, knob)
        && step.value(knob.key).is_some()
    {
        return Err(SpecError::BadValue {
            method: step.name.clone(),
            key: pattern.key.to_owned(),
            value: step.value(pattern.key).map(ToString::to_string).unwrap_or_default(),
            allowed: format!("give `{}` or `{}`, not both", knob.key, pattern.key),
        });
    }
    for parameter in parameters {
        let needed = matches!(parameter.kind, Kind::Number { default: None, .. });
        if needed && pattern.is_none() && step.value(parameter.key).is_none() {
            return Err(unfit(step, parameter, None));
        }
    }
    Ok(())
}

fn fits(parameter: &Parameter, value: &Value) -> bool {
    match (parameter.kind, value) {
        (Kind::Number { min, max, whole, .. }, &Value::Number(number)) => {
            (min..=max).contains(&number) && (!whole || number.fract() == 0.0)
        }
        (Kind::Choice { options, .. }, Value::Word(word)) => options.iter().any(|(option, _)| option == word),
        (Kind::Choice { options, .. }, &Value::Number(number)) => numbers(options)
            .is_some_and(|(least, most)| number.fract() == 0.0 && (least as f64..=most as f64).contains(&number)),
        (Kind::Pattern { .. }, &Value::Pattern { zeros, group }) => {
            (1..group).contains(&zeros) && group <= LARGEST_PATTERN
        }
        (Kind::Blocks, &Value::Number(number)) => number >= 0.0 && number.fract() == 0.0 && number < 1e9,
        (Kind::Blocks, &Value::Span { first, last }) => first <= last,
        _ => false,
    }
}

fn check_range(step: &Step, parameter: &Parameter, from: f64, to: f64, points: usize) -> Result<(), SpecError> {
    let given = Value::Range { from, to, points };
    let problem = |what: &str| {
        Err(SpecError::Range {
            problem: format!("`{}`: `{}={given}` is not possible: {what}", step.name, parameter.key),
        })
    };
    let Kind::Number { whole, .. } = parameter.kind else {
        return problem(&format!("only a number can vary; {}", allowed(parameter)));
    };
    for end in [from, to] {
        if !fits(parameter, &Value::Number(end)) {
            return Err(unfit(step, parameter, Some(&given)));
        }
    }
    if from == to {
        return problem("both ends are the same; give one value instead");
    }
    if !(2..=MOST_POINTS).contains(&points) {
        return problem(&format!("a range has from 2 to {MOST_POINTS} points"));
    }
    if whole && range(from, to, points).iter().any(|value| value.fract() != 0.0) {
        let span = (to - from).abs();
        return problem(&format!(
            "its points must be whole numbers; {} points would be one for each",
            span + 1.0
        ));
    }
    Ok(())
}

/// The points of a range: the ends exact, the others rounded to the fewest decimals that stay within a millionth of the
/// range.
pub(super) fn range(from: f64, to: f64, points: usize) -> Vec<f64> {
    let last = points.saturating_sub(1);
    let point = |i: usize| match i {
        0 => from,
        i if i == last => to,
        i => shortest(from + (to - from) * (i as f64 / last as f64), (to - from).abs() * 1e-6),
    };
    (0..points).map(point).collect()
}

fn shortest(exact: f64, tolerance: f64) -> f64 {
    (0..=12)
        .map(|decimals| {
            let scale = 10.0_f64.powi(decimals);
            (exact * scale).round() / scale
        })
        .find(|value| (value - exact).abs() <= tolerance)
        .unwrap_or(exact)
}

/// What values a parameter takes, in words.
pub(super) fn allowed(parameter: &Parameter) -> String {
    match parameter.kind {
        Kind::Number { min, max, whole, .. } => {
            let kind = if whole { "whole number" } else { "number" };
            format!("give a {kind} from {min} to {max}")
        }
        Kind::Choice { options, .. } => {
            let words = options.iter().map(|(word, _)| *word);
            match numbers(options) {
                None => format!("give one of {}", list(words)),
                Some((least, most)) => format!(
                    "give {} or a whole number from {least} to {most}",
                    list(words.filter(|word| whole(word).is_none()))
                ),
            }
        }
        Kind::Pattern { .. } => {
            format!("give N:M, N zeros in each M inputs, with 1 ≤ N < M ≤ {LARGEST_PATTERN}, for instance 2:4")
        }
        Kind::Blocks => "give a block such as 15, or a span such as 12-15, counted from 0".to_owned(),
    }
}

/// The smallest and the largest number among the options of a choice.
fn numbers(options: &[(&str, &str)]) -> Option<(usize, usize)> {
    let numbers = options.iter().filter_map(|(word, _)| whole(word));
    numbers.clone().min().zip(numbers.max())
}

fn list<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.collect::<Vec<_>>().join(", ")
}

fn shortened(text: &str) -> String {
    const SHOWN: usize = 80;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
