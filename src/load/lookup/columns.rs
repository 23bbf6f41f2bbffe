//! The columns that a lookup in a table names: `match`, `ignore_case` and `returns`.

use crate::{
    load::{
        fields::Fields,
        template::{is_template, read_template},
    },
    nearest::unknown,
    problem::SpanProblem,
    rule::{
        node::{Content, Node, Spanned},
        template::{Piece, Template},
        value_name::ValueName,
    },
};

/// How many columns each list of a lookup may name.
const MOST_COLUMNS: usize = 100;

/// The attributes by which most lookups find people.
const COMMON_KEYS: [&str; 2] = ["email", "login"];

/// The columns that a lookup names.
pub(super) struct NamedColumns {
    /// The columns of `match`.
    pub(super) keys: Vec<KeyColumn>,
    /// The columns of `returns`.
    pub(super) returned: Vec<Spanned<String>>,
}

/// A column of `match`: a row is found if this column equals a value.
pub(super) struct KeyColumn {
    pub(super) name: Spanned<String>,
    /// The text that the column must equal.
    pub(super) template: Template<ValueName>,
    /// Whether the case of ASCII letters is ignored.
    pub(super) ignores_case: bool,
}

impl KeyColumn {
    /// The text that the column must equal in every request. Returns `None` if it depends on the request.
    pub(super) fn constant(&self) -> Option<&str> {
        match self.template.pieces.as_slice() {
            [Piece::Text(constant)] => Some(constant),
            _ => None,
        }
    }

    /// A hint if the column is compared with a constant that is probably meant as the name of a value: the
    /// column's own name, `email` or `login`.
    pub(super) fn placeholder_hint(&self) -> Option<String> {
        let constant = self.constant()?;
        if !self.equals_its_name() && !COMMON_KEYS.contains(&constant) {
            return None;
        }
        let name = &self.name.value;
        Some(format!(
            "`match` compares `{name}` with the text `{constant}` itself; for the value of the form write `{name} = \"{{{constant}}}\"`"
        ))
    }

    /// Whether the column must equal the text of its own name, which is hardly ever a value.
    pub(super) fn equals_its_name(&self) -> bool {
        self.constant() == Some(&self.name)
    }

    /// Whether a request can ask for a row with this cell. No request asks for an empty text.
    pub(super) fn can_equal(&self, cell: &str) -> bool {
        match self.constant() {
            Some(constant) if self.ignores_case => constant.eq_ignore_ascii_case(cell),
            Some(constant) => constant == cell,
            None => !cell.is_empty(),
        }
    }
}

impl NamedColumns {
    /// Reads `match`, `ignore_case` and `returns`. Returns `None` if one of them has a problem.
    pub(super) fn read(fields: &Fields<'_>) -> Option<Self> {
        let before = fields.problem_count();
        let keys = read_match(fields);
        let returned = read_returns(fields);
        let case_ignored = read_ignore_case(fields);
        let mut keys = keys?;
        for column in &case_ignored {
            ignore_case_of(column, &mut keys, fields);
        }
        if fields.problem_count() > before { None } else { Some(Self { keys, returned }) }
    }

    /// A hint for each constant of `match` that is probably meant as the name of a value.
    pub(super) fn placeholder_hints(&self) -> Vec<String> {
        self.keys.iter().filter_map(KeyColumn::placeholder_hint).collect()
    }

    /// The names of the returned columns.
    pub(super) fn returned_names(&self) -> Vec<String> {
        self.returned.iter().map(|column| column.value.clone()).collect()
    }

    /// All columns: the keys, then the returned ones.
    pub(super) fn all(&self) -> impl Iterator<Item = &Spanned<String>> {
        self.keys.iter().map(|key| &key.name).chain(&self.returned)
    }
}

