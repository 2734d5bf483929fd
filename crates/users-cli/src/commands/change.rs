//! `block`, `unblock` and `delete`: the same change of many users.

use crate::arguments::Change;
use crate::confirm::confirm;
use crate::failure::{Exit, Failure};
use crate::run::Run;
use crate::settings::Settings;
use crate::targets;
use crate::work::{Verb, work};
use std::io::Write as _;
use users_hyper::Bulk;
use users_hyper::model::{UserId, UserUpdate};

const BLOCK: Verb = Verb { command: "block", asked: "Block", done: "blocked" };
const UNBLOCK: Verb = Verb { command: "unblock", asked: "Unblock", done: "unblocked" };
const DELETE: Verb = Verb { command: "delete", asked: "Delete", done: "deleted" };

pub(crate) async fn block(settings: &Settings, change: &Change) -> Result<Exit, Failure> {
    update(settings, change, BLOCK, true).await
}

pub(crate) async fn unblock(settings: &Settings, change: &Change) -> Result<Exit, Failure> {
    update(settings, change, UNBLOCK, false).await
}

async fn update(settings: &Settings, change: &Change, verb: Verb, blocked: bool) -> Result<Exit, Failure> {
    let Some(plan) = plan(settings, change, verb).await? else { return Ok(Exit::Done) };
    let updates: Vec<(UserId, UserUpdate)> =
        plan.ids.iter().map(|id| (id.clone(), UserUpdate::new().blocked(blocked))).collect();
    let total = updates.len() as u64;
    work(plan.bulk.update(updates), verb, plan.run.as_ref(), total, |(id, _)| id).await
}

pub(crate) async fn delete(settings: &Settings, change: &Change) -> Result<Exit, Failure> {
    let Some(plan) = plan(settings, change, DELETE).await? else { return Ok(Exit::Done) };
    let total = plan.ids.len() as u64;
    work(plan.bulk.delete(plan.ids), DELETE, plan.run.as_ref(), total, |id| id).await
}

/// What is to be run.
struct Plan {
    bulk: Bulk,
    ids: Vec<UserId>,
    /// The folder that records it; a single user needs none.
    run: Option<Run>,
}

/// Finds the users, and asks. `None` if there is nothing to do.
async fn plan(settings: &Settings, change: &Change, verb: Verb) -> Result<Option<Plan>, Failure> {
    let (ids, run) = match &change.resume {
        Some(folder) => {
            let run = Run::resume(folder, verb.command, &settings.authority)?;
            (run.ids.clone(), Some(run))
        }
        None => (targets::ids(&settings.client, change).await?, None),
    };
    if ids.is_empty() {
        eprintln!("no users match");
        return Ok(None);
    }
    if change.dry_run {
        let mut out = std::io::stdout().lock();
        for id in &ids {
            writeln!(out, "{}\twould be {}", id.as_str(), verb.done)?;
        }
        eprintln!("{} would be {} in as many requests; nothing was sent", ids.len(), verb.done);
        return Ok(None);
    }
    let run = if let Some(run) = run {
        Some(run)
    } else {
        confirm(verb.asked, &settings.authority, &ids, change.yes)?;
        let is_recorded = ids.len() > 1;
        is_recorded.then(|| Run::begin(verb.command, &settings.authority, ids.clone())).transpose()?
    };
    let mut bulk = settings.client.users().bulk().concurrency(usize::from(change.concurrency));
    if let Some(run) = &run {
        bulk = bulk.journal(run.journal()?);
    }
    Ok(Some(Plan { bulk, ids, run }))
}
