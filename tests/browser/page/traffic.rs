//! A person follows the traffic, also of a busy tenant.

use super::Served;
use crate::browser::{Browser, Window, is_there};
use fantoccini::Locator;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use users_mock::{Bucket, Limits};

/// The number of requests that a connection sends before it reads the answers.
const PIPELINED: usize = 50;

/// Programs that send as many requests as a server answers.
pub(super) struct Load {
    stop: Arc<AtomicBool>,
    pub(super) answered: Arc<AtomicUsize>,
    programs: JoinSet<()>,
}

impl Load {
    /// Reads of users with a token, one in ten of which does not exist.
    pub(super) fn start(address: SocketAddr, token: &str, connections: usize) -> Self {
        let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let mut programs = JoinSet::new();
        let requests: String = (0..PIPELINED)
            .map(|number| {
                let id = if number % 10 == 9 { "auth0%7Cnobody" } else { "auth0%7Cada" };
                format!("GET /api/v2/users/{id} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\n\r\n")
            })
            .collect();
        for _ in 0..connections {
            let (stop, answered, requests) = (Arc::clone(&stop), Arc::clone(&answered), requests.clone());
            programs.spawn(async move {
                let mut stream = TcpStream::connect(address).await.unwrap();
                let mut buffer = vec![0; 256 * 1024];
                while !stop.load(Ordering::Relaxed) {
                    stream.write_all(requests.as_bytes()).await.unwrap();
                    // A status line that two reads divide is counted with the second.
                    let (mut count, mut kept) = (0, 0);
                    while count < PIPELINED {
                        let read = stream.read(&mut buffer[kept..]).await.unwrap();
                        assert_ne!(read, 0, "the server has closed the connection");
                        let text = &buffer[..kept + read];
                        count += text.windows(9).filter(|window| window == b"HTTP/1.1 ").count();
                        let rest = text.len().min(8);
                        let from = text.len() - rest;
                        buffer.copy_within(from..from + rest, 0);
                        kept = rest;
                    }
                    answered.fetch_add(count, Ordering::Relaxed);
                }
            });
        }
        Self { stop, answered, programs }
    }

    pub(super) async fn stop(mut self) -> usize {
        self.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = self.programs.join_next().await {
            ended.unwrap();
        }
        self.answered.load(Ordering::Relaxed)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_appear_are_filtered_and_are_opened() {
    if !is_there() {
        return;
    }
    let served = Served::start().await;
    let browser = Browser::open(&Window::default()).await;
    browser.page.goto(&served.url("/_tenant/page/traffic")).await.unwrap();
    browser.wait_for("//p[starts-with(., 'No requests yet.')]").await;
    served.users.get("auth0|evil").await.unwrap();
    let link = "//tbody/tr[1]//a[.='GET /api/v2/users/auth0%7Cevil']";
    browser.wait_for(link).await;
    browser.wait_for("//tbody/tr[1]/td[.//meter and contains(., ' of 40 left')]").await;
    served.users.get("auth0|nobody").await.unwrap_err();
    browser.wait_for("//tbody/tr[1]//a[.='GET /api/v2/users/auth0%7Cnobody']").await;

    // The filter selects what is shown, and what appears.
    browser.fill("#text", "NOBODY").await;
    browser.follow("form.search button").await;
    browser.wait_for("//a[.='Show all']").await;
    browser.until("return document.querySelectorAll('#traffic tbody tr').length === 1").await;
    served.users.get("auth0|evil").await.unwrap();
    served.users.get("auth0|nobody").await.unwrap_err();
    browser.until("return document.querySelectorAll('#traffic tbody tr').length === 2").await;
    browser.page.goto(&served.url("/_tenant/page/traffic?method=GET&status=2xx")).await.unwrap();
    browser.until("return document.querySelectorAll('#traffic tbody tr').length === 2").await;

    browser.page.find(Locator::XPath(link)).await.unwrap().click().await.unwrap();
    browser.wait_for("//section[h2[.='Request']]/pre[contains(., 'authorization: [redacted]')]").await;
    browser.wait_for("//section[h2[.='Response']]/pre[contains(., 'evil@example.com')]").await;
    browser.page.goto(&served.url("/_tenant/page/traffic/999")).await.unwrap();
    browser.wait_for("//p[starts-with(., 'This request is not in the log')]").await;
    browser.close().await;
    served.server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn under_load_the_page_stays_bounded_and_usable() {
    if !is_there() {
        return;
    }
    let served = Served::start().await;
    served.tenant().set_limits(Limits::none().read(Bucket::per_second(20_000, 20_000)));
    let browser = Browser::open(&Window::default()).await;
    browser.page.goto(&served.url("/_tenant/page/traffic")).await.unwrap();
    browser.wait_for("//button[.='Pause']").await;
    let token = served.tenant().management_token();
    let load = Load::start(served.server.addr(), token.expose(), 2);
    browser.until("return /, [0-9,]+ per second/.test(document.getElementById('rate').textContent)").await;
    let started = tokio::time::Instant::now();
    let before = load.answered.load(Ordering::Relaxed);
    // The newest row changes while requests pass, and there are never more than a hundred.
    for _ in 0..10 {
        let newest = browser
            .page
            .execute("return document.querySelector('#traffic a').href", Vec::new())
            .await
            .unwrap();
        browser.until(&format!("return document.querySelector('#traffic a').href !== {newest}")).await;
        let rows = "return document.querySelectorAll('#traffic tr').length";
        assert!(browser.page.execute(rows, Vec::new()).await.unwrap().as_u64().unwrap() <= 101);
    }
    let passed = load.answered.load(Ordering::Relaxed) - before;
    let rate = passed as f64 / started.elapsed().as_secs_f64();
    // Numbers descend.
    let numbers = "const n = [...document.querySelectorAll('#traffic tbody a')].map((a) => Number(a.href.split('/').at(-1))); \
                   return n.length === 100 && n.every((x, i) => i === 0 || x < n[i - 1])";
    browser.until(numbers).await;
    // A click is answered while requests pass, and the rows stand still.
    let clicked = tokio::time::Instant::now();
    browser.click("#pause").await;
    browser.wait_for("//button[@id='pause' and @aria-checked='true']").await;
    let waited = clicked.elapsed();
    assert!(waited.as_secs() < 5, "{waited:?}");
    browser.shoot("traffic-under-load").await;
    let newest =
        browser.page.execute("return document.querySelector('#traffic a').href", Vec::new()).await.unwrap();
    let reached = load.answered.load(Ordering::Relaxed) + 5_000;
    while load.answered.load(Ordering::Relaxed) < reached {
        tokio::task::yield_now().await;
    }
    let total = load.stop().await;
    println!("{rate:.0} requests per second of {total}, a click took {waited:?}");
    browser.until(&format!("return document.querySelector('#traffic a').href === {newest}")).await;
    // What is shown is opened although the log has had five times its size of other requests since.
    browser.follow("#traffic tbody tr:last-child a").await;
    browser.wait_for("//h2[.='Response']").await;
    browser.close().await;
    served.server.shutdown().await;
}
