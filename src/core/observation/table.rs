//! Observations as a table: a line a number, its place on each axis before it.

use super::Observation;

/// A header and one line a number: the knob's value, the measure, its place on each axis as `name=value` joined by `;`, the
/// number, its standard error (empty where it is not known) and the unit. Numbers that are not finite stand as `NaN`, `inf`
/// and `-inf`.
#[must_use]
pub fn csv<'a>(points: impl IntoIterator<Item = (f64, &'a [Observation])>) -> String {
    let mut out = String::from("at,measure,place,label,value,standard_error,unit\n");
    for (at, observations) in points {
        for observation in observations {
            for (index, value) in observation.values.iter().enumerate() {
                let (place, label) = place(observation, index);
                let error = observation.standard_error.as_ref().and_then(|errors| errors.get(index));
                let error = error.map(f64::to_string).unwrap_or_default();
                let line = [
                    at.to_string(),
                    observation.measure.clone(),
                    place,
                    quoted(&label),
                    value.to_string(),
                    error,
                    observation.unit.clone(),
                ];
                out.push_str(&line.join(","));
                out.push('\n');
            }
        }
    }
    out
}

/// Where the number of this index stands: its coordinates, and the names of those that have one.
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

/// A text as one cell of a CSV table.
pub(crate) fn quoted(text: &str) -> String {
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
        let number = Observation::number("cascade", 0.35);
        let points = [observation, number];
        let table = csv([(0.5, points.as_slice())]);
        let lines = table.lines().collect::<Vec<_>>();
        assert_eq!(lines[0], "at,measure,place,label,value,standard_error,unit");
        assert_eq!(lines[1], "0.5,cosine,block=0;head=0,\"first, early; a\",1,,");
        assert_eq!(lines[3], "0.5,cosine,block=0;head=2,\"first, early; c\",NaN,,");
        assert_eq!(lines[6], "0.5,cosine,block=1;head=2,last; c,-1,,");
        assert_eq!(lines[7], "0.5,cascade,,,0.35,,");
        assert_eq!(lines.len(), 8);
    }
}
