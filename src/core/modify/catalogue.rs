//! Every method there is: its name, its wording, its parameters. Controls, command line, link and chart follow from it.

use std::any::Any;
use std::sync::Arc;

use super::{Edit, Method, Scope, SpecError, Step, depth, prune, quantize};

/// What kind of change a method makes; the page groups by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Weights set to zero.
    Pruning,
    /// Weights rounded to few values.
    Quantization,
    /// Blocks removed or repeated.
    Depth,
}

/// A published source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Citation {
    /// Authors, shortened ("Sun et al.").
    pub authors: &'static str,
    /// Title.
    pub title: &'static str,
    /// Year.
    pub year: u16,
    /// Where to read it, e.g. `https://arxiv.org/abs/2306.11695`.
    pub url: &'static str,
}

/// How a number is shown and what its axis is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A share between 0 and 1, shown in percent.
    Share,
    /// A number of bits.
    Bits,
    /// A number of things.
    Count,
}

/// What a parameter may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// A number in `min..=max`.
    Number {
        /// Smallest allowed.
        min: f64,
        /// Largest allowed.
        max: f64,
        /// Whether only whole numbers are allowed.
        whole: bool,
        /// Value when left out; `None`: it must be given.
        default: Option<f64>,
        /// The range that the page first offers: from, to, points.
        sweep: (f64, f64, usize),
        /// Its unit.
        unit: Unit,
    },
    /// One of a few words: (value in the grammar, label). Where some of them are numbers (`group=32`), any whole number
    /// from the smallest to the largest of those is allowed too.
    Choice {
        /// What is allowed.
        options: &'static [(&'static str, &'static str)],
        /// Value when left out.
        default: &'static str,
    },
    /// `N:M`, N zeros in each aligned group of M inputs, `1 ≤ N < M ≤ 64`; excludes the knob.
    Pattern {
        /// What the page offers.
        options: &'static [&'static str],
    },
    /// A block, `15`, or a span of them, `12-15`, counted from 0; each method has its own default.
    Blocks,
}

/// One parameter of a method.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Parameter {
    /// Key in the grammar.
    pub key: &'static str,
    /// What it is in plain words ("share of weights set to zero").
    pub label: &'static str,
    /// The field's term ("sparsity").
    pub term: &'static str,
    /// What values it takes.
    pub kind: Kind,
}

/// One method.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// Name in the grammar.
    pub name: &'static str,
    /// Name on the page ("Wanda pruning").
    pub title: &'static str,
    /// Group on the page.
    pub family: Family,
    /// What it does, two plain sentences.
    pub what: &'static str,
    /// Why it might hurt, one or two plain sentences.
    pub why: &'static str,
    /// Formula, in plain text with Unicode symbols.
    pub formula: &'static str,
    /// Who proposed it.
    pub source: Citation,
    /// Parameters; the first is the knob that a sweep varies.
    pub parameters: &'static [Parameter],
    /// Whether it edits blocks one by one, so that `blocks` and `except` choose some of them.
    pub scoped: bool,
    /// Whether it needs calibration, at strengths where it changes anything.
    pub calibrated: bool,
    /// Makes the method from a step whose keys and values were checked against `parameters`.
    pub build: fn(&Step) -> Result<Arc<dyn Method>, SpecError>,
}

impl Entry {
    /// The parameter that a sweep varies.
    #[must_use]
    pub fn knob(&self) -> Option<&'static Parameter> {
        self.parameters.first()
    }

    /// Its own parameters, then those that choose its blocks.
    pub fn all_parameters(&self) -> impl Iterator<Item = &'static Parameter> {
        let scope: &[Parameter] = if self.scoped { &Scope::PARAMETERS } else { &[] };
        self.parameters.iter().chain(scope)
    }

    /// The parameter of this key.
    #[must_use]
    pub fn parameter(&self, key: &str) -> Option<&'static Parameter> {
        self.all_parameters().find(|parameter| parameter.key == key)
    }
}

impl Parameter {
    /// Whether damage grows as the value falls, so that a curve runs towards smaller values (bits).
    #[must_use]
    pub fn harm_grows_downwards(&self) -> bool {
        matches!(self.kind, Kind::Number { unit: Unit::Bits, .. })
    }

    /// The unit of a number.
    #[must_use]
    pub fn unit(&self) -> Option<Unit> {
        match self.kind {
            Kind::Number { unit, .. } => Some(unit),
            Kind::Choice { .. } | Kind::Pattern { .. } | Kind::Blocks => None,
        }
    }
}

