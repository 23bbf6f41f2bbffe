//! A text for the end user: a string, or one a language.

use crate::rule::{
    node::{Content, Fault, Node},
    text::Text,
};

/// Reads `"…"` or `{ default = "…", fr = "…" }`.
pub(super) fn read(node: &Node) -> Result<Text, Fault> {
    let Content::Table(table) = &node.content else {
        return Ok(Text::new(node.text()?.to_owned(), []));
    };
    let mut default = None;
    let mut translations = Vec::new();
    for entry in &table.0 {
        let text = entry.value.text()?.to_owned();
        let is_tag = |tag: &str| {
            tag.split(['-', '_']).all(|part| {
                (1..=8).contains(&part.len())
                    && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
            })
        };
        match entry.key.as_str() {
            "default" => default = Some(text),
            tag if is_tag(tag) => translations.push((tag.to_owned(), text)),
            other => {
                let message =
                    format!("`{other}` is no language; write `fr` or `pt-BR`, or `default`");
                return Err(Fault { span: entry.key_span.clone(), message });
            }
        }
    }
    let default =
        default.ok_or_else(|| node.fault("`default` is missing, for all other languages"))?;
    Ok(Text::new(default, translations))
}
