//! RFC 8259, read by hand and slowly.
//!
//! The grammar is the RFC's. The service refuses more than the grammar does: duplicate names, lone
//! surrogates, deep nesting, numbers beyond a double. The reader does not stop at these. It notes them
//! in [`Document::faults`], because a token's claims may contain them.

/// The deepest nesting that is allowed.
const DEPTH: usize = 127;
/// The deepest nesting that is read at all, so that the stack suffices.
const DEPTH_READ: usize = 1000;

/// A JSON text.
pub struct Document<'a> {
    pub top: Json<'a>,
    /// The problems that a strict reader refuses.
    pub faults: Vec<&'static str>,
}

/// A JSON value and the bytes that it was written with.
pub struct Json<'a> {
    pub kind: Kind<'a>,
    pub source: &'a str,
}

pub enum Kind<'a> {
    Null,
    Boolean,
    Number,
    Text(String),
    List(Vec<Json<'a>>),
    /// The members in their order.
    Object(Vec<(String, Json<'a>)>),
}

impl<'a> Json<'a> {
    /// The text of a string, or `None` for any other value.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value of a number, or `None` for any other value.
    pub fn number(&self) -> Option<f64> {
        match self.kind {
            Kind::Number => self.source.parse().ok(),
            _ => None,
        }
    }

    /// The members of this name. There is none where the value is not an object.
    pub fn members(&self, name: &str) -> Vec<&Json<'a>> {
        let mut found = Vec::new();
        if let Kind::Object(members) = &self.kind {
            for (key, value) in members {
                if key == name {
                    found.push(value);
                }
            }
        }
        found
    }

    /// The one member of this name, or `None` where there is no such member or several.
    pub fn member(&self, name: &str) -> Option<&Json<'a>> {
        match self.members(name)[..] {
            [one] => Some(one),
            _ => None,
        }
    }
}

/// Reads a text as JSON. `None` where it does not follow the grammar.
pub fn parse(text: &str) -> Option<Document<'_>> {
    let mut reader = Reader { text, at: 0, faults: Vec::new() };
    reader.skip_white_space();
    let top = reader.value(1)?;
    reader.skip_white_space();
    if reader.at < text.len() {
        return None;
    }
    Some(Document { top, faults: reader.faults })
}

