//! Reads the crate's source: files, lines, and the modules that each file imports.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use crate::support::repository;

/// A file of `src`.
pub struct SourceFile {
    /// Its path in the repository: `src/auth/keys.rs`.
    pub name: String,
    /// Its module's path in the crate: `auth::keys`. `lib.rs` and `main.rs` have an empty one.
    pub module: String,
    pub text: String,
}

/// A line and its place: `src/auth/keys.rs:12`.
pub struct Line<'a> {
    pub place: String,
    pub text: &'a str,
}

impl SourceFile {
    fn open(path: &Path) -> Self {
        let name = path.strip_prefix(repository("")).unwrap().to_str().unwrap().to_owned();
        let module = name.trim_start_matches("src/").trim_end_matches(".rs").replace('/', "::");
        let module = match module.as_str() {
            "lib" | "main" => String::new(),
            _ => module,
        };
        Self { name, module, text: fs::read_to_string(path).unwrap() }
    }

    /// The first part of its module's path: `auth` of `auth::keys`.
    pub fn top_module(&self) -> &str {
        self.module.split("::").next().unwrap()
    }

    pub fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        (1..)
            .zip(self.text.lines())
            .map(|(number, text)| Line { place: format!("{}:{number}", self.name), text })
    }

    /// The lines that are not comments.
    pub fn code_lines(&self) -> impl Iterator<Item = Line<'_>> {
        self.lines().filter(|line| !line.text.trim_start().starts_with("//"))
    }

    fn code(&self) -> String {
        let mut code = String::new();
        for line in self.code_lines() {
            code += line.text;
            code.push('\n');
        }
        code
    }

    /// The names that its `use` declarations bring in.
    pub fn imported_names(&self) -> Vec<ImportedName> {
        imported_names(&tokens(&self.code()))
    }

    /// The modules that its paths from `crate`, `super` and `self` lead to.
    pub fn imports(&self, modules: &BTreeSet<String>) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for path in paths(&tokens(&self.code())) {
            if let Some(module) = nearest_module(&absolute(&self.module, &path), modules)
                && module != self.module
            {
                found.insert(module);
            }
        }
        found
    }
}

/// A name that a `use` brings into a file.
#[derive(Debug, PartialEq)]
pub struct ImportedName {
    pub name: String,
    pub is_alias: bool,
    /// The first part of the path: `crate`, a module, or a package.
    pub root: String,
}

/// The names that the `use` declarations of these tokens bring in: each name that ends a path.
fn imported_names(tokens: &[&str]) -> Vec<ImportedName> {
    let mut names = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if tokens[at] != "use" {
            at += 1;
            continue;
        }
        at += 1;
        let root = tokens[at];
        while at < tokens.len() && tokens[at] != ";" {
            let is_alias = tokens[at - 1] == "as";
            let ends_path = matches!(tokens[at + 1], "," | "}" | ";") && tokens[at] != "}";
            if ends_path {
                names.push(ImportedName {
                    name: tokens[at].to_owned(),
                    is_alias,
                    root: root.to_owned(),
                });
            }
            at += 1;
        }
    }
    names
}

/// The files of `src`, in the order of their names.
pub fn source_files() -> Vec<SourceFile> {
    let mut files = Vec::new();
    for path in files_below(&repository("src"), &|_| true) {
        if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(SourceFile::open(&path));
        }
    }
    assert!(files.len() > 50, "only {} files", files.len());
    files
}

/// The files of these modules and of the modules in them. Each module must have a file.
pub fn files_of<'a>(files: &'a [SourceFile], modules: &[&str]) -> Vec<&'a SourceFile> {
    for module in modules {
        assert!(files.iter().any(|file| file.top_module() == *module), "no module `{module}`");
    }
    files.iter().filter(|file| modules.contains(&file.top_module())).collect()
}

