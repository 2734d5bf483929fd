//! Pages, streams over pages, and the deletion of all users.

use http::{Method, Response};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use users_core::management::{
    Confirm, DeleteUser, GetAllUsers, ListDeviceCredentials, ListInvitations, ListLogs, ListOrganizations,
};
use users_core::{BaseUrl, ErrorKind, Operation as _, Paged as _};
use users_mock::{Captured, MockTransport};

/// Answers searches over this number of users as Auth0 does, including the window.
fn with_users(mock: &MockTransport, users: usize) {
    mock.expect(GetAllUsers::DESCRIPTOR)
        .always()
        .answer(move |request| page(request, &(0..users).collect::<Vec<_>>()));
}

fn page(request: &Captured, users: &[usize]) -> Response<bytes::Bytes> {
    let number = |name, default: usize| request.query(name).map_or(default, |text| text.parse().unwrap());
    let (page, per_page) = (number("page", 0), number("per_page", 50));
    assert!(page * per_page < 1000, "page {page} of {per_page} is beyond the window");
    let shown: Vec<_> = users
        .iter()
        .skip(page * per_page)
        .take(per_page)
        .map(|n| format!(r#"{{"user_id":"auth0|{n}"}}"#))
        .collect();
    let list = format!("[{}]", shown.join(","));
    let body = if request.query("include_totals").as_deref() == Some("true") {
        format!(
            r#"{{"start":{},"limit":{per_page},"length":{},"users":{list},"total":{}}}"#,
            page * per_page,
            shown.len(),
            users.len().min(1000)
        )
    } else {
        list
    };
    Response::new(body.into())
}

#[test]
fn a_stream_gives_every_user_once_whatever_the_page_size() {
    for users in [0, 1, 49, 50, 51, 99, 100, 101, 250, 999] {
        for per_page in [None, Some(1), Some(7), Some(50), Some(100)] {
            let mock = MockTransport::new();
            with_users(&mock, users);
            let call = mock.management().users().get_all();
            let call = match per_page {
                Some(per_page) => call.per_page(per_page),
                None => call,
            };
            let all = mock.clock().block_on(call.items().try_collect()).unwrap();
            let ids: BTreeSet<_> = all.iter().map(|user| user.user_id.clone().unwrap()).collect();
            assert_eq!((all.len(), ids.len()), (users, users), "{per_page:?}");
            let per_page = per_page.unwrap_or(100) as usize;
            assert_eq!(
                mock.requests().len(),
                users.div_ceil(per_page).max(1),
                "no unnecessary page is fetched"
            );
        }
    }
}

#[test]
fn a_stream_reports_that_it_has_reached_the_end_of_the_window() {
    for users in [1000, 1001, 5000] {
        let mock = MockTransport::new();
        with_users(&mock, users);
        let mut items = mock.management().users().get_all().items();
        mock.clock().block_on(async {
            for _ in 0..1000 {
                items.next().await.unwrap().unwrap();
            }
            let error = items.next().await.unwrap().unwrap_err();
            assert!(error.is_window_exceeded(), "{error}");
            assert!(
                error.to_string().starts_with("GET /users: the list has 1000 entries or more"),
                "{error}"
            );
            assert!(items.next().await.is_none());
        });
    }
}

#[test]
fn a_stream_works_without_totals_and_from_a_later_page() {
    let mock = MockTransport::new();
    with_users(&mock, 120);
    let users = mock.management().users();
    let all = mock
        .clock()
        .block_on(users.get_all().include_totals(false).per_page(50).page(1).items().try_collect())
        .unwrap();
    assert_eq!(all.len(), 70);
    assert_eq!(all[0].user_id.as_ref().unwrap().as_str(), "auth0|50");
}

#[test]
fn no_page_is_fetched_before_it_is_requested() {
    let mock = MockTransport::new();
    with_users(&mock, 500);
    let mut pages = mock.management().users().get_all().pages();
    assert!(mock.requests().is_empty());
    mock.clock().block_on(async {
        assert_eq!(pages.try_next().await.unwrap().unwrap().len(), 100);
        assert_eq!(mock.requests().len(), 1);
    });
}

#[test]
fn a_stream_ends_after_an_error() {
    let mock = MockTransport::new();
    mock.expect(GetAllUsers::DESCRIPTOR).error(400, "invalid_query_string", "no");
    let mut items = mock.management().users().get_all().q("((").items();
    mock.clock().block_on(async {
        assert_eq!(items.next().await.unwrap().unwrap_err().code(), Some("invalid_query_string"));
        assert!(items.next().await.is_none());
    });
}

/// A tenant whose users can be deleted except for some, and whose search index lags behind.
fn with_deletable_users(
    mock: &MockTransport,
    users: usize,
    stubborn: usize,
    lag: usize,
) -> Arc<Mutex<Vec<usize>>> {
    let left = Arc::new(Mutex::new((0..users).collect::<Vec<_>>()));
    let (search, delete) = (Arc::clone(&left), Arc::clone(&left));
    let stale = Arc::new(Mutex::new((0..users).collect::<Vec<_>>()));
    let searches = Mutex::new(0_usize);
    mock.expect(GetAllUsers::DESCRIPTOR).always().answer(move |request| {
        let mut searches = searches.lock().unwrap();
        *searches += 1;
        if *searches % (lag + 1) == 0 {
            *stale.lock().unwrap() = search.lock().unwrap().clone();
        }
        page(request, &stale.lock().unwrap())
    });
    mock.expect(DeleteUser::DESCRIPTOR).always().answer(move |request| {
        let number: usize = request.path().rsplit_once('|').unwrap().1.parse().unwrap();
        let refused = number < stubborn;
        if !refused {
            delete.lock().unwrap().retain(|user| *user != number);
        }
        Response::builder().status(if refused { 403 } else { 204 }).body(bytes::Bytes::new()).unwrap()
    });
    left
}

#[test]
fn delete_all_also_deletes_users_beyond_the_window() {
    for (users, stubborn, lag) in
        [(0, 0, 0), (1, 0, 0), (250, 0, 0), (2500, 0, 0), (300, 150, 0), (350, 3, 2)]
    {
        let mock = MockTransport::new();
        let left = with_deletable_users(&mock, users, stubborn, lag);
        let report = mock
            .clock()
            .block_on(async {
                mock.management().users().delete_all(Confirm::tenant("Tenant.Example.com")).await
            })
            .unwrap();
        assert_eq!(report.deleted as usize, users - stubborn, "{users} {stubborn} {lag}");
        assert_eq!(report.failed.len(), stubborn, "each id is attempted once");
        assert_eq!(left.lock().unwrap().len(), stubborn);
        let deletes = mock.requests().iter().filter(|request| request.method() == Method::DELETE).count();
        assert_eq!(deletes, users);
    }
}

#[test]
fn delete_all_sends_nothing_unless_the_tenant_is_named() {
    for named in ["", "other.example.com", "tenant.example.com.evil.example", "https://tenant.example.com"] {
        let mock = MockTransport::new();
        let failed = mock
            .clock()
            .block_on(async { mock.management().users().delete_all(Confirm::tenant(named)).await })
            .unwrap_err();
        let error = failed.error();
        assert!(error.is_invalid_argument() && error.to_string().contains("nothing was sent"), "{error}");
        assert!(mock.requests().is_empty());
    }
}

#[test]
fn delete_all_stops_at_a_search_that_fails() {
    let mock = MockTransport::new();
    mock.expect(GetAllUsers::DESCRIPTOR).error(403, "insufficient_scope", "Insufficient scope");
    let mut deletion = mock.management().users().delete_all(Confirm::tenant(MockTransport::DOMAIN));
    mock.clock().block_on(async {
        let error = deletion.next().await.unwrap().unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Status, Some("insufficient_scope")));
        assert!(deletion.next().await.is_none());
    });
    mock.verify();
}

