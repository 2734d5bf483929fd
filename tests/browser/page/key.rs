//! A person enters the key of a server.

use crate::browser::{Browser, Window, is_there};
use fantoccini::Locator;
use fantoccini::key::Key;
use users_mock::Tenant;
use users_tenant::{TenantServer, Tenants};

#[tokio::test(flavor = "multi_thread")]
async fn with_the_key_the_page_works_and_without_it_nothing_is_shown() {
    if !is_there() {
        return;
    }
    let tenants = Tenants::builder(Tenant::builder().users(3)).build();
    let builder = TenantServer::builder(tenants.clone()).key("open sesame");
    let server = builder.bind(([127, 0, 0, 1], 0).into()).await.unwrap();
    let tenant = tenants.tenant(&"shop".parse().unwrap());
    let browser = Browser::open(&Window::default()).await;
    let page =
        format!("{}/t/shop/_tenant/page/users/{}", server.url(), tenant.user_ids()[0].replace('|', "%7C"));
    browser.page.goto(&page).await.unwrap();
    browser.fill("#key", &format!("other{}", char::from(Key::Enter))).await;
    assert_eq!(browser.text("[role=alert]").await, "This is not the key.");
    browser.shoot("key-wrong").await;
    // The form leads to the page that was asked for.
    browser.fill("#key", &format!("open sesame{}", char::from(Key::Enter))).await;
    browser.wait_for("//h2[starts-with(., 'History')]").await;
    assert_eq!(browser.page.current_url().await.unwrap().as_str(), page);
    let cookies = browser.page.get_all_cookies().await.unwrap();
    assert_eq!(cookies.len(), 1);
    assert!(cookies[0].http_only().unwrap() && !cookies[0].value().contains("sesame"), "{cookies:?}");

    // What the page changes and follows works with the cookie.
    browser.click("button[data-body*='true']").await;
    browser.wait_for("//h1[contains(., 'blocked')]").await;
    assert_eq!(tenant.user(&tenant.user_ids()[0]).unwrap().blocked, Some(true));
    browser.page.goto(&format!("{}/t/shop/_tenant/page/traffic", server.url())).await.unwrap();
    browser.wait_for("//tbody//a[starts-with(., 'PATCH /api/v2/users/')]").await;
    reqwest::get(format!("{}/t/shop/.well-known/jwks.json", server.url())).await.unwrap();
    browser.wait_for("//tbody//a[.='GET /.well-known/jwks.json']").await;

    browser.shoot("key-entered").await;
    browser.page.find(Locator::XPath("//button[.='Log out']")).await.unwrap().click().await.unwrap();
    browser.text("#key").await;
    assert!(browser.page.get_all_cookies().await.unwrap().is_empty());
    browser.page.goto(&page).await.unwrap();
    browser.text("#key").await;
    browser.close().await;
    server.shutdown().await;
}
