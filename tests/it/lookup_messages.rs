//! Messages about lookups in rules files.

use crate::{
    lookups::{LOOKUP, TABLE, rule},
    support::{CpuTimer, Failures, load_rules, program, repository, rules_folder, run, text},
};

/// The messages about a rules file with this lookup, one per line.
fn messages(keys: &str, sections: &str) -> String {
    let rules = format!("[self_service_registration.lookups.m]\n{keys}\n{sections}");
    let table = ("t.csv", "email,role\na@x.example,admin\n");
    let folder = rules_folder(&[("h.toml", &rules), table]);
    let problems = load_rules(folder.path()).err().unwrap_or_default();
    let messages: Vec<&str> = problems.iter().map(|one| one.message.as_str()).collect();
    messages.join("\n")
}

#[test]
fn a_mistake_in_a_lookup_has_one_message_that_says_how_to_write_it() {
    let rule = rule("r", "lookup = 'm'");
    let mut failures = Failures::default();

    for (keys, message) in [
        (
            "match = { email = 'email' }",
            "the table has no row that can be found; `match` compares `email` with the text `email` itself; for the value of the form write `email = \"{email}\"`",
        ),
        (
            "match = { '{email}' = 'email' }",
            "the column stands on the left, and the value on the right, as in `email = \"{email}\"`",
        ),
        (
            "match = { email = '{email}' }\nreturns = ['role']\ncache = 60",
            "expected a duration from `1s` to `24h`, such as `60s`",
        ),
    ] {
        let keys = format!("file = 't.csv'\n{keys}");
        // The template uses a value of the lookup, and gets no message of its own.
        let set = "[self_service_registration.set]\nx = '{m.role}'\n";
        failures.check_eq(&keys, messages(&keys, &format!("{rule}{set}")), message);
    }

    failures.assert_none();
}

#[test]
fn a_lookup_that_is_called_like_an_attribute_is_one_problem() {
    let name = ":1:36: `email` is an attribute of the form; give the lookup another name\n";
    let mut failures = Failures::default();

    for (keys, value, count) in [
        ("match = { email = '{email}' }", "email.domain", "\n1 problem\n"),
        ("match = { email = '{email.domain}' }", "email.role", "\n1 problem\n"),
        // Another mistake in the lookup is a second problem. Neither problem hides the other.
        ("match = { email = '{email}' }", "email.rle", "\n2 problems\n"),
        ("mtch = { email = '{email}' }", "email.domain", "\n2 problems\n"),
        ("match = { email = '{email}' }\nretruns = ['x']", "email.x", "\n2 problems\n"),
    ] {
        let rules = format!(
            "[self_service_registration.lookups.email]\nfile = 't.csv'\nreturns = ['role']\n{keys}\n[[self_service_registration.rules]]\nid = 'r'\nmessage = 'm'\nattribute = '{value}'\nlocation = 'data.userProfile.email'\nreason = 'R'\none_of = ['x']\n"
        );
        let folder = rules_folder(&[("h.toml", &rules), ("t.csv", "email,role\na@x,y\n")]);
        let output = run(program().arg("check").arg("--rules").arg(folder.path()), b"");
        let printed = text(&output.stdout);

        failures.check_contains(printed, printed, name);
        failures.check(printed, printed.ends_with(count));
    }

    failures.assert_none();
}

#[test]
fn a_rule_that_only_asks_a_lookup_needs_a_reason_and_a_location() {
    let keys = "file = 't.csv'\nmatch = { email = '{email}' }";
    let location = "`location = \"data.userProfile.email\"`, the place of the message";
    let reason = "`reason = \"NOT_ADMITTED\"`, a word of your own";
    let why = "the rule names no attribute of the form";
    let mut failures = Failures::default();

    for (more, message) in [
        (
            "",
            format!(
                "{why}, so `reason` and `location` have no defaults; add {reason}, and {location}"
            ),
        ),
        (
            "location = 'data.userProfile.x'\n",
            format!("{why}, so `reason` has no default; add {reason}"),
        ),
        ("reason = 'R'\n", format!("{why}, so `location` has no default; add {location}")),
    ] {
        let rule = format!(
            "[[self_service_registration.rules]]\nid = 'r'\nmessage = 'm'\nlookup = 'm'\n{more}"
        );
        failures.check_eq(more, messages(keys, &rule), message);
    }

    failures.assert_none();
}

/// The notes of `check` on a section with this lookup and a rule that needs it.
fn notes_of(keys: &str, table: &str, rule_keys: &str) -> String {
    let rule = rule("r", rule_keys);
    let rules = format!("[self_service_registration.lookups.m]\n{keys}\n{rule}");
    let folder = rules_folder(&[("h.toml", &rules), ("t.csv", table)]);
    let mut command = program();
    command.env("HOOK__SOURCES__PEOPLE__URL", "postgres://hook@db.example/people");
    let output = run(command.arg("check").arg("--rules").arg(folder.path()), b"");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    let lines = text(&output.stdout).lines().filter(|line| line.starts_with("note: `h`"));
    let notes: Vec<&str> =
        lines.map(|line| line.rsplit("registration`: ").next().unwrap()).collect();
    notes.join("\n")
}

