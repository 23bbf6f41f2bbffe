//! The program; see the library for what it is made of.

use std::process::ExitCode;

fn main() -> ExitCode {
    registration_hook::cli::run(std::env::args_os())
}
