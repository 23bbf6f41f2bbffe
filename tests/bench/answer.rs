//! A whole answer: decode, judge and encode, by number of rules.

use divan::{Bencher, black_box};
use registration_hook::{clock, pipeline::answer};

use crate::{
    request::{DECISIONS, GuideRequest, request_of},
    rules::{REGISTRATION, folder_with, guide, load_folder, repeated},
};

#[divan::bench(args = DECISIONS)]
fn answer_guide(bencher: Bencher<'_, '_>, decision: &str) {
    let rules = guide();
    let GuideRequest { hook, body } = request_of(decision);
    let hook = &rules.hooks[hook];
    let facts = clock::facts();

    bencher.bench_local(|| answer(black_box(hook), black_box(body), &facts).is_ok());
}

#[divan::bench]
fn answer_without_rules(bencher: Bencher<'_, '_>) {
    answer_rules(bencher, "", 0);
}

#[divan::bench(args = [1, 10, 100, 1000])]
fn answer_domains(bencher: Bencher<'_, '_>, count: usize) {
    answer_rules(bencher, "domains", count);
}

#[divan::bench(args = [1, 10, 100, 1000])]
fn answer_length(bencher: Bencher<'_, '_>, count: usize) {
    answer_rules(bencher, "length", count);
}

#[divan::bench(args = [1, 10, 100, 1000])]
fn answer_pattern(bencher: Bencher<'_, '_>, count: usize) {
    answer_rules(bencher, "pattern", count);
}

#[divan::bench(args = [1, 10, 100, 1000])]
fn answer_skipped(bencher: Bencher<'_, '_>, count: usize) {
    answer_rules(bencher, "skipped", count);
}

fn answer_rules(bencher: Bencher<'_, '_>, kind: &str, count: usize) {
    let folder = folder_with(&repeated(kind, count));
    let rules = load_folder(folder.path());
    let hook = &rules.hooks["bench"];
    let facts = clock::facts();

    bencher.bench_local(|| answer(black_box(hook), black_box(REGISTRATION), &facts).is_ok());
}
