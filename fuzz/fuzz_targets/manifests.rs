#![no_main]

use std::panic;

libfuzzer_sys::fuzz_target!(
    init: {
        // Panics of the YAML parser are caught and become errors; the fuzzer's own hook ends the process at any panic.
        let hook = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if !panic.location().is_some_and(|location| location.file().contains("libyaml-safer")) {
                hook(panic);
            }
        }));
    },
    |bytes: &[u8]| eks::fuzzing::check("manifests", bytes)
);
