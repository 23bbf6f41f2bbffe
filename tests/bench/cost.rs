//! The time and the allocations of each step of a request: `cargo bench`.
//!
//! `cargo bench --bench cost -- authenticate` runs the benchmarks whose name has this text. A measurement, not a
//! test: no time makes it fail. `tests/performance` measures whole requests to a running service.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark ends where it cannot go on"
)]

use std::time::Duration;

use divan::{AllocProfiler, Divan};

mod answer;
mod authenticate;
mod load;
mod lookup;
mod request;
mod rules;
mod support;

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    Divan::from_args().min_time(Duration::from_millis(100)).main();
}
