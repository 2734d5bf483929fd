//! Two hundred tenants in one process, used in parallel, leak nothing into each other.

use futures_util::future::join_all;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use users_mock::Tenant;
use users_tenant::{TenantServer, Tenants};

const TENANTS: usize = 200;

/// A tenant, as a test of an application uses it.
#[derive(Clone)]
struct User {
    client: reqwest::Client,
    base: String,
    token: String,
    /// What its data contains, and no other's.
    mark: String,
}

impl User {
    async fn send(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let mut request = self.client.request(method.parse().unwrap(), format!("{}{path}", self.base));
        request = request.bearer_auth(&self.token).header("content-type", "application/json");
        if !body.is_null() {
            request = request.body(body.to_string());
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or_default())
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
        user["user_id"].as_str().unwrap().to_owned()
    }

    /// Checks that the tenant is as it was prepared, while the others are used.
    async fn check(&self, number: usize, own: &str, other: &Self, id_of_other: &str) {
        let path = |id: &str| format!("/api/v2/users/{}", id.replace('|', "%7C"));
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
        let log = self.control("GET", "/requests?limit=1000", Value::Null).await;
        assert_eq!(log["count"], json!(5 + number % 2), "{log}");
        let text = log.to_string();
        assert!(text.contains(&self.mark) && !text.replace(&self.mark, "").contains("mark-"), "{text}");
    }
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
    let client = reqwest::Client::builder().pool_max_idle_per_host(32).build().unwrap();
    // The delimiter keeps one mark from being the beginning of another.
    let mut users: Vec<User> = (0..TENANTS)
        .map(|number| User {
            client: client.clone(),
            base: format!("{url}/t/rust-{number}"),
            token: "none".to_owned(),
            mark: format!("mark-rust-{number}-"),
        })
        .collect();
    let ids = join_all(users.iter_mut().enumerate().map(|(number, user)| user.begin(number))).await;
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), TENANTS, "no id was made twice");
    let tokens: BTreeSet<&str> = users.iter().map(|user| user.token.as_str()).collect();
    assert_eq!(tokens.len(), TENANTS, "nor any token");
    let checks = users.iter().enumerate().map(|(number, user)| {
        let other = (number + 1) % TENANTS;
        user.check(number, &ids[number], &users[other], &ids[other])
    });
    join_all(checks).await;
    // A reset of half of them leaves the other half.
    join_all(users.iter().step_by(2).map(|user| user.control("POST", "/reset", Value::Null))).await;
    join_all(users.iter().zip(&ids).enumerate().map(async |(number, (user, id))| {
        let token = user.control("POST", "/tokens", json!({"kind": "management"})).await;
        let user = User { token: token["token"].as_str().unwrap().to_owned(), ..user.clone() };
        let path = format!("/api/v2/users/{}", id.replace('|', "%7C"));
        let expected = if number % 2 == 0 { 404 } else { 200 };
        assert_eq!(user.send("GET", &path, &Value::Null).await.0, expected, "{number}");
    }))
    .await;
}