/// Every file below a folder, without those for whose path `is_wanted` is false.
pub fn files_below(folder: &Path, is_wanted: &dyn Fn(&Path) -> bool) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if !is_wanted(&path) {
            continue;
        }
        if path.is_dir() {
            found.append(&mut files_below(&path, is_wanted));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Splits code into names, `::`, and single other characters. Drops white space.
fn tokens(code: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_') {
            None => rest.len(),
            Some(0) if rest.starts_with("::") => 2,
            Some(0) => first.len_utf8(),
            Some(end) => end,
        };
        let (token, after) = rest.split_at(length);
        tokens.push(token);
        rest = after.trim_start();
    }
    tokens
}

/// The paths that begin with `crate`, `super` or `self`. Each part of a group gives a path: `crate::{a, b}`
/// gives two.
fn paths<'a>(tokens: &[&'a str]) -> Vec<Vec<&'a str>> {
    let mut paths = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let is_inside_a_path = at > 0 && tokens[at - 1] == "::";
        let is_start = matches!(*token, "crate" | "super" | "self") && !is_inside_a_path;
        if is_start && tokens.get(at + 1) == Some(&"::") {
            collect_paths(&tokens[at..], &[], &mut paths);
        }
    }
    paths
}

/// Adds the path, or the group of paths, that these tokens begin with. Returns how many tokens it takes.
fn collect_paths<'a>(
    tokens: &[&'a str],
    prefix: &[&'a str],
    paths: &mut Vec<Vec<&'a str>>,
) -> usize {
    let mut path = prefix.to_vec();
    let mut at = 0;
    while at < tokens.len() {
        if tokens[at] == "{" {
            return at + collect_group(&tokens[at..], &path, paths);
        }
        path.push(tokens[at]);
        if tokens.get(at + 1) != Some(&"::") {
            at += 1;
            break;
        }
        at += 2;
    }
    paths.push(path);
    at
}

/// Adds the paths of the group in braces that these tokens begin with. Returns how many tokens the group takes.
fn collect_group<'a>(
    tokens: &[&'a str],
    prefix: &[&'a str],
    paths: &mut Vec<Vec<&'a str>>,
) -> usize {
    let mut at = 1;
    while at < tokens.len() && tokens[at] != "}" {
        at += collect_paths(&tokens[at..], prefix, paths);
        // Skips a new name, as in `a as b`, and the comma.
        while at < tokens.len() && tokens[at] != "}" && tokens[at - 1] != "," {
            at += 1;
        }
    }
    at + 1
}

/// A path in this module, from the crate's root: in `a::b`, `super::c` is `a::c`.
fn absolute<'a>(module: &'a str, path: &[&'a str]) -> Vec<&'a str> {
    let mut whole: Vec<&str> = match path.first() {
        Some(&"crate") => Vec::new(),
        _ => module.split("::").collect(),
    };
    for part in path {
        match *part {
            "crate" | "self" => {}
            "super" => drop(whole.pop()),
            name => whole.push(name),
        }
    }
    whole
}

/// The longest beginning of a path that is a module.
fn nearest_module(path: &[&str], modules: &BTreeSet<String>) -> Option<String> {
    let mut length = path.len();
    while length > 0 {
        let name = path[..length].join("::");
        if modules.contains(&name) {
            return Some(name);
        }
        length -= 1;
    }
    None
}

#[test]
fn imports_are_found_in_groups_and_relative_paths() {
    let modules = ["a", "a::b", "a::c", "d", "e", "f"].map(str::to_owned).into();
    let text =
        "use crate::{\n    d::{self, X as Y},\n    e,\n};\n// crate::f\nuse super::{c::Z, W};\n";
    let file = SourceFile {
        name: "src/a/b.rs".to_owned(),
        module: "a::b".to_owned(),
        text: text.to_owned(),
    };

    let imports = file.imports(&modules);

    assert_eq!(imports, ["a", "a::c", "d", "e"].map(str::to_owned).into());
}

#[test]
fn imported_names_are_found_in_groups_and_as_aliases() {
    let text = "use a::{b::C, D as E};\nuse crate::F;\nlet x = G;\n";
    let import = |name: &str, is_alias, root: &str| ImportedName {
        name: name.to_owned(),
        is_alias,
        root: root.to_owned(),
    };

    let names = imported_names(&tokens(text));

    assert_eq!(
        names,
        [import("C", false, "a"), import("E", true, "a"), import("F", false, "crate")]
    );
}
