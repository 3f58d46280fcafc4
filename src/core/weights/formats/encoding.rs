//! How a file encodes numbers, and decoding them to f32.
//!
//! Plain floats are decoded here, ggml's blocks by candle-core's quantized module. The block layouts are those of
//! llama.cpp's `ggml/src/ggml-common.h`.

use candle_core::CpuStorage;
use candle_core::quantized::GgmlDType;
use half::{bf16, f16};

/// The encoding of one tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    F32,
    F16,
    Bf16,
    /// ggml blocks, each with its own scale.
    Block(GgmlDType),
}

/// The encodings that can be read, for messages.
pub(super) const GGML_NAMES: &str = "F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K";

impl Encoding {
    /// The encoding of ggml's type number `id`, if it can be read.
    pub(super) fn from_ggml(id: u32) -> Option<Self> {
        Some(match id {
            0 => Self::F32,
            1 => Self::F16,
            2 => Self::Block(GgmlDType::Q4_0),
            3 => Self::Block(GgmlDType::Q4_1),
            6 => Self::Block(GgmlDType::Q5_0),
            7 => Self::Block(GgmlDType::Q5_1),
            8 => Self::Block(GgmlDType::Q8_0),
            10 => Self::Block(GgmlDType::Q2K),
            11 => Self::Block(GgmlDType::Q3K),
            12 => Self::Block(GgmlDType::Q4K),
            13 => Self::Block(GgmlDType::Q5K),
            14 => Self::Block(GgmlDType::Q6K),
            30 => Self::Bf16,
            _ => return None,
        })
    }

    /// What ggml calls its type number `id`, whether or not it can be read; types 4, 5, 31 to 33 and 36 to 38 are gone from
    /// ggml, but in old files. Source: llama.cpp's `ggml/include/ggml.h`, `enum ggml_type`.
    pub(super) fn ggml_name(id: u32) -> Option<&'static str> {
        const NAMES: [&str; 43] = [
            "F32",
            "F16",
            "Q4_0",
            "Q4_1",
            "Q4_2",
            "Q4_3",
            "Q5_0",
            "Q5_1",
            "Q8_0",
            "Q8_1",
            "Q2_K",
            "Q3_K",
            "Q4_K",
            "Q5_K",
            "Q6_K",
            "Q8_K",
            "IQ2_XXS",
            "IQ2_XS",
            "IQ3_XXS",
            "IQ1_S",
            "IQ4_NL",
            "IQ3_S",
            "IQ2_S",
            "IQ4_XS",
            "I8",
            "I16",
            "I32",
            "I64",
            "F64",
            "IQ1_M",
            "BF16",
            "Q4_0_4_4",
            "Q4_0_4_8",
            "Q4_0_8_8",
            "TQ1_0",
            "TQ2_0",
            "IQ4_NL_4_4",
            "IQ4_NL_4_8",
            "IQ4_NL_8_8",
            "MXFP4",
            "NVFP4",
            "Q1_0",
            "Q2_0",
        ];
        NAMES.get(usize::try_from(id).ok()?).copied()
    }

    /// Its common name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::F32 => "F32",
            Self::F16 => "F16",
            Self::Bf16 => "BF16",
            Self::Block(GgmlDType::Q4_0) => "Q4_0",
            Self::Block(GgmlDType::Q4_1) => "Q4_1",
            Self::Block(GgmlDType::Q5_0) => "Q5_0",
            Self::Block(GgmlDType::Q5_1) => "Q5_1",
            Self::Block(GgmlDType::Q8_0) => "Q8_0",
            Self::Block(GgmlDType::Q2K) => "Q2_K",
            Self::Block(GgmlDType::Q3K) => "Q3_K",
            Self::Block(GgmlDType::Q4K) => "Q4_K",
            Self::Block(GgmlDType::Q5K) => "Q5_K",
            Self::Block(GgmlDType::Q6K) => "Q6_K",
            Self::Block(_) => "another ggml type",
        }
    }

    /// Elements per block; a row holds a whole number of blocks.
    pub(super) fn block_elements(self) -> usize {
        match self {
            Self::F32 | Self::F16 | Self::Bf16 => 1,
            Self::Block(kind) => kind.block_size(),
        }
    }

    /// Bytes per block.
    pub(super) fn block_bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::Bf16 => 2,
            Self::Block(kind) => kind.type_size(),
        }
    }

    /// Appends the values of whole blocks to `values`. For ggml blocks `bytes` has to be aligned to
    /// [`BLOCK_ALIGNMENT`].
    pub(super) fn decode(self, bytes: &[u8], values: &mut Vec<f32>) -> Result<(), String> {
        match self {
            Self::F32 => {
                let floats = bytes.as_chunks::<4>().0;
                values.extend(floats.iter().map(|float| f32::from_le_bytes(*float)));
            }
            Self::F16 => {
                let floats = bytes.as_chunks::<2>().0;
                values.extend(floats.iter().map(|float| f16::from_le_bytes(*float).to_f32()));
            }
            Self::Bf16 => {
                let floats = bytes.as_chunks::<2>().0;
                values.extend(floats.iter().map(|float| bf16::from_le_bytes(*float).to_f32()));
            }
            Self::Block(kind) => {
                let elements = bytes.len() / self.block_bytes() * self.block_elements();
                let blocks = kind.from_data(bytes.into());
                match blocks.dequantize(elements) {
                    Ok(CpuStorage::F32(decoded)) => values.extend_from_slice(&decoded),
                    Ok(_) => return Err("the decoder did not return f32".to_owned()),
                    Err(error) => return Err(error.to_string()),
                }
            }
        }
        Ok(())
    }
}

