//! A person looks at a user and what belongs to the user.

use super::{PASSWORD, Served};
use crate::browser::{Browser, Window, is_there};
use fantoccini::Locator;

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_shows_what_belongs_to_a_user_and_buttons_revoke_it() {
    if !is_there() {
        return;
    }
    let served = Served::start().await;
    let browser = Browser::open(&Window::default()).await;
    browser.page.goto(&served.url("/_tenant/page/users/auth0%7Cada")).await.unwrap();
    for (title, cells) in [
        ("Sessions", &["Chrome on Linux", "203.0.113.7", "2026-05-02 10:00:00", "shop", "203.0.113.8"][..]),
        ("Refresh tokens", &["shop", "2026-05-02 09:00:00", "yes"]),
        ("Roles", &["editor", "Edits orders", "read:orders, write:orders"]),
        ("Direct permissions", &["read:orders", "https://api.example.com/"]),
        ("Organizations", &["Acme Corporation", "acme", "org_1", "editor"]),
        ("Second factors", &["totp", "Phone", "yes"]),
        ("Identities", &["auth0", "ada"]),
        ("Blocks after failed logins", &["ada@example.com", "203.0.113.9"]),
        ("History", &["Login s", "Failed login: wrong password fp", "Wrong email or password."]),
    ] {
        for cell in cells {
            browser
                .wait_for(&format!(
                    "//section[h2[starts-with(., '{title}')]]//td[normalize-space(.)='{cell}']"
                ))
                .await;
        }
    }
    // The newest entry of the history is first.
    let first = browser.page.find(Locator::Css("section:last-of-type tbody tr")).await.unwrap();
    assert!(first.text().await.unwrap().contains("wrong password"));

    // A session with its refresh token, and the block.
    browser.click("button[aria-label='Revoke session s1']").await;
    browser.wait_for("//main[not(.//button[@aria-label='Revoke session s1'])]").await;
    browser.wait_for("//p[starts-with(., 'This user has no ') and contains(., 'refresh tokens')]").await;
    let sessions = served.users.sessions("auth0|ada").list().await.unwrap();
    assert_eq!(sessions.iter().filter_map(|session| session.id.as_deref()).collect::<Vec<_>>(), ["s2"]);
    browser.click("button[aria-label='Lift the block after failed logins']").await;
    browser.wait_for("//p[starts-with(., 'This user has no ') and contains(., 'blocks')]").await;

    browser.click("button[data-body*='true']").await;
    browser.wait_for("//h1[contains(., 'blocked')]").await;
    assert_eq!(served.tenant().user("auth0|ada").unwrap().blocked, Some(true));
    browser.close().await;
    served.server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_history_tells_what_a_user_did() {
    if !is_there() {
        return;
    }
    let served = Served::start().await;
    let id = served.create_grace().await;
    let browser = Browser::open(&Window::default()).await;
    let address = served.url(&format!("/_tenant/page/users/{}", id.replace('|', "%7C")));
    browser.page.goto(&address).await.unwrap();
    for kind in ["sepft", "fp", "scpr"] {
        browser.wait_for(&format!("//section[h2[starts-with(., 'History')]]//code[.='{kind}']")).await;
    }
    browser.wait_for("//section[h2[starts-with(., 'Refresh tokens')]]//td[.='tenant-client']").await;

    // Another password, through the link of the inbox.
    browser.page.goto(&served.url("/_tenant/page/inbox")).await.unwrap();
    browser.wait_for("//a[.='Change the password']").await;
    browser.follow("article a.button").await;
    browser.fill("#password", &format!("{PASSWORD}2")).await;
    browser.fill("#confirm", &format!("{PASSWORD}2")).await;
    browser.follow("button[value=default]").await;
    browser.wait_for("//h1[.='Password changed']").await;
    browser.page.goto(&address).await.unwrap();
    browser.wait_for("//td[starts-with(normalize-space(.), 'Password changed')]").await;
    let first = browser.page.find(Locator::Css("section:last-of-type tbody tr")).await.unwrap();
    assert!(first.text().await.unwrap().contains("Password changed"));
    browser.close().await;
    served.server.shutdown().await;
}
