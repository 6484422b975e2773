//! A sheet as Parquet, for programs that read many files: typed columns, compressed. Built with the feature `parquet` alone, which
//! packages switch on.
//!
//! `time` stays a text with its offset, as in the other forms: a type of its own would lose what the local time was.

use std::sync::Arc;

use jiff::civil::Date;
use parquet::{
    basic::{Compression, LogicalType, Repetition, Type as Physical},
    column::writer::ColumnWriter,
    data_type::ByteArray,
    errors::{ParquetError, Result},
    file::{
        properties::WriterProperties,
        writer::{SerializedColumnWriter, SerializedFileWriter},
    },
    schema::types::Type,
};

use super::sheet::{Column, Field, Kind, Sheet};
use crate::calendar::Day;

/// The bytes of a sheet.
///
/// # Errors
/// When a row has something else in a column than the column says.
pub fn parquet(sheet: &Sheet) -> Result<Vec<u8>> {
    let fields = sheet.columns.iter().map(|column| field(column).map(Arc::new)).collect::<Result<Vec<_>>>()?;
    let schema = Type::group_type_builder("rows").with_fields(fields).build()?;
    // Without the library's own version, so that the bytes stay the same for as long as it writes the same.
    let properties =
        WriterProperties::builder().set_created_by("headcount".to_owned()).set_compression(Compression::SNAPPY).build();
    let mut bytes = Vec::new();
    let mut file = SerializedFileWriter::new(&mut bytes, Arc::new(schema), Arc::new(properties))?;
    let mut group = file.next_row_group()?;
    for (at, column) in sheet.columns.iter().enumerate() {
        let Some(writer) = group.next_column()? else { return Err(other_than(column)) };
        write(writer, column, sheet.rows.iter().map(|row| row.get(at).unwrap_or(&Field::Empty)))?;
    }
    group.close()?;
    file.close()?;
    Ok(bytes)
}

fn field(column: &Column) -> Result<Type> {
    let (physical, logical) = match column.kind {
        Kind::Time | Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Kind::Date => (Physical::INT32, Some(LogicalType::Date)),
        Kind::Count => (Physical::INT64, None),
        Kind::Number => (Physical::DOUBLE, None),
    };
    let made = Type::primitive_type_builder(column.name, physical).with_repetition(Repetition::OPTIONAL);
    made.with_logical_type(logical).build()
}

fn write<'a>(
    mut writer: SerializedColumnWriter<'_>,
    column: &Column,
    fields: impl Iterator<Item = &'a Field> + Clone,
) -> Result<()> {
    // 1 where there is something.
    let levels: Vec<i16> = fields.clone().map(|field| i16::from(*field != Field::Empty)).collect();
    let present = fields.filter(|field| **field != Field::Empty);
    let all = Some(&levels[..]);
    match writer.untyped() {
        ColumnWriter::ByteArrayColumnWriter(writer) => {
            writer.write_batch(&values(column, present, text)?, all, None)?;
        }
        ColumnWriter::Int32ColumnWriter(writer) => {
            writer.write_batch(&values(column, present, date)?, all, None)?;
        }
        ColumnWriter::Int64ColumnWriter(writer) => {
            writer.write_batch(&values(column, present, count)?, all, None)?;
        }
        ColumnWriter::DoubleColumnWriter(writer) => {
            writer.write_batch(&values(column, present, number)?, all, None)?;
        }
        _ => return Err(other_than(column)),
    }
    writer.close()
}

fn values<'a, T>(
    column: &Column,
    fields: impl Iterator<Item = &'a Field>,
    read: fn(&Field) -> Option<T>,
) -> Result<Vec<T>> {
    fields.map(|field| read(field).ok_or_else(|| other_than(column))).collect()
}

fn text(field: &Field) -> Option<ByteArray> {
    if let Field::Text(text) = field { Some(text.as_str().into()) } else { None }
}

fn date(field: &Field) -> Option<i32> {
    let Field::Text(text) = field else { return None };
    text.parse::<Date>().ok().map(|date| Day::from_date(date).number())
}

fn count(field: &Field) -> Option<i64> {
    if let Field::Count(count) = field { Some(*count) } else { None }
}

fn number(field: &Field) -> Option<f64> {
    if let Field::Number(number) = field { Some(*number) } else { None }
}

fn other_than(column: &Column) -> ParquetError {
    ParquetError::General(format!("the column {} holds something else than it says", column.name))
}

#[cfg(test)]
mod tests {
    use parquet::file::reader::{FileReader as _, SerializedFileReader};
    use parquet::record::Field as Read;

    use super::*;
    use crate::files::{Symbols, TABLE, Value, table_row};

    #[test]
    fn rows_are_read_back_with_their_types() {
        let value = Value { estimate: Some(314), low: 299, high: 329, standard_error: 7.25, reason: "" };
        let absent = Value { estimate: None, reason: "gap", ..value };
        let row =
            |value| table_row(["2026-10-01", "2026-10-31"], "www", "pages", ["=1", "views"], value, Symbols::None);
        let sheet = Sheet { columns: &TABLE, rows: vec![row(&value), row(&absent)] };
        let bytes = parquet(&sheet).unwrap();
        assert_eq!(parquet(&sheet).unwrap(), bytes);
        let reader = SerializedFileReader::new(prost::bytes::Bytes::from(bytes)).unwrap();
        let rows: Vec<Vec<Read>> = reader
            .get_row_iter(None)
            .unwrap()
            .map(|row| row.unwrap().get_column_iter().map(|(_, field)| field.clone()).collect())
            .collect();
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0][0], Read::Date(20_727));
        assert_eq!(
            (&rows[0][4], &rows[0][6], &rows[0][9]),
            (&Read::Str("=1".into()), &Read::Long(314), &Read::Double(7.25))
        );
        assert_eq!((&rows[1][6], &rows[1][10]), (&Read::Null, &Read::Str("gap".into())));
    }
}
