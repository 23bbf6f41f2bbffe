//! A text for the end user, in one language or several.

use std::iter::successors;

use super::node::{Content, Fault, Node};

/// A text and its translations.
pub struct Text {
    default: String,
    /// By language tag, in lower case and with hyphens.
    translations: Vec<(String, String)>,
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
            match entry.key.as_str() {
                "default" => default = Ok(text),
                tag if is_tag(tag) => translations.push((plain(tag), text)),
                other => {
                    let way_out = "write `fr` or `pt-BR`, or `default`";
                    return Err(entry.fault(format!("`{other}` is no language; {way_out}")));
                }
            }
        }
        Ok(Self { default: default?, translations })
    }

    /// The text in this language: by the whole tag, else by less and less of it (RFC 4647 §3.4), else
    /// the default.
    pub(crate) fn in_language(&self, tag: Option<&str>) -> &str {
        let Some(tag) = tag.filter(|_| !self.translations.is_empty()).map(plain) else {
            return &self.default;
        };
        let known = |tag: &str| self.translations.iter().find(|(known, _)| known == tag);
        let mut shorter = successors(Some(&*tag), |tag| Some(tag.rsplit_once('-')?.0));
        shorter.find_map(known).map_or(&self.default, |(_, text)| text)
    }
}

fn is_tag(tag: &str) -> bool {
    tag.split(['-', '_']).all(|part| {
        (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

/// Okta writes a `locale` as `pt_BR` and a `preferredLanguage` as RFC 9110 §12.5.4 does: `pt-BR`, or
/// a list of which the first counts.
fn plain(tag: &str) -> String {
    let first = tag.split([',', ';']).next().unwrap_or_default();
    first.trim().replace('_', "-").to_ascii_lowercase()
}
