//! Users log in to applications that are written with other libraries, in a browser.

use super::browser::{Browser, Program, Window, is_there, must_be_there};
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use users_core::model::{NewUser, PasswordChangeTicket};
use users_mock::{Tenant, TenantBuilder};
use users_tenant::{TenantServer, Tenants};

const DATABASE: &str = "Username-Password-Authentication";
const PASSWORD: &str = "Correct horse 1";

/// A served tenant with Ada, and the address of its server.
async fn served(builder: TenantBuilder) -> (Tenant, TenantServer, users_hyper::ManagementClient) {
    let tenant = builder.system_clock().build();
    let server = TenantServer::bind(tenant.clone(), ([127, 0, 0, 1], 0).into()).await.unwrap();
    let client =
        users_hyper::management(server.url()).token(tenant.management_token().expose()).build().unwrap();
    let ada = NewUser::new(DATABASE).email("ada@example.com").password(PASSWORD);
    client.users().create(ada).await.unwrap();
    (tenant, server, client)
}

/// The folder where the applications and their libraries are installed, as `cargo xtask ci --only tests` does it.
fn applications() -> Option<PathBuf> {
    let folder = std::env::var_os("USERS_LOGIN_PEERS").map(PathBuf::from);
    let advice = "USERS_LOGIN_PEERS names no folder; run `cargo xtask ci --only tests`";
    if folder.is_none() {
        assert!(!must_be_there(), "{advice}");
        eprintln!("skipped: {advice}");
    }
    folder
}

/// Starts an application, and returns the address where its login begins.
fn start(mut command: Command) -> (Program, String) {
    let mut process = Program(command.stdout(Stdio::piped()).spawn().unwrap());
    let mut line = String::new();
    BufReader::new(process.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with("http://"), "the application has not started: {line:?}");
    (process, line.trim().to_owned())
}

