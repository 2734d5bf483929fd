//! Waiting for jobs.

use crate::client::Client;
use crate::descriptor::Descriptor;
use crate::error::{Error, ErrorKind};
use crate::management::jobs::GetJob;
use std::time::Duration;
use users_model::{Job, JobStatus};

/// The first and the longest interval between polls of a job.
const POLL: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(10));

/// The time limit of a job: Auth0 aborts it after two hours.
const LONGEST_JOB: Duration = Duration::from_secs(2 * 60 * 60);

/// The id of a job that was accepted.
pub(super) fn job_id(job: &Job, descriptor: &Descriptor) -> Result<String, Error> {
    job.id.clone().filter(|id| !id.is_empty()).ok_or_else(|| {
        let message = "the job was accepted, but the response does not name its id";
        Error::new(ErrorKind::Decode, message).with_operation(descriptor).maybe_applied()
    })
}

/// Polls a job at growing intervals until it has ended. `report` gets each state of the job, the given one first.
pub(super) async fn wait_for(
    client: &Client,
    id: &str,
    mut job: Job,
    report: &mut (dyn FnMut(&Job) + Send),
) -> Result<Job, Error> {
    let clock = &*client.shared.clock;
    let (mut interval, longest) = POLL;
    let began = clock.now();
    report(&job);
    while !matches!(job.status, Some(JobStatus::Completed | JobStatus::Failed)) {
        if clock.now().saturating_since(began) > LONGEST_JOB {
            let message = format!("job {id} has not ended in two hours");
            return Err(Error::new(ErrorKind::Timeout, message).with_operation(GetJob::DESCRIPTOR));
        }
        clock.sleep(interval).await;
        interval = (interval * 3 / 2).min(longest);
        job = client.call(GetJob::new(id)).send().await?;
        report(&job);
    }
    Ok(job)
}
