//! An identifier: `{ generate = "uuid" }`, `{ generate = "digits", length = 8 }`.

use std::ops::RangeInclusive;

use crate::{
    load::fields::Fields,
    problem::SpanProblem,
    rule::{
        node::{Content, Node},
        set::{Generator, IdentifierKind, Recipe},
    },
};

/// How many digits an identifier may have. Shorter ones would soon repeat.
const LENGTHS: RangeInclusive<u32> = 4..=30;

/// The kinds of identifier that a rules file can name.
#[derive(Clone, Copy)]
enum Generated {
    Uuid,
    Digits,
}

const NAMES: [(&str, Generated); 2] = [("uuid", Generated::Uuid), ("digits", Generated::Digits)];

pub(super) fn read_generator(fields: &Fields<'_>, attribute: &str) -> Option<Recipe> {
    let kind = match fields.required("generate", |node| node.choice("identifier", &NAMES))? {
        Generated::Uuid => IdentifierKind::Uuid,
        Generated::Digits => IdentifierKind::Digits(fields.required("length", read_length)?),
    };
    Some(Recipe::Generated(Box::new(Generator::new(kind, fields.file.hook, attribute))))
}

fn read_length(node: &Node) -> Result<u32, SpanProblem> {
    let Content::Integer(length) = node.content else {
        return Err(node.expected("an integer without quotes, such as `8`"));
    };
    match u32::try_from(length) {
        Ok(length) if LENGTHS.contains(&length) => Ok(length),
        _ => {
            let (least, most) = (LENGTHS.start(), LENGTHS.end());
            Err(node.problem(format!("expected a number of digits from {least} to {most}")))
        }
    }
}
