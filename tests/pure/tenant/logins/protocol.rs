//! What applications rely on in responses: headers, hashes, lifetimes, forms of tokens, and errors in the form of OAuth.

use super::super::{as_admin, ask, create};
use super::PASSWORD;
use super::browser::{Browser, Shown};
use super::stories::{CALLBACK, authorize};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{Request, Response};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::time::Duration;
use users_core::HttpTransport as _;
use users_mock::{FaultyTransport, Page, Seed, Tenant, TokenSpec};

const SECRET: &str = "a-secret-of-the-api-of-32-bytes..";

fn tenant() -> Tenant {
    let scopes = json!([{"value": "read:orders"}]);
    let seed = json!({
        "resource_servers": [
            {"id": "1", "identifier": "https://api.example.com/", "name": "Orders", "scopes": scopes, "token_lifetime_for_web": 77},
            {"id": "2", "identifier": "https://rfc.example.com/", "name": "RFC", "scopes": scopes, "token_dialect": "rfc9068_profile"},
            {"id": "3", "identifier": "https://hs.example.com/", "name": "HS", "scopes": scopes, "signing_alg": "HS256", "signing_secret": SECRET},
            {"id": "4", "identifier": "https://ps.example.com/", "name": "PS", "scopes": scopes, "signing_alg": "PS256"},
            {"id": "5", "identifier": "https://no.example.com/", "name": "No secret", "scopes": scopes, "signing_alg": "HS256"},
        ],
        "clients": [
            {"client_id": "web", "name": "Web", "client_secret": "s+cret%", "callbacks": [CALLBACK],
             "allowed_logout_urls": ["https://App.example.com/out?a=1"], "web_origins": ["http://localhost:3000"]},
            {"client_id": "elsewhere", "name": "Elsewhere", "client_secret": "x", "callbacks": [CALLBACK],
             "web_origins": ["https://app.example.com"]},
            {"client_id": "spa", "name": "Page", "app_type": "spa", "callbacks": [CALLBACK]},
        ],
    });
    let tenant = Tenant::builder().seed(Seed::from_json(&seed.to_string()).unwrap()).build();
    create(&tenant, json!({}));
    tenant
}

