//! What both models write, side by side and token by token.

use super::builder::Builder;
use super::run::calibration;
use super::statistic::Cache;
use super::{EngineError, Heartbeat, Host, Model, Session};
use crate::arch::{BlockCache, Llama};
use hemoscope_core::decode::{Uniforms, greedy, temperature};
use hemoscope_core::experiment::{Ask, Experiment};
use hemoscope_core::modify::{Spec, Sweep};
use hemoscope_core::protocol::{Event, Sampling, Side};
use hemoscope_core::tokenizer::StreamDecoder;

/// Tokens of both continuations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generated {
    /// By the untouched model.
    pub base: Vec<u32>,
    /// By the modified one.
    pub modified: Vec<u32>,
}

impl Generated {
    /// The first generated token that differs, counted from 1.
    #[must_use]
    pub fn first_difference(&self) -> Option<usize> {
        let shared = self.base.iter().zip(&self.modified).take_while(|(a, b)| a == b).count();
        (shared < self.base.len().max(self.modified.len())).then_some(shared + 1)
    }
}

/// Tokens of a prompt that go through a model at once.
const PROMPT_PART: usize = 256;

/// One model that is writing.
struct Writer {
    side: Side,
    llama: Llama,
    cache: Vec<BlockCache>,
    next: Vec<u32>,
    tokens: Vec<u32>,
    decoder: StreamDecoder,
    finished: bool,
}

impl<H: Host> Session<H> {
    /// Continues `prompt` with the untouched model and with the model modified by `spec`. Both sample with the same
    /// random numbers, so that differences come from the models.
    ///
    /// # Errors
    /// If the modification fails, the prompt is empty or longer than the context, or the device fails.
    pub async fn generate(
        &self,
        experiment: &Experiment,
        spec: &Spec,
        calibration_text: &str,
        prompt: &str,
        sampling: Sampling,
        tokens: usize,
    ) -> Result<Generated, EngineError> {
        let model = self.model()?;
        let heartbeat = Heartbeat::new(&self.host);
        let experiment = Experiment {
            ask: Ask::Curve(Sweep::from(spec.clone())),
            ..experiment.clone()
        };
        let calibration = calibration(model, &experiment, calibration_text)?;
        let builder = Builder {
            base: &model.llama,
            pristine: &model.pristine,
            calibration: calibration.as_ref(),
            seed: experiment.seed,
            heartbeat: &heartbeat,
        };
        let built = builder
            .build(spec, &mut Cache::default(), |stage, done, total| {
                self.host.emit(Event::Preparing {
                    point: None,
                    stage: stage.to_owned(),
                    done,
                    total,
                });
            })
            .await?;
        let ids = prompt_tokens(model, prompt)?;
        let context = model.llama.config().context;
        if ids.len() > context {
            return Err(EngineError::OutOfRange {
                what: "the prompt's length in tokens",
                value: ids.len(),
                allowed: format!("at most {context}, the model's context; shorten the prompt"),
            });
        }
        let mut writers = [(Side::Base, model.llama.clone()), (Side::Modified, built.model)]
            .map(|(side, llama)| writer(model, side, llama, ids.clone()));
        let mut uniforms = match sampling {
            Sampling::Greedy => Uniforms::new(0),
            Sampling::Temperature { seed, .. } => Uniforms::new(seed),
        };
        let mut cancelled = false;
        for _ in 0..tokens {
            let uniform = uniforms.next();
            for writer in &mut writers {
                self.advance(model, writer, sampling, uniform).await?;
            }
            match heartbeat.beat().await {
                Ok(()) => {}
                Err(EngineError::Cancelled) => {
                    cancelled = true;
                    break;
                }
                Err(error) => return Err(error),
            }
            if writers.iter().all(|writer| writer.finished) {
                break;
            }
        }
        for writer in &mut writers {
            let text = writer.decoder.finish();
            if !text.is_empty() {
                self.host.emit(Event::Text {
                    side: writer.side,
                    text,
                });
            }
        }
        let [base, modified] = writers.map(|writer| writer.tokens);
        let generated = Generated { base, modified };
        self.host.emit(Event::GenerateFinished {
            first_difference: generated.first_difference(),
            cancelled,
        });
        Ok(generated)
    }

    async fn advance(
        &self,
        model: &Model,
        writer: &mut Writer,
        sampling: Sampling,
        uniform: f64,
    ) -> Result<(), EngineError> {
        let room = writer.cache.first().map_or(0, BlockCache::positions) + writer.next.len();
        if writer.finished || room > writer.llama.config().context {
            writer.finished = true;
            return Ok(());
        }
        // A long prompt is run in parts, since the memory for attention depends on a part's length.
        let parts = writer.next.chunks(PROMPT_PART);
        let mut logits = None;
        for part in parts {
            logits = Some(writer.llama.step(part, &mut writer.cache)?);
        }
        let Some(logits) = logits else {
            writer.finished = true;
            return Ok(());
        };
        let logits = writer.llama.compute().read(logits, "reading logits").await?;
        let choice = match sampling {
            Sampling::Greedy => greedy::choose(&logits),
            Sampling::Temperature { temperature, .. } => temperature::choose(&logits, temperature, uniform),
        };
        let Some(token) = choice.and_then(|index| u32::try_from(index).ok()) else {
            let model = match writer.side {
                Side::Base => "untouched",
                Side::Modified => "modified",
            };
            return Err(EngineError::NotFinite {
                model: model.to_owned(),
            });
        };
        writer.tokens.push(token);
        writer.next = vec![token];
        if model.tokenizer.is_eos(token) {
            writer.finished = true;
            return Ok(());
        }
        let text = writer.decoder.push(token);
        if !text.is_empty() {
            self.host.emit(Event::Text {
                side: writer.side,
                text,
            });
        }
        Ok(())
    }
}

fn writer(model: &Model, side: Side, llama: Llama, next: Vec<u32>) -> Writer {
    let (cache, decoder) = (llama.cache(), model.tokenizer.stream());
    Writer {
        side,
        llama,
        cache,
        next,
        tokens: Vec::new(),
        decoder,
        finished: false,
    }
}

/// The prompt's tokens; an empty prompt starts from the beginning-of-text token where the model has one.
fn prompt_tokens(model: &Model, prompt: &str) -> Result<Vec<u32>, EngineError> {
    let ids = model.tokenizer.encode(prompt)?;
    if !ids.is_empty() {
        return Ok(ids);
    }
    let start = model.tokenizer.bos().or(model.tokenizer.eos());
    let allowed = "at least one token; this model has no token to begin an empty text with".to_owned();
    start.map(|token| vec![token]).ok_or(EngineError::OutOfRange {
        what: "the prompt's length",
        value: 0,
        allowed,
    })
}
