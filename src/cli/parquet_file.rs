//! A result as a Parquet file: one row per number, with the protocol in the file's metadata.

use std::sync::Arc;

use hemoscope_core::curve::{Curve, Point};
use hemoscope_core::observation::{Observed, Row, rows};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;

use crate::files::CliError;

/// A column, and how a row fills it.
#[derive(Clone, Copy)]
enum Column {
    /// The value of the knob with this index.
    Knob(usize),
    Number(fn(&Row<'_>) -> Option<f64>),
    Text(fn(&Row<'_>) -> Option<String>),
}

/// The columns after the knobs' columns: what was observed where; for a failed point, only its `spec` and `reason`.
const COLUMNS: [(&str, Column); 8] = [
    (
        "measure",
        Column::Text(|row| observed(row, |observed| observed.of.measure.clone())),
    ),
    (
        "place",
        Column::Text(|row| observed(row, |observed| observed.place.clone())),
    ),
    (
        "label",
        Column::Text(|row| observed(row, |observed| observed.label.clone())),
    ),
    (
        "value",
        Column::Number(|row| row.observed.as_ref().map(|observed| observed.value)),
    ),
    (
        "standard_error",
        Column::Number(|row| row.observed.as_ref()?.standard_error),
    ),
    (
        "unit",
        Column::Text(|row| observed(row, |observed| observed.of.unit.clone())),
    ),
    ("spec", Column::Text(|row| Some(row.point.spec.to_string()))),
    ("reason", Column::Text(|row| row.point.failure().map(str::to_owned))),
];

/// All columns with their names: `at` for the first knob, `at_2` for the second, and [`COLUMNS`].
fn columns(points: &[Point]) -> Vec<(String, Column)> {
    let knobs = points.iter().map(|point| point.at.len()).max().unwrap_or(1);
    let name = |knob| {
        if knob == 0 {
            "at".to_owned()
        } else {
            format!("at_{}", knob + 1)
        }
    };
    let knobs = (0..knobs).map(|knob| (name(knob), Column::Knob(knob)));
    knobs
        .chain(COLUMNS.map(|(name, column)| (name.to_owned(), column)))
        .collect()
}

/// The schema in Parquet's own syntax. All values are optional.
fn schema(columns: &[(String, Column)]) -> String {
    let field = |(name, column): &(String, Column)| match column {
        Column::Knob(_) | Column::Number(_) => format!("OPTIONAL DOUBLE {name};"),
        Column::Text(_) => format!("OPTIONAL BYTE_ARRAY {name} (UTF8);"),
    };
    format!("message result {{ {} }}", columns.iter().map(field).collect::<String>())
}

fn observed(row: &Row<'_>, read: fn(&Observed<'_>) -> String) -> Option<String> {
    row.observed.as_ref().map(read)
}

/// The file's bytes.
///
/// # Errors
/// If the protocol can't be written as JSON or the library refuses a column, which no result causes.
pub(crate) fn bytes(curve: &Curve) -> Result<Vec<u8>, CliError> {
    let notes = [
        ("modification", curve.sweep.to_string()),
        ("protocol", serde_json::to_string(&curve.protocol)?),
        ("base", serde_json::to_string(&curve.base)?),
        ("device", curve.device.clone()),
        ("duration_secs", curve.duration_secs.to_string()),
    ];
    let notes = notes.map(|(name, note)| KeyValue::new(format!("hemoscope.{name}"), note));
    Ok(table(&curve.points, notes.to_vec())?)
}

fn table(points: &[Point], notes: Vec<KeyValue>) -> Result<Vec<u8>, ParquetError> {
    let properties = WriterProperties::builder().set_key_value_metadata(Some(notes)).build();
    let columns = columns(points);
    let schema = Arc::new(parse_message_type(&schema(&columns))?);
    let mut file = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties))?;
    let rows = rows(points).collect::<Vec<_>>();
    let mut group = file.next_row_group()?;
    for (_, column) in columns {
        write(&mut group, column, &rows)?;
    }
    group.close()?;
    file.into_inner()
}

/// Writes the next column. Its definition levels say which of the rows have a value.
fn write(
    group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    column: Column,
    rows: &[Row<'_>],
) -> Result<(), ParquetError> {
    let Some(mut writer) = group.next_column()? else {
        return Err(ParquetError::General("the schema has fewer columns".to_owned()));
    };
    match (writer.untyped(), column) {
        (ColumnWriter::DoubleColumnWriter(writer), Column::Knob(knob)) => {
            let (values, levels) = filled(rows, |row| row.point.at.get(knob).copied());
            writer.write_batch(&values, Some(&levels), None)?;
        }
        (ColumnWriter::DoubleColumnWriter(writer), Column::Number(read)) => {
            let (values, levels) = filled(rows, read);
            writer.write_batch(&values, Some(&levels), None)?;
        }
        (ColumnWriter::ByteArrayColumnWriter(writer), Column::Text(read)) => {
            let (values, levels) = filled(rows, |row| read(row).map(|text| ByteArray::from(text.into_bytes())));
            writer.write_batch(&values, Some(&levels), None)?;
        }
        _ => return Err(ParquetError::General("the schema has another type".to_owned())),
    }
    writer.close()
}

/// The values present, and for each row whether it has one.
fn filled<'a, T>(rows: &[Row<'a>], read: impl Fn(&Row<'a>) -> Option<T>) -> (Vec<T>, Vec<i16>) {
    let found = rows.iter().map(read).collect::<Vec<_>>();
    let levels = found.iter().map(|value| i16::from(value.is_some())).collect();
    (found.into_iter().flatten().collect(), levels)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use hemoscope_core::observation::Observation;
    use parquet::file::reader::{FileReader as _, SerializedFileReader};

    #[test]
    fn every_knob_has_a_column_and_what_is_not_finite_stays() {
        let observed = vec![Observation::number("ppl", f64::INFINITY)];
        let mut point = Point::observed(0.5, "wanda:sparsity=0.5+rtn:bits=4".parse().unwrap(), observed);
        point.at.push(4.0);
        let failed = Point::failed(0.75, point.spec.clone(), "out of memory".to_owned());
        let file = table(&[point, failed], Vec::new()).unwrap();
        let mut place = tempfile::tempfile().unwrap();
        place.write_all(&file).unwrap();
        let file = SerializedFileReader::new(place).unwrap();
        let rows = file.get_row_iter(None).unwrap().map(|row| row.unwrap().to_string());
        assert_eq!(
            rows.collect::<Vec<_>>(),
            [
                "{at: 0.5, at_2: 4.0, measure: \"ppl\", place: \"\", label: \"\", value: inf, standard_error: null, \
                 unit: \"\", spec: \"wanda:sparsity=0.5+rtn:bits=4\", reason: null}",
                "{at: 0.75, at_2: null, measure: null, place: null, label: null, value: null, standard_error: null, \
                 unit: null, spec: \"wanda:sparsity=0.5+rtn:bits=4\", reason: \"out of memory\"}",
            ]
        );
    }
}
