//! The page over real sockets, without a browser.

use futures_util::StreamExt as _;
use reqwest::header::{LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use serde_json::{Value, json};
use std::time::Duration;
use users_mock::Tenant;
use users_tenant::{TenantServer, Tenants};

const HTML: (&str, &str) = ("accept", "text/html,*/*;q=0.8");
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const JSON: (&str, &str) = ("content-type", "application/json");
const CONTROL: (&str, &str) = ("x-tenant-control", "1");

/// A server with a key, and a client that follows no redirect and keeps no cookie.
struct Locked {
    server: TenantServer,
    tenants: Tenants,
    client: reqwest::Client,
}

impl Locked {
    async fn start(is_tls: bool) -> Self {
        let tenants = Tenants::builder(Tenant::builder().users(1)).build();
        let builder = TenantServer::builder(tenants.clone()).key("k3y");
        let builder = if is_tls { builder.tls() } else { builder };
        let server = builder.bind(([127, 0, 0, 1], 0).into()).await.unwrap();
        let mut client = reqwest::Client::builder().redirect(Policy::none());
        if let Some(pem) = server.ca_pem() {
            client = client.tls_certs_only([reqwest::Certificate::from_pem(pem.as_bytes()).unwrap()]);
        }
        Self { server, tenants, client: client.build().unwrap() }
    }

    async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> reqwest::Response {
        let url = format!("{}{path}", self.server.url());
        let mut request = self.client.request(method.parse().unwrap(), url).body(body.to_owned());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap()
    }

    async fn status(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> u16 {
        self.send(method, path, headers, body).await.status().as_u16()
    }

    /// Enters the key as a browser does, and returns the cookie and its attributes.
    async fn log_in(&self, next: &str) -> (String, String) {
        let origin = self.server.url();
        let body = format!("key=k3y&next={next}");
        let answer = self.send("POST", "/_tenant/page/key", &[HTML, FORM, ("origin", &origin)], &body).await;
        assert_eq!((answer.status().as_u16(), &answer.headers()[LOCATION]), (303, &next.parse().unwrap()));
        let header = answer.headers()[SET_COOKIE].to_str().unwrap();
        let (cookie, attributes) = header.split_once("; ").unwrap();
        (cookie.to_owned(), attributes.to_owned())
    }

    fn user_count(&self) -> usize {
        self.tenants.tenant(&"default".parse().unwrap()).user_count()
    }
}

#[tokio::test]
async fn a_browser_is_asked_for_the_key_and_gets_a_cookie_that_opens_the_page_alone() {
    let locked = Locked::start(false).await;
    let pages =
        ["/", "/?q=a", "/_tenant/page/inbox", "/t/shop/", "/_tenant/page/traffic/1", "/_tenant/page/key"];
    for path in pages {
        let answer = locked.send("GET", path, &[HTML], "").await;
        assert_eq!(answer.status().as_u16(), 401, "{path}");
        assert!(answer.headers().contains_key("content-security-policy"));
        let text = answer.text().await.unwrap();
        assert!(text.contains(r#"name="key" type="password""#) && !text.contains("k3y"), "{path}: {text}");
        assert!(text.contains(&format!(r#"name="next" value="{path}""#)), "{path}: {text}");
        assert!(!text.contains("1 user"), "{path}: {text}");
        // A program is answered in JSON.
        let answer = locked.send("GET", path, &[], "").await;
        assert!(answer.text().await.unwrap().contains(r#""statusCode":401"#));
    }
    let (cookie, attributes) = locked.log_in("/_tenant/page/inbox").await;
    assert!(!cookie.contains("k3y"), "{cookie}");
    assert_eq!(attributes, "Path=/; HttpOnly; SameSite=Strict");
    let cookie = ("cookie", cookie.as_str());
    for path in ["/", "/_tenant/page/inbox", "/t/shop/", "/_tenant/events"] {
        assert_eq!(locked.status("GET", path, &[HTML, cookie], "").await, 200, "{path}");
    }

    // The control API wants the key, or what the script of the page sends and no form or link does.
    for (headers, expected, count) in [
        (vec![cookie, JSON], 401, 1),
        (vec![cookie, FORM], 415, 1),
        (vec![JSON, CONTROL], 401, 1),
        (vec![cookie, CONTROL, JSON, ("origin", "https://evil.example")], 403, 1),
        (vec![cookie, CONTROL, JSON, ("sec-fetch-site", "cross-site")], 403, 1),
        (vec![cookie, CONTROL, JSON], 201, 2),
        (vec![("x-tenant-key", "k3y"), JSON], 201, 3),
    ] {
        let status = locked.status("POST", "/_tenant/users", &headers, "{}").await;
        assert_eq!((status, locked.user_count()), (expected, count), "{headers:?}");
    }
    assert_eq!(locked.status("GET", "/_tenant", &[HTML, cookie], "").await, 401);
    locked.server.shutdown().await;
}

#[tokio::test]
async fn a_wrong_key_and_a_form_of_another_website_set_no_cookie() {
    let locked = Locked::start(false).await;
    let origin = locked.server.url();
    let own = ("origin", origin.as_str());
    for (headers, body, expected) in [
        (vec![HTML, FORM, own], "key=other", 401),
        (vec![HTML, FORM, own], "key=", 401),
        (vec![HTML, FORM, own], "", 401),
        (vec![HTML, FORM, own], "key=k3", 401),
        (vec![HTML, FORM, own], "key=k3y+", 401),
        (vec![HTML, FORM], "key=k3y", 415),
        (vec![HTML, FORM, ("origin", "https://evil.example")], "key=k3y", 403),
        (vec![HTML, FORM, ("origin", "null")], "key=k3y", 403),
    ] {
        for path in ["/_tenant/page/key", "/t/shop/_tenant/page/key"] {
            let answer = locked.send("POST", path, &headers, body).await;
            assert_eq!(answer.status().as_u16(), expected, "{headers:?} {body}");
            assert!(!answer.headers().contains_key(SET_COOKIE));
            if expected == 401 {
                assert!(answer.text().await.unwrap().contains("This is not the key."));
            }
        }
    }
    // With the key, the form leads nowhere but to the page.
    for next in ["https://evil.example/", "//evil.example/", "/authorize"] {
        let body = format!("key=k3y&next={next}");
        let answer = locked.send("POST", "/_tenant/page/key", &[FORM, own], &body).await;
        assert_eq!(answer.headers()[LOCATION], "/", "{next}");
    }
    locked.server.shutdown().await;
}

#[tokio::test]
async fn who_logs_out_has_no_cookie_and_over_https_it_is_sent_over_https_alone() {
    let locked = Locked::start(true).await;
    let (cookie, attributes) = locked.log_in("/").await;
    assert_eq!(attributes, "Path=/; HttpOnly; SameSite=Strict; Secure");
    let page = locked.send("GET", "/", &[HTML, ("cookie", &cookie)], "").await.text().await.unwrap();
    assert!(page.contains("Log out"), "{page}");
    let origin = locked.server.url();
    let leave = [HTML, FORM, ("cookie", cookie.as_str())];
    assert_eq!(locked.status("POST", "/_tenant/page/leave", &leave, "").await, 415, "without an origin");
    let leave = [&leave[..], &[("origin", origin.as_str())]].concat();
    let answer = locked.send("POST", "/_tenant/page/leave", &leave, "").await;
    assert_eq!((answer.status().as_u16(), &answer.headers()[LOCATION]), (303, &"/".parse().unwrap()));
    let removed = answer.headers()[SET_COOKIE].to_str().unwrap();
    let name = cookie.split('=').next().unwrap();
    assert_eq!(removed, format!("{name}=; Path=/; HttpOnly; SameSite=Strict; Secure; Max-Age=0"));
    locked.server.shutdown().await;
}

/// A stream of server-sent events.
struct Events {
    response: futures_util::stream::BoxStream<'static, reqwest::Result<bytes::Bytes>>,
    text: String,
}

impl Events {
    async fn open(url: &str, last: Option<&str>) -> Self {
        let mut request = reqwest::Client::new().get(url);
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response: response.bytes_stream().boxed(), text: String::new() }
    }

    /// The id and the data of the next event; `None` at the end.
    async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| {
                    let line = event.lines().find_map(|line| line.strip_prefix(name));
                    line.unwrap_or_default().trim().to_owned()
                };
                let found = (field("id:"), serde_json::from_str(&field("data:")));
                self.text = rest.to_owned();
                if let (id, Ok(data)) = found {
                    return Some((id, data));
                }
                continue;
            }
            let next = tokio::time::timeout(Duration::from_secs(20), self.response.next()).await;
            self.text.push_str(std::str::from_utf8(&next.unwrap()?.unwrap()).unwrap());
        }
    }
}

async fn sign_up(base: &str, email: &str) {
    let body = json!({"client_id": "tenant-client", "connection": "Username-Password-Authentication", "email": email,
        "password": "Correct horse 1"});
    let request = reqwest::Client::new().post(format!("{base}/dbconnections/signup")).header(JSON.0, JSON.1);
    assert!(request.body(body.to_string()).send().await.unwrap().status().is_success());
}

#[tokio::test]
async fn the_streams_send_what_the_page_does_not_show_yet_of_their_tenant_alone() {
    let tenants = Tenants::builder(Tenant::builder().users(1)).build();
    let server = TenantServer::builder(tenants).bind(([127, 0, 0, 1], 0).into()).await.unwrap();
    let shop = format!("{}/t/shop", server.url());
    sign_up(&shop, "first@example.com").await;
    // Without a script, both are shown when the page is loaded.
    let page = |path: &str| reqwest::get(format!("{shop}{path}"));
    let inbox = page("/_tenant/page/inbox").await.unwrap().text().await.unwrap();
    assert!(inbox.contains("first@example.com") && inbox.contains(r#"data-last="1""#), "{inbox}");
    let traffic = page("/_tenant/page/traffic").await.unwrap().text().await.unwrap();
    assert!(traffic.contains("POST /dbconnections/signup") && traffic.contains(r#"data-last="1""#));

    let mut mails = Events::open(&format!("{shop}/_tenant/page/inbox/events?since=1"), None).await;
    let mut rows = Events::open(&format!("{shop}/_tenant/page/traffic/events?since=1&text=SIGN"), None).await;
    let (id, data) = mails.next().await.unwrap();
    assert_eq!((id.as_str(), data), ("1", json!({"count": 1, "articles": []})));
    assert_eq!(rows.next().await.unwrap().1, json!({"count": 1, "last": 1, "rows": []}));
    sign_up(&server.url(), "other@example.com").await;
    page("/.well-known/jwks.json").await.unwrap();
    sign_up(&shop, "<b>@example.com").await;
    let (id, data) = mails.next().await.unwrap();
    let articles = data["articles"].as_array().unwrap();
    assert_eq!((id.as_str(), articles.len()), ("2", 1));
    let article = articles[0].as_str().unwrap();
    assert!(article.contains("&#60;b&#62;@example.com") && !article.contains("<b>"), "{article}");
    // The others do not match the filter.
    let mut shown = Vec::new();
    while shown.is_empty() {
        shown
            .extend(rows.next().await.unwrap().1["rows"].as_array().unwrap().iter().map(ToString::to_string));
    }
    assert!(shown.len() == 1 && shown[0].contains("/t/shop/_tenant/page/traffic/3"), "{shown:?}");

    // A browser that connects again continues after the last event that it has seen.
    let again =
        Events::open(&format!("{shop}/_tenant/page/inbox/events?since=0"), Some("1")).await.next().await;
    assert_eq!(again.unwrap().1["articles"].as_array().unwrap().len(), 1);
    server.shutdown().await;
    assert!(mails.next().await.is_none() && rows.next().await.is_none());
}
