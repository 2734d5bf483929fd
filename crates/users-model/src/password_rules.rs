//! The rules that a password violates.

use crate::Number;
use crate::json::{Read, Reader, Stop, ToJson};
use crate::object::object;
use serde::{Serialize, Serializer};

object! {
    /// The rules of a connection for passwords, as the error of a weak password lists them.
    ///
    /// ```
    /// use users_model::ErrorBody;
    ///
    /// let body: ErrorBody = serde_json::from_str(
    ///     r#"{"name":"PasswordStrengthError","code":"invalid_password","description":{"rules":[
    ///         {"message":"At least %d characters in length","format":[8],"code":"lengthAtLeast","verified":false}],"verified":false}}"#,
    /// )?;
    /// let rules = body.password_rules().and_then(|rules| rules.rules).unwrap_or_default();
    /// assert_eq!(rules[0].text(), "At least 8 characters in length");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub struct PasswordRules {
        /// The rules.
        pub rules: Option<Vec<PasswordRule>> = "rules",
        /// Whether the password meets all of them.
        pub verified: Option<bool> = "verified",
    }
}

object! {
    /// A rule for passwords.
    pub struct PasswordRule {
        /// The code: `lengthAtLeast`, `containsAtLeast`, `shouldContain`, `identicalChars`.
        pub code: Option<String> = "code",
        /// The rule in English, with `%d` and `%s` for the values of `format`. [`text`](Self::text) fills them in.
        pub message: Option<String> = "message",
        /// The values of the message.
        pub format: Option<Vec<RuleValue>> = "format",
        /// Whether the password meets the rule.
        pub verified: Option<bool> = "verified",
        /// The parts of the rule, such as the kinds of characters.
        pub items: Option<Vec<PasswordRuleItem>> = "items",
    }
}

object! {
    /// A part of a rule for passwords.
    pub struct PasswordRuleItem {
        /// The code: `lowerCase`, `upperCase`, `numbers`, `specialCharacters`.
        pub code: Option<String> = "code",
        /// The part in English.
        pub message: Option<String> = "message",
        /// Whether the password has it.
        pub verified: Option<bool> = "verified",
    }
}

impl PasswordRule {
    /// Returns the message with its values.
    pub fn text(&self) -> String {
        let mut values = self.format.iter().flatten();
        let mut text = String::new();
        let mut rest = self.message.as_deref().unwrap_or_default();
        while let Some((before, after)) = rest.split_once('%') {
            text.push_str(before);
            let value =
                after.strip_prefix(['d', 's']).and_then(|after| Some((values.next()?.as_str(), after)));
            let (value, after) = value.unwrap_or(("%", after));
            text.push_str(value);
            rest = after;
        }
        text + rest
    }
}

/// Why a password was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PasswordProblem {
    /// It violates the rules for length and characters (`PasswordStrengthError`).
    Strength,
    /// It is a common password, or one in the connection's dictionary (`PasswordDictionaryError`).
    Dictionary,
    /// It contains information about the user (`PasswordNoUserInfoError`).
    UserInfo,
    /// The user had it before (`PasswordHistoryError`).
    Reused,
    /// The response does not say why.
    Other,
}

impl PasswordProblem {
    /// The problem that Auth0 reports by this name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "PasswordStrengthError" => Some(Self::Strength),
            "PasswordDictionaryError" => Some(Self::Dictionary),
            "PasswordNoUserInfoError" => Some(Self::UserInfo),
            "PasswordHistoryError" => Some(Self::Reused),
            _ => None,
        }
    }
}

/// A value in the message of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RuleValue {
    /// A number, such as a length.
    Number(Number),
    /// A text, such as an example.
    Text(String),
}

impl RuleValue {
    /// Returns the number or the text as text.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Number(number) => number.as_str(),
            Self::Text(text) => text,
        }
    }
}

impl Serialize for RuleValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(number) => number.serialize(serializer),
            Self::Text(text) => text.serialize(serializer),
        }
    }
}

impl ToJson for RuleValue {
    fn write_json(&self, text: &mut String) {
        match self {
            Self::Number(number) => number.write_json(text),
            Self::Text(value) => value.write_json(text),
        }
    }
}

impl Read for RuleValue {
    fn read(reader: &mut Reader<'_>) -> Result<Option<Self>, Stop> {
        if reader.peek() == b'"' {
            Ok(String::read(reader)?.map(Self::Text))
        } else {
            Ok(Number::read(reader)?.map(Self::Number))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_rule_has_its_values() {
        let rule = |message: &str, format: &[RuleValue]| PasswordRule {
            message: Some(message.to_owned()),
            format: Some(format.to_vec()),
            ..PasswordRule::default()
        };
        let number = |text: &str| RuleValue::Number(serde_json::from_str(text).unwrap());
        let example = RuleValue::Text("a%d".to_owned());
        for (rule, text) in [
            (rule("At least %d of %d types:", &[number("3"), number("4")]), "At least 3 of 4 types:"),
            (
                rule("No more than %d in a row (\"%s\")", &[number("2"), example]),
                "No more than 2 in a row (\"a%d\")",
            ),
            (rule("%d of %d, 100% and %", &[number("1")]), "1 of %d, 100% and %"),
            (PasswordRule::default(), ""),
        ] {
            assert_eq!(rule.text(), text);
        }
    }
}
