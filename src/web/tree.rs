//! From JSON to the engine's types, with little code.
//!
//! `serde_json` makes a reader for every type and every shape that a type could have in JSON. Of what the worker sends,
//! structs are always objects and enums always a name or an object with one key; a tree first and one reader over it are
//! half as large. It is held to `serde_json`'s own writing by tests.

use std::fmt;

use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer as _, MapAccess, SeqAccess, VariantAccess,
    Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Value};

/// Reads a JSON text.
///
/// # Errors
/// Where it is no JSON, or not of the type's shape.
pub fn read<T: de::DeserializeOwned>(json: &str) -> Result<T, Odd> {
    let value = serde_json::from_str(json).map_err(|error| Odd(error.to_string()))?;
    T::deserialize(Tree(value))
}

/// What is wrong with a text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Odd(String);

impl de::Error for Odd {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

fn odd(what: &str) -> Odd {
    Odd(format!("expected {what}"))
}

struct Tree(Value);

impl<'de> Deserializer<'de> for Tree {
    type Error = Odd;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Odd> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(yes) => visitor.visit_bool(yes),
            Value::Number(number) => match (number.as_u64(), number.as_f64()) {
                (Some(whole), _) => visitor.visit_u64(whole),
                (None, Some(number)) => visitor.visit_f64(number),
                (None, None) => Err(odd("a number")),
            },
            Value::String(text) => visitor.visit_string(text),
            Value::Array(items) => visitor.visit_seq(Items(items.into_iter())),
            Value::Object(fields) => visitor.visit_map(Fields::new(fields)),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Odd> {
        match self.0 {
            Value::Object(fields) => visitor.visit_map(Fields::new(fields)),
            _ => Err(odd("an object")),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Odd> {
        match self.0 {
            Value::Array(items) => visitor.visit_seq(Items(items.into_iter())),
            _ => Err(odd("a list")),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Odd> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value, Odd> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Odd> {
        match self.0 {
            Value::String(name) => visitor.visit_enum(Variant(name, Value::Null)),
            Value::Object(fields) => {
                let (name, content) = fields.into_iter().next().ok_or_else(|| odd("a variant"))?;
                visitor.visit_enum(Variant(name, content))
            }
            _ => Err(odd("a variant")),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Odd> {
        match self.0 {
            Value::String(text) => visitor.visit_string(text),
            _ => Err(odd("a text")),
        }
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Odd> {
        match self.0 {
            Value::String(text) => visitor.visit_str(&text),
            _ => Err(odd("a name")),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Odd> {
        match self.0 {
            Value::Bool(yes) => visitor.visit_bool(yes),
            _ => Err(odd("yes or no")),
        }
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Odd> {
        match self.0.as_u64() {
            Some(number) => visitor.visit_u64(number),
            None => Err(odd("a whole number")),
        }
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Odd> {
        match self.0.as_f64() {
            Some(number) => visitor.visit_f64(number),
            None => Err(odd("a number")),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Odd> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u128 f32 char str bytes byte_buf unit unit_struct tuple tuple_struct map
    }
}

struct Items(std::vec::IntoIter<Value>);

impl<'de> SeqAccess<'de> for Items {
    type Error = Odd;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Odd> {
        self.0.next().map(|item| seed.deserialize(Tree(item))).transpose()
    }
}

struct Fields {
    rest: serde_json::map::IntoIter,
    value: Value,
}

impl Fields {
    fn new(fields: Map<String, Value>) -> Self {
        Self {
            rest: fields.into_iter(),
            value: Value::Null,
        }
    }
}

impl<'de> MapAccess<'de> for Fields {
    type Error = Odd;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Odd> {
        let Some((key, value)) = self.rest.next() else {
            return Ok(None);
        };
        self.value = value;
        seed.deserialize(Tree(Value::String(key))).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Odd> {
        seed.deserialize(Tree(self.value.take()))
    }
}

struct Variant(String, Value);

impl<'de> EnumAccess<'de> for Variant {
    type Error = Odd;
    type Variant = Tree;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Tree), Odd> {
        let name: de::value::StringDeserializer<Odd> = self.0.into_deserializer();
        Ok((seed.deserialize(name)?, Tree(self.1)))
    }
}

impl<'de> VariantAccess<'de> for Tree {
    type Error = Odd;

    fn unit_variant(self) -> Result<(), Odd> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Odd> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value, Odd> {
        self.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Odd> {
        self.deserialize_struct("", fields, visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::Curve;
    use crate::engine::job::{DeviceKind, DeviceReport, Event, Reply, Side};

    const STORED: &str = include_str!("../../web/curves/default.json");

    fn same(event: Event) {
        let reply = Reply { id: 3, event };
        let json = serde_json::to_string(&reply).expect("it can be written");
        assert_eq!(read::<Reply>(&json).as_ref(), Ok(&reply), "{json}");
    }

    #[test]
    fn every_kind_of_event_is_read_as_it_was_written() {
        let curve: Curve = serde_json::from_str(STORED).expect("the stored curve");
        assert_eq!(read::<Curve>(STORED).as_ref(), Ok(&curve));
        same(Event::Device(DeviceReport {
            kind: DeviceKind::Gpu,
            name: "a card".to_owned(),
            self_test_difference: Some(1e-6),
            self_test_bound: 1e-3,
            refused: None,
        }));
        same(Event::Loading { done: 1, total: 2 });
        same(Event::RunStarted {
            protocol: Box::new(curve.protocol.clone()),
        });
        same(Event::Preparing {
            stage: "calibrating".to_owned(),
            done: 0,
            total: 8,
        });
        same(Event::Base { stats: curve.base });
        same(Event::PointProgress {
            index: 1,
            value: 0.1,
            done: 2,
            total: 3,
        });
        for (index, point) in curve.points.iter().enumerate() {
            let point = Box::new(point.clone());
            same(Event::Point { index, point });
        }
        same(Event::RunFinished {
            curve: Box::new(curve),
            complete: false,
        });
        same(Event::Text {
            side: Side::Modified,
            text: "“ü”\n".to_owned(),
        });
        same(Event::GenerateFinished {
            first_difference: None,
            cancelled: true,
        });
        same(Event::Bench {
            seconds: vec![0.5, 1.0],
            tokens: 512,
        });
        same(Event::TinyOps { milliseconds: 65.0 });
        same(Event::Failed {
            message: "no".to_owned(),
            device_lost: true,
        });
    }

    #[test]
    fn what_is_no_event_is_refused() {
        for json in [
            "",
            "{",
            "[]",
            "3",
            "{\"id\":1}",
            "{\"id\":1,\"event\":{\"unheard\":{}}}",
            "{\"id\":-1,\"event\":{}}",
        ] {
            assert!(read::<Reply>(json).is_err(), "{json}");
        }
    }
}
