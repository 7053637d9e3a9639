//! A Rust struct as a Terraform schema.
//!
//! The struct of a resource is its schema, its documentation and its state codec. `schemars` provides names, types and doc
//! comments; a typed constant in `#[schemars(extend("x-terraform" = ...))]` provides Terraform's properties, see [`Behavior`];
//! `range`, `length` and enumerations become checks. [`Schema::of`] combines them and refuses what Terraform would refuse, so
//! that a test that builds every schema finds all errors.
//!
//! `schemars` silently ignores two keywords on a map: instead of `length` use `extend("minProperties" = 1)`, instead of `inner` a
//! newtype.

mod behavior;
mod check;
mod derive;
mod description;
mod signature;

use std::collections::BTreeMap;

pub use behavior::{BLOCK, Behavior, COMPUTED, ForImport, OPTIONAL, OPTIONAL_COMPUTED, PARAMETER, Passing, REQUIRED};
pub use check::Check;
pub use derive::SchemaError;
#[cfg(any(test, feature = "testing"))]
pub(crate) use description::paragraphs;
pub use signature::{Parameter, Signature};

use crate::value::{Type, Value};

/// A struct that can be a schema: it can be described, serialized and deserialized.
pub trait Model: schemars::JsonSchema + serde::Serialize + serde::de::DeserializeOwned + Send + Sync + 'static {}

impl<T> Model for T where
    T: schemars::JsonSchema + serde::Serialize + serde::de::DeserializeOwned + Send + Sync + 'static
{
}

/// No arguments, for example of a provider without configuration.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, schemars::JsonSchema, serde::Serialize, serde::Deserialize)]
pub struct Empty {}

/// The schema of a resource, a data source, or the provider itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Schema {
    /// Schema version.
    pub version: i64,
    /// Attributes and blocks.
    pub block: Block,
    /// The type of the whole object.
    pub ty: Type,
}

/// Attributes, and nested blocks of one each (`timeouts`): Terraform's `SINGLE` nesting, the only one used here.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Block {
    /// Markdown; each paragraph is one line.
    pub description: String,
    /// By name.
    pub attributes: BTreeMap<String, Attribute>,
    /// By name.
    pub blocks: BTreeMap<String, Block>,
}

/// An attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribute {
    /// Markdown; each paragraph is one line.
    pub description: String,
    /// Its type, or its nested attributes.
    pub kind: Kind,
    /// Whether the configuration or the provider sets it, and the effect of a change.
    pub behavior: Behavior,
    /// The default value.
    pub default: Option<Value>,
    /// Checks of a known value.
    pub checks: Vec<Check>,
    /// Checks of a known element of a list, set or map.
    pub element_checks: Vec<Check>,
}

impl Attribute {
    /// Whether its value, or a part of it, is sensitive or write-only.
    pub fn holds_secret(&self) -> bool {
        let nested = match &self.kind {
            Kind::Plain(_) => false,
            Kind::Nested(_, attributes) => attributes.values().any(Self::holds_secret),
        };
        nested || self.behavior.sensitive || self.behavior.write_only
    }
}

/// The kind of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// A value of a type.
    Plain(Type),
    /// Objects with nested attributes.
    Nested(Nesting, BTreeMap<String, Attribute>),
}

impl Kind {
    fn plain(&self) -> Option<&Type> {
        match self {
            Self::Plain(ty) => Some(ty),
            Self::Nested(..) => None,
        }
    }
}

/// The nesting mode: the number of nested objects, and their addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nesting {
    /// One, or null.
    Single,
    /// By index.
    List,
    /// Without an address.
    Set,
    /// By key.
    Map,
}

impl Schema {
    /// The schema of `T`, except for a provider block.
    ///
    /// # Errors
    ///
    /// [`SchemaError`] names the field and what Terraform would refuse about it.
    pub fn of<T: Model>(version: i64) -> Result<Self, SchemaError> {
        Self::new(version, derive::block(&derive::json_schema::<T>()?, &derive::RESERVED)?)
    }

    /// The schema of the provider block `T`.
    ///
    /// # Errors
    ///
    /// As [`Schema::of`].
    pub fn of_provider<T: Model>() -> Result<Self, SchemaError> {
        Self::new(0, derive::block(&derive::json_schema::<T>()?, &derive::RESERVED_IN_PROVIDER)?)
    }

    /// The schema of the identity of a resource with this schema: attributes are required for import or optional.
    ///
    /// # Errors
    ///
    /// An attribute of the identity is neither primitive nor a list of primitives, or none is required.
    pub fn identity(&self, version: i64) -> Result<Self, SchemaError> {
        Self::new(version, derive::identity(&self.block)?)
    }

    fn new(version: i64, block: Block) -> Result<Self, SchemaError> {
        let ty = block.ty();
        Ok(Self { version, block, ty })
    }
}

impl Block {
    /// The object type of this block.
    pub fn ty(&self) -> Type {
        let attributes = self.attributes.iter().map(|(name, attribute)| (name.clone(), attribute.ty()));
        let blocks = self.blocks.iter().map(|(name, block)| (name.clone(), block.ty()));
        Type::object(attributes.chain(blocks))
    }
}

impl Attribute {
    /// The type of this attribute's values.
    pub fn ty(&self) -> Type {
        match &self.kind {
            Kind::Plain(ty) => ty.clone(),
            Kind::Nested(nesting, attributes) => {
                let object = Type::object(attributes.iter().map(|(name, a)| (name.clone(), a.ty())));
                match nesting {
                    Nesting::Single => object,
                    Nesting::List => Type::List(Box::new(object)),
                    Nesting::Set => Type::Set(Box::new(object)),
                    Nesting::Map => Type::Map(Box::new(object)),
                }
            }
        }
    }
}
