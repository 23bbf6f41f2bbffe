//! Files that are too large or not regular, and files with very many problems. Each is refused in
//! time that is linear in its size.

use std::{
    ffi::OsStr,
    fs::{self, File},
    io::Write as _,
    os::unix::{
        ffi::OsStrExt as _,
        fs::{PermissionsExt as _, symlink},
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use registration_hook::problem::Problems;

use crate::support::{
    CpuTimer, Failures, load_rules, program, registration, repository, rules_folder, run, text,
    with_processor_limit,
};

const SECTION: &str = "[self_service_registration]\n";
const RULE: &str =
    "[[self_service_registration.rules]]\nid = 'r'\nattribute = 'email'\nmessage = 'm'\n";
const MIB: usize = 1 << 20;

/// The most processor time for a large file, in seconds. Without limits, each of the large files below took from
/// twenty seconds to minutes. Now each takes less than two.
const TIME_LIMIT: u64 = 15;

/// Whether the test has taken less than [`TIME_LIMIT`] since this timer started.
fn is_quick(timer: &CpuTimer) -> bool {
    timer.taken() < Duration::from_secs(TIME_LIMIT)
}

fn problems(rules: &str) -> Problems {
    let folder = rules_folder(&[("hook.toml", rules)]);
    load_rules(folder.path()).err().unwrap_or_default()
}

/// The exit code of `check`, and all that it prints.
fn check(rules: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = run(program().args(["check", "--rules"]).arg(rules).args(arguments), b"");
    (output.status.code(), text(&output.stdout).to_owned() + text(&output.stderr))
}

fn make_pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn a_problem_far_to_the_right_shows_the_text_around_it() {
    let rules = format!("{RULE}one_of = [{}entry, 'b']\n", "'a', ".repeat(20_000));
    let found = problems(&rules);

    let shown = found[0].to_string();

    assert!(shown.contains("hook.toml:5:100011: "), "{shown}");

    let lines: Vec<_> = shown.lines().collect();

    assert_eq!(lines.len(), 4, "{shown}");
    assert!(lines[2].starts_with("5 | …") && lines[2].ends_with("entry, 'b']"), "{shown}");

    let marked = lines[2].chars().position(|letter| letter == 'e').unwrap();

    assert_eq!(lines[3].chars().position(|letter| letter == '^'), Some(marked), "{shown}");
    assert!(shown.lines().skip(1).all(|line| line.chars().count() < 140), "{shown}");
}

#[test]
fn an_excerpt_is_cut_on_both_sides_and_shows_no_control_character() {
    let entries = "'a', ".repeat(100);
    let rules = format!("{RULE}one_of = [{entries}\t1, '\u{202e}', {entries}]\n");
    let shown = problems(&rules)[0].to_string();

    let line = shown.lines().nth(2).unwrap();

    assert!(line.starts_with("5 | …") && line.ends_with('…'), "{shown}");
    assert!(line.contains(" 1, '\u{fffd}'"), "{shown}");
    assert_eq!(line.chars().count(), "5 | ".len() + 1 + 120 + 1, "{shown}");
}

#[test]
fn problems_beyond_the_first_hundred_are_counted() {
    let keys: String = (0..4000).map(|index| format!("key{index} = 1\n")).collect();
    let rules = rules_folder(&[("a.toml", &format!("{RULE}{keys}")), ("b.toml", "[x]\n")]);

    let (code, printed) = check(rules.path(), &[]);

    assert_eq!(code, Some(1));

    let count = printed.lines().last().unwrap().strip_suffix(" problems").unwrap();
    let count: usize = count.parse().unwrap();

    assert!(count > 4000, "{count}");
    // A hundred of some 4,000 problems are shown, so 3,9xx are only counted.
    assert!(printed.contains("\nand 3,9") && printed.contains(" more problems\n"), "{printed}");
    assert_eq!(printed.matches("a.toml:").count(), 100);
    assert!(printed.len() < 100 * 1000, "{}", printed.len());
}

#[test]
fn each_wrong_entry_of_a_list_is_counted_and_few_are_shown_beside_other_problems() {
    let numbers = "1,".repeat(4000);
    let found = problems(&format!("{RULE}one_of = [{numbers}]\n{RULE}x = 1\n"));
    let shown = found.iter().filter(|problem| problem.message.contains("found an integer")).count();

    assert_eq!(shown, 20);
    // The entries, the unknown key, and further mistakes of the second rule, such as its repeated id.
    assert!((4002..4010).contains(&found.total()), "{}", found.total());
    assert!(found.iter().any(|problem| problem.message.contains("unknown key `x`")), "{found:?}");
}

#[test]
fn a_long_name_does_not_fill_the_message() {
    let found = problems(&format!("{SECTION}{} = 1\n", "x".repeat(100_000)));

    let unknown = found.iter().find(|problem| problem.message.starts_with("unknown key")).unwrap();

    assert!(unknown.message.chars().count() < 1100, "{}", unknown.message.len());
}

/// Each file has about a megabyte.
#[test]
fn large_invalid_rules_are_refused_quickly_with_up_to_100_problems() {
    let numbered = |pattern: &str, count: usize| -> String {
        (0..count).map(|index| pattern.replace('#', &index.to_string())).collect()
    };
    let many_attributes = format!(
        "{SECTION}[[self_service_registration.rules]]\nid = 'r'\nmessage = 'm'\nlength = {{ min = 1 }}\nattributes = [{}]\nexamples.pass = [{}]\n",
        numbered("'a#',", 20_000),
        "'a',".repeat(100_000)
    );
    let update = numbered("'a#',", 100_000);
    let mut failures = Failures::default();

    for (name, text) in [
        ("lines", "x\n".repeat(MIB / 2)),
        ("unknown keys", format!("{SECTION}{}", numbered("k#=1\n", 100_000))),
        ("rules without keys", format!("{SECTION}rules = [{}]", "{},".repeat(MIB / 3 - 20))),
        ("tables", format!("{SECTION}rules = [{}]", "{a=1},".repeat(MIB / 6 - 20))),
        ("the same id", RULE.repeat(MIB / RULE.len())),
        ("unquoted", format!("{RULE}one_of = [{}]", "e,".repeat(MIB / 2 - 100))),
        ("numbers", format!("{RULE}one_of = [{}]", "1,".repeat(MIB / 2 - 100))),
        ("dotted keys", format!("{SECTION}a{} = 1", ".a".repeat(MIB / 2 - 100))),
        ("carriage returns", "\r".repeat(MIB)),
        ("brackets", "[".repeat(MIB)),
        ("quotes", "\"".repeat(MIB)),
        ("attributes and examples", many_attributes),
        ("update", format!("[progressive_profile]\nupdate = [{update}1]")),
    ] {
        let timer = CpuTimer::start();
        let found = problems(&text);

        failures.check(name, !found.is_empty());
        failures.check(name, found.iter().count() <= 100);
        failures.check(format!("{name}: {:?}", timer.taken()), is_quick(&timer));
    }

    failures.assert_none();
}

/// 320 KB of JSON in place of TOML once took fifteen seconds.
#[test]
fn large_invalid_settings_are_refused_quickly() {
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("settings.toml");
    let json = "{\"key\": {\"a\": [1, 2], \"b\": null}},\n".repeat(9000);
    let keys: String = (0..60_000).map(|index| format!("key{index}=1\n")).collect();
    let mut failures = Failures::default();

    for (name, content, count) in
        [("JSON", json, "\n1 problem\n"), ("unknown keys", keys, " more problems\n")]
    {
        fs::write(&settings, content).unwrap();
        let mut check = program();
        check.args(["check", "--config"]).arg(&settings);
        let output = run(&mut with_processor_limit(&check, TIME_LIMIT), b"");
        let printed = text(&output.stdout);

        failures.check_eq(name, output.status.code(), Some(1));
        failures.check(format!("{name}: {} bytes", printed.len()), printed.len() < 100_000);
        failures.check_contains(name, printed, count);
    }

    failures.assert_none();
}

#[test]
fn a_rule_names_up_to_100_attributes() {
    let rule = |count: usize| {
        let names: Vec<_> = (0..count).map(|index| format!("'a{index}'")).collect();
        let names = names.join(",");
        format!(
            "[[self_service_registration.rules]]\nid='r'\nmessage='m'\ndigits=4\nattributes=[{names}]\n"
        )
    };

    assert!(problems(&rule(100)).is_empty());
    assert!(problems(&rule(101))[0].message.contains("names 101 attributes; up to 100"));
}

#[test]
fn a_list_file_counts_against_the_limit_each_time_it_is_used() {
    let list = { "x".repeat(32 << 10) + "\n" }.repeat(3200);
    let rule = |index: usize| {
        RULE.replace("'r'", &format!("'r{index}'")) + "one_of = { file = \"list.txt\" }\n"
    };
    let rules: String = (0..11).map(rule).collect();
    let folder = rules_folder(&[("hook.toml", &rules), ("list.txt", &list)]);

    let found = load_rules(folder.path()).err().unwrap();

    assert_eq!(found.total(), 1, "{found:?}");
    assert!(found[0].message.contains("more than 1024 MiB"), "{found:?}");
}

/// One pattern may take up to 4 MiB, so a file with many patterns could once take gigabytes. A pattern that is too
/// large by itself counts as well.
#[test]
fn patterns_have_a_memory_limit_together() {
    let rule = |number: usize, pattern: &str| {
        format!(
            "[[self_service_registration.rules]]\nid = 'r{number}'\nattribute = 'firstName'\n\
             pattern = '{pattern}'\nmessage = 'No.'\n"
        )
    };
    let many =
        |count: usize, pattern: &str| (0..count).map(|n| rule(n, pattern)).collect::<String>();

    let few = problems(&many(20, r"\pL{1,40}"));
    let large = problems(&many(400, r"\pL{1,60}"));
    let too_large = problems(&many(400, r"\pL{900}"));

    assert!(few.is_empty(), "{few:?}");
    for found in [large, too_large] {
        let last = found.last().unwrap().to_string();
        assert!(last.contains("too large together"), "{last}");
    }
}

#[test]
fn check_names_the_rules_file_with_which_all_files_together_are_too_large() {
    let text = format!("progressive_profile.allow_all = true\n{}", "# x\n".repeat(250_000));
    let folder = tempfile::tempdir().unwrap();
    for number in 0..9 {
        fs::write(folder.path().join(format!("hook{number}.toml")), &text).unwrap();
    }

    let (code, output) = check(folder.path(), &[]);

    assert_eq!(code, Some(1));
    assert!(output.contains("hook8.toml: cannot read the file: with this file"), "{output}");
}

#[test]
fn results_show_no_control_character_of_a_file_name() {
    let folder = rules_folder(&[("a\u{1b}]0;x\u{7}\u{202e}\n\u{9b}.toml", "")]);

    let (code, output) = check(folder.path(), &[]);

    assert_eq!(code, Some(1));
    assert!(output.contains(r"a\u{1b}]0;x\u{7}\u{202e}\n\u{9b}.toml: a hook's name"), "{output}");
}

#[test]
fn a_path_that_is_not_utf8_works_for_settings_and_is_reported_for_rules() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(OsStr::from_bytes(b"x\xff.toml"));
    fs::write(&path, "").unwrap();
    let mut failures = Failures::default();

    for (row, flag, path, code, expected) in [
        ("a rules file", "--rules", folder.path(), 1, "x\u{fffd}.toml: a hook's name is"),
        ("a rules folder", "--rules", &path, 2, "--rules: the path is not UTF-8; rename the"),
        ("a settings file", "--config", &path, 0, "no problems"),
    ] {
        let output = run(program().args(["check", flag]).arg(path), b"");

        failures.check_eq(row, output.status.code(), Some(code));
        let printed = text(&output.stdout).to_owned() + text(&output.stderr);
        failures.check_contains(row, &printed, expected);
    }

    failures.assert_none();
}

#[test]
fn a_rules_file_in_another_encoding_names_the_place_and_the_encoding() {
    let utf16 = |bytes: fn(u16) -> [u8; 2], byte_order_mark: &str| -> Vec<u8> {
        format!("{byte_order_mark}{SECTION}").encode_utf16().flat_map(bytes).collect()
    };
    let latin1 = [SECTION.as_bytes(), b"summary = 'd\xe9j\xe0 vu'\n"].concat();
    let marked = ["\u{feff}".as_bytes(), &latin1].concat();
    let mut failures = Failures::default();

    for (row, bytes, expected) in [
        (
            "Latin-1",
            &latin1,
            ":2:13: this is not UTF-8; save it as UTF-8\n  |\n2 | summary = 'd\u{fffd}j",
        ),
        ("a UTF-8 mark and Latin-1", &marked, ":2:13: this is not UTF-8; save it as UTF-8\n"),
        (
            "UTF-16, little endian",
            &utf16(u16::to_le_bytes, "\u{feff}"),
            ":1:1: this is UTF-16; save it as UTF-8\n",
        ),
        (
            "UTF-16, big endian",
            &utf16(u16::to_be_bytes, "\u{feff}"),
            ":1:1: this is UTF-16; save it as UTF-8\n",
        ),
        ("UTF-16, little endian, no mark", &utf16(u16::to_le_bytes, ""), ":1:1: this is UTF-16;"),
        ("UTF-16, big endian, no mark", &utf16(u16::to_be_bytes, ""), ":1:1: this is UTF-16;"),
    ] {
        let rules = rules_folder(&[]);
        fs::write(rules.path().join("hook.toml"), bytes).unwrap();
        let (code, printed) = check(rules.path(), &[]);

        failures.check_eq(row, code, Some(1));
        failures.check_contains(row, &printed, &format!("hook.toml{expected}"));
    }

    failures.assert_none();
}

#[test]
fn a_list_in_latin_1_and_a_request_with_a_byte_order_mark_name_the_place() {
    let mut failures = Failures::default();
    let rules = rules_folder(&[("hook.toml", &format!("{RULE}one_of = {{ file = 'l' }}\n"))]);
    fs::write(rules.path().join("l"), b"good\nb\xe4d\n").unwrap();
    let (_, printed) = check(rules.path(), &[]);

    failures.check_contains(
        "a list",
        &printed,
        "cannot read `l`: this is not UTF-8; save it as UTF-8 (line 2, column 2)",
    );
    let output = run(program().args(["eval", "registrationHookSSR"]), b"\xef\xbb\xbf{}");
    failures.check_contains(
        "a request",
        text(&output.stderr),
        "standard input: the body begins with a byte order mark at line 1, column 1; send UTF-8",
    );
    failures.assert_none();
}

/// Creates a file of this size, which takes no room on the disk.
fn sparse_file(folder: &Path, name: &str, size: u64) -> String {
    let path = folder.join(name);
    File::create(&path).unwrap().set_len(size).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_secret_or_certificate_over_its_size_limit_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let secret = sparse_file(folder.path(), "secret", (64 << 10) + 1);
    let pem = sparse_file(folder.path(), "pem", (1 << 20) + 1);
    let variables = [
        ("HOOK__AUTH__BASIC__USERNAME", "admin"),
        ("HOOK__AUTH__BASIC__PASSWORD_FILE", &*secret),
        ("HOOK__AUTH__OAUTH__ISSUER", "https://example.okta.com/oauth2/default"),
        ("HOOK__AUTH__OAUTH__AUDIENCE", "a"),
        ("HOOK__AUTH__OAUTH__CLIENT_IDS", "c"),
        ("HOOK__AUTH__OAUTH__SCOPE", "s"),
        ("HOOK__AUTH__OAUTH__CA_FILE", &*pem),
        ("HOOK__SERVER__TLS__CERTIFICATE", &*pem),
        ("HOOK__SERVER__TLS__KEY", &*pem),
    ];

    let output = run(program().arg("check").envs(variables), b"");

    let printed = text(&output.stdout);
    let certificate = "larger than 1 MiB, the limit of a certificate";
    assert!(printed.contains("larger than 64 KiB, the limit of a file with secrets"), "{printed}");
    assert_eq!(printed.matches(certificate).count(), 2, "{printed}");
}

#[test]
fn settings_a_schema_or_a_policy_over_its_size_limit_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let settings = sparse_file(folder.path(), "settings.toml", (1 << 20) + 1);
    let answer = sparse_file(folder.path(), "answer.json", (4 << 20) + 1);
    let mut failures = Failures::default();

    for arguments in [["--config", &settings], ["--schema", &answer], ["--policy", &answer]] {
        let output = run(program().arg("check").args(arguments), b"");

        let row = format!("{arguments:?}");
        failures.check_eq(&row, output.status.code(), Some(2));
        failures.check_contains(&row, text(&output.stderr), arguments[1]);
        failures.check_contains(&row, text(&output.stderr), "larger than");
    }

    failures.assert_none();
}

