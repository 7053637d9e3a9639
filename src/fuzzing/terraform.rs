//! Input from Terraform: values, states, import IDs and arguments of functions.
//!
//! An input has a header line, such as `resource eks_image_cache`, followed by the value.

use std::sync::LazyLock;

use futures_util::FutureExt as _;

use crate::provider::EksProvider;
use crate::session::Session;
use terraform_plugin::diagnostics::Diagnostic;
use terraform_plugin::framework::{AnyResource, Context, Import, Server, Source, WriteOnly};
use terraform_plugin::value::{Type, Value, json, msgpack};

const REGION: &str = "ap-guangzhou";

/// The provider, configured with constants. Nothing here makes a call.
static SERVER: LazyLock<Server<EksProvider>> = LazyLock::new(|| {
    let server = Server::default();
    let block = format!(r#"{{ "region": "{REGION}", "secret_id": "AKIDfuzzing", "secret_key": "fuzzing" }}"#);
    let block = json::decode_state(block.as_bytes(), &server.schema().ty).expect("it fits the schema");
    let found = at_once(server.configure(&block));
    assert!(!found.has_errors(), "{found:?}");
    server
});

/// The output of `future`, which is ready at once.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("there is nothing to wait for")
}

/// A panic in an operation becomes a diagnostic. No input may cause one.
fn none_is_a_crash<'a>(diagnostics: impl IntoIterator<Item = &'a Diagnostic>) {
    for diagnostic in diagnostics {
        assert_ne!(diagnostic.summary, "The provider crashed", "{}", diagnostic.detail);
        assert!(!diagnostic.summary.is_empty(), "{diagnostic:?}");
    }
}

/// The two words of the header line, and the rest of the input.
fn header(input: &[u8]) -> Option<(&str, &str, &[u8])> {
    let end = input.iter().position(|byte| *byte == b'\n')?;
    let (kind, name) = std::str::from_utf8(&input[..end]).ok()?.split_once(' ')?;
    Some((kind, name, &input[end + 1..]))
}

/// The type of a configuration; `None` if the provider has no such type.
fn config_type(kind: &str, name: &str) -> Option<&'static Type> {
    let schema = match kind {
        "provider" => SERVER.schema(),
        "resource" => SERVER.resources.get(name).ok()?.schema(),
        "data" => SERVER.data_sources.get(name).ok()?.schema(),
        "ephemeral" => SERVER.ephemeral_resources.get(name).ok()?.schema(),
        "list" => SERVER.list_resources.get(name).ok()?.schema(),
        "action" => SERVER.actions.get(name).ok()?.schema(),
        "identity" => SERVER.resources.get(name).ok()?.identity_schema(),
        _ => return None,
    };
    Some(&schema.ty)
}

/// Validating a configuration reports errors and does not crash.
fn validates(kind: &str, name: &str, config: &Value) -> Option<()> {
    let found = match kind {
        "provider" => at_once(SERVER.validate(config)),
        "resource" => {
            let resource = SERVER.resources.get(name).ok()?;
            none_is_a_crash(at_once(resource.validate(config, WriteOnly::Refused)).iter());
            at_once(resource.validate(config, WriteOnly::Allowed))
        }
        "data" => at_once(SERVER.data_sources.get(name).ok()?.validate(config)),
        "ephemeral" => at_once(SERVER.ephemeral_resources.get(name).ok()?.validate(config)),
        "list" => at_once(SERVER.list_resources.get(name).ok()?.validate(config)),
        "action" => at_once(SERVER.actions.get(name).ok()?.validate(config)),
        _ => return None,
    };
    none_is_a_crash(found.iter());
    Some(())
}

/// A value decoded from msgpack conforms to its type, and survives encoding and decoding.
pub fn wire_value(input: &[u8]) {
    let Some((kind, name, bytes)) = header(input) else { return };
    let Some(ty) = config_type(kind, name) else { return };
    let Ok(value) = msgpack::decode(bytes, ty) else { return };
    is_of_type(&value, ty);
    validates(kind, name, &value);
}

/// A decoded value conforms to its type, is canonical, and survives encoding.
fn is_of_type(value: &Value, ty: &Type) {
    assert_eq!(value.conforms(ty), Ok(()));
    let mut canonical = value.clone();
    canonical.canonicalize(ty);
    assert_eq!(canonical, *value, "not canonical");
    let written = msgpack::encode(value, ty);
    let read = msgpack::decode(&written, ty);
    assert_eq!(read.as_ref(), Ok(value), "differs after encoding");
}

