//! The grammar: `name:key=value,key=value`, several steps joined by `+`, applied in order.
//!
//! A [`Sweep`] replaces exactly one value by a range `from..to/points`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Method;

/// A value after `=`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// `0.5`, `4`.
    Number(f64),
    /// `asymmetric`, `row`.
    Word(String),
    /// `2:4`: `zeros` of each aligned `group` inputs.
    Pattern {
        /// N.
        zeros: usize,
        /// M.
        group: usize,
    },
    /// `0..0.8/9`: `points` values from `from` to `to`, ends included.
    Range {
        /// First value.
        from: f64,
        /// Last value.
        to: f64,
        /// How many.
        points: usize,
    },
}

/// One method with its values, in the order in which they were written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The method's name.
    pub name: String,
    /// Keys and values.
    pub values: Vec<(String, Value)>,
}

/// Steps without a range: one modified model. `none` (no step) is the untouched model.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Spec {
    /// Applied in order.
    pub steps: Vec<Step>,
}

/// Steps of which at most one value is a range: the points of a curve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sweep {
    /// Applied in order; at most one value is [`Value::Range`].
    pub steps: Vec<Step>,
}

/// A specification could not be understood.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SpecError {
    /// Not of the form of the grammar.
    #[error("`{text}` at character {at}: {expected}")]
    Syntax {
        /// What was read.
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
    /// A range where none or another one may stand.
    #[error("{problem}")]
    Range {
        /// What is wrong and what to do.
        problem: String,
    },
}

impl Spec {
    /// The methods, built and checked, in order.
    ///
    /// # Errors
    /// Where a value is not what its method takes.
    pub fn methods(&self) -> Result<Vec<Arc<dyn Method>>, SpecError> {
        todo_spec()
    }
}

impl Sweep {
    /// The values of the range with the specification of each, in order; one point and no range where nothing varies.
    #[must_use]
    pub fn points(&self) -> Vec<(f64, Spec)> {
        Vec::new()
    }
}

fn todo_spec<T>() -> Result<T, SpecError> {
    Err(SpecError::Range { problem: String::new() })
}
macro_rules! text {
    ($t:ty) => {
        impl std::str::FromStr for $t {
            type Err = SpecError;
            fn from_str(_text: &str) -> Result<Self, SpecError> {
                todo_spec()
            }
        }
        impl std::fmt::Display for $t {
            fn fmt(&self, _f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                Ok(())
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
text!(Spec);
text!(Sweep);