#[test]
fn a_rules_file_or_list_over_its_size_limit_is_refused() {
    let listed = format!("{RULE}one_of = {{ file = \"list.txt\" }}\n");
    let rules = rules_folder(&[("listed.toml", &listed)]);
    sparse_file(rules.path(), "large.toml", (1 << 20) + 1);
    sparse_file(rules.path(), "list.txt", (256 << 20) + 1);

    let (code, printed) = check(rules.path(), &[]);

    let large = "larger than 1 MiB, the limit of a rules file; move long lists";
    assert_eq!(code, Some(1));
    assert!(printed.contains(large), "{printed}");
    assert!(printed.contains("cannot read `list.txt`: it is larger than 256 MiB"), "{printed}");
}

#[test]
fn pipes_sockets_devices_and_folders_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    make_pipe(&pipe);
    let socket = folder.path().join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let mut failures = Failures::default();

    for (path, kind) in [
        (pipe.as_path(), "a pipe"),
        (&socket, "a socket"),
        (Path::new("/dev/zero"), "a device"),
        (folder.path(), "a folder"),
    ] {
        let path = path.to_str().unwrap();
        let secret =
            [("HOOK__AUTH__BASIC__USERNAME", "a"), ("HOOK__AUTH__BASIC__PASSWORD_FILE", path)];
        let listed = format!("{RULE}one_of = {{ file = \"list.txt\" }}\n");
        let rules = rules_folder(&[("hook.toml", &listed)]);
        symlink(path, rules.path().join("other.toml")).unwrap();

        let secret = run(program().arg("serve").envs(secret), b"");
        let settings = run(program().args(["check", "--config", path]), b"");
        let schema = run(program().args(["check", "--schema", path]), b"");
        let (code, printed) = check(rules.path(), &[]);

        for (use_of_path, output) in
            [("secret", secret), ("settings", settings), ("schema", schema)]
        {
            let row = format!("{path} as {use_of_path}");
            failures.check_eq(&row, output.status.code(), Some(2));
            failures.check_contains(&row, text(&output.stderr), kind);
        }
        let row = format!("{path} as rules");
        failures.check_eq(&row, code, Some(1));
        failures.check_contains(&row, &printed, &format!("this is {kind}"));
    }

    failures.assert_none();
}

