//! The operations on users that make several calls.

use proptest::prelude::*;
use serde_json::{Value, json};
use std::error::Error as _;
use users_core::management::{GetUser, GetUsersByEmail, MetadataMerge, UpdateUser, UsersManager};
use users_core::model::{JsonObject, MetadataUpdate, NewUser, User, UserId, UserUpdate};
use users_mock::{Assumptions, MockTransport, Seed, Tenant};

/// A tenant with a user of a database, who has a user name.
fn with_ada() -> (Tenant, UsersManager, UserId) {
    let seed = r#"{"connections":[{"id":"con_1","name":"db","strategy":"auth0",
        "options":{"requires_username":true,"passwordPolicy":"good"}}]}"#;
    let tenant = Tenant::builder().seed(Seed::from_json(seed).unwrap()).build();
    let users = tenant.management().users();
    let new = NewUser::new("db").email("ada@example.com").username("ada").password("Correct-horse-1");
    let ada = tenant.clock().block_on(users.create(new).send()).unwrap();
    tenant.clear_requests();
    (tenant, users, ada.user_id.unwrap())
}

fn emails(users: &[User]) -> Vec<&str> {
    users.iter().map(|user| user.email.as_deref().unwrap()).collect()
}

#[test]
fn users_are_found_by_an_address_as_it_is_and_in_lower_case() {
    let seed = r#"{"users":[
        {"user_id":"google-oauth2|1","email":"Ada@Example.com"},
        {"user_id":"auth0|2","email":"ada@example.com"},
        {"user_id":"auth0|3","email":"grace@example.com"}]}"#;
    let tenant = Tenant::builder().seed(Seed::from_json(seed).unwrap()).build();
    let users = tenant.management().users();
    let find = |email: &str| tenant.clock().block_on(users.by_email_any_case(email)).unwrap();
    for (email, found, requests) in [
        ("Ada@Example.com", vec!["Ada@Example.com", "ada@example.com"], 2),
        ("ADA@example.com", vec!["ada@example.com"], 2),
        ("ada@example.com", vec!["ada@example.com"], 1),
        ("Nobody@example.com", vec![], 2),
    ] {
        tenant.clear_requests();
        assert_eq!(emails(&find(email)), found, "{email}");
        tenant.assert_requests(GetUsersByEmail::DESCRIPTOR, requests);
    }
}

