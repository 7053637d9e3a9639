//! A Terraform plugin SDK: a framework for providers in Rust, and the process that Terraform starts.
//!
//! One struct is the schema, the documentation and the state of a resource. The framework decodes, validates, plans and
//! saves; a resource implements only its own logic. A complete provider, with one resource and one function:
//!
//! ```
//! use std::fs;
//!
//! use async_trait::async_trait;
//! use schemars::JsonSchema;
//! use serde::{Deserialize, Serialize};
//! use terraform_plugin::{diagnostics::*, framework::*, schema::*, value::Attr};
//!
//! /// A note, which is a file.
//! #[derive(Serialize, Deserialize, JsonSchema)]
//! struct Note {
//!     /// Path of the file. A change replaces the file.
//!     #[schemars(extend("x-terraform" = REQUIRED.requires_replace().required_for_import()), length(min = 1))]
//!     path: Attr<String>,
//!     /// Content of the file.
//!     #[schemars(extend("x-terraform" = REQUIRED))]
//!     text: Attr<String>,
//! }
//!
//! struct Notes;
//!
//! #[async_trait]
//! impl Resource for Notes {
//!     type Session = ();
//!     type Model = Note;
//!     const TYPE_NAME: &'static str = "notes_note";
//!
//!     async fn create(&self, _: &Context<()>, planned: Note, _: Note, response: &mut Response<Note>) -> Outcome<()> {
//!         let (path, text) = (planned.path.as_str().unwrap_or_default(), planned.text.as_str().unwrap_or_default());
//!         fs::write(path, text).map_err(|error| Diagnostic::error("Error writing note", error.to_string()))?;
//!         response.state = Some(planned);
//!         Ok(())
//!     }
//!
//!     async fn read(&self, _: &Context<()>, response: &mut Response<Note>) -> Outcome<()> {
//!         let read = |note: &Note| fs::read_to_string(note.path.as_str()?).ok();
//!         let text = response.state.as_ref().and_then(read);
//!         response.state = response.state.take().zip(text).map(|(note, text)| Note { text: text.into(), ..note });
//!         Ok(())
//!     }
//!
//!     async fn update(&self, c: &Context<()>, planned: Note, config: Note, r: &mut Response<Note>) -> Outcome<()> {
//!         self.create(c, planned, config, r).await
//!     }
//!
//!     async fn delete(&self, _: &Context<()>, response: &mut Response<Note>) -> Outcome<()> {
//!         let paths = response.state.iter().filter_map(|note| note.path.as_str());
//!         let deleted = paths.map(fs::remove_file).collect::<Result<(), _>>();
//!         Ok(deleted.map_err(|error| Diagnostic::error("Error deleting note", error.to_string()))?)
//!     }
//! }
//!
//! /// Makes a file name from a title, for example `shopping-list` from `"Shopping list"`.
//! #[derive(Serialize, Deserialize, JsonSchema)]
//! struct FileName {
//!     /// The title.
//!     title: String,
//! }
//!
//! impl Function for FileName {
//!     type Result = String;
//!     const NAME: &'static str = "file_name";
//!
//!     fn call(self) -> Result<String, FunctionError> {
//!         Ok(self.title.to_lowercase().replace(' ', "-"))
//!     }
//! }
//!
//! struct NotesProvider;
//!
//! impl Provider for NotesProvider {
//!     type Config = Empty;
//!     type Session = ();
//!
//!     fn offers() -> Offers<()> {
//!         Offers::new().resource(Notes).function::<FileName>()
//!     }
//!
//!     async fn configure(_: Empty, _: &mut Diagnostics) -> Outcome<()> {
//!         Ok(())
//!     }
//! }
//! # use terraform_plugin::value::Value;
//! #
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! #     let directory = tempfile::tempdir().unwrap();
//! #     let path = directory.path().join("a").to_str().unwrap().to_owned();
//! #     let server = Server::<NotesProvider>::default();
//! #     assert!(server.configure(&Value::Map(Default::default())).await.is_empty());
//! #     let (context, notes) = (server.context().unwrap(), server.resources.get("notes_note").unwrap());
//! #     let mut state = Stored::default();
//! #     for text in ["eggs", "eggs and salt"] {
//! #         let config = Value::map([("path", path.as_str()), ("text", text)]);
//! #         assert!(notes.validate(&config, WriteOnly::Allowed).await.is_empty());
//! #         let planned = notes.plan(&context, state.clone(), config.clone(), &config).await;
//! #         assert!(planned.diagnostics.is_empty());
//! #         let applied = notes.apply(&context, &state.value, planned.object, &config).await;
//! #         assert!(applied.diagnostics.is_empty());
//! #         assert_eq!(fs::read_to_string(&path).unwrap(), text);
//! #         state = applied.object;
//! #         assert_eq!(notes.read(&context, state.clone()).await.object, state);
//! #     }
//! #     assert_eq!(notes.import(&context, Import::Id(&path)).await.object.identity, state.identity);
//! #     let planned = notes.plan(&context, state.clone(), Value::Null, &Value::Null).await;
//! #     let applied = notes.apply(&context, &state.value, planned.object, &Value::Null).await;
//! #     assert!(applied.diagnostics.is_empty());
//! #     assert!(notes.read(&context, state).await.object.value.is_null());
//! #     let name = server.functions.get("file_name").unwrap().call(vec!["Shopping list".into()]);
//! #     assert_eq!(name, Ok("shopping-list".into()));
//! # }
//! ```
//!
//! Its `main.rs` is one call:
//!
//! ```no_run
//! # use terraform_plugin::{diagnostics::Diagnostics, framework::{Offers, Outcome, Provider}, schema::Empty};
//! # struct NotesProvider;
//! # impl Provider for NotesProvider {
//! #     type Config = Empty;
//! #     type Session = ();
//! #     fn offers() -> Offers<()> { Offers::new() }
//! #     async fn configure(_: Empty, _: &mut Diagnostics) -> Outcome<()> { Ok(()) }
//! # }
//! use terraform_plugin::plugin::{self, Program};
//! use terraform_plugin::protocol::Service;
//!
//! fn main() -> std::process::ExitCode {
//!     let address = "registry.terraform.io/example/notes";
//!     let program = Program { address, version: env!("CARGO_PKG_VERSION"), log_crates: &["notes"] };
//!     plugin::main(program, Service::<NotesProvider>::new)
//! }
//! ```
//!
//! Imports go one way, from the last line of this table to the first:
//!
//! | module | subject |
//! | --- | --- |
//! | [`value`], [`diagnostics`] | Terraform's values and messages, and their codecs |
//! | [`schema`] | a Rust struct as a Terraform schema |
//! | [`framework`] | resources, data sources, plans, waits |
//! | [`protocol`] | the plugin protocol's messages, to and from the framework |
//! | [`plugin`] | the process that Terraform starts: handshake, TLS, logs, signals |
//!
//! Only `protocol` and `plugin` use generated code. The feature `testing` adds test support: `framework::conformance`, which
//! runs the lifecycle of a resource and asserts Terraform's rules, a sample provider with its cloud in memory, and a client of
//! the process.
//!
//! Not supported: protocol 5; repeated blocks, other than nested attributes; state stores; functions with more than one
//! result; refinements of unknown values other than "not null"; identities with attributes that the resource does not have.
//! It does not contain a client of any API.

#![forbid(unsafe_code)]

pub mod diagnostics;
pub mod framework;
pub mod plugin;
pub mod protocol;
pub mod schema;
pub mod value;