/// Answers requests for the users of a role with these pages in order.
fn with_role_pages(mock: &MockTransport, pages: impl IntoIterator<Item = String>) {
    for page in pages {
        mock.expect(users_core::management::ListRoleUsers::DESCRIPTOR).at_most(1).json(page);
    }
}

fn role_page(users: &[&str], next: Option<&str>) -> String {
    let users: Vec<_> = users.iter().map(|id| serde_json::json!({ "user_id": id })).collect();
    let mut page = serde_json::json!({ "users": users });
    if let Some(next) = next {
        page["next"] = next.into();
    }
    page.to_string()
}

#[test]
fn a_checkpoint_list_of_endless_empty_pages_ends_with_an_error() {
    let mock = MockTransport::new();
    with_role_pages(&mock, (0..150).map(|page| role_page(&[], Some(&format!("next-{page}")))));
    with_role_pages(&mock, [role_page(&["a|1"], None)]);
    let users = mock.management().roles().users("rol_1").items();
    let error = mock.clock().block_on(users.try_collect()).unwrap_err();
    assert!(error.to_string().contains("100 consecutive empty pages"), "{error}");
    assert_eq!(mock.requests().len(), 100);

    // A few empty pages are not an error.
    let mock = MockTransport::new();
    with_role_pages(&mock, (0..99).map(|page| role_page(&[], Some(&format!("next-{page}")))));
    with_role_pages(&mock, [role_page(&["a|1"], Some("more")), role_page(&["a|2"], None)]);
    let users = mock.management().roles().users("rol_1").items();
    assert_eq!(mock.clock().block_on(users.try_collect()).unwrap().len(), 2);
}

