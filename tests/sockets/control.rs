//! The control API over real sockets: what it does, and that nothing is done for those who may not.

use serde_json::{Value, json};
use std::sync::LazyLock;
use std::time::Duration;
use users_hyper::{HyperTransport, ManagementClient};
use users_mock::{Seed, Tenant};
use users_tenant::{TenantServer, Tenants};

/// A server of tenants that begin with one user, and a client.
struct Served {
    server: TenantServer,
    tenants: Tenants,
    client: reqwest::Client,
}

/// An answer: its status, headers and body.
struct Answer {
    status: u16,
    headers: reqwest::header::HeaderMap,
    text: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }
}

impl Served {
    async fn start() -> Self {
        Self::with(Tenants::builder(Tenant::builder().users(1)).build()).await
    }

    async fn with(tenants: Tenants) -> Self {
        let server = TenantServer::builder(tenants.clone()).bind(([127, 0, 0, 1], 0).into()).await.unwrap();
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { server, tenants, client }
    }

    fn tenant(&self, name: &str) -> Tenant {
        self.tenants.tenant(&name.parse().unwrap())
    }

    async fn raw(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let url = format!("{}{path}", self.server.url());
        let mut request = self.client.request(method.parse().unwrap(), url).body(body.to_owned());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer { status, headers, text: response.text().await.unwrap() }
    }

    /// Sends a request to the control API, and validates it and the answer by the document.
    async fn control(&self, method: &str, path: &str, body: &Value) -> Answer {
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let answer = self.raw(method, path, &[("content-type", "application/json")], &text).await;
        validate(method, path, &answer);
        answer
    }

    async fn get(&self, path: &str) -> Value {
        self.control("GET", path, &Value::Null).await.json()
    }

    /// Sends a request that succeeds.
    async fn does(&self, method: &str, path: &str, body: Value) -> Value {
        let answer = self.control(method, path, &body).await;
        assert!((200..300).contains(&answer.status), "{method} {path}: {} {}", answer.status, answer.text);
        if answer.text.is_empty() { Value::Null } else { answer.json() }
    }

    /// A request that fails, as its status and message.
    async fn fails(&self, method: &str, path: &str, body: Value) -> (u16, String) {
        let answer = self.control(method, path, &body).await;
        (answer.status, answer.json()["message"].as_str().unwrap().to_owned())
    }

    /// The users that a search of the Management API finds, or the status of another answer.
    async fn search(&self, base: &str) -> Result<usize, u16> {
        let token =
            self.get(&format!("{base}/_tenant")).await["management_token"].as_str().unwrap().to_owned();
        let authorization = format!("Bearer {token}");
        let answer =
            self.raw("GET", &format!("{base}/api/v2/users"), &[("authorization", &authorization)], "").await;
        if answer.status == 200 { Ok(answer.json().as_array().unwrap().len()) } else { Err(answer.status) }
    }
}

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../crates/users-tenant/api/openapi.json")).unwrap()
});

/// Validates an answer by the schema of its operation and status.
fn validate(method: &str, path: &str, answer: &Answer) {
    let path = path.split('?').next().unwrap();
    // The prefix of a tenant is not part of the document's paths.
    let path = path.strip_prefix("/t/").map_or(path, |rest| &rest[rest.find('/').unwrap()..]);
    let matches = |template: &str| {
        let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
        template.len() == path.len()
            && template.iter().zip(&path).all(|(part, segment)| part.starts_with('{') || part == segment)
    };
    let paths = DOCUMENT["paths"].as_object().unwrap();
    let (template, operations) = paths.iter().find(|(template, _)| matches(template)).expect(path);
    let responses = &operations[method.to_lowercase()]["responses"];
    let mut response = &responses[answer.status.to_string()];
    assert!(response.is_object(), "{method} {template} does not describe {}", answer.status);
    if let Some(reference) = response["$ref"].as_str() {
        response = DOCUMENT.pointer(reference.trim_start_matches('#')).unwrap();
    }
    let Some(content) = response["content"].as_object() else {
        assert_eq!(answer.text, "", "{method} {template}");
        return;
    };
    let Some(schema) = content.get("application/json") else { return };
    let schema = json!({"components": DOCUMENT["components"], "allOf": [schema["schema"]]});
    let (mut compiler, mut schemas) = (boon::Compiler::new(), boon::Schemas::new());
    compiler.add_resource("http://document", schema).unwrap();
    let compiled = compiler.compile("http://document", &mut schemas).unwrap();
    if let Err(error) = schemas.validate(&answer.json(), compiled) {
        panic!("{method} {template} {}: {error:#} {}", answer.status, answer.text);
    }
}

