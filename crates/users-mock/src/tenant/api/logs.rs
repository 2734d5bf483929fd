//! The tenant's log, which is seeded.

use crate::tenant::search::{Effort, LOGS, Query, Unusable, project, rejected};
use crate::tenant::store::{Kind, Object, Store};
use crate::tenant::wire::answer::{Answer, Failure, json};
use crate::tenant::wire::context::ReadContext;
use crate::tenant::wire::page::{by_offset, unchanged};
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use http::header::LINK;
use http::{HeaderValue, StatusCode};
use serde_json::Value;
use std::sync::Arc;
use users_core::model::JsonObject;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/api/v2/logs", Guard::Catalogue, Handler::Read(list)),
    Route::new("GET", "/api/v2/logs/{id}", Guard::Catalogue, Handler::Read(get)),
];

fn list(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let mut entries = entries(context.store);
    // `take` alone selects nothing: it is documented for requests with `from`.
    if let Some(from) = request.query("from") {
        return Ok(after_checkpoint(context, request, from, &entries));
    }
    let unusable = |why: Unusable| rejected(context, &why);
    let query = Query::parse_for(LOGS, request.query("q").unwrap_or_default()).map_err(unusable)?;
    if let Some(search) = request.query("search").filter(|search| !search.is_empty()) {
        let wanted = Search::parse(search).map_err(unusable)?;
        entries.retain(|entry| wanted.matches(entry));
    }
    let effort = Effort::new();
    entries.retain(|entry| query.matches_all() || query.matches(&document(entry), &effort));
    if effort.is_spent() {
        return Err(unusable(Unusable::effort()));
    }
    // The newest first.
    entries.reverse();
    match request.query("sort") {
        None | Some("date:-1") => {}
        Some("date:1") => entries.reverse(),
        Some(other) => {
            return Err(Failure::query(&format!("'{other} cannot be sorted by' on property sort")));
        }
    }
    let shown: Vec<JsonObject> = entries.iter().map(|entry| project(&entry.shown, request)).collect();
    by_offset(request, "logs", &shown, unchanged)
}

/// The search of old, in the parameter `search`.
enum Search<'a> {
    /// The beginning of the name of the application, the connection or the name of the user.
    Beginning(&'a str),
    /// The value of a field, as `type:s`.
    Field(&'a str, &'a str),
}

impl<'a> Search<'a> {
    /// The fields that a text without a colon is searched in.
    const BARE: &'static [&'static str] = &["client_name", "connection", "user_name"];

    /// Fails if the text before a colon is none of the fields that `q` has. The case counts, as in `q`: assumed.
    fn parse(text: &'a str) -> Result<Self, Unusable> {
        match text.split_once(':') {
            None => Ok(Self::Beginning(text)),
            Some((field, value)) if LOGS.has(field) => Ok(Self::Field(field, value.trim_matches('"'))),
            Some((field, _)) => Err(Unusable(format!("{field} cannot be searched by"))),
        }
    }

    fn matches(&self, entry: &Object) -> bool {
        match self {
            Self::Beginning(text) => {
                let begins = |field: &&str| entry.string(field).is_some_and(|value| value.starts_with(text));
                Self::BARE.iter().any(begins)
            }
            Self::Field(field, value) => entry.string(field).as_deref() == Some(value),
        }
    }
}

/// The entries after a checkpoint, the oldest first. The next request is in the `Link` header, on an empty page too.
fn after_checkpoint(
    context: &ReadContext<'_>,
    request: &Request,
    from: &str,
    entries: &[&Arc<Object>],
) -> Answer {
    let take = request.number("take", 50);
    let size = usize::try_from(take).unwrap_or(usize::MAX);
    let page: Vec<&Arc<Object>> =
        entries.iter().copied().filter(|entry| entry.id.as_str() > from).take(size).collect();
    let shown: Vec<&JsonObject> = page.iter().map(|entry| &entry.shown).collect();
    let mut answer = json(StatusCode::OK, &shown);
    let origin = request.origin(&context.config.domain);
    let next = page.last().map_or(from, |entry| &entry.id);
    let link = format!("<{origin}/api/v2/logs?from={next}&take={take}>; rel=\"next\"");
    if let Ok(link) = HeaderValue::from_str(&link) {
        answer.headers_mut().insert(LINK, link);
    }
    answer
}

