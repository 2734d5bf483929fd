//! `--debug http`.

use crate::support::{Ended, World};
use std::io::Write as _;
use std::process::Stdio;
use users_mock::{Limits, Tenant};

#[test]
fn each_request_and_response_is_printed_with_its_status_limits_and_request_id() {
    let world = World::of(Tenant::builder().users(3).limits(Limits::essentials()));
    let id = world.tenant.user_ids()[0].replace('|', "%7C");
    let list = world.run(&["list", "--debug", "http", "--json=user_id"]).assert(
        0,
        &["[1] > GET /api/v2/users?", "fields=user_id", "[1] < 200 after ", " ms: GET /api/v2/users?"],
    );
    for header in ["x-ratelimit-limit: 40", "x-ratelimit-remaining: 39", "x-ratelimit-reset: "] {
        assert!(list.err.contains(header), "{header}: {list:?}");
    }
    assert_eq!(list.out.lines().count(), 3, "standard output is that of the command: {list:?}");
    let blocked = world.run(&["--debug", "http", "block", &world.tenant.user_ids()[0]]);
    blocked.assert(0, &[&format!("[1] > PATCH /api/v2/users/{id}\n"), "[1] < 200 after"]);
    world.run(&["block", "auth0|gone", "--debug", "http"]).assert(1, &["< 404 after"]);
    world.run(&["list", "--debug", "everything"]).assert(2, &["http"]);
    let quiet = world.run(&["list"]).assert(0, &[]);
    assert_eq!(quiet.err, "");
}

#[test]
fn a_request_without_a_response_is_printed_with_the_reason() {
    let mut world = World::new(1);
    world
        .offline(|world| world.run(&["list", "--debug", "http"]))
        .assert(1, &["[1] < no response after", "connect"]);
}

#[test]
fn no_secret_is_printed() {
    let world = World::new(3);
    let (id, secret) = world.tenant.client();
    let password = "Analytical Engine 1843";
    let run = |arguments: &[&str]| {
        let mut command = world.command(&[arguments, &["--debug", "http"]].concat());
        command.env_remove("AUTH0_MANAGEMENT_API_TOKEN").env("AUTH0_CLIENT_ID", &id);
        command.env("AUTH0_CLIENT_SECRET", secret.expose());
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        // Commands that read nothing may have ended.
        let _ = writeln!(process.stdin.take().unwrap(), "{password}");
        Ended::from(process.wait_with_output().unwrap())
    };
    let connection = world.tenant.database().unwrap();
    let create = [
        "create",
        "--connection",
        &connection,
        "--set",
        "email=ada@example.com",
        "--app-metadata",
        "note=confidential",
        "--password-stdin",
    ];
    for (arguments, code, part) in [
        (&["login-check"][..], 0, "; x-auth0-requestid: "),
        (&create, 0, "201 after"),
        (&create, 1, "409 after"),
        (&["export", "users.csv", "--by-job"], 0, "/api/v2/jobs/users-exports"),
    ] {
        let ended =
            run(arguments).assert(code, &["[1] > POST http://127.0.0.1/oauth/token\n", "< 200 after", part]);
        // JWTs begin with `eyJ`.
        for hidden in [secret.expose(), password, "confidential", "eyJ"] {
            assert!(!ended.err.contains(hidden), "{hidden}: {ended:?}");
        }
    }
    let token = world.tenant.management_token();
    let ended = world.run(&["show", "auth0|gone", "--debug", "http"]).assert(1, &["404"]);
    assert!(!ended.err.contains(token.expose()), "{ended:?}");
}

#[test]
fn the_url_of_an_exported_file_is_not_printed() {
    let world = World::new(3);
    let ended = world.run(&["export", "users.csv", "--by-job", "--debug", "http"]).assert(0, &["://", "/…"]);
    let job = ended.err.lines().filter(|line| line.contains("://")).collect::<Vec<_>>();
    assert!(job.iter().all(|line| line.contains("/…")), "{job:?}");
}
