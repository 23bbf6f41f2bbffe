//! Measures how the time of an answer grows with the number of rules: `cargo bench --bench rules`.
//!
//! Prints the median time of a whole answer (decode, judge, encode), and the time that each further rule
//! adds to an answer without rules. A measurement, not a test: no time makes it fail.

#![allow(
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark ends where it cannot go on"
)]

use std::{fs, hint::black_box, time::Instant};

use registration_hook::{
    clock,
    load::{self, Purpose, RulesSource},
    pipeline::answer,
    rule::lookup::SourceKinds,
};

const BODY: &[u8] = br#"{"eventType":"com.okta.user.pre-registration","requestType":"self.service.registration","data":{"userProfile":{"firstName":"Rosario","lastName":"Jones","login":"rosario.jones@okta.com","email":"rosario.jones@okta.com","employeeNumber":"1234"}}}"#;

const KINDS: [(&str, &str); 4] = [
    ("domains", "attribute = \"email\"\ndomains = [\"okta.com\", \"*.okta.com\"]"),
    ("digits", "attribute = \"employeeNumber\"\ndigits = 4"),
    ("pattern", "attribute = \"login\"\npattern = \"[a-z.]+@okta[.]com\""),
    (
        "skipped",
        "attribute = \"email\"\ndomains = [\"okta.com\"]\nwhen = [{ attribute = \"userType\", one_of = [\"contractor\"] }]",
    ),
];

fn main() {
    let empty = median("[self_service_registration]\nallow_all = true\n");
    println!("no rules: {empty:.0} ns per answer");
    for (kind, rule) in KINDS {
        for count in [1, 10, 100, 1000] {
            let rules: String = (0..count)
                .map(|number| {
                    format!(
                        "[[self_service_registration.rules]]\nid = \"r{number}\"\n{rule}\nmessage = \"m\"\n"
                    )
                })
                .collect();
            let time = median(&rules);
            let each = (time - empty) / f64::from(count);
            println!(
                "{kind:<8} {count:>5} rules: {time:>9.0} ns per answer, {each:>6.1} ns per rule"
            );
        }
    }
}

/// The median time of an answer in 31 rounds, in nanoseconds.
fn median(rules: &str) -> f64 {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("bench.toml"), rules).unwrap();
    let facts = clock::facts();
    let source = RulesSource::Folder(folder.path().to_owned());
    let set = load::load_rules(&source, &facts, &SourceKinds::new(), Purpose::Serve)
        .into_rules()
        .unwrap();
    let hook = &set.hooks["bench"];
    let mut times = [(); 31].map(|()| {
        const ANSWERS: u32 = 1000;
        let start = Instant::now();
        for _ in 0..ANSWERS {
            assert!(answer(black_box(hook), black_box(BODY), &facts).is_ok());
        }
        start.elapsed().as_nanos() as f64 / f64::from(ANSWERS)
    });
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