/// The decoder casts bytes to block structures, the strictest of which starts with an f32.
pub(super) const BLOCK_ALIGNMENT: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    /// The decoder multiplies in a different order from the reference here: a few units in the last place, for values
    /// below 100.
    const ERROR_MAX: f32 = 1e-4;

    fn half(block: &[u8], at: usize) -> f32 {
        f16::from_le_bytes([block[at], block[at + 1]]).to_f32()
    }

    /// Low nibbles are elements 0 to 15, high ones 16 to 31.
    fn nibble(bytes: &[u8], i: usize) -> i32 {
        i32::from(if i < 16 { bytes[i] & 15 } else { bytes[i - 16] >> 4 })
    }

    fn bit(block: &[u8], at: usize, i: usize) -> i32 {
        i32::from(block[at + i / 8] >> (i % 8) & 1)
    }

    /// Two bits of Q2_K and Q3_K: in each 128, byte l packs elements l, l+32, l+64, l+96.
    fn two_bits(bytes: &[u8], i: usize) -> i32 {
        i32::from(bytes[i / 128 * 32 + i % 32] >> (2 * (i % 128 / 32)) & 3)
    }

    /// Scale and minimum of sub-block j of Q4_K and Q5_K, six bits each.
    fn scale_min(b: &[u8], j: usize) -> (f32, f32) {
        let (scale, min) = if j < 4 {
            (b[j] & 63, b[j + 4] & 63)
        } else {
            (
                (b[j + 4] & 15) | (b[j - 4] >> 6 << 4),
                (b[j + 4] >> 4) | (b[j] >> 6 << 4),
            )
        };
        (scale.into(), min.into())
    }

    /// Four bits of Q4_K and Q5_K: in each 64, byte l is element l (low) and l+32 (high).
    fn four_bits(bytes: &[u8], i: usize) -> i32 {
        let byte = bytes[i / 64 * 32 + i % 32];
        i32::from(if i % 64 < 32 { byte & 15 } else { byte >> 4 })
    }

    /// Element `i` of a block, straight from the layouts that llama.cpp's ggml-common.h and ggml-quants.c describe.
    fn reference(kind: GgmlDType, b: &[u8], i: usize) -> f32 {
        match kind {
            GgmlDType::Q8_0 => half(b, 0) * f32::from(b[2 + i].cast_signed()),
            GgmlDType::Q4_0 => half(b, 0) * (nibble(&b[2..], i) - 8) as f32,
            GgmlDType::Q4_1 => half(b, 0) * nibble(&b[4..], i) as f32 + half(b, 2),
            GgmlDType::Q5_0 => half(b, 0) * ((nibble(&b[6..], i) | bit(b, 2, i) << 4) - 16) as f32,
            GgmlDType::Q5_1 => half(b, 0) * (nibble(&b[8..], i) | bit(b, 4, i) << 4) as f32 + half(b, 2),
            GgmlDType::Q2K => {
                let scale = b[i / 16];
                half(b, 80) * f32::from(scale & 15) * two_bits(&b[16..], i) as f32 - half(b, 82) * f32::from(scale >> 4)
            }
            GgmlDType::Q3K => {
                let (j, packed) = (i / 16, &b[96..108]);
                let low = if j < 8 { packed[j] & 15 } else { packed[j - 8] >> 4 };
                let scale = i32::from(low | (packed[8 + j % 4] >> (2 * (j / 4)) & 3) << 4) - 32;
                let high = i32::from(b[i % 32] >> (i / 32) & 1);
                half(b, 108) * scale as f32 * ((two_bits(&b[32..], i) | high << 2) - 4) as f32
            }
            GgmlDType::Q4K => {
                let (scale, min) = scale_min(&b[4..], i / 32);
                half(b, 0) * scale * four_bits(&b[16..], i) as f32 - half(b, 2) * min
            }
            GgmlDType::Q5K => {
                let (scale, min) = scale_min(&b[4..], i / 32);
                let high = i32::from(b[16 + i % 32] >> (i / 32) & 1);
                half(b, 0) * scale * (four_bits(&b[48..], i) | high << 4) as f32 - half(b, 2) * min
            }
            GgmlDType::Q6K => {
                let (part, quarter, l) = (i / 128, i % 128 / 32, i % 32);
                let byte = b[part * 64 + l + 32 * (quarter % 2)];
                let low = if quarter < 2 { byte & 15 } else { byte >> 4 };
                let top = b[128 + part * 32 + l] >> (2 * quarter) & 3;
                let scale = f32::from(b[192 + i / 16].cast_signed());
                half(b, 208) * scale * (i32::from(low | top << 4) - 32) as f32
            }
            other => panic!("no reference for {other:?}"),
        }
    }

    /// Every block type with its bytes, and where its f16 scales lie.
    const KINDS: [(GgmlDType, usize, &[usize]); 10] = [
        (GgmlDType::Q8_0, 34, &[0]),
        (GgmlDType::Q4_0, 18, &[0]),
        (GgmlDType::Q4_1, 20, &[0, 2]),
        (GgmlDType::Q5_0, 22, &[0]),
        (GgmlDType::Q5_1, 24, &[0, 2]),
        (GgmlDType::Q2K, 84, &[80, 82]),
        (GgmlDType::Q3K, 110, &[108]),
        (GgmlDType::Q4K, 144, &[0, 2]),
        (GgmlDType::Q5K, 176, &[0, 2]),
        (GgmlDType::Q6K, 210, &[208]),
    ];

    #[repr(align(4))]
    struct Aligned([u8; 1024]);

    fn decode(encoding: Encoding, bytes: &[u8]) -> Vec<f32> {
        let mut aligned = Aligned([0; 1024]);
        aligned.0[..bytes.len()].copy_from_slice(bytes);
        let mut values = Vec::new();
        encoding.decode(&aligned.0[..bytes.len()], &mut values).unwrap();
        values
    }

    #[test]
    fn blocks_decode_as_their_layout_says() {
        for (kind, block_bytes, scales) in KINDS {
            let encoding = Encoding::Block(kind);
            assert_eq!(encoding.block_bytes(), block_bytes, "{kind:?}");
            // Two blocks of bytes that differ everywhere, with scales of 2^-7 and 2^-6.
            let mut bytes: Vec<u8> = (0..2 * block_bytes)
                .map(|i| (i * 167 + i / 7 * 29 + 13) as u8)
                .collect();
            for block in bytes.chunks_exact_mut(block_bytes) {
                for (scale, at) in [0x2000_u16, 0x2400].iter().zip(scales) {
                    block[*at..at + 2].copy_from_slice(&scale.to_le_bytes());
                }
            }
            let values = decode(encoding, &bytes);
            assert_eq!(values.len(), 2 * encoding.block_elements(), "{kind:?}");
            for (i, value) in values.iter().enumerate() {
                let block = &bytes[i / encoding.block_elements() * block_bytes..][..block_bytes];
                let expected = reference(kind, block, i % encoding.block_elements());
                assert!(
                    (value - expected).abs() <= ERROR_MAX,
                    "{kind:?} {i}: {value} is not {expected}"
                );
            }
            let distinct = values
                .iter()
                .map(|value| value.to_bits())
                .collect::<std::collections::BTreeSet<_>>();
            assert!(distinct.len() > 8, "{kind:?}: the bytes don't exercise the layout");
        }
    }

    #[test]
    fn zero_blocks_decode_to_zero() {
        for (kind, block_bytes, _) in KINDS {
            assert!(
                decode(Encoding::Block(kind), &vec![0; block_bytes])
                    .iter()
                    .all(|value| *value == 0.0)
            );
        }
    }

    #[test]
    fn worked_example_q4_0() {
        // x0 = -1, xi = (i - 1)/31: d = 1/8 and these codes, by ggml's rule q = min(15, trunc(x/d + 8.5)).
        let codes: [u8; 32] = [
            0, 8, 8, 9, 9, 9, 9, 10, 10, 10, 10, 11, 11, 11, 11, 12, 12, 12, 12, 13, 13, 13, 13, 14, 14, 14, 14, 15,
            15, 15, 15, 15,
        ];
        let mut block = f16::from_f32(0.125).to_le_bytes().to_vec();
        block.extend((0..16).map(|i| codes[i] | codes[i + 16] << 4));
        let values = decode(Encoding::Block(GgmlDType::Q4_0), &block);
        for (i, value) in values.iter().enumerate() {
            assert_eq!(*value, 0.125 * (f32::from(codes[i]) - 8.0));
            let original = if i == 0 { -1.0 } else { (i as f32 - 1.0) / 31.0 };
            // Half a step, or a whole one where the code is clamped at 15.
            assert!((value - original).abs() <= 0.125 + 1e-6, "{i}");
        }
    }

    #[test]
    fn plain_floats() {
        assert_eq!(decode(Encoding::F32, &[0, 0, 0xC0, 0x3F, 0, 0, 0, 0xC0]), [1.5, -2.0]);
        assert_eq!(decode(Encoding::F16, &[0, 0x3E, 0, 0xC0]), [1.5, -2.0]);
        assert_eq!(decode(Encoding::Bf16, &[0xC0, 0x3F, 0, 0xC0]), [1.5, -2.0]);
    }

    #[test]
    fn every_named_type_has_its_number() {
        let names: Vec<&str> = (0..64).filter_map(Encoding::from_ggml).map(Encoding::name).collect();
        let mut listed: Vec<&str> = GGML_NAMES.split(", ").collect();
        listed.sort_unstable();
        let mut sorted = names.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, listed);
        for id in 0..64 {
            if let Some(encoding) = Encoding::from_ggml(id) {
                assert_eq!(Encoding::ggml_name(id), Some(encoding.name()));
            }
        }
    }
}
