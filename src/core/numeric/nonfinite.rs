//! Serialises an `f64` so that NaN and the infinities survive JSON, which has no numbers for them: they become the
//! strings `NaN`, `inf` and `-inf`. For `#[serde(with = "crate::numeric::nonfinite")]`.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserializer, Serializer};

/// Whether two results are the same, where NaN, unlike with `==`, equals NaN. A result that holds one would otherwise
/// differ from itself.
#[must_use]
pub fn same<'a>(one: impl IntoIterator<Item = &'a f64>, other: impl IntoIterator<Item = &'a f64>) -> bool {
    let key = |value: &f64| (value.is_nan(), if value.is_nan() { 0.0 } else { *value });
    one.into_iter().map(key).eq(other.into_iter().map(key))
}

/// What an error is that an older file does not have.
#[must_use]
pub fn unknown() -> f64 {
    f64::NAN
}

/// Writes a number, or its name where JSON has none.
///
/// # Errors
/// What the serializer reports.
pub fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    if value.is_finite() {
        serializer.serialize_f64(*value)
    } else {
        serializer.serialize_str(&value.to_string())
    }
}

/// Reads what [`serialize`] wrote.
///
/// # Errors
/// If the value is neither a number nor one of the three names.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    deserializer.deserialize_any(Form)
}

/// A number, or the name of one.
struct Form;

impl Visitor<'_> for Form {
    type Value = f64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, `NaN`, `inf` or `-inf`")
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<f64, E> {
        Ok(value)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<f64, E> {
        Ok(value as f64)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<f64, E> {
        Ok(value as f64)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<f64, E> {
        match text {
            "NaN" => Ok(f64::NAN),
            "inf" => Ok(f64::INFINITY),
            "-inf" => Ok(f64::NEG_INFINITY),
            other => Err(E::invalid_value(serde::de::Unexpected::Str(other), &self)),
        }
    }
}

/// The same for a list of numbers: `#[serde(with = "crate::numeric::nonfinite::list")]`.
pub mod list {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Number(#[serde(with = "super")] f64);

    /// Writes each number, or its name where JSON has none.
    ///
    /// # Errors
    /// What the serializer reports.
    pub fn serialize<S: Serializer>(values: &[f64], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(values.iter().copied().map(Number))
    }

    /// Reads what [`serialize`] wrote.
    ///
    /// # Errors
    /// If an entry is neither a number nor one of the three names.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f64>, D::Error> {
        let numbers = Vec::<Number>::deserialize(deserializer)?;
        Ok(numbers.into_iter().map(|Number(value)| value).collect())
    }
}

/// The same for a list that may be missing: `#[serde(default, with = "crate::numeric::nonfinite::optional_list")]`.
pub mod optional_list {
    use serde::{Deserializer, Serializer};

    /// As [`list::serialize`](super::list::serialize).
    ///
    /// # Errors
    /// What the serializer reports.
    pub fn serialize<S: Serializer>(values: &Option<Vec<f64>>, serializer: S) -> Result<S::Ok, S::Error> {
        super::list::serialize(values.as_deref().unwrap_or_default(), serializer)
    }

    /// As [`list::deserialize`](super::list::deserialize).
    ///
    /// # Errors
    /// If an entry is neither a number nor one of the three names.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<f64>>, D::Error> {
        super::list::deserialize(deserializer).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    #[derive(Serialize, Deserialize)]
    struct Holder {
        #[serde(with = "super")]
        x: f64,
    }

    #[derive(Serialize, Deserialize)]
    struct Several {
        #[serde(with = "super::list")]
        xs: Vec<f64>,
    }

    #[test]
    fn nan_is_the_same_as_nan_and_as_nothing_else() {
        use super::same;
        assert!(same(&[f64::NAN, 0.0], &[f64::NAN, -0.0]) && same(&[f64::INFINITY], &[f64::INFINITY]));
        assert!(!same(&[f64::NAN], &[0.0]) && !same(&[1.0], &[1.0, 1.0]) && !same(&[1.0], &[2.0]));
    }

    #[test]
    fn every_number_of_a_list_survives_json() {
        let xs = vec![0.5, f64::INFINITY, f64::NEG_INFINITY];
        let text = serde_json::to_string(&Several { xs: xs.clone() }).unwrap();
        assert_eq!(text, r#"{"xs":[0.5,"inf","-inf"]}"#);
        assert_eq!(serde_json::from_str::<Several>(&text).unwrap().xs, xs);
        assert!(serde_json::from_str::<Several>(r#"{"xs":["NaN"]}"#).unwrap().xs[0].is_nan());
        assert!(serde_json::from_str::<Several>(r#"{"xs":["much"]}"#).is_err());
    }

    #[test]
    fn every_number_survives_json() {
        for x in [0.0, -1.5, 1e300, f64::INFINITY, f64::NEG_INFINITY] {
            let text = serde_json::to_string(&Holder { x }).unwrap();
            assert_eq!(serde_json::from_str::<Holder>(&text).unwrap().x, x, "{text}");
        }
        let text = serde_json::to_string(&Holder { x: f64::NAN }).unwrap();
        assert!(serde_json::from_str::<Holder>(&text).unwrap().x.is_nan());
        assert!(serde_json::from_str::<Holder>(r#"{"x":"much"}"#).is_err());
    }
}
