//! The password policy of a database.

use crate::tenant::assumptions::Assumptions;
use crate::tenant::rules::password_rules::Rule;
use crate::tenant::wire::answer::Failure;
use serde_json::Value;
use users_core::model::JsonObject;

/// The most common passwords. Auth0 checks ten thousand, which it does not publish.
const COMMON: &[&str] = &[
    "password",
    "password1",
    "password1!",
    "passw0rd",
    "123456",
    "12345678",
    "123456789",
    "1234567890",
    "qwerty",
    "qwerty123",
    "abc123",
    "111111",
    "letmein",
    "welcome",
    "welcome1",
    "iloveyou",
    "admin",
    "monkey",
    "dragon",
    "football",
];

/// The length from which a part of the profile is looked for in a password.
const MIN_PERSONAL: usize = 3;

/// The most bytes of a password, whatever the policy.
const MAX_BYTES: usize = 72;

/// Checks the length of a password in bytes.
pub(crate) fn check_password_length(password: &str, assumptions: &Assumptions) -> Result<(), Failure> {
    match &assumptions.long_password {
        Some(error) if password.len() > MAX_BYTES => Err(Failure::assumed(error, &[])),
        _ => Ok(()),
    }
}

/// The password policy of a database, as its options state it.
#[derive(Debug, Default)]
pub(crate) struct PasswordPolicy {
    level: Option<String>,
    min_length: Option<usize>,
    forbids_personal_data: bool,
    forbids_common: bool,
    dictionary: Vec<String>,
}

impl PasswordPolicy {
    /// Reads the options `passwordPolicy`, `password_complexity_options`, `password_no_personal_info` and `password_dictionary`.
    pub(crate) fn of(options: &Value) -> Self {
        let is_enabled =
            |option: &str| options.pointer(&format!("/{option}/enable")) == Some(&Value::Bool(true));
        let words = options.pointer("/password_dictionary/dictionary").and_then(Value::as_array);
        let words = words.into_iter().flatten().filter_map(Value::as_str).map(str::to_lowercase);
        let length = options.pointer("/password_complexity_options/min_length").and_then(Value::as_u64);
        Self {
            level: options.get("passwordPolicy").and_then(Value::as_str).map(ToOwned::to_owned),
            min_length: length.and_then(|length| usize::try_from(length).ok()),
            forbids_personal_data: is_enabled("password_no_personal_info"),
            forbids_common: is_enabled("password_dictionary"),
            dictionary: words.collect(),
        }
    }

    /// Checks a password of a user with this profile.
    pub(crate) fn check(&self, password: &str, profile: &JsonObject) -> Result<(), Failure> {
        let fail = |reason: &str| Err(Failure::bad_request(None, reason.to_owned()));
        if !self.rules(password).iter().all(|rule| rule.is_followed) {
            return fail("PasswordStrengthError: Password is too weak");
        }
        let lower = password.to_lowercase();
        if self.forbids_personal_data && personal(profile).iter().any(|part| lower.contains(part.as_str())) {
            return fail("PasswordNoUserInfoError: Password contains user information");
        }
        let is_common = COMMON.contains(&lower.as_str()) || self.dictionary.contains(&lower);
        if self.forbids_common && is_common {
            return fail("PasswordDictionaryError: Password is too common");
        }
        Ok(())
    }

    /// The rules of the level, and whether a password follows them.
    pub(crate) fn rules(&self, password: &str) -> Vec<Rule> {
        let length = |least: usize| Rule::length(self.min_length.unwrap_or(least), password);
        match self.level.as_deref() {
            Some("none") => vec![length(1)],
            Some("low") => vec![length(6)],
            Some("fair") => vec![length(8), Rule::plain_kinds(password)],
            Some("excellent") => {
                vec![length(10), Rule::three_kinds(password), Rule::no_three_identical(password)]
            }
            _ => vec![length(8), Rule::three_kinds(password)],
        }
    }
}

/// What identifies the user: names, and the part of the address before the `@`, in lower case.
fn personal(profile: &JsonObject) -> Vec<String> {
    let text = |object: &JsonObject, key: &str| object.get::<String>(key).ok().flatten();
    let names = ["name", "username", "nickname", "given_name", "family_name"];
    let metadata: JsonObject = profile.get("user_metadata").ok().flatten().unwrap_or_default();
    let local = text(profile, "email").and_then(|email| Some(email.split_once('@')?.0.to_owned()));
    names
        .iter()
        .filter_map(|key| text(profile, key))
        .chain(["name", "first", "last"].iter().filter_map(|key| text(&metadata, key)))
        .chain(local)
        .map(|part| part.to_lowercase())
        .filter(|part| part.chars().count() >= MIN_PERSONAL)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::PasswordPolicy;
    use serde_json::json;
    use users_core::model::JsonObject;

    #[test]
    fn each_level_and_option_refuses_what_auth0_documents() {
        let profile = JsonObject::from_json(
            r#"{"email":"lovelace@example.com","name":"Ada","user_metadata":{"last":"Byron"}}"#,
        )
        .unwrap();
        let strength = Some("PasswordStrengthError");
        let personal = json!({"password_no_personal_info": {"enable": true}});
        let dictionary =
            json!({"password_dictionary": {"enable": true, "dictionary": ["Analytical Engine 1"]}});
        for (options, password, error) in [
            (json!({"passwordPolicy": "none"}), "a", None),
            (json!({"passwordPolicy": "low"}), "abcde", strength),
            (json!({"passwordPolicy": "low"}), "abcdef", None),
            (json!({"passwordPolicy": "fair"}), "abcdefg1", strength),
            (json!({"passwordPolicy": "fair"}), "Abcdefg1", None),
            (json!({"passwordPolicy": "good"}), "abcdefg1", strength),
            (json!({"passwordPolicy": "good"}), "abcdef-1", None),
            (json!({}), "Passwords hide their chuck", None),
            (json!({"passwordPolicy": "excellent"}), "Abcdef-12", strength),
            (json!({"passwordPolicy": "excellent"}), "Abcdef-123", None),
            (json!({"passwordPolicy": "excellent"}), "Abcdef-111", strength),
            (json!({"password_complexity_options": {"min_length": 12}}), "Abcdef-1234", strength),
            (json!({"password_complexity_options": {"min_length": 12}}), "Abcdef-12345", None),
            (personal.clone(), "My Lovelace 1", Some("PasswordNoUserInfoError")),
            (personal.clone(), "Byron rules 1", Some("PasswordNoUserInfoError")),
            (personal, "Correct horse 1", None),
            (dictionary.clone(), "analytical ENGINE 1", Some("PasswordDictionaryError")),
            (dictionary, "Password1!", Some("PasswordDictionaryError")),
        ] {
            let checked = PasswordPolicy::of(&options).check(password, &profile);
            let message = checked.err().map(|failure| failure.message().to_owned());
            match (error, message) {
                (None, None) => {}
                (Some(error), Some(message)) if message.starts_with(error) => {}
                (_, message) => panic!("{options} {password}: {message:?}"),
            }
        }
    }
}
