//! Texts at which the YAML parser panics.

use terraform_plugin::value::Value;

use super::super::*;
use super::{auto, with_key};

/// As PyYAML reads them, except a last line of only blanks. The parser by itself panics. Found by fuzzing.
#[test]
fn text_without_a_final_newline_may_end_in_a_block() {
    for (block, expected) in [
        ("|\n  x", "x"),
        ("|-\n  x", "x"),
        ("|+\n  x", "x"),
        (">\n  x\n  y", "x y"),
        ("|\n  x\n\n  y", "x\n\ny"),
        ("|\n  x\n  ", "x\n"),
        ("|\n  x\n    ", "x\n"),
        ("|+\n  x\n\n", "x\n\n"),
        ("|\n  x\r", "x\n"),
        ("|\n  x \t", "x \t"),
        ("|", ""),
        ("|\n  ", ""),
    ] {
        let yaml = format!("a: {block}");
        let Value::Map(object) = &objects(&yaml).expect(&yaml)[0] else { panic!("{yaml:?}") };
        assert_eq!(object["a"], Value::String(expected.to_owned()), "{yaml:?}");
    }
    let pod =
        "apiVersion: v1\nkind: Pod\nspec: {containers: [{image: a}]}\nmetadata:\n  annotations:\n    a: |\n      x";
    let annotated = annotate(pod, &auto()).expect("a Pod");
    assert_eq!(annotated, pod.replace("    a: |", &with_key("    KEY: \"auto\"\n    a: |")));
}

#[test]
fn text_at_which_the_parser_panics_is_an_error() {
    for text in ["a: b\n---\na:\n- [!!str, x]", "a: b\n---\na:\n- [!<tag:x>, x]"] {
        let error = images(text).expect_err(text).to_string();
        assert!(error.contains("document 2, line 4: not valid YAML: cannot be read from here"), "{error}");
    }
}
