//! The header of a GGUF file: metadata and where each tensor lies.
//!
//! Layout (little-endian; specification: ggml's `docs/gguf.md`): `GGUF`, version u32, tensor count u64, metadata
//! count u64; the metadata (key, type u32, value); for each tensor its name, number of dimensions u32, dimensions u64
//! innermost first, type u32 and offset u64; zeros up to a multiple of `general.alignment`; the tensors' data.
//!
//! The file may be hostile: every count and length is checked against the remaining bytes before anything is allocated
//! for it, and all sums are checked for overflow.

use std::collections::BTreeMap;

use super::super::detect::{self, GGUF_MAGIC};
use super::super::encoding::{Encoding, GGML_NAMES};
use super::cursor::Cursor;
use crate::weights::{ReadAt, WeightsError};

/// A value of the metadata.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Integer(i128),
    Float(f64),
    Bool(bool),
    String(String),
    Strings(Vec<String>),
    I32s(Vec<i32>),
    F32s(Vec<f32>),
    /// An array that nothing here uses; its elements have been checked and skipped.
    OtherArray {
        length: u64,
    },
}

/// Where one tensor lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TensorInfo {
    pub(super) name: String,
    /// Outermost first, as everywhere in this program (the file has them innermost first).
    pub(super) shape: Vec<usize>,
    pub(super) encoding: Encoding,
    /// From the start of the file.
    pub(super) offset: u64,
    pub(super) bytes: u64,
}

/// A whole header.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) metadata: BTreeMap<String, Value>,
    pub(super) tensors: Vec<TensorInfo>,
}

/// The most dimensions that ggml has.
const DIMENSIONS_MAX: u32 = 4;

/// The specification allows nested arrays; no known file nests deeper than two.
const ARRAY_DEPTH_MAX: u32 = 4;

/// The specification's default.
const ALIGNMENT_DEFAULT: u64 = 32;

/// Fewest bytes of one metadata entry: an empty key's length, a type and one byte.
const ENTRY_BYTES_MIN: u64 = 13;

/// Fewest bytes of one tensor's entry: an empty name's length, no dimensions, a type and an offset.
const TENSOR_BYTES_MIN: u64 = 24;

const TYPE_STRING: u32 = 8;
const TYPE_ARRAY: u32 = 9;

impl Header {
    /// Reads the header of `file`; `name` is for messages.
    pub(super) fn read(file: &dyn ReadAt, name: &str) -> Result<Self, WeightsError> {
        let mut cursor = Cursor::new(file, name);
        check_magic(file, name, &mut cursor)?;
        let tensor_count = cursor.u64()?;
        let entry_count = cursor.u64()?;
        let metadata = read_metadata(&mut cursor, entry_count)?;
        let alignment = match metadata.get("general.alignment") {
            None => ALIGNMENT_DEFAULT,
            Some(Value::Integer(alignment @ 1..=0x10_0000)) if alignment % 8 == 0 => {
                u64::try_from(*alignment).unwrap_or(ALIGNMENT_DEFAULT)
            }
            Some(_) => return Err(cursor.malformed("general.alignment is not a multiple of 8 up to 1048576")),
        };
        let tensors = read_tensors(&mut cursor, tensor_count, alignment, file.size())?;
        Ok(Self { metadata, tensors })
    }
}

fn check_magic(file: &dyn ReadAt, name: &str, cursor: &mut Cursor<'_>) -> Result<(), WeightsError> {
    let first = detect::peek(file, name)?;
    if !first.starts_with(&GGUF_MAGIC) {
        return Err(detect::not_a(name, &first, "a GGUF model"));
    }
    cursor.skip(4)?;
    match cursor.u32()? {
        2 | 3 => Ok(()),
        1 => Err(cursor.unsupported("version 1 of GGUF", "versions 2 and 3")),
        version if version.swap_bytes() <= 3 => {
            Err(cursor.unsupported("a GGUF file for big-endian machines", "little-endian files"))
        }
        version => Err(cursor.unsupported(format!("version {version} of GGUF"), "versions 2 and 3")),
    }
}