#[test]
fn a_link_to_the_rules_folder_is_not_read_as_a_rules_file() {
    let rules = rules_folder(&[("hook.toml", &format!("{SECTION}allow_all = true\n"))]);
    for name in ["a", "b", "c"] {
        symlink(".", rules.path().join(name)).unwrap();
    }

    let (code, printed) = check(rules.path(), &[]);

    assert_eq!(code, Some(0), "{printed}");

    symlink(".", rules.path().join("itself.toml")).unwrap();
    let (code, printed) = check(rules.path(), &[]);

    assert!(
        code == Some(1) && printed.contains("itself.toml: cannot read the file: this is a folder"),
        "{printed}"
    );
}

/// A folder with a copy of one fixture.
fn recorded() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let hook = folder.path().join("registrationHookSSR");
    fs::create_dir(&hook).unwrap();
    for name in ["guide-allow.request.json", "guide-allow.response.json"] {
        let from = repository("tests/guide/fixtures/registrationHookSSR").join(name);
        fs::copy(from, hook.join(name)).unwrap();
    }
    folder
}

#[test]
fn replay_neither_reads_nor_writes_through_a_link() {
    let mut failures = Failures::default();

    for (kind, arguments) in [("request", &[][..]), ("response", &[]), ("response", &["--update"])]
    {
        let folder = recorded();
        let file = folder.path().join(format!("registrationHookSSR/guide-allow.{kind}.json"));
        let elsewhere = folder.path().join("elsewhere");
        fs::rename(&file, &elsewhere).unwrap();
        let before = fs::read(&elsewhere).unwrap();
        symlink("../elsewhere", &file).unwrap();
        let output = run(program().arg("replay").arg(folder.path()).args(arguments), b"");

        failures.check_eq(format!("{kind} {arguments:?}"), output.status.code(), Some(1));
        let printed = text(&output.stdout);
        failures.check_contains(kind, printed, "this is a symbolic link");
        failures.check_eq(kind, fs::read(&elsewhere).unwrap(), before);
    }

    failures.assert_none();
}

