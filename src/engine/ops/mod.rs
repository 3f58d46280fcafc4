//! The operations of a forward pass: our own kernels on WebGPU, burn's elsewhere.
//!
//! Activations are matrices of `[windows · length, channels]`, one row per token.

mod scores;

use burn::tensor::{Bool, Tensor, activation};

pub(super) use scores::score_on_gpu;

use crate::Compute;
use crate::kernels::matmul::{Causal, Layout, Product, Right};
use crate::kernels::{self, GpuTensor, from_gpu, to_gpu};
use hemoscope_core::modify::Change;

/// How the rows of an activation matrix form sequences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rows {
    pub(super) windows: usize,
    pub(super) length: usize,
}

/// Head counts of grouped-query attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Heads {
    pub(super) query: usize,
    pub(super) key_value: usize,
    pub(super) channels: usize,
}

/// The buffers of several tensors; `None` unless all are on WebGPU.
fn on_gpu<const N: usize, const D: usize>(compute: &Compute, tensors: [&Tensor<D>; N]) -> Option<[GpuTensor; N]> {
    if !compute.is_gpu() {
        return None;
    }
    let buffers: Vec<GpuTensor> = tensors
        .into_iter()
        .filter_map(|tensor| to_gpu(tensor.clone()))
        .collect();
    buffers.try_into().ok()
}

fn vector_on_gpu(tensor: Option<&Tensor<1>>) -> Option<GpuTensor> {
    tensor.and_then(|tensor| to_gpu(tensor.clone()))
}

/// `x · Wᵀ + bias + residual`: `x` `[rows, inputs]`, `weight` `[outputs, inputs]`, `bias` `[outputs]`, `residual` and
/// the result `[rows, outputs]`.
pub(super) fn linear(
    compute: &Compute,
    x: &Tensor<2>,
    weight: &Tensor<2>,
    bias: Option<&Tensor<1>>,
    residual: Option<&Tensor<2>>,
) -> Tensor<2> {
    let [rows, inputs] = x.dims();
    let [outputs, _] = weight.dims();
    if let Some([left, right]) = on_gpu(compute, [x, weight]) {
        let bias = vector_on_gpu(bias);
        let residual = residual.and_then(|tensor| to_gpu(tensor.clone()));
        let size = [rows, outputs, inputs];
        let out_shape = vec![rows, outputs];
        if rows <= kernels::matvec::MAX_ROWS {
            return from_gpu(kernels::matvec::matvec(
                &left,
                &right,
                size,
                out_shape,
                bias.as_ref(),
                residual.as_ref(),
            ));
        }
        let whole = |row| Layout {
            row,
            window: 0,
            head: 0,
        };
        return from_gpu(
            Product {
                left: &left,
                left_layout: whole(inputs),
                right: &right,
                right_layout: whole(inputs),
                right_order: Right::Transposed,
                out_layout: whole(outputs),
                out_shape,
                size,
                windows: 1,
                heads: 1,
                heads_per_right: 1,
                alpha: 1.0,
                causal: Causal::No,
                offset: 0,
                bias: bias.as_ref(),
                residual: residual.as_ref(),
                tile: None,
            }
            .launch(),
        );
    }
    let mut y = x.clone().matmul(weight.clone().transpose());
    if let Some(bias) = bias {
        y = y + bias.clone().unsqueeze::<2>();
    }
    match residual {
        Some(residual) => y + residual.clone(),
        None => y,
    }
}

/// `gain ∘ x / √(mean x² + ε)` over the last dimension.
pub(super) fn rms_norm(compute: &Compute, x: &Tensor<2>, gain: &Tensor<1>, epsilon: f64) -> Tensor<2> {
    let [rows, channels] = x.dims();
    if let (Some([x]), Some(gain)) = (
        on_gpu(compute, [x]),
        vector_on_gpu(Some(gain)).filter(|_| compute.is_gpu()),
    ) {
        return from_gpu(kernels::rms_norm(
            &x,
            &gain,
            rows,
            channels,
            epsilon,
            vec![rows, channels],
        ));
    }
    let scale = x.clone().square().mean_dim(1).add_scalar(epsilon).sqrt().recip();
    x.clone() * scale * gain.clone().unsqueeze::<2>()
}

/// [`rms_norm`] of each head's channels, all with the same gains.
pub(super) fn head_norm(compute: &Compute, x: &Tensor<2>, gain: &Tensor<1>, heads: usize, epsilon: f64) -> Tensor<2> {
    let [rows, channels] = x.dims();
    let of_heads = x.clone().reshape([rows * heads, channels / heads]);
    rms_norm(compute, &of_heads, gain, epsilon).reshape([rows, channels])
}