#[tokio::test]
async fn issuers_links_and_cookies_lead_to_the_tenant_however_it_is_selected() {
    let served = Served::start().await;
    let (url, port) = (served.server.url(), served.server.addr().port());
    let host = format!("shop.localhost:{port}");
    // What selects the tenant, the path that is asked for, and the base URL and the path of cookies that follow.
    for (headers, prefix, name, base, path) in [
        (vec![("x-tenant", "Shop")], "", "shop", format!("{url}/t/shop"), "/t/shop"),
        (vec![], "/t/shop", "shop", format!("{url}/t/shop"), "/t/shop"),
        (vec![("x-tenant", "other")], "/t/shop", "shop", format!("{url}/t/shop"), "/t/shop"),
        (vec![("host", host.as_str())], "", "shop", format!("http://{host}"), "/"),
        (vec![("x-tenant", "default")], "", "default", url.clone(), "/"),
        (vec![], "", "default", url.clone(), "/"),
    ] {
        let ask = async |path: &str| served.raw("GET", &format!("{prefix}{path}"), &headers, "").await;
        let discovery = ask("/.well-known/openid-configuration").await.json();
        assert_eq!(discovery["issuer"], json!(format!("{base}/")), "{headers:?}");
        assert_eq!(discovery["token_endpoint"], json!(format!("{base}/oauth/token")));
        let login =
            "client_id=tenant-client&redirect_uri=http://localhost:1/&response_type=code&scope=openid";
        let location = |answer: Answer| answer.headers["location"].to_str().unwrap().to_owned();
        let page = location(ask(&format!("/authorize?{login}")).await);
        let mount = path.trim_end_matches('/');
        assert!(page.starts_with(&format!("{mount}/u/login?state=")), "{page}");
        // As a browser does, without the header.
        let headers: Vec<_> = headers.iter().copied().filter(|(name, _)| *name == "host").collect();
        let user = served.tenant(name).user_ids()[0].replace("|", "%7C");
        let form = [headers.as_slice(), &[("content-type", "application/x-www-form-urlencoded")]].concat();
        assert!(
            served
                .raw("GET", &page, &headers, "")
                .await
                .text
                .contains(&format!("{mount}/u/assets/login.css"))
        );
        let resumed = location(served.raw("POST", &page, &form, &format!("user_id={user}")).await);
        let back = served.raw("GET", &resumed, &headers, "").await;
        let cookie = back.headers["set-cookie"].to_str().unwrap().to_owned();
        assert!(cookie.contains(&format!("; Path={path};")), "{cookie}");
        assert!(location(back).starts_with("http://localhost:1/?code="));
    }
}

#[tokio::test]
async fn the_facts_lead_to_the_tenant_however_it_is_selected() {
    let served = Served::start().await;
    let url = served.server.url();
    let by_path = served.get("/t/shop/_tenant").await;
    assert_eq!((&by_path["name"], &by_path["base_url"]), (&json!("shop"), &json!(format!("{url}/t/shop"))));
    let header = served.raw("GET", "/_tenant", &[("x-tenant", "Shop")], "").await.json();
    assert_eq!((&header["name"], &header["base_url"]), (&by_path["name"], &by_path["base_url"]));
    let port = served.server.addr().port();
    let host = served.raw("GET", "/_tenant", &[("host", &format!("shop.localhost:{port}"))], "").await.json();
    assert_eq!(
        (&host["name"], &host["base_url"]),
        (&json!("shop"), &json!(format!("http://shop.localhost:{port}")))
    );
    let none = served.get("/_tenant").await;
    assert_eq!((&none["name"], &none["base_url"]), (&json!("default"), &json!(url)));

    let management = ManagementClient::builder(HyperTransport::new().unwrap())
        .base_url(format!("{}/api/v2", by_path["base_url"].as_str().unwrap()))
        .token(by_path["management_token"].as_str().unwrap())
        .build()
        .unwrap();
    served.tenant("shop").add_generated_user();
    assert_eq!(management.users().get_all().await.unwrap().len(), 2);
    assert_eq!(served.search("").await, Ok(1), "the default tenant has no more");
    let (status, message) = served.fails("GET", "/t/a_b/_tenant", Value::Null).await;
    assert!(status == 400 && message.contains("letters a to z, digits and hyphens"), "{message}");
    assert_eq!(served.get("/_tenant/health").await, json!({"status": "ok", "name": "default"}));
    assert_eq!(
        served.get("/_tenant/tenants").await,
        json!({"tenants": [{"name": "default"}, {"name": "shop"}]})
    );
}

