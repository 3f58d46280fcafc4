//! A device and a model that jobs share.

use std::sync::Arc;

use super::measure::hidden_states;
use super::run::Part;
use super::untouched::BaseCache;
use super::{Compute, EngineError, Heartbeat, Host};
use crate::arch::{Batch, Llama, ModelError};
use crate::self_test::{SELF_TEST_BOUND, self_test};
use hemoscope_core::experiment::Asset;
use hemoscope_core::protocol::{DeviceChoice, DeviceKind, DeviceReport, Event, ModelReport};
use hemoscope_core::tokenizer::Tokenizer;
use hemoscope_core::weights::Pristine;
use hemoscope_core::weights::formats::{self, NamedFile};

/// What stays between jobs.
pub struct Session<H> {
    pub(super) host: H,
    compute: Option<Compute>,
    report: Option<DeviceReport>,
    model: Option<Model>,
    pub(super) base_cache: BaseCache,
    /// This engine's part in a shared run.
    pub(super) part: Option<Part>,
}

/// A model that is ready to run.
#[derive(Clone)]
pub struct Model {
    /// Its name.
    pub name: String,
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
    /// The untouched tensors.
    pub pristine: Arc<Pristine>,
    /// Its tokenizer.
    pub tokenizer: Arc<Tokenizer>,
    /// The untouched model on the device.
    pub llama: Llama,
    /// What had to be assumed of its files, a sentence each.
    pub warnings: Vec<String>,
}

impl<H: Host> Session<H> {
    /// A session with nothing started or loaded.
    pub fn new(host: H) -> Self {
        Self {
            host,
            compute: None,
            report: None,
            model: None,
            base_cache: BaseCache::default(),
            part: None,
        }
    }

    /// The surroundings.
    pub fn host(&self) -> &H {
        &self.host
    }

    /// The loaded model.
    ///
    /// # Errors
    /// [`EngineError::NoModel`].
    pub fn model(&self) -> Result<&Model, EngineError> {
        self.model.as_ref().ok_or(EngineError::NoModel)
    }

    /// The device's name in results.
    #[must_use]
    pub fn device_label(&self) -> String {
        let report = self.report.as_ref();
        report.map_or_else(|| DeviceReport::CPU.to_owned(), DeviceReport::label)
    }

    /// Starts a device and checks it against the CPU. If WebGPU is missing or fails the check, it is not used: with
    /// [`DeviceChoice::Auto`] the CPU takes its place, and the report says why.
    ///
    /// # Errors
    /// With [`DeviceChoice::Gpu`], if WebGPU is missing or fails the check.
    pub async fn start(&mut self, choice: DeviceChoice) -> Result<DeviceReport, EngineError> {
        let (compute, difference, refused) = match choice {
            DeviceChoice::Flex => (Compute::flex(), None, None),
            DeviceChoice::Gpu => {
                let (compute, difference) = checked_gpu().await?;
                (compute, Some(difference), None)
            }
            DeviceChoice::Auto => match checked_gpu().await {
                Ok((compute, difference)) => (compute, Some(difference), None),
                Err(error) => (Compute::flex(), None, Some(error.to_string())),
            },
        };
        let report = DeviceReport {
            kind: if compute.is_gpu() {
                DeviceKind::Gpu
            } else {
                DeviceKind::Flex
            },
            name: compute.name().to_owned(),
            self_test_difference: difference,
            self_test_bound: SELF_TEST_BOUND,
            refused,
        };
        self.forget();
        self.compute = Some(compute);
        self.report = Some(report.clone());
        self.host.emit(Event::Device(report.clone()));
        Ok(report)
    }

    /// Frees the model and the measurements of it.
    fn forget(&mut self) {
        self.model = None;
        self.base_cache = BaseCache::default();
        self.part = None;
    }

    async fn compute(&mut self) -> Result<Compute, EngineError> {
        if self.compute.is_none() {
            self.start(DeviceChoice::Auto).await?;
        }
        Ok(self.compute.clone().unwrap_or_else(Compute::flex))
    }

    /// Opens a model's files and puts it on the device, replacing the previous model.
    ///
    /// # Errors
    /// If a file is not what it claims to be, the hash differs, or the device has no room.
    pub async fn load(
        &mut self,
        asset: &Asset,
        name: String,
        files: Vec<NamedFile>,
    ) -> Result<ModelReport, EngineError> {
        self.load_hashed(asset, name, files, None).await
    }

