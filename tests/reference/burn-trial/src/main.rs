//! How fast burn trains a model with the shape of the largest embedded one on a Vulkan card: the measurement behind the
//! choice of PyTorch for `train.py`.
//!
//! ```text
//! cargo run --release -- --half 160        # seconds; without --half, everything is computed in f32
//! ```
//!
//! The same Llama, loss, AdamW and windows per step as `train.py`, on made-up tokens.

use std::error::Error;
use std::time::Instant;

use burn::module::{Module, Param};
use burn::nn::{Initializer, RmsNorm, RmsNormConfig};
use burn::optim::{AdamWConfig, GradientsParams};
use burn::tensor::module::{attention, embedding};
use burn::tensor::ops::AttentionModuleOptions;
use burn::tensor::{Device, DeviceKind, FloatDType, Int, Tensor, TensorData, activation};

const VOCABULARY: usize = 4096;
const HIDDEN: usize = 320;
const BLOCKS: usize = 14;
const INNER: usize = 800;
const HEAD: usize = 32;
const HEADS: usize = HIDDEN / HEAD;
const KEYS: usize = HEADS / 2;
const WINDOW: usize = 512;
const WINDOWS: usize = 64;
/// Steps not counted in tokens per second, since the first ones compile kernels.
const WARM_UP: u32 = 10;

#[derive(Module, Debug)]
struct Block {
    before_attention: RmsNorm,
    before_feed_forward: RmsNorm,
    q: Param<Tensor<2>>,
    k: Param<Tensor<2>>,
    v: Param<Tensor<2>>,
    o: Param<Tensor<2>>,
    gate: Param<Tensor<2>>,
    up: Param<Tensor<2>>,
    down: Param<Tensor<2>>,
}

#[derive(Module, Debug)]
struct Model {
    embedding: Param<Tensor<2>>,
    blocks: Vec<Block>,
    norm: RmsNorm,
}

/// The type of the activations, and the rotary angles in that type.
struct Forward {
    dtype: FloatDType,
    cos: Tensor<4>,
    sin: Tensor<4>,
}

impl Forward {
    fn new(dtype: FloatDType, device: &Device) -> Self {
        let half = HEAD / 2;
        let angles = |function: fn(f32) -> f32| {
            let values: Vec<f32> = (0..WINDOW * half)
                .map(|i| function((i / half) as f32 * 10_000_f32.powf(-((i % half) as f32) / half as f32)))
                .collect();
            Tensor::<4>::from_data(TensorData::new(values, [1, 1, WINDOW, half]), device).cast(dtype)
        };
        Self {
            dtype,
            cos: angles(f32::cos),
            sin: angles(f32::sin),
        }
    }

    fn linear(&self, x: Tensor<3>, weight: &Param<Tensor<2>>) -> Tensor<3> {
        let [windows, length, width] = x.dims();
        let y = x
            .reshape([windows * length, width])
            .matmul(weight.val().cast(self.dtype));
        let [_, out] = y.dims();
        y.reshape([windows, length, out])
    }

    fn norm(&self, norm: &RmsNorm, x: Tensor<3>) -> Tensor<3> {
        norm.forward(x.cast(FloatDType::F32)).cast(self.dtype)
    }

    fn rotate(&self, x: Tensor<4>) -> Tensor<4> {
        let half = HEAD / 2;
        let (first, second) = (x.clone().narrow(3, 0, half), x.narrow(3, half, half));
        let (cos, sin) = (self.cos.clone(), self.sin.clone());
        Tensor::cat(
            vec![
                first.clone() * cos.clone() - second.clone() * sin.clone(),
                second * cos + first * sin,
            ],
            3,
        )
    }

    fn block(&self, block: &Block, x: Tensor<3>) -> Tensor<3> {
        let [windows, length, _] = x.dims();
        let y = self.norm(&block.before_attention, x.clone());
        let heads = |weight, count| {
            let z = self.linear(y.clone(), weight);
            z.reshape([windows, length, count, HEAD]).swap_dims(1, 2)
        };
        let each_twice = |z: Tensor<4>| {
            let z: Tensor<5> = z.unsqueeze_dim(2);
            z.repeat_dim(2, HEADS / KEYS).reshape([windows, HEADS, length, HEAD])
        };
        let q = self.rotate(heads(&block.q, HEADS));
        let k = each_twice(self.rotate(heads(&block.k, KEYS)));
        let v = each_twice(heads(&block.v, KEYS));
        let causal = AttentionModuleOptions {
            is_causal: true,
            ..Default::default()
        };
        let y = attention(q, k, v, None, None, causal);
        let x = x + self.linear(y.swap_dims(1, 2).reshape([windows, length, HIDDEN]), &block.o);
        let y = self.norm(&block.before_feed_forward, x.clone());
        let gate = activation::silu(self.linear(y.clone(), &block.gate));
        x + self.linear(gate * self.linear(y, &block.up), &block.down)
    }
}

