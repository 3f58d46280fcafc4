//! Held against `serde_json`.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::Serialize;
use serde_json::{Value, json};

use super::*;
use crate::curve::Curve;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Shape {
    Nothing,
    Number(f64),
    Both { left: String, right: Option<u64> },
    Pair(bool, i64),
}

#[test]
fn what_serde_json_writes_of_a_type_is_read_back() {
    for shape in [
        Shape::Nothing,
        Shape::Number(-0.0),
        Shape::Number(1.5e-7),
        Shape::Number(1_834_665_006_375_433.0),
        Shape::Both {
            left: "a \"quoted\"\n\\ \u{1f600} \u{7}".to_owned(),
            right: None,
        },
        Shape::Both {
            left: String::new(),
            right: Some(u64::MAX),
        },
        Shape::Pair(true, -3),
    ] {
        let json = serde_json::to_string(&vec![&shape]).unwrap();
        assert_eq!(from_str::<Vec<Shape>>(&json), Ok(vec![shape]), "{json}");
    }
}

#[test]
fn a_stored_curve_is_read_to_its_last_digit() {
    let text = include_str!("../../../web/curves/default.json");
    let read = from_str::<Curve>(text).unwrap();
    assert_eq!(serde_json::to_string_pretty(&read).unwrap(), text.trim_end());
}

#[test]
fn escapes_are_characters_and_half_a_character_is_replaced() {
    assert_eq!(
        from_str::<String>(r#" "\u00e4\ud83d\ude00\/\t\ud83d!" "#).unwrap(),
        "ä😀/\t\u{fffd}!"
    );
}

#[test]
fn errors_say_what_is_wrong() {
    let shape = |text| from_str::<Shape>(text).unwrap_err();
    assert_eq!(shape(r#"{"both":{"right":1}}"#), JsonError::Missing("left"));
    assert_eq!(shape(r#"{"number":"1"}"#), JsonError::Unfit);
    assert_eq!(shape(r#"{"number":[1]}"#), JsonError::Unfit);
    assert_eq!(shape(r#""number""#), JsonError::Unfit);
    assert_eq!(shape(r#"{"nothing":1}"#), JsonError::Unfit);
    assert_eq!(shape(r#""other""#), JsonError::Unfit);
    assert_eq!(shape(r#""nothing" 1"#), JsonError::Broken(10));
}

#[test]
fn deep_nesting_is_refused_and_not_followed() {
    for open in ["[", "{\"a\":"] {
        assert!(from_str::<Value>(&open.repeat(1_000_000)).is_err());
    }
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e3..1e3, -20..20).prop_map(|(x, power)| Value::from(x * 10_f64.powi(power))),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..6).prop_map(|map: BTreeMap<_, _>| json!(map)),
        ]
    })
}

proptest! {
    #[test]
    fn every_value_is_read_back(value in value()) {
        for text in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
            prop_assert_eq!(&from_str::<Value>(&text).unwrap(), &value);
        }
    }

    #[test]
    fn no_text_is_too_much(text in "[\\[\\]{}:,\"\\\\u0-9a-fntrue. eE+-äö\u{1f600}]{0,40}") {
        let ours = from_str::<Value>(&text);
        let theirs = serde_json::from_str::<Value>(&text);
        // Leading zeros and the like are read here and refused there.
        prop_assert!(ours.is_ok() || theirs.is_err(), "{text}: {ours:?} {theirs:?}");
    }
}