#[test]
fn replay_and_coverage_do_not_follow_a_link_to_a_folder() {
    let folder = recorded();
    symlink("registrationHookSSR", folder.path().join("registrationHookPP")).unwrap();

    let output = run(program().arg("replay").arg(folder.path()), b"");

    assert!(text(&output.stdout).contains("registrationHookPP: this is a symbolic link"));

    let rules = repository("tests/guide/rules");
    let (code, printed) = check(&rules, &["--coverage", folder.path().to_str().unwrap()]);

    assert!(code == Some(1) && printed.contains("this is a symbolic link"), "{printed}");
}

/// A response that differs from the answer now, so that `replay --update` replaces it.
const OUTDATED: &str = "{}";

/// Writes an outdated response to the fixture in this folder. Returns its path.
fn write_outdated_response(folder: &Path) -> PathBuf {
    let response = folder.join("registrationHookSSR/guide-allow.response.json");
    fs::write(&response, OUTDATED).unwrap();
    response
}

#[test]
fn update_replaces_a_fixture_with_the_same_permissions_and_leaves_other_links_to_it_alone() {
    let folder = recorded();
    let response = write_outdated_response(folder.path());
    let other_name = folder.path().join("other name");
    fs::hard_link(&response, &other_name).unwrap();
    fs::set_permissions(&response, fs::Permissions::from_mode(0o640)).unwrap();

    let output = run(program().arg("replay").arg(folder.path()).arg("--update"), b"");

    assert!(text(&output.stdout).ends_with("\n1 passed, 0 failed\n"));
    assert!(fs::read_to_string(&response).unwrap().contains("ALLOW"));
    assert_eq!(fs::read_to_string(&other_name).unwrap(), OUTDATED);
    assert_eq!(fs::metadata(&response).unwrap().permissions().mode() & 0o777, 0o640);
    // The request and the response, and no temporary file.
    assert_eq!(fs::read_dir(response.parent().unwrap()).unwrap().count(), 2);
}

