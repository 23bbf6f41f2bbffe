//! A text for the end user, in one language or several.

use super::node::{Content, Node, Table};
use crate::{okta::language::LanguageTag, problem::SpanProblem};

/// A text and its translations.
pub struct Text {
    default: String,
    translations: Vec<Translation>,
}

struct Translation {
    tag: LanguageTag,
    text: String,
}

impl Text {
    /// A text without translations.
    pub fn new(default: impl Into<String>) -> Self {
        Self { default: default.into(), translations: Vec::new() }
    }

    /// Reads `"…"` or `{ default = "…", fr = "…", pt-BR = "…" }`.
    pub(crate) fn read_text(node: &Node) -> Result<Self, SpanProblem> {
        match &node.content {
            Content::Table(table) => Self::read_translations(node, table),
            Content::List(_) => Err(node.expected("`\"…\"` or `{ default = \"…\", fr = \"…\" }`")),
            _ => Ok(Self::new(node.text()?)),
        }
    }

    /// Reads a text from a table. Reports a missing `default` at the table's node.
    fn read_translations(node: &Node, table: &Table) -> Result<Self, SpanProblem> {
        let mut default = None;
        let mut translations = Vec::new();
        for entry in &table.0 {
            let text = entry.value.text()?.to_owned();
            if entry.key == "default" {
                default = Some(text);
            } else if let Some(tag) = LanguageTag::parse(&entry.key) {
                translations.push(Translation { tag, text });
            } else {
                let hint = "write `fr` or `pt-BR`, or `default`";
                return Err(entry.problem(format!("`{}` is not a language; {hint}", entry.key)));
            }
        }
        match default {
            Some(default) => Ok(Self { default, translations }),
            None => Err(node.problem("`default` is missing, for all other languages")),
        }
    }

    /// The text in this language, or in the nearest more general one, else the default.
    pub(crate) fn in_language(&self, language: Option<&LanguageTag>) -> &str {
        let Some(language) = language else {
            return &self.default;
        };
        for tag in language.fallbacks() {
            for translation in &self.translations {
                if translation.tag.as_str() == tag {
                    return &translation.text;
                }
            }
        }
        &self.default
    }
}
