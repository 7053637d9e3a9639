//! Compares the compiled `proto/` with `proto/wire-facts.json`, in both directions.
//!
//! A wrong field number or type compiles, and fails only at run time. So any difference is an error here, except state stores,
//! which are not supported.

use std::collections::BTreeSet;

use prost::Message as _;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorSet};
use serde_json::Value;

/// One line for each fact, such as `tfplugin6 RawState.json = 1 bytes`.
type Facts = BTreeSet<String>;

fn from_json(json: &Value) -> Facts {
    let mut facts = Facts::new();
    for (package, parts) in json["packages"].as_object().unwrap() {
        for (service, methods) in parts["services"].as_object().unwrap() {
            for (method, types) in methods.as_object().unwrap() {
                facts.insert(format!("{package} rpc {service}.{method}: {}", types.as_str().unwrap()));
            }
        }
        for (message, fields) in parts["messages"].as_object().unwrap() {
            facts.insert(format!("{package} message {message}"));
            for field in fields.as_array().unwrap() {
                let text = |i: usize| field.get(i).and_then(Value::as_str);
                let oneof = text(3).map(|group| format!(" {group}")).unwrap_or_default();
                let (name, kind) = (text(1).unwrap(), text(2).unwrap());
                facts.insert(format!("{package} {message}.{name} = {} {kind}{oneof}", field[0]));
            }
        }
        for (name, values) in parts["enums"].as_object().unwrap() {
            for (value, number) in values.as_object().unwrap() {
                facts.insert(format!("{package} enum {name}.{value} = {number}"));
            }
        }
    }
    facts
}

fn from_descriptors(files: &FileDescriptorSet) -> Facts {
    let mut facts = Facts::new();
    for file in files.file.iter().filter(|file| !file.package().starts_with("google.")) {
        let package = file.package();
        for service in &file.service {
            for method in &service.method {
                let stream = |yes: bool| if yes { "stream " } else { "" };
                facts.insert(format!(
                    "{package} rpc {}.{}: {}{} -> {}{}",
                    service.name(),
                    method.name(),
                    stream(method.client_streaming()),
                    method.input_type().trim_start_matches('.'),
                    stream(method.server_streaming()),
                    method.output_type().trim_start_matches('.'),
                ));
            }
        }
        for message in &file.message_type {
            add_message(&mut facts, package, "", message);
        }
        for enumeration in &file.enum_type {
            add_enum(&mut facts, package, "", enumeration);
        }
    }
    facts
}

fn add_message(facts: &mut Facts, package: &str, scope: &str, message: &DescriptorProto) {
    let name = format!("{scope}{}", message.name());
    facts.insert(format!("{package} message {name}"));
    for field in &message.field {
        facts.insert(format!("{package} {name}.{} = {} {}", field.name(), field.number(), field_type(message, field)));
    }
    let scope = format!("{name}.");
    for nested in message.nested_type.iter().filter(|nested| !is_map_entry(nested)) {
        add_message(facts, package, &scope, nested);
    }
    for enumeration in &message.enum_type {
        add_enum(facts, package, &scope, enumeration);
    }
}

fn add_enum(facts: &mut Facts, package: &str, scope: &str, enumeration: &EnumDescriptorProto) {
    for value in &enumeration.value {
        facts.insert(format!("{package} enum {scope}{}.{} = {}", enumeration.name(), value.name(), value.number()));
    }
}

fn is_map_entry(message: &DescriptorProto) -> bool {
    message.options.as_ref().is_some_and(|options| options.map_entry())
}

/// In the notation of the facts: `repeated x`, `optional x`, `map<k, v>`, `x oneof group`.
fn field_type(message: &DescriptorProto, field: &FieldDescriptorProto) -> String {
    let kind = scalar_or_name(field);
    if field.label() == Label::Repeated {
        let entry = message.nested_type.iter().find(|m| is_map_entry(m) && kind.ends_with(&format!(".{}", m.name())));
        return match entry {
            Some(entry) => {
                format!("map<{}, {}>", scalar_or_name(&entry.field[0]), scalar_or_name(&entry.field[1]))
            }
            None => format!("repeated {kind}"),
        };
    }
    match field.oneof_index {
        _ if field.proto3_optional() => format!("optional {kind}"),
        Some(index) => format!("{kind} oneof {}", message.oneof_decl[usize::try_from(index).unwrap()].name()),
        None => kind,
    }
}

fn scalar_or_name(field: &FieldDescriptorProto) -> String {
    match field.r#type() {
        Type::Message | Type::Enum => field.type_name().trim_start_matches('.').to_owned(),
        scalar => scalar.as_str_name().trim_start_matches("TYPE_").to_lowercase(),
    }
}

/// The messages, calls and fields of state stores.
fn is_about_state_stores(fact: &str) -> bool {
    const MESSAGES: [&str; 12] = [
        "ValidateStateStore",
        "ConfigureStateStore",
        "StateStoreClientCapabilities",
        "StateStoreServerCapabilities",
        "ReadStateBytes",
        "WriteStateBytes",
        "RequestChunkMeta",
        "StateRange",
        "LockState",
        "UnlockState",
        "GetStates",
        "DeleteState",
    ];
    const OTHERS: [&str; 4] = [
        "tfplugin6 GetMetadata.Response.state_stores = 8 repeated tfplugin6.GetMetadata.StateStoreMetadata",
        "tfplugin6 GetMetadata.StateStoreMetadata.type_name = 1 string",
        "tfplugin6 GetProviderSchema.Response.state_store_schemas = 10 map<string, tfplugin6.Schema>",
        "tfplugin6 message GetMetadata.StateStoreMetadata",
    ];
    let subject = fact.trim_start_matches("tfplugin6 ").trim_start_matches("message ");
    let message = match subject.strip_prefix("rpc Provider.") {
        Some(call) => call.split(" -> tfplugin6.").nth(1).or(call.split("stream tfplugin6.").nth(1)).unwrap_or(call),
        None => subject,
    };
    MESSAGES.contains(&message.split('.').next().unwrap_or_default()) || OTHERS.contains(&fact)
}

#[test]
fn proto_files_match_the_facts() {
    let json = serde_json::from_str(include_str!("../../../../proto/wire-facts.json")).unwrap();
    let bytes: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
    let known = from_json(&json);
    let ours = from_descriptors(&FileDescriptorSet::decode(bytes).unwrap());

    let invented: Vec<_> = ours.difference(&known).collect();
    assert!(invented.is_empty(), "not in the facts: {invented:#?}");

    let (left_out, missing): (Vec<_>, Vec<_>) = known.difference(&ours).partition(|fact| is_about_state_stores(fact));
    assert!(missing.is_empty(), "not in the files: {missing:#?}");
    assert_eq!(left_out.iter().filter(|fact| fact.contains(" rpc ")).count(), 8, "{left_out:#?}");
}
