//! One safetensors file: a header that says where each tensor lies, then the tensors.
//!
//! Layout: the header's length as u64, the header as JSON, the data. The safetensors crate checks the header (offsets
//! without gaps, sizes equal to shape times type); only the header is read here.

use std::collections::BTreeMap;
use std::sync::Arc;

use safetensors::Dtype;
use safetensors::tensor::Metadata;

use super::super::detect;
use super::super::encoding::Encoding;
use super::super::tensor::Entry;
use crate::weights::{ReadAt, WeightsError};

/// As in the safetensors crate: longer headers are refused.
const HEADER_BYTES_MAX: u64 = 100_000_000;

/// Bytes of the header's length.
const LENGTH_BYTES: u64 = 8;

/// Where each tensor of a file lies.
pub(super) fn read(name: &str, file: &Arc<dyn ReadAt>) -> Result<BTreeMap<String, Entry>, WeightsError> {
    let malformed = |offset: u64, problem: String| WeightsError::Malformed {
        file: name.to_owned(),
        offset,
        problem,
    };
    let first = detect::peek(file.as_ref(), name)?;
    detect::check(name, &first, "a safetensors file")?;
    let (Some(length), Some(b'{')) = (first.first_chunk(), first.get(8)) else {
        return Err(detect::not_a(name, &first, "a safetensors file"));
    };
    let length = u64::from_le_bytes(*length);
    let left = file.size().saturating_sub(LENGTH_BYTES);
    if length > left.min(HEADER_BYTES_MAX) {
        let problem = format!("its header should take {length} bytes, but the file has {left} more; it was cut off");
        return Err(malformed(0, problem));
    }
    let mut header = vec![0; usize::try_from(length).unwrap_or_default()];
    file.fill(name, LENGTH_BYTES, &mut header)?;
    let metadata: Metadata = serde_json::from_slice(&header)
        .map_err(|problem| malformed(LENGTH_BYTES, format!("its header can't be read: {problem}")))?;
    let data_start = LENGTH_BYTES + length;
    let end = data_start.checked_add(metadata.data_len() as u64);
    if end != Some(file.size()) {
        let size = file.size();
        let wanted = end.map_or_else(|| "more than 2^64".to_owned(), |end| end.to_string());
        let problem =
            format!("its tensors end at byte {wanted}, but the file has {size} bytes; it was cut off or changed");
        return Err(malformed(size, problem));
    }

    let mut entries = BTreeMap::new();
    for (tensor, info) in metadata.tensors() {
        let encoding = match info.dtype {
            Dtype::F32 => Encoding::F32,
            Dtype::F16 => Encoding::F16,
            Dtype::BF16 => Encoding::Bf16,
            other => {
                return Err(WeightsError::Unsupported {
                    file: name.to_owned(),
                    what: format!("type {other:?} of tensor {tensor}"),
                    supported: "F32, F16, BF16".to_owned(),
                });
            }
        };
        let (start, end) = info.data_offsets;
        let entry = Entry {
            shape: info.shape.clone(),
            encoding,
            file: Arc::clone(file),
            offset: data_start + start as u64,
            bytes: (end - start) as u64,
        };
        entries.insert(tensor, entry);
    }
    Ok(entries)
}
