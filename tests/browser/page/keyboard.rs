//! A person without a mouse.

use super::Served;
use crate::browser::{Browser, Window, is_there};
use fantoccini::key::Key;

/// The focused element: its text, or its name.
async fn focused(browser: &Browser) -> String {
    let script = "const e = document.activeElement; return e.getAttribute('aria-label') ?? (e.innerText.trim() || e.id)";
    browser.page.execute(script, Vec::new()).await.unwrap().as_str().unwrap_or_default().to_owned()
}

/// Presses the tabulator until an element has the focus, which is drawn each time.
async fn tab_to(browser: &Browser, name: &str) {
    for _ in 0..60 {
        browser.press(Key::Tab.into()).await;
        let drawn = "const e = document.activeElement; return e === document.body || getComputedStyle(e).outlineStyle !== 'none'";
        assert_eq!(
            browser.page.execute(drawn, Vec::new()).await.unwrap(),
            true,
            "{}",
            focused(browser).await
        );
        if focused(browser).await == name {
            return;
        }
    }
    panic!("{name} is not reached");
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_reached_with_the_keyboard_alone() {
    if !is_there() {
        return;
    }
    let served = Served::start().await;
    let browser = Browser::open(&Window::default()).await;
    browser.page.goto(&served.url("/")).await.unwrap();
    browser.text("h1").await;
    browser.press(Key::Tab.into()).await;
    assert_eq!(focused(&browser).await, "Skip to the content");
    browser.press(Key::Enter.into()).await;
    browser.until("return document.activeElement.id === 'content'").await;
    tab_to(&browser, "q").await;
    for letter in "email:ada@example.com".chars() {
        browser.press(letter).await;
    }
    browser.press(Key::Enter.into()).await;
    browser.wait_for("//p[.='1 user']").await;
    tab_to(&browser, "Ada Lovelace").await;
    browser.press(Key::Enter.into()).await;
    browser.wait_for("//h2[starts-with(., 'History')]").await;
    tab_to(&browser, "Revoke session s2").await;
    browser.press(' ').await;
    browser.wait_for("//main[not(.//button[@aria-label='Revoke session s2'])]").await;
    assert_eq!(served.users.sessions("auth0|ada").list().await.unwrap().len(), 1);

    tab_to(&browser, "Faults").await;
    browser.press(Key::Enter.into()).await;
    browser.wait_for("//h1[.='Faults']").await;
    tab_to(&browser, "The next search answers 503").await;
    browser.press(Key::Enter.into()).await;
    browser.wait_for("//button[@aria-checked='true']").await;

    // A request that the focus reaches does not move away.
    tab_to(&browser, "Traffic").await;
    browser.press(Key::Enter.into()).await;
    browser.wait_for("//tbody//a[starts-with(., 'DELETE /api/v2/sessions/s2')]").await;
    tab_to(&browser, "GET /api/v2/users/auth0%7Cada/sessions").await;
    browser.wait_for("//button[@id='pause' and @aria-checked='true']").await;
    served.users.get("auth0|evil").await.unwrap();
    browser.press(Key::Enter.into()).await;
    browser.wait_for("//h2[.='Response']").await;
    assert_eq!(browser.text("h1").await, "GET /api/v2/users/auth0%7Cada/sessions");
    browser.close().await;
    served.server.shutdown().await;
}