    /// As [`Session::load`]. If the files' SHA-256 is known, they are not read again to compute it.
    ///
    /// # Errors
    /// As [`Session::load`].
    pub async fn load_hashed(
        &mut self,
        asset: &Asset,
        name: String,
        files: Vec<NamedFile>,
        sha256: Option<String>,
    ) -> Result<ModelReport, EngineError> {
        let compute = self.compute().await?;
        // The old model is freed first: two do not fit into a page's memory.
        self.forget();
        let opened = formats::open(files)?;
        let sha256 = sha256.map_or_else(|| opened.sha256(), Ok)?;
        if let Some(expected) = asset.sha256.as_ref().filter(|expected| **expected != sha256) {
            return Err(EngineError::WrongModel {
                name,
                expected: expected.clone(),
                found: sha256,
            });
        }
        let tokenizer = Tokenizer::for_model(&opened.tokenizer, opened.pristine.config().vocabulary)?;
        let heartbeat = Heartbeat::new(&self.host);
        let llama = Llama::load::<EngineError>(&compute, &opened.pristine, async |done, total| {
            heartbeat.host().emit(Event::Loading { done, total });
            heartbeat.beat().await
        })
        .await?;
        let mut warnings = opened.warnings;
        warnings.extend_from_slice(tokenizer.warnings());
        let model = Model {
            name,
            sha256,
            pristine: Arc::new(opened.pristine),
            tokenizer: Arc::new(tokenizer),
            llama,
            warnings,
        };
        let tokens_per_second = self.speed(&model.llama).await?;
        let parameters = model.pristine.parameters();
        #[expect(clippy::cast_precision_loss, reason = "parameter counts are far below 2⁵²")]
        let report = ModelReport {
            name: model.name.clone(),
            sha256: model.sha256.clone(),
            parameters,
            bits_per_weight: 8.0 * model.pristine.stored_bytes() as f64 / parameters.max(1) as f64,
            blocks: model.pristine.config().blocks,
            hidden: model.pristine.config().hidden,
            context: model.pristine.config().context,
            tokens_per_second,
            engines: 1,
            warnings: model.warnings.clone(),
        };
        self.model = Some(model);
        self.host.emit(Event::Model(Box::new(report.clone())));
        Ok(report)
    }

    /// Tokens per second of a short pass, timed after a warm-up pass.
    async fn speed(&self, model: &Llama) -> Result<f64, EngineError> {
        let tokens = if model.compute().is_gpu() { 256 } else { 16 }.min(model.config().context);
        let seconds = self.time_passes(model, tokens, 1).await?;
        #[expect(clippy::cast_precision_loss, reason = "a window is short")]
        Ok(seconds.first().map_or(0.0, |seconds| tokens as f64 / seconds.max(1e-9)))
    }

    /// Seconds of each of `repeats` passes of `window` tokens through the model to the logits of every position, after
    /// one warm-up pass.
    ///
    /// # Errors
    /// If the device fails.
    pub async fn time_passes(&self, model: &Llama, window: usize, repeats: usize) -> Result<Vec<f64>, EngineError> {
        let vocabulary = model.config().vocabulary;
        let ids: Vec<u32> = (0..window)
            .map(|i| u32::try_from((i * 7919 + 13) % vocabulary.max(1)).unwrap_or(0))
            .collect();
        let heartbeat = Heartbeat::new(&self.host);
        let Some(batch) = Batch::new(&[&ids]) else {
            return Ok(Vec::new());
        };
        let mut seconds = Vec::new();
        for repeat in 0..=repeats {
            let start = self.host.seconds();
            let hidden = hidden_states(model, &batch, &heartbeat).await?;
            let mut first = 0;
            while first < window {
                let rows = model.rows_of_logits().min(window - first);
                let logits = model.logits(&hidden.clone().narrow(0, first, rows));
                first += rows;
                // Reading one value waits for the whole pass.
                let _ = model
                    .compute()
                    .read(logits.narrow(0, 0, 1).narrow(1, 0, 1), "timing a pass")
                    .await?;
            }
            if repeat > 0 {
                seconds.push(self.host.seconds() - start);
            }
        }
        Ok(seconds)
    }

    /// Milliseconds that 1,000 operations on tiny tensors take, the last one read back.
    ///
    /// # Errors
    /// If the device fails.
    pub async fn tiny_operations(&mut self) -> Result<f64, EngineError> {
        let compute = self.compute().await?;
        let start = self.host.seconds();
        let one = compute.vector(vec![1.0; 4]);
        let mut x = compute.vector(vec![0.0; 4]);
        for _ in 0..1000 {
            x = x + one.clone();
        }
        let values = compute.read(x, "timing tiny operations").await?;
        debug_assert!(values.iter().all(|&value| value.to_bits() == 1000.0_f32.to_bits()));
        let milliseconds = 1000.0 * (self.host.seconds() - start);
        self.host.emit(Event::TinyOps { milliseconds });
        Ok(milliseconds)
    }
}

/// WebGPU, started and within the self-test's bound.
async fn checked_gpu() -> Result<(Compute, f64), EngineError> {
    let compute = Compute::gpu().await?;
    let difference = self_test(&compute).await?;
    if difference <= SELF_TEST_BOUND {
        Ok((compute, difference))
    } else {
        let reason = format!(
            "its logits differ from the CPU's by {difference:.2e} in the self-test, more than {SELF_TEST_BOUND:.0e}; \
             it would give wrong numbers"
        );
        Err(ModelError::Device {
            device: compute.name().to_owned(),
            what: "being checked",
            reason,
        }
        .into())
    }
}
