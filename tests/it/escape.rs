//! Control, bidirectional and invisible characters are escaped in logs and terminals.

use std::{
    fs,
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};

use log::LevelFilter;
use regex_automata::meta::Regex;
use registration_hook::{
    clock,
    decision_log::{DecisionId, DecisionLog, Line, debug_context},
    escape,
    okta::DecisionKind,
    pipeline,
    settings::{LogFormat, LogSettings, LogTarget},
};
use serde_json::{Value, json};

use crate::support::{
    BASIC, Failures, Service, hook, program, registration, rules_folder, run, text,
};

/// One character of each kind: C0, DEL, C1, line ends, embeddings, isolates, marks, invisible ones,
/// and one beyond the BMP.
const HOSTILE: &str = "\u{1b}[2J\u{7f}\u{85}\u{9b}31m\r\n\u{2028}\u{2029}\u{202e}\u{2066}\u{200e}\u{200f}\u{61c}\u{feff}\u{200b}\u{ad}\u{fe0f}\u{e0041}";

/// The text as a string of TOML. JSON's form is one, except that TOML does not allow DEL as it is.
fn toml_string(text: &str) -> String {
    Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}

fn is_clean(text: &str) -> bool {
    !text.chars().any(escape::is_hidden)
}

/// Fails if a line has a hidden character.
fn assert_clean_lines(log: &str) {
    for line in log.lines() {
        assert!(is_clean(line), "{line:?}");
    }
}

#[test]
fn hidden_characters_are_those_of_unicode() {
    let class = r"[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]";
    let hidden = Regex::new(class).unwrap();
    let mut failures = Failures::default();

    for letter in '\0'..=char::MAX {
        let expected = hidden.is_match(&*letter.encode_utf8(&mut [0; 4]));

        if escape::is_hidden(letter) != expected {
            failures.add(format!("{letter:?} is hidden: {expected}"));
        }
    }

    failures.assert_none();
}

#[test]
fn escaped_text_shows_hidden_characters_as_code_points() {
    assert_eq!(escape::line("Ünïcode, ’quotes’ and 名字"), "Ünïcode, ’quotes’ and 名字");
    assert_eq!(escape::line("a\u{202e}b\n\t\u{9b}"), r"a\u{202e}b\n\t\u{9b}");
    assert_eq!(escape::lines("a\u{202e}\nb\r\n"), "a\\u{202e}\nb\\r\n");
    assert_eq!(escape::excerpt("éé\u{85}xyz", 3), r"éé\u{85}…");
    assert_eq!(escape::excerpt("éé\u{85}", 3), r"éé\u{85}");

    let mut out = Vec::new();
    escape::json(&mut out, "\"\\é\u{85}\u{e0041}\n");

    assert_eq!(text(&out), r#""\"\\é\u0085\udb40\udc41\u000a""#);
}

#[test]
fn an_excerpt_cannot_end_its_own_backticks() {
    assert_eq!(escape::in_backticks("a` b", 3), r"`a\u{60} …`");
}

#[test]
fn escaped_json_decodes_to_the_original_character() {
    let mut failures = Failures::default();

    for letter in '\0'..=char::MAX {
        let mut out = Vec::new();
        escape::json(&mut out, letter.encode_utf8(&mut [0; 4]));
        let decoded: char = serde_json::from_slice(&out).unwrap();

        if !is_clean(text(&out)) || decoded != letter {
            failures.add(format!("{letter:?}"));
        }
    }

    failures.assert_none();
}

fn start(path: &Path, format: LogFormat) -> Arc<DecisionLog> {
    let decisions = LogTarget::File(path.to_owned());
    DecisionLog::start(&LogSettings { level: LevelFilter::Info, decisions, format })
        .unwrap()
        .unwrap()
}

#[test]
fn decision_lines_have_no_hidden_characters_in_both_formats() {
    let rules = format!(
        "[[self_service_registration.rules]]\nid = {}\nattribute = 'a'\ndigits = 1\nmessage = 'm'\n",
        toml_string(HOSTILE)
    );
    let hook = hook(&rules);
    let body = registration("{}");
    let answer = pipeline::answer(&hook, &body, &clock::facts()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut written = Vec::new();
    for format in [LogFormat::Json, LogFormat::Human] {
        let path = folder.path().join("decisions");
        let log = start(&path, format);
        let line = Line {
            time: SystemTime::now(),
            id: DecisionId::next(),
            hook: Some(HOSTILE),
            flow: None,
            decision: Some(DecisionKind::Deny),
            status: "200",
            reason: None,
            event_id: Some(HOSTILE),
            verdicts: &answer.verdicts,
            lookups: &[],
            rules_revision: "r",
            caller: Some(&format!("oauth:{HOSTILE}")),
            duration: Duration::ZERO,
        };
        log.write(&line);
        assert!(is_clean(&debug_context(&line)));
        log.finish();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 1, "{text:?}");
        assert_clean_lines(&text);
        written.push(text);
        fs::remove_file(&path).unwrap();
    }

    let json: Value = serde_json::from_str(&written[0]).unwrap();

    assert_eq!(json["event_id"], HOSTILE);
    assert_eq!(json["caller"], format!("oauth:{HOSTILE}"));
    assert_eq!(json["rules"][0]["id"], HOSTILE);
    assert!(written[1].contains(r"\u{202e}"), "{}", written[1]);
}

#[test]
fn messages_about_a_hostile_path_have_no_hidden_characters() {
    let parent = tempfile::tempdir().unwrap();
    // Settings refuse control characters in a path, but not these.
    let folder = parent.path().join("rules\u{202e}\u{2028}\u{2066}\u{feff}");
    fs::create_dir(&folder).unwrap();
    let good = "[self_service_registration]\nallow_all = true\n";
    fs::write(folder.join("hook.toml"), good).unwrap();
    let mut command = program();
    command.env("HOOK__SERVER__BIND", "127.0.0.1:0").env("HOOK__RULES__RELOAD", "200ms");
    let service = Service::spawn(command.envs(BASIC).arg("--rules").arg(&folder));
    fs::write(folder.join("hook.toml"), format!("'{}' = 1\n", "\u{202e}\u{2028}")).unwrap();

    let log = service.wait_for_log("not reloaded");

    assert!(log.contains(r"\u{202e}") && log.contains(r"\u{2066}"), "{log}");
    assert_clean_lines(&log);

    let mut eval = program();
    let output = run(eval.args(["eval", "hook", "--rules"]).arg(&folder), b"{}");

    assert_eq!(output.status.code(), Some(2));
    assert_clean_lines(text(&output.stderr));

    let mut missing = program();
    let output = run(missing.args(["eval", HOSTILE, HOSTILE]), b"{}");

    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains(r"\u{202e}"), "{}", text(&output.stderr));
    assert_clean_lines(text(&output.stderr));
}

#[test]
fn an_explanation_has_no_hidden_characters() {
    let id = toml_string(HOSTILE);
    let rules = format!(
        "[[self_service_registration.rules]]\nid = {id}\nattribute = 'a'\ndigits = 1\nmessage = 'm'\n"
    );
    let folder = rules_folder(&[("hook.toml", &rules)]);
    let mut eval = program();

    let output = run(
        eval.args(["eval", "hook", "--explain", "--rules"]).arg(folder.path()),
        &registration(&json!({"a": "x"}).to_string()),
    );

    assert_eq!(output.status.code(), Some(1));

    let printed = text(&output.stderr);

    assert!(printed.lines().count() > 2 && printed.contains(r"\u{202e}"), "{printed}");
    assert_clean_lines(printed);
}
