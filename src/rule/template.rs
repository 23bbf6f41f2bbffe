//! Texts with names in them: `"{firstName} {lastName}"`.

/// A text with names in it, each of which stands for a value.
pub(crate) struct Template<N> {
    pub(crate) pieces: Vec<Piece<N>>,
}

/// A piece of a template.
pub(crate) enum Piece<N> {
    /// This text.
    Text(String),
    /// The value of this name.
    Name(N),
}

impl<N> Template<N> {
    /// The names in their order.
    pub(crate) fn names(&self) -> Vec<&N> {
        let mut names = Vec::new();
        for piece in &self.pieces {
            if let Piece::Name(name) = piece {
                names.push(name);
            }
        }
        names
    }

    /// The text, if it has no names.
    pub(crate) fn constant(&self) -> Option<String> {
        let mut whole = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => whole.push_str(text),
                Piece::Name(_) => return None,
            }
        }
        Some(whole)
    }
}