fn part(token: &str, number: usize) -> Value {
    let part = token.split('.').nth(number).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn post(tenant: &Tenant, body: &Value) -> (Response<Bytes>, Value) {
    let answer = ask(tenant, "POST", "/oauth/token", "", body);
    let value = serde_json::from_slice(answer.body()).unwrap();
    (answer, value)
}

fn password(more: &Value) -> Value {
    let mut body = json!({
        "grant_type": "password", "client_id": "tenant-client", "username": "ada@example.com", "password": PASSWORD,
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

/// The parameters that an application receives for a response type.
fn implicit(tenant: &Tenant, response_type: &str, more: &str) -> BTreeMap<String, String> {
    let mut browser = Browser::new(tenant);
    let address = authorize(&format!("&nonce=abc{more}"));
    let address = address.replace("response_type=code", &format!("response_type={response_type}"));
    let page = browser.open(&address);
    browser.log_in(page, "ada@example.com", PASSWORD).parameters()
}

#[test]
fn an_id_token_has_the_hashes_of_what_is_returned_beside_it() {
    let tenant = tenant();
    let hash = |text: &str| URL_SAFE_NO_PAD.encode(&Sha256::digest(text)[..16]);
    for (response_type, at_hash, c_hash) in [
        ("id_token", false, false),
        ("token%20id_token", true, false),
        ("code%20id_token", false, true),
        ("code%20token%20id_token", true, true),
    ] {
        let response = implicit(&tenant, response_type, "");
        let claims = part(&response["id_token"], 1);
        let expected = |name: &str, wanted: bool| wanted.then(|| json!(hash(&response[name])));
        assert_eq!(claims.get("at_hash").cloned(), expected("access_token", at_hash), "{response_type}");
        assert_eq!(claims.get("c_hash").cloned(), expected("code", c_hash), "{response_type}");
    }
}

#[test]
fn tokens_of_the_authorization_endpoint_live_as_long_as_those_of_pages() {
    let tenant = tenant();
    assert_eq!(implicit(&tenant, "token", "")["expires_in"], "7200");
    assert_eq!(implicit(&tenant, "token", "&audience=https%3A%2F%2Fapi.example.com%2F")["expires_in"], "77");
    assert_eq!(implicit(&tenant, "code%20token", "")["expires_in"], "86400");
    assert_eq!(
        implicit(&tenant, "token", "&audience=https%3A%2F%2Frfc.example.com%2F")["expires_in"],
        "7200"
    );
    // A token is never put into a query.
    let mut browser = Browser::new(&tenant);
    for mode in ["query", "nonsense"] {
        let address =
            authorize(&format!("&response_mode={mode}")).replace("response_type=code", "response_type=token");
        let Shown::Left(url) = browser.open(&address) else { panic!() };
        assert!(url.contains("#error=invalid_request"), "{mode}: {url}");
    }
}

#[test]
fn an_api_chooses_the_form_of_its_tokens() {
    let tenant = tenant();
    let ask_for = |audience: &str| {
        let (_, user) =
            post(&tenant, &password(&json!({"audience": audience, "scope": "openid read:orders"})));
        let body = json!({"grant_type": "client_credentials", "client_id": "web", "client_secret": "s+cret%", "audience": audience});
        let (_, machine) = post(&tenant, &body);
        [user, machine].map(|tokens| tokens["access_token"].as_str().unwrap().to_owned())
    };
    for token in ask_for("https://rfc.example.com/") {
        let (header, claims) = (part(&token, 0), part(&token, 1));
        assert_eq!((&header["typ"], &header["alg"]), (&json!("at+jwt"), &json!("RS256")));
        assert!(claims["client_id"].is_string() && claims["jti"].is_string(), "{claims}");
        assert!(claims.get("azp").is_none() && claims.get("gty").is_none(), "{claims}");
    }
    for token in ask_for("https://hs.example.com/") {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_audience(&["https://hs.example.com/"]);
        validation.validate_exp = false;
        let key = DecodingKey::from_secret(SECRET.as_bytes());
        let claims = jsonwebtoken::decode::<Value>(&token, &key, &validation).unwrap().claims;
        assert_eq!(claims["aud"], "https://hs.example.com/");
    }
    let [user, _] = ask_for("https://api.example.com/");
    assert_eq!(
        part(&user, 1)["aud"],
        json!(["https://api.example.com/", "https://tenant.example.com/userinfo"])
    );
}

#[test]
fn an_api_whose_signature_the_tenant_does_not_make_gets_no_tokens() {
    let tenant = tenant();
    for (audience, what) in
        [("https://ps.example.com/", "PS256"), ("https://no.example.com/", "without a signing_secret")]
    {
        let (answer, body) = post(&tenant, &password(&json!({"audience": audience})));
        assert_eq!(answer.status(), 501);
        assert!(body["error_description"].as_str().unwrap().contains(what), "{body}");
        let shown = Browser::new(&tenant).open(&authorize(&format!("&audience={audience}")));
        assert!(matches!(shown, Shown::Page(status, Page::Error { .. }) if status == 501), "{audience}");
        let id = tenant.user_ids().remove(0);
        let error = tenant.issue(&TokenSpec::access(id).audience(audience)).unwrap_err();
        assert!(error.to_string().contains(what), "{error}");
    }
}

#[test]
fn a_response_is_not_given_to_a_page_of_another_origin() {
    let tenant = tenant();
    for (client, status) in [("tenant-client", 200), ("web", 200), ("elsewhere", 403)] {
        let address = authorize("&prompt=none&response_mode=web_message").replace("tenant-client", client);
        let Shown::Page(shown, _) = Browser::new(&tenant).open(&address) else { panic!("{client}") };
        assert_eq!(shown, status, "{client}");
    }
}

#[test]
fn a_token_that_a_secret_signs_is_not_for_userinfo() {
    let tenant = tenant();
    let asked = json!({"audience": "https://hs.example.com/", "scope": "openid read:orders"});
    let (_, tokens) = post(&tenant, &password(&asked));
    let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    assert_eq!(ask(&tenant, "GET", "/userinfo", &bearer, &Value::Null).status(), 401);
}

#[test]
fn a_login_by_password_states_its_rate_limit_on_errors_too() {
    let tenant = tenant();
    for (more, status) in [(json!({}), 200), (json!({"password": "wrong"}), 403)] {
        let (answer, _) = post(&tenant, &password(&more));
        assert_eq!(answer.status(), status);
        for name in ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"] {
            assert!(answer.headers().contains_key(name), "{status} {name}");
        }
    }
}

#[test]
fn a_token_without_openid_is_not_for_userinfo() {
    let tenant = tenant();
    for (scope, status) in [("openid read:orders", 200), ("read:orders", 401)] {
        let (_, tokens) =
            post(&tenant, &password(&json!({"audience": "https://api.example.com/", "scope": scope})));
        let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
        assert_eq!(ask(&tenant, "GET", "/userinfo", &bearer, &Value::Null).status(), status, "{scope}");
    }
}

#[test]
fn responses_of_the_token_endpoint_have_the_recorded_headers() {
    let tenant = tenant();
    let never = "private, no-store, no-cache, must-revalidate, post-check=0, pre-check=0, no-transform";
    for (body, status, cached) in [
        (password(&json!({})), 200, "no-store"),
        (password(&json!({"password": "wrong"})), 403, never),
        (json!({"grant_type": "nonsense"}), 401, never),
        (json!({"grant_type": "nonsense", "client_id": "tenant-client"}), 403, never),
    ] {
        let (answer, _) = post(&tenant, &body);
        let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(answer.status(), status, "{body}");
        assert_eq!(header("content-type").as_deref(), Some("application/json"));
        assert_eq!(header("cache-control").as_deref(), Some(cached));
        assert_eq!(header("vary").as_deref(), Some("Accept-Encoding, Origin"));
        assert_eq!(header("pragma").is_some(), status == 200);
        assert!(header("x-auth0-requestid").is_some());
    }
    for (method, body, status, error) in [
        ("POST", "{bad", 400, "invalid_request"),
        ("POST", "[1]", 400, "invalid_request"),
        ("GET", "", 405, "method_not_allowed"),
    ] {
        let request = Request::builder()
            .method(method)
            .uri("https://tenant.example.com/oauth/token")
            .header("content-type", "application/json");
        let answer = tenant.handle(request.body(Bytes::from(body)).unwrap());
        let shown: Value = serde_json::from_slice(answer.body()).unwrap();
        assert_eq!((answer.status().as_u16(), &shown["error"]), (status, &json!(error)), "{shown}");
        assert!(shown["error_description"].is_string(), "{shown}");
    }
}

#[test]
fn an_application_authenticates_itself_as_its_own_object_says() {
    let basic = |text: &str| format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(text));
    let tenant = tenant();
    let body = json!({"grant_type": "client_credentials", "audience": "https://api.example.com/"});
    // Encoded, as RFC 6749 says, or as it is, as curl sends it.
    for (secret, status) in [("web:s+cret%", 200), ("web:s%2Bcret%25", 200), ("web:s cret%", 401)] {
        assert_eq!(ask(&tenant, "POST", "/oauth/token", &basic(secret), &body).status(), status, "{secret}");
    }
    // A secret of the body stands as it is.
    let of_body = json!({"grant_type": "client_credentials", "audience": "https://api.example.com/", "client_id": "web", "client_secret": "s%2Bcret%25"});
    assert_eq!(post(&tenant, &of_body).0.status(), 401);
    // The tenant's own application needs no secret, and then a code challenge.
    let mut browser = Browser::new(&tenant);
    let address = authorize("").split("&code_challenge").next().unwrap().to_owned();
    let page = browser.open(&address);
    let code = browser.log_in(page, "ada@example.com", PASSWORD).parameters().remove("code").unwrap();
    let exchange = json!({"grant_type": "authorization_code", "client_id": "tenant-client", "code": code, "redirect_uri": CALLBACK});
    assert_eq!(post(&tenant, &exchange).0.status(), 403);
    let seed = json!({"clients": [{"client_id": "tenant-client", "name": "App", "token_endpoint_auth_method": "client_secret_post"}]});
    let confidential = Tenant::builder().seed(Seed::from_json(&seed.to_string()).unwrap()).build();
    create(&confidential, json!({}));
    assert_eq!(post(&confidential, &password(&json!({}))).0.status(), 401);
    let (_, secret) = confidential.client();
    assert_eq!(post(&confidential, &password(&json!({"client_secret": secret.expose()}))).0.status(), 200);
}

#[test]
fn a_logout_of_openid_connect_compares_the_whole_address_and_the_other_one_not_the_query() {
    let tenant = tenant();
    let mut browser = Browser::new(&tenant);
    for (path, allowed) in [
        ("/v2/logout?client_id=web&returnTo=https%3A%2F%2Fapp.example.com%2Fout%3Fa%3D2", true),
        ("/v2/logout?client_id=web&returnTo=https%3A%2F%2Fapp.example.com%2FOUT", false),
        (
            "/oidc/logout?client_id=web&post_logout_redirect_uri=https%3A%2F%2Fapp.example.com%2Fout%3Fa%3D1",
            true,
        ),
        (
            "/oidc/logout?client_id=web&post_logout_redirect_uri=https%3A%2F%2Fapp.example.com%2Fout%3Fa%3D2",
            false,
        ),
    ] {
        assert_eq!(matches!(browser.open(path), Shown::Left(_)), allowed, "{path}");
    }
}

#[test]
fn a_link_that_is_of_no_use_any_more_tells_the_application() {
    let tenant = tenant();
    let id = tenant.user_ids()[0].clone();
    let body = json!({"user_id": id, "result_url": "https://app.example.com/done?x=1#top"});
    let link = as_admin(&tenant, "POST", "/api/v2/tickets/email-verification", &body).1["ticket"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut browser = Browser::new(&tenant);
    let mut open = || match browser.open(&link) {
        Shown::Left(url) => url,
        other => panic!("{other:?}"),
    };
    assert!(open().starts_with("https://app.example.com/done?x=1&message=Your%20email%20was%20verified"));
    assert_eq!(open(), "https://app.example.com/done?x=1&message=Access%20expired.&success=false#top");
    tenant.clock().advance(Duration::from_secs(6 * 86_400));
    assert!(open().ends_with("&success=false#top"));
}

#[test]
fn what_is_typed_does_not_fill_the_memory() {
    let tenant = tenant();
    let long = "x".repeat(100_000);
    assert_eq!(post(&tenant, &password(&json!({"username": long, "password": "wrong"}))).0.status(), 403);
    let (_, entries) = as_admin(&tenant, "GET", "/api/v2/logs?per_page=2", &Value::Null);
    assert!(entries.to_string().len() < 5_000, "{}", entries.to_string().len());
    let start = json!({"client_id": "tenant-client", "connection": "email", "email": format!("{long}@example.com"), "send": "code"});
    assert_eq!(ask(&tenant, "POST", "/passwordless/start", "", &start).status(), 400);
    assert!(tenant.mails().iter().all(|mail| mail.to.len() < 300));
    let mut browser = Browser::new(&tenant);
    let shown = browser.open(&authorize(&format!("&login_hint={}", &long[..20_000])));
    assert!(matches!(shown, Shown::Page(http::StatusCode::URI_TOO_LONG, _)), "{shown:?}");
    assert!(tenant.user_ids().len() == 1 && post(&tenant, &password(&json!({}))).0.status() == 200);
}

#[test]
fn fields_of_a_page_are_named_so_that_logs_can_mask_them() {
    let tenant = tenant();
    let mut browser = Browser::new(&tenant);
    let page = browser.open(&authorize("&response_mode=form_post"));
    let shown = browser.log_in(page, "ada@example.com", PASSWORD).page();
    let users_mock::Page::FormPost { fields, .. } = &shown else { panic!("{shown:?}") };
    let (_, code) = fields.iter().find(|(name, _)| name == "code").unwrap();
    assert_eq!(serde_json::to_value(&shown).unwrap()["fields"]["code"], json!(code));
}

#[test]
fn refresh_tokens_of_single_page_applications_rotate() {
    let tenant = tenant();
    let body = password(&json!({"client_id": "spa", "scope": "openid offline_access"}));
    let first = post(&tenant, &body).1["refresh_token"].clone();
    let refresh = json!({"grant_type": "refresh_token", "client_id": "spa", "refresh_token": first});
    let next = post(&tenant, &refresh).1["refresh_token"].clone();
    assert!(next.is_string() && next != first, "{next}");
}

#[test]
fn a_login_that_the_tenant_does_not_have_says_so_and_a_misspelt_one_is_not_found() {
    let tenant = tenant();
    for (method, path, status) in [
        ("POST", "/oauth/device/code", 501),
        ("POST", "/oauth/par", 501),
        ("POST", "/oauth/ro", 501),
        ("POST", "/oidc/register", 501),
        ("POST", "/co/authenticate", 501),
        ("POST", "/delegation", 501),
        ("POST", "/tokeninfo", 501),
        ("POST", "/passwordless/verify", 501),
        ("GET", "/passwordless/verify_redirect", 501),
        ("GET", "/activate", 501),
        ("GET", "/samlp/web", 501),
        ("POST", "/oauth/tokens", 404),
    ] {
        assert_eq!(ask(&tenant, method, path, "", &Value::Null).status(), status, "{method} {path}");
    }
}

#[test]
fn an_application_of_others_may_ask_for_a_code_with_a_challenge_alone() {
    let seed = json!({"clients": [{"client_id": "tpc_app", "name": "Theirs", "client_secret": "x", "callbacks": [CALLBACK]}]});
    let tenant = Tenant::builder().seed(Seed::from_json(&seed.to_string()).unwrap()).build();
    let base = authorize("").replace("tenant-client", "tpc_app");
    for (address, is_allowed) in [
        (base.replace("openid%20profile%20email%20offline_access", "read:orders"), true),
        (base.clone(), false),
        (base.replace("response_type=code", "response_type=token"), false),
        (
            base.replace("openid%20profile%20email%20offline_access", "read:orders")
                .replace("code_challenge=", "none="),
            false,
        ),
    ] {
        match Browser::new(&tenant).open(&address) {
            Shown::Page(..) => assert!(is_allowed, "{address}"),
            shown => assert_eq!(
                (is_allowed, &*shown.parameters()["error"]),
                (false, "invalid_request"),
                "{address}"
            ),
        }
    }
}

#[test]
fn an_api_that_is_created_has_the_settings_that_were_sent() {
    let tenant = tenant();
    let body = json!({"identifier": "https://new/", "allow_offline_access": true});
    let (_, shown) = as_admin(&tenant, "POST", "/api/v2/resource-servers", &body);
    let flag = |name: &str| shown[name].as_bool();
    assert_eq!(flag("allow_offline_access"), Some(true));
    assert_eq!(flag("skip_consent_for_verifiable_first_party_clients"), Some(false));
}

#[test]
fn a_fault_of_an_operation_applies_to_forms_too() {
    let tenant = tenant();
    let faulty = FaultyTransport::new(tenant.clone(), tenant.clock());
    faulty.inject_spec(&"503@oauth.authorization_code_grant".parse().unwrap());
    let send = |grant: &str| {
        let request = Request::post("https://tenant.example.com/oauth/token")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Bytes::from(format!("client_id=tenant-client&code=x&grant_type={grant}")))
            .unwrap();
        tenant.clock().block_on(faulty.send(request, None)).unwrap().status().as_u16()
    };
    assert_eq!(send("client_credentials"), 401);
    assert_eq!(send("authorization_code"), 503);
    assert_eq!(send("authorization%5Fcode"), 403);
    let last = tenant.requests().pop().unwrap();
    assert_eq!(last.operation(), Some("oauth.authorization_code_grant"));
}

#[test]
fn a_scope_is_a_string_or_a_list_and_a_realm_is_needed_where_the_grant_names_one() {
    let tenant = tenant();
    let realm = "http://auth0.com/oauth/grant-type/password-realm";
    for (more, status, error) in [
        (json!({"scope": ["openid", "email"]}), 200, None),
        (json!({"scope": {"a": 1}}), 400, Some("invalid_scope")),
        (json!({"scope": [1]}), 400, Some("invalid_scope")),
        (json!({"grant_type": realm}), 400, Some("invalid_request")),
        (json!({"grant_type": realm, "realm": "Username-Password-Authentication"}), 200, None),
    ] {
        let (answer, body) = post(&tenant, &password(&more));
        assert_eq!((answer.status().as_u16(), body["error"].as_str()), (status, error), "{more}");
    }
    let (_, tokens) = post(&tenant, &password(&json!({"scope": ["openid", "email"]})));
    assert_eq!(tokens["scope"], "openid email");
}

#[test]
fn a_claim_of_a_scope_that_was_not_granted_is_removed() {
    let seed = json!({
        "users": [{"user_id": "auth0|1", "email": "bea@example.com", "password": PASSWORD}],
        "userinfo": {"auth0|1": {"email": "other@example.com", "name": "Other", "https://example.com/plan": "gold"}},
    });
    let tenant = tenant();
    tenant.seed(Seed::from_json(&seed.to_string()).unwrap());
    let asked = json!({"username": "bea@example.com", "scope": "openid profile"});
    let (_, tokens) = post(&tenant, &password(&asked));
    let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    let info = ask(&tenant, "GET", "/userinfo", &bearer, &Value::Null);
    let info: Value = serde_json::from_slice(info.body()).unwrap();
    for claims in [part(tokens["id_token"].as_str().unwrap(), 1), info] {
        assert_eq!(
            (claims.get("email"), &claims["https://example.com/plan"]),
            (None, &json!("gold")),
            "{claims}"
        );
        assert!(claims["name"].is_string(), "{claims}");
    }
}
