//! Checks that the modules of each crate form layers: no module depends on itself, directly or through others.
//!
//! A dependency is on the module that defines an item, not on one that re-exports it. Tests and documentation do not count. Calls of
//! methods are not seen: a module that calls a method defined in an `impl` block elsewhere does not name that module.

use crate::run::root;
use proc_macro2::{TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The dependencies of each module, each with an item that causes it.
type Graph = BTreeMap<String, BTreeMap<String, String>>;

/// Fails with one cycle of each crate that has cycles.
pub fn check() -> Result<(), String> {
    let mut cycles = Vec::new();
    let crates = root().join("crates");
    for folder in list(&crates)? {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let sources = read(&folder.join("src"))?;
        let graph = graph(&sources);
        match cycle(&graph) {
            Some(cycle) => cycles.push(format!("{name}: {cycle}")),
            None => println!("{name}: {} modules in layers", graph.len()),
        }
    }
    if cycles.is_empty() { Ok(()) } else { Err(format!("modules form a cycle:\n{}", cycles.join("\n"))) }
}

/// Prints the dependencies between the modules of each crate.
pub fn print() -> Result<(), String> {
    for folder in list(&root().join("crates"))? {
        println!("{}", folder.file_name().unwrap_or_default().to_string_lossy());
        for (module, dependencies) in graph(&read(&folder.join("src"))?) {
            let dependencies: Vec<&str> = dependencies.keys().map(String::as_str).collect();
            println!("  {module} -> {}", dependencies.join(", "));
        }
    }
    Ok(())
}

fn list(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    Ok(paths)
}

/// The modules below a folder with their tokens. `lib.rs` and `main.rs` may depend on every module and are excluded.
fn read(source: &Path) -> Result<BTreeMap<String, Vec<String>>, String> {
    let mut modules = BTreeMap::new();
    let mut folders = vec![source.to_owned()];
    while let Some(folder) = folders.pop() {
        for path in list(&folder)? {
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            if path.extension().is_none_or(|extension| extension != "rs") {
                continue;
            }
            let below = path.strip_prefix(source).unwrap_or(&path).with_extension("");
            let mut parts: Vec<String> =
                below.iter().map(|part| part.to_string_lossy().into_owned()).collect();
            if parts.last().is_some_and(|part| part == "mod") {
                parts.pop();
            }
            if matches!(parts.first().map(String::as_str), Some("lib" | "main" | "bin") | None) {
                continue;
            }
            let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            let stream: TokenStream = text.parse().map_err(|error| format!("{}: {error}", path.display()))?;
            let mut tokens = Vec::new();
            flatten(stream, &mut tokens);
            modules.insert(parts.join("::"), tokens);
        }
    }
    Ok(modules)
}

/// The tokens in order, delimiters included, without modules that are compiled for tests only.
fn flatten(stream: TokenStream, tokens: &mut Vec<String>) {
    let mut is_for_tests = false;
    for tree in stream {
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    proc_macro2::Delimiter::Parenthesis => ("(", ")"),
                    proc_macro2::Delimiter::Brace => ("{", "}"),
                    proc_macro2::Delimiter::Bracket => ("[", "]"),
                    proc_macro2::Delimiter::None => ("", ""),
                };
                let is_body = open == "{";
                if !(is_body && std::mem::take(&mut is_for_tests)) {
                    tokens.push(open.to_owned());
                    flatten(group.stream(), tokens);
                    tokens.push(close.to_owned());
                }
                if tokens.ends_with(&["[", "cfg", "(", "test", ")", "]"].map(String::from)) {
                    is_for_tests = true;
                }
            }
            other => {
                let token = other.to_string();
                // `#[cfg(test)] mod testing;` has no body, and the next one is not its own.
                is_for_tests &= token != ";";
                tokens.push(token);
            }
        }
    }
}

fn graph(modules: &BTreeMap<String, Vec<String>>) -> Graph {
    let mut owners: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for (module, tokens) in modules {
        for item in items(tokens) {
            owners.entry(item).or_default().insert(module);
        }
    }
    let mut graph = Graph::new();
    for (module, tokens) in modules {
        let edges = graph.entry(module.clone()).or_default();
        for (owner, item) in used_of_children(module, tokens, &owners) {
            edges.entry(owner).or_insert(item);
        }
        for path in paths(module, tokens, modules) {
            if let Some(owner) = owner(&path, modules, &owners).filter(|owner| owner != module) {
                edges.entry(owner).or_insert_with(|| path.last().cloned().unwrap_or_default());
            }
        }
    }
    graph
}