#[test]
fn a_checkpoint_list_that_repeats_itself_ends_with_an_error() {
    for period in [1, 2, 3, 90, 300] {
        let mock = MockTransport::new();
        with_role_pages(
            &mock,
            (0..1600).map(|page| role_page(&["a|1"], Some(&format!("next-{}", page % period)))),
        );
        with_role_pages(&mock, [role_page(&["a|1"], None)]);
        let users = mock.management().roles().users("rol_1").items();
        let error = mock.clock().block_on(users.try_collect()).unwrap_err();
        assert!(error.to_string().contains("`next`"), "{error}");
        let requests = mock.requests().len();
        assert!(
            requests <= if period < 100 { period + 1 } else { 5 * period },
            "period {period}: {requests}"
        );
    }
}

#[test]
fn a_long_checkpoint_list_is_read_to_its_end() {
    let mock = MockTransport::new();
    with_role_pages(&mock, (0..1000).map(|page| role_page(&["a|1"], Some(&format!("next-{page}")))));
    with_role_pages(&mock, [role_page(&["a|1"], None)]);
    let users = mock.management().roles().users("rol_1").items();
    assert_eq!(mock.clock().block_on(users.try_collect()).unwrap().len(), 1001);
}

#[test]
fn logs_are_all_listed_although_their_total_counts_only_the_page() {
    let mock = MockTransport::new();
    for (page, count) in [(0, 100), (1, 5)] {
        let logs: Vec<_> = (0..count).map(|n| serde_json::json!({"log_id": format!("{page}-{n}")})).collect();
        let page = serde_json::json!({"logs": logs, "start": page * 100, "limit": 100, "length": count, "total": count});
        mock.expect((Method::GET, "/users/{id}/logs")).json(page.to_string());
    }
    let logs = mock.management().users().logs("auth0|1").items();
    assert_eq!(mock.clock().block_on(logs.try_collect()).unwrap().len(), 105);
}

#[test]
fn a_list_with_smaller_pages_than_requested_is_read_to_its_end() {
    let mock = MockTransport::new();
    for (start, count) in [(0, 50), (50, 50), (100, 7)] {
        let roles: Vec<_> =
            (0..count).map(|n| serde_json::json!({"id": format!("rol_{}", start + n)})).collect();
        let page = serde_json::json!({"roles": roles, "start": start, "limit": 50, "total": 107});
        mock.expect((Method::GET, "/users/{id}/roles")).json(page.to_string());
    }
    let roles = mock.management().users().roles("auth0|1").list().items();
    assert_eq!(mock.clock().block_on(roles.try_collect()).unwrap().len(), 107);
}

