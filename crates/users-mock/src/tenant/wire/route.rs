//! An endpoint: its method, path, guard and handler.

use crate::tenant::wire::answer::{Answer, Failure};
use crate::tenant::wire::context::{ReadContext, WriteContext};
use crate::tenant::wire::request::Request;
use users_core::PathTemplate;

/// An endpoint, declared next to its handler.
pub(crate) struct Route {
    pub(crate) method: &'static str,
    pub(crate) template: PathTemplate,
    pub(crate) guard: Guard,
    pub(crate) handler: Handler,
}

impl Route {
    pub(crate) const fn new(
        method: &'static str,
        template: &'static str,
        guard: Guard,
        handler: Handler,
    ) -> Self {
        Self { method, template: PathTemplate::new(template), guard, handler }
    }
}

/// Who may call an endpoint.
#[derive(Clone, Copy)]
pub(crate) enum Guard {
    /// A Management API token with the scopes that the catalogue of operations names.
    Catalogue,
    /// A Management API token with these scopes (alternatives of sets), for an endpoint that has no operation.
    Scope(&'static [&'static [&'static str]]),
    /// The handler checks the token.
    Handler,
}

/// The function that answers a request.
#[derive(Clone, Copy)]
pub(crate) enum Handler {
    /// It cannot change the tenant.
    Read(fn(&ReadContext<'_>, &Request) -> Result<Answer, Failure>),
    /// Its changes are kept if it answers with success, and reverted otherwise.
    Write(fn(&mut WriteContext<'_>, &Request) -> Result<Answer, Failure>),
}