/// The items of its children that a module re-exports and uses without a path.
fn used_of_children(
    module: &str,
    tokens: &[String],
    owners: &BTreeMap<String, BTreeSet<&str>>,
) -> Vec<(String, String)> {
    let re_exported = re_exported(tokens);
    let mut used = Vec::new();
    let mut is_use = false;
    for (at, token) in tokens.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| tokens.get(before)).map_or("", String::as_str);
        match token.as_str() {
            "use" => is_use = true,
            ";" => is_use = false,
            _ if is_use
                || continues_path(tokens, at)
                || matches!(before, "." | "struct" | "enum" | "fn" | "trait" | "type" | "const") => {}
            item if item.starts_with(|c: char| c.is_ascii_uppercase()) || re_exported.contains(item) => {
                let mut defining = owners.get(item).into_iter().flatten();
                let child =
                    |owner: &&&str| owner.strip_prefix(module).is_some_and(|rest| rest.starts_with("::"));
                let own = owners.get(item).is_some_and(|owners| owners.contains(module));
                if let Some(owner) = defining.find(child).filter(|_| !own) {
                    used.push(((*owner).to_owned(), item.to_owned()));
                }
            }
            _ => {}
        }
    }
    used
}

/// Whether the token follows `::`; one colon introduces a type.
fn continues_path(tokens: &[String], at: usize) -> bool {
    at >= 2 && tokens[at - 2..at].iter().all(|token| token == ":")
}

/// The names that a module re-exports.
fn re_exported(tokens: &[String]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (at, token) in tokens.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| tokens.get(before)).map_or("", String::as_str);
        if token == "use" && matches!(before, "pub" | ")") {
            let end = tokens[at..].iter().position(|token| token == ";").map_or(tokens.len(), |end| at + end);
            let mut found = Vec::new();
            tree(&tokens[at + 1..end], &[], &mut found);
            names.extend(found.into_iter().filter_map(|mut path| path.pop()));
        }
    }
    names
}

/// The names that a module defines, including those declared by the macros for operations and models.
fn items(tokens: &[String]) -> Vec<String> {
    let mut items = Vec::new();
    let mut depth = 0_u32;
    for (at, token) in tokens.iter().enumerate() {
        let next = |ahead: usize| tokens.get(at + ahead).map_or("", String::as_str);
        match token.as_str() {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => depth = depth.saturating_sub(1),
            "struct" | "enum" if depth <= 1 => items.push(next(1).to_owned()),
            "fn" | "trait" | "type" | "const" | "static" if depth == 0 => items.push(next(1).to_owned()),
            "macro_rules" if depth == 0 => items.push(next(2).to_owned()),
            "operation" if depth == 1 && next(2) == "{" => items.push(next(1).to_owned()),
            _ => {}
        }
    }
    items
}

/// The paths within the crate that a module uses, from the crate's root.
fn paths(module: &str, tokens: &[String], modules: &BTreeMap<String, Vec<String>>) -> Vec<Vec<String>> {
    let is_child = |name: &str| modules.contains_key(&format!("{module}::{name}"));
    let mut paths = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let is_after_path = continues_path(tokens, at);
        if token == "use" {
            let is_public =
                at > 0 && tokens.get(at - 1).is_some_and(|before| before == "pub" || before == ")");
            let end = tokens[at..].iter().position(|token| token == ";").map_or(tokens.len(), |end| at + end);
            let mut found = Vec::new();
            tree(&tokens[at + 1..end], &[], &mut found);
            // A facade re-exports items of its own children.
            for path in found {
                if path.first().is_some_and(|first| is_child(first)) && !is_public {
                    paths.push(module.split("::").map(String::from).chain(path).collect());
                } else {
                    paths.extend(absolute(module, &path));
                }
            }
            at = end;
        } else if !is_after_path && (matches!(token.as_str(), "crate" | "super" | "self") || is_child(token))
        {
            let mut path = if is_child(token) { vec!["self".to_owned()] } else { Vec::new() };
            path.push(token.clone());
            while tokens.get(at + 1).is_some_and(|colon| colon == ":")
                && tokens
                    .get(at + 3)
                    .is_some_and(|name| name.starts_with(|c: char| c.is_alphabetic() || c == '_'))
            {
                path.extend(tokens.get(at + 3).cloned());
                at += 3;
            }
            // A single word is a visibility, the receiver of a method, or a variable.
            if path.len() > if is_child(token) { 2 } else { 1 } {
                paths.extend(absolute(module, &path));
            }
        }
        at += 1;
    }
    paths
}

