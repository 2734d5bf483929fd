//! HTTP as the handlers see it: requests, responses, pages, routes.

pub(crate) mod answer;
pub(crate) mod context;
pub(crate) mod cors;
pub(crate) mod page;
pub(crate) mod request;
pub(crate) mod route;
