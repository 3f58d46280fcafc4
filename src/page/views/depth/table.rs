//! The lines along the depth as a table: one row per site, one column per strength.

use super::super::under::{Numbers, four};
use crate::parts::Row;
use hemoscope_core::curve::{Curve, Point};
use hemoscope_core::experiment::Settings;
use hemoscope_core::observation::{Observation, find};
use hemoscope_core::plot::DepthMeasure;
use hemoscope_core::wording;

/// The chart's numbers.
pub(super) fn numbers(curve: &Curve, link: &Settings) -> Numbers {
    let measure = link.view.depth_measure;
    let observed = |point: &Point| find(&point.observations, measure.key()).cloned();
    let observed = curve.points.iter().map(observed).collect::<Vec<_>>();
    let longest = observed.iter().flatten().max_by_key(|found| found.values.len());
    let sites = longest
        .and_then(|found| found.axes.first())
        .map_or_else(Vec::new, |axis| axis.labels.clone());
    let strengths = curve
        .points
        .iter()
        .map(|point| wording::strength(&curve.sweep, point.value()));
    let row = |(site, head): (usize, String)| Row {
        head,
        cells: observed
            .iter()
            .map(|found| cell(found.as_ref(), site, measure))
            .collect(),
    };
    Numbers {
        columns: std::iter::once(measure.name().to_owned()).chain(strengths).collect(),
        rows: sites.into_iter().enumerate().map(row).collect(),
    }
}

/// A number, or a dash where there is none, as after a dropped block.
fn cell(found: Option<&Observation>, site: usize, measure: DepthMeasure) -> String {
    let value = found.and_then(|found| found.values.get(site));
    value.map_or_else(
        || "—".to_owned(),
        |value| match measure {
            DepthMeasure::RelativeError => wording::depth_value(*value, measure),
            DepthMeasure::Cosine | DepthMeasure::Cka => four(*value),
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::along_the_depth;

    #[test]
    fn the_table_has_a_row_a_place_and_a_column_a_strength() {
        let mut curve = along_the_depth("hemoscope-4m", "wanda:sparsity=0..0.8/9");
        let (value, spec) = (curve.points[1].value(), curve.points[1].spec.clone());
        curve.points[1] = Point::failed(value, spec, "out of memory".to_owned());
        let Numbers { columns, rows } = numbers(&curve, &Settings::default());
        assert_eq!(columns.len(), curve.points.len() + 1);
        assert_eq!(columns[0], "relative error");
        assert_eq!((rows.len(), rows[0].head.as_str()), (9, "embedding"));
        for row in &rows {
            assert_eq!(row.cells.len(), curve.points.len());
            assert_eq!(row.cells[1], "—");
        }
        assert_eq!(
            rows[0].cells[2], "0\u{202f}%",
            "nothing is pruned before the first block"
        );
        assert!(rows[8].cells[2].ends_with("\u{202f}%") && rows[8].cells[2] != "0\u{202f}%");
    }
}
