//! Checks the book in `docs/`: its chapters and their links. Their code is compiled by the doc tests of `tests/`.

use crate::run::{read, root, target};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Checks that each chapter is in the table of contents and in the doc tests, and that no link is broken. The documentation of the
/// crates must have been built.
pub fn check() -> Result<(), String> {
    let folder = root().join("docs/src");
    let entries = std::fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let files = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let chapters: BTreeSet<String> =
        files.filter(|name| name.ends_with(".md") && name != "SUMMARY.md").collect();
    let contents = read(&folder.join("SUMMARY.md"))?;
    let doc_tests = read(&root().join("tests/lib.rs"))?;

    let mut problems = Vec::new();
    let listed = links(&contents);
    for chapter in &chapters {
        if !listed.contains(&chapter.as_str()) {
            problems.push(format!("docs/src/SUMMARY.md does not list {chapter}"));
        }
        if !doc_tests.contains(&format!("../docs/src/{chapter}\"")) {
            problems.push(format!("tests/lib.rs does not compile {chapter}"));
        }
    }
    let mut count = 0;
    for file in chapters.iter().map(String::as_str).chain(["SUMMARY.md"]) {
        for link in links(&read(&folder.join(file))?) {
            count += 1;
            let problem = match Target::of(link) {
                Target::Elsewhere => None,
                Target::Chapter(name) => (!folder.join(name).exists()).then(|| "no such file".to_owned()),
                Target::Documentation { page, anchor } => missing(&target().join("doc").join(page), anchor),
            };
            problems.extend(problem.map(|problem| format!("docs/src/{file}: {link}: {problem}")));
        }
    }
    println!("{} chapters, {count} links", chapters.len());
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n")) }
}

/// Why a page of the documentation, or its anchor, is not there.
fn missing(page: &Path, anchor: Option<&str>) -> Option<String> {
    let Ok(html) = read(page) else { return Some("no such page".to_owned()) };
    let anchor = anchor.filter(|anchor| !html.contains(&format!("id=\"{anchor}\"")))?;
    Some(format!("the page has no {anchor}"))
}

/// What a link refers to.
#[derive(Debug, PartialEq, Eq)]
enum Target<'a> {
    /// A file of the book.
    Chapter(&'a str),
    /// A page of the documentation of these crates, as docs.rs publishes it.
    Documentation { page: PathBuf, anchor: Option<&'a str> },
    /// Something that is not checked.
    Elsewhere,
}

impl<'a> Target<'a> {
    fn of(link: &'a str) -> Self {
        let (address, anchor) = link.split_once('#').map_or((link, None), |(page, at)| (page, Some(at)));
        if !address.contains("://") {
            return Self::Chapter(address);
        }
        let Some((_, page)) =
            address.strip_prefix("https://docs.rs/users-").and_then(|rest| rest.split_once("/latest/"))
        else {
            return Self::Elsewhere;
        };
        let page = PathBuf::from(page);
        let is_folder = address.ends_with('/');
        Self::Documentation { page: if is_folder { page.join("index.html") } else { page }, anchor }
    }
}

/// The addresses of the links of a Markdown text, outside blocks of code.
fn links(text: &str) -> Vec<&str> {
    let mut is_code = false;
    let mut links = Vec::new();
    for line in text.lines() {
        if line.starts_with("```") {
            is_code = !is_code;
        } else if !is_code {
            links.extend(line.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0)));
        }
    }
    links
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_outside_code() {
        let text = "A [b](c.md) and [`d`](https://e.com/f#g).\n```rust\ncalls[0](h)\n```\n- [i](j.md)";
        assert_eq!(links(text), ["c.md", "https://e.com/f#g", "j.md"]);
    }

    #[test]
    fn only_links_to_chapters_and_to_the_crates_are_checked() {
        assert_eq!(Target::of("testing.md#faults"), Target::Chapter("testing.md"));
        assert_eq!(Target::of("https://auth0.com/docs#a"), Target::Elsewhere);
        assert_eq!(Target::of("https://docs.rs/tokio/latest/tokio/"), Target::Elsewhere);
        let page = PathBuf::from("users_core/index.html");
        let link = "https://docs.rs/users-core/latest/users_core/";
        assert_eq!(Target::of(link), Target::Documentation { page, anchor: None });
        let page = PathBuf::from("users_core/struct.Error.html");
        let link = "https://docs.rs/users-core/latest/users_core/struct.Error.html#method.code";
        assert_eq!(Target::of(link), Target::Documentation { page, anchor: Some("method.code") });
    }
}
