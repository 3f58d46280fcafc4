//! The legacy layout of llama2.c: a small header and f32 tensors, with the tokenizer in a second file.
//!
//! Header: seven i32: width, feed-forward width, blocks, heads, key/value heads, vocabulary (negative where the head
//! is not tied), context. Then, block after block for each kind of tensor: embedding, attention norms, query, key,
//! value, attention output, feed-forward norms, gate (w1), down (w2), up (w3), output norm, two rotary tables that
//! are skipped, and the head unless it is tied. Rotary pairs are interleaved.
//! Source: karpathy/llama2.c, `run.c` (`memory_map_weights`) and `export.py` (`legacy_export`).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::encoding::Encoding;
use super::layout::{Layout, Naming};
use super::tensor::{Entry, RowOrder};
use super::tokens::TokenizerSource;
use super::{NamedFile, OpenedModel, detect};
use crate::weights::architecture::LLAMA;
use crate::weights::{ModelConfig, ReadAt, Role, Rope, TensorId, WeightsError};

/// llama2.c has the epsilon of `rmsnorm` and the rotary base as constants in its code.
const RMS_EPSILON: f64 = 1e-5;
const ROPE_THETA: f64 = 10_000.0;

const HEADER_BYTES: u64 = 7 * 4;

/// The largest tokenizer file that is read; real ones have up to about half a megabyte.
const TOKENIZER_BYTES_MAX: u64 = 1 << 24;

const EXPECTED: &str = "a llama2.c model";

/// Opens a llama2.c model with its tokenizer; its tensors are read when asked for.
pub(super) fn open(model: &NamedFile, tokenizer: &NamedFile) -> Result<OpenedModel, WeightsError> {
    let (name, file) = model;
    let first = detect::peek(file.as_ref(), name)?;
    detect::check(name, &first, EXPECTED)?;
    let config = config(name, &first)?;
    config.check().map_err(|(_, _)| detect::not_a(name, &first, EXPECTED))?;
    let vocabulary = config.vocabulary;
    let entries = entries(name, file, &config)?;
    let layout = Layout {
        file: name,
        naming: Naming::HuggingFace,
        rotary: RowOrder::Interleaved {
            head_dim: config.head_dim,
        },
        entries,
        advice: "The file is incomplete: use another one",
        misfit: "The file contradicts itself: get it again, or use another one",
    };
    let (pristine, warnings) = layout.assemble(config)?;

    let (name, file) = tokenizer;
    let first = detect::peek(file.as_ref(), name)?;
    detect::check(name, &first, "a llama2.c tokenizer")?;
    let length = file.size();
    if length > TOKENIZER_BYTES_MAX {
        return Err(detect::not_a(name, &first, "a llama2.c tokenizer"));
    }
    let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
    file.fill(name, 0, &mut bytes)?;
    Ok(OpenedModel {
        pristine,
        tokenizer: TokenizerSource::Llama2c { bytes, vocabulary },
        files: vec![model.clone(), tokenizer.clone()],
        warnings,
    })
}

fn config(name: &str, first: &[u8]) -> Result<ModelConfig, WeightsError> {
    let (integers, _) = first.as_chunks::<4>();
    let not_a_model = || detect::not_a(name, first, EXPECTED);
    let [hidden, intermediate, blocks, heads, kv_heads, vocabulary, context] = integers
        .first_chunk::<7>()
        .ok_or_else(not_a_model)?
        .map(i32::from_le_bytes);
    let size = |value: i32| usize::try_from(value).map_err(|_negative| not_a_model());
    let (hidden, heads) = (size(hidden)?, size(heads)?);
    if heads == 0 || !hidden.is_multiple_of(heads) {
        return Err(not_a_model());
    }
    Ok(ModelConfig {
        architecture: &LLAMA,
        name: None,
        licence: None,
        hidden,
        intermediate: size(intermediate)?,
        blocks: size(blocks)?,
        heads,
        kv_heads: size(kv_heads)?,
        head_dim: hidden / heads,
        vocabulary: size(vocabulary.checked_abs().ok_or_else(not_a_model)?)?,
        context: size(context)?,
        rope: Rope::plain(ROPE_THETA),
        rms_epsilon: RMS_EPSILON,
        tied_head: vocabulary > 0,
    })
}

/// Where each tensor lies, under Hugging Face's name for it, since the file has no names.
fn entries(name: &str, file: &Arc<dyn ReadAt>, config: &ModelConfig) -> Result<BTreeMap<String, Entry>, WeightsError> {
    let mut entries = BTreeMap::new();
    let mut offset = HEADER_BYTES;
    let too_long = |offset: u64| WeightsError::Malformed {
        file: name.to_owned(),
        offset,
        problem: format!(
            "its tensors don't fit into its {} bytes; it was cut off, or is not a llama2.c model",
            file.size()
        ),
    };
    let mut place = |id: TensorId, offset: &mut u64| {
        let shape = config.shape(id.role);
        let bytes = shape[0] as u64 * shape[1] as u64 * 4;
        let end = offset.checked_add(bytes).filter(|end| *end <= file.size());
        let end = end.ok_or_else(|| too_long(*offset))?;
        let entry = Entry {
            shape: shape.to_vec(),
            encoding: Encoding::F32,
            file: Arc::clone(file),
            offset: *offset,
            bytes,
        };
        entries.insert(Naming::HuggingFace.name(id), entry);
        *offset = end;
        Ok::<(), WeightsError>(())
    };
    place(TensorId::global(Role::TokenEmbedding), &mut offset)?;
    for role in [
        Role::AttentionNorm,
        Role::Query,
        Role::Key,
        Role::Value,
        Role::AttentionOutput,
        Role::MlpNorm,
        Role::Gate,
        Role::Down,
        Role::Up,
    ] {
        for block in 0..config.blocks {
            place(TensorId::in_block(block, role), &mut offset)?;
        }
    }
    place(TensorId::global(Role::OutputNorm), &mut offset)?;
    // Cosines and sines for half a head's channels at each position.
    let tables = (config.context as u64)
        .saturating_mul(config.head_dim as u64)
        .saturating_mul(4);
    offset = offset.saturating_add(tables);
    if !config.tied_head {
        place(TensorId::global(Role::OutputHead), &mut offset)?;
    }
    if offset != file.size() {
        return Err(too_long(offset.min(file.size())));
    }
    Ok(entries)
}
