//! GGUF, llama.cpp's format: one file with configuration, tokenizer and (mostly quantized) tensors.
//!
//! | metadata | default |
//! |---|---|
//! | `general.architecture` | none; a name of `architecture::ALL` |
//! | `A.embedding_length`, `A.feed_forward_length`, `A.block_count`, `A.attention.head_count` | none |
//! | `A.attention.head_count_kv` | as many as query heads |
//! | `A.attention.key_length` | embedding length / heads |
//! | `A.context_length` | 2048 |
//! | `A.rope.freq_base` | 10000 |
//! | `A.rope.scaling.*`, the tensor `rope_freqs.weight` | none; see `rope.rs` |
//! | `A.attention.layer_norm_rms_epsilon` | 1e-5 |
//! | `general.name`, `general.license` | not known |
//!
//! Sizes and defaults as in llama.cpp's `src/llama-model.cpp`.

mod cursor;
mod header;
mod rope;
mod vocabulary;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::layout::{Layout, Naming};
use super::tensor::{Entry, RowOrder};
use super::tokens::TokenizerSource;
use super::{NamedFile, OpenedModel};
use crate::weights::architecture::GgufRows;
use crate::weights::{Architecture, ModelConfig, WeightsError};
use header::{Header, Value};

const CONTEXT_DEFAULT: usize = 2048;
const RMS_EPSILON_DEFAULT: f64 = 1e-5;

/// Opens a GGUF file; its tensors are read when asked for.
pub(super) fn open(named: &NamedFile) -> Result<OpenedModel, WeightsError> {
    let (file_name, file) = named;
    let Header { metadata, tensors } = Header::read(file.as_ref(), file_name)?;
    let mut metadata = Metadata { file_name, metadata };

    let mut entries = BTreeMap::new();
    for tensor in tensors {
        let entry = Entry {
            shape: tensor.shape,
            encoding: tensor.encoding,
            file: Arc::clone(file),
            offset: tensor.offset,
            bytes: tensor.bytes,
        };
        if entries.insert(tensor.name.clone(), entry).is_some() {
            return Err(WeightsError::Malformed {
                file: file_name.to_owned(),
                offset: tensor.offset,
                problem: format!("tensor {:?} appears twice", tensor.name),
            });
        }
    }
    let divisors = entries
        .remove(rope::DIVISORS)
        .map(|entry| metadata.divisors(entry))
        .transpose()?;
    let mut config = metadata.config(&entries, divisors)?;
    let limit = metadata
        .sliding_window(config.architecture)?
        .and_then(|window| config.limit_context(window));
    let rotary = match config.architecture.gguf_rows {
        GgufRows::Interleaved => RowOrder::Interleaved {
            head_dim: config.head_dim,
        },
        GgufRows::Halves => RowOrder::AsWanted,
    };
    let layout = Layout {
        file: file_name,
        naming: Naming::Gguf,
        rotary,
        entries,
        advice: "The file is incomplete: use another one",
        misfit: "The file contradicts itself: get it again, or use another one",
    };
    let (pristine, warnings) = layout.assemble(config)?;
    let vocabulary = metadata.vocabulary()?;
    Ok(OpenedModel {
        pristine,
        tokenizer: TokenizerSource::Gguf(vocabulary),
        files: vec![named.clone()],
        warnings: limit.into_iter().chain(warnings).collect(),
    })
}

struct Metadata<'a> {
    file_name: &'a str,
    metadata: BTreeMap<String, Value>,
}

