//! The bodies of the fuzz targets. They stand in `tests/fuzz_targets`, because the tests call them, too.

#[path = "../../tests/fuzz_targets/mod.rs"]
mod fuzz_targets;

pub use fuzz_targets::*;
