//! A person reads the messages of a tenant.

use super::{DATABASE, PASSWORD, Served};
use crate::browser::{Browser, PATIENCE, Window, is_there};
use fantoccini::Locator;
use serde_json::json;

async fn sign_up(base: &str, email: &str) {
    let body =
        json!({"client_id": "tenant-client", "connection": DATABASE, "email": email, "password": PASSWORD});
    let answer = reqwest::Client::new()
        .post(format!("{base}/dbconnections/signup"))
        .header("content-type", "application/json")
        .body(body.to_string())
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status().as_u16(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_appears_without_reloading_and_verifies_the_address_of_a_user_of_its_tenant() {
    if !is_there() {
        return;
    }
    let served = Served::start().await;
    let base = served.url("/t/shop");
    let browser = Browser::open(&Window::default()).await;
    browser.page.goto(&format!("{base}/_tenant/page/inbox")).await.unwrap();
    browser.wait_for("//p[starts-with(., 'There are no messages.')]").await;
    browser.page.execute("window.isTheSame = true", Vec::new()).await.unwrap();
    // A message of another tenant stays there.
    sign_up(&served.url("/t/other"), "other@example.com").await;
    sign_up(&base, "<b>ada</b>@example.com").await;
    browser.until("return document.getElementById('count').textContent === '1'").await;
    sign_up(&base, "bob@example.com").await;
    browser.until("return document.getElementById('count').textContent === '2'").await;
    let articles = browser.page.find_all(Locator::Css("article")).await.unwrap();
    let texts = [articles[0].text().await.unwrap(), articles[1].text().await.unwrap()];
    assert!(texts[0].contains("bob@example.com") && texts[1].contains("<b>ada</b>@example.com"), "{texts:?}");
    browser.until("return window.isTheSame === true").await;

    browser.click("article:last-of-type a.button").await;
    browser.wait_for("//h1[.='Email verified']").await;
    let tenant = served.tenants.tenant(&"shop".parse().unwrap());
    let is_verified = |email: &str| {
        let mut users = tenant.user_ids().into_iter().filter_map(|id| tenant.user(&id));
        let user = users.find(|user| user.email.as_deref() == Some(email)).unwrap();
        user.email_verified.unwrap().is_true()
    };
    assert!(is_verified("<b>ada</b>@example.com") && !is_verified("bob@example.com"));

    // Removing them empties the page, and the tenant.
    browser.page.back().await.unwrap();
    browser.click("button[data-path='/_tenant/mails']").await;
    browser.wait_for("//p[starts-with(., 'There are no messages.')]").await;
    browser.until("return document.querySelectorAll('article').length === 0").await;
    assert!(tenant.mails().is_empty());
    browser.close().await;
    served.server.shutdown().await;
}

/// A browser has six connections to a host, and each message stream takes one while its page can be seen.
#[tokio::test(flavor = "multi_thread")]
async fn many_tabs_leave_connections_for_other_pages_and_catch_up_when_they_are_seen() {
    if !is_there() {
        return;
    }
    let served = Served::start().await;
    let base = served.url("/t/shop");
    let browser = Browser::open(&Window::default()).await;
    let inbox = format!("{base}/_tenant/page/inbox");
    browser.page.goto(&inbox).await.unwrap();
    let first = browser.page.window().await.unwrap();
    for _ in 0..6 {
        let tab = browser.page.new_window(true).await.unwrap();
        browser.page.switch_to_window(tab.handle).await.unwrap();
        browser.page.goto(&inbox).await.unwrap();
    }
    let tab = browser.page.new_window(true).await.unwrap();
    browser.page.switch_to_window(tab.handle).await.unwrap();
    let users = format!("{base}/_tenant/page/users");
    tokio::time::timeout(PATIENCE, browser.page.goto(&users)).await.expect("a connection is left").unwrap();
    sign_up(&base, "grace@example.com").await;
    browser.page.switch_to_window(first).await.unwrap();
    browser.until("return document.getElementById('count').textContent === '1'").await;
    browser.close().await;
    served.server.shutdown().await;
}