/// A lookup in a table, the keys of a rule, and the notes on them.
struct Noted {
    keys: &'static str,
    table: &'static str,
    rule: &'static str,
    notes: &'static str,
}

#[test]
fn check_notes_what_may_surprise_in_a_lookup() {
    let by_email = "file = 't.csv'\nmatch = { email = '{email}' }";
    let pending = "file = 't.csv'\nmatch = { email = '{email}', state = 'pending' }";
    let asked = "lookup = 'm'";
    let mut failures = Failures::default();

    for Noted { keys, table, rule, notes } in [
        Noted { keys: by_email, table: "email\na@x\nb@x\n", rule: asked, notes: "" },
        Noted {
            keys: by_email,
            table: "email,role\na@x , x\nb@x,y\n\"\",z\n,z\n",
            rule: asked,
            notes: "lookup `m`: 2 rows of `t.csv` can never be found: a cell in a column of `match` is empty, or differs from the constant there\n\
             lookup `m`: `t.csv` has 1 row with a space at the beginning or end of a cell; the space counts when the cell is compared",
        },
        Noted {
            keys: by_email,
            table: "email\nA@x\nb@x\n",
            rule: asked,
            notes: "lookup `m`: `t.csv` has 1 row with capital letters in `email`, and a value matches only with the same ones; to ignore case, add `ignore_case = [\"email\"]`",
        },
        Noted {
            keys: "file = 't.csv'\nmatch = { domain = '{email.domain}' }",
            table: "domain\nX.example\ny.example\n",
            rule: asked,
            notes: "lookup `m`: 1 row of `t.csv` can never be found: `email.domain` is always in lower case, normalized or a domain, and their `domain` is not",
        },
        Noted {
            keys: "file = 't.csv'\nmatch = { domain = '{email.domain}' }\nignore_case = ['domain']",
            table: "domain\nX.example\ny.example\n",
            rule: asked,
            notes: "",
        },
        Noted {
            keys: pending,
            table: "email,state\na@x,pending\nb@x,Pending\nc@x, pending\nd@x,used\n",
            rule: asked,
            notes: "lookup `m`: 3 rows of `t.csv` can never be found: a cell in a column of `match` is empty, or differs from the constant there\n\
             lookup `m`: 2 rows of `t.csv` cannot be found for one reason: a cell differs from the constant in `match` by outer spaces or by case",
        },
        Noted {
            keys: pending,
            table: "email,state\na@x,used\n",
            rule: "lookup = 'm'\nfound = false",
            notes: "lookup `m`: no row of `t.csv` can be found, so rules with `found = false` pass and others that need the lookup deny\n\
             lookup `m`: 1 row of `t.csv` can never be found: a cell in a column of `match` is empty, or differs from the constant there",
        },
        Noted {
            keys: by_email,
            table: "email\n",
            rule: asked,
            notes: "lookup `m`: no row of `t.csv` can be found, so rules with `found = false` pass and others that need the lookup deny",
        },
        Noted {
            keys: "source = 'people'\ntable = 't'\nmatch = { mail = 'email' }",
            table: "x\n",
            rule: asked,
            notes: "lookup `m`: `match` compares `mail` with the text `email` itself; for the value of the form write `mail = \"{email}\"`",
        },
        Noted {
            keys: "file = 't.csv'\nmatch = { number = '{memberNumbr}' }",
            table: "number\n1\n",
            rule: asked,
            notes: "`{memberNumbr}` in the question of the lookup `m`: `memberNumbr` is not a base attribute, and the file names it nowhere else; without it, `m` is not asked",
        },
        Noted {
            keys: "file = 't.csv'\nmatch = { number = '{memberNumber}' }",
            table: "number\n1\n",
            rule: "lookup = 'm'\nwhen = [{ attribute = 'memberNumber', digits = 1 }]",
            notes: "no rule always counts (each is shadow, has `when`, or needs a lookup with `when` or `on_failure = \"skip\"`), so some requests are allowed unjudged",
        },
        Noted {
            keys: by_email,
            table: "email\na@x\n",
            rule: "attribute = 'email'\nformat = 'email'",
            notes: "no rule and no attribute to set uses the lookup `m`",
        },
    ] {
        failures.check_eq(format!("{keys} {table}"), notes_of(keys, table, rule), notes);
    }

    failures.assert_none();
}

/// The problems of `check` on a lookup in the source `people` of these settings.
fn problems_with_settings(settings: &str) -> String {
    let rules = "[self_service_registration.lookups.m]\nsource = 'people'\ntable = 't'\nmatch = { email = '{email}' }\n";
    let rule = rule("r", "lookup = 'm'");
    let folder = rules_folder(&[("h.toml", &format!("{rules}{rule}"))]);
    let settings_folder = rules_folder(&[("settings", settings)]);
    let mut command = program();
    command.arg("check").arg("--config").arg(settings_folder.path().join("settings"));
    let output = run(command.arg("--rules").arg(folder.path()), b"");
    assert_eq!(output.status.code(), Some(1));
    text(&output.stdout).to_owned()
}

