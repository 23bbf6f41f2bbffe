#![no_main]

use std::{net::SocketAddr, sync::OnceLock};

static SERVICE: OnceLock<SocketAddr> = OnceLock::new();

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let service = *SERVICE.get_or_init(registration_hook_fuzz::start_service);
    registration_hook_fuzz::connection(service, data);
});
