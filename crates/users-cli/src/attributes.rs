//! Attributes of users as arguments: `--set name=Ada --clear picture --metadata plan=gold`.

use crate::exit::Failure;
use users_hyper::model::JsonObject;

/// The attributes that are true or false; all others are text.
const FLAGS: &[&str] =
    &["blocked", "email_verified", "phone_verified", "verify_email", "verify_phone_number"];
/// Further attributes that can be set.
const TEXTS: &[&str] = &[
    "email",
    "phone_number",
    "username",
    "name",
    "nickname",
    "given_name",
    "family_name",
    "picture",
    "connection",
    "client_id",
    "user_id",
];
/// The attributes that can be deleted.
const CLEARABLE: &[&str] =
    &["email", "phone_number", "username", "name", "nickname", "given_name", "family_name", "picture"];

/// The attributes that a command sets.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Attributes")]
pub(crate) struct Attributes {
    /// Set an attribute: name=Ada, blocked=true. What is not named is not sent
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) set: Vec<String>,
    /// Set a key of user_metadata: plan=gold, seats=5; JSON is sent as such, null deletes the key of a user
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) metadata: Vec<String>,
    /// Set a key of app_metadata
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) app_metadata: Vec<String>,
}

impl Attributes {
    /// The attributes as the object that is sent.
    pub(crate) fn object(&self) -> Result<JsonObject, Failure> {
        let mut object = JsonObject::new();
        for text in &self.set {
            let (name, value) = pair("--set", text)?;
            let raw = match value {
                _ if name == "password" => {
                    let failure =
                        Failure::usage("a password is not passed as an argument, which others can see");
                    return Err(
                        failure.with_remedy("`create --password-stdin` reads that of a new user; those of others are not changed by this tool.")
                    );
                }
                "true" | "false" if FLAGS.contains(&name) => value.to_owned(),
                _ if FLAGS.contains(&name) => {
                    return Err(Failure::usage(format!("--set {name} is true or false, not {value:?}")));
                }
                _ if TEXTS.contains(&name) => serde_json::Value::from(value).to_string(),
                _ => return Err(unknown("--set", name, &[TEXTS, FLAGS])),
            };
            insert(&mut object, name, &raw)?;
        }
        for (option, key, pairs) in [
            ("--metadata", "user_metadata", &self.metadata),
            ("--app-metadata", "app_metadata", &self.app_metadata),
        ] {
            let mut metadata = JsonObject::new();
            for text in pairs {
                let (name, value) = pair(option, text)?;
                let is_json = serde_json::from_str::<&serde_json::value::RawValue>(value).is_ok();
                let raw = if is_json { value.to_owned() } else { serde_json::Value::from(value).to_string() };
                insert(&mut metadata, name, &raw)?;
            }
            if !metadata.is_empty() {
                insert(&mut object, key, &metadata.to_json())?;
            }
        }
        Ok(object)
    }
}

/// Adds attributes that are deleted.
pub(crate) fn clear(object: &mut JsonObject, names: &[String]) -> Result<(), Failure> {
    for name in names {
        if !CLEARABLE.contains(&name.as_str()) {
            return Err(unknown("--clear", name, &[CLEARABLE]));
        }
        insert(object, name, "null")?;
    }
    Ok(())
}

fn pair<'a>(option: &str, text: &'a str) -> Result<(&'a str, &'a str), Failure> {
    let pair = text.split_once('=').filter(|(name, _)| !name.trim().is_empty());
    pair.ok_or_else(|| Failure::usage(format!("{option} {text:?} has not the form NAME=VALUE")))
}

fn insert(object: &mut JsonObject, name: &str, raw: &str) -> Result<(), Failure> {
    if object.contains_key(name) {
        return Err(Failure::usage(format!("{name} is given twice")));
    }
    object.insert_raw(name, raw).map_err(|error| Failure::usage(format!("{name} cannot be sent: {error}")))
}

fn unknown(option: &str, name: &str, lists: &[&[&str]]) -> Failure {
    let failure = Failure::usage(format!("{option} cannot change {name:?}"));
    failure.with_remedy(format!(
        "It can change {}; --metadata and --app-metadata change metadata.",
        lists.concat().join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::{Attributes, clear};

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn only_what_is_named_is_sent_and_values_have_the_type_of_the_attribute() {
        let attributes = Attributes {
            set: texts(&["name=5", "blocked=false"]),
            metadata: texts(&["plan=gold", "seats=5", "old=null"]),
            app_metadata: texts(&["a=b=c"]),
        };
        let mut object = attributes.object().unwrap();
        clear(&mut object, &texts(&["picture"])).unwrap();
        assert_eq!(
            object.to_json(),
            r#"{"name":"5","blocked":false,"user_metadata":{"plan":"gold","seats":5,"old":null},"app_metadata":{"a":"b=c"},"picture":null}"#
        );
        assert!(Attributes::default().object().unwrap().is_empty());
    }

    #[test]
    fn unknown_attributes_wrong_values_passwords_and_repetitions_are_refused() {
        for set in
            [&["nmae=Ada"][..], &["blocked=yes"], &["password=secret"], &["name=a", "name=b"], &["name"]]
        {
            assert!(Attributes { set: texts(set), ..Attributes::default() }.object().is_err(), "{set:?}");
        }
        let mut object = Attributes { set: texts(&["name=a"]), ..Attributes::default() }.object().unwrap();
        assert!(
            clear(&mut object, &texts(&["name"])).is_err()
                && clear(&mut object, &texts(&["blocked"])).is_err()
        );
    }
}
