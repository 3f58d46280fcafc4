//! The grammar: `name:key=value,key=value`, several steps joined by `+`, applied in order.
//!
//! A [`Sweep`] replaces at most one value by a range `from..to/points`. Printing is canonical: without spaces, with
//! numbers as short as possible, and it parses back to the same steps.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::catalogue::{Entry, Parameter};
use super::{Edit, Method, ModifyError, Scope, Step, Value, catalogue, parse};

/// Steps without a range: one modified model. `none` (no step) is the untouched model.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Spec {
    /// Applied in order.
    pub steps: Vec<Step>,
}

/// Steps in which at most one value is a range: the points of a curve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sweep {
    /// Applied in order; at most one value is [`Value::Range`].
    pub steps: Vec<Step>,
}

/// A specification could not be understood.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SpecError {
    /// Does not follow the grammar.
    #[error("`{text}` at character {at}: {expected}")]
    Syntax {
        /// The text that was read.
        text: String,
        /// Where, counted from 1.
        at: usize,
        /// What was expected.
        expected: String,
    },
    /// No such method.
    #[error("there is no method `{name}`; there are: {known}")]
    UnknownMethod {
        /// What was asked for.
        name: String,
        /// What exists.
        known: String,
    },
    /// No such key.
    #[error("`{method}` has no `{key}`; it takes: {known}")]
    UnknownKey {
        /// The method.
        method: String,
        /// What was given.
        key: String,
        /// What exists.
        known: String,
    },
    /// A key was given twice.
    #[error("`{method}` is given `{key}` twice; give it once")]
    RepeatedKey {
        /// The method.
        method: String,
        /// The key.
        key: String,
    },
    /// A value that must be given was not.
    #[error("`{method}` needs `{key}`: {allowed}")]
    MissingKey {
        /// The method.
        method: String,
        /// The key.
        key: String,
        /// What is allowed.
        allowed: String,
    },
    /// A value is not allowed.
    #[error("`{method}`: `{key}={value}` is not possible: {allowed}")]
    BadValue {
        /// The method.
        method: String,
        /// The key.
        key: String,
        /// What was given.
        value: String,
        /// What is allowed.
        allowed: String,
    },
    /// A range that is not allowed here, or not in this form.
    #[error("{problem}")]
    Range {
        /// What is wrong and what to do.
        problem: String,
    },
}

/// The range of a [`Sweep`] and the parameter that it varies.
#[derive(Debug, Clone, Copy)]
pub struct Varied {
    /// The method.
    pub method: &'static Entry,
    /// Its parameter.
    pub parameter: &'static Parameter,
    /// First value.
    pub from: f64,
    /// Last value.
    pub to: f64,
    /// How many.
    pub points: usize,
}

/// A method with its parameters, and the blocks that it is applied to.
#[derive(Debug, Clone)]
pub struct Applied {
    /// What is done.
    pub method: Arc<dyn Method>,
    /// Where.
    pub scope: Scope,
}

impl Applied {
    /// How the method edits.
    ///
    /// # Errors
    /// If the method is not in the catalogue, which no method is that was built from a step.
    pub(super) fn edit(&self) -> Result<&dyn Edit, ModifyError> {
        catalogue::edit(self.method.as_ref()).ok_or_else(|| ModifyError::Model {
            method: self.method.name(),
            reason: "it is not in the catalogue of methods".to_owned(),
        })
    }
}

impl Spec {
    /// The methods, built and checked, in order.
    ///
    /// # Errors
    /// If a method doesn't take a value.
    pub fn methods(&self) -> Result<Vec<Applied>, SpecError> {
        parse::check_spec(&self.steps)?;
        self.steps
            .iter()
            .map(|step| {
                let entry = parse::entry(step)?;
                Ok(Applied {
                    method: (entry.build)(step)?,
                    scope: Scope::of(entry, step)?,
                })
            })
            .collect()
    }

    /// Whether every method says that it leaves any model as it is.
    #[must_use]
    pub fn is_identity(&self) -> bool {
        self.methods()
            .is_ok_and(|steps| steps.iter().all(|step| step.method.is_identity()))
    }

    /// Whether any step needs calibration.
    ///
    /// # Errors
    /// As [`Spec::methods`].
    pub fn needs_calibration(&self) -> Result<bool, SpecError> {
        let steps = self.methods()?;
        Ok(steps
            .iter()
            .any(|step| !step.method.is_identity() && !step.method.needs().is_empty()))
    }
}

