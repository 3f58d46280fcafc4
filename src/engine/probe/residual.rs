//! How far a modified model's residual stream is from the untouched one's, depth by depth.

use burn::tensor::Tensor;

use crate::Compute;
use crate::arch::ModelError;
use hemoscope_core::metric::{amplification, cascade, cka_of_norms, cosine, relative_error};
use hemoscope_core::observation::{Axis, Observation};

/// Both models' residual streams at the same depth: one pair per batch, `[windows · length, hidden]` each.
pub(crate) type Pair<'a> = (&'a Tensor<2>, &'a Tensor<2>);

/// Compares residual streams over all tokens, and over all but each window's first token, where models have their
/// largest activations.
pub(crate) struct Residual {
    /// Tokens per window.
    length: usize,
    sites: Vec<String>,
    all: Comparison,
    without_first: Comparison,
}

/// One entry per site.
#[derive(Default)]
struct Comparison {
    relative_error: Vec<f64>,
    cosine: Vec<f64>,
    cka: Vec<f64>,
    base_rms: Vec<f64>,
}

/// Sums over each token's channels.
#[derive(Default)]
struct Tokens {
    difference: Vec<f32>,
    base: Vec<f32>,
    modified: Vec<f32>,
    dot: Vec<f32>,
}

impl Residual {
    /// Nothing compared yet.
    pub(crate) fn new(length: usize) -> Self {
        Self {
            length,
            sites: Vec::new(),
            all: Comparison::default(),
            without_first: Comparison::default(),
        }
    }

    /// Compares the streams at the next site, which has this name.
    pub(crate) async fn see(
        &mut self,
        compute: &Compute,
        site: String,
        streams: &[Pair<'_>],
    ) -> Result<(), ModelError> {
        let tokens = Tokens::read(compute, streams).await?;
        let pairs: Vec<[Tensor<2>; 2]> = streams
            .iter()
            .map(|&(base, modified)| [base.clone(), modified.clone()])
            .collect();
        let later = pairs
            .iter()
            .map(|pair| pair.each_ref().map(|x| without_first(x, self.length)));
        let later = later.collect::<Vec<_>>();
        let cka = [alike(compute, &pairs).await?, alike(compute, &later).await?];
        let width = streams.first().map_or(1, |(base, _)| base.dims()[1]);
        self.all.push(&tokens, cka[0], width);
        self.without_first
            .push(&tokens.without_first(self.length), cka[1], width);
        self.sites.push(site);
        Ok(())
    }

    /// The observations along the depth; `first_modified` is the index of the first block that a step has changed.
    pub(crate) fn finish(self, first_modified: Option<usize>) -> Vec<Observation> {
        let axis = Axis::named("site", self.sites);
        let mut observations = self.all.observations("", &axis, first_modified);
        observations.extend(self.without_first.observations("_without_first", &axis, first_modified));
        observations
    }
}

impl Comparison {
    fn push(&mut self, tokens: &Tokens, cka: f64, width: usize) {
        let Tokens {
            difference,
            base,
            modified,
            dot,
        } = tokens;
        self.relative_error.push(relative_error(difference, base));
        self.cosine.push(cosine(dot, modified, base));
        self.cka.push(cka);
        let squares = base.iter().map(|&square| f64::from(square)).sum::<f64>();
        #[expect(clippy::cast_precision_loss, reason = "token counts are far below 2⁵²")]
        self.base_rms.push((squares / (base.len() * width) as f64).sqrt());
    }