impl Model {
    fn new(device: &Device) -> Self {
        let matrix = |rows, columns| Initializer::Normal { mean: 0.0, std: 0.02 }.init([rows, columns], device);
        let norm = || RmsNormConfig::new(HIDDEN).init(device);
        let block = |_| Block {
            before_attention: norm(),
            before_feed_forward: norm(),
            q: matrix(HIDDEN, HIDDEN),
            k: matrix(HIDDEN, KEYS * HEAD),
            v: matrix(HIDDEN, KEYS * HEAD),
            o: matrix(HIDDEN, HIDDEN),
            gate: matrix(HIDDEN, INNER),
            up: matrix(HIDDEN, INNER),
            down: matrix(INNER, HIDDEN),
        };
        Self {
            embedding: matrix(VOCABULARY, HIDDEN),
            blocks: (0..BLOCKS).map(block).collect(),
            norm: norm(),
        }
    }

    /// Mean loss in nats.
    fn loss(&self, forward: &Forward, inputs: Tensor<2, Int>, targets: Tensor<2, Int>) -> Tensor<1> {
        let x = embedding(self.embedding.val(), inputs).cast(forward.dtype);
        let x = self.blocks.iter().fold(x, |x, block| forward.block(block, x));
        let x = forward.norm(&self.norm, x).reshape([WINDOWS * WINDOW, HIDDEN]);
        let logits = x.matmul(self.embedding.val().cast(forward.dtype).transpose());
        let log_probabilities = activation::log_softmax(logits.cast(FloatDType::F32), 1);
        log_probabilities
            .gather(1, targets.reshape([WINDOWS * WINDOW, 1]))
            .mean()
            .neg()
    }
}

/// Tokens from a small linear congruential generator: all that matters is that some are more frequent.
fn tokens(state: &mut u64, device: &Device) -> Tensor<2, Int> {
    let mut next = || {
        *state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((*state >> 33) % 64) as i32
    };
    let values: Vec<i32> = (0..WINDOWS * (WINDOW + 1)).map(|_| next()).collect();
    Tensor::from_data(TensorData::new(values, [WINDOWS, WINDOW + 1]), device)
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let half = arguments
        .iter()
        .position(|argument| argument == "--half")
        .map(|place| arguments.remove(place));
    let dtype = if half.is_some() {
        FloatDType::F16
    } else {
        FloatDType::F32
    };
    let seconds: f64 = arguments.first().ok_or("how many seconds?")?.parse()?;

    let start = Instant::now();
    let device = Device::vulkan(DeviceKind::DefaultDevice).autodiff();
    device.seed(0);
    let mut model = Model::new(&device);
    let forward = Forward::new(dtype, &device);
    let mut optimizer = AdamWConfig::new().with_beta_2(0.95).with_weight_decay(0.1).init();
    println!("{} parameters, {dtype:?}", model.num_params());

    let (mut state, mut step, mut warm) = (0, 0, None);
    while start.elapsed().as_secs_f64() < seconds {
        let all = tokens(&mut state, &device);
        let loss = model.loss(&forward, all.clone().narrow(1, 0, WINDOW), all.narrow(1, 1, WINDOW));
        let gradients = GradientsParams::from_grads(loss.backward(), &model);
        model = optimizer.step(1e-3, model, gradients);
        step += 1;
        if step == 1 || step % WARM_UP == 0 {
            // Reading the loss waits for the card.
            let loss = loss.into_scalar::<f32>();
            println!("step {step}, {:.1} s, loss {loss:.3}", start.elapsed().as_secs_f64());
            if step == WARM_UP {
                warm = Some(Instant::now());
            }
        }
    }
    device.sync()?;
    if let Some(warm) = warm.filter(|_| step > WARM_UP) {
        let trained = f64::from(step - WARM_UP) * (WINDOWS * WINDOW) as f64;
        println!(
            "{:.0} tokens per second after step {WARM_UP}",
            trained / warm.elapsed().as_secs_f64()
        );
    }
    Ok(())
}
