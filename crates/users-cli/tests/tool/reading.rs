//! Commands that read.

use crate::support::{Ended, World};
use std::io::Read as _;
use std::process::Stdio;

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
