//! A service that accepts tokens of the tenant alone: it finds the keys by discovery, and checks each token as a service does that uses Auth0.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::AUTHORIZATION;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::{Value, json};
use std::time::Duration;
use users_core::model::Timestamp;
use users_mock::{Seed, SigningKey, Tenant, TenantBuilder};
use users_tenant::{TenantServer, Tenants};

const API: &str = "https://orders.example.com/";

/// What the middleware knows of its issuer.
#[derive(Clone)]
struct Issuer {
    name: String,
    jwks_uri: String,
    http: reqwest::Client,
}

impl Issuer {
    async fn discover(url: &str) -> Self {
        let http = reqwest::Client::new();
        let found = json_of(&http, &format!("{url}/.well-known/openid-configuration")).await;
        let text = |name: &str| found[name].as_str().unwrap().to_owned();
        Self { name: text("issuer"), jwks_uri: text("jwks_uri"), http }
    }

    async fn claims(&self, token: &str) -> Option<Value> {
        let keys: JwkSet = serde_json::from_value(json_of(&self.http, &self.jwks_uri).await).unwrap();
        let key = keys.find(&decode_header(token).ok()?.kid?)?.clone();
        let mut validation = Validation::new(Algorithm::RS256);
        validation.leeway = 0;
        validation.set_audience(&[API]);
        validation.set_issuer(&[&self.name]);
        decode::<Value>(token, &DecodingKey::from_jwk(&key).ok()?, &validation)
            .ok()
            .map(|decoded| decoded.claims)
    }
}

async fn json_of(http: &reqwest::Client, url: &str) -> Value {
    serde_json::from_slice(&http.get(url).send().await.unwrap().bytes().await.unwrap()).unwrap()
}

/// The middleware.
async fn require_token(
    State(issuer): State<Issuer>,
    mut request: Request,
    next: Next,
) -> Result<Response, StatusCode> {
    let header = request.headers().get(AUTHORIZATION).and_then(|header| header.to_str().ok());
    let token = header.and_then(|header| header.strip_prefix("Bearer ")).ok_or(StatusCode::UNAUTHORIZED)?;
    let claims = issuer.claims(token).await.ok_or(StatusCode::UNAUTHORIZED)?;
    request.extensions_mut().insert(claims);
    Ok(next.run(request).await)
}

async fn orders(Extension(claims): Extension<Value>) -> Result<String, StatusCode> {
    let scope = claims["scope"].as_str().unwrap_or_default();
    if !scope.split(' ').any(|scope| scope == "read:orders") {
        return Err(StatusCode::FORBIDDEN);
    }
    Ok(claims["sub"].as_str().unwrap_or_default().to_owned())
}

async fn start(issuer: Issuer) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service =
        Router::new().route("/orders", get(orders)).layer(from_fn_with_state(issuer, require_token));
    tokio::spawn(async move { axum::serve(listener, service).await });
    format!("http://{address}/orders")
}

fn builder() -> TenantBuilder {
    let seed = json!({"organizations": [{"id": "org_1", "name": "shop"}], "resource_servers": [{"id": "1", "identifier": API, "name": "Orders",
        "scopes": [{"value": "read:orders"}, {"value": "write:orders"}]}]});
    Tenant::builder().system_clock().seed(Seed::from_json(&seed.to_string()).unwrap())
}

fn tenant() -> Tenant {
    builder().build()
}