impl Metadata<'_> {
    fn error(&self, key: &str, problem: impl Into<String>) -> WeightsError {
        WeightsError::Config {
            file: self.file_name.to_owned(),
            key: key.to_owned(),
            problem: problem.into(),
        }
    }

    fn unsupported(&self, what: impl Into<String>, supported: impl Into<String>) -> WeightsError {
        WeightsError::Unsupported {
            file: self.file_name.to_owned(),
            what: what.into(),
            supported: supported.into(),
        }
    }

    fn string(&self, key: &str) -> Result<Option<String>, WeightsError> {
        match self.metadata.get(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(self.error(key, "is not a string")),
        }
    }

    fn bool(&self, key: &str) -> Result<Option<bool>, WeightsError> {
        match self.metadata.get(key) {
            None => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(*value)),
            Some(_) => Err(self.error(key, "is not true or false")),
        }
    }

    fn float(&self, key: &str) -> Result<Option<f64>, WeightsError> {
        match self.metadata.get(key) {
            None => Ok(None),
            Some(Value::Float(value)) => Ok(Some(*value)),
            Some(_) => Err(self.error(key, "is not a floating-point number")),
        }
    }

    /// A whole number that fits `T`.
    fn integer<T: TryFrom<i128>>(&self, key: &str) -> Result<Option<T>, WeightsError> {
        match self.metadata.get(key) {
            None => Ok(None),
            Some(Value::Integer(value)) => match T::try_from(*value) {
                Ok(value) => Ok(Some(value)),
                Err(_) => Err(self.error(key, format!("can't be {value}"))),
            },
            Some(Value::I32s(_) | Value::F32s(_) | Value::OtherArray { .. }) => {
                Err(self.unsupported(format!("{key} that differs between blocks"), "blocks of one shape"))
            }
            Some(_) => Err(self.error(key, "is not a whole number")),
        }
    }

    fn needed(&self, key: &str) -> Result<usize, WeightsError> {
        self.integer(key)?
            .ok_or_else(|| self.error(key, "is missing from the metadata"))
    }

    fn config(
        &self,
        entries: &BTreeMap<String, Entry>,
        divisors: Option<Vec<f64>>,
    ) -> Result<ModelConfig, WeightsError> {
        if self.integer::<u32>("split.count")?.is_some_and(|count| count > 1) {
            return Err(self.unsupported(
                "a GGUF model in several files",
                "one file (llama-gguf-split --merge joins them)",
            ));
        }
        let name = self
            .string("general.architecture")?
            .ok_or_else(|| self.error("general.architecture", "is missing from the metadata"))?;
        let Some(architecture) = Architecture::from_name(&name) else {
            return Err(self.unsupported(format!("the architecture {name:?}"), Architecture::names()));
        };
        let key = |key: &str| format!("{name}.{key}");
        self.refuse_extras(&name)?;

        let hidden = self.needed(&key("embedding_length"))?;
        let heads = self.needed(&key("attention.head_count"))?;
        if heads == 0 {
            return Err(self.error(&key("attention.head_count"), "is 0"));
        }
        let head_dim = self.integer(&key("attention.key_length"))?.unwrap_or(hidden / heads);
        for (other, what) in [
            ("attention.value_length", "values of another length than keys"),
            ("rope.dimension_count", "rotary positions on a part of each head"),
        ] {
            if self
                .integer(&key(other))?
                .is_some_and(|length: usize| length != head_dim)
            {
                return Err(self.unsupported(what, format!("{} equal to the head size, {head_dim}", key(other))));
            }
        }
        // The vocabulary may be padded beyond the tokens that the tokenizer knows, so the tensor's size decides.
        let vocabulary = match entries.get("token_embd.weight").map(|entry| entry.shape.as_slice()) {
            Some([rows, _]) => *rows,
            _ => self.needed(&key("vocab_size"))?,
        };
        Ok(ModelConfig {
            architecture,
            name: self.string("general.name")?,
            licence: self.string("general.license")?,
            hidden,
            intermediate: self.needed(&key("feed_forward_length"))?,
            blocks: self.needed(&key("block_count"))?,
            heads,
            kv_heads: self.integer(&key("attention.head_count_kv"))?.unwrap_or(heads),
            head_dim,
            vocabulary,
            context: self.integer(&key("context_length"))?.unwrap_or(CONTEXT_DEFAULT),
            rope: self.rope(&name, divisors)?,
            rms_epsilon: self
                .float(&key("attention.layer_norm_rms_epsilon"))?
                .unwrap_or(RMS_EPSILON_DEFAULT),
            tied_head: !entries.contains_key("output.weight"),
        })
    }

    /// Refuses features of a supported architecture that the forward pass here lacks.
    fn refuse_extras(&self, architecture: &str) -> Result<(), WeightsError> {
        let key = |key: &str| format!("{architecture}.{key}");
        if self
            .integer::<u64>(&key("expert_count"))?
            .is_some_and(|count| count > 0)
        {
            return Err(self.unsupported("a mixture of experts", "one feed-forward part in each block"));
        }
        Ok(())
    }

    /// How many tokens attention looks back in some blocks; 0 in the file is no limit.
    fn sliding_window(&self, architecture: &Architecture) -> Result<Option<usize>, WeightsError> {
        let window = self.integer(&format!("{}.attention.sliding_window", architecture.name))?;
        Ok(window.filter(|window| *window > 0))
    }
}
