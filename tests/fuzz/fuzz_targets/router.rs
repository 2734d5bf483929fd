#![no_main]

#[allow(dead_code)] // the bodies of the other targets
#[path = "../../pure/fuzzing.rs"]
mod fuzzing;

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzzing::router(input));