#[test]
fn a_user_found_in_both_cases_is_returned_once() {
    let mock = MockTransport::new();
    let user = r#"{"user_id":"auth0|1","email":"ada@example.com"}"#;
    mock.expect(GetUsersByEmail::DESCRIPTOR).json(format!("[{user}]"));
    mock.expect(GetUsersByEmail::DESCRIPTOR).json(format!(r#"[{user},{{"user_id":"auth0|2"}}]"#));
    let found =
        mock.clock().block_on(mock.management().users().by_email_any_case("ADA@example.com")).unwrap();
    let ids: Vec<_> = found.iter().filter_map(|user| user.user_id.as_ref()).map(UserId::as_str).collect();
    assert_eq!(ids, ["auth0|1", "auth0|2"]);
    mock.verify();
}

/// Every combination of the attributes that an update may have, each as the attributes' names.
fn combinations() -> Vec<(UserUpdate, usize)> {
    (0..64_u32)
        .map(|bits| {
            let has = |bit: u32| bits & (1 << bit) != 0;
            let mut update = UserUpdate::new();
            if has(0) {
                update = update.username("countess");
            }
            if has(1) {
                update = update.password("Another-horse-2");
            }
            if has(2) {
                update = update.email("countess@example.com");
            }
            if has(3) {
                update = update.email_verified(true);
            }
            if has(4) {
                update = update.nickname("Countess").user_metadata(json!({"a": 1}));
            }
            if has(5) {
                update = update.blocked(true);
            }
            let parts = usize::from(has(0)) + usize::from(has(1)) + usize::from(has(2) || has(3));
            (update.connection("db"), parts.max(1))
        })
        .collect()
}

#[test]
fn every_update_is_applied_in_full_if_it_is_split() {
    for (update, parts) in combinations() {
        let mut assumed = Assumptions::default();
        // The strictest tenant: it refuses a pair of which it is not known whether Auth0 does.
        assumed.update_username_and_email = Some(assumed.update_together.clone());
        let seed = r#"{"connections":[{"id":"con_1","name":"db","strategy":"auth0","options":{"requires_username":true}}]}"#;
        let tenant = Tenant::builder().seed(Seed::from_json(seed).unwrap()).assumptions(assumed).build();
        let users = tenant.management().users();
        tenant.clock().block_on(async {
            let new = NewUser::new("db").email("ada@example.com").username("ada").password("Correct-horse-1");
            let id = users.create(new).await.unwrap().user_id.unwrap();
            tenant.clear_requests();
            if update == UserUpdate::new().connection("db") {
                return;
            }
            let user = users.update_split(&id, update.clone()).await.unwrap();
            tenant.assert_requests(UpdateUser::DESCRIPTOR, parts);
            let (wanted, user) =
                (serde_json::to_value(&update).unwrap(), serde_json::to_value(&user).unwrap());
            for (name, value) in wanted.as_object().unwrap() {
                if !["password", "connection"].contains(&name.as_str()) {
                    assert_eq!(&user[name], value, "{name} of {wanted}");
                }
            }
        });
    }
}

#[test]
fn the_parts_of_an_update_contain_each_attribute_once() {
    for (update, count) in combinations() {
        let parts = update.clone().split();
        assert_eq!(parts.len(), count, "{update:?}");
        let mut all = serde_json::Map::new();
        for part in &parts {
            let Ok(Value::Object(part)) = serde_json::to_value(part) else { panic!("{part:?}") };
            assert_eq!(part["connection"], "db");
            for (name, value) in part {
                assert!(
                    all.insert(name.clone(), value).is_none() || name == "connection",
                    "{name} is sent twice"
                );
            }
        }
        assert_eq!(Value::Object(all), serde_json::to_value(&update).unwrap());
    }
    assert_eq!(UserUpdate::new().split(), [UserUpdate::new()]);
}

#[test]
fn a_user_is_blocked_first_and_unblocked_last() {
    let update = || UserUpdate::new().username("ada").password("horse").email("ada@example.com");
    let blocked = |update: UserUpdate| update.split().iter().map(|part| part.blocked).collect::<Vec<_>>();
    assert_eq!(blocked(update().blocked(true)), [Some(true), None, None]);
    assert_eq!(blocked(update().blocked(false)), [None, None, Some(false)]);
    assert_eq!(blocked(UserUpdate::new().blocked(true)), [Some(true)]);
    let cleared = UserUpdate::new().clear_username().password("horse").split();
    assert_eq!(cleared, [UserUpdate::new().clear_username(), UserUpdate::new().password("horse")]);
}

#[test]
fn a_split_update_that_fails_says_which_parts_were_applied() {
    let (tenant, users, id) = with_ada();
    let update = UserUpdate::new().username("countess").password("weak").email("c@example.com").nickname("C");
    let error = tenant.clock().block_on(users.update_split(&id, update)).unwrap_err();
    assert!(error.error.is_weak_password(), "{error}");
    assert_eq!(error.to_string(), "1 of 3 updates were applied");
    assert!(error.source().unwrap().to_string().contains("PasswordStrengthError"));
    assert_eq!(error.applied, [UserUpdate::new().username("countess")]);
    assert_eq!(error.failed, Some(UserUpdate::new().password("weak")));
    assert_eq!(error.not_sent, [UserUpdate::new().email("c@example.com").nickname("C")]);
    assert_eq!(error.user.as_ref().unwrap().username.as_deref(), Some("countess"));
    assert!(!format!("{error:?}").contains("weak\""), "a password is not shown");
    let ada = tenant.clock().block_on(users.get(&id).send()).unwrap();
    assert_eq!((ada.username.as_deref(), ada.email.as_deref()), (Some("countess"), Some("ada@example.com")));
}

#[test]
fn a_part_that_may_have_been_applied_is_reported_as_such() {
    let mock = MockTransport::new();
    mock.expect(UpdateUser::DESCRIPTOR).error(504, "timeout", "no");
    let update = UserUpdate::new().password("horse").email("c@example.com");
    let users = mock.management().users();
    let error = mock.clock().block_on(users.update_split("auth0|1", update)).unwrap_err();
    assert_eq!(error.to_string(), "0 of 2 updates were applied, and perhaps the next one");
    assert!(error.error.may_have_been_applied() && error.user.is_none());
}

#[test]
fn nothing_is_sent_if_any_part_is_invalid() {
    let mock = MockTransport::new();
    let users = mock.management().users();
    let invalid = MetadataUpdate::new().set("key", ());
    let update = UserUpdate::new().username("a").password("horse").user_metadata(invalid);
    for (id, update) in
        [("auth0|1", update), ("..", UserUpdate::new().password("horse")), ("auth0|1", UserUpdate::new())]
    {
        let error = mock.clock().block_on(users.update_split(id, update)).unwrap_err();
        assert!(error.error.is_invalid_argument(), "{error}");
        assert_eq!((error.applied.len(), error.failed.as_ref()), (0, None));
        assert!(!error.not_sent.is_empty() && mock.requests().is_empty());
    }
}

#[test]
fn an_update_that_needs_no_split_is_one_request() {
    let (tenant, users, id) = with_ada();
    let update = UserUpdate::new().email("c@example.com").email_verified(true).nickname("C");
    tenant.clock().block_on(users.update_split(&id, update)).unwrap();
    tenant.assert_requests(UpdateUser::DESCRIPTOR, 1);
}

/// What the metadata of a user becomes, and the bodies of the writes.
fn merge(before: &str, values: &str) -> (String, Vec<String>) {
    let mock = MockTransport::new();
    mock.expect(GetUser::DESCRIPTOR).json(format!(r#"{{"user_id":"auth0|1","user_metadata":{before}}}"#));
    let written = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let bodies = std::sync::Arc::clone(&written);
    mock.expect(UpdateUser::DESCRIPTOR).always().answer(move |request| {
        bodies.lock().unwrap().push(String::from_utf8(request.body().to_vec()).unwrap());
        http::Response::new(r#"{"user_id":"auth0|1","user_metadata":{"after":true}}"#.into())
    });
    let merge = MetadataMerge::new().user_metadata(JsonObject::from_json(values).unwrap());
    let user = mock.clock().block_on(mock.management().users().merge_deep("auth0|1", merge)).unwrap();
    let written = written.lock().unwrap().clone();
    (user.user_metadata.unwrap().to_json(), written)
}

#[test]
fn metadata_is_merged_at_every_level_and_only_changed_keys_are_written() {
    const HUGE: &str = "123456789012345678901234567890";
    for (before, values, written) in [
        (r#"{"a":{"x":1,"y":2},"b":3}"#, r#"{"a":{"y":4}}"#, Some(r#"{"a":{"x":1,"y":4}}"#.to_owned())),
        (
            r#"{"a":{"x":{"p":1,"q":2}}}"#,
            r#"{"a":{"x":{"p":null}}}"#,
            Some(r#"{"a":{"x":{"q":2}}}"#.to_owned()),
        ),
        (r#"{"a":{"x":[1,2]}}"#, r#"{"a":{"x":[3]}}"#, Some(r#"{"a":{"x":[3]}}"#.to_owned())),
        (r#"{"a":1,"b":2}"#, r#"{"a":null,"c":null}"#, Some(r#"{"a":null}"#.to_owned())),
        (r#"{"a":1}"#, r#"{"a":{"x":{"y":null,"z":1}}}"#, Some(r#"{"a":{"x":{"z":1}}}"#.to_owned())),
        (r#"{"a":{"x":1}}"#, r#"{"a":{"x":null}}"#, Some(r#"{"a":{}}"#.to_owned())),
        (r#"{"a":{"x":1}}"#, r#"{"a":[]}"#, Some(r#"{"a":[]}"#.to_owned())),
        ("null", r#"{"a":{"x":1}}"#, Some(r#"{"a":{"x":1}}"#.to_owned())),
        // Numbers keep their text.
        (
            &format!(r#"{{"a":{{"x":{HUGE},"y":1.0}}}}"#),
            r#"{"a":{"z":1e400}}"#,
            Some(format!(r#"{{"a":{{"x":{HUGE},"y":1.0,"z":1e400}}}}"#)),
        ),
        // Nothing changes.
        (r#"{"a":{"x":1,"y":2},"b":3}"#, r#"{"a":{"y":2,"x":1},"b":3}"#, None),
        (r#"{"a":{"x":1}}"#, r#"{"a":{},"b":null}"#, None),
        (r#"{"a":1}"#, "{}", None),
    ] {
        let (user, bodies) = merge(before, values);
        let wanted: Vec<_> = written.iter().map(|body| format!(r#"{{"user_metadata":{body}}}"#)).collect();
        assert_eq!(bodies, wanted, "{before} with {values}");
        let after = if written.is_some() { r#"{"after":true}"# } else { before };
        assert_eq!(user, after, "the user is returned as it is afterwards");
    }
}

/// RFC 7396.
fn merge_patch(target: &Value, patch: &Value) -> Value {
    let Value::Object(patch) = patch else { return patch.clone() };
    let mut target = target.as_object().cloned().unwrap_or_default();
    for (key, value) in patch {
        if value.is_null() {
            target.remove(key);
        } else {
            let merged = merge_patch(target.get(key).unwrap_or(&Value::Null), value);
            target.insert(key.clone(), merged);
        }
    }
    Value::Object(target)
}

fn metadata() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![Just(Value::Null), (0..3_i32).prop_map(Value::from), Just(json!("text"))];
    let value = leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[abc]", inner, 0..3).prop_map(|map| json!(map)),
        ]
    });
    prop::collection::btree_map("[abc]", value, 0..4).prop_map(|map| json!(map))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn a_deep_merge_is_that_of_rfc_7396(before in metadata(), user in metadata(), app in metadata()) {
        // What is stored has no `null` at its first level: it would have deleted the key.
        let before = merge_patch(&json!({}), &before);
        let tenant = Tenant::builder().build();
        let users = tenant.management().users();
        let new = NewUser::new("Username-Password-Authentication").email("ada@example.com").password("Correct-horse-1");
        let after = tenant.clock().block_on(async {
            let new = new.user_metadata(JsonObject::from_value(&before).unwrap());
            let id = users.create(new).await.unwrap().user_id.unwrap();
            let merge = MetadataMerge::new().user_metadata(&user).app_metadata(&app);
            let merged = users.merge_deep(&id, merge.clone()).await.unwrap();
            tenant.clear_requests();
            users.merge_deep(&id, merge).await.unwrap();
            tenant.assert_requests(UpdateUser::DESCRIPTOR, 0);
            let after = users.get(&id).await.unwrap();
            assert_eq!(merged.user_metadata, after.user_metadata);
            after
        });
        let shown = |metadata: &Option<JsonObject>| {
            metadata.as_ref().map_or(json!({}), |metadata| metadata.to::<Value>().unwrap())
        };
        prop_assert_eq!(shown(&after.user_metadata), merge_patch(&before, &user));
        prop_assert_eq!(shown(&after.app_metadata), merge_patch(&json!({}), &app));
    }
}

#[test]
fn a_deep_merge_of_anything_but_an_object_is_refused_before_anything_is_sent() {
    let mock = MockTransport::new();
    let users = mock.management().users();
    for (id, merge) in [
        ("auth0|1", MetadataMerge::new().user_metadata(5)),
        ("auth0|1", MetadataMerge::new().app_metadata(["a"])),
        ("..", MetadataMerge::new()),
    ] {
        assert!(mock.clock().block_on(users.merge_deep(id, merge)).unwrap_err().is_invalid_argument());
    }
    assert!(mock.requests().is_empty());
}
