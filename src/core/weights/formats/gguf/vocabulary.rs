//! The tokenizer inside a GGUF file: its `tokenizer.ggml.*` metadata.

use super::Metadata;
use super::header::Value;
use crate::weights::WeightsError;
use crate::weights::formats::tokens::GgufVocabulary;

impl Metadata<'_> {
    /// Takes the tokenizer's metadata out.
    pub(super) fn vocabulary(&mut self) -> Result<GgufVocabulary, WeightsError> {
        const MODEL: &str = "tokenizer.ggml.model";
        const TOKENS: &str = "tokenizer.ggml.tokens";
        const SCORES: &str = "tokenizer.ggml.scores";
        const KINDS: &str = "tokenizer.ggml.token_type";
        const MERGES: &str = "tokenizer.ggml.merges";
        let model = self
            .string(MODEL)?
            .ok_or_else(|| self.error(MODEL, "is missing: the file has no tokenizer"))?;
        let tokens = match self.metadata.remove(TOKENS) {
            Some(Value::Strings(tokens)) => tokens,
            Some(_) => return Err(self.error(TOKENS, "is not a list of strings")),
            None => return Err(self.error(TOKENS, "is missing: the file has no tokenizer")),
        };
        let scores = match self.metadata.remove(SCORES) {
            Some(Value::F32s(scores)) if scores.len() == tokens.len() => scores,
            #[expect(clippy::cast_precision_loss, reason = "as llama.cpp reads them")]
            Some(Value::I32s(scores)) if scores.len() == tokens.len() => {
                scores.into_iter().map(|score| score as f32).collect()
            }
            Some(_) => return Err(self.error(SCORES, "is not a list with one number per token")),
            None => Vec::new(),
        };
        let kinds = match self.metadata.remove(KINDS) {
            Some(Value::I32s(kinds)) if kinds.len() == tokens.len() => kinds,
            Some(_) => return Err(self.error(KINDS, "is not a list with one number per token")),
            None => Vec::new(),
        };
        let merges = match self.metadata.remove(MERGES) {
            Some(Value::Strings(merges)) => Some(merges),
            Some(_) => return Err(self.error(MERGES, "is not a list of strings")),
            None => None,
        };
        Ok(GgufVocabulary {
            architecture: self.string("general.architecture")?.unwrap_or_default(),
            model,
            pre: self.string("tokenizer.ggml.pre")?,
            tokens,
            scores,
            kinds,
            merges,
            bos: self.token("tokenizer.ggml.bos_token_id")?,
            eos: self.token("tokenizer.ggml.eos_token_id")?,
            unknown: self.token("tokenizer.ggml.unknown_token_id")?,
            add_bos: self.bool("tokenizer.ggml.add_bos_token")?,
            add_eos: self.bool("tokenizer.ggml.add_eos_token")?,
            add_space_prefix: self.bool("tokenizer.ggml.add_space_prefix")?,
        })
    }

    /// A token's id; a negative one, mostly −1, and the same as an unsigned number mean none.
    fn token(&self, key: &str) -> Result<Option<u32>, WeightsError> {
        let id = self.integer::<i64>(key)?;
        Ok(id.and_then(|id| u32::try_from(id).ok()).filter(|id| *id != u32::MAX))
    }
}
