//! Calls about actions.

use std::sync::Arc;

use futures_util::stream::{self, StreamExt};

use super::convert::{allows_deferral, decode, diagnostics, not_configured_yet};
use super::service::Events;
use super::tfplugin6::{invoke_action, plan_action, validate_action_config};
use crate::diagnostics::Diagnostic;
use crate::framework::{self, ActionEvent, Outcome, Provider, Server};
use crate::value::Value;

pub async fn validate<P: Provider>(
    server: &Server<P>,
    request: validate_action_config::Request,
) -> validate_action_config::Response {
    let validate = async || -> Outcome<_> {
        let action = server.actions.get(&request.type_name)?;
        let config = decode(request.config.as_ref(), &action.schema().ty)?;
        Ok(action.validate(&config).await)
    };
    let found = validate().await.unwrap_or_else(|errors| errors);
    validate_action_config::Response { diagnostics: diagnostics(found) }
}

pub async fn plan<P: Provider>(server: &Server<P>, request: plan_action::Request) -> plan_action::Response {
    let plan = async || -> Outcome<_> {
        let action = server.actions.get(&request.action_type)?;
        if server.defers(allows_deferral(request.client_capabilities)) {
            return Ok(plan_action::Response { deferred: not_configured_yet(), ..Default::default() });
        }
        let config = decode(request.config.as_ref(), &action.schema().ty)?;
        let found = action.plan(&server.context()?, &config).await;
        Ok(plan_action::Response { diagnostics: diagnostics(found), ..Default::default() })
    };
    plan()
        .await
        .unwrap_or_else(|errors| plan_action::Response { diagnostics: diagnostics(errors), ..Default::default() })
}

pub fn invoke<P: Provider>(server: Arc<Server<P>>, request: invoke_action::Request) -> Events<invoke_action::Event> {
    let config = || -> Result<Value, Diagnostic> {
        let action = server.actions.get(&request.action_type)?;
        decode(request.config.as_ref(), &action.schema().ty)
    };
    match config() {
        Ok(config) => {
            framework::invoke(server, request.action_type, config).map(|event| Ok(self::event(event))).boxed()
        }
        Err(error) => stream::iter([Ok(event(ActionEvent::Completed(error.into())))]).boxed(),
    }
}

fn event(event: ActionEvent) -> invoke_action::Event {
    use invoke_action::event::{Completed, Progress, Type};
    let event = match event {
        ActionEvent::Progress(message) => Type::Progress(Progress { message: safe_text::show(&message) }),
        ActionEvent::Completed(found) => Type::Completed(Completed { diagnostics: diagnostics(found) }),
    };
    invoke_action::Event { r#type: Some(event) }
}
