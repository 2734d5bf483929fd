//! One action for each user of a selection: `block`, `unblock`, `delete`, `update`, `roles` and `sessions`.

use crate::action::Action;
use crate::arguments::Change;
use crate::confirm::{about_users, confirm};
use crate::connect::Tenant;
use crate::exit::{Code, Failure, one_line, stops_run};
use crate::folder::{Failed, Folder};
use crate::interrupt::Interrupt;
use crate::output::{print, printable};
use crate::progress::Progress;
use crate::targets::Users;
use std::io::IsTerminal as _;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use users_hyper::management::{AssignUserRoles, DeleteUserSessions, RemoveUserRoles};
use users_hyper::model::{User, UserId, UserUpdate};
use users_hyper::{Applied, Bulk, BulkOutcome, BulkRun, BulkStatus, Resolution};

/// How long requests in flight are waited for after a run was stopped.
const GRACE: Duration = Duration::from_secs(10);
/// The number of failures that are printed; the file has all.
const MOST_PRINTED: u64 = 10;
/// The longest run without `--stop-after`.
const A_YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

/// Makes the change, or shows what would be done.
pub(crate) async fn run(
    tenant: &Tenant,
    action: Action,
    change: &Change,
    interrupt: &mut Interrupt,
) -> Result<(), Failure> {
    if let Some(path) = &change.selection.resume {
        let (folder, action, users) = Folder::open(path, action.command(), &tenant.authority)?;
        if change.dry_run {
            return plan(tenant, &action, &users);
        }
        return execute(tenant, &action, change, users, Some(folder), interrupt).await;
    }
    let users = interrupt.or(change.selection.find(tenant, tenant.style(change.progress))).await?;
    if let Some(most) = change.max_users.filter(|most| users.ids.len() as u64 > *most) {
        let message = format!(
            "{} users were found, more than --max-users {most}; nothing was changed",
            users.ids.len()
        );
        return Err(Failure::usage(message));
    }
    if change.dry_run {
        return plan(tenant, &action, &users);
    }
    if users.ids.len() > 1 && !change.yes {
        interrupt.or(confirm(about_users(action.command(), &users.ids, &tenant.authority))).await?;
    }
    let is_long = users.ids.len() + users.unresolved.len() > 1;
    let folder = if is_long || change.run.is_some() {
        Some(Folder::create(change.run.as_deref(), &action, &tenant.authority, &users)?)
    } else {
        None
    };
    execute(tenant, &action, change, users, folder, interrupt).await
}

/// Prints what a run would do.
fn plan(tenant: &Tenant, action: &Action, users: &Users) -> Result<(), Failure> {
    for id in &users.ids {
        print(&printable(id.as_str()))?;
    }
    let count = users.ids.len();
    eprintln!(
        "would have {} {count} users of {}, by {count} requests; nothing was changed",
        action.done(),
        tenant.authority
    );
    let known = tenant.client.rate_limit().iter().map(|limit| limit.per_second).reduce(f64::max);
    if let Some(rate) = known.into_iter().chain(tenant.max_rate).reduce(f64::min).filter(|rate| *rate > 0.0) {
        // A count of users is small enough for a float.
        #[allow(clippy::cast_precision_loss)]
        let seconds = count as f64 / rate;
        eprintln!("about {seconds:.0} s at {rate:.1} requests per second, as far as the rate limit is known");
    }
    for (email, why) in &users.unresolved {
        eprintln!("{email}: {why}");
    }
    match users.unresolved.len() {
        0 => Ok(()),
        unresolved => Err(Failure::new(Code::SomeFailed, format!("{unresolved} addresses were not found"))),
    }
}