struct Reader<'a> {
    text: &'a str,
    /// The next byte to read.
    at: usize,
    faults: Vec<&'static str>,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Reads this byte, or returns `None` where another one stands here.
    fn expect(&mut self, byte: u8) -> Option<()> {
        if self.peek()? != byte {
            return None;
        }
        self.at += 1;
        Some(())
    }

    /// Reads these bytes, or returns `None` where others stand here.
    fn expect_word(&mut self, word: &str) -> Option<()> {
        for byte in word.bytes() {
            self.expect(byte)?;
        }
        Some(())
    }

    fn skip_white_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Reads a value. An array or object here stands at this depth; the top level is 1.
    fn value(&mut self, depth: usize) -> Option<Json<'a>> {
        let start = self.at;
        let kind = match self.peek()? {
            b'n' => {
                self.expect_word("null")?;
                Kind::Null
            }
            b't' => {
                self.expect_word("true")?;
                Kind::Boolean
            }
            b'f' => {
                self.expect_word("false")?;
                Kind::Boolean
            }
            b'"' => Kind::Text(self.string()?),
            b'[' => Kind::List(self.list(depth)?),
            b'{' => Kind::Object(self.object(depth)?),
            _ => {
                self.number()?;
                Kind::Number
            }
        };
        Some(Json { kind, source: &self.text[start..self.at] })
    }

    fn list(&mut self, depth: usize) -> Option<Vec<Json<'a>>> {
        self.check_depth(depth)?;
        self.expect(b'[')?;
        self.skip_white_space();
        let mut items = Vec::new();
        if self.peek()? == b']' {
            self.at += 1;
            return Some(items);
        }
        loop {
            self.skip_white_space();
            items.push(self.value(depth + 1)?);
            self.skip_white_space();
            if self.peek()? == b']' {
                self.at += 1;
                return Some(items);
            }
            self.expect(b',')?;
        }
    }

    fn object(&mut self, depth: usize) -> Option<Vec<(String, Json<'a>)>> {
        self.check_depth(depth)?;
        self.expect(b'{')?;
        self.skip_white_space();
        let mut members: Vec<(String, Json<'a>)> = Vec::new();
        if self.peek()? == b'}' {
            self.at += 1;
            return Some(members);
        }
        loop {
            self.skip_white_space();
            let name = self.string()?;
            if members.iter().any(|(other, _)| *other == name) {
                self.faults.push("a name occurs twice in one object");
            }
            self.skip_white_space();
            self.expect(b':')?;
            self.skip_white_space();
            let value = self.value(depth + 1)?;
            members.push((name, value));
            self.skip_white_space();
            if self.peek()? == b'}' {
                self.at += 1;
                return Some(members);
            }
            self.expect(b',')?;
        }
    }

    fn check_depth(&mut self, depth: usize) -> Option<()> {
        if depth > DEPTH {
            self.faults.push("arrays and objects are nested too deep");
        }
        if depth > DEPTH_READ { None } else { Some(()) }
    }

    fn string(&mut self) -> Option<String> {
        self.expect(b'"')?;
        let mut text = String::new();
        loop {
            let letter = self.text[self.at..].chars().next()?;
            self.at += letter.len_utf8();
            match letter {
                '"' => return Some(text),
                '\\' => text.push(self.escape()?),
                '\0'..='\u{1f}' => return None,
                _ => text.push(letter),
            }
        }
    }

    /// Reads what follows a backslash.
    fn escape(&mut self) -> Option<char> {
        let letter = self.peek()?;
        self.at += 1;
        match letter {
            b'"' => Some('"'),
            b'\\' => Some('\\'),
            b'/' => Some('/'),
            b'b' => Some('\u{8}'),
            b'f' => Some('\u{c}'),
            b'n' => Some('\n'),
            b'r' => Some('\r'),
            b't' => Some('\t'),
            b'u' => self.unicode_escape(),
            _ => None,
        }
    }

    /// Reads what follows `\u`, and the second half where it is the first of a surrogate pair.
    fn unicode_escape(&mut self) -> Option<char> {
        let first = self.four_hexadecimal_digits()?;
        if (0xd800..0xdc00).contains(&first) {
            let before = self.at;
            if self.expect_word("\\u").is_some() {
                let second = self.four_hexadecimal_digits()?;
                if (0xdc00..0xe000).contains(&second) {
                    let code = 0x10000 + (first - 0xd800) * 0x400 + (second - 0xdc00);
                    return char::from_u32(code);
                }
            }
            self.at = before;
        }
        match char::from_u32(first) {
            Some(letter) => Some(letter),
            None => {
                self.faults.push("a surrogate stands alone");
                Some(char::REPLACEMENT_CHARACTER)
            }
        }
    }

    fn four_hexadecimal_digits(&mut self) -> Option<u32> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = char::from(self.peek()?).to_digit(16)?;
            code = code * 16 + digit;
            self.at += 1;
        }
        Some(code)
    }

    fn number(&mut self) -> Option<()> {
        let start = self.at;
        if self.peek()? == b'-' {
            self.at += 1;
        }
        if self.peek()? == b'0' {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        let value: f64 = self.text[start..self.at].parse().ok()?;
        if value.is_infinite() {
            self.faults.push("a number is beyond an IEEE 754 double");
        }
        Some(())
    }

    /// Reads at least one digit.
    fn digits(&mut self) -> Option<()> {
        if !self.peek()?.is_ascii_digit() {
            return None;
        }
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        Some(())
    }
}
