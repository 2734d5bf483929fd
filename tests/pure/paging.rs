//! Streams over lists: each item once, pages requested ahead, and positions that are stored and resumed.

use proptest::prelude::*;
use serde_json::json;
use users_core::management::{GetAllUsers, ListRoles};
use users_core::model::{LogEvent, NewOrganization, NewRole, Organization, OrganizationMember, Role};
use users_core::{Call, Error, ErrorKind, Items, ListPosition, ManagementClient, Paged};
use users_mock::{MockTransport, Seed, Tenant};

/// A tenant with so many roles, organizations, members of the first organization and log events.
fn tenant(count: u32) -> (Tenant, String) {
    let logs: Vec<_> = (0..count)
        .map(|n| json!({"log_id": format!("log{n:04}"), "type": "s", "date": "2026-01-01T00:00:00.000Z"}))
        .collect();
    let seed = Seed::from_json(&json!({"logs": logs}).to_string()).unwrap();
    let tenant = Tenant::builder().users(count).seed(seed).build();
    let client = tenant.management();
    let organization = tenant.clock().block_on(async {
        let mut first = String::new();
        for n in 0..count.max(1) {
            let new = NewOrganization::new(format!("organization-{n}"));
            let id = client.organizations().create(new).await.unwrap().id.unwrap();
            first = if n == 0 { id } else { first };
            if n < count {
                client.roles().create(NewRole::new(format!("role-{n}"))).await.unwrap();
            }
        }
        let mut users = client.users().get_all().fields(["user_id"]).items();
        while let Some(user) = users.try_next().await.unwrap() {
            client.organizations().members(&first).add([user.user_id.unwrap().as_str()]).await.unwrap();
        }
        first
    });
    (tenant, organization)
}

/// The items of a stream, by an id of each, up to a number of them.
async fn ids<T>(items: &mut Items<T>, most: usize, id: impl Fn(&T) -> String) -> Vec<String> {
    let mut ids = Vec::new();
    while ids.len() < most {
        let Some(item) = items.try_next().await.unwrap() else { break };
        ids.push(id(&item));
    }
    ids
}

