//! The settings of a tenant: its address and credentials, its time, its limits, and the other tenants.

use crate::context::{Application, BaseUrl};
use crate::page::frame::{Frame, rendered};
use crate::page::look::to_the_second;
use askama::Template;
use axum::extract::State;
use axum::response::Response;

use http::StatusCode;
use users_mock::Limits;

struct Other {
    name: String,
    address: String,
}

#[derive(Template)]
#[template(path = "page/settings.html")]
struct Settings<'a> {
    frame: &'a Frame,
    active: &'static str,
    base_url: &'a str,
    client_id: String,
    client_secret: String,
    connection: String,
    now: String,
    is_frozen: bool,
    lag_ms: String,
    /// The tiers of rate limits, and whether each is set.
    tiers: Vec<(&'static str, bool)>,
    snapshots: Vec<u64>,
    tenants: Vec<Other>,
}

pub(super) async fn show(
    frame: Frame,
    State(application): State<Application>,
    BaseUrl(base_url): BaseUrl,
) -> Response {
    let tenant = frame.hosted.tenant();
    let (client_id, client_secret) = tenant.client();
    let (lag, limits) = (tenant.index_lag(), tenant.limits());
    let (least, most) = (lag.start().as_millis(), lag.end().as_millis());
    let tenants = application.tenants.names().into_iter().map(|name| Other {
        address: if name.is_default() { "/".to_owned() } else { format!("/t/{name}/") },
        name: name.to_string(),
    });
    let page = Settings {
        frame: &frame,
        active: "settings",
        base_url: &base_url,
        client_id,
        client_secret: client_secret.expose().to_owned(),
        connection: tenant.database().unwrap_or_default(),
        now: to_the_second(tenant.now().as_str()),
        is_frozen: tenant.is_time_frozen(),
        lag_ms: if least == most { least.to_string() } else { format!("{least} to {most}") },
        tiers: Limits::tiers().map(|tier| (tier, limits.tier() == Some(tier))).collect(),
        snapshots: frame.hosted.snapshot_ids(),
        tenants: tenants.collect(),
    };
    rendered(StatusCode::OK, &page)
}
