//! The checks to run after every edit. They take half a minute; `ci` takes minutes.

use crate::run::{command, output, status};
use crate::steps::{ALL, Outcome, Step, done, run_all};

/// The names of the steps of `ci` that run first.
const STEPS: [&str; 4] = ["format", "words", "layers", "lints"];

/// Tests without sockets that take a second or more: large inputs, generated inputs, the system clock. `ci` runs them.
const SLOW: &[&str] = &[
    "fuzz_bodies::",
    "bodies::decoding_any_object_as_any_model_loses_no_field",
    "hostile::a_body_of_any_depth_does_not_exhaust_the_stack",
    "limits::a_tenant_without_limits_reports_none_and_does_not_slow_clients_down",
    "lists::a_checkpoint_list_that_repeats_itself_ends_with_an_error",
    "lists::a_long_checkpoint_list_is_read_to_its_end",
    "models::eighty_thousand_keys_are_set_merged_and_removed_in_linear_time",
    "pacing::no_waiting_call_is_lost_on_many_threads",
    "pacing::calls_without_a_deadline_wait_as_long_as_necessary",
    "search::a_query_nested_by_any_operator_is_answered",
    "search::a_query_of_any_length_and_shape_is_answered_in_time",
    "search::many_wildcards_on_long_names_exceed_the_work_limit_and_are_refused",
    "search::every_query_is_answered_or_refused",
    "tenant::a_patch_of_75_000_keys_takes_less_than_ten_seconds_in_a_debug_build",
    "tenant::seeds::a_page_of_20_000_users_takes_little_longer_than_one_of_200",
    "tenant::seeds::a_seed_of_20_000_users_is_read_in_linear_time",
    "tenant::seeds::generated_ids_have_the_form_of_auth0_s_and_never_collide",
    "tokens::while_renewals_fail_calls_succeed_until_the_token_expires_and_recover_afterwards",
];

/// Checks formatting, words, layers and lints, and runs the tests without sockets.
pub fn run() -> Result<(), String> {
    let tests = Step { name: "pure tests", run: pure_tests };
    run_all(ALL.iter().filter(|step| STEPS.contains(&step.name)).chain([&tests]))
}

fn pure_tests() -> Outcome {
    const TESTS: [&str; 6] = ["test", "--quiet", "-p", "users-tests-pure", "--test=pure", "--test=spans"];
    // Without this check, a renamed test would silently no longer be skipped.
    let listed = output(command("cargo").args(TESTS).args(["--", "--list"]))?;
    if let Some(unknown) = SLOW.iter().find(|slow| !listed.lines().any(|line| line.starts_with(**slow))) {
        return Err(format!("there is no test {unknown} to skip: correct the list in check.rs"));
    }
    let skipped = SLOW.iter().flat_map(|slow| ["--skip", slow]);
    status(command("cargo").args(TESTS).arg("--").args(skipped)).map(done)
}
