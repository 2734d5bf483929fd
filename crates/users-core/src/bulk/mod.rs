//! Work that is more than one call: imports of any size, and exports to a sink.

mod export;
mod files;
mod gzip;
mod import;
mod matching;
mod report;

pub(crate) use export::{export_to, resume_export};
pub use import::ImportAll;
pub(crate) use import::check_row;
pub use report::{ImportError, ImportReport, RefusedRow, UnfinishedImport};

use crate::client::Client;
use crate::management::GetJob;
use crate::{Call, Descriptor, Error, ErrorKind};
use std::future::{Future, poll_fn};
use std::task::Poll;
use std::time::Duration;
use users_model::{Job, JobStatus};

/// How long to wait before a job is looked at, the first time and at most.
const POLL: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(10));

/// How long a job may take: Auth0 gives it two hours.
const LONGEST_JOB: Duration = Duration::from_secs(2 * 60 * 60);

/// The id of a job that was just accepted.
fn job_id(job: &Job, descriptor: &Descriptor) -> Result<String, Error> {
    job.id.clone().filter(|id| !id.is_empty()).ok_or_else(|| {
        let message = "the job was accepted, but the answer does not name its id";
        Error::new(ErrorKind::Decode, message).of(descriptor).maybe_applied()
    })
}

/// Looks at a job, less and less often, until it has ended.
async fn wait_for(client: &Client, id: &str, mut job: Job) -> Result<Job, Error> {
    let clock = &*client.shared.clock;
    let (mut pause, longest) = POLL;
    let began = clock.now();
    while !matches!(job.status, Some(JobStatus::Completed | JobStatus::Failed)) {
        if clock.now().saturating_since(began) > LONGEST_JOB {
            let message = format!("job {id} has not ended in two hours");
            return Err(Error::new(ErrorKind::Timeout, message).of(GetJob::DESCRIPTOR));
        }
        clock.sleep(pause).await;
        pause = (pause * 3 / 2).min(longest);
        job = Call::new(client.clone(), Ok(GetJob::new(id.to_owned()))).send().await?;
    }
    Ok(job)
}

/// Lets other tasks run before this one continues.
fn yield_now() -> impl Future<Output = ()> + Send {
    let mut has_yielded = false;
    poll_fn(move |context| {
        if has_yielded {
            return Poll::Ready(());
        }
        has_yielded = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
}
