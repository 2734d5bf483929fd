//! The page that shows a tenant: stories of a person who looks at it.

use super::browser::{Browser, PATIENCE, Window, is_there};
use fantoccini::Locator;
use fantoccini::key::Key;
use serde_json::json;
use std::time::Duration;
use users_mock::{Limits, Seed, Tenant};
use users_tenant::{TenantServer, Tenants};

/// A server of tenants with a user whose name is a piece of HTML, and thirty generated ones.
async fn serve() -> (Tenants, TenantServer) {
    let evil = json!({"users": [{"user_id": "auth0|evil", "email": "evil@example.com", "name": "<script>document.title='evil'</script>"}]});
    let template = Tenant::builder()
        .system_clock()
        .users(30)
        .limits(Limits::essentials())
        .seed(Seed::from_json(&evil.to_string()).unwrap());
    let tenants = Tenants::builder(template).build();
    let server = TenantServer::builder(tenants.clone()).bind(([127, 0, 0, 1], 0).into()).await.unwrap();
    (tenants, server)
}

async fn wait_for(browser: &Browser, xpath: &str) {
    let found = browser.page.wait().at_most(PATIENCE).for_element(Locator::XPath(xpath)).await;
    if found.is_err() {
        panic!("no {xpath}\n{}", browser.page.source().await.unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_found_by_keyboard_alone_and_shown_as_text() {
    if !is_there() {
        return;
    }
    let (tenants, server) = serve().await;
    let browser = Browser::open(&Window::default()).await;
    browser.page.goto(&server.url()).await.unwrap();
    wait_for(&browser, "//p[starts-with(., '31 users')]").await;
    browser.fill("#q", &format!("email:evil@example.com{}", char::from(Key::Enter))).await;
    wait_for(&browser, "//p[starts-with(., '1 user')]").await;
    let link = browser.page.find(Locator::Css("tbody a")).await.unwrap();
    assert_eq!(link.text().await.unwrap(), "<script>document.title='evil'</script>");
    link.send_keys(&char::from(Key::Enter).to_string()).await.unwrap();
    assert_eq!(browser.text("h1").await, "<script>document.title='evil'</script>");
    assert_ne!(browser.page.title().await.unwrap(), "evil");
    // A query that Auth0 does not support is refused with its message.
    browser.page.goto(&format!("{}/?q=user_metadata.x:*a*", server.url())).await.unwrap();
    assert!(!browser.text("[role=alert]").await.is_empty());

    // Blocked by a click, through the Management API.
    browser.page.goto(&format!("{}/_tenant/page/users/auth0%7Cevil", server.url())).await.unwrap();
    wait_for(&browser, "//button[.='Block']").await;
    browser.page.find(Locator::XPath("//button[.='Block']")).await.unwrap().click().await.unwrap();
    wait_for(&browser, "//button[.='Unblock']").await;
    let tenant = tenants.tenant(&"default".parse().unwrap());
    assert_eq!(tenant.user("auth0|evil").unwrap().blocked, Some(true));
    browser.close().await;
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn traffic_appears_while_programs_send_requests_and_faults_are_switched() {
    if !is_there() {
        return;
    }
    let (tenants, server) = serve().await;
    let tenant = tenants.tenant(&"default".parse().unwrap());
    let users = users_hyper::management(server.url())
        .token(tenant.management_token().expose())
        .build()
        .unwrap()
        .users();
    let browser = Browser::open(&Window::default()).await;
    browser.page.goto(&format!("{}/_tenant/page/traffic", server.url())).await.unwrap();
    wait_for(&browser, "//button[.='Pause']").await;
    users.get("auth0|evil").await.unwrap();
    wait_for(&browser, "//tbody//a[contains(., '/api/v2/users/auth0%7Cevil')]").await;
    wait_for(&browser, "//tbody//meter").await;

    // Under load, the page follows and stays bounded.
    let http = reqwest::Client::new();
    for _ in 0..600 {
        http.get(format!("{}/.well-known/openid-configuration", server.url())).send().await.unwrap();
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let rows = browser.page.find_all(Locator::Css("#traffic tbody tr")).await.unwrap();
    assert_eq!(rows.len(), 200);
    browser.page.find(Locator::Css("#traffic tbody a")).await.unwrap().click().await.unwrap();
    wait_for(&browser, "//h2[.='Response']").await;

    browser.page.goto(&format!("{}/_tenant/page/faults", server.url())).await.unwrap();
    browser.fill("#fault", &format!("403@users.get,times=1{}", char::from(Key::Enter))).await;
    wait_for(&browser, "//button[@aria-checked='true']").await;
    assert_eq!(users.get("auth0|evil").await.unwrap_err().status().unwrap().as_u16(), 403);
    users.get("auth0|evil").await.unwrap();
    browser.close().await;
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_the_inbox_verifies_the_address_of_a_user_of_its_tenant() {
    if !is_there() {
        return;
    }
    let (tenants, server) = serve().await;
    let base = format!("{}/t/shop", server.url());
    let body = json!({"client_id": "tenant-client", "connection": "Username-Password-Authentication", "email": "ada@example.com",
        "password": "Correct horse 1"});
    let answer = reqwest::Client::new()
        .post(format!("{base}/dbconnections/signup"))
        .header("content-type", "application/json")
        .body(body.to_string())
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    let browser = Browser::open(&Window::default()).await;
    browser.page.goto(&format!("{}/_tenant/page/inbox", server.url())).await.unwrap();
    wait_for(&browser, "//p[.='There are no messages.']").await;
    browser.page.goto(&format!("{base}/_tenant/page/inbox")).await.unwrap();
    browser.click("article a.button").await;
    wait_for(&browser, "//h1[.='Email verified']").await;
    let tenant = tenants.tenant(&"shop".parse().unwrap());
    let id = tenant.user_ids().pop().unwrap();
    assert!(tenant.user(&id).unwrap().email_verified.unwrap().is_true());
    browser.close().await;
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_part_fits_a_phone_in_dark_colours() {
    if !is_there() {
        return;
    }
    let (_tenants, server) = serve().await;
    // The window of a headless browser has at least 500 pixels, so the page is measured in a frame of its own width.
    let browser = Browser::open(&Window { width: 500, height: 800, is_dark: true }).await;
    for part in [
        "/",
        "/_tenant/page/users/auth0%7Cevil",
        "/_tenant/page/traffic",
        "/_tenant/page/faults",
        "/_tenant/page/inbox",
        "/_tenant/page/settings",
    ] {
        browser.page.goto(&format!("{}{part}", server.url())).await.unwrap();
        browser.text("h1").await;
        let overflow =
            "document.body.style.width = '360px'; return document.querySelector('main').scrollWidth";
        let width = browser.page.execute(overflow, Vec::new()).await.unwrap();
        assert!(width.as_u64().unwrap() <= 360, "{part} is {width} pixels wide");
        let dark = "return matchMedia('(prefers-color-scheme: dark)').matches && getComputedStyle(document.body).backgroundColor";
        assert_eq!(browser.page.execute(dark, Vec::new()).await.unwrap(), "rgb(20, 23, 28)", "{part}");
    }
    browser.close().await;
    server.shutdown().await;
}