/// Reads `match`: columns and the values that they must equal. Returns `None` if the columns
/// cannot be read.
fn read_match(fields: &Fields<'_>) -> Option<Vec<KeyColumn>> {
    let node = fields.required_node("match")?;
    let table = fields.ok_or_report(node.table(r#"{ number = "{memberNumber}" }"#))?;
    let mut keys = Vec::new();
    if table.0.is_empty() {
        fields.report(node.problem("an empty table matches every row; name at least one column"));
    }
    if table.0.len() > MOST_COLUMNS {
        fields.report(too_many_columns(node, table.0.len()));
        return None;
    }
    for entry in &table.0 {
        if is_template(&entry.key) {
            fields.report(entry.problem(
                "the column stands on the left, and the value on the right, as in `email = \"{email}\"`",
            ));
            return None;
        }
        let name = Spanned::new(entry.key.clone(), entry.key_span.clone());
        // An invalid value makes the lookup invalid. Its column is kept all the same, because `ignore_case` may
        // name it.
        let template = fields.ok_or_report(read_key_value(&entry.value, fields));
        let template = template.unwrap_or_else(|| Template { pieces: Vec::new() });
        keys.push(KeyColumn { name, template, ignores_case: false });
    }
    Some(keys)
}

/// Reads the value that a column must equal: a template, or a constant.
fn read_key_value(node: &Node, fields: &Fields<'_>) -> Result<Template<ValueName>, SpanProblem> {
    let constant = match &node.content {
        Content::Text(text) if is_template(text) => {
            return read_template(node, text, |name| {
                ValueName::parse_name(name, node, fields.scope)
            });
        }
        Content::Text(_) => node.text()?.to_owned(),
        Content::Integer(integer) => integer.to_string(),
        Content::Boolean(boolean) => boolean.to_string(),
        _ => return Err(node.expected("a string, an integer or a boolean")),
    };
    Ok(Template { pieces: vec![Piece::Text(constant)] })
}

/// Reads `returns`: the columns that rules may use. Returns an empty list if the key is absent.
fn read_returns(fields: &Fields<'_>) -> Vec<Spanned<String>> {
    let mut columns: Vec<Spanned<String>> = Vec::new();
    for item in fields.optional("returns", column_items).unwrap_or_default() {
        let Some(name) = fields.ok_or_report(item.text()) else {
            continue;
        };
        if columns.iter().any(|column| column.value == name) {
            fields.report(item.problem(format!("`{name}` is listed twice; leave one out")));
        } else {
            columns.push(Spanned::new(name.to_owned(), item.span.clone()));
        }
    }
    columns
}

/// The items of a list of columns. Fails if they are too many.
fn column_items(node: &Node) -> Result<&[Node], SpanProblem> {
    let columns = node.list(r#"["lastName"]"#)?;
    if columns.len() > MOST_COLUMNS {
        return Err(too_many_columns(node, columns.len()));
    }
    Ok(columns)
}

fn too_many_columns(node: &Node, count: usize) -> SpanProblem {
    node.problem(format!("these are {count} columns; up to {MOST_COLUMNS} are allowed"))
}

/// Reads `ignore_case`: the names of columns of `match`. Returns an empty list if the key is absent.
fn read_ignore_case(fields: &Fields<'_>) -> Vec<Spanned<String>> {
    let mut columns = Vec::new();
    for item in fields.optional("ignore_case", column_items).unwrap_or_default() {
        if let Some(name) = fields.ok_or_report(item.text()) {
            columns.push(Spanned::new(name.to_owned(), item.span.clone()));
        }
    }
    columns
}

/// Ignores the case of a column of `match`. Reports a column that is not among the keys.
fn ignore_case_of(column: &Spanned<String>, keys: &mut [KeyColumn], fields: &Fields<'_>) {
    match keys.iter_mut().find(|key| key.name.value == column.value) {
        Some(key) => key.ignores_case = true,
        None => {
            let known = keys.iter().map(|key| key.name.as_str());
            let message = unknown("column of `match`", column, known);
            fields.report(SpanProblem::at(column.span.clone(), message));
        }
    }
}
