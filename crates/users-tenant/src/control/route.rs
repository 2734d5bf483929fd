//! An endpoint of the control API.

use crate::context::Application;
use axum::routing::MethodRouter;

/// An endpoint: its method, its path and its handler.
pub(crate) struct Route {
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "the handler knows its method; tests compare it with the document")
    )]
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) handler: MethodRouter<Application>,
}

impl Route {
    pub(super) fn new(method: &'static str, path: &'static str, handler: MethodRouter<Application>) -> Self {
        Self { method, path, handler }
    }
}
