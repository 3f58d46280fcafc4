//! Compares a device with the CPU on a small fixed forward pass, before anything is measured on it.
//!
//! Drivers and shader compilers have bugs that give plausible wrong numbers. A device whose logits are further from
//! the CPU's than [`SELF_TEST_BOUND`] is not used.

use std::collections::BTreeMap;
use std::sync::Arc;

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::Compute;
use super::arch::{Batch, Llama, ModelError};
use super::kernels::matmul::{Causal, Layout, Product, Right, Tile};
use super::kernels::{from_gpu, to_gpu};
use hemoscope_core::weights::architecture::QWEN2;
use hemoscope_core::weights::{MemoryTensor, ModelConfig, Pristine, Role, Rope, StoredTensor, TensorId};

/// Largest allowed difference of a logit from the CPU's. The logits are of order 1; f32 sums in a different order
/// differ by about 1e-5 here, a wrong kernel by about 1.
pub(crate) const SELF_TEST_BOUND: f64 = 1e-3;

const WINDOW: usize = 37;

/// The largest difference between the device's and the CPU's logits of a small random model, over a pass of two
/// windows and over a few cached steps, and between products with every tile shape.
///
/// # Errors
/// If the device fails.
pub(crate) async fn self_test(compute: &Compute) -> Result<f64, ModelError> {
    let flex = Compute::flex();
    let pristine = random_model()?;
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let tokens: Vec<u32> = (0..2 * WINDOW).map(|_| rng.random_range(0..512)).collect();
    let mut outputs = Vec::new();
    for device in [compute, &flex] {
        outputs.push(logits(device, &pristine, &tokens).await?);
    }
    let mut worst = difference(&outputs[0], &outputs[1]);
    if compute.is_gpu() {
        for tile in Tile::ALL {
            for right in [Right::Transposed, Right::Plain] {
                let product = tiled_product(compute, tile, right).await?;
                worst = worst.max(difference(&product, &plain_product(right)));
            }
        }
    }
    Ok(worst)
}

/// NaN counts as infinitely far.
fn difference(a: &[f32], b: &[f32]) -> f64 {
    if a.len() != b.len() {
        return f64::INFINITY;
    }
    a.iter()
        .zip(b)
        .map(|(x, y)| f64::from((x - y).abs()))
        .fold(0.0, |worst, d| if d.is_nan() { f64::INFINITY } else { worst.max(d) })
}

async fn logits(compute: &Compute, pristine: &Pristine, tokens: &[u32]) -> Result<Vec<f32>, ModelError> {
    let model = Llama::load::<ModelError>(compute, pristine, async |_, _| Ok(())).await?;
    let (first, second) = tokens.split_at(WINDOW);
    let mut out = Vec::new();
    if let Some(batch) = Batch::new(&[first, second]) {
        let mut x = model.embed(&batch)?;
        for block in model.blocks() {
            x = model.forward_block(block, &x, &batch, None);
        }
        out = compute
            .read(model.logits(&model.finish(&x)), "the self-test's pass")
            .await?;
    }
    let mut cache = model.cache();
    for part in [&first[..5], &first[5..6], &first[6..7]] {
        out.extend(
            compute
                .read(model.step(part, &mut cache)?, "the self-test's steps")
                .await?,
        );
    }
    Ok(out)
}

/// Two blocks of grouped-query attention with biases, widths that are no multiple of a tile.
fn random_model() -> Result<Pristine, ModelError> {
    let config = ModelConfig {
        architecture: &QWEN2,
        name: None,
        licence: None,
        hidden: 60,
        intermediate: 172,
        blocks: 2,
        heads: 6,
        kv_heads: 2,
        head_dim: 10,
        vocabulary: 512,
        context: 64,
        rope: Rope::plain(10_000.0),
        rms_epsilon: 1e-5,
        tied_head: true,
    };
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut tensors: BTreeMap<TensorId, Arc<dyn StoredTensor>> = BTreeMap::new();
    let mut add = |id: TensorId, rows: usize, columns: usize, centre: f32, spread: f32| {
        let values = (0..rows * columns)
            .map(|_| centre + spread * rng.random_range(-1.0_f32..1.0))
            .collect();
        tensors.insert(
            id,
            Arc::new(MemoryTensor {
                name: id.to_string(),
                shape: [rows, columns],
                values,
            }),
        );
    };
    let (hidden, wide, narrow) = (
        config.hidden,
        config.heads * config.head_dim,
        config.kv_heads * config.head_dim,
    );
    add(
        TensorId::global(Role::TokenEmbedding),
        config.vocabulary,
        hidden,
        0.0,
        0.5,
    );
    add(TensorId::global(Role::OutputNorm), 1, hidden, 1.0, 0.2);
    for block in 0..config.blocks {
        let id = |role| TensorId::in_block(block, role);
        add(id(Role::AttentionNorm), 1, hidden, 1.0, 0.2);
        add(id(Role::MlpNorm), 1, hidden, 1.0, 0.2);
        for (role, rows) in [(Role::Query, wide), (Role::Key, narrow), (Role::Value, narrow)] {
            add(id(role), rows, hidden, 0.0, 0.3);
        }
        for (role, rows) in [
            (Role::QueryBias, wide),
            (Role::KeyBias, narrow),
            (Role::ValueBias, narrow),
        ] {
            add(id(role), 1, rows, 0.0, 0.3);
        }
        add(id(Role::AttentionOutput), hidden, wide, 0.0, 0.2);
        add(id(Role::Gate), config.intermediate, hidden, 0.0, 0.2);
        add(id(Role::Up), config.intermediate, hidden, 0.0, 0.2);
        add(id(Role::Down), hidden, config.intermediate, 0.0, 0.1);
    }
    Ok(Pristine::new(config, tensors))
}

