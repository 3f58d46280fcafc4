//! The measures of a curve's point, and their form as observations.

use serde::{Deserialize, Serialize};

use crate::metric::{Hemorrhage, Stats};
use crate::observation::{Observation, find};

/// What was measured at one strength.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The modified model's measures.
    pub stats: Stats,
    /// ln(PPL/PPL₀) and its paired error.
    pub hemorrhage: Hemorrhage,
    /// Share of weights of the linear layers that are zero, counted in the modified weights.
    pub sparsity_achieved: f64,
    /// Bits per weight of the linear layers, scales included.
    pub bits_per_weight: f64,
    /// Transformer blocks of the modified model.
    pub blocks: usize,
    /// From the first edit to the last window, seconds.
    pub duration_secs: f64,
}

/// One measure of a curve's point: the name of its observation, and how to read and set it.
pub(super) struct Entry {
    pub(super) name: &'static str,
    unit: &'static str,
    get: fn(&Measured) -> f64,
    set: fn(&mut Measured, f64),
    /// Its standard error, if it has one.
    pub(super) error: Option<ErrorEntry>,
}

pub(super) struct ErrorEntry {
    get: fn(&Measured) -> f64,
    set: fn(&mut Measured, f64),
}

macro_rules! entry {
    ($name:literal, $unit:literal, $($field:ident).+ $(, error: $($error:ident).+)?) => {
        entry!(@ $name, $unit, |at| at.$($field).+, |at, value| at.$($field).+ = value $(, $($error).+)?)
    };
    (count $name:literal, $($field:ident).+) => {
        entry!(@ $name, "", |at| at.$($field).+ as f64, |at, value| at.$($field).+ = value as usize)
    };
    (@ $name:literal, $unit:literal, $get:expr, $set:expr $(, $($error:ident).+)?) => {
        Entry {
            name: $name,
            unit: $unit,
            get: $get,
            set: $set,
            error: entry!(@error $($($error).+)?),
        }
    };
    (@error) => { None };
    (@error $($error:ident).+) => {
        Some(ErrorEntry { get: |at| at.$($error).+, set: |at, value| at.$($error).+ = value })
    };
}

/// All measures, in the order of tables.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast from a float saturates, and counts were whole numbers before"
)]
pub(super) const MEASURES: [Entry; 12] = [
    entry!("ln_ratio", "nats", hemorrhage.ln_ratio, error: hemorrhage.ln_ratio_se),
    entry!("ppl", "", stats.ppl),
    entry!("nll", "nats", stats.nll, error: stats.nll_se),
    entry!("kld_mean", "nats", stats.kld_mean),
    entry!("kld_median", "nats", stats.kld_median),
    entry!("kld_p99", "nats", stats.kld_p99),
    entry!("same_top", "", stats.same_top),
    entry!(count "tokens", stats.tokens),
    entry!("sparsity_achieved", "", sparsity_achieved),
    entry!("bits_per_weight", "bits", bits_per_weight),
    entry!(count "blocks", blocks),
    entry!("duration_secs", "s", duration_secs),
];

impl Measured {
    /// Each measure as an observation of one number.
    #[must_use]
    pub fn observations(&self) -> Vec<Observation> {
        let observation = |entry: &Entry| Observation {
            unit: entry.unit.to_owned(),
            standard_error: entry.error.as_ref().map(|error| vec![(error.get)(self)]),
            ..Observation::number(entry.name, (entry.get)(self))
        };
        MEASURES.iter().map(observation).collect()
    }

    /// Reads the measures back from observations; `None` where one is missing.
    #[must_use]
    pub fn of(observations: &[Observation]) -> Option<Self> {
        let mut measured = Self::default();
        for entry in &MEASURES {
            let observation = find(observations, entry.name)?;
            (entry.set)(&mut measured, *observation.values.first()?);
            if let Some(error) = &entry.error {
                let errors = observation.standard_error.as_ref()?;
                (error.set)(&mut measured, *errors.first()?);
            }
        }
        Some(measured)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::testing::sparsity;
    use crate::curve::{Outcome, Point};

    #[test]
    fn measures_come_back_from_their_observations() {
        let curve = sparsity(|x| (x, 0.01));
        let Outcome::Measured(mut measured) = curve.points[4].outcome() else {
            panic!("a point of a curve")
        };
        measured.stats.ppl = f64::INFINITY;
        measured.hemorrhage.ln_ratio = f64::NAN;
        let mut observations = measured.observations();
        assert_eq!(Measured::of(&observations), Some(measured));
        let loss = find(&observations, "ln_ratio").and_then(|loss| loss.standard_error.clone());
        assert_eq!(loss, Some(vec![0.01]));
        observations.pop();
        assert_eq!(Measured::of(&observations), None);
        assert!(matches!(
            Point::observed(0.5, curve.points[4].spec.clone(), observations).outcome(),
            Outcome::Observed(_)
        ));
    }
}