/// The rules name a source that the settings have. Only the source itself has a fault.
#[test]
fn a_fault_in_a_source_is_not_reported_as_an_unknown_source() {
    let mut failures = Failures::default();

    for (keys, problem) in [
        ("url = 'postgres://hook:pw@db.example/people'", "a password is not allowed here"),
        ("url = 'mysql://hook@db.example/people'", "expected a URL that starts with `https://`"),
        ("url = 'postgres://db.example/people'", "the URL names no user"),
        ("connections = 2", "is missing"),
        ("url = 'postgres://hook@db.example/people'\nconnections = = 2", "settings:3:"),
    ] {
        let printed = problems_with_settings(&format!("[sources.people]\n{keys}\n"));
        failures.check_contains(keys, &printed, problem);
        failures.check(&printed, printed.ends_with("\n1 problem\n"));
    }

    // Here the settings lack the source.
    let printed = problems_with_settings("[sources.peopel]\nurl = 'postgres://hook@db.example'\n");
    failures.check_contains("another name", &printed, "unknown source `people`");
    failures.assert_none();
}

#[test]
fn a_lookup_that_asks_about_a_value_that_no_form_has_is_a_problem() {
    let rules =
        "[self_service_registration.lookups.m]\nfile = 't.csv'\nmatch = { name = '{nickName}' }\n";
    let rules = format!("{rules}{}", rule("r", "lookup = 'm'"));
    let folder = rules_folder(&[("h.toml", &rules), ("t.csv", "name\nann\n")]);
    let mut command = program();
    command.arg("check").arg("--policy").arg(repository("tests/org/policy.json"));
    let output = run(command.arg("--rules").arg(folder.path()), b"");

    assert_eq!(output.status.code(), Some(1));
    let problem = "h.toml:3:18: `nickName` is never submitted: it is not on the form";
    assert!(text(&output.stdout).contains(problem), "{}", text(&output.stdout));
}

/// The limits bound the time: a load searches all lookups for each `lookup.column`, and a request asks them all.
#[test]
fn more_than_100_lookups_or_columns_are_a_problem() {
    let lookup = |name: usize| LOOKUP.replace("lookups.member]", &format!("lookups.l{name}]"));
    let lookups: String = (0..101).map(lookup).collect();
    let columns: Vec<String> = (0..101).map(|number| format!("c{number}")).collect();
    let keys: Vec<String> =
        columns.iter().map(|column| format!("{column} = \"{{memberNumber}}\"")).collect();
    let returns = LOOKUP.replace("[\"lastName\", \"level\"]", &format!("{columns:?}"));
    let matches = LOOKUP.replace("memberNumber = \"{memberNumber}\"", &keys.join(", "));
    let mut failures = Failures::default();

    for (rules, message) in [
        (lookups, "these are 101 lookups; a section has up to 100"),
        (returns, "these are 101 columns; up to 100 are allowed"),
        (matches, "these are 101 columns; up to 100 are allowed"),
    ] {
        let folder = rules_folder(&[("hook.toml", &rules), ("members.csv", TABLE)]);
        let problems = format!("{:?}", load_rules(folder.path()).err());
        failures.check_contains(message, &problems, message);
    }

    failures.assert_none();
}

/// To suggest a name, the load compares an unknown one with the names of a hundred lookups.
#[test]
fn many_unknown_names_of_lookups_take_bounded_time() {
    let mut rules = String::new();
    for number in 0..100 {
        let name = format!("lookups.l{number}{}]", "z".repeat(50));
        rules += &LOOKUP.replace("lookups.member]", &name);
    }
    for number in 0..3000 {
        rules += &rule(&number.to_string(), &format!("lookup = '{}'", "y".repeat(50)));
    }
    let folder = rules_folder(&[("hook.toml", &rules), ("members.csv", TABLE)]);
    let timer = CpuTimer::start();

    assert!(load_rules(folder.path()).is_err());
    assert!(timer.taken().as_secs() < 20, "{:?}", timer.taken());
}

#[test]
fn an_example_for_which_the_lookup_is_not_asked_is_a_problem() {
    let keys = "file = 't.csv'\nmatch = { email = '{email}' }\nwhen = [{ attribute = 'userType', one_of = ['member'] }]";
    let problem = "the conditions (`when`) of the lookup `m` do not hold for this example; add the attributes that they look at";
    let mut failures = Failures::default();

    for (example, message) in [
        ("email = 'a', m = 'not_found'", problem),
        ("userType = 'guest', m = 'not_found'", problem),
        // An example gives the result itself, so it needs no `email`, with which the lookup asks.
        ("userType = 'member', m = 'not_found'", ""),
    ] {
        let rule = rule("r", &format!("lookup = 'm'\nexamples.fail = [{{ {example} }}]"));
        failures.check_eq(example, messages(keys, &rule), message);
    }

    failures.assert_none();
}
