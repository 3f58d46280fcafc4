//! What a measurement gives: arrays of numbers with named axes. Tables and files are derived from the axes, whatever
//! the question was.

mod table;

use serde::{Deserialize, Serialize};

use crate::numeric::nonfinite::same;
pub(crate) use table::csv_line;
pub use table::{Observed, Row, csv, rows};

/// An array with names.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Observation {
    /// What was measured, e.g. `relative_error`.
    pub measure: String,
    /// The axes, slowest first; empty where `values` is one number.
    pub axes: Vec<Axis>,
    /// The numbers, row-major over the axes.
    #[serde(with = "crate::numeric::nonfinite::list")]
    pub values: Vec<f64>,
    /// The standard error of each, where it is known.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "crate::numeric::nonfinite::optional_list"
    )]
    pub standard_error: Option<Vec<f64>>,
    /// The unit of the numbers; empty where they are ratios.
    pub unit: String,
}

/// Counts NaN as equal to NaN.
impl PartialEq for Observation {
    fn eq(&self, other: &Self) -> bool {
        let Self {
            measure,
            axes,
            values,
            standard_error,
            unit,
        } = self;
        let errors = |error: &Option<Vec<f64>>| error.clone().unwrap_or_default();
        (measure, axes, unit) == (&other.measure, &other.axes, &other.unit)
            && standard_error.is_some() == other.standard_error.is_some()
            && same(values, &other.values)
            && same(&errors(standard_error), &errors(&other.standard_error))
    }
}

/// One axis of an [`Observation`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Axis {
    /// What varies along it, e.g. `site`.
    pub name: String,
    /// The unit of its values; empty for counts and names.
    pub unit: String,
    /// The coordinates of its entries.
    pub values: Vec<f64>,
    /// A name for each entry; empty where the values suffice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
}

impl Axis {
    /// An axis of named entries, counted from 0.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "entries are few")]
    pub fn named(name: &str, labels: Vec<String>) -> Self {
        Self {
            name: name.to_owned(),
            unit: String::new(),
            values: (0..labels.len()).map(|i| i as f64).collect(),
            labels,
        }
    }
}

impl Observation {
    /// Numbers along one axis, without a unit.
    #[must_use]
    pub fn along(measure: &str, axis: &Axis, values: Vec<f64>) -> Self {
        Self {
            measure: measure.to_owned(),
            axes: vec![axis.clone()],
            values,
            standard_error: None,
            unit: String::new(),
        }
    }

    /// A single number.
    #[must_use]
    pub fn number(measure: &str, value: f64) -> Self {
        Self {
            measure: measure.to_owned(),
            axes: Vec::new(),
            values: vec![value],
            standard_error: None,
            unit: String::new(),
        }
    }
}

/// The observation of this measure.
#[must_use]
pub fn find<'a>(observations: &'a [Observation], measure: &str) -> Option<&'a Observation> {
    observations.iter().find(|observation| observation.measure == measure)
}
