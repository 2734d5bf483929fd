//! A person switches faults.

use super::Served;
use crate::browser::{Browser, Window, is_there};
use fantoccini::key::Key;

#[tokio::test(flavor = "multi_thread")]
async fn faults_are_switched_on_and_off() {
    if !is_there() {
        return;
    }
    let served = Served::start().await;
    let browser = Browser::open(&Window::default()).await;
    browser.page.goto(&served.url("/_tenant/page/faults")).await.unwrap();
    browser.fill("#fault", &format!("403@users.get{}", char::from(Key::Enter))).await;
    browser.wait_for("//button[@aria-checked='true' and @aria-label='403@users.get']").await;
    let error = served.users.get("auth0|evil").await.unwrap_err();
    assert_eq!(error.status().unwrap().as_u16(), 403);
    browser.click("button[aria-checked=true]").await;
    browser.wait_for("//p[starts-with(., 'None.')]").await;
    served.users.get("auth0|evil").await.unwrap();
    // An example is a switch too.
    let example = "button[aria-label='The next search answers 503']";
    browser.click(example).await;
    browser.wait_for("//button[@aria-checked='true' and @aria-label='The next search answers 503']").await;
    browser.click(example).await;
    browser.wait_for("//p[starts-with(., 'None.')]").await;
    served.users.get_all().await.unwrap();
    // One that is not understood is refused with what is wrong.
    browser.fill("#fault", &format!("403@users.gte{}", char::from(Key::Enter))).await;
    browser.wait_for("//p[@id='notice' and contains(., '400')]").await;
    browser.close().await;
    served.server.shutdown().await;
}
