//! Commands that read.

use crate::support::{Ended, World};
use std::io::Read as _;
use std::process::{Command, Stdio};
use std::time::Duration;

#[test]
fn a_list_is_a_table_json_lines_or_csv() {
    let world = World::new(7);
    let table = world.run(&["list", "--fields", "user_id,email"]).assert(0, &[]);
    assert_eq!(table.out.lines().count(), 8, "{table:?}");
    assert!(table.out.starts_with("USER_ID "), "{table:?}");
    assert!(table.out.lines().skip(1).all(|line| line.starts_with("auth0|")), "{table:?}");
    let json = world
        .run(&["list", "--json=user_id,email", "--limit", "3"])
        .assert(0, &["3 users are shown", "--all"]);
    let lines: Vec<serde_json::Value> =
        json.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 3);
    assert!(lines.iter().all(|line| line["email"].is_string() && line.as_object().unwrap().len() == 2));
    let csv = world.run(&["list", "--csv", "--fields", "email,name", "--sort", "email:1"]).assert(0, &[]);
    assert_eq!(csv.out.lines().next(), Some("email,name"));
    assert_eq!(csv.out.lines().count(), 8);
}

#[test]
fn users_beyond_the_thousand_that_pages_reach_are_listed_and_counted() {
    let world = World::new(1_250);
    let all = world.run(&["list", "--all", "--json=user_id"]).assert(0, &[]);
    let ids: std::collections::BTreeSet<&str> = all.out.lines().collect();
    assert_eq!(ids.len(), 1_250);
    assert_eq!(world.run(&["list", "--limit", "1100", "--json=user_id"]).out.lines().count(), 1_100);
    assert_eq!(world.run(&["count"]).assert(0, &[]).out, "1250\n");
    let blocked = format!("{}\n", world.blocked());
    assert_eq!(world.run(&["count", "--query", "blocked:true"]).assert(0, &[]).out, blocked);
    assert_eq!(world.run(&["count", "blocked:true"]).assert(0, &[]).out, blocked);
}

#[test]
fn a_search_and_a_look_up_by_address_or_id_find_the_same_user() {
    let world = World::new(5);
    let id = world.tenant.user_ids().swap_remove(2);
    let email = world.tenant.user(&id).unwrap().email.unwrap();
    let query = format!("email:\"{email}\"");
    for arguments in [["show", &id], ["show", &email.to_uppercase()], ["show", &email], ["search", &query]] {
        let found = world.run(&[arguments[0], arguments[1], "--json=user_id"]).assert(0, &[]);
        assert_eq!(found.out, format!("{{\"user_id\":\"{id}\"}}\n"), "{arguments:?}");
    }
    world.run(&["show", "nobody@example.com"]).assert(1, &["no user", "auth0-users search"]);
    world.run(&["show", "auth0|nobody"]).assert(1, &["no user"]);
}

#[test]
fn the_check_of_the_login_shows_settings_scopes_and_limits() {
    let limits = users_mock::Limits::essentials();
    let world = World::of(users_mock::Tenant::builder().users(1).limits(limits));
    let check = world.run(&["login-check"]).assert(0, &["accepts the token"]);
    for part in [
        world.authority(),
        "AUTH0_DOMAIN",
        "AUTH0_MANAGEMENT_API_TOKEN",
        "read:users",
        "granted",
        "of 40 requests",
    ] {
        assert!(check.out.contains(part), "{part}: {check:?}");
    }
    let (id, secret) = world.tenant.client();
    let mut command = world.command(&["login-check"]);
    command.env_remove("AUTH0_MANAGEMENT_API_TOKEN").env("AUTH0_CLIENT_ID", &id);
    let check = Ended::of(command.env("AUTH0_CLIENT_SECRET", secret.expose())).assert(0, &[]);
    assert!(check.out.contains(&id) && check.out.contains("token expires"), "{check:?}");
    assert!(!check.out.contains(secret.expose()));
}

#[test]
fn a_reader_that_leaves_early_is_no_failure() {
    let world = World::new(900);
    let mut command = world.command(&["list", "--all", "--json"]);
    let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = [0; 10];
    process.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let ended = Ended::from(process.wait_with_output().unwrap()).assert(0, &[]);
    assert_eq!(ended.err, "");
}

#[test]
fn a_filter_prints_what_it_makes_of_each_user() {
    let world = World::new(3);
    let ids = world.tenant.user_ids();
    let lines: Vec<String> = ids.iter().map(|id| format!("{id}\n")).collect();
    assert_eq!(world.run(&["list", "--jq", ".user_id"]).assert(0, &[]).out, lines.concat());
    let number = "user_metadata.number=123456789012345678901234567890";
    let pair = number.strip_prefix("user_metadata.").unwrap();
    world.run(&["update", &ids[0], "--metadata", pair]).assert(0, &[]);
    let shown = world.run(&["show", &ids[0], "--jq", ".user_metadata.number, {user_id}"]).assert(0, &[]);
    assert_eq!(shown.out, format!("123456789012345678901234567890\n{{\"user_id\":\"{}\"}}\n", ids[0]));
    let query = format!("user_id:\"{}\"", ids[1]);
    let found =
        world.run(&["search", &query, "--json=user_id,email", "--jq", "keys | join(\" \")"]).assert(0, &[]);
    assert_eq!(found.out, "email user_id\n", "the filter gets the attributes of --json");
    assert_eq!(world.run(&["list", "--jq", "select(.user_id == \"none\")"]).assert(0, &[]).out, "");
    world.run(&["list", "--csv", "--jq", "."]).assert(2, &["--csv"]);
    let failed =
        world.run(&["list", "--jq", ".user_id, .email.domain"]).assert(1, &[&ids[0], "cannot index"]);
    assert_eq!(failed.out, lines[0], "what was printed before stays: {failed:?}");
}

#[test]
fn a_wrong_filter_is_wrong_usage_and_nothing_is_sent() {
    let world = World::new(1);
    let connection = world.tenant.database().unwrap();
    let create = ["create", "--connection", &connection, "--set", "email=ada@example.com", "--jq"];
    for command in [&["list", "--jq"][..], &["show", "auth0|1", "--jq"], &["search", "a:b", "--jq"], &create]
    {
        world
            .run(&[command, &[".email | lenght"]].concat())
            .assert(2, &["character 10: there is no filter lenght"]);
        world
            .run(&[command, &[".email | ("]].concat())
            .assert(2, &["character 10: closing parenthesis is expected"]);
        world.run(&[command, &["env"]].concat()).assert(2, &["no filter env"]);
    }
    world.run(&[&create[..5], &["--json=email,,name"]].concat()).assert(2, &["not a list of attributes"]);
    assert!(world.tenant.requests().is_empty());
    let created = world.run(&[&create[..], &[".email"]].concat()).assert(0, &[]);
    assert_eq!(created.out, "ada@example.com\n");
}

#[cfg(unix)]
#[test]
fn a_filter_that_never_ends_is_ended_by_the_third_interrupt() {
    let world = World::new(1);
    let mut command = world.command(&["list", "--jq", "repeat(.user_id) | empty"]);
    let mut process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while world.tenant.requests().is_empty() {
        std::thread::yield_now();
    }
    let pid = process.id().to_string();
    let code = loop {
        if let Some(status) = process.try_wait().unwrap() {
            break status.code();
        }
        assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
        // Signals of one kind that come together count once.
        world.wait(async { tokio::time::sleep(Duration::from_millis(20)).await });
    };
    assert_eq!(code, Some(130));
}
