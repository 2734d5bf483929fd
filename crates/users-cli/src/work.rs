//! Running an operation on users: outcomes, progress, failures and interruption.

use crate::failure::{Exit, Failure};
use crate::output::printable;
use crate::progress::Progress;
use crate::run::Run;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::pin::pin;
use tokio::signal::ctrl_c;
use users_hyper::model::{JsonObject, UserId};
use users_hyper::{Applied, BulkOutcome, BulkRun, Error};

/// What is done with the users.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Verb {
    /// The name of the command.
    pub(crate) command: &'static str,
    /// `Block`, to ask with.
    pub(crate) asked: &'static str,
    /// `blocked`, of a user who was changed.
    pub(crate) done: &'static str,
}

/// Runs to the end, or until it is interrupted. `id` is that of an input.
pub(crate) async fn work<I, T>(
    mut bulk: BulkRun<I, T>,
    verb: Verb,
    run: Option<&Run>,
    total: u64,
    id: impl Fn(&I) -> &UserId,
) -> Result<Exit, Failure>
where
    I: Send + 'static,
    T: Send + 'static,
{
    let mut progress = Progress::new(verb.done, Some(total));
    let mut out = std::io::stdout().lock();
    let mut failures: Option<BufWriter<File>> = None;
    let (mut is_interrupted, mut exit) = (false, Exit::Done);
    // One that lasts: a signal between two is not seen.
    let mut interrupt = pin!(ctrl_c());
    loop {
        let outcome = tokio::select! {
            outcome = bulk.try_next() => outcome?,
            _ = &mut interrupt => {
                if is_interrupted {
                    return Ok(Exit::Interrupted);
                }
                interrupt.set(ctrl_c());
                is_interrupted = true;
                progress.print("interrupted; waiting for the requests in flight");
                bulk.stop();
                continue;
            }
        };
        let Some(outcome) = outcome else { break };
        let id = id(&outcome.input);
        progress.run(&bulk.progress());
        if outcome.status.applied() == Applied::Yes {
            writeln!(out, "{}\t{}", id.as_str(), verb.done)?;
            continue;
        }
        let error = outcome.status.error();
        progress.print(&format!("{}: {}", printable(id.as_str()), why(&outcome)));
        exit = if error.is_some_and(|error| error.is_unauthorized() || error.is_forbidden()) {
            Exit::Credentials
        } else {
            Exit::SomeFailed
        };
        if let Some(run) = run {
            let file = if let Some(file) = &mut failures {
                file
            } else {
                let path = run.failures();
                let file = File::create(&path).map_err(|error| Failure::file(&path, &error))?;
                failures.insert(BufWriter::new(file))
            };
            writeln!(file, "{}", failure(id, error, outcome.status.applied()).to_json())?;
        }
    }
    drop(progress);
    out.flush()?;
    if let Some(file) = &mut failures {
        file.flush()?;
    }
    Ok(summary(&bulk, verb, run, is_interrupted, exit))
}

fn why<I, T>(outcome: &BulkOutcome<I, T>) -> String {
    match (outcome.status.error(), outcome.status.applied()) {
        (Some(error), Applied::Maybe) => format!("it is not known whether this was done: {error}"),
        (None, Applied::Maybe) => "it is not known whether this was done".to_owned(),
        (Some(error), _) => error.to_string(),
        (None, _) => "the server refused this in the earlier run".to_owned(),
    }
}

/// A line of the file of failures, which can be read again.
fn failure(id: &UserId, error: Option<&Error>, applied: Applied) -> JsonObject {
    let mut details = JsonObject::new();
    if let Some(error) = error {
        let _ = details.insert("status", error.status().map(|status| status.as_u16()));
        let _ = details.insert("code", error.code());
        let _ = details.insert("message", error.message());
    }
    let _ = details.insert("may_have_been_done", applied == Applied::Maybe);
    let mut line = JsonObject::new();
    let _ = line.insert("user_id", id.as_str());
    let _ = line.insert("error", &details);
    line
}

fn summary<I, T>(
    bulk: &BulkRun<I, T>,
    verb: Verb,
    run: Option<&Run>,
    is_interrupted: bool,
    exit: Exit,
) -> Exit
where
    I: Send + 'static,
    T: Send + 'static,
{
    let progress = bulk.progress();
    let failed = progress.failed + progress.uncertain;
    let Some(run) = run else {
        return if is_interrupted {
            Exit::Interrupted
        } else if exit == Exit::SomeFailed {
            Exit::Failed
        } else {
            exit
        };
    };
    eprintln!("{} {}, {failed} failed", progress.done, verb.done);
    let folder = run.folder.display();
    if is_interrupted {
        let left = progress.total.unwrap_or_default().saturating_sub(progress.finished());
        eprintln!("{left} are left; continue with: auth0-users {} --resume {folder}", verb.command);
        return Exit::Interrupted;
    }
    if failed > 0 {
        eprintln!("Those who failed are in {}; try them again with --file", run.failures().display());
    }
    exit
}
