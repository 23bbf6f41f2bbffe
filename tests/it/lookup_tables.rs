//! Lookups in CSV tables.

use crate::{
    lookups::{effects, rule},
    support::{Failures, load_rules, rules_folder},
};

/// A table that cannot be used.
struct InvalidTable<'t> {
    rules: &'t str,
    table: &'t str,
    message: &'t str,
}

#[test]
fn invalid_tables_are_problems_with_their_lines() {
    let lookup = |keys: &str| {
        format!(
            "[self_service_registration]\nallow_all = true\n[self_service_registration.lookups.m]\nfile = 't.csv'\n{keys}"
        )
    };
    let by_mail = lookup("match = { mail = '{email}' }\nreturns = ['role']\n");
    let folded = format!("{by_mail}ignore_case = ['mail']\n");
    let pending = lookup("match = { mail = '{email}', state = 'pending' }\n");
    let rows = [
        InvalidTable {
            rules: &by_mail,
            table: "mail,role\na,b\na,c\n",
            message: "in line 3 of the file: line 2 has the same `mail`; remove one of them",
        },
        InvalidTable {
            rules: &by_mail,
            table: "mail,role\n\na,b\n\r\n\"a\",c\n",
            message: "in line 5 of the file: line 3 has the same `mail`; remove one of them",
        },
        InvalidTable {
            rules: &folded,
            table: "mail,role\na,b\nA,c\n",
            message: "in line 3 of the file: line 2 has the same `mail`; remove one of them",
        },
        InvalidTable {
            rules: &pending,
            table: "mail,state\na,used\na,pending\na,used\na,pending\n",
            message: "in line 5 of the file: line 3 has the same `mail`, `state`; remove one of them",
        },
        InvalidTable {
            rules: &by_mail,
            table: "mail,role\n\0,\0\n",
            message: "cannot read `t.csv`: line 2 has a control character, U+0000; if the file is damaged, restore it, else delete the character",
        },
        InvalidTable {
            rules: &by_mail,
            table: "mail,role\na\n",
            message: "in line 2 of the file: expected 2 columns, as in the first line, found 1",
        },
        InvalidTable {
            rules: &by_mail,
            table: "mail,role\na,b\nc,\"d\ne,f\n",
            message: "in line 3 of the file: the quotes of a cell are not closed; double a quotation mark that belongs to the cell",
        },
        InvalidTable {
            rules: &by_mail,
            table: "mail,role\na,7\" screen\n",
            message: "in line 2 of the file: a quotation mark stands within a cell; put the cell in quotes, and double the mark",
        },
        InvalidTable {
            rules: &by_mail,
            table: "mail,role\n\"a, b\"@x.example,c\n",
            message: "in line 2 of the file: text follows the quotes of a cell; put the whole cell in quotes, and double a quotation mark in it",
        },
        InvalidTable {
            rules: &by_mail,
            table: "mail;role\na;b\n",
            message: "the file separates its cells by semicolons; save it as CSV with commas and in UTF-8",
        },
        InvalidTable {
            rules: &by_mail,
            table: "mail\trole\na\tb\n",
            message: "the file separates its cells by tabs; save it as CSV with commas and in UTF-8",
        },
        InvalidTable {
            rules: &by_mail,
            table: "mail,role\n\"\"\"a\nb\",\"c\nd,e\n",
            message: "in line 3 of the file: the quotes of a cell are not closed; double a quotation mark that belongs to the cell",
        },
        InvalidTable {
            rules: &by_mail,
            table: "\u{feff}\"mail\",role\r\n\"a\"b,\"c\r\nd\",e\r\n",
            message: "in line 2 of the file: text follows the quotes of a cell; put the whole cell in quotes, and double a quotation mark in it",
        },
        InvalidTable {
            rules: &by_mail,
            table: "mail,role\na ,b\"\n",
            message: "in line 2 of the file: a quotation mark stands within a cell; put the cell in quotes, and double the mark",
        },
        InvalidTable {
            rules: &by_mail,
            table: "mail,rol\na,b\n",
            message: "unknown column `role`; did you mean `rol`?",
        },
        InvalidTable {
            rules: &by_mail,
            table: "mail,role,mail\na,b,c\n",
            message: "the first line of the file names `mail` twice",
        },
        InvalidTable {
            rules: &by_mail,
            table: "",
            message: "the file is empty, so it was probably cut off; its first line names the columns",
        },
    ];
    let mut failures = Failures::default();

    for InvalidTable { rules, table, message } in rows {
        let folder = rules_folder(&[("h.toml", rules), ("t.csv", table)]);
        let problems = load_rules(folder.path()).err().unwrap_or_default();
        let messages: Vec<&str> = problems.iter().map(|one| one.message.as_str()).collect();

        failures.check_eq(format!("{rules}{table}"), messages.join("\n"), message);
    }

    failures.assert_none();
}

#[test]
fn a_table_finds_rows_by_all_of_their_keys_and_in_any_case_where_asked() {
    let rules = "[self_service_registration.lookups.m]\nfile = 't.csv'\nmatch = { mail = '{email}', state = 'pending' }\nignore_case = ['mail']\n".to_owned()
        + &rule("r", "lookup = 'm'");
    let table = "\u{feff}state,mail,more\r\npending,A@x.example,1\r\nused,b@x.example,2\r\npending,,3\r\npending,,4\r\n";
    let folder = rules_folder(&[("h.toml", &rules), ("t.csv", table)]);
    let rules = load_rules(folder.path()).unwrap_or_else(|problems| panic!("{}", problems[0]));
    let hook = &rules.hooks["h"];
    let mut failures = Failures::default();

    for (email, outcome) in
        [("a@X.example", "pass"), ("b@x.example", "fail"), ("a@x.example ", "fail"), ("", "fail")]
    {
        let form = format!(r#"{{"email":"{email}"}}"#);

        failures.check_eq(email, effects(hook, &form, None)["rules"].as_str().unwrap(), outcome);
    }

    failures.assert_none();
}

/// In ordinary work somebody removes the last row of a list, or the last one that can be found. The table stays
/// valid, so a reload accepts it.
#[test]
fn a_table_without_a_row_that_can_be_found_is_valid_and_finds_nobody() {
    let ban = "[self_service_registration.lookups.m]\nfile = 't.csv'\nmatch = { mail = '{email}', state = 'banned' }\n".to_owned()
        + &rule("r", "lookup = 'm'\nfound = false");
    let allow =
        "[self_service_registration.lookups.m]\nfile = 't.csv'\nmatch = { mail = '{email}' }\n"
            .to_owned()
            + &rule("r", "lookup = 'm'");
    let form = r#"{"email":"a@b.example"}"#;
    let mut failures = Failures::default();

    for (rules, full, emptied, outcomes) in [
        (&ban, "mail,state\na@b.example,banned\n", "mail,state\na@b.example,ok\n", "fail pass"),
        (&ban, "mail,state\na@b.example,banned\n", "mail,state\n", "fail pass"),
        (&allow, "mail\na@b.example\n", "mail\n", "pass fail"),
    ] {
        let mut seen = Vec::new();
        for table in [full, emptied] {
            let folder = rules_folder(&[("h.toml", rules), ("t.csv", table)]);
            match load_rules(folder.path()) {
                Ok(rules) => {
                    let answer = effects(&rules.hooks["h"], form, None);
                    seen.push(answer["rules"].as_str().unwrap().to_owned());
                }
                Err(problems) => seen.push(problems[0].message.clone()),
            }
        }
        failures.check_eq(emptied, seen.join(" "), outcomes);
    }

    failures.assert_none();
}
