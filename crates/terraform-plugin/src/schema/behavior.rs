//! Terraform's properties of an attribute that a Rust type cannot express.

use serde::{Deserialize, Serialize};

/// Who sets an attribute, and the effect of a change. Written as a constant, for example
/// `#[schemars(extend("x-terraform" = REQUIRED.requires_replace()))]`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Behavior {
    /// The configuration must set it.
    pub required: bool,
    /// The configuration may set it.
    pub optional: bool,
    /// The provider may set it.
    pub computed: bool,
    /// Terraform hides it.
    pub sensitive: bool,
    /// It is in the configuration only, never in plan or state (Terraform 1.11).
    pub write_only: bool,
    /// A change replaces the object.
    pub requires_replace: bool,
    /// A change of other attributes does not make it unknown: it keeps its value from the state.
    pub use_state_for_unknown: bool,
    /// Part of the identity, and whether an import by identity must give it.
    pub identity: Option<ForImport>,
    /// A nested block, not an attribute.
    pub block: bool,
    /// The default of a bool.
    pub default_bool: Option<bool>,
}

/// Whether an import by identity must give an attribute of the identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ForImport {
    /// It must.
    Required,
    /// It may.
    Optional,
}

/// The configuration must set it.
pub const REQUIRED: Behavior = Behavior { required: true, ..NONE };
/// The configuration may set it.
pub const OPTIONAL: Behavior = Behavior { optional: true, ..NONE };
/// Only the provider sets it.
pub const COMPUTED: Behavior = Behavior { computed: true, ..NONE };
/// The provider sets it if the configuration does not.
pub const OPTIONAL_COMPUTED: Behavior = Behavior { optional: true, computed: true, ..NONE };
/// A block that may occur once.
pub const BLOCK: Behavior = Behavior { block: true, ..NONE };

/// The values that a parameter of a function allows. Written as a constant, for example
/// `#[schemars(extend("x-terraform" = PARAMETER.allow_unknown()))]`; by default, a parameter is one known argument that is not null.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Passing {
    /// The argument may be null. The field is an [`Attr`](crate::value::Attr) or an `Option`.
    pub allow_null: bool,
    /// Elements of the list, set or map may be null. They are an `Attr` or an `Option`.
    pub allow_null_elements: bool,
    /// The argument, or any part of it, may be unknown. A part that may be unknown by itself is an `Attr`.
    pub allow_unknown: bool,
    /// The last parameter, a list: any number of arguments, each an element.
    pub variadic: bool,
}

/// One argument, known and not null.
pub const PARAMETER: Passing =
    Passing { allow_null: false, allow_null_elements: false, allow_unknown: false, variadic: false };

impl Passing {
    /// Null may be passed.
    #[must_use]
    pub const fn allow_null(self) -> Self {
        Self { allow_null: true, ..self }
    }

    /// A list, set or map with null in it may be passed.
    #[must_use]
    pub const fn allow_null_elements(self) -> Self {
        Self { allow_null_elements: true, ..self }
    }

    /// Partially unknown values may be passed.
    #[must_use]
    pub const fn allow_unknown(self) -> Self {
        Self { allow_unknown: true, ..self }
    }

    /// Any number of arguments may be passed.
    #[must_use]
    pub const fn variadic(self) -> Self {
        Self { variadic: true, ..self }
    }
}

const NONE: Behavior = Behavior {
    required: false,
    optional: false,
    computed: false,
    sensitive: false,
    write_only: false,
    requires_replace: false,
    use_state_for_unknown: false,
    identity: None,
    block: false,
    default_bool: None,
};

impl Behavior {
    /// A change replaces the object.
    #[must_use]
    pub const fn requires_replace(self) -> Self {
        Self { requires_replace: true, ..self }
    }

    /// A change of other attributes does not make it unknown.
    #[must_use]
    pub const fn use_state_for_unknown(self) -> Self {
        Self { use_state_for_unknown: true, ..self }
    }

    /// It is part of the identity, and an import by identity must give it.
    #[must_use]
    pub const fn required_for_import(self) -> Self {
        Self { identity: Some(ForImport::Required), ..self }
    }

    /// It is part of the identity, and an import by identity may leave it out.
    #[must_use]
    pub const fn optional_for_import(self) -> Self {
        Self { identity: Some(ForImport::Optional), ..self }
    }

    /// Terraform hides it.
    #[must_use]
    pub const fn sensitive(self) -> Self {
        Self { sensitive: true, ..self }
    }

    /// It is not stored in plan or state.
    #[must_use]
    pub const fn write_only(self) -> Self {
        Self { write_only: true, ..self }
    }

    /// It has a default, and so is computed as well.
    #[must_use]
    pub const fn default_bool(self, default: bool) -> Self {
        Self { computed: true, default_bool: Some(default), ..self }
    }

    /// Why Terraform would refuse this combination.
    pub(super) fn fault(self) -> Option<&'static str> {
        if self.block {
            let only = self == BLOCK;
            return (!only).then_some("a block has no other behavior");
        }
        match (self.required, self.optional, self.computed) {
            (false, false, false) => Some("neither required, optional nor computed"),
            (true, true, _) => Some("required and optional"),
            (true, _, true) => Some("required and computed"),
            (_, _, true) if self.write_only => Some("computed and write-only"),
            (_, false, true) if self.default_bool.is_some() => Some("a default, but not optional"),
            (_, _, false) if self.use_state_for_unknown => Some("keeps its state, but is not computed"),
            (false, false, true) if self.requires_replace => Some("requires a replacement, but cannot be configured"),
            _ if self.identity.is_some() && (self.write_only || self.sensitive) => Some("a secret in the identity"),
            _ => None,
        }
    }
}
