//! What a person writes who knows Auth0's API, hyper and serde, and uses no SDK: a pooled client, structs, and one request per call.
//!
//! The token is obtained once and never renewed; nothing is retried or paced; fields that the structs do not name are dropped.

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, StatusCode, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connect, HttpConnector};
use hyper_util::rt::TokioExecutor;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The outcome of something that can fail for any reason.
pub type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// The documented fields of a user.
#[derive(Debug, Deserialize)]
pub struct User {
    pub user_id: String,
    pub email: Option<String>,
    pub email_verified: Option<bool>,
    pub username: Option<String>,
    pub phone_number: Option<String>,
    pub phone_verified: Option<bool>,
    pub name: Option<String>,
    pub given_name: Option<String>,
    pub family_name: Option<String>,
    pub nickname: Option<String>,
    pub picture: Option<String>,
    pub created_at: Option<String>,
    pub updated_at: Option<String>,
    pub last_login: Option<String>,
    pub last_ip: Option<String>,
    pub last_password_reset: Option<String>,
    pub logins_count: Option<u64>,
    pub blocked: Option<bool>,
    pub multifactor: Option<Vec<String>>,
    pub identities: Option<Vec<Identity>>,
    pub app_metadata: Option<Value>,
    pub user_metadata: Option<Value>,
}

/// The documented fields of an identity.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    pub connection: Option<String>,
    #[serde(rename = "user_id")]
    pub user_id: Option<Value>,
    pub provider: Option<String>,
    pub is_social: Option<bool>,
    pub profile_data: Option<Value>,
}

/// A page with its total.
#[derive(Debug, Deserialize)]
pub struct Page {
    pub start: usize,
    pub limit: usize,
    pub length: usize,
    pub total: usize,
    pub users: Vec<User>,
}

/// The body of a request to create a user.
#[derive(Debug, Serialize)]
pub struct NewUser<'a> {
    pub connection: &'a str,
    pub email: &'a str,
    pub password: &'a str,
    pub given_name: &'a str,
    pub family_name: &'a str,
    pub email_verified: bool,
    pub user_metadata: Value,
    pub app_metadata: Value,
}

impl NewUser<'_> {
    /// The user that every driver creates.
    pub fn example() -> Self {
        Self {
            connection: "Username-Password-Authentication",
            email: "grace.hopper@example.com",
            password: "correct-horse-battery-staple-1",
            given_name: "Grace",
            family_name: "Hopper",
            email_verified: false,
            user_metadata: serde_json::json!({ "locale": "en-GB", "theme": "dark" }),
            app_metadata: serde_json::json!({ "plan": "team", "roles": ["member", "reporter"] }),
        }
    }
}

#[derive(Deserialize)]
struct Token {
    access_token: String,
}

/// A pooled client with a token.
#[derive(Debug)]
pub struct Caller<C> {
    client: Client<C, Full<Bytes>>,
    base: String,
    authorization: HeaderValue,
}

/// A connector for HTTP only.
pub fn http() -> HttpConnector {
    let mut http = HttpConnector::new();
    http.set_nodelay(true);
    http
}

/// A connector for HTTPS only, with the platform's trust roots and the cryptography of ring.
pub fn https() -> Outcome<HttpsConnector<HttpConnector>> {
    let mut http = http();
    http.enforce_http(false);
    Ok(HttpsConnectorBuilder::new().with_native_roots()?.https_only().enable_http1().wrap_connector(http))
}

impl<C: Connect + Clone + Send + Sync + 'static> Caller<C> {
    /// Obtains a token.
    pub async fn connect(connector: C, base: &str) -> Outcome<Self> {
        let client = Client::builder(TokioExecutor::new()).build(connector);
        let body = r#"{"grant_type":"client_credentials","client_id":"bench-id","client_secret":"bench-secret","audience":"bench"}"#;
        let request = Request::post(format!("{base}/oauth/token"))
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from_static(body.as_bytes())))?;
        let body = client.request(request).await?.into_body().collect().await?.to_bytes();
        let token: Token = serde_json::from_slice(&body)?;
        let authorization = HeaderValue::try_from(format!("Bearer {}", token.access_token))?;
        Ok(Self { client, base: base.to_owned(), authorization })
    }

    /// The address of a path of the Management API.
    pub fn uri(&self, path: &str) -> Outcome<Uri> {
        Ok(format!("{}/api/v2/{path}", self.base).parse()?)
    }

    /// Sends a request and reads the whole body.
    pub async fn send(&self, method: Method, uri: Uri, body: Option<Bytes>) -> Outcome<(StatusCode, Bytes)> {
        let has_body = body.is_some();
        let mut request = Request::new(Full::new(body.unwrap_or_default()));
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, self.authorization.clone());
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if has_body {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let response = self.client.request(request).await?;
        let status = response.status();
        Ok((status, response.into_body().collect().await?.to_bytes()))
    }
}
