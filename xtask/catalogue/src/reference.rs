//! The tables of operations and types in the documentation of `users-core` and `users-hyper`, generated from the catalogue.

use crate::calls::Calls;
use crate::{read, root};
use std::fmt::Write as _;
use users_core::{Api, CATALOGUE, Descriptor, Safety};

/// Writes the tables, or checks that they are up to date.
///
/// The front page of users-hyper has the same tables of types and operations as that of users-core, and the package needs a copy of each.
pub fn run(check: bool) -> Result<(), String> {
    let crates = root().join("crates");
    let types = read(&crates.join("users-core/TYPES.md"))?;
    let operations = operations()?;
    for (file, text) in [
        ("users-core/OPERATIONS.md", &operations),
        ("users-hyper/OPERATIONS.md", &operations),
        ("users-hyper/TYPES.md", &types),
    ] {
        let file = crates.join(file);
        if !check {
            std::fs::write(&file, text).map_err(|error| format!("{}: {error}", file.display()))?;
        } else if read(&file)? != *text {
            return Err(format!("{} is not up to date; run `cargo xtask reference`", file.display()));
        }
    }
    Ok(())
}

fn operations() -> Result<String, String> {
    let mut text = String::from(
        "The call links to its method, the operation to its type, and the endpoint to Auth0's documentation. A token needs one of the scopes\n\
         that are joined by \"or\". A call that is *not repeated* is sent once where it may have been carried out, unless\n\
         [`idempotent`](Call::idempotent) overrides it. [`CATALOGUE`] has all of this as data.\n",
    );
    for (api, name, client) in [
        (Api::Management, "Management API", "ManagementClient"),
        (Api::Authentication, "Authentication API", "AuthenticationClient"),
    ] {
        let _ = write!(
            text,
            "\n## {name}\n\n| [`{client}`], operation | endpoint, scopes | Node SDK, whether repeated |\n|---|---|---|\n",
        );
        let calls = Calls::read(api)?;
        let mut operations: Vec<&&Descriptor> =
            CATALOGUE.iter().filter(|descriptor| descriptor.api == api).collect();
        // Users first, and the calls of a manager before those of its parts.
        operations.sort_by_key(|descriptor| {
            let parts = descriptor.name.split('.').count();
            let member = descriptor.name.split('.').next();
            (member != Some("users"), member, parts, descriptor.name)
        });
        for descriptor in operations {
            text.push_str(&row(descriptor, &calls)?);
        }
    }
    Ok(text)
}

fn row(descriptor: &Descriptor, calls: &Calls) -> Result<String, String> {
    let call = calls.of(descriptor)?;
    let endpoint = code(&descriptor.to_string());
    let endpoint = call.page.map_or_else(|| endpoint.clone(), |page| format!("[{endpoint}]({page})"));
    let set = |all: &&[&str]| all.iter().map(|scope| code(scope)).collect::<Vec<_>>().join(" and ");
    let scopes: Vec<String> = descriptor.scopes.iter().map(set).collect();
    let scopes = if scopes.is_empty() { String::new() } else { format!("<br>{}", scopes.join(", or ")) };
    let repeated = match descriptor.safety {
        Safety::Safe | Safety::Idempotent => "repeated",
        _ => "not repeated",
    };
    let node = descriptor.node.map_or_else(String::new, |node| code(node) + "<br>");
    Ok(format!(
        "| [{}]({})<br>[{}]({}) | {endpoint}{scopes} | {node}{repeated} |\n",
        code(&call.text),
        call.method,
        code(descriptor.name),
        call.operation,
    ))
}

/// Code that may be broken before or after each part, and inside of a long part: otherwise the table is wider than the page.
fn code(text: &str) -> String {
    const LONG: usize = 24;
    let mut code = String::from("<code>");
    let mut length = 0;
    let mut previous = ' ';
    for character in text.chars() {
        let starts_part = matches!(character, '.' | '/') && previous != ' ' || previous == ':';
        if starts_part || character == '_' && length >= LONG {
            code.push_str("<wbr>");
            length = 0;
        }
        code.push(character);
        length += 1;
        previous = character;
    }
    code + "</code>"
}
