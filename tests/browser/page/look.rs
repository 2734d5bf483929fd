//! How every part of the page looks: on a phone, and in light and dark colours.

use super::Served;
use crate::browser::{Browser, Window, is_there};
use serde_json::Value;

/// The texts whose colours have a contrast below 4.5 (WCAG 2.2, AA), with the contrast.
const TOO_PALE: &str = r"
const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
function rgba(color) {
  canvas.clearRect(0, 0, 1, 1);
  canvas.fillStyle = color;
  canvas.fillRect(0, 0, 1, 1);
  return canvas.getImageData(0, 0, 1, 1).data;
}
function light(color) {
  const [r, g, b] = [...rgba(color)].map((part) => part / 255).map((part) => part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4);
  return .2126 * r + .7152 * g + .0722 * b;
}
function back(element) {
  for (let at = element; at; at = at.parentElement) {
    const color = getComputedStyle(at).backgroundColor;
    if (rgba(color)[3] === 255) return color;
  }
  return 'Canvas';
}
function contrast(color, element) {
  const [low, high] = [light(color), light(back(element))].sort((a, b) => a - b);
  return (high + .05) / (low + .05);
}
const pale = [];
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (texts.nextNode()) {
  const element = texts.currentNode.parentElement;
  if (!texts.currentNode.data.trim() || !element.checkVisibility() || ['SCRIPT', 'NOSCRIPT', 'OPTION'].includes(element.tagName)) continue;
  const found = contrast(getComputedStyle(element).color, element);
  if (found < 4.5) pale.push(`${texts.currentNode.data.trim()}: ${found.toFixed(2)}`);
}
for (const input of document.querySelectorAll('input[placeholder]')) {
  const found = contrast(getComputedStyle(input, '::placeholder').color, input);
  if (found < 4.5) pale.push(`${input.placeholder}: ${found.toFixed(2)}`);
}
return pale;
";

/// The elements that are wider than the screen.
const TOO_WIDE: &str = r"
if (innerWidth !== 360) return [`the screen is ${innerWidth} wide`];
if (document.documentElement.scrollWidth <= 360) return [];
return [...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().right > 360).map((e) => e.outerHTML.slice(0, 120));
";

#[tokio::test(flavor = "multi_thread")]
async fn every_part_fits_a_phone_and_is_readable_in_light_and_dark() {
    if !is_there() {
        return;
    }
    let served = Served::start().await;
    let grace = served.create_grace().await.replace('|', "%7C");
    for id in ["auth0|ada", "auth0|nobody"] {
        let _ = served.users.get(id).await;
    }
    served.users.get_all().q("email:ada@example.com").await.unwrap();
    let control = reqwest::Client::new();
    for fault in ["503@users.get_all,times=1", "hang@users.delete"] {
        let body = serde_json::json!({"fault": fault}).to_string();
        let request = control.post(served.url("/_tenant/faults")).header("content-type", "application/json");
        assert!(request.body(body).send().await.unwrap().status().is_success());
    }
    let locked = users_tenant::TenantServer::builder(served.tenants.clone()).key("k3y");
    let locked = locked.bind(([127, 0, 0, 1], 0).into()).await.unwrap();
    let profile = |id: &str| served.url(&format!("/_tenant/page/users/{id}"));
    let pages = [
        ("users", served.url("/")),
        ("users-none", served.url("/?q=email:nobody@example.com")),
        ("users-refused", served.url("/?q=user_metadata.x:*a*")),
        ("profile", profile("auth0%7Cada")),
        ("profile-lived", profile(&grace)),
        ("profile-new", profile("auth0%7Cevil")),
        ("profile-missing", profile("auth0%7Cnobody")),
        ("traffic", served.url("/_tenant/page/traffic")),
        ("traffic-unmatched", served.url("/_tenant/page/traffic?status=5xx")),
        ("traffic-none", served.url("/t/empty/_tenant/page/traffic")),
        ("request", served.url("/_tenant/page/traffic/1")),
        ("faults", served.url("/_tenant/page/faults")),
        ("faults-none", served.url("/t/empty/_tenant/page/faults")),
        ("inbox", served.url("/_tenant/page/inbox")),
        ("inbox-none", served.url("/t/empty/_tenant/page/inbox")),
        ("settings", served.url("/_tenant/page/settings")),
        ("key", format!("{}/", locked.url())),
    ];
    let browser = Browser::open(&Window::default()).await;
    let mut complaints = Vec::new();
    for (name, url) in &pages {
        for (look, width, height, is_dark) in [
            ("light", 1280, 900, false),
            ("dark", 1280, 900, true),
            ("phone", 360, 800, true),
            ("phone-light", 360, 800, false),
        ] {
            browser.emulate(width, height, is_dark).await;
            browser.page.goto(url).await.unwrap();
            browser.text("h1").await;
            let dark = "return matchMedia('(prefers-color-scheme: dark)').matches";
            assert_eq!(browser.page.execute(dark, Vec::new()).await.unwrap(), is_dark);
            let too_wide = if width == 360 { TOO_WIDE } else { "return []" };
            for script in [TOO_PALE, too_wide] {
                let Value::Array(found) = browser.page.execute(script, Vec::new()).await.unwrap() else {
                    panic!("{name}: no list");
                };
                complaints.extend(found.iter().map(|found| format!("{name}, {look}: {found}")));
            }
            if look != "phone-light" && std::env::var_os("USERS_SCREENSHOTS").is_some() {
                // The whole page.
                let script = "return document.documentElement.scrollHeight";
                let whole = browser.page.execute(script, Vec::new()).await.unwrap().as_u64().unwrap();
                browser.emulate(width, u32::try_from(whole).unwrap().clamp(height, 3000), is_dark).await;
                browser.shoot(&format!("{name}-{look}")).await;
            }
        }
    }
    assert!(complaints.is_empty(), "{complaints:#?}");
    browser.close().await;
    locked.shutdown().await;
    served.server.shutdown().await;
}