/// A configuration is accepted or refused with an error.
pub fn config(input: &[u8]) {
    let Some((kind, name, bytes)) = header(input) else { return };
    let Some(ty) = config_type(kind, name) else { return };
    let Ok(value) = json::decode_state(bytes, ty) else { return };
    is_of_type(&value, ty);
    validates(kind, name, &value);
}

/// A stored object is upgraded, moved or refused; the result is a valid state, from which a configuration can be generated.
pub fn state(input: &[u8]) {
    let Some((what, argument, bytes)) = header(input) else { return };
    let resource = SERVER.resources.get("eks_image_cache").expect("the provider has it");
    match (what, argument.parse::<i64>()) {
        ("upgrade", Ok(version)) => match at_once(resource.upgrade(version, bytes)) {
            Ok(state) => is_state(resource, &state),
            Err(found) => none_is_a_crash(found.iter()),
        },
        ("identity", Ok(version)) => match at_once(resource.upgrade_identity(version, bytes)) {
            Ok(identity) => is_of_type(&identity, &resource.identity_schema().ty),
            Err(found) => none_is_a_crash(found.iter()),
        },
        ("move", _) => {
            let source = Source {
                provider_address: "registry.terraform.io/tencentcloudstack/tencentcloud".to_owned(),
                type_name: argument.to_owned(),
                schema_version: 0,
            };
            let moved = at_once(resource.move_state(&source, bytes));
            none_is_a_crash(moved.diagnostics.iter());
            assert_eq!(moved.object.value.is_null(), moved.diagnostics.has_errors(), "an object or an error");
            if !moved.object.value.is_null() {
                is_state(resource, &moved.object.value);
            }
        }
        _ => {}
    }
}

fn is_state(resource: &dyn AnyResource<Session>, state: &Value) {
    let ty = &resource.schema().ty;
    is_of_type(state, ty);
    assert!(state.is_wholly_known(), "a state has unknown values");
    if !state.is_null() {
        let identity = resource.identity_of(state);
        is_of_type(&identity, &resource.identity_schema().ty);
        let (config, found) = at_once(resource.generate_config(state));
        none_is_a_crash(found.iter());
        is_of_type(&config, ty);
    }
}

/// An import ID is refused, or becomes an object with its ID and region.
pub fn import_id(input: &[u8]) {
    let Ok(import_id) = std::str::from_utf8(input) else { return };
    let resource = SERVER.resources.get("eks_image_cache").expect("the provider has it");
    let imported = import(resource, Import::Id(import_id));
    let Some(object) = imported.as_ref().and_then(Value::as_map) else { return };
    is_state(resource, imported.as_ref().expect("an object"));
    let id = object["id"].as_str().expect("an import has an ID");
    assert!(id.starts_with("imc-"), "{id:?}");
    let written = object["region"].as_str().map_or_else(|| id.to_owned(), |region| format!("{region}/{id}"));
    assert_eq!(Value::from(written), Value::from(import_id));
    // The identity names the same object, in the provider's region if the import ID has none.
    let identity = resource.identity_of(imported.as_ref().expect("an object"));
    let mut expected = object.clone();
    if object["region"].is_null() {
        expected.insert("region".to_owned(), REGION.into());
    }
    assert_eq!(import(resource, Import::Identity(&identity)), Some(Value::Map(expected)));
}

/// The imported object, if the import succeeds.
fn import(resource: &dyn AnyResource<Session>, import: Import<'_>) -> Option<Value> {
    let context: Context<Session> = SERVER.context().expect("it is configured");
    let imported = at_once(resource.import(&context, import));
    none_is_a_crash(imported.diagnostics.iter());
    assert_eq!(imported.object.value.is_null(), imported.diagnostics.has_errors(), "an object or an error");
    Some(imported.object.value).filter(|value| !value.is_null())
}

/// A function returns a result of its type or an error at an argument, and the same when called again.
pub fn function(input: &[u8]) {
    let Some(("call", name, bytes)) = header(input) else { return };
    let Ok(function) = SERVER.functions.get(name) else { return };
    let signature = function.signature();
    let types = Type::Tuple(signature.parameters.iter().map(|parameter| parameter.ty.clone()).collect());
    let Ok(Value::List(arguments)) = json::decode_state(bytes, &types) else { return };
    let result = function.call(arguments.clone());
    match &result {
        Ok(value) => is_of_type(value, &signature.result),
        Err(error) => assert!(!error.text.contains("ended unexpectedly"), "{}", error.text),
    }
    assert_eq!(function.call(arguments), result);
}
