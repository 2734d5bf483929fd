//! Two hundred tenants in one process, used in parallel, leak nothing into each other.

use futures_util::future::join_all;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use users_mock::Tenant;
use users_tenant::{TenantServer, Tenants};

const TENANTS: usize = 200;

/// What a login leaves behind.
#[derive(Clone, Default)]
struct Login {
    /// A code that is not exchanged, and the cookies of the browser.
    code: String,
    cookies: String,
    refresh_token: String,
    /// The secret of the link that verifies the address.
    ticket: String,
}

const CALLBACK: &str = "http://localhost:3000/callback";

/// A tenant, as a test of an application uses it.
#[derive(Clone)]
struct User {
    client: reqwest::Client,
    base: String,
    /// The header that selects the tenant, if its path does not.
    header: Option<(&'static str, String)>,
    /// What a login left behind.
    login: Login,
    token: String,
    /// The id of the snapshot after the login.
    snapshot: String,
    /// What its data contains, and no other's.
    mark: String,
}

impl User {
    async fn send(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let mut request = self.client.request(method.parse().unwrap(), format!("{}{path}", self.base));
        request = request.bearer_auth(&self.token).header("content-type", "application/json");
        request = request.headers(self.selecting());
        if !body.is_null() {
            request = request.body(body.to_string());
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or_default())
    }

    /// The header that selects the tenant.
    fn selecting(&self) -> http::HeaderMap {
        let header = self.header.as_ref();
        header.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).into_iter().collect()
    }

    /// Opens an address in a browser with these cookies, and returns where it is sent and the cookies that are set.
    async fn open(
        &self,
        method: &str,
        address: &str,
        cookies: &str,
        form: &[(&str, &str)],
    ) -> (String, String) {
        let base = self.base.split("/t/").next().unwrap();
        let address = if address.starts_with('/') { format!("{base}{address}") } else { address.to_owned() };
        let encode = |text: &str| text.replace('@', "%40").replace('|', "%7C").replace(' ', "+");
        let body: Vec<String> =
            form.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        let request = self.client.request(method.parse().unwrap(), address).headers(self.selecting());
        let request =
            request.header("cookie", cookies).header("content-type", "application/x-www-form-urlencoded");
        let response = request.body(body.join("&")).send().await.unwrap();
        let header = |name: &str| -> Vec<String> {
            let values = response.headers().get_all(name).iter();
            values.map(|value| value.to_str().unwrap().split(';').next().unwrap().to_owned()).collect()
        };
        (header("location").pop().unwrap_or_default(), header("set-cookie").join("; "))
    }

    /// The address of the login page.
    fn authorize(&self, more: &str) -> String {
        let query = "client_id=tenant-client&response_type=code&scope=openid%20offline_access";
        format!("{}/authorize?{query}&code_challenge=abc&redirect_uri={CALLBACK}{more}", self.base)
    }

    /// Logs the user in by the login page, and keeps what that leaves behind.
    async fn log_in(&mut self) {
        let (page, _) = self.open("GET", &self.authorize(""), "", &[]).await;
        let email = format!("{}@example.com", self.mark);
        let form = [("username", email.as_str()), ("password", "Correct horse 1")];
        let (resume, _) = self.open("POST", &page, "", &form).await;
        let (back, cookies) = self.open("GET", &resume, "", &[]).await;
        let code = back.split("code=").nth(1).unwrap_or_else(|| panic!("{}: {back}", self.mark));
        let code = code.split('&').next().unwrap().to_owned();
        let (_, tokens) = self.send("POST", "/oauth/token", &self.password_grant()).await;
        let mails = self.control("GET", "/mails", Value::Null).await;
        let link = mails["mails"][0]["link"].as_str().unwrap_or_else(|| panic!("{mails}"));
        let ticket = link.split("ticket=").nth(1).unwrap().trim_end_matches('#').to_owned();
        let refresh_token = tokens["refresh_token"].as_str().unwrap().to_owned();
        self.login = Login { code, cookies, refresh_token, ticket };
    }

    fn password_grant(&self) -> Value {
        json!({
            "grant_type": "password", "client_id": "tenant-client", "username": format!("{}@example.com", self.mark),
            "password": "Correct horse 1", "scope": "openid offline_access",
        })
    }

