//! The content of the log.

use users_core::ManagementClient;
use users_core::model::NewUser;
use users_mock::MockTransport;

/// The log at every level.
#[derive(Clone, Default)]
struct Log(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_log_names_the_operation_but_no_ids_or_secrets() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
        .with_writer(move || writer.clone())
        .finish();
    let mock = MockTransport::new();
    mock.expect((http::Method::POST, "/oauth/token"))
        .json(r#"{"access_token":"management-token-1","expires_in":86400}"#)
        .times(2);
    mock.expect((http::Method::GET, "/users/{id}")).status(503);
    mock.expect((http::Method::GET, "/users/{id}")).error(401, "x", "Invalid token: management-token-1");
    mock.expect((http::Method::POST, "/users")).error(400, "x", "hunter2-password is weak");
    mock.expect((http::Method::GET, "/users")).json("[]");
    let users = ManagementClient::builder(mock.clone())
        .domain("tenant.example.com")
        .client_credentials("id", "client-secret-1")
        .clock(mock.clock())
        .build()
        .unwrap()
        .users();
    tracing::subscriber::with_default(subscriber, || {
        mock.clock().block_on(async {
            users.get("auth0|private-id").await.unwrap_err();
            let new = NewUser::new("db").email("private@example.com").password("hunter2-password");
            users.create(new).await.unwrap_err();
            users.get_all().q("email:private@example.com").await.unwrap();
        });
    });
    mock.verify();
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for expected in
        ["users.get", "/users/{id}", "users.create", "retrying the request", "the access token was rejected"]
    {
        assert!(log.contains(expected), "{expected} is missing: {log}");
    }
    for secret in ["client-secret-1", "management-token-1", "hunter2-password"] {
        assert!(!log.contains(secret), "{secret}: {log}");
    }
    assert!(!log.contains("private"), "{log}");
}
