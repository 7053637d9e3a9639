//! What users copy: examples, modules, and the code in guides.

mod examples;
mod guides;
