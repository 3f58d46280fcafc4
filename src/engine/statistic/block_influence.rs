//! `BI_l = 1 − mean_t cos(x_l,t, x_l+1,t)`, with `x_l` the residual stream that enters block `l` (Men et al. 2024,
//! "ShortGPT", <https://arxiv.org/abs/2403.03853>; the last block's output is taken before the final norm).

use std::collections::BTreeMap;

use burn::tensor::Tensor;

use super::{Collector, Finish};
use crate::Compute;
use crate::arch::Observe;
use hemoscope_core::weights::Site;

/// One number, at the block's residual stream.
#[derive(Default)]
pub(super) struct BlockInfluence {
    entering: Option<Tensor<2>>,
    /// One column per batch, with one row per token.
    cosines: Vec<Tensor<2>>,
}

impl Observe for BlockInfluence {
    fn see(&mut self, site: Site, x: &Tensor<2>) {
        match site {
            Site::Residual => self.entering = Some(x.clone()),
            Site::BlockOutput => {
                if let Some(before) = self.entering.take() {
                    let dot = (before.clone() * x.clone()).sum_dim(1);
                    let lengths = before.square().sum_dim(1).sqrt() * x.clone().square().sum_dim(1).sqrt();
                    self.cosines.push(dot / lengths);
                }
            }
            _ => {}
        }
    }
}

impl Collector for BlockInfluence {
    fn finish<'a>(self: Box<Self>, compute: &'a Compute) -> Finish<'a> {
        Box::pin(async move {
            let (mut sum, mut count) = (0.0, 0_usize);
            for cosines in self.cosines {
                for cosine in compute.read(cosines, "reading block influence").await? {
                    // A zero vector has no direction and says nothing about the block; the reference code counts it as
                    // one half.
                    sum += if cosine.is_nan() { 0.5 } else { f64::from(cosine) };
                    count += 1;
                }
            }
            #[expect(clippy::cast_precision_loss, reason = "token counts are far below 2⁵²")]
            let influence = 1.0 - sum / count.max(1) as f64;
            Ok(BTreeMap::from([(Site::Residual, vec![influence])]))
        })
    }
}