/// With `ulimit -f 0`, the kernel kills the program when it writes the first byte to a file.
#[test]
fn an_interrupted_update_leaves_the_old_fixture() {
    let folder = recorded();
    let response = write_outdated_response(folder.path());
    let unlimited = program();
    let mut shell = Command::new("sh");
    shell.current_dir(unlimited.get_current_dir().unwrap());
    shell.args(["-c", "ulimit -c 0; ulimit -f 0; exec \"$0\" \"$@\""]);
    shell.arg(unlimited.get_program());
    shell.arg("replay").arg(folder.path());

    let output = run(shell.arg("--update"), b"");

    assert_eq!(output.status.code(), None, "{}", text(&output.stdout));
    assert_eq!(fs::read_to_string(&response).unwrap(), OUTDATED);

    // The file that the program began to write is hidden, so it is not taken for a fixture.
    let output = run(program().arg("replay").arg(folder.path()).arg("--update"), b"");

    assert!(text(&output.stdout).ends_with("\n1 passed, 0 failed\n"));
}

#[test]
fn replay_reads_large_or_special_response_files_in_bounded_time() {
    let folder = recorded();
    let hook = folder.path().join("registrationHookSSR");
    let response = hook.join("guide-allow.response.json");
    let mut failures = Failures::default();

    for (name, content, expected) in [
        ("too large", " ".repeat(MIB + 1), "larger than 1 MiB"),
        // The indentation of so many levels would fill terabytes.
        ("nested", "[".repeat(MIB / 2) + &"]".repeat(MIB / 2), " more lines\n"),
        // Finding the shortest difference would take minutes.
        ("many lines", format!("[{}0]", "1,2,".repeat(MIB / 5)), "+++ the answer now"),
    ] {
        fs::write(&response, content).unwrap();
        let mut replay = program();
        replay.arg("replay").arg(folder.path());
        let output = run(&mut with_processor_limit(&replay, TIME_LIMIT), b"");

        failures.check_eq(name, output.status.code(), Some(1));
        failures.check(name, text(&output.stdout).contains(expected));
    }

    failures.assert_none();

    fs::remove_file(&response).unwrap();
    make_pipe(&response);
    let output = run(program().arg("replay").arg(folder.path()), b"");

    assert!(text(&output.stdout).contains("this is a pipe"));
}

