//! The bodies of the fuzz targets. They stand in `tests/fuzz_targets`, because the tests call them, too.

use std::{
    fs,
    net::{SocketAddr, TcpListener, TcpStream},
    panic, process, thread,
    time::Duration,
};

#[path = "../../tests/fuzz_targets/mod.rs"]
mod fuzz_targets;

pub use fuzz_targets::*;

/// Starts the service with the guide's rules and credentials. A panic in it ends the process.
pub fn start_service() -> SocketAddr {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let folder = tempfile::tempdir().unwrap().keep();
    let settings = folder.join("settings.toml");
    let rules = concat!(env!("CARGO_MANIFEST_DIR"), "/../rules");
    let text = format!(
        "server.bind = '{address}'\nserver.workers = 1\nlog.decisions = 'off'\n\
         rules.directory = '{rules}'\nrules.reload = 'off'\n\
         auth.basic.username = 'admin'\nauth.basic.password = 'supersecret'\n"
    );
    fs::write(&settings, text).unwrap();
    thread::spawn(move || {
        let name = "registration-hook".into();
        registration_hook::cli::run([name, "serve".into(), "--config".into(), settings.into()])
    });
    while TcpStream::connect(address).is_err() {
        thread::sleep(Duration::from_millis(10));
    }
    // The service has set its own panic hook by now, which only logs.
    panic::set_hook(Box::new(|_| process::abort()));
    address
}