/// Rotates each head's channels by position; `cosines` and `sines` are `[context, channels/2]`.
pub(super) fn rotate(
    compute: &Compute,
    x: &Tensor<2>,
    tables: [&Tensor<2>; 2],
    rows: Rows,
    heads: usize,
    offset: usize,
) -> Tensor<2> {
    let [count, width] = x.dims();
    let channels = width / heads;
    let [cosines, sines] = tables;
    if let Some([x, cosines, sines]) = on_gpu(compute, [x, cosines, sines]) {
        let sizes = [count, heads, channels];
        return from_gpu(kernels::rotate(&x, [&cosines, &sines], sizes, rows.length, offset));
    }
    let half = channels / 2;
    // [windows, length, heads, channels/2]
    let table = |table: &Tensor<2>| {
        table
            .clone()
            .slice([offset..offset + rows.length, 0..half])
            .reshape([1, rows.length, 1, half])
    };
    let (cosines, sines) = (table(cosines), table(sines));
    let x = x.clone().reshape([rows.windows, rows.length, heads, channels]);
    let first = x.clone().narrow(3, 0, half);
    let second = x.narrow(3, half, half);
    let turned_first = first.clone() * cosines.clone() - second.clone() * sines.clone();
    let turned_second = second * cosines + first * sines;
    Tensor::cat(vec![turned_first, turned_second], 3).reshape([count, width])
}

/// Causal grouped-query attention. `query` is `[windows · length, heads · channels]`; `key` and `value` are
/// `[windows · (offset + length), kv_heads · channels]`: the last `length` positions are the query's own; earlier ones
/// come from the cache. Gives `[windows · length, heads · channels]`.
pub(super) fn attention(
    compute: &Compute,
    query: &Tensor<2>,
    key: &Tensor<2>,
    value: &Tensor<2>,
    rows: Rows,
    heads: Heads,
    offset: usize,
) -> Tensor<2> {
    let Rows { windows, length } = rows;
    let Heads {
        query: query_heads,
        key_value,
        channels,
    } = heads;
    let seen = offset + length;
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "a head has few channels"
    )]
    let alpha = (1.0 / (channels as f64).sqrt()) as f32;
    let group = query_heads / key_value;
    if let Some([query, key, value]) = on_gpu(compute, [query, key, value]) {
        let (wide, narrow) = (query_heads * channels, key_value * channels);
        let by_head = |width: usize, positions: usize| Layout {
            row: width,
            window: positions * width,
            head: channels,
        };
        let scores_layout = Layout {
            row: seen,
            window: query_heads * length * seen,
            head: length * seen,
        };
        let product = Product {
            left: &query,
            left_layout: by_head(wide, length),
            right: &key,
            right_layout: by_head(narrow, seen),
            right_order: Right::Transposed,
            out_layout: scores_layout,
            out_shape: vec![windows * query_heads, length, seen],
            size: [length, seen, channels],
            windows,
            heads: query_heads,
            heads_per_right: group,
            alpha,
            causal: Causal::Scores,
            offset,
            bias: None,
            residual: None,
            tile: None,
        };
        let weights = kernels::causal_softmax(product.launch(), windows * query_heads, length, seen, offset);
        return from_gpu(
            Product {
                left: &weights,
                left_layout: scores_layout,
                right: &value,
                right_layout: by_head(narrow, seen),
                right_order: Right::Plain,
                out_layout: by_head(wide, length),
                out_shape: vec![windows * length, wide],
                size: [length, channels, seen],
                alpha: 1.0,
                causal: Causal::Weights,
                ..product
            }
            .launch(),
        );
    }
    // Query heads that share a key head become extra rows: [windows, kv_heads, group · length, channels].
    let query = query
        .clone()
        .reshape([windows, length, key_value, group, channels])
        .permute([0, 2, 3, 1, 4])
        .reshape([windows, key_value, group * length, channels]);
    let by_head = |x: &Tensor<2>| x.clone().reshape([windows, seen, key_value, channels]).swap_dims(1, 2);
    let scores = query.matmul(by_head(key).swap_dims(2, 3)).mul_scalar(alpha);
    let future = i64::try_from(offset).unwrap_or(i64::MAX);
    let hidden = Tensor::<2, Bool>::tril_mask([length, seen], future, compute.device());
    let scores = scores.reshape([windows * key_value * group, length, seen]).mask_fill(
        hidden
            .unsqueeze::<3>()
            .expand([windows * key_value * group, length, seen]),
        f32::NEG_INFINITY,
    );
    let weights = activation::softmax(scores, 2).reshape([windows, key_value, group * length, seen]);
    weights
        .matmul(by_head(value))
        .reshape([windows, key_value, group, length, channels])
        .permute([0, 3, 1, 2, 4])
        .reshape([windows * length, query_heads * channels])
}

/// `silu(gate) ∘ up`.
pub(super) fn gated_silu(compute: &Compute, gate: &Tensor<2>, up: &Tensor<2>) -> Tensor<2> {
    let [rows, channels] = gate.dims();
    if let Some([gate, up]) = on_gpu(compute, [gate, up]) {
        return from_gpu(kernels::gated_silu(&gate, &up, rows * channels, vec![rows, channels]));
    }
    activation::silu(gate.clone()) * up.clone()
}

/// Activations as changed by a hook, `[rows, channels]`.
pub(super) fn change(x: Tensor<2>, change: Change) -> Tensor<2> {
    match change {
        Change::RoundEachToken { steps, smallest } => {
            let step = x.clone().abs().max_dim(1).div_scalar(steps).clamp_min(smallest);
            (x / step.clone()).round().clamp(-steps, steps) * step
        }
    }
}
