//! The tenant's log.

use crate::call::Call;
use crate::client::Client;
use crate::descriptor::Descriptor;
use crate::error::Error;
use crate::operation_macro::operations;
use crate::paging::List;
use crate::response::decode_model;
use bytes::Bytes;
use http::header::LINK;
use http::{HeaderMap, Response, Uri};
use percent_encoding::percent_decode_str;
use users_model::{LogEvent, Page};

/// The tenant's log.
#[derive(Clone, Debug)]
pub struct LogsManager(pub(super) Client);

impl LogsManager {
    /// Lists entries of the tenant's log: those that match a query, the newest first, of which Auth0 returns 1000 at most; or with
    /// [`from`](Call::from), all that came after an entry, the oldest first, whatever the query. [`take`](Call::take) is the size of
    /// pages after an entry.
    ///
    /// `GET /logs`, scope `read:logs` or `read:logs_users`.
    ///
    /// ```
    /// # async fn example(client: users_core::ManagementClient) -> Result<(), users_core::Error> {
    /// let failed = client.logs().list().q(r#"user_id:"auth0|1" AND type:fp"#).items().try_collect().await?;
    /// # let _ = failed;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://auth0.com/docs/api/management/v2/logs/get-logs>
    #[inline]
    pub fn list(&self) -> Call<ListLogs> {
        self.0.call(Ok(ListLogs::new()))
    }

    /// Gets an entry of the tenant's log, by its `log_id`.
    ///
    /// `GET /logs/{id}`, scope `read:logs` or `read:logs_users`.
    ///
    /// <https://auth0.com/docs/api/management/v2/logs/get-logs-by-id>
    pub fn get(&self, id: impl Into<String>) -> Call<GetLog> {
        self.0.call(GetLog::new(id))
    }
}

operations! {
    /// `GET /logs`. See [`LogsManager::list`](crate::management::LogsManager::list).
    operation ListLogs {
        Descriptor::get("logs.list", "/logs")
            .scopes(&[&["read:logs"], &["read:logs_users"]])
            .node("logs.list");
        page { AnyPaging of LogEvent, List {
            total_counts_page: true,
            checkpoint_needs_from: true,
            beyond_window: "narrow the query, or read the log from an entry with `from`",
            ..List::PLAIN
        } }
        query {
            /// Returns entries that match this query only, in Lucene's syntax: `type:fp AND user_id:"auth0|1"`. Values are
            /// compared as a whole and case-sensitively.
            q: String,
            /// Sets the order: a field, and `1` for ascending or `-1` for descending: `date:-1`.
            sort: String,
        }
        fields { fields }
        decode { decode_entries: Page<LogEvent> }
    }

    /// `GET /logs/{id}`. See [`LogsManager::get`](crate::management::LogsManager::get).
    operation GetLog {
        Descriptor::get("logs.get", "/logs/{id}")
            .scopes(&[&["read:logs"], &["read:logs_users"]])
            .node("logs.get");
        path { id: String }
        decode { decode_model: LogEvent }
    }
}

/// A page by checkpoint is a bare array, and the checkpoint of the next one is in the `Link` header: also on an empty page, where it
/// is the checkpoint of the page itself.
fn decode_entries(descriptor: &Descriptor, response: Response<Bytes>) -> Result<Page<LogEvent>, Error> {
    let next = next_checkpoint(response.headers());
    let mut page: Page<LogEvent> = decode_model(descriptor, response)?;
    if !page.is_empty() {
        page.next = page.next.or(next);
    }
    Ok(page)
}

/// The parameter `from` of the link with `rel="next"` (RFC 8288).
fn next_checkpoint(headers: &HeaderMap) -> Option<String> {
    let links = headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok());
    // A URI may contain a comma, but no `<`.
    let next = links.flat_map(|links| links.split('<').skip(1)).find_map(|link| {
        let (uri, parameters) = link.split_once('>')?;
        parameters.split(';').any(is_next).then_some(uri)
    })?;
    let uri: Uri = next.parse().ok()?;
    let from = uri.query()?.split('&').find_map(|pair| pair.strip_prefix("from="))?;
    Some(percent_decode_str(from).decode_utf8().ok()?.into_owned())
}

/// Whether a parameter of a link is `rel` with `next` among its values.
fn is_next(parameter: &str) -> bool {
    let Some((name, value)) = parameter.split_once('=') else { return false };
    // The next link begins after a comma.
    let value = value.split(',').next().unwrap_or_default().trim().trim_matches('"');
    name.trim().eq_ignore_ascii_case("rel")
        && value.split_whitespace().any(|relation| relation.eq_ignore_ascii_case("next"))
}