#[tokio::test]
async fn links_begin_with_the_path_of_the_tenant() {
    let served = Served::start().await;
    for base in ["", "/t/shop"] {
        let facts = served.get(&format!("{base}/_tenant")).await;
        let base_url = facts["base_url"].as_str().unwrap();
        let user =
            served.does("POST", &format!("{base}/_tenant/users"), json!({})).await["user_ids"][0].clone();
        let authorization = format!("Bearer {}", facts["management_token"].as_str().unwrap());
        let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
        let body = json!({"user_id": user}).to_string();
        let path = format!("{base}/api/v2/tickets/password-change");
        let answer = served.raw("POST", &path, &headers, &body).await;
        let ticket = answer.json()["ticket"].as_str().unwrap_or_else(|| panic!("{}", answer.text)).to_owned();
        assert!(ticket.starts_with(&format!("{base_url}/")), "{ticket}");
    }
}

#[tokio::test]
async fn a_reset_returns_everything_to_the_template_and_a_snapshot_the_data() {
    let served = Served::start().await;
    let base = "/t/shop";
    let at = |path: &str| format!("{base}/_tenant{path}");
    assert_eq!(served.search(base).await, Ok(1));
    let snapshot =
        served.does("POST", &at("/snapshots"), Value::Null).await["id"].as_str().unwrap().to_owned();
    let generated = served.does("POST", &at("/users"), json!({"count": 3})).await;
    assert_eq!(generated["user_ids"].as_array().unwrap().len(), 3);
    let seed = json!({"users": [{"user_id": "auth0|seed", "nickname": "seed"}]});
    assert_eq!(served.does("POST", &at("/seed"), seed).await, json!({"users": 5}));
    served.does("POST", &at(&format!("/snapshots/{snapshot}/restore")), Value::Null).await;
    assert_eq!(served.search(base).await, Ok(1));
    assert_eq!(served.get(&at("/snapshots")).await, json!({"snapshots": [{"id": snapshot}]}));

    served.does("POST", &at("/users"), json!({"count": 3})).await;
    served.does("PUT", &at("/clock"), json!({"now": "2030-01-01T00:00:00Z", "frozen": true})).await;
    served.does("PUT", &at("/index"), json!({"lag_ms": [200, 900]})).await;
    served.does("PUT", &at("/limits"), json!({"tier": "free"})).await;
    served.does("POST", &at("/faults"), json!({"fault": "503,always"})).await;
    let token = served.get(&at("")).await["management_token"].as_str().unwrap().to_owned();
    served.does("POST", &at("/reset"), Value::Null).await;
    assert_eq!(served.get(&at("/clock")).await["frozen"], json!(false));
    assert_eq!(served.get(&at("/index")).await, json!({"lag_ms": 0}));
    assert_eq!(served.get(&at("/limits")).await["tier"], json!("none"));
    assert_eq!(served.get(&at("/faults")).await, json!({"faults": []}));
    assert_eq!(served.get(&at("/snapshots")).await, json!({"snapshots": []}));
    assert_eq!(served.get(&at("/requests")).await["count"], json!(0));
    let authorization = format!("Bearer {token}");
    let answer = served.raw("GET", "/t/shop/api/v2/users", &[("authorization", &authorization)], "").await;
    assert_eq!(answer.status, 200, "applications keep their tokens");
    assert_eq!(served.search(base).await, Ok(1));

    let (status, message) =
        served.fails("POST", &at(&format!("/snapshots/{snapshot}/restore")), json!({})).await;
    assert!(status == 404 && message.contains("POST /_tenant/snapshots makes one"), "{message}");
    for _ in 0..2 {
        served.does("DELETE", &at(&format!("/snapshots/{snapshot}")), Value::Null).await;
    }
    for _ in 0..100 {
        served.does("POST", &at("/snapshots"), Value::Null).await;
    }
    let (status, message) = served.fails("POST", &at("/snapshots"), Value::Null).await;
    assert!(status == 409 && message.contains("DELETE /_tenant/snapshots/{id}"), "{message}");
}

