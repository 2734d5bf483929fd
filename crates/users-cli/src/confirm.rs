//! Asking before something is changed.

use crate::exit::{Code, Failure};
use crate::output::printable;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use users_hyper::model::UserId;

/// Whether `--no-input` was given. There is one terminal, so this is of the whole process.
static NEVER: AtomicBool = AtomicBool::new(false);

/// Makes every question fail, as without a terminal.
pub(crate) fn never_ask() {
    NEVER.store(true, Ordering::Relaxed);
}

/// Asks whether something may be changed.
///
/// # Errors
///
/// If the answer is not yes, there is no terminal on which to ask, or `--no-input` was given.
pub(crate) async fn confirm(question: String) -> Result<(), Failure> {
    let obstacle = if NEVER.load(Ordering::Relaxed) {
        Some("--no-input was given")
    } else if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        Some("There is no terminal to ask on")
    } else {
        None
    };
    if let Some(obstacle) = obstacle {
        let failure = Failure::usage(format!("{question} {obstacle}, so nothing was changed"));
        return Err(failure.with_remedy("--yes confirms it; --dry-run shows what would be done."));
    }
    // A thread of its own, so that Ctrl-C is seen meanwhile.
    let asked = tokio::task::spawn_blocking(move || ask(&format!("{question} [y/N] "))).await;
    match asked.map_err(io::Error::other).and_then(|answer| answer) {
        Ok(answer) if matches!(answer.trim(), "y" | "Y" | "yes") => Ok(()),
        Ok(_) => Err(Failure::new(Code::Usage, "not confirmed; nothing was changed")),
        Err(error) => Err(Failure::new(Code::Usage, format!("the answer cannot be read: {error}"))),
    }
}

/// The question whether users may be changed, with the first of them.
pub(crate) fn about_users(command: &str, ids: &[UserId], authority: &str) -> String {
    let first: Vec<String> = ids.iter().take(5).map(|id| printable(id.as_str())).collect();
    let rest = if ids.len() > first.len() { ", …" } else { "" };
    format!("{command} {} users of {authority} ({}{rest})?", ids.len(), first.join(", "))
}

fn ask(text: &str) -> io::Result<String> {
    // The lock is released before the answer is awaited: an interrupt is reported meanwhile.
    write!(io::stderr(), "{text}")?;
    io::stderr().flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(answer)
}