fn get(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let entry = context.store.objects(Kind::LogEntries).get(request.parameter(0));
    let entry = entry.ok_or_else(|| Failure::new(StatusCode::NOT_FOUND, None, "Log not found."))?;
    Ok(json(StatusCode::OK, &entry.shown))
}

/// All entries in the order of their ids, which ascend with time.
fn entries(store: &Store) -> Vec<&Arc<Object>> {
    let mut entries: Vec<&Arc<Object>> = store.objects(Kind::LogEntries).iter().collect();
    entries.sort_by(|one, other| one.id.cmp(&other.id));
    entries
}

fn document(entry: &Object) -> Value {
    entry.shown.to().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use crate::tenant::Seed;
    use crate::tenant::testing::builder;
    use users_core::Call;
    use users_core::management::ListLogs;

    #[test]
    fn logs_are_read_by_query_the_newest_first_and_from_a_checkpoint_the_oldest_first() {
        let mut seed = Seed::new();
        for (id, logs) in [
            (
                "auth0|1",
                r#"[{"log_id":"901","type":"s","user_id":"auth0|1"},{"log_id":"904","type":"fp","user_id":"auth0|1"}]"#,
            ),
            (
                "auth0|2",
                r#"[{"log_id":"902","type":"s","user_id":"auth0|2"},{"log_id":"903","type":"s","user_id":"auth0|2"}]"#,
            ),
        ] {
            seed = seed.user(&format!(r#"{{"user_id":"{id}","email":"{id}@example.com"}}"#)).unwrap();
            seed = seed.belongings(id, "logs", logs).unwrap();
        }
        let tenant = builder().seed(seed).build();
        let logs = tenant.management().logs();
        tenant.clock().block_on(async {
            for (call, expected) in [
                (logs.list(), vec!["904", "903", "902", "901"]),
                (logs.list().q("type:s AND user_id:\"auth0|2\""), vec!["903", "902"]),
                (logs.list().sort("date:1"), vec!["901", "902", "903", "904"]),
                (logs.list().from("901").take(2), vec!["902", "903", "904"]),
                (logs.list().from("904").take(2), vec![]),
                (logs.list().q("user_id:\"auth0|2\"").take(1), vec!["903", "902"]),
            ] {
                let call: Call<ListLogs> = call;
                let entries = call.items().try_collect().await.unwrap();
                let ids: Vec<&str> = entries.iter().filter_map(|entry| entry.log_id.as_deref()).collect();
                assert_eq!(ids, expected);
            }
            assert_eq!(logs.get("903").await.unwrap().user_id.as_deref(), Some("auth0|2"));
            assert!(logs.get("905").await.unwrap_err().is_not_found());
        });
    }

    #[test]
    fn search_finds_beginnings_of_names_and_values_of_fields() {
        let logs = r#"[{"log_id":"901","type":"s","client_name":"Shop","connection":"staff"},
            {"log_id":"902","type":"fp","client_name":"Back office","user_name":"Sheila"},
            {"log_id":"903","type":"s","client_name":"Workshop","description":"Shop"}]"#;
        let seed = Seed::new()
            .user(r#"{"user_id":"auth0|1","email":"ada@example.com"}"#)
            .and_then(|seed| seed.belongings("auth0|1", "logs", logs))
            .unwrap();
        let tenant = builder().seed(seed).build();
        let logs = tenant.management().logs();
        tenant.clock().block_on(async {
            for (search, expected) in [
                ("Sh", vec!["902", "901"]),
                ("staff", vec!["901"]),
                ("shop", vec![]),
                ("type:s", vec!["903", "901"]),
                ("client_name:\"Back office\"", vec!["902"]),
                ("user_id:auth0|1", vec!["903", "902", "901"]),
                ("type:", vec![]),
                ("", vec!["903", "902", "901"]),
            ] {
                let entries = logs.list().query("search", search).items().try_collect().await.unwrap();
                let ids: Vec<&str> = entries.iter().filter_map(|entry| entry.log_id.as_deref()).collect();
                assert_eq!(ids, expected, "{search}");
            }
            let both = logs.list().query("search", "Sh").q("type:s").await.unwrap();
            assert_eq!(both.len(), 1);
            let error = logs.list().query("search", "shoe_size:43").await.unwrap_err();
            assert_eq!(error.code(), Some("invalid_query_string"));
        });
    }
}
