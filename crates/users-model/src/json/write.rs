//! Writing values as JSON text.

use super::text::skip_plain;
use serde::Serializer;
use serde::ser::{Error as _, Serialize as _};
use serde_json::value::RawValue;
use std::fmt::Write as _;

/// A value that is written as JSON text, as serde_json writes it. Not generic over a serializer, so that the code of a model exists
/// once, and text that is known to be JSON is not read again.
#[doc(hidden)]
pub trait ToJson {
    /// Appends the value.
    fn write_json(&self, text: &mut String);
}

/// Appends the comma before an entry, its key and the colon.
pub(super) fn begin_entry(text: &mut String, key: &str) {
    if !text.ends_with('{') {
        text.push(',');
    }
    write_string(text, key);
    text.push(':');
}

/// Appends a string.
pub(crate) fn write_string(text: &mut String, string: &str) {
    if skip_plain(string.as_bytes(), 0) == string.len() {
        text.reserve(string.len() + 2);
        text.push('"');
        text.push_str(string);
        text.push('"');
    } else {
        // Serializing a string does not fail.
        text.push_str(&serde_json::to_string(string).unwrap_or_default());
    }
}

/// The JSON text of a value.
pub(crate) fn text_of(value: &dyn ToJson) -> String {
    let mut text = String::new();
    value.write_json(&mut text);
    text
}

/// Serializes JSON text, for values that serde cannot express, such as an object with a lone surrogate in a key.
pub(crate) fn serialize_text<S: Serializer>(text: String, serializer: S) -> Result<S::Ok, S::Error> {
    RawValue::from_string(text).map_err(S::Error::custom)?.serialize(serializer)
}

/// JSON text as a value.
pub(crate) struct Raw(pub(crate) String);

impl ToJson for Raw {
    fn write_json(&self, text: &mut String) {
        text.push_str(&self.0);
    }
}

impl ToJson for String {
    fn write_json(&self, text: &mut String) {
        write_string(text, self);
    }
}

impl ToJson for &str {
    fn write_json(&self, text: &mut String) {
        write_string(text, self);
    }
}

impl ToJson for bool {
    fn write_json(&self, text: &mut String) {
        text.push_str(if *self { "true" } else { "false" });
    }
}

/// `null`
impl ToJson for () {
    fn write_json(&self, text: &mut String) {
        text.push_str("null");
    }
}

/// Implements `ToJson` for types of integers.
macro_rules! integers {
    ($($type:ty)*) => {
        $(impl ToJson for $type {
            fn write_json(&self, text: &mut String) {
                // Writing into a string does not fail.
                let _ = write!(text, "{self}");
            }
        })*
    };
}

integers!(u16 u32 u64 i64);

impl<T: ToJson> ToJson for Vec<T> {
    fn write_json(&self, text: &mut String) {
        text.push('[');
        for (index, item) in self.iter().enumerate() {
            if index > 0 {
                text.push(',');
            }
            item.write_json(text);
        }
        text.push(']');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        AuthenticationMethodReplacement, Identity, JsonObject, LinkTarget, MetadataUpdate, NewUser,
        RefreshTokenUpdate, User, UserInfo, UserUpdate, json,
    };
    use serde::Serialize;

    /// Reads a model, and checks that it is written as by serde.
    fn written<T: json::Model + Serialize + ToJson>(text: &str) -> String {
        let model: T = json::from_slice(text.as_bytes(), usize::MAX).unwrap();
        let written = text_of(&model);
        assert_eq!(written, serde_json::to_string(&model).unwrap(), "{text}");
        written
    }

    #[test]
    fn models_are_written_as_by_serde_and_unchanged() {
        for text in [
            "{}",
            r#"{"user_id":"auth0|1","email":"\"a\\\u0001\u007fü😀\n"}"#,
            r#"{"email_verified":false,"logins_count":7,"created_at":"2024-01-01T00:00:00.000Z","user_metadata":{"a":[1, 2],"b":1e400}}"#,
            r#"{"identities":[{"user_id":12345678901234567890,"isSocial":true},{"profileData":{}}],"multifactor":["a","b"]}"#,
            r#"{"email":5,"new":{"x":null},"\ud83d":1}"#,
        ] {
            let written = written::<User>(text);
            assert!(json::equal(&written, text), "{text} {written}");
        }
        written::<UserInfo>(r#"{"updated_at":1700000000,"email_verified":"true"}"#);
        // It is no integer for serde either, and 0 would not be the same text.
        assert_eq!(written::<UserInfo>(r#"{"updated_at":-0}"#), r#"{"updated_at":-0}"#);
        written::<Identity>(r#"{"user_id":"a","connection":"b"}"#);
        written::<NewUser>(
            r#"{"connection":"a","password":"p\"q","user_metadata":{ "a" : {"b": [ ]} },"new":1}"#,
        );
        written::<LinkTarget>(r#"{"provider":"new-provider","user_id":7}"#);
        written::<AuthenticationMethodReplacement>(
            r#"{"type":"totp","preferred_authentication_method":"sms"}"#,
        );
        written::<RefreshTokenUpdate>(r#"{"refresh_token_metadata":null}"#);
        written::<Vec<User>>(r#"[{"user_id":"auth0|1"},{}]"#);
    }

    #[test]
    fn updates_are_written_as_by_serde() {
        let metadata = MetadataUpdate::new().set("a\"b", [1, 2]).remove("c");
        let mut update = UserUpdate::new().nickname("Ada").clear_picture().user_metadata(metadata);
        assert_eq!(
            text_of(&update),
            r#"{"nickname":"Ada","picture":null,"user_metadata":{"a\"b":[1,2],"c":null}}"#
        );
        assert_eq!(text_of(&update), serde_json::to_string(&update).unwrap());
        // A field that is set replaces the value that did not match its type.
        update.unknown.insert("nickname", 1).unwrap();
        update.unknown.insert("name", 2).unwrap();
        assert_eq!(text_of(&update), serde_json::to_string(&update).unwrap());
        assert!(text_of(&update).ends_with(r#","name":2}"#));
    }

    #[test]
    fn white_space_between_entries_is_not_kept() {
        for (text, expected) in [
            (" { } ", "{}"),
            ("{\"a\":1 }", r#"{"a":1}"#),
            ("{ \"a\" : [ 1 ],\n\t\"b\":\"c d\"}", r#"{"a":[ 1 ],"b":"c d"}"#),
            ("{\"a\" :1,\"a\":2}", r#"{"a":2}"#),
        ] {
            let object = JsonObject::from_json(text).unwrap();
            assert_eq!(object.to_json(), expected);
            assert_eq!(serde_json::to_string(&object).unwrap(), expected);
        }
    }
}