impl Sweep {
    /// Whether both have the same methods in the same order, whatever their values.
    #[must_use]
    pub fn has_methods_of(&self, other: &Self) -> bool {
        let (own, others) = (self.steps.iter(), other.steps.iter());
        own.map(|step| &step.name).eq(others.map(|step| &step.name))
    }

    /// Whether the point with this index is the untouched model.
    #[must_use]
    pub fn is_identity_at(&self, index: usize) -> bool {
        let points = self.points();
        points.get(index).is_some_and(|(_, spec)| spec.is_identity())
    }

    /// The values of the range with the specification of each, in order. Where nothing varies: one point, at the value
    /// of the first step's knob, or the share of zeros of its pattern (0 where it has neither).
    #[must_use]
    pub fn points(&self) -> Vec<(f64, Spec)> {
        let ranges = self.steps.iter().enumerate().flat_map(|(i, step)| {
            step.values
                .iter()
                .enumerate()
                .filter_map(move |(j, (_, value))| match *value {
                    Value::Range { from, to, points } => Some((i, j, parse::range(from, to, points))),
                    _ => None,
                })
        });
        // A parsed sweep has at most one range.
        let Some((i, j, values)) = ranges.into_iter().next() else {
            let knob = self.steps.first().and_then(|step| {
                let key = catalogue::find(&step.name)?.knob()?.key;
                let share = || {
                    step.values.iter().find_map(|(_, value)| match *value {
                        Value::Pattern { zeros, group } => Some(zeros as f64 / group as f64),
                        _ => None,
                    })
                };
                step.number(key).ok().or_else(share)
            });
            let steps = self.steps.clone();
            return vec![(knob.unwrap_or(0.0), Spec { steps })];
        };
        values
            .into_iter()
            .map(|value| {
                let mut steps = self.steps.clone();
                steps[i].values[j].1 = Value::Number(value);
                (value, Spec { steps })
            })
            .collect()
    }

    /// Whether any point needs calibration.
    #[must_use]
    pub fn needs_calibration(&self) -> bool {
        let points = self.points();
        points.iter().any(|(_, spec)| spec.needs_calibration().unwrap_or(false))
    }

    /// What varies, if anything does.
    #[must_use]
    pub fn varied(&self) -> Option<Varied> {
        self.steps.iter().find_map(|step| {
            let method = catalogue::find(&step.name)?;
            step.values.iter().find_map(|(key, value)| {
                let Value::Range { from, to, points } = *value else {
                    return None;
                };
                let parameter = method.parameter(key)?;
                Some(Varied {
                    method,
                    parameter,
                    from,
                    to,
                    points,
                })
            })
        })
    }
}

impl From<Spec> for Sweep {
    fn from(spec: Spec) -> Self {
        Self { steps: spec.steps }
    }
}

fn write_steps(steps: &[Step], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if steps.is_empty() {
        return f.write_str("none");
    }
    for (i, step) in steps.iter().enumerate() {
        if i > 0 {
            f.write_str("+")?;
        }
        write!(f, "{step}")?;
    }
    Ok(())
}

