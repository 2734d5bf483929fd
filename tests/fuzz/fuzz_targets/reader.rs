#![no_main]

use users_tests_pure::fuzzing;

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzzing::reader(input));
