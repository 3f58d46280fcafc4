//! What can be added to a product: a bias per column, a residual per element.

/// The parts of a product's kernel that do the addition. The kernel has its own buffers at bindings 0 to 2, and calls
/// an element's column `column` and its index `at`.
pub(super) struct Addends {
    /// Their buffers, bound after the product's own.
    pub(super) bindings: String,
    /// The binding of the sizes, which come last.
    pub(super) sizes_binding: usize,
    /// The further terms of the sum.
    pub(super) terms: String,
}

impl Addends {
    /// The addends that are present.
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