async fn execute(
    tenant: &Tenant,
    action: &Action,
    change: &Change,
    users: Users,
    folder: Option<Folder>,
    interrupt: &mut Interrupt,
) -> Result<(), Failure> {
    let mut bulk = tenant.client.users().bulk().concurrency(change.concurrency);
    if matches!(action, Action::Block | Action::Unblock | Action::AddRoles { .. }) {
        // To do it twice has no further effect.
        bulk = bulk.idempotent(true);
    }
    let mut failed = None;
    if let Some(folder) = &folder {
        bulk = bulk.journal(folder.journal()?);
        failed = Some(folder.failed(&users)?);
    }
    for (email, why) in &users.unresolved {
        eprintln!("{email}: {why}");
    }
    let mut drive = Drive {
        tenant,
        failed,
        progress: Progress::new(tenant.style(change.progress), Some(users.ids.len() as u64)),
        deadline: Instant::now() + change.stop_after.map_or(A_YEAR, Duration::from_secs).min(A_YEAR),
        printed: 0,
        prints: true,
        ended: Ended { failed: users.unresolved.len() as u64, ..Ended::default() },
    };
    let ids = users.ids.clone();
    match action.clone() {
        Action::Block => {
            drive.run(update(bulk, ids, &UserUpdate::new().blocked(true)), |(id, _)| id, interrupt).await;
        }
        Action::Unblock => {
            drive.run(update(bulk, ids, &UserUpdate::new().blocked(false)), |(id, _)| id, interrupt).await;
        }
        Action::Update { changes } => {
            let refused = |error| Failure::usage(format!("the changes of the run are damaged: {error}"));
            let changes = serde_json::from_str(&changes).map_err(refused)?;
            drive.run(update(bulk, ids, &changes), |(id, _)| id, interrupt).await;
        }
        Action::Delete => drive.run(bulk.delete(ids), |id| id, interrupt).await,
        Action::AddRoles { roles } => {
            let run =
                bulk.run(action.command(), ids, move |id: &UserId| AssignUserRoles::new(id, roles.clone()));
            // To add a role twice has no further effect.
            let run = run.resolve(|_| async { Ok(Resolution::NotApplied) });
            drive.run(run, |id| id, interrupt).await;
        }
        Action::RemoveRoles { roles } => {
            let run =
                bulk.run(action.command(), ids, move |id: &UserId| RemoveUserRoles::new(id, roles.clone()));
            drive.run(run, |id| id, interrupt).await;
        }
        Action::RevokeSessions => {
            let run = bulk.run(action.command(), ids, |id: &UserId| DeleteUserSessions::new(id));
            drive.run(run, |id| id, interrupt).await;
        }
    }
    let ended = std::mem::take(&mut drive.ended);
    conclude(action, &ended, &users, folder)
}

fn update(bulk: Bulk, ids: Vec<UserId>, update: &UserUpdate) -> BulkRun<(UserId, UserUpdate), User> {
    let updates: Vec<_> = ids.into_iter().map(|id| (id, update.clone())).collect();
    bulk.update(updates)
}

/// What became of a run.
#[derive(Debug, Default)]
struct Ended {
    done: u64,
    failed: u64,
    /// Whether a file, or standard output, could not be written.
    is_unwritten: bool,
    /// Why it did not come to its end.
    stopped: Option<(Code, String)>,
}

/// A run while it is executed.
struct Drive<'a> {
    tenant: &'a Tenant,
    failed: Option<Failed>,
    progress: Progress,
    deadline: Instant,
    /// The number of failures that were printed.
    printed: u64,
    /// Whether standard output has a reader.
    prints: bool,
    ended: Ended,
}

