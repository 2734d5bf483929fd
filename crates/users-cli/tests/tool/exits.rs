//! Exit codes, and the way out that each message names.

use crate::support::{Ended, World, bare};
use std::process::Command;

#[test]
fn wrong_usage_has_code_2() {
    let world = World::new(1);
    world.run(&["lst"]).assert(2, &["--help"]);
    world.run(&["show", "ada"]).assert(2, &["auth0|61cf"]);
    world.run(&["list", "--json="]).assert(2, &["user_metadata.plan"]);
    world.run(&["--domain", "not a domain", "list"]).assert(2, &["not a domain"]);
    Ended::of(&mut bare(&world.folder, &["list"])).assert(2, &["AUTH0_DOMAIN", "--base-url", "--profile"]);
}

#[test]
fn credentials_that_are_missing_wrong_expired_or_too_narrow_have_code_4() {
    let world = World::new(1);
    let with = |token: &str| Ended::of(world.command(&["list"]).env("AUTH0_MANAGEMENT_API_TOKEN", token));
    with("").assert(4, &["AUTH0_CLIENT_SECRET", "--token-command"]);
    with("wrong").assert(4, &["expired", "AUTH0_CLIENT_ID"]);
    with(world.tenant.expired_token().expose()).assert(4, &["expired", "AUTH0_CLIENT_ID"]);
    with(world.tenant.management_token_with(&["read:roles"]).expose()).assert(4, &["scope", "login-check"]);
    let mut command = world.command(&["list"]);
    command.env_remove("AUTH0_MANAGEMENT_API_TOKEN").env("AUTH0_CLIENT_ID", "tenant-client");
    let refused = Ended::of(command.env("AUTH0_CLIENT_SECRET", "wrong-secret")).assert(4, &["login-check"]);
    assert!(!refused.err.contains("wrong-secret"), "{refused:?}");
    world.run(&["list", "--token-command", "exit 3"]).assert(4, &["the token command failed"]);
}

#[test]
fn an_unreachable_server_has_code_1_and_the_message_names_the_check() {
    let world = World::new(1);
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}");
    world.run(&["--base-url", &url, "list"]).assert(1, &["network", "login-check"]);
    // Also if the connection fails while a token is requested.
    let mut command = world.command(&["--base-url", &url, "list"]);
    command.env_remove("AUTH0_MANAGEMENT_API_TOKEN").env("AUTH0_CLIENT_ID", "id");
    Ended::of(command.env("AUTH0_CLIENT_SECRET", "secret")).assert(1, &["network"]);
}

#[test]
fn tokens_come_from_a_command_which_is_executed_again_when_one_is_rejected() {
    let world = World::new(1);
    let (good, stale) = (world.tenant.management_token(), world.tenant.expired_token());
    let (good, stale) = (good.expose(), stale.expose());
    let script = format!("echo x >> ran; if [ $(wc -l < ran) = 1 ]; then echo {stale}; else echo {good}; fi");
    world.run(&["list", "--token-command", &script]).assert(0, &[]);
    assert_eq!(std::fs::read_to_string(world.path("ran")).unwrap().lines().count(), 2);
}

#[cfg(unix)]
#[test]
fn a_profile_is_used_only_if_nobody_else_may_read_it() {
    let world = World::new(2);
    let (id, secret) = world.tenant.client();
    let text = format!(
        "[staging]\ndomain = {:?}\nclient_id = {id:?}\nclient_secret = {:?}\n",
        world.url(),
        secret.expose()
    );
    world.write("profiles.toml", &text);
    let list = |name: &str| {
        let mut command = bare(&world.folder, &["--profile", name, "list"]);
        Ended::of(command.env("AUTH0_USERS_PROFILES", "profiles.toml"))
    };
    let mode = |mode: &str| {
        assert!(Command::new("chmod").arg(mode).arg(world.path("profiles.toml")).status().unwrap().success());
    };
    mode("644");
    list("staging").assert(2, &["chmod 600", "644"]);
    mode("600");
    list("staging").assert(0, &[]);
    list("production").assert(2, &["staging"]);
    world.write("profiles.toml", "[staging]\ndomain = \"a\"\nclient_secret = hidden");
    let refused = list("staging").assert(2, &["profiles.toml:3"]);
    assert!(!refused.err.contains("hidden"), "{refused:?}");
}
