//! A headless Chromium, driven over WebDriver.

use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::json;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader};

/// The time within which an element is expected.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A browser with an empty profile.
pub(crate) struct Browser {
    pub(crate) page: Client,
    driver: tokio::process::Child,
    /// The address of the session.
    session: String,
    profile: PathBuf,
}

/// How a browser is started.
pub(crate) struct Window {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) is_dark: bool,
}

impl Default for Window {
    fn default() -> Self {
        Self { width: 1200, height: 900, is_dark: false }
    }
}

/// Whether a story may not be skipped.
pub(crate) fn must_be_there() -> bool {
    std::env::var_os("CI").is_some_and(|value| value == "true")
}

/// Whether stories can be run here. In continuous integration they must be.
pub(crate) fn is_there() -> bool {
    let answers = |program: &str| {
        let mut command = Command::new(program);
        command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    let is_there = answers("chromium") && answers("chromedriver");
    let advice = "chromium and chromedriver are not installed; apt-get install chromium chromium-driver";
    assert!(is_there || !must_be_there(), "{advice}");
    if !is_there {
        eprintln!("skipped: {advice}");
    }
    is_there
}

impl Browser {
    pub(crate) async fn open(window: &Window) -> Self {
        Self::open_with(window, &json!({})).await
    }

    /// Opens a browser with these preferences.
    pub(crate) async fn open_with(window: &Window, preferences: &serde_json::Value) -> Self {
        let mut driver = tokio::process::Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = loop {
            let line = lines.next_line().await.unwrap().expect("chromedriver has ended");
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                break port.trim_end_matches('.').to_owned();
            }
        };
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let profile = std::env::temp_dir().join(format!("users-browser-{}-{port}", std::process::id()));
        let mut arguments: Vec<String> = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ]
        .map(ToOwned::to_owned)
        .to_vec();
        arguments.push(format!("--user-data-dir={}", profile.display()));
        arguments.push(format!("--window-size={},{}", window.width, window.height));
        if window.is_dark {
            arguments.push("--blink-settings=preferredColorScheme=0".to_owned());
        }
        let mut capabilities = serde_json::Map::new();
        capabilities
            .insert("goog:chromeOptions".to_owned(), json!({"args": arguments, "prefs": preferences}));
        let mut builder = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new());
        builder.capabilities(capabilities);
        let page = builder.connect(&format!("http://127.0.0.1:{port}")).await.expect("a browser");
        let session = page.session_id().await.unwrap().unwrap();
        Self { page, driver, session: format!("http://127.0.0.1:{port}/session/{session}"), profile }
    }

    /// Ends the browser and removes its profile.
    pub(crate) async fn close(mut self) {
        let _ = self.page.clone().close().await;
        let _ = self.driver.kill().await;
        let _ = std::fs::remove_dir_all(&self.profile);
    }

    /// The text of an element, once it is there.
    pub(crate) async fn text(&self, css: &str) -> String {
        let element = self.page.wait().at_most(PATIENCE).for_element(Locator::Css(css)).await;
        match element {
            Ok(element) => element.text().await.unwrap(),
            Err(error) => panic!("no {css}: {error}\n{}", self.page.source().await.unwrap_or_default()),
        }
    }

    /// Waits until a script returns `true`.
    pub(crate) async fn until(&self, script: &str) {
        let wait = async {
            // A script fails while one page takes the place of another.
            while !matches!(self.page.execute(script, Vec::new()).await, Ok(value) if value == true) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        if tokio::time::timeout(PATIENCE, wait).await.is_err() {
            panic!("not {script}\n{}", self.page.source().await.unwrap_or_default());
        }
    }

    /// Waits for an element.
    pub(crate) async fn wait_for(&self, xpath: &str) {
        let found = self.page.wait().at_most(PATIENCE).for_element(Locator::XPath(xpath)).await;
        if found.is_err() {
            panic!("no {xpath}\n{}", self.page.source().await.unwrap());
        }
    }

    /// Presses a key where the focus is.
    pub(crate) async fn press(&self, key: char) {
        self.page.active_element().await.unwrap().send_keys(&key.to_string()).await.unwrap();
    }

    /// Shows pages as on a screen of this size, which may be smaller than a window can be.
    pub(crate) async fn emulate(&self, width: u32, height: u32, is_dark: bool) {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500});
        self.command("Emulation.setDeviceMetricsOverride", size).await;
        let scheme = json!({"name": "prefers-color-scheme", "value": if is_dark { "dark" } else { "light" }});
        self.command("Emulation.setEmulatedMedia", json!({"features": [scheme]})).await;
    }

    /// Sends a command of the protocol of Chromium's tools.
    async fn command(&self, name: &str, parameters: serde_json::Value) {
        let address = format!("{}/goog/cdp/execute", self.session);
        let body = json!({"cmd": name, "params": parameters}).to_string();
        let answer = reqwest::Client::new().post(address).body(body).send().await.unwrap();
        assert!(answer.status().is_success(), "{name}: {}", answer.text().await.unwrap());
    }

    /// Keeps a picture in the folder that `USERS_SCREENSHOTS` names, if it names one.
    pub(crate) async fn shoot(&self, name: &str) {
        if let Some(folder) = std::env::var_os("USERS_SCREENSHOTS").map(PathBuf::from) {
            std::fs::create_dir_all(&folder).unwrap();
            let picture = self.page.screenshot().await.unwrap();
            std::fs::write(folder.join(format!("{name}.png")), picture).unwrap();
        }
    }

    pub(crate) async fn fill(&self, css: &str, text: &str) {
        self.text(css).await;
        self.page.find(Locator::Css(css)).await.unwrap().send_keys(text).await.unwrap();
    }

    pub(crate) async fn click(&self, css: &str) {
        self.text(css).await;
        self.page.find(Locator::Css(css)).await.unwrap().click().await.unwrap();
    }

    /// Clicks an element that leads to another page, and waits until that page is there.
    ///
    /// The next page may have the same elements: what is read too early belongs to the page that is left.
    pub(crate) async fn follow(&self, css: &str) {
        self.page.execute("window.isLeft = true", Vec::new()).await.unwrap();
        self.click(css).await;
        self.until("return !window.isLeft && document.readyState === 'complete'").await;
    }
}

/// Ends the browser of a story that failed, which would run on without its driver.
impl Drop for Browser {
    fn drop(&mut self) {
        let _ = ureq::delete(&self.session).call();
        let _ = std::fs::remove_dir_all(&self.profile);
    }
}

/// A program of a test, which is ended with it.
pub(crate) struct Program(pub(crate) Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
