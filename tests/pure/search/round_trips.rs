//! Values of any characters come back from a search for them.

use super::find;
use proptest::prelude::*;
use serde_json::json;
use users_core::search::field;
use users_mock::{Seed, Tenant};

/// The number of values, of which each tenant has fifty.
const VALUES: u32 = 10_000;
const USERS_OF_TENANT: usize = 50;

/// A letter for a user, as many as are needed.
fn letter(user: usize) -> char {
    char::from_u32(0x4E00 + u32::try_from(user).unwrap()).unwrap()
}

/// Values with a meaning in a query, and any others.
fn value() -> impl Strategy<Value = String> {
    #[rustfmt::skip]
    let pieces = proptest::sample::select(vec![
        "AND", "OR", "NOT", "IN", "TO", "&&", "||", "!", "+", "-", "*", "?", "**", "~", "^", "^2", "~1", ":", "\"", "\\", "\\\\", "'", "`", "/", "(", ")", "[", "]", "{", "}",
        "<", ">", ">=", "=", " ", "  ", "\t", "\n", "\r", "\0", "\u{7f}", "\u{a0}", "\u{3000}", "\u{200b}", "\u{feff}", "a", "B", "1", "-1", "1.0", "true", "null", "é", "e\u{301}",
        "İ", "ß", "Σ", "ς", "日本", "😀", "\u{e020}", "\u{e05c}", ".", ",", ";", "#", "%", "%20", "@", "_", "_exists_:", "*:*", "name:x", "\u{202e}", "\u{1}", "\u{85}", "\u{2028}",
    ]);
    let mixed = prop::collection::vec(pieces, 1..5).prop_map(|pieces| pieces.concat());
    let characters = prop::collection::vec(any::<char>(), 1..8).prop_map(String::from_iter);
    prop_oneof![4 => mixed, 1 => "\\PC{1,12}", 1 => "[ -~]{1,12}", 1 => characters]
}

fn lower(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

#[test]
fn ten_thousand_values_are_found_by_themselves_and_by_nothing_else() {
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(VALUES / u32::try_from(USERS_OF_TENANT).unwrap())
    };
    proptest!(config, |(values in prop::collection::vec(value(), USERS_OF_TENANT))| {
        let seed = values.iter().enumerate().fold(Seed::new(), |seed, (user, value)| {
            let user = json!({
                "user_id": format!("auth0|{user}"), "username": letter(user), "nickname": value,
                "user_metadata": {"value": value}, "app_metadata": {"a list": [{"value": value}]},
            });
            seed.user(&user.to_string()).unwrap()
        });
        let tenant = Tenant::builder().seed(seed).build();
        let expect = |test: &dyn Fn(&str) -> bool| -> String {
            values.iter().enumerate().filter(|(_, value)| test(value)).map(|(user, _)| letter(user)).collect()
        };
        for (number, value) in values.iter().enumerate() {
            let wanted = lower(value);
            let same = expect(&|other| other == value);
            let mut table = vec![match number % 3 {
                0 => (field::NICKNAME.equals(value), expect(&|other| lower(other) == wanted)),
                1 => (field::user_metadata("value").equals(value), same),
                _ => (field::app_metadata("a list.value").one_of([value, "no other one"]), same),
            }];
            // Wildcards take most of the time.
            if number % 4 == 0 {
                table.push((field::NICKNAME.starts_with(value), expect(&|other| lower(other).starts_with(&wanted))));
            }
            if number % 4 == 1 && value.chars().count() > 2 {
                table.push((field::NICKNAME.ends_with(value), expect(&|other| lower(other).ends_with(&wanted))));
                table.push((field::NICKNAME.contains(value), expect(&|other| lower(other).contains(&wanted))));
            }
            for (query, expected) in &table {
                let found = find(&tenant, query);
                prop_assert!(found.is_ok(), "{value:?}: {}: {found:?}", query.to_text().unwrap());
                prop_assert_eq!(&found.unwrap(), expected, "{:?}: {}", value, query.to_text().unwrap());
            }
        }
    });
}

#[test]
fn a_key_of_any_characters_is_found_by_its_path() {
    let keys = [
        "a b",
        "a:b",
        "a\"b",
        "a\\b",
        "(a)",
        "-a",
        "AND",
        "IN",
        "https://example",
        "é",
        "a'b`c",
        "\t",
        "[a]",
        "a/b",
        "+",
        "ab\\",
    ];
    for key in keys {
        let user = json!({"user_id": "auth0|1", "username": "a", "app_metadata": {key: "x"}, "user_metadata": {"in": {key: "y"}}});
        let tenant = Tenant::builder().seed(Seed::new().user(&user.to_string()).unwrap()).build();
        let (app, own) = (field::app_metadata(key), field::user_metadata(format!("in.{key}")));
        for query in
            [app.equals("x"), app.exists(), own.equals("y"), own.exists(), app.exists().and(own.exists())]
        {
            assert_eq!(find(&tenant, &query).unwrap(), "a", "{}", query.to_text().unwrap());
        }
        assert_eq!(find(&tenant, app.equals("y")).unwrap(), "", "{key}");
    }
}
