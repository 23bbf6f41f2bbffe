//! The program. The documentation of the library describes its parts.

use std::process::ExitCode;

fn main() -> ExitCode {
    registration_hook::cli::run(std::env::args_os())
}
