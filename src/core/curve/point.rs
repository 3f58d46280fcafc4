//! A point of a result: where it lies, what was observed there, and whether it could be measured.

use serde::{Deserialize, Serialize};

use super::Measured;
use super::measured::LN_RATIO;
use crate::modify::Spec;
use crate::observation::{Observation, find};

/// One point of a result. A failed point is a point with a reason, not a lost result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "PointOnDisk", into = "PointOnDisk")]
pub struct Point {
    /// Where it lies: a number for each range of the question, in the grammar's unit.
    pub at: Vec<f64>,
    /// The modification at this point.
    pub spec: Spec,
    /// What was observed.
    pub observations: Vec<Observation>,
    /// Whether it could be measured.
    pub status: Status,
}

/// Whether a point could be measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// It was.
    Measured,
    /// It could not; the text says why and what to do.
    Failed(String),
}

/// What a point holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome<'a> {
    /// The measures of a curve's point.
    Measured(Measured),
    /// Anything else that was observed: arrays with named axes.
    Observed(&'a [Observation]),
    /// It could not be measured; the text says why and what to do.
    Failed(&'a str),
}

impl Point {
    /// A point of a curve.
    #[must_use]
    pub fn measured(value: f64, spec: Spec, measured: &Measured) -> Self {
        Self::observed(value, spec, measured.observations())
    }

    /// A point of a one-range sweep, with its observations.
    #[must_use]
    pub fn observed(value: f64, spec: Spec, observations: Vec<Observation>) -> Self {
        Self {
            at: vec![value],
            spec,
            observations,
            status: Status::Measured,
        }
    }

    /// A point of a one-range sweep that could not be measured.
    #[must_use]
    pub fn failed(value: f64, spec: Spec, reason: String) -> Self {
        Self {
            at: vec![value],
            spec,
            observations: Vec::new(),
            status: Status::Failed(reason),
        }
    }

    /// The value along the first range.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.at.first().copied().unwrap_or(f64::NAN)
    }

    /// What the point holds.
    #[must_use]
    pub fn outcome(&self) -> Outcome<'_> {
        match &self.status {
            Status::Failed(reason) => Outcome::Failed(reason),
            Status::Measured => match Measured::of(&self.observations) {
                Some(measured) => Outcome::Measured(measured),
                None => Outcome::Observed(&self.observations),
            },
        }
    }

    /// ln(PPL/PPL₀), if it was measured.
    #[must_use]
    pub fn loss(&self) -> Option<f64> {
        find(&self.observations, LN_RATIO)?.values.first().copied()
    }

    /// Why it could not be measured.
    #[must_use]
    pub fn failure(&self) -> Option<&str> {
        match &self.status {
            Status::Failed(reason) => Some(reason),
            Status::Measured => None,
        }
    }
}

/// A point as it is stored in files, where the measures of a curve's point are named fields.
#[derive(Serialize, Deserialize)]
struct PointOnDisk {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<f64>,
    /// In place of `value`, for several knobs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    at: Vec<f64>,
    spec: Spec,
    outcome: OutcomeOnDisk,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum OutcomeOnDisk {
    Measured(Measured),
    Observed(Vec<Observation>),
    Failed(String),
}

impl From<PointOnDisk> for Point {
    fn from(on_disk: PointOnDisk) -> Self {
        let PointOnDisk {
            value,
            at,
            spec,
            outcome,
        } = on_disk;
        let at = value.map_or(at, |value| vec![value]);
        let (observations, status) = match outcome {
            OutcomeOnDisk::Measured(measured) => (measured.observations(), Status::Measured),
            OutcomeOnDisk::Observed(observations) => (observations, Status::Measured),
            OutcomeOnDisk::Failed(reason) => (Vec::new(), Status::Failed(reason)),
        };
        Self {
            at,
            spec,
            observations,
            status,
        }
    }
}

impl From<Point> for PointOnDisk {
    fn from(point: Point) -> Self {
        let measured =
            Measured::of(&point.observations).filter(|measured| measured.observations() == point.observations);
        let (value, at) = match point.at[..] {
            [value] => (Some(value), Vec::new()),
            _ => (None, point.at),
        };
        Self {
            value,
            at,
            spec: point.spec,
            outcome: match (point.status, measured) {
                (Status::Failed(reason), _) => OutcomeOnDisk::Failed(reason),
                (Status::Measured, Some(measured)) => OutcomeOnDisk::Measured(measured),
                (Status::Measured, None) => OutcomeOnDisk::Observed(point.observations),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::testing::sparsity;

    fn written(point: &Point) -> String {
        serde_json::to_string(point).expect("it is written")
    }

    #[test]
    fn every_point_comes_back_from_its_file() {
        let measured = sparsity(|x| (x, 0.01)).points.swap_remove(3);
        let mut with_more = measured.clone();
        with_more.observations.push(Observation::number("entropy", 2.5));
        let spec = measured.spec.clone();
        let array = Observation {
            standard_error: Some(vec![f64::NAN]),
            ..Observation::number("cka", f64::INFINITY)
        };
        let mut of_two = Point::observed(0.5, spec.clone(), vec![array.clone()]);
        of_two.at.push(4.0);
        for point in [
            measured,
            with_more,
            Point::observed(0.5, spec.clone(), vec![array]),
            of_two,
            Point::failed(0.5, spec, "out of memory".to_owned()),
        ] {
            let text = written(&point);
            assert_eq!(serde_json::from_str::<Point>(&text).expect("a point"), point, "{text}");
        }
    }

    #[test]
    fn files_name_the_value_and_the_measures() {
        let point = sparsity(|x| (x, 0.01)).points.swap_remove(3);
        let text = written(&point);
        assert!(text.starts_with("{\"value\":"), "{text}");
        assert!(
            text.contains("\"spec\":\"magnitude:sparsity=0.3\",\"outcome\":{\"measured\":{\"stats\":{\"ppl\":"),
            "{text}"
        );
    }
}
