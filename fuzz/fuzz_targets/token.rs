#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| registration_hook_fuzz::token(data));
