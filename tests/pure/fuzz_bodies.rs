//! Runs the bodies of the fuzz targets for some seconds; `cargo xtask long` runs them under libFuzzer.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use users_tests_pure::fuzzing;

/// Runs one body on arbitrary bytes, and on texts that resemble its input.
fn run(body: fn(&[u8]), cases: u32, texts: impl Strategy<Value = String>) {
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let bytes = proptest::collection::vec(any::<u8>(), 0..300);
    let inputs = prop_oneof![1 => bytes, 4 => texts.prop_map(String::into_bytes)];
    let outcome = runner.run(&inputs, |input| {
        body(&input);
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn every_model_survives_a_round_trip() {
    run(fuzzing::decode, 1_000, json());
}

#[test]
fn the_reader_of_models_reads_what_serde_json_reads() {
    run(fuzzing::reader, 4_000, json());
    // Texts with one character inserted, which most often makes them invalid.
    let damaged = (json(), any::<proptest::sample::Index>(), r#"["\\\[\]{},:eE.+0 \n\x01tu-]"#);
    let damaged = damaged.prop_map(|(mut text, at, inserted)| {
        let at = at.index(text.len() + 1);
        let at = (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.insert_str(at, &inserted);
        text
    });
    run(fuzzing::reader, 4_000, damaged);
}

/// JSON texts with keys of models.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        "null|true|false|0|-1|1e400|123456789012345678901234567890".boxed(),
        r#""(\\u[dD][89a-f]3d|\\n|é|[ -!#-\[\]-~]){0,6}""#.boxed(),
        r#""2024-02-(30T25|29T23):00:00.000(Z|[+]01:00)?""#.boxed(),
    ];
    let key = "(user_id|email|email_verified|blocked|logins_count|created_at|multifactor|identities|user_metadata|users|total|next|errors|user|status|a|logs|id|message|created_at|\\\\ud83d)";
    leaf.prop_recursive(4, 24, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(","))),
            proptest::collection::vec((key, inner), 0..6).prop_map(|entries| {
                let entries: Vec<String> =
                    entries.into_iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
                format!("{{{}}}", entries.join(","))
            }),
        ]
    })
}

#[test]
fn any_query_is_answered_or_refused() {
    let token = r#"(name|email|user_metadata\.a|logins_count|_exists_|x)?:?|[!+\-()"'/*?~^<>]|NOT |AND |OR |&&|\|\||\[1 TO \*\]|\{a TO b]|IN \[|[a-z]{1,4}| |\\"#;
    run(fuzzing::query, 600, proptest::collection::vec(token, 0..40).prop_map(|tokens| tokens.concat()));
}

#[test]
fn any_request_is_answered() {
    let parameter = "|auth0\\|1|s1|[a-z|]{0,6}";
    let query = "|(page|per_page|q|fields|take|from|sort|include_totals|email)=[a-z0-9:,]{0,5}";
    let headers = "(content-type:(application/json|application/x-www-form-urlencoded|multipart/form-data; boundary=x)\n)?";
    let body = r#"|\{"(email|connection|user_metadata|password|roles|provider|user_id|client_id|name|link_with)":("a"|null|\{"a":1\}|\["x"\]|5)\}|[ -~]{0,20}"#;
    let texts = ("[ -\u{ff}]", parameter, query, headers, body).prop_map(
        |(choice, parameter, query, headers, body)| {
            format!("{choice}{parameter}\n{query}\n{headers}\n{body}")
        },
    );
    run(fuzzing::router, 800, texts);
}

#[test]
fn an_accepted_base_url_cannot_lead_to_another_host() {
    let texts = r"(https?://|HTTP://|ftp://)?(user@)?([a-z0-9.-]{1,12}|\[::1\]|127\.0\.0\.1)(:[0-9]{0,6})?(/([a-z.%;\\]{0,4}/?){0,3})?[?#]?";
    run(fuzzing::base_url, 5_000, texts);
}

#[test]
fn any_response_is_decoded_or_becomes_a_printable_error() {
    let number = "|-?[0-9]{0,21}|Sun, 06 Nov 1994 08:49:37 GMT|[ -~]{0,8}";
    let body = r#"|\{"(statusCode|message|error|users|user_id)":("a"|5|\[\])\}|[ -~]{0,20}"#;
    let texts = (any::<char>(), proptest::collection::vec(number, 6), body)
        .prop_map(|(status, values, body)| format!("{status}{}\n{body}", values.join("\n")));
    run(fuzzing::headers, 3_000, texts);
}

#[test]
fn any_fault_specification_is_parsed_or_refused() {
    let texts = "(503|hang|reset-after|slow-body:[0-9e.-]{0,6}|truncated|[a-z]{0,5})(@(users\\.get|[a-z.]{0,6}))?(,(after|times|chance)?=?[0-9.e-]{0,5}|,header=[a-z :-]{0,6}|,always){0,3}";
    run(fuzzing::fault_spec, 5_000, texts);
}

#[test]
fn each_fuzz_target_has_its_program() {
    let programs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/fuzz_targets");
    let mut found: Vec<String> = std::fs::read_dir(programs)
        .unwrap()
        .map(|file| file.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    let mut named: Vec<&str> = fuzzing::TARGETS.iter().map(|(name, _)| *name).collect();
    found.sort();
    named.sort_unstable();
    assert_eq!(found, named);
}
