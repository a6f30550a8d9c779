#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| socklab_fuzz::filter(data));
