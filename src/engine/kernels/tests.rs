//! Every kernel is valid WGSL and stays within WebGPU's default limits.

use std::collections::BTreeMap;

use naga::AddressSpace;
use naga::front::wgsl;
use naga::valid::{Capabilities, ValidationFlags, Validator};

use super::launch::Program;
use super::{matmul, matvec, pointwise, rms_norm, rope, score, softmax};

/// WebGPU's default limits.
const MAX_INVOCATIONS: u32 = 256;
const MAX_WORKGROUP_BYTES: u32 = 16_384;

fn programs() -> Vec<Program> {
    let mut all = vec![
        pointwise::program(),
        rms_norm::program(),
        rope::program(),
        score::program(),
        softmax::program(),
    ];
    for bias in [false, true] {
        all.extend([false, true].map(|residual| matvec::program(bias, residual)));
    }
    all.extend(matmul::variants());
    all
}

#[test]
fn every_kernel_is_valid_wgsl_within_the_default_limits() {
    for program in programs() {
        // As the page binds inputs, and as native targets do.
        for input in ["read", "read_write"] {
            let (key, text) = (&program.key, program.text(input));
            let module = wgsl::parse_str(&text).unwrap_or_else(|e| panic!("{key}: {}", e.emit_to_string(&text)));
            Validator::new(ValidationFlags::all(), Capabilities::empty())
                .validate(&module)
                .unwrap_or_else(|e| panic!("{key}: {}", e.emit_to_string(&text)));

            let [entry] = module.entry_points.as_slice() else {
                panic!("{key} has one entry point");
            };
            assert_eq!(entry.name, "main", "{key}");
            assert_eq!(entry.workgroup_size, [program.threads, 1, 1], "{key}");
            assert!(program.threads <= MAX_INVOCATIONS, "{key}");
            let shared = module.global_variables.iter().map(|(_, variable)| variable);
            let bytes: u32 = shared
                .filter(|variable| variable.space == AddressSpace::WorkGroup)
                .map(|variable| module.types[variable.ty].inner.size(module.to_ctx()))
                .sum();
            assert!(bytes <= MAX_WORKGROUP_BYTES, "{key}: {bytes}");
        }
    }
}

/// Pipelines are cached by key: a second text under the same key would never be compiled.
#[test]
fn a_key_stands_for_one_text() {
    let programs = programs();
    let texts: BTreeMap<String, &str> = programs.iter().map(|p| (p.text("read"), p.key.as_str())).collect();
    let keys: BTreeMap<&str, String> = programs.iter().map(|p| (p.key.as_str(), p.text("read"))).collect();
    assert_eq!((texts.len(), keys.len()), (programs.len(), programs.len()));
}
