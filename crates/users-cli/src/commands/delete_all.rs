//! `delete-all`.

use crate::arguments::DeleteAll;
use crate::connect::Tenant;
use crate::exit::{Code, Failure, one_line, stops_run};
use crate::interrupt::Interrupt;
use crate::output::printable;
use crate::progress::Counter;
use users_hyper::management::{Confirm, DeleteOutcome};

/// The number of failures that are printed.
const MOST_PRINTED: u64 = 10;

/// Deletes every user, if the confirmation names the tenant. Another run deletes those who are left, so there is no journal.
pub(crate) async fn run(
    tenant: &Tenant,
    arguments: &DeleteAll,
    interrupt: &mut Interrupt,
) -> Result<(), Failure> {
    let users = tenant.client.users();
    let mut run =
        users.delete_all(Confirm::tenant(arguments.confirm.as_str())).concurrency(arguments.concurrency);
    if arguments.dry_run {
        let count = interrupt.or(async { Ok(run.dry_run().await?) }).await?;
        eprintln!("{count} users of {} would be deleted; nothing was changed", tenant.authority);
        return Ok(());
    }
    let mut counter = Counter::new("deleted", tenant.style(arguments.progress), None);
    let (mut deleted, mut failed) = (0, 0);
    loop {
        let outcome = tokio::select! {
            outcome = run.next() => outcome,
            () = interrupt.wait() => {
                counter.finish();
                let message = format!("interrupted; deleted {deleted} users, {failed} failed, beside those in flight");
                let failure = Failure::new(Code::Interrupted, message);
                return Err(failure.with_remedy("The same command deletes those who are left."));
            }
        };
        let Some(outcome) = outcome else { break };
        match outcome? {
            DeleteOutcome { result: Ok(()), .. } => {
                deleted += 1;
                counter.show(deleted, failed, || tenant.client.rate_limit());
            }
            DeleteOutcome { id, result: Err(error), .. } => {
                if let Some(code) = stops_run(&error) {
                    let message = format!("{}; deleted {deleted} users", one_line(&error));
                    return Err(Failure::new(code, message)
                        .with_remedy("The same command deletes those who are left."));
                }
                failed += 1;
                if failed <= MOST_PRINTED {
                    counter.line(|| eprintln!("{}: {}", printable(id.as_str()), one_line(&error)));
                }
            }
        }
    }
    counter.finish();
    let counts = format!("deleted {deleted} users of {}, {failed} failed", tenant.authority);
    if failed > 0 {
        return Err(Failure::new(Code::SomeFailed, counts).with_remedy("The same command tries them again."));
    }
    eprintln!("{counts}");
    Ok(())
}
