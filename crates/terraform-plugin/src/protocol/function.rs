//! Calls about functions.

use super::convert::{decode_argument, encode};
use super::tfplugin6::{self as wire, call_function, get_functions};
use crate::framework::{FunctionError, Provider, Server};
use crate::schema::{Parameter, Signature};

pub async fn functions<P: Provider>(server: &Server<P>, _: get_functions::Request) -> get_functions::Response {
    let functions = server.functions.to_map(|function| signature(function.signature()));
    get_functions::Response { functions, ..Default::default() }
}

/// A function's signature for a response.
pub fn signature(signature: &Signature) -> wire::Function {
    let markdown = wire::StringKind::Markdown.into();
    let parameter = |parameter: &Parameter| wire::function::Parameter {
        name: parameter.name.clone(),
        r#type: parameter.ty.to_json().into_bytes(),
        allow_null_value: parameter.passing.allow_null,
        allow_unknown_values: parameter.passing.allow_unknown,
        description: parameter.description.clone(),
        description_kind: markdown,
    };
    wire::Function {
        parameters: signature.parameters.iter().map(parameter).collect(),
        variadic_parameter: signature.variadic.as_ref().map(parameter),
        r#return: Some(wire::function::Return { r#type: signature.result.to_json().into_bytes() }),
        summary: signature.summary.clone(),
        description: signature.description.clone(),
        description_kind: markdown,
        ..Default::default()
    }
}

pub async fn call<P: Provider>(server: &Server<P>, request: call_function::Request) -> call_function::Response {
    let call = || {
        let function = server.functions.get(&request.name).map_err(|error| FunctionError::new(error.detail))?;
        let signature = function.signature();
        let parameters = (0..).map_while(|i| Some((i, signature.parameter(i)?)));
        let arguments = request.arguments.iter().zip(parameters).map(|(value, (i, parameter))| {
            decode_argument(value, &parameter.ty).map_err(|error| FunctionError::at(i, error.detail))
        });
        let result = function.call(arguments.collect::<Result<_, _>>()?)?;
        Ok(encode(&result, &signature.result))
    };
    match call() {
        Ok(result) => call_function::Response { result: Some(result), error: None },
        Err(FunctionError { text, argument }) => {
            let function_argument = argument.and_then(|index| i64::try_from(index).ok());
            let error = wire::FunctionError { text: safe_text::show(&text), function_argument };
            call_function::Response { result: None, error: Some(error) }
        }
    }
}
