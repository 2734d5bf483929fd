//! The control API, below `/_tenant`. Each file has the endpoints of one noun; `api/openapi.json` describes them.

mod clock;
mod events;
mod facts;
mod faults;
mod index;
mod input;
mod keys;
mod limits;
mod mails;
mod openapi;
mod requests;
mod reset;
mod seed;
mod snapshots;
mod tenants;
mod tokens;
mod users;

use crate::application::Application;
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
    fn new(method: &'static str, path: &'static str, handler: MethodRouter<Application>) -> Self {
        Self { method, path, handler }
    }
}

/// The endpoints of each noun.
pub(crate) fn routes() -> Vec<Route> {
    let nouns = [
        clock::routes,
        events::routes,
        facts::routes,
        faults::routes,
        index::routes,
        keys::routes,
        limits::routes,
        mails::routes,
        openapi::routes,
        requests::routes,
        reset::routes,
        seed::routes,
        snapshots::routes,
        tenants::routes,
        tokens::routes,
        users::routes,
    ];
    nouns.into_iter().flat_map(|routes| routes()).collect()
}