/// The paths of a `use` declaration.
fn tree(tokens: &[String], prefix: &[String], found: &mut Vec<Vec<String>>) {
    let mut path = prefix.to_vec();
    let (mut at, mut is_renamed) = (0, false);
    while let Some(token) = tokens.get(at) {
        match token.as_str() {
            ":" => {}
            "as" => is_renamed = true,
            "," => {
                found.push(std::mem::replace(&mut path, prefix.to_vec()));
                is_renamed = false;
            }
            "{" => {
                let mut depth = 0_u32;
                let end = tokens[at..].iter().position(|token| {
                    match token.as_str() {
                        "{" => depth += 1,
                        "}" => depth -= 1,
                        _ => {}
                    }
                    depth == 0
                });
                let end = end.map_or(tokens.len(), |end| at + end);
                tree(&tokens[at + 1..end], &path, found);
                path.clear();
                at = end;
            }
            _ if is_renamed => {}
            name => path.push(name.to_owned()),
        }
        at += 1;
    }
    found.push(path);
    found.retain(|path| path.len() > 1);
}

/// A path that starts with `crate`, `super` or `self`, from the crate's root; `None` for others.
fn absolute(module: &str, path: &[String]) -> Option<Vec<String>> {
    let mut base: Vec<String> = match path.first()?.as_str() {
        "crate" => return Some(path.get(1..)?.to_vec()),
        "super" | "self" => module.split("::").map(String::from).collect(),
        _ => return None,
    };
    let mut rest = path;
    while let [first, more @ ..] = rest {
        match first.as_str() {
            "super" => {
                base.pop();
            }
            "self" => {}
            _ => break,
        }
        rest = more;
    }
    base.extend_from_slice(rest);
    Some(base)
}

/// The module that defines what a path names.
fn owner(
    path: &[String],
    modules: &BTreeMap<String, Vec<String>>,
    owners: &BTreeMap<String, BTreeSet<&str>>,
) -> Option<String> {
    let (module, length) = (0..=path.len())
        .rev()
        .map(|length| (path.get(..length).unwrap_or_default().join("::"), length))
        .find(|(module, length)| *length == 0 || modules.contains_key(module))?;
    let Some(item) = path.get(length) else { return (length > 0).then_some(module) };
    let none = BTreeSet::new();
    let defining = owners.get(item).unwrap_or(&none);
    if defining.contains(module.as_str()) {
        return Some(module);
    }
    let mut below =
        defining.iter().filter(|owner| module.is_empty() || owner.starts_with(&format!("{module}::")));
    match (below.next(), below.next()) {
        (Some(owner), None) => Some((*owner).to_owned()),
        _ => (length > 0).then_some(module),
    }
}

/// A cycle: the modules, and the items that cause the dependencies between them.
fn cycle(graph: &Graph) -> Option<String> {
    let mut done = BTreeSet::new();
    for start in graph.keys() {
        let mut trail: Vec<&str> = Vec::new();
        if let Some(found) = walk(graph, start, &mut trail, &mut done) {
            return Some(found);
        }
    }
    None
}

