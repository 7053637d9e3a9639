//! Random types and values for the tests of the codecs.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use super::{Dynamic, Number, Type, Value};

pub(super) fn ty() -> impl Strategy<Value = Type> {
    prop_oneof![Just(Type::Bool), Just(Type::Number), Just(Type::String), Just(Type::Dynamic)].prop_recursive(
        4,
        24,
        4,
        |inner| {
            let boxed = inner.clone().prop_map(Box::new);
            prop_oneof![
                boxed.clone().prop_map(Type::List),
                boxed.clone().prop_map(Type::Set),
                boxed.prop_map(Type::Map),
                vec(inner.clone(), 0..4).prop_map(Type::Tuple),
                btree_map("[a-z_]{1,8}", inner, 0..5).prop_map(Type::Object),
            ]
        },
    )
}

/// A type, and a value of it.
pub(super) fn typed_value() -> impl Strategy<Value = (Type, Value)> {
    ty().prop_flat_map(|ty| {
        let value = value(&ty);
        (Just(ty), value)
    })
}

/// Mostly known, sometimes null or unknown.
fn value(ty: &Type) -> BoxedStrategy<Value> {
    let known = match ty {
        Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::Number => number().prop_map(Value::Number).boxed(),
        Type::String => ".{0,8}|[a-zé\u{301}\u{1100}\u{1161}]{0,40}".prop_map(Value::from).boxed(),
        Type::List(element) => vec(value(element), 0..4).prop_map(Value::List).boxed(),
        Type::Set(element) => vec(value(element), 0..4).prop_map(Value::set).boxed(),
        Type::Map(element) => btree_map(".{0,8}", value(element), 0..20).prop_map(Value::map).boxed(),
        Type::Tuple(types) => types.iter().map(value).collect::<Vec<_>>().prop_map(Value::List).boxed(),
        Type::Object(attributes) => {
            let names: Vec<_> = attributes.keys().cloned().collect();
            let values: Vec<_> = attributes.values().map(value).collect();
            values.prop_map(move |values| Value::map(names.clone().into_iter().zip(values))).boxed()
        }
        Type::Dynamic => {
            let own = prop_oneof![
                Just(Type::String),
                Just(Type::Number),
                Just(Type::Set(Type::String.into())),
                Just(Type::Object([("name".to_owned(), Type::String)].into())),
            ];
            let dynamic = own.prop_flat_map(|own| {
                let value = value(&own);
                (Just(own), value).prop_map(|(own, value)| Dynamic::new(own, value).expect("a value of its type"))
            });
            dynamic.prop_map(Value::from).boxed()
        }
    };
    prop_oneof![8 => known, 1 => Just(Value::Null), 1 => Just(Value::Unknown)].boxed()
}

fn number() -> impl Strategy<Value = Number> {
    let float = proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL;
    prop_oneof![
        any::<i64>().prop_map(Number::from),
        (-200_i64..200).prop_map(Number::from),
        any::<u64>().prop_map(Number::from),
        float.prop_map(|float| Number::try_from(float).expect("not NaN")),
        "-?[0-9]{1,30}\\.[0-9]{1,30}".prop_map(|text| text.parse().expect("a number")),
        (-1000_i64..1000).prop_map(|eighths| Number::try_from(eighths as f64 / 8.0).expect("not NaN")),
    ]
}