/// The one list of methods: what the page shows of them, and how they edit.
macro_rules! methods {
    ($($family:ident::$file:ident::$own:ident),+ $(,)?) => {
        /// All methods, in the order in which the page lists them.
        pub const ALL: &[Entry] = &[$($family::$file::ENTRY),+];

        /// How a method edits; `None` if it is not in the list.
        pub(super) fn edit(method: &dyn Method) -> Option<&dyn Edit> {
            let method: &dyn Any = method;
            $(
                if let Some(own) = method.downcast_ref::<$family::$file::$own>() {
                    return Some(own);
                }
            )+
            None
        }
    };
}

methods! {
    prune::magnitude::Magnitude,
    prune::wanda::Wanda,
    prune::random::Random,
    quantize::rtn::Rtn,
    quantize::activations::Activations,
    depth::layer_drop::LayerDrop,
    depth::duplicate::Duplicate,
}

/// The entry of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Entry> {
    ALL.iter().find(|entry| entry.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modify::{Spec, Sweep};

    #[test]
    fn every_entry_can_be_offered() {
        for entry in ALL {
            let knob = entry.knob().unwrap();
            let Kind::Number {
                min,
                max,
                sweep: (from, to, points),
                ..
            } = knob.kind
            else {
                panic!("{}: the knob is not a number", entry.name)
            };
            assert!(min <= from.min(to) && from.max(to) <= max, "{}", entry.name);
            let text = format!("{}:{}={from}..{to}/{points}", entry.name, knob.key);
            let sweep = text.parse::<Sweep>().unwrap();
            assert_eq!(sweep.to_string(), text);
            assert_eq!(sweep.needs_calibration(), entry.calibrated, "{}", entry.name);
            for (_, spec) in sweep.points() {
                assert_eq!(spec.methods().unwrap()[0].method.name(), entry.name);
            }
            for parameter in entry.parameters {
                match parameter.kind {
                    Kind::Choice { options, default } => {
                        assert!(options.iter().any(|(value, _)| *value == default), "{}", entry.name);
                        for (value, _) in options {
                            let text = format!("{}:{}={from},{}={value}", entry.name, knob.key, parameter.key);
                            assert!(text.parse::<Spec>().is_ok(), "{text}");
                        }
                    }
                    Kind::Pattern { options } => {
                        for value in options {
                            let text = format!("{}:{}={value}", entry.name, parameter.key);
                            assert!(text.parse::<Spec>().is_ok(), "{text}");
                        }
                    }
                    Kind::Blocks | Kind::Number { .. } => {}
                }
            }
            for text in [entry.what, entry.why, entry.formula, entry.title, entry.source.title] {
                assert!(!text.is_empty(), "{}", entry.name);
            }
            assert!(entry.source.url.starts_with("https://arxiv.org/abs/"), "{}", entry.name);
        }
    }

    #[test]
    fn an_identity_leaves_every_block_as_it_is_and_nothing_else_does() {
        let blocks = 4;
        for (text, identity) in [
            ("none", true),
            ("magnitude:sparsity=0", true),
            ("wanda:sparsity=0", true),
            ("wanda:pattern=2:4", false),
            ("rtn:bits=4", false),
            ("rtn:bits=4,blocks=1-2,except=2", false),
            ("layer-drop:count=0", true),
            ("layer-drop:count=1", false),
            ("duplicate:repeat=0", true),
            ("duplicate:repeat=1", false),
            ("wanda:sparsity=0+magnitude:sparsity=0", true),
            ("wanda:sparsity=0.3+magnitude:sparsity=0", false),
        ] {
            let spec = text.parse::<Spec>().unwrap();
            assert_eq!(spec.is_identity(), identity, "{text}");
            let before = crate::modify::testing::model(blocks, |tensor, i| (tensor * 100 + i) as f32);
            let after = crate::modify::testing::modified(&before, &spec).unwrap();
            let same = after.blocks().len() == blocks
                && (after.blocks().iter().enumerate()).all(|(i, block)| block.is_pristine() && block.source() == i);
            assert_eq!(same, identity, "{text}");
        }
    }

    #[test]
    fn names_are_unique() {
        for (i, entry) in ALL.iter().enumerate() {
            assert!(ALL[..i].iter().all(|other| other.name != entry.name));
            let keys = entry
                .all_parameters()
                .map(|parameter| parameter.key)
                .collect::<Vec<_>>();
            for (j, key) in keys.iter().enumerate() {
                assert!(!keys[..j].contains(key), "{}: {key}", entry.name);
            }
        }
    }
}
