//! What a product may have added to it: a bias of each column, a residual of each element.

/// What stands in a product's kernel for what is added. The kernel has its own buffers at bindings 0 to 2 and calls an
/// element's column `column` and its place `at`.
pub(super) struct Addends {
    /// Their buffers, bound after the product's own.
    pub(super) bindings: String,
    /// The binding of the sizes, which come last.
    pub(super) sizes_binding: usize,
    /// The rest of the sum.
    pub(super) terms: String,
}

impl Addends {
    /// Those that are there.
    pub(super) fn new(bias: bool, residual: bool) -> Self {
        let mut addends = Self {
            bindings: String::new(),
            sizes_binding: 3,
            terms: String::new(),
        };
        for (present, name, index) in [(bias, "bias", "column"), (residual, "residual", "at")] {
            if present {
                let binding = addends.sizes_binding;
                addends.bindings +=
                    &format!("@group(0) @binding({binding}) var<storage, ${{input}}> {name}: array<f32>;\n");
                addends.terms += &format!(" + {name}[{index}]");
                addends.sizes_binding += 1;
            }
        }
        addends
    }
}
