//! `repeat`, a function.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::framework::{Function, FunctionError};

/// Repeats a string.
///
/// Returns its length as well.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Repeat {
    /// The string. `panic` panics.
    #[schemars(length(min = 1))]
    text: String,
    /// Number of repetitions.
    #[schemars(range(max = 9))]
    times: u32,
}

/// A repeated string.
#[derive(Serialize, JsonSchema)]
pub struct Repeated {
    /// The string.
    text: String,
    /// Its length.
    length: u64,
}

impl Function for Repeat {
    type Result = Repeated;
    const NAME: &'static str = "repeat";

    fn call(self) -> Result<Repeated, FunctionError> {
        let Self { text, times } = self;
        if text == "panic" {
            panic!("no text");
        }
        if times == 9 {
            return Err(FunctionError::at(1, "9 times is too often."));
        }
        let text = text.repeat(times as usize);
        Ok(Repeated { length: text.len() as u64, text })
    }
}
