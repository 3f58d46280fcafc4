//! From named tensors to roles: checks that every tensor that the architecture needs is there with the right shape, and
//! that none is left over that the forward pass would silently ignore.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::tensor::{Entry, FileTensor, RowOrder};
use crate::weights::architecture::WEIGHTS;
use crate::weights::{Architecture, ModelConfig, Pristine, Role, StoredTensor, TensorId, WeightsError};

/// How a format spells the names of tensors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Naming {
    /// llama.cpp's, in GGUF files.
    Gguf,
    /// Hugging Face's, in safetensors files.
    HuggingFace,
}

impl Naming {
    /// A tensor's name in the file.
    pub(super) fn name(self, id: TensorId) -> String {
        let (gguf, hugging_face) = match id.role {
            Role::TokenEmbedding => ("token_embd.weight", "model.embed_tokens.weight"),
            Role::OutputNorm => ("output_norm.weight", "model.norm.weight"),
            Role::OutputHead => ("output.weight", "lm_head.weight"),
            Role::AttentionNorm => ("attn_norm.weight", "input_layernorm.weight"),
            Role::Query => ("attn_q.weight", "self_attn.q_proj.weight"),
            Role::Key => ("attn_k.weight", "self_attn.k_proj.weight"),
            Role::Value => ("attn_v.weight", "self_attn.v_proj.weight"),
            Role::QueryBias => ("attn_q.bias", "self_attn.q_proj.bias"),
            Role::KeyBias => ("attn_k.bias", "self_attn.k_proj.bias"),
            Role::ValueBias => ("attn_v.bias", "self_attn.v_proj.bias"),
            Role::AttentionOutput => ("attn_output.weight", "self_attn.o_proj.weight"),
            Role::MlpNorm => ("ffn_norm.weight", "post_attention_layernorm.weight"),
            Role::Gate => ("ffn_gate.weight", "mlp.gate_proj.weight"),
            Role::Up => ("ffn_up.weight", "mlp.up_proj.weight"),
            Role::Down => ("ffn_down.weight", "mlp.down_proj.weight"),
            Role::QueryNorm => ("attn_q_norm.weight", "self_attn.q_norm.weight"),
            Role::KeyNorm => ("attn_k_norm.weight", "self_attn.k_norm.weight"),
        };
        match id.block {
            Some(block) => self.in_block(block, gguf, hugging_face),
            None => match self {
                Self::Gguf => gguf.to_owned(),
                Self::HuggingFace => hugging_face.to_owned(),
            },
        }
    }

    fn in_block(self, block: usize, gguf: &str, hugging_face: &str) -> String {
        match self {
            Self::Gguf => format!("blk.{block}.{gguf}"),
            Self::HuggingFace => format!("model.layers.{block}.{hugging_face}"),
        }
    }
}

/// Every tensor that a model of this configuration needs, those outside the blocks first.
fn needed(config: &ModelConfig) -> impl Iterator<Item = TensorId> {
    let head = (!config.tied_head).then_some(Role::OutputHead);
    let outside = [Role::TokenEmbedding, Role::OutputNorm].into_iter().chain(head);
    let roles = WEIGHTS.iter().chain(config.architecture.vectors);
    let inside =
        (0..config.blocks).flat_map(move |block| roles.clone().map(move |role| TensorId::in_block(block, *role)));
    outside.map(TensorId::global).chain(inside)
}

/// A file's tensors, before roles are assigned.
pub(super) struct Layout<'a> {
    /// The file or files, for messages.
    pub(super) file: &'a str,
    pub(super) naming: Naming,
    /// The order of query and key rows in the file.
    pub(super) rotary: RowOrder,
    pub(super) entries: BTreeMap<String, Entry>,
    /// What to do when a tensor is missing.
    pub(super) advice: &'static str,
    /// What to do when a shape does not match the configuration.
    pub(super) misfit: &'static str,
}

