//! What a bulk run does with an input.

use super::calls::Calls;
use super::journal::End;
use super::outcome::{Applied, BulkStatus};
use super::resolve::{Doubt, Resolution};
use crate::descriptor::Descriptor;
use crate::error::Error;
use crate::operation::Operation;
use futures_util::future::{BoxFuture, FutureExt as _};
use std::sync::Arc;

type Prepare<I, T> = dyn Fn(&Calls, &I) -> Result<Prepared<T>, Error> + Send + Sync;

pub(super) type Resolve<I, T> =
    dyn Fn(Calls, &I, Doubt) -> BoxFuture<'static, Result<Resolution<T>, Error>> + Send + Sync;

/// What is done with an input.
pub(super) struct Work<I, T> {
    /// The name of the operation, as the caller gave it.
    pub(super) name: String,
    pub(super) prepare: Box<Prepare<I, T>>,
    /// How to tell whether the operation of an interrupted run was carried out.
    pub(super) resolve: Arc<Resolve<I, T>>,
}

/// A request that is ready to be sent.
pub(super) struct Prepared<T> {
    /// What the journal identifies the input by.
    pub(super) request: Vec<u8>,
    /// What a look-up would find, where two inputs may have the same.
    pub(super) subject: Option<String>,
    pub(super) descriptor: Descriptor,
    pub(super) call: BoxFuture<'static, Result<T, Error>>,
}

impl<T> Prepared<T> {
    pub(super) fn new<O: Operation<Output = T>>(calls: &Calls, operation: O) -> Result<Self, Error> {
        let descriptor = operation.descriptor().clone();
        let request = operation.request(&calls.client.shared.base);
        let request = request.map_err(|error| error.with_operation(&descriptor))?;
        let mut bytes = format!("{} {}\n", request.method(), request.uri()).into_bytes();
        bytes.extend_from_slice(request.body());
        Ok(Self { request: bytes, subject: None, descriptor, call: calls.call(operation).send().boxed() })
    }

    pub(super) fn with_subject(self, subject: Option<String>) -> Self {
        Self { subject, ..self }
    }
}

/// Finds out whether an operation of an earlier run was carried out, and repeats it if it was not.
pub(super) async fn resolve_or_repeat<I, T>(
    resolve: Arc<Resolve<I, T>>,
    calls: Calls,
    input: I,
    doubt: Doubt,
    call: BoxFuture<'static, Result<T, Error>>,
) -> (I, BulkStatus<T>) {
    // In a variable, so that no reference to the input is held meanwhile.
    let resolution = resolve(calls.clone(), &input, doubt.clone());
    let status = match resolution.await {
        Ok(Resolution::NotApplied) => status_of(call.await),
        resolution => of_resolution(resolution, None),
    };
    let status = match status {
        // The first request may have reached the server after the look-up.
        BulkStatus::NotApplied(conflict) if conflict.is_conflict() => {
            let resolution = resolve(calls, &input, doubt);
            of_resolution(resolution.await, Some(conflict))
        }
        status => status,
    };
    (input, status)
}

/// The status of an input that was looked up after this conflict, if there was one.
fn of_resolution<T>(resolution: Result<Resolution<T>, Error>, conflict: Option<Error>) -> BulkStatus<T> {
    match (resolution, conflict) {
        (Ok(Resolution::Applied(value)), _) => BulkStatus::Applied(value),
        (Ok(Resolution::NotApplied), Some(conflict)) => BulkStatus::NotApplied(conflict),
        (Ok(Resolution::NotApplied | Resolution::Unknown), conflict) => {
            BulkStatus::MayHaveBeenApplied(conflict)
        }
        (Err(error), _) => BulkStatus::MayHaveBeenApplied(Some(error)),
    }
}

pub(super) fn status_of<T>(result: Result<T, Error>) -> BulkStatus<T> {
    match result {
        Ok(value) => BulkStatus::Applied(value),
        Err(error) if error.may_have_been_applied() => BulkStatus::MayHaveBeenApplied(Some(error)),
        Err(error) => BulkStatus::NotApplied(error),
    }
}

/// What a journal records of an outcome. A request that may have been sent in an earlier run may still reach the server, so it is in doubt
/// until the server carries one out or refuses one.
pub(super) fn end_of<T>(status: &BulkStatus<T>, was_in_doubt: bool) -> End {
    match status {
        BulkStatus::NotApplied(error) if !is_lasting(error) => {
            if was_in_doubt {
                End::Unknown
            } else {
                End::NotYet
            }
        }
        status => match status.applied() {
            Applied::Yes => End::Applied,
            Applied::No => End::NotApplied,
            Applied::Maybe => End::Unknown,
        },
    }
}

/// Whether the server has refused the input itself. Everything else may pass: the token, the permissions, the rate limit, the network.
fn is_lasting(error: &Error) -> bool {
    const REFUSALS: &[u16] = &[400, 404, 405, 406, 409, 410, 411, 412, 413, 414, 415, 422];
    error.status().is_some_and(|status| REFUSALS.contains(&status.as_u16()))
}
