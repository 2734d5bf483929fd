//! Logins to an organization, and invitations.

use super::super::{as_admin, ask, create};
use super::PASSWORD;
use super::browser::{Browser, Shown};
use super::stories::{CALLBACK, VERIFIER, authorize_for};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};
use users_mock::{MailKind, Page, Seed, Tenant};

const API: &str = "https://api.example.com/";

/// A tenant with two organizations, a role that may read orders, and two users.
fn tenant() -> Tenant {
    let seed = json!({
        "organizations": [{"id": "org_acme", "name": "acme"}, {"id": "org_other", "name": "other"}],
        "roles": [{"id": "rol_reader", "name": "reader", "permissions": ["read:orders"]}],
        "resource_servers": [{
            "id": "api_orders", "identifier": API, "name": "Orders", "scopes": [{"value": "read:orders"}],
            "enforce_policies": true, "token_dialect": "access_token_authz", "allow_offline_access": true,
        }],
        "clients": [
            {"client_id": "shop", "name": "Shop", "app_type": "spa", "callbacks": [CALLBACK], "organization_usage": "require"},
            {"client_id": "plain", "name": "Plain", "app_type": "spa", "callbacks": [CALLBACK], "organization_usage": "deny"},
            {"client_id": "web", "name": "Web", "client_secret": "s3cret-of-web", "callbacks": [CALLBACK]},
            {"client_id": "page", "name": "Page", "app_type": "spa", "initiate_login_uri": "https://shop.example.com/login"},
        ],
    });
    let tenant = Tenant::builder().seed(Seed::from_json(&seed.to_string()).unwrap()).build();
    for email in ["ada@example.com", "bob@example.com"] {
        create(&tenant, json!({"email": email}));
    }
    tenant
}

fn member(tenant: &Tenant, email: &str) -> String {
    let (_, found) = as_admin(tenant, "GET", &format!("/api/v2/users-by-email?email={email}"), &Value::Null);
    found[0]["user_id"].as_str().unwrap().to_owned()
}

fn authorize(client: &str, more: &str) -> String {
    let audience = "&audience=https%3A%2F%2Fapi.example.com%2F";
    authorize_for("openid%20offline_access%20read%3Aorders", &format!("{audience}{more}"))
        .replace("tenant-client", client)
}

