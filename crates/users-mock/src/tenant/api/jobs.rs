//! Jobs: the request that creates one also executes it, and it is shown as pending in the response to that request only.

use crate::tenant::api::owner::find_user;
use crate::tenant::object::{set, set_raw, string};
use crate::tenant::store::{Job, Store};
use crate::tenant::wire::answer::{Answer, Failure, json, json_without_charset, no_content};
use crate::tenant::wire::context::{ReadContext, WriteContext};
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use bytes::Bytes;
use http::StatusCode;
use users_core::model::JsonObject;

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
    job.ok_or_else(|| Failure::new(StatusCode::NOT_FOUND, None, "Job not found"))
}

fn get(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    Ok(json(StatusCode::OK, &find(context.store, request.parameter(0))?.shown))
}

/// Answers without content if no row was rejected.
fn errors(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let job = find(context.store, request.parameter(0))?;
    Ok(if job.errors.is_empty() { no_content() } else { json_without_charset(StatusCode::OK, &job.errors) })
}

/// The job fails if the address is already verified.
fn verification_email(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let body = request.body()?;
    let id = string(&body, "user_id").unwrap_or_default();
    let user = find_user(context.store(), &id)?;
    let is_verified = user.shown().get::<bool>("email_verified").ok().flatten() == Some(true);
    let job = new_job(context, "verification_email");
    let status = if is_verified { "failed" } else { "completed" };
    finish_job(context, &job, JobResult { status, ..JobResult::default() });
    Ok(json(StatusCode::CREATED, &job))
}
