//! Searches in lists and tables, by their length.

use std::fs;

use divan::{Bencher, black_box};
use registration_hook::{
    clock,
    pipeline::{answer, questions},
};

use crate::rules::{REGISTRATION, folder_with, load_folder};

const LIST: &str = r#"
[[self_service_registration.rules]]
id = "listed"
attribute = "email"
one_of = { file = "entries.txt" }
message = "m"
"#;
const TABLE: &str = r#"
[self_service_registration.lookups.member]
file = "entries.csv"
match = { email = "{email}" }
returns = ["level"]
[[self_service_registration.rules]]
id = "member"
lookup = "member"
message = "m"
reason = "NOT_A_MEMBER"
location = "data.userProfile.email"
"#;

/// An answer whose only rule has a list of so many entries.
#[divan::bench(args = [1, 1000, 100_000])]
fn answer_list(bencher: Bencher<'_, '_>, count: usize) {
    let folder = folder_with(LIST);
    fs::write(folder.path().join("entries.txt"), entries("", "\n", count)).unwrap();
    let rules = load_folder(folder.path());
    let hook = &rules.hooks["bench"];
    let facts = clock::facts();

    bencher.bench_local(|| answer(black_box(hook), black_box(REGISTRATION), &facts).is_ok());
}

/// A question to a table of so many rows, with its result.
#[divan::bench(args = [1, 1000, 100_000])]
fn question_to_table(bencher: Bencher<'_, '_>, count: usize) {
    let folder = folder_with(TABLE);
    let rows = entries("email,level\n", ",gold\n", count);
    fs::write(folder.path().join("entries.csv"), rows).unwrap();
    let rules = load_folder(folder.path());
    let hook = &rules.hooks["bench"];
    let asked = questions(hook, REGISTRATION, &clock::facts()).unwrap();

    bencher.bench_local(|| black_box(&asked[0].question).result_of_table());
}

/// So many email addresses, each with this end. The last one is that of the registration.
fn entries(head: &str, end: &str, count: usize) -> String {
    let mut text = head.to_owned();
    for number in 1..count {
        text += &format!("user{number}@example.com{end}");
    }
    text + "rosario.jones@okta.com" + end
}