impl Drive<'_> {
    async fn run<I: Send + 'static, T: Send + 'static>(
        &mut self,
        mut run: BulkRun<I, T>,
        id: impl Fn(&I) -> &UserId,
        interrupt: &mut Interrupt,
    ) {
        let mut ticks = interval(self.progress.interval());
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // The first is due at once.
        ticks.tick().await;
        let mut end = self.deadline;
        loop {
            let stop = tokio::select! {
                outcome = run.next() => match outcome {
                    None => break,
                    Some(Ok(outcome)) => self.outcome(&outcome, &id).unwrap_or_else(|failure| {
                        // The disk is full, for example.
                        self.ended.is_unwritten = true;
                        Some((Code::Stopped, failure.into_message()))
                    }),
                    Some(Err(error)) => Some((Code::Stopped, one_line(&error))),
                },
                () = interrupt.wait() => {
                    if self.ended.stopped.as_ref().is_some_and(|(code, _)| *code == Code::Interrupted) {
                        break;
                    }
                    self.progress.line(|| eprintln!("ending the requests in flight; once more ends at once"));
                    Some((Code::Interrupted, "interrupted".to_owned()))
                }
                () = sleep_until(end) => {
                    if self.ended.stopped.is_some() {
                        break;
                    }
                    Some((Code::Stopped, "--stop-after has passed".to_owned()))
                }
                _ = ticks.tick() => {
                    self.progress.show(&run.progress(), &self.tenant.client.rate_limit());
                    None
                }
            };
            if let Some((code, why)) = stop {
                run.stop();
                if self.ended.stopped.is_none() || code == Code::Interrupted {
                    end = Instant::now() + GRACE;
                    self.ended.stopped = Some((code, why));
                }
            }
        }
        self.progress.finish();
    }

    /// Records an outcome. Returns why the run is to be stopped, if it is.
    fn outcome<I, T>(
        &mut self,
        outcome: &BulkOutcome<I, T>,
        id: &impl Fn(&I) -> &UserId,
    ) -> Result<Option<(Code, String)>, Failure> {
        let id = id(&outcome.input);
        let (status, error) = (&outcome.status, outcome.status.error());
        if status.applied() == Applied::Yes {
            self.ended.done += 1;
            if matches!(status, BulkStatus::Applied(_)) && self.prints {
                let line = printable(id.as_str());
                let mut printed = Ok(());
                self.progress.line(|| printed = print(&line));
                if let Err(failure) = printed {
                    self.prints = false;
                    // The run goes on without a reader, but not if a list of what is done would be incomplete.
                    return if failure.is_broken_pipe() { Ok(None) } else { Err(failure) };
                }
            }
            return Ok(None);
        }
        let is_uncertain = status.applied() == Applied::Maybe;
        let stop = error.filter(|_| !is_uncertain).and_then(|error| Some((stops_run(error)?, error)));
        if let Some((code, error)) = stop {
            // Not a failure of this user, who is tried again when the run is continued.
            return Ok(Some((code, one_line(error))));
        }
        self.ended.failed += 1;
        if self.printed < MOST_PRINTED {
            self.printed += 1;
            let why = error.map_or_else(|| "see the earlier run".to_owned(), one_line);
            let doubt = if is_uncertain { " (it may have been done)" } else { "" };
            self.progress.line(|| eprintln!("{}: {why}{doubt}", printable(id.as_str())));
        }
        match &mut self.failed {
            Some(failed) => failed.add(id, error, is_uncertain).map(|()| None),
            None => Ok(None),
        }
    }
}

/// Prints the result, and decides the exit code.
fn conclude(action: &Action, ended: &Ended, users: &Users, folder: Option<Folder>) -> Result<(), Failure> {
    let total = users.ids.len() + users.unresolved.len();
    let counts = format!("{} {} of {total} users, {} failed", action.done(), ended.done, ended.failed);
    let has_all = ended.done + ended.failed == total as u64;
    if let Some((code, why)) = ended.stopped.as_ref().filter(|_| !has_all || ended.is_unwritten) {
        let failure = Failure::new(*code, format!("{why}; {counts}"));
        return Err(match folder {
            Some(folder) => {
                let path = folder.path().display();
                let failure = failure
                    .with_remedy(format!("Continue with: auth0-users {} --resume {path}", action.command()));
                if std::io::stdout().is_terminal() {
                    failure
                } else {
                    let remedy = "It prints only the ids that follow: add them to the first ones with >>.";
                    failure.add_remedy(remedy.to_owned())
                }
            }
            None => failure.with_remedy("The same command tries again."),
        });
    }
    match (ended.failed, folder) {
        (0, folder) => {
            if let Some(folder) = folder {
                folder.remove();
            }
            eprintln!("{counts}");
            Ok(())
        }
        (_, None) => Err(Failure::new(Code::Failed, counts)),
        (_, Some(folder)) => {
            let path = folder.failed_path();
            let failure = Failure::new(Code::SomeFailed, counts);
            Err(failure.with_remedy(format!("{} has those; --file accepts it.", path.display())))
        }
    }
}