    /// Checks that what a login left behind is of use here, and what one in another tenant left behind is not.
    async fn check_logins(&self, other: &Self) {
        for (login, is_own) in [(&other.login, false), (&self.login, true)] {
            let (back, _) = self.open("GET", &self.authorize("&prompt=none"), &login.cookies, &[]).await;
            assert_eq!(back.contains("code="), is_own, "{}: a cookie: {back}", self.mark);
            for body in [
                json!({"grant_type": "refresh_token", "refresh_token": login.refresh_token}),
                json!({"grant_type": "authorization_code", "code": login.code, "redirect_uri": CALLBACK, "code_verifier": "abc"}),
            ] {
                let mut body = body;
                body["client_id"] = json!("tenant-client");
                let (status, answer) = self.send("POST", "/oauth/token", &body).await;
                assert_eq!(status == 200, is_own, "{}: {body} {answer}", self.mark);
            }
            let ticket = format!("/u/email-verification?ticket={}", login.ticket);
            assert_eq!(
                self.send("GET", &ticket, &Value::Null).await.0 == 200,
                is_own,
                "{}: a link",
                self.mark
            );
        }
        let mails = self.control("GET", "/mails", Value::Null).await.to_string();
        let (_, logs) = self.send("GET", "/api/v2/logs?per_page=100", &Value::Null).await;
        for text in [mails, logs.to_string()] {
            assert!(text.contains(&self.mark) && !text.replace(&self.mark, "").contains("mark-"), "{text}");
        }
    }

    async fn control(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.send(method, &format!("/_tenant{path}"), &body).await;
        assert!((200..300).contains(&status), "{} {path}: {status} {answer}", self.mark);
        answer
    }

    /// Prepares the tenant: a time, faults and a user of its own. Returns the id of the user.
    async fn begin(&mut self, number: usize) -> String {
        self.control("POST", "/reset", Value::Null).await;
        self.control("PUT", "/clock", json!({"now": time(number), "frozen": true})).await;
        self.token =
            self.control("GET", "", Value::Null).await["management_token"].as_str().unwrap().to_owned();
        if number % 2 == 1 {
            self.control("POST", "/faults", json!({"fault": "503@users.get"})).await;
        }
        if number % 3 == 1 {
            self.control("PUT", "/index", json!({"lag_ms": 1000 + number})).await;
        }
        if number % 5 == 1 {
            self.control("PUT", "/limits", json!({"tier": "enterprise"})).await;
        }
        let connection = "Username-Password-Authentication";
        let new = json!({
            "connection": connection, "email": format!("{}@example.com", self.mark), "password": "Correct horse 1",
        });
        let (status, user) = self.send("POST", "/api/v2/users", &new).await;
        assert_eq!(status, 201, "{user}");
        self.log_in().await;
        self.snapshot =
            self.control("POST", "/snapshots", Value::Null).await["id"].as_str().unwrap().to_owned();
        if number % 50 == 1 {
            self.control("POST", "/keys/rotate", Value::Null).await;
        }
        user["user_id"].as_str().unwrap().to_owned()
    }

    /// Receives the events of the tenant from now on.
    async fn events(&self) -> Arc<Mutex<String>> {
        let request = self.client.get(format!("{}/_tenant/events", self.base)).headers(self.selecting());
        let mut response = request.send().await.unwrap();
        let received: Arc<Mutex<String>> = Arc::default();
        let events = Arc::clone(&received);
        tokio::spawn(async move {
            while let Ok(Some(chunk)) = response.chunk().await {
                events.lock().unwrap().push_str(&String::from_utf8_lossy(&chunk));
            }
        });
        received
    }

    /// Checks that the tenant is as it was prepared, while the others are used.
    async fn check(&self, number: usize, own: &str, other: &Self, id_of_other: &str) {
        let path = |id: &str| format!("/api/v2/users/{}", encoded(id));
        if number % 2 == 1 {
            assert_eq!(self.send("GET", &path(own), &Value::Null).await.0, 503, "its fault");
        }
        assert_eq!(self.send("GET", &path(own), &Value::Null).await.0, 200, "and no other's");
        assert_eq!(self.send("GET", &path(id_of_other), &Value::Null).await.0, 404);
        let foreign = Self { token: other.token.clone(), ..self.clone() };
        assert_eq!(foreign.send("GET", &path(own), &Value::Null).await.0, 401, "a token of another tenant");
        let found = self.send("GET", "/api/v2/users?q=email:*example.com", &Value::Null).await.1;
        let expected = usize::from(number % 3 != 1);
        let emails: Vec<&str> =
            found.as_array().unwrap().iter().filter_map(|user| user["email"].as_str()).collect();
        assert_eq!(
            emails.iter().filter(|email| **email == format!("{}@example.com", self.mark)).count(),
            expected
        );
        assert!(
            !emails.iter().any(|email| email.starts_with("mark-") && !email.starts_with(&self.mark)),
            "{emails:?}"
        );
        assert_eq!(self.control("GET", "/clock", Value::Null).await["now"], json!(time(number)));
        let tier = if number % 5 == 1 { "enterprise" } else { "none" };
        assert_eq!(self.control("GET", "/limits", Value::Null).await["tier"], json!(tier));
        assert_eq!(self.control("GET", "/faults", Value::Null).await, json!({"faults": []}));
        let keys = self.control("GET", "/keys", Value::Null).await;
        let expected = if number % 50 == 1 { 3 } else { 2 };
        assert_eq!(keys["jwks"]["keys"].as_array().map(Vec::len), Some(expected), "{keys}");
        let log = self.control("GET", "/requests?limit=1000", Value::Null).await;
        // Five of the login, and those of this function.
        assert_eq!(log["count"], json!(9 + number % 2), "{log}");
        let text = log.to_string();
        assert!(text.contains(&self.mark) && !text.replace(&self.mark, "").contains("mark-"), "{text}");
    }
}