#[tokio::test]
async fn time_index_and_limits_are_set_while_the_tenant_runs() {
    let served = Served::start().await;
    let clock =
        served.does("PUT", "/_tenant/clock", json!({"now": "2030-01-01T00:00:00Z", "frozen": true})).await;
    assert_eq!((&clock["now"], &clock["frozen"]), (&json!("2030-01-01T00:00:00.000Z"), &json!(true)));
    let clock = served.does("POST", "/_tenant/clock/advance", json!({"seconds": 90.5})).await;
    assert_eq!(clock["now"], json!("2030-01-01T00:01:30.500Z"));

    served.does("PUT", "/_tenant/index", json!({"lag_ms": 60_000})).await;
    served.does("POST", "/_tenant/users", json!({})).await;
    assert_eq!(served.search("").await, Ok(1), "the new user is not seen yet");
    served.does("POST", "/_tenant/index/refresh", Value::Null).await;
    assert_eq!(served.search("").await, Ok(2));
    served.does("POST", "/_tenant/users", json!({})).await;
    served.does("POST", "/_tenant/clock/advance", json!({"seconds": 60})).await;
    assert_eq!(served.search("").await, Ok(3), "index lag follows the time of the tenant");

    served.does("PUT", "/_tenant/limits", json!({"tier": "free"})).await;
    let statuses = [served.search("").await, served.search("").await, served.search("").await];
    assert_eq!(statuses, [Ok(3), Ok(3), Err(429)]);
    served.does("POST", "/_tenant/clock/advance", json!({"seconds": 1})).await;
    assert_eq!(served.search("").await, Ok(3), "and so do rate limits");
    let levels = served.get("/_tenant/requests?status=2xx&limit=1").await;
    assert_eq!(levels["requests"][0]["rate_limit"]["limit"], json!(2), "{levels}");

    for (method, path, body, part) in [
        ("PUT", "/_tenant/clock", json!({"now": "tomorrow"}), "now: \"tomorrow\" is not a date"),
        ("POST", "/_tenant/clock/advance", json!({"seconds": -1}), "`now` goes back in time"),
        ("POST", "/_tenant/clock/advance", json!({"secs": 1}), "expected `seconds`"),
        ("PUT", "/_tenant/index", json!({"lag_ms": [2, 1]}), "must not be above"),
        ("PUT", "/_tenant/index", json!({"lag_ms": "soon"}), "a number of milliseconds"),
        ("PUT", "/_tenant/limits", json!({"tier": "gold"}), "there are none, free, essentials"),
        ("POST", "/_tenant/faults", json!({"fault": "999"}), "any status from 400 to 599"),
        ("POST", "/_tenant/seed", json!({"usrs": []}), "possible are users"),
        ("POST", "/_tenant/users", json!({"count": 1_000_000}), "100000 at most"),
        ("POST", "/_tenant/tokens", json!({"kind": "id"}), "user_id is missing"),
        ("POST", "/_tenant/tokens", json!({"kind": "cookie"}), "expected one of `access`, `id`"),
        ("GET", "/_tenant/requests?sice=3", Value::Null, "unknown field `sice`"),
        ("DELETE", "/_tenant/tenants/a_b", Value::Null, "letters a to z"),
    ] {
        let (status, message) = served.fails(method, path, body).await;
        assert!(status == 400 && message.contains(part), "{method} {path}: {status} {message}");
    }
}