const PRODUCT: [usize; 3] = [70, 52, 36];

fn operands(right: Right) -> (Vec<f32>, Vec<f32>, [usize; 2]) {
    let [rows, columns, depth] = PRODUCT;
    let value = |i: usize| {
        let step = u16::try_from((i * 37) % 101).unwrap_or(0);
        (f32::from(step) - 50.0) / 100.0
    };
    let shape = match right {
        Right::Transposed => [columns, depth],
        Right::Plain => [depth, columns],
    };
    (
        (0..rows * depth).map(value).collect(),
        (0..columns * depth).map(|i| value(i + 7)).collect(),
        shape,
    )
}

async fn tiled_product(compute: &Compute, tile: Tile, right_order: Right) -> Result<Vec<f32>, ModelError> {
    let [rows, columns, depth] = PRODUCT;
    let (left, right, shape) = operands(right_order);
    let (Some(left), Some(right)) = (
        to_gpu(compute.matrix(left, [rows, depth])),
        to_gpu(compute.matrix(right, shape)),
    ) else {
        return Ok(Vec::new());
    };
    let whole = |row| Layout {
        row,
        window: 0,
        head: 0,
    };
    let product = Product {
        left: &left,
        left_layout: whole(depth),
        right: &right,
        right_layout: whole(shape[1]),
        right_order,
        out_layout: whole(columns),
        out_shape: vec![rows, columns],
        size: PRODUCT,
        windows: 1,
        heads: 1,
        heads_per_right: 1,
        alpha: 1.0,
        causal: Causal::No,
        offset: 0,
        bias: None,
        residual: None,
        tile: Some(tile),
    };
    compute
        .read(from_gpu::<2>(product.launch()), "the self-test's products")
        .await
}

fn plain_product(right_order: Right) -> Vec<f32> {
    let [rows, columns, depth] = PRODUCT;
    let (left, right, _) = operands(right_order);
    let mut out = Vec::with_capacity(rows * columns);
    for i in 0..rows {
        for j in 0..columns {
            let at = |k: usize| match right_order {
                Right::Transposed => right[j * depth + k],
                Right::Plain => right[k * columns + j],
            };
            out.push((0..depth).map(|k| left[i * depth + k] * at(k)).sum());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_difference_counts_and_what_is_no_number_is_infinitely_far() {
        assert_eq!(difference(&[1.0, -2.0], &[1.25, -2.5]), 0.5);
        assert_eq!(difference(&[1.0, f32::NAN], &[1.0, 2.0]), f64::INFINITY);
        assert_eq!(difference(&[1.0], &[1.0, 2.0]), f64::INFINITY);
    }

    /// A device that reads one weight wrongly by a hundredth is detected.
    #[test]
    fn one_wrong_weight_is_beyond_the_bound() {
        let compute = Compute::flex();
        let tokens: Vec<u32> = (0..2 * WINDOW as u32).map(|i| (i * 97) % 512).collect();
        let pristine = random_model().unwrap();
        let id = TensorId::in_block(0, Role::MlpNorm);
        let mut tensors = BTreeMap::<TensorId, Arc<dyn StoredTensor>>::new();
        for (other, tensor) in pristine.tensors() {
            let mut values = tensor.read().unwrap();
            if other == id {
                values[0] += 0.01;
            }
            let (name, shape) = (tensor.name().to_owned(), tensor.shape());
            let values = values.into();
            tensors.insert(other, Arc::new(MemoryTensor { name, shape, values }));
        }
        let wrong = Pristine::new(pristine.config().clone(), tensors);
        let outputs = [&pristine, &wrong].map(|model| pollster::block_on(logits(&compute, model, &tokens)).unwrap());
        assert!(difference(&outputs[0], &outputs[1]) > SELF_TEST_BOUND);
    }

    #[test]
    fn a_pass_over_windows_and_cached_steps_agree() {
        let compute = Compute::flex();
        let pristine = random_model().unwrap();
        let model = pollster::block_on(Llama::load::<ModelError>(&compute, &pristine, async |_, _| Ok(()))).unwrap();
        let tokens: Vec<u32> = (0..20).map(|i| (i * 97) % 512).collect();
        let batch = Batch::new(&[&tokens]).unwrap();
        let mut x = model.embed(&batch).unwrap();
        for block in model.blocks() {
            x = model.forward_block(block, &x, &batch, None);
        }
        let whole = pollster::block_on(compute.read(model.logits(&model.finish(&x)), "test")).unwrap();
        let mut cache = model.cache();
        let mut last = Vec::new();
        for token in &tokens {
            last = pollster::block_on(compute.read(model.step(&[*token], &mut cache).unwrap(), "test")).unwrap();
        }
        // The same sums in a different order.
        assert!(difference(&last, &whole[19 * 512..]) < 1e-4);
    }

    #[test]
    fn a_wrong_value_is_seen() {
        assert!(difference(&[1.0, f32::NAN], &[1.0, 2.0]).is_infinite());
        assert!(difference(&[1.0], &[1.0, 2.0]).is_infinite());
        assert!(difference(&[1.0, 2.5], &[1.0, 2.0]) > SELF_TEST_BOUND);
    }
}