/// Logs Ada in to an application, which shows her claims, and out again.
async fn log_in_and_out(mut command: Command) {
    let (tenant, server, client) = served(Tenant::builder()).await;
    command.arg(server.url());
    let (_process, login) = start(command);
    let browser = Browser::open(&Window::default()).await;
    browser.page.goto(&login).await.unwrap();
    browser.fill("#username", "ada@example.com").await;
    browser.fill("#password", "wrong").await;
    browser.follow("button[value=default]").await;
    assert_eq!(browser.text("[role=alert]").await, "Wrong email or password");
    browser.fill("#password", PASSWORD).await;
    browser.follow("button[value=default]").await;
    let id = tenant.user_ids().remove(0);
    assert_eq!(browser.text("#claims").await, format!("{id} ada@example.com"));
    assert_eq!(client.users().sessions(&id).list().await.unwrap().len(), 1);
    let user = client.users().get(&id).await.unwrap();
    assert_eq!((user.logins_count, user.last_ip.as_deref()), (Some(1), Some("127.0.0.1")));

    // With the session, no password is asked for.
    browser.page.goto(&login).await.unwrap();
    assert_eq!(browser.text("#claims").await, format!("{id} ada@example.com"));
    browser.follow("#logout").await;
    assert_eq!(browser.text("#path").await, "/bye");
    assert_eq!(client.users().sessions(&id).list().await.unwrap().len(), 0);
    browser.page.goto(&login).await.unwrap();
    browser.text("#username").await;
    browser.close().await;
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_with_openid_client_logs_a_user_in_and_out() {
    let Some(folder) = applications().filter(|_| is_there()) else { return };
    let mut command = Command::new("node");
    command.current_dir(&folder).arg("app.mjs");
    log_in_and_out(command).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_with_authlib_logs_a_user_in_and_out() {
    let Some(folder) = applications().filter(|_| is_there()) else { return };
    let mut command = Command::new(folder.join("environment").join("bin").join("python"));
    command.current_dir(&folder).arg("app.py");
    log_in_and_out(command).await;
}

/// A page of an application, and the port of its server.
async fn serve_application() -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let page =
        axum::response::Html("<!doctype html><title>Application</title><p id=application>Application</p>");
    let application = axum::Router::new().fallback(async move || page);
    tokio::spawn(async move { axum::serve(listener, application).await });
    port
}

/// Asks for a code in a frame, as libraries for single-page applications do, and returns the message that the frame sends.
async fn ask_in_frame(browser: &Browser, authorize: &str) -> serde_json::Value {
    let script = "const [url, done] = arguments;
        const frame = document.createElement('iframe');
        addEventListener('message', (event) => { if (event.source === frame.contentWindow) done(event.data.response); });
        frame.src = url;
        document.body.append(frame);";
    let arguments = vec![format!("{authorize}&prompt=none&response_mode=web_message").into()];
    browser.page.execute_async(script, arguments).await.unwrap()
}

/// The tenant is at the address of the same site that `users-tenant` prints; and where cookies of other sites are kept, at others.
#[tokio::test(flavor = "multi_thread")]
async fn an_application_at_localhost_renews_its_tokens_in_a_frame() {
    if !is_there() {
        return;
    }
    let tenants = Tenants::builder(Tenant::builder().users(1)).build();
    let server = TenantServer::builder(tenants).bind_localhost(0).await.unwrap();
    let application = format!("http://localhost:{}/", serve_application().await);
    let blocks = Browser::open(&Window::default()).await;
    let preferences =
        serde_json::json!({"profile.cookie_controls_mode": 0, "profile.block_third_party_cookies": false});
    let keeps = Browser::open_with(&Window::default(), &preferences).await;
    for (browser, host) in
        [(&blocks, "localhost"), (&keeps, "localhost"), (&keeps, "127.0.0.1"), (&keeps, "shop.localhost")]
    {
        let base = format!("http://{host}:{}", server.addr().port());
        let base = if host == "shop.localhost" { base } else { format!("{base}/t/shop") };
        let query = "client_id=tenant-client&response_type=code&scope=openid";
        let authorize = format!("{base}/authorize?{query}&redirect_uri={application}");
        browser.page.goto(&application).await.unwrap();
        assert_eq!(ask_in_frame(browser, &authorize).await["error"], "login_required", "{host}");
        browser.page.goto(&authorize).await.unwrap();
        browser.follow("button[name=user_id]").await;
        browser.text("#application").await;
        let renewed = ask_in_frame(browser, &authorize).await;
        assert!(renewed["code"].is_string(), "{host}: {renewed}");
        browser
            .page
            .goto(&format!("{base}/v2/logout?client_id=tenant-client&returnTo={application}"))
            .await
            .unwrap();
        browser.text("#application").await;
        assert_eq!(ask_in_frame(browser, &authorize).await["error"], "login_required", "{host}");
    }
    blocks.close().await;
    keeps.close().await;
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_changes_the_password_on_the_page_of_a_ticket() {
    if !is_there() {
        return;
    }
    let (tenant, server, client) = served(Tenant::builder()).await;
    let id = tenant.user_ids().remove(0);
    let ticket = client.tickets().change_password(PasswordChangeTicket::user(id.as_str())).await.unwrap();
    let browser = Browser::open(&Window { width: 360, height: 800, is_dark: true }).await;
    browser.page.goto(ticket.ticket.unwrap().expose()).await.unwrap();
    assert_eq!(browser.text("h1").await, "Change your password");
    let overflows = "return document.documentElement.scrollWidth > window.innerWidth";
    assert_eq!(browser.page.execute(overflows, Vec::new()).await.unwrap(), false);
    for (password, confirm, error) in [
        ("short", "short", "Password is too weak"),
        ("Correct horse 2", "Correct horse 3", "Passwords don't match"),
    ] {
        browser.fill("#password", password).await;
        browser.fill("#confirm", confirm).await;
        browser.follow("button[value=default]").await;
        assert_eq!(browser.text("[role=alert]").await, error);
    }
    browser.fill("#password", "Correct horse 2").await;
    browser.fill("#confirm", "Correct horse 2").await;
    browser.follow("button[value=default]").await;
    browser
        .page
        .wait()
        .at_most(super::browser::PATIENCE)
        .for_element(fantoccini::Locator::XPath("//h1[.='Password changed']"))
        .await
        .unwrap();
    browser.close().await;
    let auth = users_hyper::authentication(server.url()).client_id("tenant-client").build().unwrap();
    auth.oauth().password_grant("ada@example.com", "Correct horse 2").await.unwrap();
    assert!(auth.oauth().password_grant("ada@example.com", PASSWORD).await.is_err());
    server.shutdown().await;
}
