//! Activation quantization: the inputs of the linear layers are rounded while the model runs; its weights are rounded
//! beforehand.
//!
//! For each token, with `b` bits and rounding half to even: `Δ_t = max(max_j |x_tj| / (2^(b−1) − 1), 10⁻⁵)`,
//! `x̂_tj = Δ_t · clamp(round(x_tj / Δ_t), ±(2^(b−1) − 1))`, at the inputs of all seven linear layers of a block. A
//! token's scale depends on that token alone. Weights are quantized to 8 bits, symmetric, with one scale per output
//! row, whatever `b` is.
//!
//! Source: `quantize_activation_per_token_absmax` and `quantize_weight_per_channel_absmax` of mit-han-lab/smoothquant
//! (Xiao et al. 2022).

use std::sync::Arc;

use super::super::catalogue::{Citation, Entry, Family, Kind, Parameter};
use super::super::{BlockStatistics, BlockWeights, Change, Edit, Hook, Method, ModifyError, Plan, SpecError, Step};
use super::BITS;
use super::rtn::{Group, Rtn, Scheme};
use crate::weights::Site;

const NAME: &str = "activations";

/// The quantization of the weights.
const WEIGHTS: Rtn = Rtn {
    bits: 8,
    group: Group::Row,
    scheme: Scheme::Symmetric,
};

/// The smallest step.
const SMALLEST: f32 = 1e-5;

/// Its entry in the catalogue.
pub const ENTRY: Entry = Entry {
    name: NAME,
    title: "Activation rounding (dynamic quantization)",
    family: Family::Quantization,
    what: "Rounds what flows through the model: every input of a linear layer becomes one of a few evenly spaced values, \
           spaced anew for each token. The weights take 8 bits, so that the layers can be computed in whole numbers.",
    why: "A few channels are far larger than the rest. They stretch the spacing of their token, and what is small beside \
          them is lost.",
    formula: "x becomes Δ · round(x/Δ), with Δ = max|x| / (2^(bits−1) − 1) of each token",
    source: Citation {
        authors: "Xiao et al.",
        title: "SmoothQuant: Accurate and Efficient Post-Training Quantization for Large Language Models",
        year: 2022,
        url: "https://arxiv.org/abs/2211.10438",
    },
    parameters: &[
        Parameter {
            key: "bits",
            label: "bits for each activation",
            term: "activation bits",
            kind: BITS,
        },
        Parameter {
            key: "scale",
            label: "what shares one scale",
            term: "scale",
            kind: Kind::Choice {
                options: &[("token", "each token, measured while the model runs")],
                default: "token",
            },
        },
    ],
    scoped: true,
    calibrated: false,
    build,
};

/// Rounded activations, one scale per token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Activations {
    /// Bits per activation, 2 to 8.
    pub bits: u32,
}

fn build(step: &Step) -> Result<Arc<dyn Method>, SpecError> {
    Ok(Arc::new(Activations {
        bits: step.whole("bits")? as u32,
    }))
}

impl Method for Activations {
    fn name(&self) -> &'static str {
        NAME
    }

    fn is_identity(&self) -> bool {
        false
    }
}

impl Edit for Activations {
    fn edit_block(
        &self,
        block: &mut BlockWeights,
        _plan: &Plan,
        _statistics: &BlockStatistics,
    ) -> Result<(), ModifyError> {
        block.edit_linears(|weight| WEIGHTS.round(weight))
    }

    fn hooks(&self) -> Vec<Hook> {
        let steps = (1_u32 << (self.bits.clamp(2, 16) - 1)) - 1;
        vec![Hook {
            sites: &Site::LINEAR_INPUTS,
            change: Change::RoundEachToken {
                steps: steps as f32,
                smallest: SMALLEST,
            },
        }]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modify::testing::{model, modified, values_of};

    #[test]
    fn every_input_is_rounded_to_as_many_steps_as_the_bits_have() {
        for (bits, steps) in [(8, 127.0), (4, 7.0), (2, 1.0)] {
            let [hook] = Activations { bits }.hooks().try_into().unwrap();
            assert_eq!(hook.sites, Site::LINEAR_INPUTS);
            let Change::RoundEachToken { steps: found, smallest } = hook.change;
            assert_eq!((found, smallest), (steps, 1e-5));
        }
    }

    #[test]
    fn weights_are_those_of_8_bits_a_row_and_only_chosen_blocks_have_hooks() {
        let before = model(3, |tensor, i| ((tensor * 37 + i * 11) % 101) as f32 - 50.0);
        let after = |spec: &str| modified(&before, &spec.parse().unwrap()).unwrap();
        let rounded = values_of(&after("rtn:bits=8,group=row"));
        assert_eq!(values_of(&after("activations:bits=4")), rounded);
        let one = after("activations:bits=4,blocks=1");
        let hooks = one.blocks().iter().map(|block| block.hooks().len());
        assert_eq!(hooks.collect::<Vec<_>>(), [0, 1, 0]);
    }
}
