//! The load of a rules folder, as at the start of the service.

use divan::Bencher;

use crate::rules::{folder_with, load_folder, mixed};

#[divan::bench(args = [1, 100, 1000], sample_count = 30, sample_size = 1)]
fn load_rules(bencher: Bencher<'_, '_>, count: usize) {
    let folder = folder_with(&mixed(count));

    bencher.bench_local(|| load_folder(folder.path()));
}
