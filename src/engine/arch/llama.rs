//! A whole model on the device.

use std::sync::Arc;

use burn::tensor::Tensor;

use super::block::Pass;
use super::{Block, BlockCache, ModelError, Observe};
use crate::Compute;
use crate::ops::{self, Rows};
use hemoscope_core::experiment::fields;
use hemoscope_core::weights::{ModelConfig, Pristine, Role, TensorId};

/// A decoder-only transformer. Cloning shares all weights; replacing blocks makes a modified model.
#[derive(Debug, Clone)]
pub struct Llama {
    compute: Compute,
    config: ModelConfig,
    /// The embedding in pieces of at most [`Compute::rows_that_fit`] rows.
    embedding: Vec<Tensor<2>>,
    blocks: Vec<Arc<Block>>,
    output_norm: Tensor<1>,
    /// The output head in pieces; those of the embedding where it is tied.
    head: Vec<Tensor<2>>,
    rotary: [Tensor<2>; 2],
}

/// Windows of equal length, ready for a pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    tokens: Vec<u32>,
    windows: usize,
}

impl Batch {
    /// One or more windows of the same length, concatenated; `None` if lengths differ or there are no windows.
    #[must_use]
    pub fn new(windows: &[&[u32]]) -> Option<Self> {
        let length = windows.first()?.len();
        (length > 0 && windows.iter().all(|window| window.len() == length)).then(|| Self {
            tokens: windows.concat(),
            windows: windows.len(),
        })
    }

    fn rows(&self) -> Rows {
        Rows {
            windows: self.windows,
            length: self.tokens.len() / self.windows,
        }
    }
}

impl Llama {
    /// The most positions that rotary tables are made for, since they cost memory: the longest window here.
    const MAX_POSITIONS: usize = fields::WINDOW.whole().1 as usize;

    /// Uploads a pristine model, block by block. `progress` gets the number of tensor groups done and in total, and may
    /// end the loading with an error.
    ///
    /// # Errors
    /// If a tensor can't be read, or `progress` returns an error.
    pub async fn load<E: From<ModelError>>(
        compute: &Compute,
        pristine: &Pristine,
        mut progress: impl AsyncFnMut(usize, usize) -> Result<(), E>,
    ) -> Result<Self, E> {
        let config = pristine.config().clone();
        let total = config.blocks + 1;
        let embedding = pieces(compute, pristine, Role::TokenEmbedding)?;
        let head = if config.tied_head {
            embedding.clone()
        } else {
            pieces(compute, pristine, Role::OutputHead)?
        };
        let norm = pristine
            .tensor(TensorId::global(Role::OutputNorm))
            .map_err(ModelError::from)?;
        let output_norm = compute.vector(norm);
        progress(1, total).await?;
        let mut blocks = Vec::with_capacity(config.blocks);
        for place in 0..config.blocks {
            blocks.push(Arc::new(Block::load(compute, pristine, place)?));
            progress(place + 2, total).await?;
        }
        let rotary = rotary_tables(compute, &config);
        Ok(Self {
            compute: compute.clone(),
            config,
            embedding,
            blocks,
            output_norm,
            head,
            rotary,
        })
    }

    /// The device.
    #[must_use]
    pub fn compute(&self) -> &Compute {
        &self.compute
    }

    /// Sizes and constants; `blocks` is the current number of blocks.
    #[must_use]
    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// The blocks in order.
    #[must_use]
    pub fn blocks(&self) -> &[Arc<Block>] {
        &self.blocks
    }

    /// The same model with other blocks; embedding, head and norms are shared.
    #[must_use]
    pub fn with_blocks(&self, blocks: Vec<Arc<Block>>) -> Self {
        let config = ModelConfig {
            blocks: blocks.len(),
            ..self.config.clone()
        };
        Self {
            config,
            blocks,
            ..self.clone()
        }
    }

    /// The residual stream before the first block, `[windows · length, hidden]`.
    ///
    /// # Errors
    /// A token outside the vocabulary, or more positions than the model has.
    pub fn embed(&self, batch: &Batch) -> Result<Tensor<2>, ModelError> {
        self.check(&batch.tokens, batch.rows().length)?;
        Ok(self.gather(&batch.tokens))
    }

    fn check(&self, tokens: &[u32], positions: usize) -> Result<(), ModelError> {
        let vocabulary = self.config.vocabulary;
        if let Some(&token) = tokens.iter().find(|&&token| token as usize >= vocabulary) {
            return Err(ModelError::Token { token, vocabulary });
        }
        let [context, _] = self.rotary[0].dims();
        if positions > context {
            return Err(ModelError::Context {
                wanted: positions,
                context,
            });
        }
        Ok(())
    }

