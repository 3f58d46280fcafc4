//! Bytes as a person reads them.

use std::fmt;

/// A number of bytes, shown in decimal units: `98.1 MB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub u64);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(u64, &str); 3] = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
        // From 999,950 bytes on, rounding to one digit would show "1000.0 kB".
        let unit = UNITS.iter().find(|(scale, _)| self.0 >= scale - scale / 20_000);
        match unit {
            Some((scale, name)) => write!(f, "{:.1} {name}", self.0 as f64 / *scale as f64),
            None if self.0 == 1 => f.write_str("1 byte"),
            None => write!(f, "{} bytes", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_decimal_and_never_show_a_thousand() {
        for (bytes, text) in [
            (0, "0 bytes"),
            (1, "1 byte"),
            (999, "999 bytes"),
            (1_000, "1.0 kB"),
            (999_949, "999.9 kB"),
            (999_950, "1.0 MB"),
            (98_126_000, "98.1 MB"),
            (2_500_000_000, "2.5 GB"),
        ] {
            assert_eq!(Size(bytes).to_string(), text);
        }
    }
}
