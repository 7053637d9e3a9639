#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| eks::fuzzing::check("api_response", bytes));