fn walk<'a>(
    graph: &'a Graph,
    module: &'a str,
    trail: &mut Vec<&'a str>,
    done: &mut BTreeSet<&'a str>,
) -> Option<String> {
    if let Some(at) = trail.iter().position(|earlier| *earlier == module) {
        let mut text = String::new();
        let circle = trail.get(at..).unwrap_or_default();
        for (from, to) in circle.iter().zip(circle.iter().skip(1).chain([&module])) {
            let item = graph.get(*from).and_then(|edges| edges.get(*to)).map_or("", String::as_str);
            text.push_str(&format!("{from} -> ({item}) "));
        }
        return Some(text + module);
    }
    if done.contains(module) {
        return None;
    }
    trail.push(module);
    for next in graph.get(module)?.keys() {
        if let Some(found) = walk(graph, next, trail, done) {
            return Some(found);
        }
    }
    trail.pop();
    done.insert(module);
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modules(files: &[(&str, &str)]) -> BTreeMap<String, Vec<String>> {
        let read = |(name, text): &(&str, &str)| {
            let mut tokens = Vec::new();
            flatten(text.parse().unwrap(), &mut tokens);
            ((*name).to_owned(), tokens)
        };
        files.iter().map(read).collect()
    }

    fn found(files: &[(&str, &str)]) -> Option<String> {
        cycle(&graph(&modules(files)))
    }

    #[test]
    fn a_cycle_is_named_with_its_items() {
        let error = ("error", "use crate::descriptor::Descriptor; pub struct Error;");
        let descriptor =
            ("descriptor", "pub struct Descriptor; impl Descriptor { fn x() { crate::error::Error; } }");
        assert_eq!(
            found(&[error, descriptor]).as_deref(),
            Some("descriptor -> (Error) error -> (Descriptor) descriptor")
        );
        assert_eq!(found(&[error, ("descriptor", "pub struct Descriptor;")]), None);
    }

    #[test]
    fn a_facade_is_not_the_owner_of_what_it_re_exports() {
        let pacing = ("pacing", "mod error; pub use error::PaceError; pub trait Pacer {}");
        let error = ("pacing::error", "pub struct PaceError;");
        let user = ("client", "use crate::{PaceError, pacing::Pacer};");
        assert_eq!(found(&[pacing, error, user]), None);
        let error = ("pacing::error", "use super::Pacer; pub struct PaceError;");
        assert_eq!(found(&[pacing, error, user]), None, "a re-export is not a dependency");
        let uses = ("pacing", "mod error; use error::PaceError; pub trait Pacer {}");
        assert!(found(&[uses, error, user]).is_some());
        let names = ("pacing", "mod error; pub use error::*; pub trait Pacer { fn acquire() -> PaceError; }");
        assert!(found(&[names, error, user]).is_some(), "a module that re-exports an item may also use it");
    }

    #[test]
    fn a_path_in_the_type_of_a_field_or_argument_is_a_dependency() {
        let error = ("error", "use crate::client::Client; pub struct Error;");
        assert!(found(&[error, ("client", "pub struct Client { error: crate::error::Error }")]).is_some());
        let child = ("token::flight", "use super::Source; pub struct Flight;");
        let parent = ("token", "mod flight; pub use flight::Flight; pub struct Source { of: Flight }");
        assert!(found(&[parent, child]).is_some());
    }

    #[test]
    fn a_parent_that_names_a_child_in_its_code_depends_on_it() {
        let child = ("token::flight", "use super::Source; pub fn join() {}");
        let by_path = ("token", "mod flight; pub struct Source; fn x() { flight::join(); }");
        let by_name = ("token", "mod flight; pub use flight::join; pub struct Source; fn x() { join(); }");
        let facade = ("token", "mod flight; pub use flight::join; pub struct Source;");
        assert!(found(&[by_path, child]).is_some());
        assert!(found(&[by_name, child]).is_some());
        assert_eq!(found(&[facade, child]), None);
    }

    #[test]
    fn a_test_module_in_another_file_hides_nothing_of_this_one() {
        let error = ("error", "use crate::client::Client; pub struct Error;");
        let client = ("client", "#[cfg(test)] mod testing; pub struct Client { error: crate::error::Error }");
        assert!(found(&[error, client]).is_some());
    }

    #[test]
    fn macros_define_items_and_tests_do_not_count() {
        let get = (
            "get",
            "operations! { /// Gets.\n operation GetUser { Descriptor::get(1); decode { json: User } } }",
        );
        let user = (
            "user",
            "object! { pub struct User { pub id: u8 = \"id\" } } #[cfg(test)] mod tests { use crate::get::GetUser; }",
        );
        let other = ("other", "macro_rules! x { () => { $crate::get::GetUser } }");
        let graph = graph(&modules(&[get, user, other]));
        assert_eq!(items(&modules(&[get])["get"]), ["GetUser"]);
        assert!(graph["user"].is_empty() && graph["other"].contains_key("get"), "{graph:?}");
    }
}
