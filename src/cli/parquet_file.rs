//! A result as a Parquet file: a row a number, with the protocol in the file's own metadata.

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

/// The columns. `at` is the knob's value; `measure`, `place`, `label` and `value` say what was observed where; of a failed
/// point there is one row with nothing but its `reason`.
const SCHEMA: &str = "message result {
    OPTIONAL DOUBLE at;
    OPTIONAL BYTE_ARRAY measure (UTF8);
    OPTIONAL BYTE_ARRAY place (UTF8);
    OPTIONAL BYTE_ARRAY label (UTF8);
    OPTIONAL DOUBLE value;
    OPTIONAL DOUBLE standard_error;
    OPTIONAL BYTE_ARRAY unit (UTF8);
    OPTIONAL BYTE_ARRAY spec (UTF8);
    OPTIONAL BYTE_ARRAY reason (UTF8);
}";

/// A column of numbers or of texts, as the rows fill it.
#[derive(Clone, Copy)]
enum Column {
    Numbers(fn(&Row<'_>) -> Option<f64>),
    Texts(fn(&Row<'_>) -> Option<String>),
}

/// In the order of the schema.
const COLUMNS: [Column; 9] = [
    Column::Numbers(|row| Some(row.point.value())),
    Column::Texts(|row| observed(row, |observed| observed.of.measure.clone())),
    Column::Texts(|row| observed(row, |observed| observed.place.clone())),
    Column::Texts(|row| observed(row, |observed| observed.label.clone())),
    Column::Numbers(|row| row.observed.as_ref().map(|observed| observed.value)),
    Column::Numbers(|row| row.observed.as_ref()?.standard_error),
    Column::Texts(|row| observed(row, |observed| observed.of.unit.clone())),
    Column::Texts(|row| Some(row.point.spec.to_string())),
    Column::Texts(|row| row.point.failure().map(str::to_owned)),
];

fn observed(row: &Row<'_>, read: fn(&Observed<'_>) -> String) -> Option<String> {
    row.observed.as_ref().map(read)
}

/// The file's bytes.
///
/// # Errors
/// Where the protocol can't be written as JSON or the library refuses a column, which no result causes.
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
    let schema = Arc::new(parse_message_type(SCHEMA)?);
    let mut file = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties))?;
    let rows = rows(points).collect::<Vec<_>>();
    let mut group = file.next_row_group()?;
    for column in COLUMNS {
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
        (ColumnWriter::DoubleColumnWriter(writer), Column::Numbers(read)) => {
            let (values, levels) = filled(rows, read);
            writer.write_batch(&values, Some(&levels), None)?;
        }
        (ColumnWriter::ByteArrayColumnWriter(writer), Column::Texts(read)) => {
            let (values, levels) = filled(rows, |row| read(row).map(|text| ByteArray::from(text.into_bytes())));
            writer.write_batch(&values, Some(&levels), None)?;
        }
        _ => return Err(ParquetError::General("the schema has another type".to_owned())),
    }
    writer.close()
}

/// The values that are there, and for each row whether it has one.
fn filled<'a, T>(rows: &[Row<'a>], read: impl Fn(&Row<'a>) -> Option<T>) -> (Vec<T>, Vec<i16>) {
    let found = rows.iter().map(read).collect::<Vec<_>>();
    let levels = found.iter().map(|value| i16::from(value.is_some())).collect();
    (found.into_iter().flatten().collect(), levels)
}
