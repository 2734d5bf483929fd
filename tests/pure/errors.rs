//! Error messages: one line each, every cause once, and the remedy.

use bytes::Bytes;
use std::io;
use users_core::management::GetUser;
use users_core::{
    ErrorKind, ManagementClient, Operation as _, Sent, TransportError, TransportErrorKind, transport_fn,
};
use users_mock::{MockTransport, Tenant};
use users_tests_pure::{assert_each_cause_once, chain, decode};

#[test]
fn a_reporter_that_prints_the_chain_shows_each_cause_once() {
    let transport = transport_fn(|_, _| async {
        let os = io::Error::new(io::ErrorKind::ConnectionRefused, "connection refused (os error 111)");
        Err(TransportError::connect("no connection to tenant.example.com:443").with_source(os))
    });
    let mock = MockTransport::new();
    let builder = ManagementClient::builder(transport).domain("tenant.example.com").clock(mock.clock());
    let users = builder.token("token").build().unwrap().users();
    let error = mock.clock().block_on(users.get("auth0|1").send()).unwrap_err();
    assert_eq!(
        chain(&error),
        [
            "GET /users/{id}: no connection to tenant.example.com:443 (3 attempts)",
            "connection refused (os error 111)"
        ]
    );

    // The token cannot be fetched, for the same reason.
    let transport = transport_fn(|_, _| async {
        let os = io::Error::other("connection refused (os error 111)");
        Err(TransportError::connect("no connection to tenant.example.com:443").with_source(os))
    });
    let builder = ManagementClient::builder(transport).domain("tenant.example.com").clock(mock.clock());
    let users = builder.client_credentials("id", "secret-1").build().unwrap().users();
    assert_each_cause_once(&mock.clock().block_on(users.get("auth0|1").send()).unwrap_err());
    assert_each_cause_once(&mock.clock().block_on(users.get("").send()).unwrap_err());
    assert_each_cause_once(
        &mock.clock().block_on(users.get("auth0|1").timeout(std::time::Duration::ZERO).send()).unwrap_err(),
    );
    assert_each_cause_once(&decode::<GetUser>(200, "[]").unwrap_err());
    assert_each_cause_once(&decode::<GetUser>(200, "{").unwrap_err());
}

#[test]
fn the_transport_error_stays_accessible() {
    let transport = transport_fn(|_, _| async {
        Err(TransportError::new(TransportErrorKind::Io, Sent::Maybe, "the connection broke"))
    });
    let mock = MockTransport::new();
    let builder = ManagementClient::builder(transport).domain("tenant.example.com").clock(mock.clock());
    let users = builder.token("token").build().unwrap().users();
    let error = mock.clock().block_on(users.delete("auth0|1").send()).unwrap_err();
    let transport = error.transport_error().unwrap();
    assert_eq!((transport.kind(), transport.sent()), (TransportErrorKind::Io, Sent::Maybe));
}

#[test]
fn a_decode_error_names_the_place_in_the_body() {
    use users_core::management::{GetAllUsers, GetUsersByEmail};
    for (error, message) in [
        (
            decode::<GetUser>(200, "[]").unwrap_err(),
            "the response body cannot be decoded: invalid type: sequence, expected an object",
        ),
        (
            decode::<GetUser>(200, "{\"user_id\":\"a|1\",\n\"email\":tru}").unwrap_err(),
            "the response body cannot be decoded: expected ident at line 2 column 12",
        ),
        (
            decode::<GetAllUsers>(200, r#"[{},{},5]"#).unwrap_err(),
            "the response body cannot be decoded at [2]: invalid type: integer, expected an object",
        ),
        (
            decode::<GetAllUsers>(200, r#"{"total":1,"users":[{},"x"]}"#).unwrap_err(),
            "the response body cannot be decoded at users[1]: invalid type: string, expected an object",
        ),
        (
            decode::<GetUsersByEmail>(200, r#"[{},7]"#).unwrap_err(),
            "the response body cannot be decoded at [1]: invalid type: integer, expected an object",
        ),
    ] {
        assert_eq!((error.kind(), error.message()), (ErrorKind::Decode, message), "{error:?}");
    }
}

#[test]
fn the_error_at_the_end_of_the_window_names_the_remedy() {
    let tenant = Tenant::builder().users(1000).build();
    let client = tenant.management();
    tenant.clock().block_on(async {
        let mut users = client.users().get_all().items();
        let mut seen = 0;
        let error = loop {
            match users.try_next().await {
                Ok(Some(_)) => seen += 1,
                Ok(None) => panic!("the stream ended without the error of the window"),
                Err(error) => break error,
            }
        };
        assert_eq!(seen, 1000);
        assert!(error.is_window_exceeded());
        for part in ["1000 entries or more", "export", "`q`"] {
            assert!(error.to_string().contains(part), "{error}");
        }
    });
    // Roles of a user have the same window, but no export.
    let mock = MockTransport::new();
    let page = |page: u32| {
        let roles: Vec<_> =
            (0..100).map(|role| serde_json::json!({"id": format!("rol_{page}_{role}")})).collect();
        serde_json::json!({"roles": roles, "start": page * 100, "limit": 100, "total": 1000}).to_string()
    };
    for number in 0..10 {
        mock.expect((http::Method::GET, "/users/{id}/roles")).json(page(number));
    }
    let error = mock
        .clock()
        .block_on(mock.management().users().roles("auth0|1").list().items().try_collect())
        .unwrap_err();
    assert!(error.is_window_exceeded() && !error.to_string().contains("export"), "{error}");
}

#[test]
fn a_value_of_another_type_is_kept_in_unknown() {
    let user = GetUser::decode(http::Response::new(Bytes::from(r#"{"user_id":5}"#))).unwrap();
    assert_eq!(user.user_id, None);
    assert_eq!(user.unknown.raw("user_id"), Some("5"));
}