#[test]
fn a_next_that_is_not_a_string_is_an_error_and_not_the_end() {
    let mock = MockTransport::new();
    with_role_pages(&mock, [r#"{"users":[{"user_id":"a|1"}],"next":5}"#.to_owned()]);
    let error =
        mock.clock().block_on(mock.management().roles().users("rol_1").items().try_collect()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
}

#[test]
fn the_checkpoint_of_the_next_page_of_the_log_is_in_the_link_header() {
    let entry = r#"[{"log_id":"1"}]"#;
    let next = "https://tenant.example.com/api/v2/logs?take=1&from=900%7C1";
    for (body, link, expected) in [
        (entry, format!("<{next}>; rel=\"next\""), Some("900|1")),
        (entry, format!("<https://x.example.com/?from=0>; rel=\"first\", <{next}>;rel=next"), Some("900|1")),
        (entry, format!("<{next}&fields=log_id,type>; rel=\"next\""), Some("900|1")),
        (entry, format!("<{next}>; title=\"a, b\"; Rel = \"last Next\""), Some("900|1")),
        (entry, format!("<{next}>; rel=\"last\""), None),
        (entry, format!("<{next}>; rel=\"nextish\"; title=next"), None),
        (entry, "<https://x.example.com/api/v2/logs?take=1>; rel=\"next\"".to_owned(), None),
        (entry, "<>; rel=next, nonsense, <".to_owned(), None),
        // Auth0 repeats the request on an empty page.
        ("[]", format!("<{next}>; rel=\"next\""), None),
    ] {
        let response = Response::builder().header("link", &link).body(bytes::Bytes::from(body)).unwrap();
        let page = ListLogs::decode(response).unwrap();
        assert_eq!(page.next.as_deref(), expected, "{link}");
    }
}

/// Answers requests for the invitations to an organization as Auth0 does: `limit` counts the items of the page, and there is no
/// total.
fn with_invitations(mock: &MockTransport, invitations: usize) {
    mock.expect(ListInvitations::DESCRIPTOR).always().answer(move |request| {
        let number = |name| request.query(name).map_or(0, |text| text.parse::<usize>().unwrap());
        let (start, per_page) = (number("page") * number("per_page"), number("per_page"));
        assert!(start + per_page <= 1000, "Auth0 refuses pages beyond 1000 items");
        let items: Vec<_> = (start..invitations.min(start + per_page))
            .map(|number| serde_json::json!({"id": format!("uinv_{number}")}))
            .collect();
        let page = serde_json::json!({"start": start, "limit": items.len(), "invitations": items});
        Response::new(page.to_string().into())
    });
}

#[test]
fn a_list_whose_limit_counts_the_items_of_the_page_is_read_to_its_end() {
    for invitations in [0, 1, 99, 100, 101, 901, 950, 999] {
        let mock = MockTransport::new();
        with_invitations(&mock, invitations);
        let listed = mock.management().organizations().invitations("org_1").list().items();
        let listed = mock.clock().block_on(listed.try_collect()).unwrap();
        assert_eq!(listed.len(), invitations);
    }
}

#[test]
fn a_search_of_the_log_is_paged_by_offset_unless_it_begins_after_an_entry() {
    let base = BaseUrl::parse("https://tenant.example.com/api/v2").unwrap();
    let list = ListLogs::new;
    for (operation, expected) in [
        (list().q("type:fp"), "per_page=100&include_totals=true&q=type%3Afp"),
        // Auth0 documents `take` for requests with `from` only, and answers others with a page of the search.
        (list().q("type:fp").take(20), "per_page=20&include_totals=true&q=type%3Afp"),
        (list().take(20).per_page(30), "per_page=30&include_totals=true"),
        (list().take(20).page(1), "page=1&per_page=20&include_totals=true"),
        (list().from("900").per_page(30), "from=900&take=30"),
        (list().from("900").take(20), "from=900&take=20"),
    ] {
        let request = operation.first_page().request(&base).unwrap();
        assert_eq!(request.uri().query(), Some(expected));
    }
}

#[test]
fn a_stream_of_organizations_is_paged_by_offset_where_a_sort_order_is_set() {
    let base = BaseUrl::parse("https://tenant.example.com/api/v2").unwrap();
    let list = ListOrganizations::new;
    for (operation, expected) in [
        (list(), "take=100"),
        (list().sort("name:1"), "per_page=100&include_totals=true&sort=name%3A1"),
        (list().sort("name:1").per_page(5), "per_page=5&include_totals=true&sort=name%3A1"),
        // The caller has chosen.
        (list().sort("name:1").take(5), "take=5&sort=name%3A1"),
    ] {
        let request = operation.first_page().request(&base).unwrap();
        assert_eq!(request.uri().query(), Some(expected));
    }
}

#[test]
fn device_credentials_that_are_answered_as_a_whole_are_read_once() {
    // Auth0's Node SDK states that page parameters do not apply to device credentials without a type.
    let all: Vec<_> = (0..150).map(|number| serde_json::json!({"id": format!("dcr_{number}")})).collect();
    let envelope = serde_json::json!({"start": 0, "limit": 50, "total": 150, "device_credentials": all});
    for body in [serde_json::Value::from(all), envelope] {
        let mock = MockTransport::new();
        mock.expect(ListDeviceCredentials::DESCRIPTOR).json(body.to_string());
        let credentials = mock.management().device_credentials().list().user_id("auth0|1").items();
        assert_eq!(mock.clock().block_on(credentials.try_collect()).unwrap().len(), 150);
        mock.verify();
    }
}
