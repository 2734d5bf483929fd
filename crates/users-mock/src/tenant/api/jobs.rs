//! Jobs: the request that creates one also executes it, and it is shown as pending until its duration is over.

use crate::tenant::api::login::mails::send_verification;
use crate::tenant::api::owner::find_user;
use crate::tenant::config::Config;
use crate::tenant::object::{set, set_raw, string};
use crate::tenant::store::{Job, Store, User};
use crate::tenant::wall_clock::WallClock;
use crate::tenant::wire::answer::{Answer, Failure, json, json_without_charset, no_content};
use crate::tenant::wire::context::{ReadContext, WriteContext};
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use bytes::Bytes;
use http::StatusCode;
use std::sync::Arc;
use std::time::Duration;
use users_core::model::{JsonObject, Timestamp};

pub(crate) const ROUTES: &[Route] = &[
    Route::new(
        "POST",
        "/api/v2/jobs/verification-email",
        Guard::Catalogue,
        Handler::Write(verification_email),
    ),
    Route::new("GET", "/api/v2/jobs/{id}", Guard::Catalogue, Handler::Read(get)),
    Route::new("GET", "/api/v2/jobs/{id}/errors", Guard::Catalogue, Handler::Read(errors)),
];

/// The number of imports that run at a time.
const MAX_IMPORTS: usize = 2;

/// The time for which the link to the file of an export can be used, in milliseconds.
const EXPORT_LINK_LIFETIME: u64 = 60_000;

/// The attributes of a new job, which is shown as pending.
pub(crate) fn new_job(context: &mut WriteContext<'_>, kind: &str) -> JsonObject {
    let mut job = JsonObject::new();
    set(&mut job, "type", kind);
    set(&mut job, "status", "pending");
    set(&mut job, "created_at", context.clock.now());
    set(&mut job, "id", context.random.prefixed_id("job_"));
    job
}

/// How a job ended.
#[derive(Default)]
pub(crate) struct JobResult {
    pub(crate) status: &'static str,
    /// Attributes that are added to the job.
    pub(crate) attributes: JsonObject,
    /// The rejected rows of an import.
    pub(crate) errors: Vec<JsonObject>,
    /// The file of an export.
    pub(crate) file: Bytes,
}

/// Stores a job that has ended.
pub(crate) fn finish_job(context: &mut WriteContext<'_>, job: &JsonObject, result: JobResult) {
    let mut shown = job.clone();
    set(&mut shown, "status", result.status);
    for (key, value) in result.attributes.iter() {
        set_raw(&mut shown, key, value);
    }
    let id = string(job, "id").unwrap_or_default();
    context.transaction.put_job(Job { id, shown, errors: result.errors, file: result.file });
}

fn find<'a>(store: &'a Store, id: &str) -> Result<&'a Job, Failure> {
    let job = store.job(id).map(|job| &**job);
    job.ok_or_else(|| Failure::new(StatusCode::NOT_FOUND, None, "Job not found."))
}

/// The time since the creation of a job if it has not ended, in milliseconds.
fn elapsed(job: &Job, clock: &WallClock, config: &Config) -> Option<u64> {
    let created: Timestamp = job.shown.get("created_at").ok().flatten()?;
    let elapsed = clock.millis().saturating_sub(u64::try_from(created.unix_millis()).ok()?);
    (elapsed < millis(config.job_duration)).then_some(elapsed)
}

/// Rejects a further import while two are not finished.
pub(crate) fn check_imports(context: &WriteContext<'_>) -> Result<(), Failure> {
    if context.config.job_duration.is_zero() {
        return Ok(());
    }
    let is_import = |job: &&Arc<Job>| string(&job.shown, "type").as_deref() == Some("users_import");
    let running = context.store().jobs().filter(is_import);
    let running = running.filter(|job| elapsed(job, context.clock, context.config).is_some()).count();
    if running < MAX_IMPORTS {
        return Ok(());
    }
    Err(Failure::assumed(&context.config.assumptions.third_import, &[]))
}

/// The link to the file of an export is new in each response.
fn get(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let job = find(context.store, request.parameter(0))?;
    let mut shown = job.shown.clone();
    if let Some(elapsed) = elapsed(job, context.clock, context.config) {
        for key in ["summary", "location", "status_details"] {
            shown.remove(key);
        }
        let duration = millis(context.config.job_duration);
        set(&mut shown, "status", "pending");
        set(&mut shown, "percentage_done", elapsed * 100 / duration);
        set(&mut shown, "time_left_seconds", (duration - elapsed).div_ceil(1000));
    } else if let Some(location) = string(&shown, "location") {
        let until = context.clock.millis() + EXPORT_LINK_LIFETIME;
        set(&mut shown, "location", format!("{location}?expires={until}"));
    }
    Ok(json(StatusCode::OK, &shown))
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Answers without content if no row was rejected, or the job has not ended.
fn errors(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let job = find(context.store, request.parameter(0))?;
    let is_running = elapsed(job, context.clock, context.config).is_some();
    Ok(if job.errors.is_empty() || is_running {
        no_content()
    } else {
        json_without_charset(StatusCode::OK, &job.errors)
    })
}

/// The job fails if the address is already verified.
fn verification_email(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let body = request.body()?;
    let id = string(&body, "user_id").unwrap_or_default();
    let user = User::clone(find_user(context.store(), &id)?);
    let is_verified = user.shown().get::<bool>("email_verified").ok().flatten() == Some(true);
    let job = new_job(context, "verification_email");
    if !is_verified {
        send_verification(context, request, &user);
    }
    let status = if is_verified { "failed" } else { "completed" };
    finish_job(context, &job, JobResult { status, ..JobResult::default() });
    Ok(json(StatusCode::CREATED, &job))
}
