//! The tokenizer inside a GGUF file: its `tokenizer.ggml.*` metadata.

use super::Metadata;
use super::header::Value;
use crate::weights::WeightsError;
use crate::weights::formats::tokens::{GgufVocabulary, keys};

impl Metadata<'_> {
    /// Takes the tokenizer's metadata out.
    pub(super) fn vocabulary(&mut self) -> Result<GgufVocabulary, WeightsError> {
        let model = self
            .string(keys::MODEL)?
            .ok_or_else(|| self.error(keys::MODEL, "is missing: the file has no tokenizer"))?;
        let tokens = match self.metadata.remove(keys::TOKENS) {
            Some(Value::Strings(tokens)) => tokens,
            Some(_) => return Err(self.error(keys::TOKENS, "is not a list of strings")),
            None => return Err(self.error(keys::TOKENS, "is missing: the file has no tokenizer")),
        };
        let scores = match self.metadata.remove(keys::SCORES) {
            Some(Value::F32s(scores)) if scores.len() == tokens.len() => scores,
            #[expect(clippy::cast_precision_loss, reason = "as llama.cpp reads them")]
            Some(Value::I32s(scores)) if scores.len() == tokens.len() => {
                scores.into_iter().map(|score| score as f32).collect()
            }
            Some(_) => return Err(self.error(keys::SCORES, "is not a list with one number per token")),
            None => Vec::new(),
        };
        let kinds = match self.metadata.remove(keys::KINDS) {
            Some(Value::I32s(kinds)) if kinds.len() == tokens.len() => kinds,
            Some(_) => return Err(self.error(keys::KINDS, "is not a list with one number per token")),
            None => Vec::new(),
        };
        let merges = match self.metadata.remove(keys::MERGES) {
            Some(Value::Strings(merges)) => Some(merges),
            Some(_) => return Err(self.error(keys::MERGES, "is not a list of strings")),
            None => None,
        };
        Ok(GgufVocabulary {
            architecture: self.string("general.architecture")?.unwrap_or_default(),
            model,
            pre: self.string(keys::PRE)?,
            tokens,
            scores,
            kinds,
            merges,
            bos: self.token(keys::BOS)?,
            eos: self.token(keys::EOS)?,
            unknown: self.token(keys::UNKNOWN)?,
            add_bos: self.bool(keys::ADD_BOS)?,
            add_eos: self.bool(keys::ADD_EOS)?,
            add_space_prefix: self.bool(keys::ADD_SPACE_PREFIX)?,
        })
    }

    /// A token's id; a negative one, mostly −1, and the same as an unsigned number mean none.
    fn token(&self, key: &str) -> Result<Option<u32>, WeightsError> {
        let id = self.integer::<i64>(key)?;
        Ok(id.and_then(|id| u32::try_from(id).ok()).filter(|id| *id != u32::MAX))
    }
}