#[tokio::test]
async fn faults_are_switched_on_and_off() {
    let served = Served::start().await;
    let set = json!({"faults": ["503@users.get_all,times=2", "hang@users.create"]});
    assert_eq!(served.does("PUT", "/_tenant/faults", set.clone()).await, set);
    assert_eq!([served.search("").await, served.search("/t/other").await], [Err(503), Ok(1)]);
    let left = json!({"faults": ["503@users.get_all,times=1", "hang@users.create"]});
    assert_eq!(served.get("/_tenant/faults").await, left);
    let (status, _) = served.fails("PUT", "/_tenant/faults", json!({"faults": ["500", "5000"]})).await;
    assert_eq!((status, served.get("/_tenant/faults").await), (400, left), "nothing is replaced");
    served.does("DELETE", "/_tenant/faults", Value::Null).await;
    assert_eq!(served.search("").await, Ok(1));
    let added = served.does("POST", "/_tenant/faults", json!({"fault": "reset-after"})).await;
    assert_eq!(added, json!({"faults": ["reset-after"]}));
    let token = served.get("/_tenant").await["management_token"].as_str().unwrap().to_owned();
    let lost =
        served.client.get(format!("{}/api/v2/users", served.server.url())).bearer_auth(token).send().await;
    assert!(lost.is_err(), "the connection is closed");
    let entry = &served.get("/_tenant/requests?status=none").await["requests"][0];
    assert!(entry["why"].as_str().unwrap().contains("no response"), "{entry}");
}

#[tokio::test]
async fn messages_are_waited_for_and_keys_are_replaced() {
    let served = Served::start().await;
    let code = json!({"client_id": "tenant-client", "connection": "email", "email": "ada@example.com", "send": "code"});
    let send = async |base: &str| {
        let path = format!("{base}/passwordless/start");
        let answer =
            served.raw("POST", &path, &[("content-type", "application/json")], &code.to_string()).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    };
    let waited =
        async { served.get("/t/shop/_tenant/mails?to=ADA@example.com&kind=passcode&wait_ms=20000").await };
    let (mails, ()) = tokio::join!(waited, async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        send("/t/shop").await;
    });
    let mail = &mails["mails"][0];
    assert_eq!((&mail["to"], mail["code"].as_str().unwrap().len()), (&json!("ada@example.com"), 6));
    assert_eq!(served.get("/_tenant/mails").await, json!({"mails": []}));
    assert_eq!(served.get("/t/shop/_tenant/mails?since=1&wait_ms=10").await, json!({"mails": []}));
    served.does("DELETE", "/t/shop/_tenant/mails", Value::Null).await;
    assert_eq!(served.get("/t/shop/_tenant/mails").await, json!({"mails": []}));

    let before = served.get("/_tenant/keys").await;
    let rotated = served.does("POST", "/_tenant/keys/rotate", json!({})).await;
    assert_ne!(before["current"], rotated["current"]);
    assert_eq!(rotated["jwks"]["keys"].as_array().unwrap().len(), 3);
    let (status, message) = served.fails("POST", "/_tenant/keys", json!({"pem": "none"})).await;
    assert_eq!((status, message.contains("openssl genpkey")), (400, true), "{message}");
    let pem = include_str!("../../crates/users-mock/src/tenant/keys/development_1.pem");
    let replaced = served.does("POST", "/_tenant/keys", json!({"pem": pem})).await;
    assert_eq!(replaced["current"], before["current"]);
    assert_eq!(served.get("/t/shop/_tenant/keys").await, before);
}