/// Refuses a count of things that can't fit into the rest of the file.
fn check_count(cursor: &Cursor<'_>, what: &str, count: u64, bytes_min: u64) -> Result<usize, WeightsError> {
    let left = cursor.remaining();
    let too_many = || cursor.malformed(format!("{count} {what} can't fit into the {left} bytes that are left"));
    if count.checked_mul(bytes_min).is_none_or(|bytes| bytes > left) {
        return Err(too_many());
    }
    usize::try_from(count).map_err(|_too_large| too_many())
}

fn read_metadata(cursor: &mut Cursor<'_>, count: u64) -> Result<BTreeMap<String, Value>, WeightsError> {
    check_count(cursor, "metadata entries", count, ENTRY_BYTES_MIN)?;
    let mut metadata = BTreeMap::new();
    for _ in 0..count {
        let key = cursor.string("a metadata key")?;
        let kind = cursor.u32()?;
        let value = read_value(cursor, &key, kind)?;
        if metadata.contains_key(&key) {
            return Err(cursor.malformed(format!("metadata key {key:?} appears twice")));
        }
        metadata.insert(key, value);
    }
    Ok(metadata)
}

/// Bytes of a value of fixed size; `None` for strings, arrays and unknown types.
fn fixed_bytes(kind: u32) -> Option<u64> {
    match kind {
        0 | 1 | 7 => Some(1),
        2 | 3 => Some(2),
        4..=6 => Some(4),
        10..=12 => Some(8),
        _ => None,
    }
}

fn read_value(cursor: &mut Cursor<'_>, key: &str, kind: u32) -> Result<Value, WeightsError> {
    Ok(match kind {
        0 => Value::Integer(u8::from_le_bytes(cursor.take()?).into()),
        1 => Value::Integer(i8::from_le_bytes(cursor.take()?).into()),
        2 => Value::Integer(u16::from_le_bytes(cursor.take()?).into()),
        3 => Value::Integer(i16::from_le_bytes(cursor.take()?).into()),
        4 => Value::Integer(u32::from_le_bytes(cursor.take()?).into()),
        5 => Value::Integer(i32::from_le_bytes(cursor.take()?).into()),
        6 => Value::Float(f32::from_le_bytes(cursor.take()?).into()),
        7 => Value::Bool(cursor.take::<1>()? != [0]),
        TYPE_STRING => Value::String(cursor.string(key)?),
        TYPE_ARRAY => read_array(cursor, key)?,
        10 => Value::Integer(u64::from_le_bytes(cursor.take()?).into()),
        11 => Value::Integer(i64::from_le_bytes(cursor.take()?).into()),
        12 => Value::Float(f64::from_le_bytes(cursor.take()?)),
        _ => return Err(cursor.malformed(format!("the value of {key:?} has the unknown type {kind}"))),
    })
}

fn read_array(cursor: &mut Cursor<'_>, key: &str) -> Result<Value, WeightsError> {
    let kind = cursor.u32()?;
    let length = cursor.u64()?;
    let what = format!("elements of {key:?}");
    Ok(match kind {
        // Each has a length field.
        TYPE_STRING => {
            let mut strings = Vec::with_capacity(check_count(cursor, &what, length, 8)?);
            for _ in 0..length {
                strings.push(cursor.string(&what)?);
            }
            Value::Strings(strings)
        }
        5 => {
            let mut integers = Vec::with_capacity(check_count(cursor, &what, length, 4)?);
            for _ in 0..length {
                integers.push(i32::from_le_bytes(cursor.take()?));
            }
            Value::I32s(integers)
        }
        6 => {
            let mut floats = Vec::with_capacity(check_count(cursor, &what, length, 4)?);
            for _ in 0..length {
                floats.push(f32::from_le_bytes(cursor.take()?));
            }
            Value::F32s(floats)
        }
        _ => {
            skip_elements(cursor, &what, kind, length, 1)?;
            Value::OtherArray { length }
        }
    })
}

