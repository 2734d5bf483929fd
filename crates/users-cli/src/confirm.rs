//! Asking before more than one user is changed.

use crate::failure::Failure;
use crate::output::printable;
use std::io::{IsTerminal as _, Write as _};
use users_hyper::model::UserId;

/// The number of users whom a question names.
const NAMED: usize = 5;

/// Asks whether the users are to be changed. Where nobody can answer, `--yes` must have been given.
pub(crate) fn confirm(verb: &str, authority: &str, ids: &[UserId], yes: bool) -> Result<(), Failure> {
    if ids.len() < 2 || yes {
        return Ok(());
    }
    let count = ids.len();
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage(format!(
            "{count} users of {authority} would be changed, and there is no terminal to ask; --yes does not ask, --dry-run shows what would be done"
        )));
    }
    let mut error = std::io::stderr();
    for id in ids.iter().take(NAMED) {
        writeln!(error, "  {}", printable(id.as_str()))?;
    }
    if count > NAMED {
        writeln!(error, "  and {} more", count - NAMED)?;
    }
    write!(error, "{verb} these {count} users of {authority}? [y/N] ")?;
    error.flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    match answer.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Failure::usage("nothing was done")),
    }
}
