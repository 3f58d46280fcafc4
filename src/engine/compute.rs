//! The device that a model runs on.

use burn::tensor::wgpu::WgpuInitError;
use burn::tensor::{Device, Int, Tensor, TensorData};

use super::arch::ModelError;
use hemoscope_core::protocol::DeviceReport;

/// A started device. WebGPU and the CPU differ in how operations run and how much fits into one tensor.
#[derive(Debug, Clone)]
pub struct Compute {
    device: Device,
    accelerated: bool,
    name: String,
}

impl Compute {
    /// WebGPU binds at most 128 MiB at once unless asked for more.
    const GPU_TENSOR_BYTES: usize = 120 << 20;
    /// Small enough that a page's memory holds the logits of both models beside the weights.
    const FLEX_TENSOR_BYTES: usize = 24 << 20;

    /// The limit for attention scores on the CPU, which are freed after each block.
    const FLEX_SCORES_BYTES: usize = 256 << 20;

    /// The CPU: burn's flex backend.
    #[must_use]
    pub fn flex() -> Self {
        Self {
            device: Device::flex(),
            accelerated: false,
            name: "CPU".to_owned(),
        }
    }

    /// WebGPU (natively: Vulkan, Metal or DirectX through the same interface).
    ///
    /// # Errors
    /// [`ModelError::Start`] where there is none.
    pub async fn gpu() -> Result<Self, ModelError> {
        let (device, setup) =
            Device::wgpu_options()
                .init_with_setup_async()
                .await
                .map_err(|error| ModelError::Start {
                    reason: match error {
                        // The error's own text lists all backends and fills a screen.
                        WgpuInitError::AdapterUnavailable { .. } => "no graphics card is offered here".to_owned(),
                        error => error.to_string(),
                    },
                })?;
        let info = setup.adapter.get_info();
        let name = if info.name.is_empty() {
            DeviceReport::UNNAMED_GPU.to_owned()
        } else {
            info.name
        };
        Ok(Self {
            device,
            accelerated: true,
            name,
        })
    }

    /// Whether this is WebGPU.
    #[must_use]
    pub fn is_gpu(&self) -> bool {
        self.accelerated
    }

    /// The system's name for the device.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// burn's handle.
    #[must_use]
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// How many rows of `columns` f32 values one tensor may have; at least 1.
    #[must_use]
    pub fn rows_that_fit(&self, columns: usize) -> usize {
        let bytes = if self.accelerated {
            Self::GPU_TENSOR_BYTES
        } else {
            Self::FLEX_TENSOR_BYTES
        };
        (bytes / (4 * columns.max(1))).max(1)
    }

    /// The longest window whose attention scores, one per head and pair of tokens, fit into one tensor.
    #[must_use]
    pub fn longest_window(&self, heads: usize) -> usize {
        let bytes = if self.accelerated {
            Self::GPU_TENSOR_BYTES
        } else {
            Self::FLEX_SCORES_BYTES
        };
        (bytes / (4 * heads.max(1))).isqrt()
    }

    /// How many rows of a weight matrix one tensor may have; at least 1. Only WebGPU limits it.
    #[must_use]
    pub fn rows_of_weights(&self, columns: usize) -> usize {
        if self.accelerated {
            self.rows_that_fit(columns)
        } else {
            usize::MAX
        }
    }

    /// Uploads a matrix, row-major.
    #[must_use]
    pub fn matrix(&self, values: Vec<f32>, shape: [usize; 2]) -> Tensor<2> {
        Tensor::from_data(TensorData::new(values, shape), &self.device)
    }

    /// Uploads a vector.
    #[must_use]
    pub fn vector(&self, values: Vec<f32>) -> Tensor<1> {
        let length = values.len();
        Tensor::from_data(TensorData::new(values, [length]), &self.device)
    }

    /// Uploads token ids.
    #[must_use]
    pub fn tokens(&self, ids: &[u32]) -> Tensor<1, Int> {
        #[expect(
            clippy::cast_possible_wrap,
            reason = "ids are checked against the vocabulary, far below 2³¹"
        )]
        let ids: Vec<i32> = ids.iter().map(|&id| id as i32).collect();
        let length = ids.len();
        Tensor::from_data(TensorData::new(ids, [length]), &self.device)
    }

    /// Reads a tensor back.
    ///
    /// # Errors
    /// [`ModelError::Device`] where the device failed before or while reading.
    pub async fn read<const D: usize>(&self, tensor: Tensor<D>, what: &'static str) -> Result<Vec<f32>, ModelError> {
        let failed = |reason: String| ModelError::Device {
            device: self.name.clone(),
            what,
            reason,
        };
        let data = tensor
            .into_data_async()
            .await
            .map_err(|error| failed(error.to_string()))?;
        data.try_into_vec::<f32>().map_err(|error| failed(format!("{error:?}")))
    }
}
