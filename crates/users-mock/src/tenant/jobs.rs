//! Jobs: they are begun by one call and done by the time of the next.

use super::answer::{Answer, Failure, json, no_content};
use super::request::Request;
use super::state::{JobRecord, State};
use super::validate;
use super::values::{put, put_raw, text};
use http::StatusCode;
use users_core::model::JsonObject;

impl State {
    /// What every job begins with, as it is shown while it is pending.
    pub(super) fn begin_job(&mut self, kind: &str) -> JsonObject {
        let mut job = JsonObject::new();
        put(&mut job, "type", kind);
        put(&mut job, "status", "pending");
        put(&mut job, "created_at", self.now());
        put(&mut job, "id", self.named_id("job_"));
        job
    }

    /// Keeps a job that is done, as it is shown from now on.
    pub(super) fn finish_job(
        &mut self,
        job: &JsonObject,
        status: &str,
        more: &JsonObject,
        errors: Vec<JsonObject>,
        file: Vec<u8>,
    ) {
        let mut shown = job.clone();
        put(&mut shown, "status", status);
        for (key, value) in more.iter() {
            put_raw(&mut shown, key, value);
        }
        let id = text(job, "id").unwrap_or_default();
        self.jobs.push(JobRecord { id, shown, errors, file });
    }
}

fn find<'a>(state: &'a State, id: &str) -> Result<&'a JobRecord, Failure> {
    let found = state.jobs.iter().find(|job| job.id == id);
    found.ok_or_else(|| Failure::new(StatusCode::NOT_FOUND, None, "Job not found"))
}

pub(super) fn get(state: &State, request: &Request) -> Result<Answer, Failure> {
    Ok(json(StatusCode::OK, &find(state, request.parameter(0))?.shown))
}

/// No content where nothing was refused.
pub(super) fn errors(state: &State, request: &Request) -> Result<Answer, Failure> {
    let job = find(state, request.parameter(0))?;
    Ok(if job.errors.is_empty() { no_content() } else { json(StatusCode::OK, &job.errors) })
}

/// It fails for a user whose address is verified already.
pub(super) fn verification_email(state: &mut State, request: &Request) -> Result<Answer, Failure> {
    let body = request.body()?;
    let Some(id) = text(&body, "user_id") else {
        return Err(Failure::body("'Missing required property: user_id'"));
    };
    if let Some(client_id) = body.raw("client_id") {
        validate::client_id(client_id)?;
    }
    let is_verified = state.owner(&id)?.shown().get::<bool>("email_verified").ok().flatten() == Some(true);
    let job = state.begin_job("verification_email");
    state.finish_job(
        &job,
        if is_verified { "failed" } else { "completed" },
        &JsonObject::new(),
        Vec::new(),
        Vec::new(),
    );
    Ok(json(StatusCode::CREATED, &job))
}
