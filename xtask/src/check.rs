//! What is run after every edit: half a minute, where `ci` takes minutes.

use crate::run::{command, output, status};
use crate::steps::{ALL, Outcome, Step, done, run_all};

/// The steps of `ci` that are run first, by name.
const STEPS: [&str; 4] = ["format", "words", "layers", "lints"];

/// Tests without sockets that take a second and more: large inputs, generated inputs, the system's clock. `ci` runs them.
const SLOW: &[&str] = &[
    "fuzz_bodies::",
    "bodies::no_object_in_place_of_a_model_loses_a_field",
    "hostile::a_body_of_any_depth_exhausts_no_stack",
    "limits::a_tenant_without_limits_announces_none_and_slows_no_client_down",
    "lists::a_checkpoint_list_that_repeats_itself_ends_with_an_error",
    "lists::a_long_checkpoint_list_is_walked_to_its_end",
    "models::eighty_thousand_keys_are_set_merged_and_removed_in_linear_time",
    "pacing::on_many_threads_nobody_is_forgotten",
    "pacing::whoever_set_no_deadline_waits_as_long_as_it_takes",
    "search::a_query_nested_by_any_operator_is_answered",
    "search::a_query_of_any_length_and_shape_is_answered_in_time",
    "search::many_wildcards_on_long_names_take_too_much_work_and_are_refused",
    "search::no_query_is_more_than_found_or_refused",
    "tenant::a_patch_of_75_000_keys_takes_well_under_a_second",
    "tenant::seeds::a_page_of_20_000_users_takes_little_longer_than_one_of_200",
    "tenant::seeds::a_seed_of_20_000_users_is_read_in_linear_time",
    "tenant::seeds::generated_ids_look_like_auth0_s_and_never_collide",
    "tokens::while_renewals_fail_no_call_does_until_the_old_token_ends_and_then_all_is_well_again",
];

/// Formatting, words, layers, lints, and the tests without sockets.
pub fn run() -> Result<(), String> {
    let tests = Step { name: "pure tests", run: pure_tests };
    run_all(ALL.iter().filter(|step| STEPS.contains(&step.name)).chain([&tests]))
}

fn pure_tests() -> Outcome {
    const TESTS: [&str; 6] = ["test", "--quiet", "-p", "users-tests-pure", "--test=pure", "--test=spans"];
    // A test that has another name now would no longer be skipped, and nobody would notice.
    let listed = output(command("cargo").args(TESTS).args(["--", "--list"]))?;
    if let Some(unknown) = SLOW.iter().find(|slow| !listed.lines().any(|line| line.starts_with(**slow))) {
        return Err(format!("there is no test {unknown} that could be skipped: mend the list in check.rs"));
    }
    let skipped = SLOW.iter().flat_map(|slow| ["--skip", slow]);
    status(command("cargo").args(TESTS).arg("--").args(skipped)).map(done)
}
