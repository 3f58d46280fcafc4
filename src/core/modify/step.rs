//! One method of a specification, with its values as written.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::catalogue::Kind;
use super::{SpecError, parse};

/// A value after `=`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// `0.5`, `4`.
    Number(f64),
    /// `asymmetric`, `row`.
    Word(String),
    /// `2:4`: `zeros` in each aligned group of `group` inputs.
    Pattern {
        /// N.
        zeros: usize,
        /// M.
        group: usize,
    },
    /// `12-15`: blocks `first` to `last`, both included.
    Span {
        /// First block, from 0.
        first: usize,
        /// Last block.
        last: usize,
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

/// One method with its values, in the order written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The method's name.
    pub name: String,
    /// Keys and values.
    pub values: Vec<(String, Value)>,
}

impl Step {
    /// The value given for this key.
    #[must_use]
    pub fn value(&self, key: &str) -> Option<&Value> {
        self.values
            .iter()
            .find(|(given, _)| given == key)
            .map(|(_, value)| value)
    }

    /// A number, or its default.
    ///
    /// # Errors
    /// If it is missing or not a number.
    pub fn number(&self, key: &str) -> Result<f64, SpecError> {
        let parameter = parse::parameter(self, key)?;
        match (self.value(key), parameter.kind) {
            (Some(Value::Number(number)), _) => Ok(*number),
            (
                None,
                Kind::Number {
                    default: Some(number), ..
                },
            ) => Ok(number),
            (value, _) => Err(parse::unfit(self, parameter, value)),
        }
    }

    /// A whole number from 0, or its default.
    ///
    /// # Errors
    /// If it is missing or not a whole number.
    pub fn whole(&self, key: &str) -> Result<usize, SpecError> {
        let number = self.number(key)?;
        if number >= 0.0 && number <= f64::from(u32::MAX) && number.fract() == 0.0 {
            return Ok(number as usize);
        }
        Err(parse::unfit(self, parse::parameter(self, key)?, self.value(key)))
    }

    /// One of a few words, or its default; a number is given as it prints.
    ///
    /// # Errors
    /// If it is neither.
    pub fn word(&self, key: &str) -> Result<String, SpecError> {
        let parameter = parse::parameter(self, key)?;
        match (self.value(key), parameter.kind) {
            (Some(value @ (Value::Word(_) | Value::Number(_))), Kind::Choice { .. }) => Ok(value.to_string()),
            (None, Kind::Choice { default, .. }) => Ok(default.to_owned()),
            (value, _) => Err(parse::unfit(self, parameter, value)),
        }
    }

    /// N and M of a pattern, if one is given.
    ///
    /// # Errors
    /// If something else is given.
    pub fn pattern(&self, key: &str) -> Result<Option<(usize, usize)>, SpecError> {
        match self.value(key) {
            None => Ok(None),
            Some(&Value::Pattern { zeros, group }) => Ok(Some((zeros, group))),
            value => Err(parse::unfit(self, parse::parameter(self, key)?, value)),
        }
    }

    /// First and last block, if they are given.
    ///
    /// # Errors
    /// If something else is given.
    pub fn blocks(&self, key: &str) -> Result<Option<(usize, usize)>, SpecError> {
        match self.value(key) {
            None => Ok(None),
            Some(&Value::Span { first, last }) => Ok(Some((first, last))),
            Some(Value::Number(_)) => self.whole(key).map(|block| Some((block, block))),
            value => Err(parse::unfit(self, parse::parameter(self, key)?, value)),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Adding zero turns −0 into 0.
            Self::Number(number) => write!(f, "{}", number + 0.0),
            Self::Word(word) => f.write_str(word),
            Self::Pattern { zeros, group } => write!(f, "{zeros}:{group}"),
            Self::Span { first, last } => write!(f, "{first}-{last}"),
            Self::Range { from, to, points } => write!(f, "{}..{}/{points}", from + 0.0, to + 0.0),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        for (i, (key, value)) in self.values.iter().enumerate() {
            let before = if i == 0 { ':' } else { ',' };
            write!(f, "{before}{key}={value}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modify::Spec;

    fn step(text: &str) -> Step {
        text.parse::<Spec>().unwrap().steps.remove(0)
    }

    #[test]
    fn values_that_are_left_out_have_their_defaults() {
        let rtn = step("rtn:bits=4");
        assert_eq!(rtn.whole("bits"), Ok(4));
        assert_eq!(rtn.word("group").unwrap(), "row");
        assert_eq!(rtn.word("scheme").unwrap(), "symmetric");
        let duplicate = step("duplicate");
        assert_eq!(
            (duplicate.whole("repeat"), duplicate.blocks("blocks")),
            (Ok(1), Ok(None))
        );
        assert_eq!(step("duplicate:blocks=3").blocks("blocks"), Ok(Some((3, 3))));
        assert_eq!(step("duplicate:blocks=3-5").blocks("blocks"), Ok(Some((3, 5))));
        assert_eq!(step("wanda:sparsity=0.5").pattern("pattern"), Ok(None));
        assert_eq!(step("wanda:pattern=2:4").pattern("pattern"), Ok(Some((2, 4))));
        assert_eq!(step("rtn:bits=4,group=64").word("group").unwrap(), "64");
    }

    #[test]
    fn a_value_of_another_kind_is_an_error_also_in_a_step_that_was_not_checked() {
        let wanda = step("wanda:pattern=2:4");
        assert!(matches!(wanda.number("sparsity"), Err(SpecError::MissingKey { .. })));
        assert!(matches!(wanda.number("pattern"), Err(SpecError::BadValue { .. })));
        assert!(matches!(wanda.number("bits"), Err(SpecError::UnknownKey { .. })));
        let odd = Step {
            name: "rtn".to_owned(),
            values: vec![("bits".to_owned(), Value::Number(4.5))],
        };
        assert!(matches!(odd.whole("bits"), Err(SpecError::BadValue { .. })));
    }
}
