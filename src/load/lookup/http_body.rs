//! The JSON that an HTTP lookup posts, as a template of its text.

use crate::{
    load::template::{is_template, read_template},
    problem::SpanProblem,
    rule::{
        lookup::escape_json,
        node::{Content, Node, Table},
        template::{Piece, Template},
        value_name::{Scope, ValueName},
    },
};

/// Writes the template of a JSON text.
struct BodyWriter<'s> {
    pieces: Vec<Piece<ValueName>>,
    scope: &'s Scope,
}

/// An example of a body, for messages.
const EXAMPLE: &str = r#"{ email = "{email}" }"#;

/// Reads `body`. Its strings may be templates. All other values, and the keys, are constants.
pub(super) fn read_body(node: &Node, scope: &Scope) -> Result<Template<ValueName>, SpanProblem> {
    let mut writer = BodyWriter { pieces: Vec::new(), scope };
    writer.write_object(node.table(EXAMPLE)?)?;
    Ok(Template { pieces: writer.pieces })
}

impl BodyWriter<'_> {
    fn write_value(&mut self, node: &Node) -> Result<(), SpanProblem> {
        match &node.content {
            Content::Text(text) => self.write_string(node, text)?,
            Content::Integer(integer) => self.push_text(integer.to_string()),
            Content::Float(float) if float.ends_with("inf") || float.ends_with("nan") => {
                return Err(node.problem(format!("JSON has no number `{float}`")));
            }
            Content::Float(float) => self.push_text(float.clone()),
            Content::Boolean(boolean) => self.push_text(boolean.to_string()),
            Content::Table(table) => self.write_object(table)?,
            Content::List(items) => self.write_list(items)?,
            _ => {
                return Err(node.expected(
                    "a value of JSON: a string, a number, a boolean, a list or a table",
                ));
            }
        }
        Ok(())
    }

    fn write_object(&mut self, table: &Table) -> Result<(), SpanProblem> {
        self.push_text("{");
        for (index, entry) in table.0.iter().enumerate() {
            if is_template(&entry.key) {
                let message =
                    "a name in `body` is a constant; write `{…}` only in the strings after `=`";
                return Err(entry.problem(message));
            }
            let comma = if index > 0 { "," } else { "" };
            self.push_text(format!("{comma}\"{}\":", escape_json(&entry.key)));
            self.write_value(&entry.value)?;
        }
        self.push_text("}");
        Ok(())
    }

    fn write_list(&mut self, items: &[Node]) -> Result<(), SpanProblem> {
        self.push_text("[");
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.push_text(",");
            }
            self.write_value(item)?;
        }
        self.push_text("]");
        Ok(())
    }

    fn write_string(&mut self, node: &Node, text: &str) -> Result<(), SpanProblem> {
        let template =
            read_template(node, text, |name| ValueName::parse_name(name, node, self.scope))?;
        self.push_text("\"");
        for piece in template.pieces {
            match piece {
                Piece::Text(constant) => self.push_text(escape_json(&constant)),
                // The value is escaped when the template is filled in.
                Piece::Name(name) => self.pieces.push(Piece::Name(name)),
            }
        }
        self.push_text("\"");
        Ok(())
    }

    fn push_text(&mut self, text: impl Into<String>) {
        self.pieces.push(Piece::Text(text.into()));
    }
}
