//! Serialises an `f64` so that NaN and the infinities survive JSON, which has no numbers for them: they become the
//! strings `NaN`, `inf` and `-inf`. For `#[serde(with = "crate::numeric::nonfinite")]`.

use serde::de::{Error as _, Unexpected};
use serde::{Deserialize, Deserializer, Serializer};

#[derive(Deserialize)]
#[serde(untagged)]
enum Form {
    Number(f64),
    Text(String),
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
/// Where the value is neither a number nor one of the three names.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    match Form::deserialize(deserializer)? {
        Form::Number(value) => Ok(value),
        Form::Text(text) => match text.as_str() {
            "NaN" => Ok(f64::NAN),
            "inf" => Ok(f64::INFINITY),
            "-inf" => Ok(f64::NEG_INFINITY),
            other => Err(D::Error::invalid_value(
                Unexpected::Str(other),
                &"a number, `NaN`, `inf` or `-inf`",
            )),
        },
    }
}

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::*;

    #[derive(Serialize, Deserialize)]
    struct Holder {
        #[serde(with = "super")]
        x: f64,
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
