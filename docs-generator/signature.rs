//! The signature of a function, as HashiCorp's documentation generator writes it.

use serde::Serialize;
use terraform_plugin::schema::{Parameter, Signature};
use terraform_plugin::value::Type;

use crate::schema::type_name;

/// The arguments and the result of a function.
#[derive(Debug, PartialEq, Serialize)]
pub struct SignatureText {
    /// `repeat(text string, times number...) object`
    line: String,
    arguments: Vec<Argument>,
}

#[derive(Debug, PartialEq, Serialize)]
struct Argument {
    name: String,
    kind: String,
    description: String,
}

impl SignatureText {
    /// The text of the signature of the function `name`.
    pub fn of(name: &str, signature: &Signature) -> Self {
        let lower = |ty: &Type| type_name(ty).to_lowercase();
        let typed = |parameter: &Parameter| format!("{} {}", parameter.name, lower(&parameter.ty));
        let variadic = signature.variadic.iter();
        let parameters: Vec<_> = signature
            .parameters
            .iter()
            .map(typed)
            .chain(variadic.clone().map(|parameter| format!("{}...", typed(parameter))))
            .collect();
        let line = format!("{name}({}) {}", parameters.join(", "), lower(&signature.result));
        let arguments = signature.parameters.iter().chain(variadic).map(|parameter| {
            let variadic = parameter.passing.variadic.then_some("Variadic");
            let nullable = parameter.passing.allow_null.then_some("Nullable");
            let kind = [variadic.map(str::to_owned), Some(type_name(&parameter.ty)), nullable.map(str::to_owned)];
            Argument {
                name: parameter.name.clone(),
                kind: kind.into_iter().flatten().collect::<Vec<_>>().join(", "),
                description: parameter.description.clone(),
            }
        });
        Self { line, arguments: arguments.collect() }
    }
}
