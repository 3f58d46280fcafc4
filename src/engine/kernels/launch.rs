//! From a burn tensor to a kernel launch and back.

use std::fmt::Display;

use burn::backend::Wgpu;
use burn::tensor::{DType, Tensor};
use burn_wgpu::{CubeDim, CubeTensor, KernelSource, SourceKernel, SourceTemplate, into_contiguous};
use cubecl::CubeCount;
use cubecl::prelude::KernelId;
use cubecl::server::{Handle, KernelArguments};

/// A tensor's buffer on the GPU, contiguous.
#[derive(Clone)]
pub(crate) struct GpuTensor(CubeTensor);

/// The buffer behind a tensor; `None` where the tensor lives on the CPU.
pub(crate) fn to_gpu<const D: usize>(tensor: Tensor<D>) -> Option<GpuTensor> {
    tensor
        .try_into_primitive::<Wgpu>()
        .ok()
        .map(|primitive| GpuTensor(into_contiguous(primitive)))
}

/// The tensor over a buffer; `D` must be the rank that the buffer was made with.
pub(crate) fn from_gpu<const D: usize>(tensor: GpuTensor) -> Tensor<D> {
    Tensor::from_primitive::<Wgpu>(tensor.0)
}

impl GpuTensor {
    /// A new buffer of this shape beside `self`, its contents undefined.
    pub(super) fn empty_like(&self, shape: impl Into<Vec<usize>>) -> Self {
        let shape = shape.into();
        let bytes = shape.iter().product::<usize>() * size_of::<f32>();
        Self(CubeTensor::new_contiguous(
            self.0.client.clone(),
            self.0.device.clone(),
            shape.into(),
            self.0.client.empty(bytes),
            DType::F32,
        ))
    }

    fn handle(&self) -> Handle {
        self.0.handle.clone()
    }

    /// Runs `program` over `groups` workgroups with these buffers bound from 0 on, and `sizes` after them.
    pub(super) fn launch(&self, program: Program, groups: [usize; 3], buffers: &[&Self], sizes: &[u32]) {
        let client = &self.0.client;
        let bytes: Vec<u8> = sizes.iter().flat_map(|value| value.to_le_bytes()).collect();
        let mut arguments = KernelArguments::new();
        for buffer in buffers {
            arguments = arguments.with_buffer(buffer.handle().binding());
        }
        arguments = arguments.with_buffer(client.create_from_slice(&bytes).binding());
        let cube = CubeDim::new_1d(program.threads);
        let [x, y, z] = groups.map(|count| u32::try_from(count).unwrap_or(u32::MAX));
        client.launch(
            Box::new(SourceKernel::new(program, cube)),
            CubeCount::Static(x, y, z),
            arguments,
        );
    }
}

/// A kernel. Its text is generated when it is compiled, not at every launch.
pub(super) struct Program {
    /// The cache key of the pipeline: distinct for distinct texts.
    pub(super) key: String,
    /// Invocations in a workgroup.
    pub(super) threads: u32,
    /// As [`Program::new`] takes it.
    template: Box<dyn Fn() -> String + Send + Sync>,
}

impl Program {
    /// `template` gives WGSL with the entry point `main`, in which `${threads}`, `${half}` (of the threads) and
    /// `${input}` (how inputs are bound) may still occur.
    pub(super) fn new(
        key: impl Into<String>,
        threads: u32,
        template: impl Fn() -> String + Send + Sync + 'static,
    ) -> Self {
        Self {
            key: key.into(),
            threads,
            template: Box::new(template),
        }
    }

    /// The finished text, with inputs bound as `input`: `read` or `read_write`.
    pub(super) fn text(&self, input: &str) -> String {
        fill(
            &(self.template)(),
            &[
                ("threads", &self.threads),
                ("half", &(self.threads / 2)),
                ("input", &input),
            ],
        )
    }
}

/// `template` with each `${name}` replaced by its value, one name after the other, so that a value may contain later
/// names. A name without a value stays, which makes the text invalid WGSL; burn's templates would silently drop it.
pub(super) fn fill(template: &str, values: &[(&str, &dyn Display)]) -> String {
    values.iter().fold(template.to_owned(), |text, (name, value)| {
        text.replace(&format!("${{{name}}}"), &value.to_string())
    })
}

impl KernelSource for Program {
    fn source(&self) -> SourceTemplate {
        SourceTemplate::new(self.text(INPUT))
    }

    fn id(&self) -> KernelId {
        KernelId::new::<Self>().info(self.key.clone())
    }

    fn lang(&self) -> &'static str {
        "wgsl"
    }
}

/// How inputs are bound. In the page each buffer is its own allocation, and a read-only binding lets the card cache it;
/// natively buffers share allocations, and WebGPU forbids a read-only and a writable view of one allocation.
const INPUT: &str = if cfg!(target_family = "wasm") {
    "read"
} else {
    "read_write"
};