fn eval(arguments: &[&str]) -> Command {
    let mut command = program();
    command.args(["eval", "registrationHookSSR"]).args(arguments);
    command
}

#[test]
fn eval_reads_a_request_from_a_pipe() {
    let folder = tempfile::tempdir().unwrap();
    let body = registration(r#"{"login":"a@okta.com","email":"a@okta.com"}"#);
    let pipe = folder.path().join("pipe");
    make_pipe(&pipe);
    let mut eval = eval(&[pipe.to_str().unwrap()]);
    let child = eval.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();

    File::options().write(true).open(&pipe).unwrap().write_all(&body).unwrap();

    assert!(text(&child.wait_with_output().unwrap().stdout).contains("ALLOW"));
}

#[test]
fn eval_reads_an_endless_input_only_up_to_the_body_limit() {
    let output = run(&mut eval(&["/dev/zero"]), b"");

    assert_eq!(output.status.code(), Some(2));

    let printed = text(&output.stderr);

    assert!(printed.contains("/dev/zero: the request is larger than 256 KiB"), "{printed}");
    assert!(printed.contains("server.body_limit"), "{printed}");

    let zero = File::open("/dev/zero").unwrap();
    let output = eval(&[]).stdin(zero).output().unwrap();

    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("standard input: the request is larger than"));
}