#[tokio::test]
async fn tokens_of_each_kind_are_issued() {
    let served = Served::start().await;
    let user =
        served.does("POST", "/_tenant/users", json!({})).await["user_ids"][0].as_str().unwrap().to_owned();
    let issue = async |body: Value| {
        let issued = served.does("POST", "/_tenant/tokens", body).await;
        format!("Bearer {}", issued["token"].as_str().unwrap())
    };
    let status = async |path: &str, authorization: &str| {
        served.raw("GET", path, &[("authorization", authorization)], "").await.status
    };
    let access = issue(json!({"user_id": user})).await;
    assert_eq!(status("/userinfo", &access).await, 200);
    let management = issue(json!({"kind": "management", "scopes": ["read:users"]})).await;
    assert_eq!(status("/api/v2/users", &management).await, 200);
    assert_eq!(status("/api/v2/roles", &management).await, 403);
    let own = issue(json!({"kind": "self_service", "user_id": user})).await;
    let path = format!("/api/v2/users/{}", user.replace('|', "%7C"));
    assert_eq!(status(&path, &own).await, 200);
    assert!(issue(json!({"kind": "id", "user_id": user})).await.len() > 20);
    let (status, message) = served.fails("POST", "/_tenant/tokens", json!({"user_id": "auth0|none"})).await;
    assert!(status == 404 && message.contains("POST /_tenant/users makes one"), "{message}");
}

#[tokio::test]
async fn the_request_log_is_filtered_shows_no_secret_and_names_near_endpoints() {
    let served = Served::start().await;
    served.search("").await.unwrap();
    let login =
        json!({"grant_type": "client_credentials", "client_id": "x", "client_secret": "hidden-secret"});
    let json_type = ("content-type", "application/json");
    served.raw("POST", "/oauth/token", &[json_type], &login.to_string()).await;
    served.raw("GET", "/api/v2/user", &[], "").await;
    let all = served.get("/_tenant/requests").await;
    assert_eq!((&all["count"], &all["last"]), (&json!(3), &json!(3)));
    assert!(!all.to_string().contains("hidden-secret"), "{all}");
    let operation = served.get("/_tenant/requests?operation=users.get_all").await;
    assert_eq!(operation["count"], json!(1));
    let entry = &operation["requests"][0];
    assert_eq!((&entry["status"], &entry["target"]), (&json!(200), &json!("/api/v2/users")));
    assert_eq!(entry["request"]["headers"]["authorization"], json!("[redacted]"));
    let missing = served.get("/_tenant/requests?status=4xx&since=2").await;
    let why = missing["requests"][0]["why"].as_str().unwrap();
    assert!(why.contains("GET /api/v2/users"), "{why}");
    assert_eq!(served.get("/_tenant/requests?limit=1").await["requests"][0]["sequence"], json!(3));
    served.does("DELETE", "/_tenant/requests", Value::Null).await;
    assert_eq!(served.get("/_tenant/requests").await, json!({"count": 0, "last": 3, "requests": []}));
}

