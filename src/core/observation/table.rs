//! Observations as a table: one line per number, with its position on each axis.

use super::Observation;
use crate::curve::Point;

/// One number of a result, with its position.
#[derive(Debug, Clone, PartialEq)]
pub struct Row<'a> {
    /// The point that it was observed at.
    pub point: &'a Point,
    /// What was observed, and its unit; `None`: the point failed, and this row says so.
    pub observed: Option<Observed<'a>>,
}

/// A number of an observation.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed<'a> {
    /// The observation that it belongs to.
    pub of: &'a Observation,
    /// Its position on each axis, as `name=value` joined by `;`.
    pub place: String,
    /// The names of those positions, joined by `; `.
    pub label: String,
    /// The number.
    pub value: f64,
    /// Its standard error, where it is known.
    pub standard_error: Option<f64>,
}

/// One row per number, and one per failed point.
pub fn rows(points: &[Point]) -> impl Iterator<Item = Row<'_>> {
    points.iter().flat_map(|point| {
        let numbers = point.observations.iter().flat_map(move |of| {
            of.values.iter().enumerate().map(move |(index, value)| {
                let (place, label) = place(of, index);
                let error = of.standard_error.as_ref().and_then(|errors| errors.get(index));
                let observed = Some(Observed {
                    of,
                    place,
                    label,
                    value: *value,
                    standard_error: error.copied(),
                });
                Row { point, observed }
            })
        });
        let failed = point.failure().map(|_| Row { point, observed: None });
        numbers.chain(failed)
    })
}

/// A header and one line per number: the knob's value, the measure, its position on each axis, the number, its standard
/// error (empty where not known), the unit and the modification. A failed point is one line with its reason. Numbers
/// that are not finite are written as `NaN`, `inf` and `-inf`.
#[must_use]
pub fn csv(points: &[Point]) -> String {
    let mut out = String::from("at,measure,place,label,value,standard_error,unit,spec,reason\n");
    for Row { point, observed } in rows(points) {
        let at = point.at.iter().map(f64::to_string).collect::<Vec<_>>().join(";");
        let observed = observed.map(|observed| {
            let error = observed.standard_error.map(|error| error.to_string());
            [
                observed.of.measure.clone(),
                observed.place,
                observed.label,
                observed.value.to_string(),
                error.unwrap_or_default(),
                observed.of.unit.clone(),
            ]
        });
        let mut cells = vec![at];
        cells.extend(observed.unwrap_or_default());
        cells.extend([point.spec.to_string(), point.failure().unwrap_or_default().to_owned()]);
        out.push_str(&csv_line(&cells));
    }
    out
}

/// The position of the number with this index: its coordinates, and the names of those that have one.
fn place(observation: &Observation, index: usize) -> (String, String) {
    let mut rest = index;
    let mut coordinates = Vec::new();
    let mut labels = Vec::new();
    for axis in observation.axes.iter().rev() {
        let length = axis.values.len().max(1);
        let i = rest % length;
        rest /= length;
        let value = axis.values.get(i).copied().unwrap_or(f64::NAN);
        coordinates.push(format!("{}={value}", axis.name));
        labels.extend(axis.labels.get(i).cloned());
    }
    coordinates.reverse();
    labels.reverse();
    (coordinates.join(";"), labels.join("; "))
}

/// Texts as one line of a CSV table.
pub(crate) fn csv_line(cells: &[String]) -> String {
    let cells = cells.iter().map(|cell| quoted(cell)).collect::<Vec<_>>();
    cells.join(",") + "\n"
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Axis;
    use super::*;
    use crate::modify::Spec;

    #[test]
    fn a_line_a_number_with_its_place_on_each_axis() {
        let axis = |name: &str, labels: &[&str]| Axis::named(name, labels.iter().map(ToString::to_string).collect());
        let observation = Observation {
            measure: "cosine".to_owned(),
            axes: vec![axis("block", &["first, early", "last"]), axis("head", &["a", "b", "c"])],
            values: vec![1.0, 0.5, f64::NAN, 0.25, 0.125, -1.0],
            standard_error: None,
            unit: String::new(),
        };
        let number = Observation {
            standard_error: Some(vec![0.02]),
            unit: "nats".to_owned(),
            ..Observation::number("cascade", 0.35)
        };
        let spec: Spec = "wanda:sparsity=0.5".parse().expect("a modification");
        let table = csv(&[
            Point::observed(0.5, spec.clone(), vec![observation, number]),
            Point::failed(0.75, spec, "out of memory, again".to_owned()),
        ]);
        let lines = table.lines().collect::<Vec<_>>();
        assert_eq!(lines[0], "at,measure,place,label,value,standard_error,unit,spec,reason");
        let spec = "wanda:sparsity=0.5";
        assert_eq!(
            lines[1],
            format!("0.5,cosine,block=0;head=0,\"first, early; a\",1,,,{spec},")
        );
        assert_eq!(
            lines[3],
            format!("0.5,cosine,block=0;head=2,\"first, early; c\",NaN,,,{spec},")
        );
        assert_eq!(lines[6], format!("0.5,cosine,block=1;head=2,last; c,-1,,,{spec},"));
        assert_eq!(lines[7], format!("0.5,cascade,,,0.35,0.02,nats,{spec},"));
        assert_eq!(lines[8], format!("0.75,,,,,,,{spec},\"out of memory, again\""));
        assert_eq!(lines.len(), 9);
    }
}
