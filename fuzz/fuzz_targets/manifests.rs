#![no_main]

libfuzzer_sys::fuzz_target!(init: eks::fuzzing::let_parsers_panic(), |bytes: &[u8]| eks::fuzzing::check("manifests", bytes));
