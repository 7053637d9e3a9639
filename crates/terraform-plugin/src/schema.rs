//! A Rust struct as a Terraform schema.
//!
//! The struct of a resource is its schema, its documentation and its state codec. `schemars` gives the names, the types
//! and the doc comments; a typed constant in `#[schemars(extend("x-terraform" = ...))]` gives what only Terraform asks
//! for, see [`Behavior`]; `range`, `length` and enumerations become checks. [`Schema::of`] puts it together and
//! refuses what Terraform would refuse, so that a test that builds every schema holds all of them.
//!
//! Two keywords of `schemars` do nothing on a map, silently: for `length` write `extend("minProperties" = 1)`, for `inner`
//! a newtype.

mod behavior;
mod check;
mod derive;
mod description;
mod signature;

use std::collections::BTreeMap;

pub use behavior::{BLOCK, Behavior, COMPUTED, OPTIONAL, OPTIONAL_COMPUTED, PARAMETER, Passing, REQUIRED};
pub use check::Check;
pub use derive::SchemaError;
pub use description::paragraphs;
pub use signature::{Parameter, Signature};

use crate::value::{Type, Value};

/// What a struct must be to serve as a schema: it can be described, written and read.
pub trait Model: schemars::JsonSchema + serde::Serialize + serde::de::DeserializeOwned + Send + Sync + 'static {}

impl<T> Model for T where
    T: schemars::JsonSchema + serde::Serialize + serde::de::DeserializeOwned + Send + Sync + 'static
{
}

/// The arguments of what takes none, such as a provider without configuration.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, schemars::JsonSchema, serde::Serialize, serde::Deserialize)]
pub struct Empty {}

/// The schema of a resource, a data source, or the provider itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Schema {
    /// Counts up when stored state needs an upgrade.
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
    /// Who sets it, and what a change does.
    pub behavior: Behavior,
    /// The value that it has when the configuration gives none.
    pub default: Option<Value>,
    /// What a known value must satisfy.
    pub checks: Vec<Check>,
    /// What a known element of a list, set or map must satisfy.
    pub element_checks: Vec<Check>,
}

impl Attribute {
    /// True when its value, or a part of it, is sensitive or write-only.
    pub fn holds_secret(&self) -> bool {
        let nested = match &self.kind {
            Kind::Plain(_) => false,
            Kind::Nested(_, attributes) => attributes.values().any(Self::holds_secret),
        };
        nested || self.behavior.sensitive || self.behavior.write_only
    }
}

/// What an attribute holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// A value of a type.
    Plain(Type),
    /// Objects with attributes of their own.
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

/// How many nested objects there are, and how they are addressed.
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
    /// The schema that `T` describes, for anything but a provider block.
    ///
    /// # Errors
    ///
    /// [`SchemaError`] names the field and what Terraform would refuse about it.
    pub fn of<T: Model>(version: i64) -> Result<Self, SchemaError> {
        Self::new(version, derive::block(&derive::json_schema::<T>()?, &derive::RESERVED)?)
    }

    /// The schema of the provider block that `T` describes.
    ///
    /// # Errors
    ///
    /// As [`Schema::of`].
    pub fn of_provider<T: Model>() -> Result<Self, SchemaError> {
        Self::new(0, derive::block(&derive::json_schema::<T>()?, &derive::RESERVED_IN_PROVIDER)?)
    }

    /// The schema of the identity that `T` describes: required attributes are required for import, optional ones may be
    /// given for it.
    ///
    /// # Errors
    ///
    /// As [`Schema::of`]; also for attributes that are neither primitive nor lists of primitives.
    pub fn of_identity<T: Model>(version: i64) -> Result<Self, SchemaError> {
        Self::new(version, derive::identity(&derive::json_schema::<T>()?)?)
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
        Type::Object(attributes.chain(blocks).collect())
    }
}

impl Attribute {
    /// The type of this attribute's values.
    pub fn ty(&self) -> Type {
        match &self.kind {
            Kind::Plain(ty) => ty.clone(),
            Kind::Nested(nesting, attributes) => {
                let object = Type::Object(attributes.iter().map(|(name, a)| (name.clone(), a.ty())).collect());
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
