//! `Σ_t x_tj²` of every input channel of a block's linear layers.

use std::collections::BTreeMap;

use burn::tensor::Tensor;

use super::{Collector, Finish};
use crate::Compute;
use crate::arch::Observe;
use hemoscope_core::weights::Site;

/// For each site, one sum per channel.
#[derive(Default)]
pub(super) struct InputSquares(BTreeMap<Site, Tensor<1>>);

impl Observe for InputSquares {
    fn see(&mut self, site: Site, x: &Tensor<2>) {
        if Site::LINEAR_INPUTS.contains(&site) {
            let sums = x.clone().square().sum_dim(0).squeeze_dim::<1>(0);
            let entry = self.0.entry(site);
            entry
                .and_modify(|before| *before = before.clone() + sums.clone())
                .or_insert(sums);
        }
    }
}

impl Collector for InputSquares {
    fn finish<'a>(self: Box<Self>, compute: &'a Compute) -> Finish<'a> {
        Box::pin(async move {
            let mut squares = BTreeMap::new();
            for (site, sums) in self.0 {
                let values = compute.read(sums, "reading calibration statistics").await?;
                squares.insert(site, values.into_iter().map(f64::from).collect());
            }
            Ok(squares)
        })
    }
}
