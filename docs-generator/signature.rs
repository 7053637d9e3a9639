//! The signature of a function, in the words of HashiCorp's documentation generator.

use eks::schema::Signature;
use serde::Serialize;

use crate::schema::{one_line, type_name};

/// A function's arguments and what it gives.
#[derive(Debug, PartialEq, Serialize)]
pub struct SignatureText {
    /// `repeat(text string, times number) object`
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
        let lower = |ty| type_name(ty).to_lowercase();
        let parameters: Vec<_> = signature
            .parameters
            .iter()
            .map(|parameter| format!("{} {}", parameter.name, lower(&parameter.ty)))
            .collect();
        let line = format!("{name}({}) {}", parameters.join(", "), lower(&signature.result));
        let arguments = signature.parameters.iter().map(|parameter| Argument {
            name: parameter.name.clone(),
            kind: type_name(&parameter.ty),
            description: one_line(&parameter.description),
        });
        Self { line, arguments: arguments.collect() }
    }
}
