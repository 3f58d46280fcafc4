//! The curve's points as a table.

use super::super::under::{Numbers, four};
use crate::parts::Row;
use hemoscope_core::curve::{Curve, Outcome, Point};
use hemoscope_core::experiment::Settings;
use hemoscope_core::modify::catalogue::Unit;
use hemoscope_core::modify::knob;
use hemoscope_core::numeric::student_95;
use hemoscope_core::plot::format_value;

/// The names of the table's columns after the first.
const COLUMNS: [&str; 8] = [
    "perplexity",
    "× untouched",
    "hemorrhage ± 95 %",
    "KL divergence",
    "same next word",
    "zeros",
    "bits per weight",
    "seconds",
];

/// The chart's numbers.
pub(super) fn numbers(curve: &Curve, _: &Settings) -> Numbers {
    Numbers {
        columns: columns(curve),
        rows: rows(curve),
    }
}

fn columns(curve: &Curve) -> Vec<String> {
    let knob = knob::knob(&curve.sweep).map_or("value", |knob| knob.term);
    std::iter::once(knob).chain(COLUMNS).map(str::to_owned).collect()
}

fn rows(curve: &Curve) -> Vec<Row> {
    let unit = knob::knob(&curve.sweep).and_then(|knob| knob.unit());
    let unit = unit.unwrap_or(Unit::Count);
    let zero = || "0".to_owned();
    let untouched = Row {
        head: "untouched".to_owned(),
        cells: vec![
            four(curve.base.ppl),
            "1".to_owned(),
            zero(),
            zero(),
            format_value(1.0, Unit::Share),
        ],
    };
    let windows = curve.protocol.windows;
    let points = curve.points.iter().map(|point| Row {
        head: format_value(point.value(), unit),
        cells: cells(point, windows),
    });
    std::iter::once(untouched).chain(points).collect()
}

fn cells(point: &Point, windows: usize) -> Vec<String> {
    let measured = match point.outcome() {
        Outcome::Measured(measured) => measured,
        Outcome::Observed(_) => return Vec::new(),
        Outcome::Failed(reason) => return vec![format!("not measured: {reason}")],
    };
    let loss = measured.hemorrhage;
    vec![
        four(measured.stats.ppl),
        four(loss.ln_ratio.exp()),
        match student_95(windows) * loss.ln_ratio_se {
            half if half.is_nan() => four(loss.ln_ratio),
            half => format!("{} ± {}", four(loss.ln_ratio), four(half)),
        },
        four(measured.stats.kld_mean),
        format_value(measured.stats.same_top, Unit::Share),
        format_value(measured.sparsity_achieved, Unit::Share),
        four(measured.bits_per_weight),
        four(measured.duration_secs),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::stored;

    #[test]
    fn the_table_has_a_row_for_each_point_and_one_for_the_untouched_model() {
        let mut curve = stored("hemoscope-4m", "wanda:sparsity=0..0.8/9");
        let Numbers { columns, rows } = numbers(&curve, &Settings::default());
        assert_eq!(rows.len(), curve.points.len() + 1);
        // The untouched model has no weights of its own to count.
        assert!(rows[1..].iter().all(|row| row.cells.len() == COLUMNS.len()));
        assert_eq!(columns[0], "sparsity");
        let (value, spec) = (curve.points[0].value(), curve.points[0].spec.clone());
        curve.points[0] = Point::failed(value, spec, "out of memory".to_owned());
        assert_eq!(super::rows(&curve)[1].cells, ["not measured: out of memory"]);
    }
}