    fn gather(&self, tokens: &[u32]) -> Tensor<2> {
        if let [embedding] = self.embedding.as_slice() {
            return embedding.clone().select(0, self.compute.tokens(tokens));
        }
        // Each piece contributes the rows of its own tokens; the others are multiplied by zero.
        let mut sum: Option<Tensor<2>> = None;
        let mut first = 0;
        for piece in &self.embedding {
            let [rows, _] = piece.dims();
            let local = |token: u32| (token as usize).checked_sub(first).filter(|&row| row < rows);
            let ids: Vec<u32> = tokens
                .iter()
                .map(|&t| u32::try_from(local(t).unwrap_or(0)).unwrap_or(0))
                .collect();
            let mask = tokens
                .iter()
                .map(|&t| if local(t).is_some() { 1.0 } else { 0.0 })
                .collect();
            let part =
                piece.clone().select(0, self.compute.tokens(&ids)) * self.compute.matrix(mask, [tokens.len(), 1]);
            sum = Some(match sum {
                Some(sum) => sum + part,
                None => part,
            });
            first += rows;
        }
        sum.unwrap_or_else(|| {
            self.compute.matrix(
                vec![0.0; tokens.len() * self.config.hidden],
                [tokens.len(), self.config.hidden],
            )
        })
    }

    /// Runs one block over whole windows; `observer` sees its activations.
    #[must_use]
    pub fn forward_block(
        &self,
        block: &Block,
        x: &Tensor<2>,
        batch: &Batch,
        observer: Option<&mut dyn Observe>,
    ) -> Tensor<2> {
        block.forward(x, self.pass(batch.rows()), None, observer)
    }

    fn pass(&self, rows: Rows) -> Pass<'_> {
        Pass {
            compute: &self.compute,
            config: &self.config,
            rotary: [&self.rotary[0], &self.rotary[1]],
            rows,
        }
    }

    /// The residual stream after the last block through the final norm, `[rows, hidden]`.
    #[must_use]
    pub fn finish(&self, x: &Tensor<2>) -> Tensor<2> {
        ops::rms_norm(&self.compute, x, &self.output_norm, self.config.rms_epsilon)
    }

    /// Logits of finished hidden states, `[rows, vocabulary]`. Callers pass at most [`Llama::rows_of_logits`] rows.
    #[must_use]
    pub fn logits(&self, hidden: &Tensor<2>) -> Tensor<2> {
        let mut parts: Vec<Tensor<2>> = self
            .head
            .iter()
            .map(|piece| ops::linear(&self.compute, hidden, piece, None, None))
            .collect();
        match parts.len() {
            1 => parts.swap_remove(0),
            _ => Tensor::cat(parts, 1),
        }
    }

    /// How many rows of logits one tensor may hold.
    #[must_use]
    pub fn rows_of_logits(&self) -> usize {
        self.compute.rows_that_fit(self.config.vocabulary)
    }

    /// An empty cache for [`Llama::step`].
    #[must_use]
    pub fn cache(&self) -> Vec<BlockCache> {
        vec![BlockCache::default(); self.blocks.len()]
    }

    /// Runs more tokens of one sequence and returns the logits after the last one, `[1, vocabulary]`.
    ///
    /// # Errors
    /// As [`Llama::embed`].
    pub fn step(&self, tokens: &[u32], cache: &mut [BlockCache]) -> Result<Tensor<2>, ModelError> {
        let before = cache.first().map_or(0, BlockCache::positions);
        self.check(tokens, before + tokens.len())?;
        let rows = Rows {
            windows: 1,
            length: tokens.len(),
        };
        let mut x = self.gather(tokens);
        for (block, cache) in self.blocks.iter().zip(cache) {
            x = block.forward(&x, self.pass(rows), Some(cache), None);
        }
        let last = x.narrow(0, tokens.len() - 1, 1);
        Ok(self.logits(&self.finish(&last)))
    }
}

/// A `[vocabulary, hidden]` matrix in pieces that fit the device.
fn pieces(compute: &Compute, pristine: &Pristine, role: Role) -> Result<Vec<Tensor<2>>, ModelError> {
    let id = TensorId::global(role);
    let [rows, columns] = pristine.shape(id)?;
    let values = pristine.tensor(id)?;
    let fit = compute.rows_of_weights(columns);
    if rows <= fit {
        return Ok(vec![compute.matrix(values, [rows, columns])]);
    }
    Ok(values
        .chunks(fit * columns)
        .map(|part| compute.matrix(part.to_vec(), [part.len() / columns, columns]))
        .collect())
}

/// `cos` and `sin` of `position · frequency`, `[positions, head_dim/2]` each.
fn rotary_tables(compute: &Compute, config: &ModelConfig) -> [Tensor<2>; 2] {
    let positions = config.context.clamp(1, Llama::MAX_POSITIONS);
    let frequencies = config.rope.frequencies(config.head_dim);
    let half = frequencies.len();
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "angles are stored as f32"
    )]
    let table = |f: fn(f64) -> f64| {
        let mut values = Vec::with_capacity(positions * half);
        for position in 0..positions {
            values.extend(
                frequencies
                    .iter()
                    .map(|frequency| f(position as f64 * frequency) as f32),
            );
        }
        compute.matrix(values, [positions, half])
    };
    [table(f64::cos), table(f64::sin)]
}