/// A token of an application for the service.
async fn token(http: &reqwest::Client, url: &str, more: Value) -> String {
    let mut body = json!({"grant_type": "client_credentials", "client_id": "tenant-client", "client_secret": "tenant-secret",
        "audience": API});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let request = http.post(format!("{url}/oauth/token")).header("content-type", "application/json");
    let answer = request.body(body.to_string()).send().await.unwrap();
    let answer: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    answer["access_token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

#[tokio::test]
async fn a_service_accepts_tokens_of_the_tenant_and_refuses_forged_expired_and_foreign_ones() {
    let tenant = tenant();
    let server = TenantServer::bind(tenant.clone(), ([127, 0, 0, 1], 0).into()).await.unwrap();
    let (url, http) = (server.url(), reqwest::Client::new());
    let orders = start(Issuer::discover(&url).await).await;
    let ask = async |token: &str| {
        let answer =
            http.get(&orders).header("authorization", format!("Bearer {token}")).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let good = token(&http, &url, json!({})).await;
    assert_eq!(ask(&good).await, (200, "tenant-client@clients".to_owned()));
    let without_scope = token(&http, &url, json!({"scope": "write:orders"})).await;
    assert_eq!(ask(&without_scope).await.0, 403);

    // Forged: other claims with the signature of good ones, and no signature at all.
    let parts: Vec<&str> = good.split('.').collect();
    let other = without_scope.split('.').nth(1).unwrap();
    for forged in [
        format!("{}.{other}.{}", parts[0], parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        "eyJhbGciOiJub25lIn0.e30.".to_owned(),
        String::new(),
    ] {
        assert_eq!(ask(&forged).await.0, 401, "{forged}");
    }

    // Expired: issued by a tenant whose clock was a week behind.
    let now = tenant.now();
    tenant.set_time(&Timestamp::from_unix_millis(now.unix_millis() - 7 * 86_400_000));
    let expired = token(&http, &url, json!({})).await;
    tenant.set_time(&now);
    assert_eq!(ask(&expired).await.0, 401);

    // Foreign: of another key, another issuer, for another audience.
    let foreign = TenantServer::bind(self::tenant(), ([127, 0, 0, 1], 0).into()).await.unwrap();
    assert_eq!(ask(&token(&http, &foreign.url(), json!({})).await).await.0, 401);
    let management = token(&http, &url, json!({"audience": format!("{url}/api/v2/")})).await;
    assert_eq!(ask(&management).await.0, 401);
    tenant.set_signing_key(SigningKey::generate().unwrap());
    let rotated = token(&http, &url, json!({})).await;
    assert_eq!((ask(&rotated).await.0, ask(&good).await.0), (200, 200));
    let pair = [server, foreign].map(TenantServer::shutdown);
    tokio::time::timeout(Duration::from_secs(20), futures_util::future::join_all(pair)).await.unwrap();
}

/// A request to the control API of the tenant at this URL.
async fn control(
    http: &reqwest::Client,
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: Value,
) -> Value {
    let mut request = http.request(method.parse().unwrap(), url).header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = request.body(body.to_string()).send().await.unwrap();
    serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
}

#[tokio::test]
async fn a_service_accepts_the_tokens_of_the_control_api() {
    let tenants = Tenants::builder(builder().users(1)).build();
    let server = TenantServer::builder(tenants).bind(([127, 0, 0, 1], 0).into()).await.unwrap();
    let (url, http) = (server.url(), reqwest::Client::new());
    // The path, the header, and the tenant of requests that name none.
    let selected: [(&str, &[(&str, &str)]); 3] = [("/t/one", &[]), ("", &[("x-tenant", "two")]), ("", &[])];
    for (path, headers) in selected {
        let tenant = format!("{url}{path}/_tenant");
        let facts = control(&http, "GET", &tenant, headers, Value::Null).await;
        let base = facts["base_url"].as_str().unwrap();
        let orders = start(Issuer::discover(base).await).await;
        let ask = async |token: &str| {
            let request = http.get(&orders).header("authorization", format!("Bearer {token}"));
            let answer = request.send().await.unwrap();
            (answer.status().as_u16(), answer.text().await.unwrap())
        };
        let user =
            &control(&http, "POST", &format!("{tenant}/users"), headers, json!({})).await["user_ids"][0];
        let issue = async |more: Value| {
            let mut body = json!({"user_id": user, "audience": API});
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            control(&http, "POST", &format!("{tenant}/tokens"), headers, body).await
        };
        let token = async |more: Value| issue(more).await["token"].as_str().unwrap().to_owned();

        let issued = issue(json!({})).await;
        assert_eq!(issued["scope"], "openid profile email read:orders write:orders");
        let good = issued["token"].as_str().unwrap();
        assert_eq!(ask(good).await, (200, user.as_str().unwrap().to_owned()), "{base}");
        assert_eq!(ask(&token(json!({"scopes": ["write:orders", "admin"]})).await).await.0, 403);
        assert_eq!(ask(&token(json!({"expires_in": -1})).await).await.0, 401, "expired");
        assert_eq!(ask(&token(json!({"expires_in": 60})).await).await.0, 200);
        assert_eq!(ask(&token(json!({"claims": {"iss": "https://evil.example/"}})).await).await.0, 401);
        assert_eq!(
            ask(&token(json!({"claims": {"sub": "auth0|x"}})).await).await,
            (200, "auth0|x".to_owned())
        );
        assert_eq!(ask(&token(json!({"kind": "access", "audience": null})).await).await.0, 401, "opaque");
        assert_eq!(ask(facts["management_token"].as_str().unwrap()).await.0, 401);
        let foreign = issue(json!({"audience": "https://other.example.com/"})).await;
        assert!(foreign["message"].as_str().unwrap().contains("resource_servers"), "{foreign}");

        let id = token(json!({"kind": "id", "audience": null, "claims": {"https://example.com/plan": "gold"}, "organization": "org_1"})).await;
        let claims: Value = payload(&id);
        assert_eq!(
            [&claims["iss"], &claims["aud"], &claims["sub"], &claims["org_id"]],
            [&json!(format!("{base}/")), &json!("tenant-client"), user, &json!("org_1")]
        );
        assert!(claims["email"].is_string());
    }
    server.shutdown().await;
}

/// The claims of a token, whose signature is not verified.
fn payload(token: &str) -> Value {
    jsonwebtoken::dangerous::insecure_decode(token).unwrap().claims
}
