//! A person looks for users.

use super::Served;
use crate::browser::{Browser, Window, is_there};
use fantoccini::Locator;
use fantoccini::key::Key;

#[tokio::test(flavor = "multi_thread")]
async fn users_are_found_by_a_query_and_shown_as_text() {
    if !is_there() {
        return;
    }
    let served = Served::start().await;
    let browser = Browser::open(&Window::default()).await;
    browser.page.goto(&served.url("/")).await.unwrap();
    browser.wait_for("//p[.='32 users']").await;
    // The second page has the others.
    browser.follow("a[rel=next]").await;
    browser.wait_for("//a[@rel='prev']").await;
    let rows = browser.page.find_all(Locator::Css("tbody tr")).await.unwrap();
    assert_eq!(rows.len(), 7);

    browser.page.goto(&served.url("/")).await.unwrap();
    browser.fill("#q", &format!("email:evil@example.com{}", char::from(Key::Enter))).await;
    browser.wait_for("//p[.='1 user']").await;
    assert_eq!(browser.text("tbody a").await, "<script>document.title='evil'</script>");
    browser.follow("tbody a").await;
    browser.wait_for("//h2[starts-with(., 'History')]").await;
    assert_eq!(browser.text("h1").await, "<script>document.title='evil'</script>");
    assert_ne!(browser.page.title().await.unwrap(), "evil");

    browser.page.goto(&served.url("/?q=email:nobody@example.com")).await.unwrap();
    assert_eq!(browser.text(".empty").await, "No user matches. Show all");
    // A query that Auth0 does not support is refused with its message.
    browser.page.goto(&served.url("/?q=user_metadata.x:*a*")).await.unwrap();
    assert!(!browser.text("[role=alert]").await.is_empty());
    browser.close().await;
    served.server.shutdown().await;
}