/// Skips an array's elements, which may be arrays themselves.
fn skip_elements(cursor: &mut Cursor<'_>, what: &str, kind: u32, count: u64, depth: u32) -> Result<(), WeightsError> {
    if depth > ARRAY_DEPTH_MAX {
        return Err(cursor.malformed(format!("{what} are nested more than {ARRAY_DEPTH_MAX} deep")));
    }
    if let Some(bytes) = fixed_bytes(kind) {
        check_count(cursor, what, count, bytes)?;
        return cursor.skip(count.saturating_mul(bytes));
    }
    match kind {
        TYPE_STRING => {
            check_count(cursor, what, count, 8)?;
            for _ in 0..count {
                let length = cursor.u64()?;
                cursor.skip(length)?;
            }
        }
        TYPE_ARRAY => {
            check_count(cursor, what, count, 12)?;
            for _ in 0..count {
                let inner = cursor.u32()?;
                let length = cursor.u64()?;
                skip_elements(cursor, what, inner, length, depth + 1)?;
            }
        }
        _ => return Err(cursor.malformed(format!("{what} have the unknown type {kind}"))),
    }
    Ok(())
}

fn read_tensors(
    cursor: &mut Cursor<'_>,
    count: u64,
    alignment: u64,
    file_size: u64,
) -> Result<Vec<TensorInfo>, WeightsError> {
    let mut tensors = Vec::with_capacity(check_count(cursor, "tensors", count, TENSOR_BYTES_MIN)?);
    for _ in 0..count {
        tensors.push(read_tensor(cursor, alignment)?);
    }
    // Offsets count from here; a file with metadata only may end earlier.
    let data_start = cursor.position().next_multiple_of(alignment);
    for tensor in &mut tensors {
        let end = data_start
            .checked_add(tensor.offset)
            .and_then(|start| Some((start, start.checked_add(tensor.bytes)?)))
            .filter(|(_, end)| *end <= file_size);
        let Some((start, _)) = end else {
            return Err(cursor.malformed(format!(
                "tensor {:?} should take {} bytes from byte {} of the data, but the file has {file_size} bytes in all; it \
                 was cut off or made wrongly",
                tensor.name, tensor.bytes, tensor.offset
            )));
        };
        tensor.offset = start;
    }
    Ok(tensors)
}

/// One tensor's entry; its offset is still relative to the data.
fn read_tensor(cursor: &mut Cursor<'_>, alignment: u64) -> Result<TensorInfo, WeightsError> {
    let name = cursor.string("a tensor's name")?;
    let dimensions = cursor.u32()?;
    if dimensions == 0 || dimensions > DIMENSIONS_MAX {
        let problem = format!("tensor {name:?} has {dimensions} dimensions; 1 to {DIMENSIONS_MAX} are possible");
        return Err(cursor.malformed(problem));
    }
    let mut shape = Vec::new();
    let mut elements = 1_u64;
    for _ in 0..dimensions {
        let size = cursor.u64()?;
        let product = elements.checked_mul(size).filter(|elements| *elements > 0);
        let (Some(product), Ok(size)) = (product, usize::try_from(size)) else {
            return Err(cursor.malformed(format!("a dimension of tensor {name:?} can't be {size}")));
        };
        elements = product;
        shape.insert(0, size);
    }
    let kind = cursor.u32()?;
    let Some(encoding) = Encoding::from_ggml(kind) else {
        let what = match Encoding::ggml_name(kind) {
            Some(known) => format!("the type {known} of tensor {name:?}"),
            None => format!("the unknown ggml type {kind} of tensor {name:?}"),
        };
        return Err(cursor.unsupported(what, GGML_NAMES));
    };
    let columns = shape.last().copied().unwrap_or_default();
    if !columns.is_multiple_of(encoding.block_elements()) {
        let problem = format!(
            "tensor {name:?} has rows of {columns}, which is not a multiple of the block size, {}",
            encoding.name()
        );
        return Err(cursor.malformed(problem));
    }
    let offset = cursor.u64()?;
    if !offset.is_multiple_of(alignment) {
        let problem =
            format!("tensor {name:?} is at byte {offset} of the data, which is not a multiple of {alignment}");
        return Err(cursor.malformed(problem));
    }
    let blocks = elements / encoding.block_elements() as u64;
    let Some(bytes) = blocks.checked_mul(encoding.block_bytes() as u64) else {
        return Err(cursor.malformed(format!("tensor {name:?} has too many elements: {elements}")));
    };
    Ok(TensorInfo {
        name,
        shape,
        encoding,
        offset,
        bytes,
    })
}