    fn observations(self, suffix: &str, axis: &Axis, first_modified: Option<usize>) -> Vec<Observation> {
        let along = |measure: &str, values| Observation::along(&format!("{measure}{suffix}"), axis, values);
        let blocks = Axis {
            name: "block".to_owned(),
            unit: String::new(),
            values: axis.values.iter().skip(1).map(|site| site - 1.0).collect(),
            labels: axis.labels.iter().skip(1).cloned().collect(),
        };
        let growth = amplification(&self.relative_error);
        let score = first_modified.map_or(f64::NAN, |first| cascade(&self.relative_error, first));
        vec![
            along("relative_error", self.relative_error),
            along("cosine", self.cosine),
            along("cka", self.cka),
            along("base_rms", self.base_rms),
            Observation::along(&format!("amplification{suffix}"), &blocks, growth),
            Observation::number(&format!("cascade{suffix}"), score),
        ]
    }
}

impl Tokens {
    async fn read(compute: &Compute, streams: &[Pair<'_>]) -> Result<Self, ModelError> {
        let mut tokens = Self::default();
        for &(base, modified) in streams {
            let squares = |x: &Tensor<2>| x.clone().square().sum_dim(1);
            let columns = vec![
                squares(&(modified.clone() - base.clone())),
                squares(base),
                squares(modified),
                (base.clone() * modified.clone()).sum_dim(1),
            ];
            let rows = compute
                .read(Tensor::cat(columns, 1), "comparing residual streams")
                .await?;
            for row in rows.as_chunks::<4>().0 {
                tokens.push(*row);
            }
        }
        Ok(tokens)
    }

    fn push(&mut self, [difference, base, modified, dot]: [f32; 4]) {
        self.difference.push(difference);
        self.base.push(base);
        self.modified.push(modified);
        self.dot.push(dot);
    }

    fn without_first(&self, length: usize) -> Self {
        let later = |values: &[f32]| -> Vec<f32> {
            let windows = values.chunks(length.max(1));
            windows.flat_map(|window| window.iter().skip(1).copied()).collect()
        };
        Self {
            difference: later(&self.difference),
            base: later(&self.base),
            modified: later(&self.modified),
            dot: later(&self.dot),
        }
    }
}

/// The rows of all tokens but each window's first.
fn without_first(x: &Tensor<2>, length: usize) -> Tensor<2> {
    let [rows, width] = x.dims();
    let windows = rows / length.max(1);
    x.clone()
        .reshape([windows, length, width])
        .narrow(1, 1, length - 1)
        .reshape([windows * (length - 1), width])
}

/// Linear CKA of two sets of activations in batches. They are centred before they are multiplied, since a channel's
/// mean can be far larger than its variation.
async fn alike(compute: &Compute, batches: &[[Tensor<2>; 2]]) -> Result<f64, ModelError> {
    let Some([base, modified]) = means(batches) else {
        return Ok(f64::NAN);
    };
    let mut products: Option<[Tensor<2>; 3]> = None;
    for [x, y] in batches {
        let (x, y) = (x.clone() - base.clone(), y.clone() - modified.clone());
        let transposed = [x.clone().transpose(), y.clone().transpose()];
        let next = [
            transposed[0].clone().matmul(y.clone()),
            transposed[0].clone().matmul(x),
            transposed[1].clone().matmul(y),
        ];
        products = Some(match products {
            Some(sums) => {
                let [a, b, c] = sums;
                let [d, e, f] = next;
                [a + d, b + e, c + f]
            }
            None => next,
        });
    }
    let Some(products) = products else {
        return Ok(f64::NAN);
    };
    // One row of sums per product, added up here in f64.
    let sums = products.map(|product| product.square().sum_dim(0)).to_vec();
    let width = sums.first().map_or(1, |row| row.dims()[1]);
    let values = compute.read(Tensor::cat(sums, 0), "comparing residual streams").await?;
    let norms = values
        .chunks(width)
        .map(|row| row.iter().map(|&value| f64::from(value)).sum::<f64>());
    let norms = norms.collect::<Vec<_>>();
    Ok(match norms.as_slice() {
        &[cross, first, second] => cka_of_norms(cross, first, second),
        _ => f64::NAN,
    })
}

/// Each channel's mean over all batches, `[1, width]`, of both sets.
fn means(batches: &[[Tensor<2>; 2]]) -> Option<[Tensor<2>; 2]> {
    let rows: usize = batches.iter().map(|[x, _]| x.dims()[0]).sum();
    let sums = batches.iter().map(|pair| pair.each_ref().map(|x| x.clone().sum_dim(0)));
    let sums = sums.reduce(|[a, b], [c, d]| [a + c, b + d])?;
    #[expect(clippy::cast_precision_loss, reason = "token counts are far below 2²⁴")]
    Some(sums.map(|sum| sum.div_scalar(rows as f32)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hemoscope_core::metric::cka;
    use hemoscope_core::observation::find;

    /// Sums of a few dozen products in f32.
    const ROUNDING: f64 = 1e-5;
    const WIDTH: usize = 3;
    const LENGTH: usize = 4;

    fn numbers(seed: u32) -> Vec<f32> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 16_777_216.0 - 0.5
        };
        (0..4 * LENGTH * WIDTH).map(|_| next()).collect()
    }

    /// Two batches of two windows of [`LENGTH`] tokens each.
    fn batches(compute: &Compute, values: &[f32]) -> [Tensor<2>; 2] {
        let half = values.len() / 2;
        [&values[..half], &values[half..]].map(|part| compute.matrix(part.to_vec(), [2 * LENGTH, WIDTH]))
    }

    fn observed(base: &[f32], modified: &[f32]) -> Vec<Observation> {
        let compute = Compute::flex();
        let (base, modified) = (batches(&compute, base), batches(&compute, modified));
        let streams: Vec<Pair<'_>> = base.iter().zip(&modified).collect();
        let mut probe = Residual::new(LENGTH);
        for site in ["embedding", "block 0"] {
            pollster::block_on(probe.see(&compute, site.to_owned(), &streams)).unwrap();
        }
        probe.finish(Some(0))
    }

    fn value(observations: &[Observation], measure: &str) -> f64 {
        find(observations, measure).unwrap().values[0]
    }

    #[test]
    fn batches_together_are_what_the_measures_give_of_all_tokens() {
        let (base, modified) = (numbers(1), numbers(2));
        let found = observed(&base, &modified);
        let later = |values: &[f32]| -> Vec<f64> {
            let windows = values.chunks(LENGTH * WIDTH);
            windows
                .flat_map(|window| window[WIDTH..].iter().map(|&v| f64::from(v)))
                .collect()
        };
        let all = |values: &[f32]| values.iter().map(|&v| f64::from(v)).collect::<Vec<_>>();
        for (suffix, x, y) in [
            ("", all(&base), all(&modified)),
            ("_without_first", later(&base), later(&modified)),
        ] {
            let expected = cka(&x, &y, WIDTH);
            assert!((value(&found, &format!("cka{suffix}")) - expected).abs() < ROUNDING);
            let square = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>();
            let error = (square(&mut x.iter().zip(&y).map(|(x, y)| y - x)) / square(&mut x.iter().copied())).sqrt();
            assert!((value(&found, &format!("relative_error{suffix}")) - error).abs() < ROUNDING);
        }
    }

    #[test]
    fn a_model_against_itself_has_no_error() {
        let base = numbers(3);
        let found = observed(&base, &base);
        for suffix in ["", "_without_first"] {
            assert_eq!(value(&found, &format!("relative_error{suffix}")), 0.0);
            assert_eq!(value(&found, &format!("cosine{suffix}")), 1.0);
            assert!((value(&found, &format!("cka{suffix}")) - 1.0).abs() < ROUNDING);
        }
        assert_eq!(find(&found, "cka").unwrap().axes[0].labels, ["embedding", "block 0"]);
    }
}
