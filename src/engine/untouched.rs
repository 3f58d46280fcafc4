//! The untouched model: measured once, and kept for later runs on the same windows.

use std::cell::RefCell;
use std::rc::Rc;

use super::calibrate::Calibration;
use super::measure::Reference;
use super::progress::summarize;
use super::statistic::Cache;
use super::text::Windows;
use super::{EngineError, Heartbeat, Host};
use crate::arch::Llama;
use hemoscope_core::metric::{Stats, TokenScores};
use hemoscope_core::protocol::Event;

/// The untouched model on some windows.
pub(super) struct Untouched {
    windows: Windows,
    pub(super) reference: Reference,
    pub(super) stats: Stats,
}

/// Measurements of the loaded model, for the latest windows only, since hidden states take megabytes.
#[derive(Default)]
pub(super) struct BaseCache {
    measured: RefCell<Option<Rc<Untouched>>>,
    calibrated: RefCell<Option<(Windows, Cache)>>,
}

impl Untouched {
    /// Measures it on `windows`, which are all or the first of `total`; `so_far` gets the number of finished windows and
    /// the scores so far.
    pub(super) async fn measure<H: Host>(
        model: &Llama,
        windows: &Windows,
        total: usize,
        heartbeat: &Heartbeat<'_, H>,
        so_far: &mut impl FnMut(usize, &TokenScores),
    ) -> Result<Self, EngineError> {
        let (reference, scores) = Reference::measure(model, windows, heartbeat, |done, scores| {
            heartbeat.host().emit(Event::Preparing {
                point: None,
                stage: "measuring the untouched model".to_owned(),
                done,
                total,
            });
            so_far(done, scores);
        })
        .await?;
        let stats = summarize(&scores, windows.count())?.base;
        Ok(Self {
            windows: windows.clone(),
            reference,
            stats,
        })
    }
}

impl BaseCache {
    /// The untouched model on these windows, if it was measured.
    pub(super) fn known(&self, windows: &Windows) -> Option<Rc<Untouched>> {
        let measured = self.measured.borrow();
        measured.as_ref().filter(|known| known.windows == *windows).cloned()
    }

    /// Keeps the measurement for later runs on the same windows.
    pub(super) fn keep(&self, found: Untouched) -> Rc<Untouched> {
        let found = Rc::new(found);
        self.measured.replace(Some(Rc::clone(&found)));
        found
    }

    /// Frees the measurement, before another one takes its place.
    pub(super) fn forget(&self) {
        self.measured.take();
    }

    /// Takes over another engine's measurement of the same model on these windows.
    pub(super) fn adopt(
        &self,
        model: &Llama,
        windows: &Windows,
        stats: Stats,
        bytes: &[u8],
    ) -> Result<(), EngineError> {
        self.keep(Untouched {
            windows: windows.clone(),
            reference: Reference::from_bytes(model, windows, bytes)?,
            stats,
        });
        Ok(())
    }

    /// The statistics from earlier calibration on these windows.
    pub(super) fn calibrated(&self, calibration: Option<&Calibration>) -> Cache {
        match (self.calibrated.borrow().as_ref(), calibration) {
            (Some((windows, cache)), Some(calibration)) if *windows == calibration.windows => cache.clone(),
            _ => Cache::default(),
        }
    }

    /// Keeps them for the next run.
    pub(super) fn remember(&self, calibration: Option<&Calibration>, cache: &Cache) {
        if let Some(calibration) = calibration {
            self.calibrated
                .replace(Some((calibration.windows.clone(), cache.of_untouched())));
        }
    }
}