#[test]
fn eval_obeys_the_configured_body_limit() {
    let body = registration(r#"{"login":"a@okta.com","email":"a@okta.com"}"#);
    let mut failures = Failures::default();

    for (limit, code) in [(body.len(), 0), (body.len() - 1, 2)] {
        let mut command = eval(&[]);
        command.env("HOOK__SERVER__BODY_LIMIT", limit.to_string());

        failures.check_eq(limit, run(&mut command, &body).status.code(), Some(code));
    }

    failures.assert_none();
}

#[test]
fn the_rules_files_of_a_folder_have_up_to_2_mib_together() {
    let comment = "#".repeat(MIB - 200);
    let large = |comment: &str| format!("{RULE}digits = 4\n{comment}\n");
    let (first, second) = (large(&comment), large(&comment));
    let mut files = vec![("a.toml", first.as_str()), ("b.toml", second.as_str())];
    let folder = rules_folder(&files);

    assert!(load_rules(folder.path()).is_ok());

    let third = large(&comment[..1000]);
    files.push(("c.toml", &third));
    let folder = rules_folder(&files);
    let found = load_rules(folder.path()).err().unwrap();

    assert_eq!(found.total(), 1, "{found:?}");
    assert!(
        found[0].message.contains("all rules files together have more than 2 MiB"),
        "{found:?}"
    );
}

/// One message may repeat a name a hundred times, so long names would fill it.
#[test]
fn a_name_of_an_attribute_has_up_to_255_bytes() {
    let rule = |length: usize| {
        RULE.replace("'email'", &format!("'{}'", "a".repeat(length))) + "digits = 4\n"
    };

    assert!(problems(&rule(255)).is_empty());
    assert!(problems(&rule(256))[0].message.contains("the name has 256 bytes"));
}

/// Without a limit, each example is compared with a hundred names, or described with a hundred reasons.
#[test]
fn many_wrong_examples_take_bounded_time() {
    let name = |index: usize| format!("{}{index}", "a".repeat(25));
    let attributes: Vec<String> = (0..100).map(name).collect();
    let parts: Vec<String> =
        attributes.iter().map(|name| format!("{{ attribute = '{name}', digits = 4 }}")).collect();
    let unknown = format!("{{ {}b = 1 }},", "a".repeat(28));
    let timer = CpuTimer::start();
    let mut failures = Failures::default();

    for (requirement, example) in [
        (format!("attributes = {attributes:?}\ndigits = 4"), unknown.as_str()),
        (format!("any = [{}]", parts.join(",")), "{},"),
    ] {
        let examples = example.repeat(13_000);
        let rules = RULE.replace("attribute = 'email'", &requirement)
            + &format!("examples.pass = [{examples}]\n");
        let found = problems(&rules);

        failures.check(example, found.total() > 100);
    }

    failures.assert_none();

    assert!(is_quick(&timer), "{:?}", timer.taken());
}

/// A simple search for repeated names compares each name with all names before it.
#[test]
fn a_file_of_lookup_results_with_very_many_columns_takes_bounded_time() {
    let lookup = "[self_service_registration.lookups.member]\nfile = 'members.csv'\nmatch = { number = '{number}' }\nreturns = ['level']\n";
    let rules = format!("{lookup}{RULE}digits = 4\n");
    let folder = rules_folder(&[("hook.toml", &rules), ("members.csv", "number,level\n1,2\n")]);
    let columns: Vec<String> = (0..85_000).map(|column| format!("\"{column}\":1")).collect();
    let results = folder.path().join("results.json");
    fs::write(&results, format!("{{\"member\":{{{}}}}}", columns.join(","))).unwrap();
    let mut command = program();
    command.args(["eval", "hook", "--rules"]).arg(folder.path());
    command.arg("--lookups").arg(&results);
    let limited = &mut with_processor_limit(&command, TIME_LIMIT);

    let output = run(limited, &registration(r#"{"number":"1"}"#));

    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("`member`: unknown column `0`"));
}
