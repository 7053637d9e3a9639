//! Code that practitioners copy: examples, modules, and the code on pages.

mod examples;
mod pages;