impl Layout<'_> {
    /// Assigns each tensor its role, and warns of what the files contradict themselves in.
    ///
    /// # Errors
    /// An impossible configuration, a missing tensor, a wrong shape, a tensor that the architecture has no place
    /// for.
    pub(super) fn assemble(mut self, mut config: ModelConfig) -> Result<(Pristine, Vec<String>), WeightsError> {
        config.check().map_err(|(field, problem)| WeightsError::Config {
            file: self.file.to_owned(),
            key: field.to_owned(),
            problem,
        })?;
        let warnings: Vec<String> = self.untie(&mut config)?.into_iter().collect();
        self.take_apart(&config)?;
        let mut tensors: BTreeMap<TensorId, Arc<dyn StoredTensor>> = BTreeMap::new();
        for id in needed(&config) {
            let name = self.naming.name(id);
            let Some(entry) = self.entries.remove(&name) else {
                return Err(WeightsError::NoTensor {
                    file: self.file.to_owned(),
                    tensor: name,
                    architecture: config.architecture.name,
                    blocks: config.blocks,
                    advice: self.advice,
                });
            };
            let expected = config.shape(id.role);
            let fits = match entry.shape.as_slice() {
                [rows, columns] => [*rows, *columns] == expected,
                [columns] => [1, *columns] == expected,
                _ => false,
            };
            if !fits {
                return Err(WeightsError::Shape {
                    file: self.file.to_owned(),
                    name,
                    found: entry.shape,
                    expected: if expected[0] == 1 {
                        vec![expected[1]]
                    } else {
                        expected.to_vec()
                    },
                    advice: self.misfit,
                });
            }
            let order = match id.role {
                Role::Query | Role::Key | Role::QueryBias | Role::KeyBias => self.rotary,
                _ => RowOrder::AsWanted,
            };
            let tensor = FileTensor {
                name,
                shape: expected,
                entry,
                order,
            };
            tensors.insert(id, Arc::new(tensor));
        }
        self.refuse_leftovers(&config)?;
        Ok((Pristine::new(config, tensors), warnings))
    }

    /// Makes a tensor of each part of the tensors that hold several roles.
    fn take_apart(&mut self, config: &ModelConfig) -> Result<(), WeightsError> {
        for (block, fused) in
            (0..config.blocks).flat_map(|block| config.architecture.fused.iter().map(move |f| (block, f)))
        {
            let name = self.naming.in_block(block, fused.gguf, fused.hugging_face);
            let Some(whole) = self.entries.remove(&name) else {
                continue;
            };
            let rows: Vec<usize> = fused.parts.iter().map(|role| config.shape(*role)[0]).collect();
            let parts = whole.rows(&rows).ok_or_else(|| WeightsError::Shape {
                file: self.file.to_owned(),
                name,
                found: whole.shape.clone(),
                expected: vec![rows.iter().sum(), config.hidden],
                advice: self.misfit,
            })?;
            for (role, part) in fused.parts.iter().zip(parts) {
                self.entries
                    .insert(self.naming.name(TensorId::in_block(block, *role)), part);
            }
        }
        Ok(())
    }

    /// A head that the configuration calls tied is the file's own where the file has one that differs.
    fn untie(&self, config: &mut ModelConfig) -> Result<Option<String>, WeightsError> {
        let [embedding, head] =
            [Role::TokenEmbedding, Role::OutputHead].map(|role| self.naming.name(TensorId::global(role)));
        if !config.tied_head {
            return Ok(None);
        }
        let (Some(tied), Some(own)) = (self.entries.get(&embedding), self.entries.get(&head)) else {
            return Ok(None);
        };
        if own.holds_the_same_as(tied, &head)? {
            return Ok(None);
        }
        config.tied_head = false;
        Ok(Some(format!(
            "{}: the configuration says that output head and embedding are the same, but {head} differs from \
             {embedding}: it is used as the head.",
            self.file
        )))
    }

    /// A tensor without a role would change the model's output if it were used, so ignoring it would mean measuring a
    /// different model. Precomputed rotary tables and the second copy of a tied head are harmless.
    fn refuse_leftovers(&self, config: &ModelConfig) -> Result<(), WeightsError> {
        let tied_head = self.naming.name(TensorId::global(Role::OutputHead));
        let harmless =
            |name: &str| name.ends_with("rotary_emb.inv_freq") || (config.tied_head && name == tied_head.as_str());
        let leftover = self.entries.keys().find(|name| !harmless(name));
        let Some(name) = leftover else { return Ok(()) };
        let Architecture {
            name: architecture,
            biases_in_words: biases,
            ..
        } = config.architecture;
        Err(WeightsError::Unsupported {
            file: self.file.to_owned(),
            what: format!(
                "the tensor {name} in a {architecture} model of {} blocks",
                config.blocks
            ),
            supported: format!("attention with rotary positions, gated feed-forward, RMSNorm, {biases}"),
        })
    }
}