/// The claims of a token.
fn claims(token: &Value) -> Value {
    let payload = token.as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

fn tokens(tenant: &Tenant, body: &Value) -> Value {
    let answer = ask(tenant, "POST", "/oauth/token", "", body);
    assert_eq!(answer.status(), 200, "{answer:?}");
    serde_json::from_slice(answer.body()).unwrap()
}

fn exchange(tenant: &Tenant, shown: &Shown) -> Value {
    let body = json!({
        "grant_type": "authorization_code", "client_id": "shop", "redirect_uri": CALLBACK, "code_verifier": VERIFIER,
        "code": shown.parameters()["code"],
    });
    tokens(tenant, &body)
}

#[test]
fn a_member_logs_in_to_an_organization_with_its_roles_and_others_are_refused() {
    let tenant = tenant();
    let ada = member(&tenant, "ada@example.com");
    as_admin(&tenant, "POST", "/api/v2/organizations/org_acme/members", &json!({"members": [ada]}));
    let roles = format!("/api/v2/organizations/org_acme/members/{}/roles", ada.replace('|', "%7C"));
    assert_eq!(as_admin(&tenant, "POST", &roles, &json!({"roles": ["rol_reader"]})).0, 204);
    let mut browser = Browser::new(&tenant);
    let page = browser.open(&authorize("shop", "&organization=org_acme"));
    let issued = exchange(&tenant, &browser.log_in(page, "ada@example.com", PASSWORD));
    for token in ["id_token", "access_token"] {
        assert_eq!(claims(&issued[token])["org_id"], "org_acme", "{token}");
    }
    assert_eq!(claims(&issued["access_token"])["permissions"], json!(["read:orders"]));
    // So are the tokens of the refresh token.
    let refresh =
        json!({"grant_type": "refresh_token", "client_id": "shop", "refresh_token": issued["refresh_token"]});
    assert_eq!(claims(&tokens(&tenant, &refresh)["access_token"])["org_id"], "org_acme");
    // A role in one organization is none in another, and none without.
    let without = browser.open(&authorize("tenant-client", "&prompt=none"));
    let body = json!({
        "grant_type": "authorization_code", "client_id": "tenant-client", "redirect_uri": CALLBACK, "code_verifier": VERIFIER,
        "code": without.parameters()["code"],
    });
    let issued = tokens(&tenant, &body);
    assert_eq!(claims(&issued["access_token"])["permissions"], json!([]));
    assert_eq!(claims(&issued["id_token"]).get("org_id"), None);

    for (client, more, error, description) in [
        (
            "shop",
            "&organization=org_other",
            "access_denied",
            format!("user {ada} is not part of the org_other organization"),
        ),
        ("shop", "", "invalid_request", "parameter organization is required for this client".to_owned()),
        (
            "plain",
            "&organization=org_acme",
            "invalid_request",
            "parameter organization is not allowed for this client".to_owned(),
        ),
        (
            "shop",
            "&organization=acme",
            "invalid_request",
            "authorization request parameter organization must be an organization id".to_owned(),
        ),
        (
            "shop",
            "&organization=org_acme&invitation=nothing",
            "invalid_request",
            "invitation not found or already used".to_owned(),
        ),
    ] {
        let refused = browser.open(&authorize(client, more)).parameters();
        assert_eq!(
            (refused["error"].as_str(), &refused["error_description"]),
            (error, &description),
            "{more}"
        );
    }
}

/// The link of an invitation to `org_acme`, which is sent to this address.
fn invite(tenant: &Tenant, client: &str, email: &str) -> String {
    let body = json!({
        "inviter": {"name": "Grace"}, "invitee": {"email": email}, "client_id": client, "roles": ["rol_reader"],
        "app_metadata": {"plan": "gold"},
    });
    let (status, invitation) = as_admin(tenant, "POST", "/api/v2/organizations/org_acme/invitations", &body);
    assert_eq!(status, 201, "{invitation}");
    let mail = tenant.mails().pop().unwrap();
    assert_eq!((mail.kind, mail.to.as_str()), (MailKind::Invitation, email));
    assert_eq!(mail.link.as_deref(), invitation["invitation_url"].as_str());
    mail.link.unwrap()
}

#[test]
fn the_link_of_an_invitation_makes_a_member_once() {
    let tenant = tenant();
    // Bob has an account, and logs in.
    let link = invite(&tenant, "web", "bob@example.com");
    let mut browser = Browser::new(&tenant);
    let page = browser.open(&link);
    let Shown::Page(_, Page::Login { username, .. }) = &page else { panic!("{page:?}") };
    assert_eq!(username, "bob@example.com");
    let response = browser.log_in(page, "bob@example.com", PASSWORD).parameters();
    assert!(response.contains_key("code"), "{response:?}");
    let bob = member(&tenant, "bob@example.com").replace('|', "%7C");
    let (_, members) = as_admin(&tenant, "GET", "/api/v2/organizations/org_acme/members", &Value::Null);
    assert_eq!(members[0]["email"], "bob@example.com");
    let (_, roles) = as_admin(
        &tenant,
        "GET",
        &format!("/api/v2/organizations/org_acme/members/{bob}/roles"),
        &Value::Null,
    );
    assert_eq!(roles[0]["id"], "rol_reader");
    assert_eq!(
        as_admin(&tenant, "GET", &format!("/api/v2/users/{bob}"), &Value::Null).1["app_metadata"],
        json!({"plan": "gold"})
    );
    let (_, left) = as_admin(&tenant, "GET", "/api/v2/organizations/org_acme/invitations", &Value::Null);
    assert_eq!(left, json!([]));
    let again = browser.open(&link);
    assert!(matches!(again, Shown::Page(_, Page::Error { .. })), "{again:?}");

    // Carol has none, and signs up; nobody else can accept her invitation.
    let link = invite(&tenant, "web", "carol@example.com");
    let mut other = Browser::new(&tenant);
    let page = other.open(&link);
    let Shown::Page(_, Page::Signup { action, login, email, .. }) = &page else { panic!("{page:?}") };
    assert_eq!(email, "carol@example.com");
    let page = other.open(login);
    let refused = other.log_in(page, "ada@example.com", PASSWORD).parameters();
    assert_eq!(refused["error"], "access_denied");
    let mut browser = Browser::new(&tenant);
    let Shown::Page(_, Page::Signup { action: again, .. }) = browser.open(&link) else { panic!() };
    assert_ne!(action, &again);
    let response =
        browser.post(&again, &[("email", "carol@example.com"), ("password", PASSWORD)]).parameters();
    assert!(response.contains_key("code"), "{response:?}");
}

#[test]
fn an_application_without_a_secret_begins_the_login_of_an_invitation_itself() {
    let tenant = tenant();
    let link = invite(&tenant, "page", "dan@example.com");
    assert!(link.starts_with("https://shop.example.com/login?invitation="), "{link}");
    let mut browser = Browser::new(&tenant);
    let shown = browser.open(&invite(&tenant, "shop", "dan@example.com"));
    let Shown::Page(_, Page::Error { description, .. }) = &shown else { panic!("{shown:?}") };
    assert!(description.contains("initiate_login_uri"), "{description}");
    let link = invite(&tenant, "shop", "dan@example.com");
    let ticket = link.split_once("invitation=").unwrap().1.split('&').next().unwrap();
    let page = browser.open(&authorize("shop", &format!("&organization=org_acme&invitation={ticket}")));
    let Shown::Page(_, Page::Signup { action, .. }) = &page else { panic!("{page:?}") };
    let response = browser.post(action, &[("email", "dan@example.com"), ("password", PASSWORD)]);
    assert_eq!(claims(&exchange(&tenant, &response)["id_token"])["org_id"], "org_acme");
}

#[test]
fn the_own_application_of_a_tenant_on_this_machine_accepts_invitations() {
    let tenant = tenant();
    let link = invite(&tenant, "tenant-client", "dan@example.com");
    let open = |address: &str| {
        let request = Request::get(address).body(Bytes::new()).unwrap();
        let answer = tenant.handle(request);
        assert_eq!(answer.status(), 302, "{address}: {:?}", answer.extensions().get::<Page>());
        answer.headers()["location"].to_str().unwrap().to_owned()
    };
    let here = "http://localhost:4400";
    let address = open(&link.replace("https://tenant.example.com", here));
    assert!(address.contains("redirect_uri=http%3A%2F%2Flocalhost%3A4400&"), "{address}");
    // Dan has no account.
    assert!(open(&format!("{here}{address}")).starts_with("/u/signup?state="));
}