macro_rules! text {
    ($t:ty, $check:path) => {
        impl std::str::FromStr for $t {
            type Err = SpecError;
            fn from_str(text: &str) -> Result<Self, SpecError> {
                let steps = parse::steps(text)?;
                $check(&steps)?;
                Ok(Self { steps })
            }
        }
        impl fmt::Display for $t {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_steps(&self.steps, f)
            }
        }
        impl TryFrom<String> for $t {
            type Error = SpecError;
            fn try_from(text: String) -> Result<Self, SpecError> {
                text.parse()
            }
        }
        impl From<$t> for String {
            fn from(spec: $t) -> String {
                spec.to_string()
            }
        }
    };
}
text!(Spec, parse::check_spec);
text!(Sweep, parse::check_sweep);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn error(text: &str) -> SpecError {
        let error = text.parse::<Sweep>().unwrap_err();
        assert!(!error.to_string().is_empty());
        error
    }

    #[test]
    fn the_examples_of_the_grammar_read_and_print() {
        for text in [
            "none",
            "magnitude:sparsity=0.5",
            "magnitude:sparsity=0.5,group=global",
            "wanda:sparsity=0.5",
            "wanda:pattern=2:4",
            "rtn:bits=4,group=32,scheme=asymmetric",
            "rtn:bits=4,group=48",
            "layer-drop:count=3",
            "duplicate",
            "duplicate:blocks=15",
            "duplicate:blocks=12-15,repeat=2",
            "wanda:sparsity=0.4+rtn:bits=4,group=64",
            "wanda:sparsity=0.5,blocks=2",
            "rtn:bits=4,blocks=2-5,except=3",
        ] {
            assert_eq!(text.parse::<Spec>().unwrap().to_string(), text);
            assert_eq!(text.parse::<Sweep>().unwrap().to_string(), text);
            let json = serde_json::to_string(&text.parse::<Spec>().unwrap()).unwrap();
            assert_eq!(json, format!("\"{text}\""));
            assert_eq!(serde_json::from_str::<Spec>(&json).unwrap().to_string(), text);
        }
        let untidy = " wanda : sparsity = 0.50 + rtn: bits=4.0 , group=064 ";
        let tidy = "wanda:sparsity=0.5+rtn:bits=4,group=64";
        assert_eq!(untidy.parse::<Spec>().unwrap().to_string(), tidy);
        assert_eq!(
            "magnitude:sparsity=-0".parse::<Spec>().unwrap().to_string(),
            "magnitude:sparsity=0"
        );
        assert_eq!(
            "duplicate:blocks=3-3".parse::<Spec>().unwrap().to_string(),
            "duplicate:blocks=3"
        );
    }

    #[test]
    fn a_range_has_exact_ends_and_short_values() {
        let values = |text: &str| {
            let points = text.parse::<Sweep>().unwrap().points();
            points
                .iter()
                .map(|(value, _)| value.to_string())
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(values("wanda:sparsity=0..0.8/9"), "0 0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8");
        assert_eq!(values("wanda:sparsity=0.8..0/9"), "0.8 0.7 0.6 0.5 0.4 0.3 0.2 0.1 0");
        assert_eq!(values("rtn:bits=8..2/7"), "8 7 6 5 4 3 2");
        assert_eq!(values("rtn:bits=8..2/4"), "8 6 4 2");
        assert_eq!(values("wanda:sparsity=0..1/4"), "0 0.333333 0.666667 1");
        assert_eq!(values("wanda:sparsity=0.05..0.95/3"), "0.05 0.5 0.95");
        assert_eq!(values("wanda:sparsity=0.5"), "0.5");
        assert_eq!(values("none"), "0");
        let points = "rtn:bits=8+wanda:sparsity=0..0.8/9".parse::<Sweep>().unwrap().points();
        assert_eq!(points[3].1.to_string(), "rtn:bits=8+wanda:sparsity=0.3");
    }

    #[test]
    fn what_varies_is_told() {
        let sweep = "rtn:bits=8+wanda:sparsity=0..0.8/9".parse::<Sweep>().unwrap();
        let varied = sweep.varied().unwrap();
        assert_eq!(
            (varied.method.name, varied.parameter.key, varied.points),
            ("wanda", "sparsity", 9)
        );
        assert!("wanda:sparsity=0.1".parse::<Sweep>().unwrap().varied().is_none());
    }

    #[test]
    fn calibration_is_asked_for_where_it_is_used() {
        for (text, needs) in [
            ("none", false),
            ("magnitude:sparsity=0..0.8/9", false),
            ("wanda:sparsity=0", false),
            ("wanda:sparsity=0..0.8/9", true),
            ("rtn:bits=4+layer-drop:count=1", true),
        ] {
            assert_eq!(text.parse::<Sweep>().unwrap().needs_calibration(), needs, "{text}");
        }
    }

    #[test]
    fn mistakes_are_named_with_what_is_allowed() {
        let cases = [
            ("", "for instance"),
            ("wonda:sparsity=0.5", "magnitude, wanda, random, rtn"),
            ("wanda:sparsty=0.5", "it takes: sparsity, pattern, blocks, except"),
            ("layer-drop:count=1,except=2", "it takes: count"),
            ("wanda:sparsity=0.5,blocks=4-2", "`blocks=4-2` is not possible"),
            ("rtn:bits=4,except=row", "give a block such as 15"),
            ("wanda:sparsity=0.5,sparsity=0.6", "twice"),
            ("wanda:sparsity=1.5", "a number from 0 to 1"),
            ("wanda:sparsity=-0.1", "a number from 0 to 1"),
            ("wanda", "`wanda` needs `sparsity`"),
            ("wanda:sparsity=much", "a number from 0 to 1"),
            ("wanda:sparsity=NaN", "a number from 0 to 1"),
            ("wanda:sparsity=inf", "a number from 0 to 1"),
            ("wanda:sparsity=2:4", "a number from 0 to 1"),
            ("wanda:sparsity=0.5,pattern=2:4", "not both"),
            ("wanda:pattern=4:4", "1 ≤ N < M ≤ 64"),
            ("wanda:pattern=0:4", "1 ≤ N < M ≤ 64"),
            ("wanda:pattern=2:4000", "1 ≤ N < M ≤ 64"),
            ("rtn:bits=4.5", "a whole number from 2 to 8"),
            ("rtn:bits=9", "a whole number from 2 to 8"),
            (
                "rtn:bits=4,group=column",
                "tensor, row or a whole number from 16 to 256",
            ),
            ("rtn:bits=4,group=3", "tensor, row or a whole number from 16 to 256"),
            ("rtn:bits=4,scheme=4", "symmetric, asymmetric"),
            ("duplicate:blocks=15-12", "12-15"),
            ("duplicate:blocks=1.5", "12-15"),
            ("wanda:sparsity=0..0.8/9+rtn:bits=8..2/7", "two ranges"),
            ("wanda:sparsity=0..0.8/1", "from 2 to 201 points"),
            ("wanda:sparsity=0..0.8/202", "from 2 to 201 points"),
            ("wanda:sparsity=0.5..0.5/3", "the same"),
            ("wanda:sparsity=0..1.8/9", "a number from 0 to 1"),
            ("rtn:bits=8..2/6", "whole numbers"),
            ("rtn:bits=8,group=32..64/2", "only a number"),
            ("wanda:sparsity=0..0.8", "from..to/points"),
            ("wanda:sparsity=0..0.8/nine", "from..to/points"),
        ];
        for (text, part) in cases {
            let message = error(text).to_string();
            assert!(message.contains(part), "{text}: {message}");
        }
        let message = "wanda:sparsity=0..0.8/9".parse::<Spec>().unwrap_err().to_string();
        assert!(message.contains("one value"), "{message}");
    }

    #[test]
    fn rubbish_is_placed() {
        for (text, place) in [
            ("+", 1),
            ("wanda:sparsity=0.5+", 20),
            ("wanda:sparsity", 7),
            ("wanda:", 7),
            ("wanda:=0.5", 7),
            ("wanda:sparsity=", 16),
            ("wanda:sparsity=0.5,,group=row", 20),
            ("wanda:sparsity={\"a\":[1]}", 16),
            ("wanda:sparsity=ä", 16),
            ("rtn:bits=4,scheme=ä+none", 19),
            ("none+none", 1),
        ] {
            match error(text) {
                SpecError::Syntax { at, .. } => assert_eq!(at, place, "{text}"),
                other => panic!("{text}: {other}"),
            }
        }
        assert!(matches!(
            error(&"wanda:sparsity=0.1+".repeat(9999)),
            SpecError::Syntax { .. }
        ));
        assert!(error(&"x".repeat(9999)).to_string().len() < 400);
    }

    proptest! {
        #[test]
        fn anything_is_read_without_a_panic(text in ".{0,60}") {
            if let Ok(sweep) = text.parse::<Sweep>() {
                prop_assert_eq!(sweep.to_string().parse::<Sweep>().unwrap(), sweep);
            }
        }

        #[test]
        fn near_misses_are_read_without_a_panic(
            parts in prop::collection::vec(
                prop::sample::select(vec![
                    "wanda", "rtn", "magnitude", "duplicate", "none", ":", "=", ",", "+", "..", "/", "-", "sparsity",
                    "bits", "group", "row", "pattern", "blocks", "0.5", "2", "4", "9", "1e9", "99999999999999999999", " ",
                ]),
                0..24,
            ),
        ) {
            let text = parts.concat();
            if let Ok(sweep) = text.parse::<Sweep>() {
                prop_assert_eq!(sweep.to_string().parse::<Sweep>().unwrap(), sweep.clone());
                for (_, spec) in sweep.points() {
                    prop_assert!(spec.methods().is_ok(), "{} of {}", spec, sweep);
                }
            }
        }

        #[test]
        fn range_points_are_evenly_spaced_and_inside(from in 0_u32..=100, to in 0_u32..=100, points in 2_usize..=201) {
            prop_assume!(from != to);
            let (from, to) = (f64::from(from) / 100.0, f64::from(to) / 100.0);
            let text = format!("magnitude:sparsity={from}..{to}/{points}");
            let values = text.parse::<Sweep>().unwrap().points();
            prop_assert_eq!(values.len(), points);
            prop_assert_eq!((values[0].0, values[points - 1].0), (from, to));
            for (i, (value, spec)) in values.iter().enumerate() {
                let exact = from + (to - from) * i as f64 / (points - 1) as f64;
                prop_assert!((value - exact).abs() <= 1e-6);
                prop_assert_eq!(spec.steps[0].number("sparsity"), Ok(*value));
                prop_assert!(value.to_string().len() <= 12, "{}", value);
            }
        }
    }
}