#[tokio::test]
async fn events_report_requests_and_changes_of_one_tenant_until_the_end() {
    let served = Served::start().await;
    let mut events =
        served.client.get(format!("{}/t/shop/_tenant/events", served.server.url())).send().await.unwrap();
    assert_eq!(events.headers()["content-type"], "text/event-stream");
    served.search("").await.unwrap();
    served.search("/t/shop").await.unwrap();
    served.does("POST", "/t/shop/_tenant/reset", Value::Null).await;
    let mut text = String::new();
    while !text.contains("reset") {
        text.push_str(std::str::from_utf8(&events.chunk().await.unwrap().unwrap()).unwrap());
    }
    assert_eq!(text.matches("event: request").count(), 1, "{text}");
    assert!(text.contains(r#""operation":"users.get_all""#) && text.contains("event: changed"), "{text}");
    let started = std::time::Duration::from_secs(3);
    tokio::time::timeout(started, served.server.shutdown()).await.expect("the stream ends with the server");
    assert!(events.chunk().await.unwrap_or_default().is_none());
}

#[tokio::test]
async fn a_removed_tenant_begins_again_and_the_default_one_is_reset() {
    let served = Served::start().await;
    for (name, base) in [("shop", "/t/shop"), ("default", "")] {
        served.does("POST", &format!("{base}/_tenant/users"), json!({"count": 2})).await;
        for _ in 0..2 {
            served.does("DELETE", &format!("/_tenant/tenants/{name}"), Value::Null).await;
        }
        assert_eq!(served.search(base).await, Ok(1), "{name}");
    }
}

/// Everything that a forbidden request could change.
fn state(served: &Served) -> (Vec<String>, usize, usize, String) {
    let tenant = served.tenant("default");
    let names = served.tenants.names().iter().map(ToString::to_string).collect();
    (names, tenant.user_count(), tenant.requests().len(), format!("{:?}", tenant.index_lag()))
}

#[tokio::test]
async fn nothing_is_done_for_a_request_that_may_not_be_made() {
    let served = Served::start().await;
    let json_type = ("content-type", "application/json");
    let evil_host = ("host", "evil.example");
    let forbidden: &[(&[(&str, &str)], u16)] = &[
        (&[json_type, evil_host], 403),
        (&[json_type, ("host", "127.evil.example")], 403),
        (&[json_type, evil_host, ("origin", "http://evil.example")], 403),
        (&[json_type, ("origin", "https://evil.example")], 403),
        (&[json_type, ("origin", "null")], 403),
        (&[json_type, ("sec-fetch-site", "cross-site")], 403),
        (&[json_type, ("sec-fetch-site", "same-site")], 403),
        (&[("content-type", "text/plain")], 415),
        (&[("content-type", "application/x-www-form-urlencoded")], 415),
        (&[], 415),
    ];
    let changes = [
        ("POST", "/_tenant/users", r#"{"count":5}"#),
        ("POST", "/_tenant/seed", r#"{"users":[{"user_id":"auth0|evil"}]}"#),
        ("POST", "/_tenant/reset", "{}"),
        ("PUT", "/_tenant/index", r#"{"lag_ms":5000}"#),
        ("DELETE", "/_tenant/tenants/kept", ""),
        ("POST", "/t/new/_tenant/users", "{}"),
        ("POST", "/t/default/_tenant/users", "{}"),
    ];
    served.tenant("kept").add_generated_user();
    served.search("").await.unwrap();
    let before = state(&served);
    for (headers, expected) in forbidden {
        for (method, path, body) in changes {
            let answer = served.raw(method, path, headers, body).await;
            assert_eq!(answer.status, *expected, "{method} {path} {headers:?}: {}", answer.text);
            assert!(answer.json()["message"].as_str().unwrap().len() > 20);
            assert_eq!(state(&served), before, "{method} {path} {headers:?}");
        }
    }
    // Other spellings of the paths reach nothing.
    for path in
        ["/%5Ftenant/users", "//_tenant/users", "/_tenant%2Fusers", "/_TENANT/users", "/./_tenant/users"]
    {
        let answer = raw_request(
            &served,
            &format!("POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n"),
        )
        .await;
        assert!(!answer.starts_with("HTTP/1.1 2"), "{path}: {answer}");
        assert_eq!(state(&served).1, before.1, "{path}");
    }
    // GET changes nothing, even with the headers.
    for (_, path, _) in changes {
        served.raw("GET", path, &[json_type, ("x-tenant-control", "1")], "").await;
        assert_eq!((state(&served).1, state(&served).3), (before.1, before.3.clone()), "{path}");
    }
}

/// Sends a request that no client would send; returns the answer.
async fn raw_request(served: &Served, head: &str) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut stream = tokio::net::TcpStream::connect(served.server.addr()).await.unwrap();
    stream.write_all(format!("{head}connection: close\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn hosts_are_checked_before_anything_else_and_for_every_endpoint() {
    let served = Served::start().await;
    let before = state(&served);
    for path in
        ["/", "/health", "/_tenant", "/_tenant/events", "/api/v2/users", "/userinfo", "/t/shop/api/v2/users"]
    {
        let answer = served.raw("GET", path, &[("host", "evil.example:80")], "").await;
        assert_eq!(answer.status, 403, "{path}");
        assert!(answer.text.contains("--allowed-host evil.example"), "{}", answer.text);
    }
    for head in [
        "GET /health HTTP/1.0\r\n",
        "GET http://evil.example/health HTTP/1.1\r\nhost: localhost\r\n",
        "GET /health HTTP/1.1\r\nhost: localhost\r\nhost: evil.example\r\n",
    ] {
        let answer = raw_request(&served, head).await;
        assert!(answer.starts_with("HTTP/1.1 4") || answer.starts_with("HTTP/1.0 4"), "{head}: {answer}");
    }
    assert_eq!(state(&served), before, "no tenant was made and no request was logged");
    assert_eq!(served.raw("GET", "/health", &[], "").await.json(), json!({"status": "ok"}));
    assert_eq!(state(&served), before, "nor by the health check");
}

#[tokio::test]
async fn the_control_api_grants_nothing_to_other_origins() {
    let served = Served::start().await;
    let preflight = [
        ("origin", "https://evil.example"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "content-type"),
    ];
    for (method, headers) in [("OPTIONS", &preflight[..]), ("OPTIONS", &preflight[1..]), ("GET", &[])] {
        let answer = served.raw(method, "/_tenant/reset", headers, "").await;
        let cors = answer.headers.keys().filter(|name| name.as_str().starts_with("access-control")).count();
        assert!(cors == 0 && answer.status >= 400, "{method} {headers:?}: {}", answer.status);
    }
}

#[tokio::test]
async fn an_address_of_other_machines_needs_a_key_and_then_each_request_does() {
    let tenants = || Tenants::builder(Tenant::builder()).build();
    let any = ([0, 0, 0, 0], 0).into();
    let error = TenantServer::builder(tenants()).bind(any).await.unwrap_err();
    assert!(error.to_string().contains("--key KEY"), "{error}");
    let tenants = tenants();
    let server = TenantServer::builder(tenants.clone()).key("k3y").bind(any).await.unwrap();
    let served = Served {
        server: TenantServer::builder(tenants.clone())
            .key("k3y")
            .bind(([127, 0, 0, 1], 0).into())
            .await
            .unwrap(),
        tenants,
        client: reqwest::Client::new(),
    };
    let json_type = ("content-type", "application/json");
    for headers in [&[json_type][..], &[json_type, ("x-tenant-key", "other")]] {
        let answer = served.raw("POST", "/_tenant/users", headers, "{}").await;
        assert_eq!((answer.status, served.tenant("default").user_count()), (401, 0));
    }
    for (count, key) in [("authorization", "Bearer k3y"), ("x-tenant-key", "k3y")].into_iter().enumerate() {
        let answer = served.raw("POST", "/_tenant/users", &[json_type, key], "{}").await;
        assert_eq!((answer.status, served.tenant("default").user_count()), (201, count + 1));
    }
    // The page shows users, so it needs the key too.
    for path in ["/", "/_tenant/page/inbox"] {
        assert_eq!(served.raw("GET", path, &[], "").await.status, 401, "{path}");
        assert_eq!(served.raw("GET", path, &[("x-tenant-key", "k3y")], "").await.status, 200, "{path}");
    }
    server.shutdown().await;
}

#[tokio::test]
async fn every_operation_of_the_document_was_validated_by_these_tests() {
    // Those whose answer is no JSON, or is checked elsewhere.
    let elsewhere = ["events", "serverHealth", "openapi"];
    let tests = include_str!("control.rs");
    for (path, operations) in DOCUMENT["paths"].as_object().unwrap() {
        for operation in operations.as_object().unwrap().values() {
            let id = operation["operationId"].as_str().unwrap();
            let last = path.split('/').rfind(|part| !part.starts_with('{')).unwrap();
            assert!(elsewhere.contains(&id) || tests.contains(last), "{id} is not tested");
        }
    }
    let served = Served::start().await;
    assert_eq!(served.get("/_tenant/openapi.json").await, *DOCUMENT);
    let (status, message) = {
        let answer = served.raw("GET", "/_tenant/rest", &[], "").await;
        (answer.status, answer.text)
    };
    assert!(status == 404 && message.contains("GET /_tenant/openapi.json"), "{message}");
}

#[tokio::test]
async fn a_tenant_whose_data_is_kept_in_a_file_is_the_default_one() {
    let tenant = Tenant::builder().system_clock().seed(Seed::new()).build();
    let tenants = Tenants::builder(Tenant::builder().users(2)).default_tenant(tenant.clone()).build();
    let served = Served::with(tenants).await;
    served.does("POST", "/_tenant/users", json!({"count": 3})).await;
    assert_eq!(tenant.user_count(), 3);
    served.does("POST", "/_tenant/reset", Value::Null).await;
    assert_eq!(tenant.user_count(), 2, "a reset gives it the data of the template");
}
