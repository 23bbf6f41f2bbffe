//! README and the other pages: the first impression, the example, links, and the tests that SECURITY.md names.

use std::{collections::BTreeSet, fs, path::Path};

use regex_automata::meta::Regex;

use crate::{
    commands::{blocks, page_text, pages},
    support::{Failures, compact, program, registration, repository, rules_folder, run, text},
    tidy::source::files_below,
};

#[test]
fn the_first_60_lines_of_readme_say_what_it_is_show_it_and_start_it() {
    let readme = page_text("README.md");
    let first: String = readme.lines().take(60).map(|line| format!("{line}\n")).collect();
    let mut failures = Failures::default();

    for part in [
        "# registration-hook: rules for Okta registrations\n",
        "](docs/images/overview.svg)",
        "\n[[self_service_registration.rules]]\n",
        "\ncargo run ",
        "\ndocker run ",
        "| the same request | Okta's sample | this service |",
        "[All rows](docs/okta-sample.md)",
        "active within two seconds",
        "**It does not** ",
    ] {
        failures.check_contains("README.md", &first, part);
    }

    failures.assert_none();
}

#[test]
fn the_example_of_readme_has_eight_lines_and_gives_its_answer() {
    let readme = page_text("README.md");
    let rule = &blocks(&readme, "toml")[0].text;
    let json = blocks(&readme, "json");
    let (request, answer) = (&json[0].text, &json[1].text);
    let rules = rules_folder(&[("join.toml", rule)]);

    let output =
        run(program().args(["eval", "join", "--rules"]).arg(rules.path()), request.as_bytes());

    assert_eq!(rule.lines().count(), 8);
    assert_eq!(text(&output.stdout), compact(answer), "{}", text(&output.stderr));
    assert_eq!(output.status.code(), Some(1), "denied");
}

/// A progressive profile with this form.
fn progressive(form: &str) -> Vec<u8> {
    let body = String::from_utf8(registration(form)).unwrap();
    body.replace("self.service.registration", "progressive.profile")
        .replace("userProfile", "userProfileUpdate")
        .into_bytes()
}

/// Each row has the start of a row in the table of `docs/okta-sample.md`, and a request that this row describes.
#[test]
fn requests_get_the_answers_of_the_table_that_compares_us_with_the_sample_of_okta() {
    let address = |email: &str| format!(r#"{{"login":"{email}","email":"{email}"}}"#);
    let number = |value: &str| format!(r#"{{"employeeNumber":{value}}}"#);
    let quoted = r#"{"login":"\"a@okta.com\"@evil.example","email":"\"a@okta.com\"@evil.example"}"#;
    let (ssr, pp, both) = ("registrationHookSSR", "registrationHookPP", "registrationHookSSRandPP");
    let classic = String::from_utf8(registration(&address("a@okta.com"))).unwrap();
    let classic = classic.replace(r#""requestType":"self.service.registration","#, "");
    let deny = r#""error":"#;
    let allow = r#""registration":"ALLOW""#;
    let page = page_text("docs/okta-sample.md");
    let mut failures = Failures::default();

    for (row, hook, request, answer) in [
        ("a registration as", ssr, registration(&address("a@okta.com.evil.example")), deny),
        ("a registration as", ssr, registration(&address("a@notokta.com")), deny),
        ("a registration as", both, registration(quoted), deny),
        ("`a@sub.okta.com`", ssr, registration(&address("a@sub.okta.com")), deny),
        ("`a@OKTA.COM`", ssr, registration(&address("a@OKTA.COM")), allow),
        ("employee number `abcd`", pp, progressive(&number("\"abcd\"")), deny),
        ("employee number `abcd`", pp, progressive(&number("\"１２３４\"")), deny),
        ("employee number `1234`", pp, progressive(&number("1234")), r#"{"employeeNumber":1234}"#),
        ("no `email`", ssr, registration(r#"{"login":"a@okta.com"}"#), deny),
        ("no `email`", both, registration(r#"{"email":7,"employeeNumber":"1234"}"#), deny),
        (
            "no `mobilePhone`",
            pp,
            progressive(r#"{"employeeNumber":"1234","mobilePhone":null}"#),
            r#"{"employeeNumber":"1234"}"#,
        ),
        ("a progressive profile at", ssr, progressive(&number("\"1234\"")), deny),
        ("a progressive profile at", pp, registration(&address("a@okta.com")), deny),
        ("a registration from Classic", ssr, classic.into_bytes(), allow),
    ] {
        let output = run(program().args(["eval", hook]), &request);
        failures.check_contains(row, text(&output.stdout), answer);
        failures.check_contains("docs/okta-sample.md", &page, &format!("\n| {row}"));
    }

    failures.assert_none();
}

/// The anchors of a page's headings, as GitHub makes them.
fn anchors(page: &str) -> BTreeSet<String> {
    let headings = page.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|heading| {
            let title = heading.trim_start_matches('#').trim().to_lowercase();
            let kept = title.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
            kept.collect::<String>().replace(' ', "-")
        })
        .collect()
}

#[test]
fn relative_links_lead_to_files_and_headings() {
    let link = Regex::new(r"\]\(([^)\s]+)\)").unwrap();
    let mut failures = Failures::default();
    let mut count = 0;

    for page in pages() {
        let content = page_text(&page);
        let folder = Path::new(&page).parent().unwrap();
        for found in link.captures_iter(&content) {
            let target = &content[found.get_group(1).unwrap().range()];
            if target.contains("://") {
                continue;
            }
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let path = if file.is_empty() {
                repository(&page)
            } else {
                repository("").join(folder).join(file)
            };
            failures.check(format!("{page}: {target} does not exist"), path.exists());
            if !anchor.is_empty() && path.is_file() {
                let headings = anchors(&fs::read_to_string(&path).unwrap());
                failures
                    .check(format!("{page}: no heading for {target}"), headings.contains(anchor));
            }
            count += 1;
        }
    }

    failures.assert_none();
    assert!(count > 60, "{count} links");
}

#[test]
fn the_index_names_every_page() {
    let index = page_text("docs/README.md");
    let mut failures = Failures::default();

    for page in pages() {
        if let Some(name) = page.strip_prefix("docs/").filter(|name| *name != "README.md") {
            failures.check_contains(name, &index, &format!("]({name})"));
        }
    }

    failures.assert_none();
}

#[test]
fn the_tests_that_the_threat_model_names_exist() {
    let is_rust =
        |path: &Path| path.is_dir() || path.extension().is_some_and(|extension| extension == "rs");
    let mut tests = BTreeSet::new();
    let test = Regex::new(r"#\[test\]\s+fn ([a-z0-9_]+)").unwrap();
    for path in files_below(&repository("tests/it"), &is_rust) {
        let source = fs::read_to_string(path).unwrap();
        for found in test.captures_iter(&source) {
            tests.insert(source[found.get_group(1).unwrap().range()].to_owned());
        }
    }
    let page = page_text("SECURITY.md");
    let mut failures = Failures::default();
    let mut rows = 0;

    for row in page.lines().filter(|line| line.starts_with("| ")) {
        let Some(cell) = row.trim_end_matches(" |").split(" | ").nth(3) else { continue };
        if cell == "tests" {
            continue;
        }
        let named: Vec<_> = cell.split(", ").map(|name| name.trim_matches('`')).collect();
        for name in named {
            failures.check(format!("SECURITY.md: no test `{name}`"), tests.contains(name));
        }
        rows += 1;
    }

    failures.assert_none();
    assert!(rows > 12, "{rows} rows");
}