/// An id as it is in a path.
fn encoded(id: &str) -> String {
    id.replace('|', "%7C")
}

/// A time for each tenant.
fn time(number: usize) -> String {
    format!("2031-{:02}-{:02}T00:00:00.000Z", 1 + number / 28 % 12, 1 + number % 28)
}

/// With `USERS_TENANT_URL`, the tenants are those of a server that other processes use at the same time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_tenants_used_in_parallel_leak_nothing_into_each_other() {
    let own = match std::env::var("USERS_TENANT_URL") {
        Ok(_) => None,
        Err(_) => {
            let tenants = Tenants::builder(Tenant::builder().users(1)).build();
            Some(TenantServer::builder(tenants).bind(([127, 0, 0, 1], 0).into()).await.unwrap())
        }
    };
    let url = own.as_ref().map_or_else(|| std::env::var("USERS_TENANT_URL").unwrap(), TenantServer::url);
    let port = url.rsplit(':').next().unwrap().to_owned();
    let client = reqwest::Client::builder()
        .pool_max_idle_per_host(32)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    // The delimiter keeps one mark from being the beginning of another.
    let mut users: Vec<User> = (0..TENANTS)
        .map(|number| User {
            client: client.clone(),
            base: if number % 3 == 0 { format!("{url}/t/rust-{number}") } else { url.clone() },
            header: match number % 3 {
                0 => None,
                1 => Some(("host", format!("rust-{number}.localhost:{port}"))),
                _ => Some(("x-tenant", format!("rust-{number}"))),
            },
            login: Login::default(),
            token: "none".to_owned(),
            snapshot: String::new(),
            mark: format!("mark-rust-{number}-"),
        })
        .collect();
    let ids = join_all(users.iter_mut().enumerate().map(|(number, user)| user.begin(number))).await;
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), TENANTS, "no id was made twice");
    let tokens: BTreeSet<&str> = users.iter().map(|user| user.token.as_str()).collect();
    assert_eq!(tokens.len(), TENANTS, "nor any token");
    let events = join_all(users.iter().step_by(20).map(User::events)).await;
    let checks = users.iter().enumerate().map(|(number, user)| {
        let other = (number + 1) % TENANTS;
        user.check(number, &ids[number], &users[other], &ids[other])
    });
    join_all(checks).await;
    join_all(
        users.iter().enumerate().map(|(number, user)| user.check_logins(&users[(number + 1) % TENANTS])),
    )
    .await;
    for (events, number) in events.iter().zip((0..TENANTS).step_by(20)) {
        let (own, other) = (&ids[number], &ids[(number + 1) % TENANTS]);
        let is_complete = || events.lock().unwrap().contains(&encoded(own));
        while !is_complete() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let text = events.lock().unwrap().clone();
        // Only the tenant's own requests, one of which is for the user of another tenant.
        for id in ids.iter().filter(|id| *id != own && *id != other) {
            assert!(!text.contains(&encoded(id)), "{number}: {id} {text}");
        }
    }
    // A reset of half of them leaves the other half.
    join_all(users.iter().step_by(2).map(|user| user.control("POST", "/reset", Value::Null))).await;
    join_all(users.iter().zip(&ids).enumerate().map(async |(number, (user, id))| {
        let token = user.control("POST", "/tokens", json!({"kind": "management"})).await;
        let user = User { token: token["token"].as_str().unwrap().to_owned(), ..user.clone() };
        let path = format!("/api/v2/users/{}", encoded(id));
        let expected = if number % 2 == 0 { 404 } else { 200 };
        assert_eq!(user.send("GET", &path, &Value::Null).await.0, expected, "{number}");
        // It has removed the snapshots; those of the others have their own data.
        user.send("DELETE", &path, &Value::Null).await;
        let restore = format!("/_tenant/snapshots/{}/restore", user.snapshot);
        let restored = user.send("POST", &restore, &Value::Null).await.0;
        assert_eq!(restored, if number % 2 == 0 { 404 } else { 204 }, "{number}");
        let (status, found) = user.send("GET", &path, &Value::Null).await;
        let email = (expected == 200).then(|| format!("{}@example.com", user.mark));
        assert_eq!((status, found["email"].as_str().map(ToOwned::to_owned)), (expected, email), "{number}");
    }))
    .await;
}
