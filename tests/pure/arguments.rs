//! Arguments that must not or cannot be sent are refused with the reason.

use users_core::management::{self, GetUser};
use users_core::model::{InvalidId, UserId};
use users_core::{AuthenticationClient, BaseUrl, ErrorKind, ManagementClient};
use users_mock::MockTransport;

#[test]
fn framing_headers_are_not_accepted_from_callers() {
    let mock = MockTransport::new();
    mock.expect(GetUser::DESCRIPTOR).json("{}").always();
    for (name, value) in [
        ("content-length", "3"),
        ("Host", "evil.example"),
        ("transfer-encoding", "chunked"),
        ("connection", "close"),
        ("keep-alive", "timeout=5"),
        ("proxy-connection", "close"),
        ("te", "trailers"),
        ("trailer", "x"),
        ("upgrade", "h2c"),
    ] {
        let call = mock.management().users().get("auth0|1").header(name, value);
        let error = mock.clock().block_on(call.send()).unwrap_err();
        assert!(error.is_invalid_argument() && error.to_string().contains(&name.to_lowercase()), "{error}");
        let builder = ManagementClient::builder(mock.clone()).domain("a.example.com").token("t");
        assert!(builder.header(name, value).build().is_err(), "{name}");
    }
    assert!(mock.requests().is_empty());
}

#[test]
fn blank_and_invisible_ids_are_refused() {
    for text in [
        "\u{feff}",
        "\u{200b}",
        "\u{2060}",
        "\u{ad}",
        " \u{feff} ",
        "\u{200d}\u{fe0f}",
        "\u{3164}",
        "\u{2800}",
        "\u{e0020}",
        "\u{202e}",
        "\u{180e}",
        "\u{115f}",
    ] {
        assert_eq!(UserId::new(text), Err(InvalidId::Blank), "{text:?}");
    }
    for text in [" ..", ".\u{200b}.", "\u{200b}.\u{200b}.\u{200b}", "..\u{feff}", "\u{200b}.", ".\u{ad} "] {
        assert_eq!(UserId::new(text), Err(InvalidId::DotSegment), "{text:?}");
    }
    for text in ["auth0|1", "\u{feff}a", "samlp|ad\u{e9}le", "a\u{200d}b", "...", "日本"] {
        assert!(UserId::new(text).is_ok(), "{text:?}");
    }
}

#[test]
fn a_base_url_that_parsers_could_read_differently_is_refused() {
    for path in [
        "/api\\v2", "/a@b", "/a\"b", "/a{b", "/a}b", "/a|b", "/..;/x", "/a;b", "/a^b", "/a`b", "/a<b",
        "/a'b", "/a:b", "/a,b", "/a%2fb", "/.", "/a//b",
    ] {
        let url = format!("https://tenant.example.com{path}");
        assert!(BaseUrl::parse(&url).is_err(), "{url}");
    }
    for port in [":+443", ":0", ":00443", ":65536"] {
        assert!(BaseUrl::parse(&format!("https://tenant.example.com{port}")).is_err(), "{port}");
    }
    for path in ["", "/", "/api/v2", "/api/v2/", "/a-b/c_d/e.f/~g"] {
        assert!(BaseUrl::parse(&format!("https://tenant.example.com{path}")).is_ok(), "{path}");
    }
}

#[test]
fn a_rest_template_with_a_hidden_separator_is_refused() {
    let mock = MockTransport::new();
    let client = mock.management();
    for template in [
        "/..;/users",
        "/users/..;x=1",
        "/a%2fb",
        "/a%2Fb",
        "/a%5cb",
        "/a%5Cb",
        "/a;b",
        "/a%3bb",
        "/a%00b",
        "/a%3fb",
        "/a%25b",
        "/%c0%af",
        "/%c0%ae%c0%ae/x",
        "/%ff",
        "/a%ef%bc%8fb",
    ] {
        let error = mock.clock().block_on(client.rest(template).get_all::<()>(()).send()).unwrap_err();
        assert!(error.is_invalid_argument(), "{template}: {error}");
    }
    assert!(mock.requests().is_empty());
}

#[test]
fn a_client_without_a_usable_token_is_not_built() {
    let mock = MockTransport::new();
    let builder = || ManagementClient::builder(mock.clone()).domain("tenant.example.com");
    for (what, built) in [
        ("no token", builder().build()),
        ("an empty token", builder().token("").build()),
        ("a blank token", builder().token(" ").build()),
        ("a token with a line end", builder().token("a\nb").build()),
        ("a token with a NUL", builder().token("a\0b").build()),
        ("an invisible token", builder().token("\u{feff}").build()),
        ("a blank authorization", builder().header("authorization", " ").build()),
        ("a bearer without a token", builder().header("authorization", "Bearer ").build()),
        ("no client id", builder().client_credentials("", "secret").build()),
        ("no client secret", builder().client_credentials("id", "").build()),
    ] {
        let error = built.map(|_| what).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration, "{what}: {error}");
    }
    let manager =
        management::UsersManager::builder(mock.clone()).base_url("https://tenant.example.com/api/v2");
    assert!(manager.build().is_err());
    assert!(
        builder().header("authorization", "Bearer mine").build().is_ok(),
        "a token in the header counts as well"
    );
    // The Authentication API needs no token.
    assert!(AuthenticationClient::builder(mock.clone()).domain("tenant.example.com").build().is_ok());
    assert!(AuthenticationClient::builder(mock).domain("tenant.example.com").token("a\nb").build().is_err());
}

#[test]
fn a_deletion_is_refused_if_what_narrows_it_is_blank() {
    let (_, management, _) = users_tests_pure::clients();
    for blank in ["", " ", "\t"] {
        for request in [
            management.grants().delete_by_user(blank).into_request(),
            management.connections().delete_user("con_1", blank).into_request(),
            management.user_blocks().delete_by_identifier(blank).into_request(),
        ] {
            assert_eq!(request.unwrap_err().kind(), users_core::ErrorKind::InvalidArgument);
        }
    }
}
