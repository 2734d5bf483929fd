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
mod route;
mod seed;
mod snapshots;
mod tenants;
mod tokens;
mod users;

use route::Route;

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
