//! A text for the end user, in one language or several.

use super::node::{Content, Fault, Node};
use crate::okta::language::LanguageTag;

/// A text and its translations.
pub struct Text {
    default: String,
    translations: Vec<(LanguageTag, String)>,
}

impl Text {
    /// A text without translations.
    pub fn new(default: impl Into<String>) -> Self {
        Self { default: default.into(), translations: Vec::new() }
    }

    /// Reads `"…"` or `{ default = "…", fr = "…", pt-BR = "…" }`.
    pub(crate) fn read(node: &Node) -> Result<Self, Fault> {
        let Content::Table(table) = &node.content else {
            return node.text().map(Self::new);
        };
        let mut default = Err(node.fault("`default` is missing, for all other languages"));
        let mut translations = Vec::new();
        for entry in &table.0 {
            let text = entry.value.text()?.to_owned();
            if entry.key == "default" {
                default = Ok(text);
            } else if let Some(tag) = LanguageTag::parse(&entry.key) {
                translations.push((tag, text));
            } else {
                let hint = "write `fr` or `pt-BR`, or `default`";
                return Err(entry.fault(format!("`{}` is no language; {hint}", entry.key)));
            }
        }
        Ok(Self { default: default?, translations })
    }

    /// The text in this language, or in the nearest more general one, else the default.
    pub(crate) fn in_language(&self, language: Option<&LanguageTag>) -> &str {
        let Some(language) = language else {
            return &self.default;
        };
        for tag in language.fallbacks() {
            if let Some(text) = self.translation(tag) {
                return text;
            }
        }
        &self.default
    }

    fn translation(&self, tag: &str) -> Option<&str> {
        let found = self.translations.iter().find(|(known, _)| known.as_str() == tag);
        found.map(|(_, text)| text.as_str())
    }
}
