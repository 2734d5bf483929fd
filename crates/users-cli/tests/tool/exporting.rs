//! Files of users.

use crate::support::{Ended, World, bare};
use std::io::Read as _;

#[test]
fn users_are_exported_in_the_format_and_compression_of_the_name() {
    let world = World::new(1_100);
    world.run(&["export", "users.ndjson.gz"]).assert(0, &["exported 1100 users", "users.ndjson.gz"]);
    let mut text = String::new();
    let file = std::fs::File::open(world.path("users.ndjson.gz")).unwrap();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
    assert_eq!(text.lines().count(), 1_100);
    world.run(&["export", "users.json", "--fields", "user_id", "--query", "blocked:true"]).assert(0, &[]);
    let text = std::fs::read_to_string(world.path("users.json")).unwrap();
    assert_eq!(serde_json::from_str::<Vec<serde_json::Value>>(&text).unwrap().len(), world.blocked());
    world.run(&["export", "users.csv", "--by-job", "--fields", "user_id,email"]).assert(0, &[]);
    let text = std::fs::read_to_string(world.path("users.csv")).unwrap();
    assert_eq!((text.lines().count(), text.lines().next()), (1_101, Some("user_id,email")));
    let piped = world.run(&["export", "-", "--format", "csv", "--fields", "user_id"]).assert(0, &[]);
    assert_eq!(piped.out.lines().count(), 1_101);
}

#[test]
fn an_export_replaces_no_file_unless_asked_and_leaves_no_half_of_one() {
    let world = World::new(2);
    world.write("users.csv", "mine");
    world.run(&["export", "users.csv"]).assert(2, &["users.csv exists", "--overwrite"]);
    let mut command = world.command(&["export", "users.csv", "--overwrite"]);
    Ended::of(command.env("AUTH0_MANAGEMENT_API_TOKEN", "wrong")).assert(4, &[]);
    assert_eq!(std::fs::read_to_string(world.path("users.csv")).unwrap(), "mine");
    assert!(!world.path("users.csv.partial").exists());
    world.run(&["export", "users.csv", "--overwrite"]).assert(0, &[]);
    world.run(&["export", "users"]).assert(2, &[".ndjson"]);
    world.run(&["export", "missing/users.csv"]).assert(1, &["missing/users.csv.partial"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_reported() {
    let world = World::new(2);
    std::os::unix::fs::symlink("/dev/full", world.path("users.json.partial")).unwrap();
    world.run(&["export", "users.json"]).assert(1, &["No space left on device"]);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    Ended::of(world.command(&["list"]).stdout(full)).assert(1, &[]);
}

#[test]
fn every_user_is_deleted_if_the_confirmation_names_the_tenant() {
    let world = World::new(30);
    world.run(&["delete-all"]).assert(2, &["--confirm"]);
    world.run(&["delete-all", "--confirm", "other.example"]).assert(2, &["other.example", world.authority()]);
    let confirmed = ["delete-all", "--confirm", world.authority()];
    let dry: Vec<&str> = confirmed.into_iter().chain(["--dry-run"]).collect();
    world.run(&dry).assert(0, &["30 users"]);
    assert_eq!((world.writes(), world.tenant.user_count()), (vec![], 30));
    world.run(&confirmed).assert(0, &["deleted 30 users"]);
    assert_eq!(world.tenant.user_count(), 0);
}

#[test]
fn completions_need_no_tenant() {
    let world = World::new(0);
    for shell in ["bash", "zsh", "fish"] {
        let script = Ended::of(&mut bare(&world.folder, &["completions", shell])).assert(0, &[]);
        assert!(script.out.contains("auth0-users") && script.out.contains("login-check"), "{shell}");
    }
}

#[test]
fn users_are_imported_and_rejected_rows_are_in_a_file_that_is_accepted_as_input() {
    let world = World::new(1);
    let taken = world.tenant.user(&world.tenant.user_ids()[0]).unwrap().email.unwrap();
    world.write("users.csv", &format!("E-Mail,email_verified,Plan\nada@example.com,true,gold\n{taken},,\n"));
    let database = world.tenant.database().unwrap();
    let import = |more: &[&str]| {
        let arguments = ["import", "users.csv", "--connection", &database, "--map", "E-Mail=email"];
        world.run(&[&arguments, more].concat())
    };
    import(&["--yes"]).assert(2, &["Plan", "--map"]);
    import(&["--map", "Plan=user_metadata.plan"]).assert(2, &["import 2 users", "--yes"]);
    import(&["--map", "Plan=user_metadata.plan", "-n"]).assert(0, &["would import 2 users"]);
    assert!(world.writes().is_empty());
    let imported = import(&["--map", "Plan=user_metadata.plan", "--yes"]);
    imported.assert(3, &["imported 1 of 2 users (1 new, 0 updated), 1 failed", "users.csv.failed.ndjson"]);
    let shown =
        world.run(&["show", "ada@example.com", "--json=user_metadata.plan,email_verified"]).assert(0, &[]);
    assert_eq!(shown.out, "{\"user_metadata.plan\":\"gold\",\"email_verified\":true}\n");
    let failed = std::fs::read_to_string(world.path("users.csv.failed.ndjson")).unwrap();
    assert!(
        failed.lines().count() == 1 && failed.contains(&taken) && failed.contains("DUPLICATED_USER"),
        "{failed}"
    );
    let arguments = ["import", "users.csv.failed.ndjson", "--upsert", "--connection", &database];
    world.run(&arguments).assert(0, &["(0 new, 1 updated)"]);
}