/// Reads a list in several streams, each of which continues at the stored position of the one before.
fn check<O: Paged>(
    tenant: &Tenant,
    call: &Call<O>,
    stops: &[usize],
    is_ahead: bool,
    id: impl Fn(&O::Item) -> String + Copy,
) -> Result<Vec<String>, TestCaseError> {
    tenant.clock().block_on(async {
        let all = ids(&mut call.clone().items(), usize::MAX, id).await;
        let mut found = Vec::new();
        let mut position: Option<String> = None;
        for stop in stops.iter().copied().chain([usize::MAX]) {
            let mut items = call.clone().items();
            if is_ahead {
                items = items.prefetch();
            }
            if let Some(text) = &position {
                prop_assert_eq!(text.lines().count(), 1);
                items = items.resume(text.parse().unwrap());
            }
            found.extend(ids(&mut items, stop, id).await);
            position = items.position().map(|position| position.to_string());
        }
        prop_assert_eq!(&found, &all);
        let end: ListPosition = position.unwrap().parse().unwrap();
        prop_assert!(end.is_at_end());
        prop_assert!(call.clone().items().resume(end).next().await.is_none());

        let mut of_pages = Vec::new();
        let mut pages = call.clone().pages();
        while let Some(page) = pages.try_next().await.unwrap() {
            of_pages.extend(page.items.iter().map(id));
            let position = pages.position().unwrap();
            pages = call.clone().pages().resume(position);
        }
        prop_assert_eq!(&of_pages, &all);
        Ok(all)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]
    #[test]
    fn each_item_is_returned_once_wherever_a_stream_is_continued(
        count in 0..40_u32,
        per_page in 1..12_u32,
        stops in prop::collection::vec(0..15_usize, 0..4),
        is_ahead: bool,
    ) {
        let (tenant, organization) = tenant(count);
        let client: ManagementClient = tenant.management();
        let size = count as usize;
        let id = |role: &Role| role.id.clone().unwrap();
        let roles = check(&tenant, &client.roles().list().per_page(per_page), &stops, is_ahead, id)?;
        prop_assert_eq!(roles.len(), size);
        let id = |organization: &Organization| organization.id.clone().unwrap();
        let list = client.organizations().list();
        for list in [list.clone().take(per_page), list.page(0).per_page(per_page)] {
            prop_assert_eq!(check(&tenant, &list, &stops, is_ahead, id)?.len(), size.max(1));
        }
        let id = |member: &OrganizationMember| member.user_id.clone().unwrap().to_string();
        let members = client.organizations().members(&organization).list();
        for members in [members.clone().take(per_page), members.page(0).per_page(per_page)] {
            prop_assert_eq!(check(&tenant, &members, &stops, is_ahead, id)?.len(), size);
        }
        let id = |event: &LogEvent| event.log_id.clone().unwrap();
        let logs = client.logs().list();
        for logs in [logs.clone().from("log0000").take(per_page), logs.page(0).per_page(per_page)] {
            check(&tenant, &logs, &stops, is_ahead, id)?;
        }
    }
}

/// Answers a list of 250 roles.
fn with_roles(mock: &MockTransport) {
    mock.expect(ListRoles::DESCRIPTOR).always().answer(|request| {
        let page: usize = request.query("page").map_or(0, |page| page.parse().unwrap());
        let roles: Vec<_> =
            (page * 100..250.min(page * 100 + 100)).map(|n| json!({"id": format!("{n}")})).collect();
        let page = json!({"roles": roles, "start": page * 100, "limit": 100, "total": 250});
        http::Response::new(page.to_string().into())
    });
}

#[test]
fn the_next_page_is_requested_ahead_only_if_asked_and_never_more_than_one() {
    for (is_ahead, requests) in [(false, [1, 1, 2, 2, 3, 3]), (true, [2, 2, 3, 3, 3, 3])] {
        let mock = MockTransport::new();
        with_roles(&mock);
        let list = mock.management().roles().list();
        let (mut items, mut pages) = (list.clone().items(), list.pages());
        if is_ahead {
            (items, pages) = (items.prefetch(), pages.prefetch());
        }
        assert!(mock.requests().is_empty());
        mock.clock().block_on(async {
            let mut count = 0;
            for (until, requests) in [1, 100, 101, 200, 201, 250].into_iter().zip(requests) {
                while count < until {
                    assert_eq!(items.try_next().await.unwrap().unwrap().id, Some(count.to_string()));
                    count += 1;
                }
                assert_eq!(mock.requests().len(), requests, "after {until} items");
            }
            assert!(items.next().await.is_none());
            let before = mock.requests().len();
            for (items, requests) in [(100, 1), (100, 2), (50, 3)] {
                assert_eq!(pages.try_next().await.unwrap().unwrap().len(), items);
                let expected = if is_ahead { 3.min(requests + 1) } else { requests };
                assert_eq!(mock.requests().len() - before, expected);
            }
            assert!(pages.next().await.is_none());
        });
    }
}

#[test]
fn an_error_of_a_page_requested_ahead_is_returned_behind_the_items_before_it() {
    let mock = MockTransport::new();
    let full: Vec<_> = (0..2).map(|n| json!({"id": format!("{n}")})).collect();
    mock.expect(ListRoles::DESCRIPTOR).json(json!({"roles": full, "total": 4}).to_string());
    mock.expect(ListRoles::DESCRIPTOR).error(403, "insufficient_scope", "no");
    let mut items = mock.management().roles().list().per_page(2).items().prefetch();
    let position = mock.clock().block_on(async {
        assert!(items.try_next().await.unwrap().is_some());
        assert!(items.try_next().await.unwrap().is_some());
        assert!(items.next().await.unwrap().unwrap_err().is_forbidden());
        assert!(items.next().await.is_none());
        items.position().unwrap()
    });
    // The stream can be continued at the page that failed.
    assert!(!position.is_at_end());
    let rest = json!({"roles": [{"id": "2"}], "total": 3}).to_string();
    mock.expect(ListRoles::DESCRIPTOR).json(rest);
    let rest = mock.management().roles().list().per_page(2).items().resume(position);
    let rest = mock.clock().block_on(rest.try_collect()).unwrap();
    assert_eq!(rest[0].id.as_deref(), Some("2"));
    mock.verify();
}

#[test]
fn a_position_is_refused_for_another_list() {
    let (tenant, organization) = tenant(3);
    let client = tenant.management();
    let position = client.roles().list().name_filter("role").items().position().unwrap();
    let text = position.to_string();
    let later = text.replace(r#""version":1"#, r#""version":2"#);
    assert_ne!(text, later);
    tenant.clear_requests();
    let refused = |result: Option<Result<(), Error>>, part: &str| {
        let error = result.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.to_string().contains(part), "{error}");
    };
    tenant.clock().block_on(async {
        let mut other = client.organizations().list().items().resume(position.clone());
        refused(other.next().await.map(|item| item.map(drop)), r#"the list "roles.list", not of"#);
        let mut other = client.roles().list().name_filter("admin").items().resume(position.clone());
        refused(other.next().await.map(|item| item.map(drop)), "other arguments");
        let mut other =
            client.roles().list().name_filter("role").query("new", 1).items().resume(position.clone());
        refused(other.next().await.map(|item| item.map(drop)), "other arguments");
        let later: ListPosition = later.parse().unwrap();
        let mut other = client.roles().list().name_filter("role").pages().resume(later);
        assert!(other.position().is_none(), "it is not the end of the list");
        refused(other.next().await.map(|item| item.map(drop)), "the format 2");
        assert!(other.next().await.is_none() && other.position().is_none());
        let members = client.organizations().members(&organization).list().items().position().unwrap();
        let mut other = client.organizations().members("org_2").list().items().resume(members);
        refused(other.next().await.map(|item| item.map(drop)), "other arguments");
        // Another size of the page is no other list: the position has its own.
        let items = client.roles().list().per_page(1).name_filter("role").items().resume(position);
        assert_eq!(items.try_collect().await.unwrap().len(), 3);
    });
    for text in ["", "{}", "null", &text.replace("skip", "jump"), &text.replace("per_page", "size")] {
        assert!(text.parse::<ListPosition>().unwrap_err().is_invalid_argument(), "{text}");
    }
}

#[test]
fn a_list_ends_at_a_short_page_whatever_the_total() {
    let page = |count: usize, total: usize| {
        let roles: Vec<_> = (0..count).map(|n| json!({"id": format!("{n}")})).collect();
        json!({"roles": roles, "total": total}).to_string()
    };
    for (pages, items) in [
        (vec![page(1, 0)], 1),
        (vec![page(2, 0), page(2, 0), page(1, 0)], 5),
        (vec![page(2, 900), page(2, 900), page(0, 900)], 4),
        (vec![page(0, 900)], 0),
    ] {
        let mock = MockTransport::new();
        for page in pages {
            mock.expect(ListRoles::DESCRIPTOR).json(page);
        }
        let list = mock.management().roles().list().per_page(2).items().prefetch();
        assert_eq!(mock.clock().block_on(list.try_collect()).unwrap().len(), items);
        mock.verify();
    }
}

#[test]
fn the_window_s_end_is_reached_again_by_a_stream_that_resumes_there() {
    let mock = MockTransport::new();
    mock.expect(GetAllUsers::DESCRIPTOR).always().answer(|_| {
        let users: Vec<_> = (0..100).map(|n| json!({"user_id": format!("auth0|{n}")})).collect();
        http::Response::new(json!({"users": users, "total": 1000}).to_string().into())
    });
    let users = mock.management().users();
    mock.clock().block_on(async {
        let mut items = users.get_all().page(9).items();
        for _ in 0..100 {
            items.try_next().await.unwrap().unwrap();
        }
        assert!(items.next().await.unwrap().unwrap_err().is_window_exceeded());
        let mut again = users.get_all().items().resume(items.position().unwrap());
        assert!(again.next().await.unwrap().unwrap_err().is_window_exceeded());
        // A refused argument remains the error.
        let mut refused = users.get_all().header("a b", "c").items();
        assert!(refused.position().is_none());
        refused = refused.resume(items.position().unwrap());
        assert!(refused.next().await.unwrap().unwrap_err().is_invalid_argument());
    });
}

#[test]
fn a_position_of_a_list_is_refused_for_another_size_of_pages_or_another_tenant() {
    use users_core::ListPosition;
    let tenant = Tenant::builder().domain("one.eu.auth0.com").users(200).build();
    let other = Tenant::builder().domain("two.eu.auth0.com").users(200).build();
    let list = |tenant: &Tenant, per_page| tenant.management().users().get_all().per_page(per_page).items();
    let position: ListPosition = tenant.clock().block_on(async {
        let mut items = list(&tenant, 10);
        for _ in 0..35 {
            items.try_next().await.unwrap().unwrap();
        }
        items.position().unwrap()
    });
    let count = |tenant: &Tenant, per_page| {
        let items = list(tenant, per_page).resume(position.clone());
        tenant.clock().block_on(async move {
            let mut items = items;
            let mut count = 0;
            loop {
                match items.try_next().await {
                    Ok(Some(_)) => count += 1,
                    Ok(None) => return Ok(count),
                    Err(error) => return Err(error.to_string()),
                }
            }
        })
    };
    let sizes = count(&tenant, 50);
    assert!(sizes.is_err() || sizes == Ok(165), "pages of another size: {sizes:?}");
    let tenants = count(&other, 10);
    assert!(tenants.is_err(), "another tenant: {tenants:?}");
}
