//! Random queries of the builder. What the tenant finds is compared with a plain evaluation of the tree that the query was built from.

use super::{USERS, find, search_with, tenant};
use proptest::prelude::*;
use serde_json::Value;
use users_core::model::Timestamp;
use users_core::search::{Query, TextField, field};

/// What a query is built from.
#[derive(Clone, Debug)]
enum Tree {
    Is(Condition),
    And(Box<Tree>, Box<Tree>),
    Or(Box<Tree>, Box<Tree>),
    Not(Box<Tree>),
    All(Vec<Tree>),
    Any(Vec<Tree>),
    /// A query that was made a text and taken as a raw one.
    Raw(Box<Tree>),
}

#[derive(Clone, Debug)]
enum Condition {
    Equals(Text, String),
    OneOf(Text, Vec<String>),
    StartsWith(Text, String),
    EndsWith(Text, String),
    Contains(Text, String),
    TextExists(Text),
    Logins(Comparison, u64, u64),
    Created(Comparison, i64, i64),
    Flag(&'static str, bool),
    UserMetadata(&'static str, Scalar),
    AppMetadata(&'static str, Scalar),
    Level(Comparison, i64, i64),
    Ratio(Comparison, f64, f64),
    MetadataExists(&'static str, &'static str),
}

#[derive(Clone, Debug)]
enum Scalar {
    Text(String),
    Number(i64),
    Double(f64),
    Flag(bool),
}

#[derive(Clone, Copy, Debug)]
enum Comparison {
    Equals,
    AtLeast,
    AtMost,
    MoreThan,
    LessThan,
    Between,
    Exists,
}

/// A field of texts, with its path.
#[derive(Clone, Copy, Debug)]
struct Text(&'static str, TextField);

const TEXTS: &[Text] = &[
    Text("email", field::EMAIL),
    Text("email.domain", field::EMAIL_DOMAIN),
    Text("family_name", field::FAMILY_NAME),
    Text("given_name", field::GIVEN_NAME),
    Text("identities.connection", field::IDENTITIES_CONNECTION),
    Text("identities.provider", field::IDENTITIES_PROVIDER),
    Text("identities.user_id", field::IDENTITIES_USER_ID),
    Text("last_ip", field::LAST_IP),
    Text("name", field::NAME),
    Text("nickname", field::NICKNAME),
    Text("phone_number", field::PHONE_NUMBER),
    Text("user_id", field::USER_ID),
    Text("username", field::USERNAME),
];
const WITHOUT_CASE: &[&str] = &["email", "name", "given_name", "family_name", "nickname", "email.domain"];
const FLAGS: &[&str] = &["blocked", "email_verified", "phone_verified", "identities.isSocial"];
const USER_PATHS: &[&str] = &[
    "plan",
    "address.city",
    "address",
    "tags",
    "age",
    "vip",
    "score",
    "note",
    "nested.key",
    "folder",
    "void",
    "holes",
    "none.at all",
];
const APP_PATHS: &[&str] = &["team", "level", "roles.name", "text", "flag", "ratio", "a b.c:d", "a b"];

impl Tree {
    fn query(&self) -> Query {
        match self {
            Self::Is(condition) => condition.query(),
            Self::And(one, other) => one.query().and(other.query()),
            Self::Or(one, other) => one.query().or(other.query()),
            Self::Not(inner) => inner.query().not(),
            Self::All(parts) => Query::all(parts.iter().map(Self::query)),
            Self::Any(parts) => Query::any(parts.iter().map(Self::query)),
            Self::Raw(inner) => inner.query().to_text().map_or_else(|_| inner.query(), Query::raw),
        }
    }

    fn is_met_by(&self, user: &Value) -> bool {
        match self {
            Self::Is(condition) => condition.is_met_by(user),
            Self::And(one, other) => one.is_met_by(user) && other.is_met_by(user),
            Self::Or(one, other) => one.is_met_by(user) || other.is_met_by(user),
            Self::Not(inner) => !inner.is_met_by(user),
            Self::All(parts) => parts.iter().all(|part| part.is_met_by(user)),
            Self::Any(parts) => parts.iter().any(|part| part.is_met_by(user)),
            Self::Raw(inner) => inner.is_met_by(user),
        }
    }
}

impl Condition {
    fn query(&self) -> Query {
        match self {
            Self::Equals(text, value) => text.1.equals(value),
            Self::OneOf(text, values) => text.1.one_of(values),
            Self::StartsWith(text, value) => text.1.starts_with(value),
            Self::EndsWith(text, value) => text.1.ends_with(value),
            Self::Contains(text, value) => text.1.contains(value),
            Self::TextExists(text) => text.1.exists(),
            Self::Logins(comparison, one, other) => {
                let field = field::LOGINS_COUNT;
                match comparison {
                    Comparison::Equals => field.equals(*one),
                    Comparison::AtLeast => field.at_least(*one),
                    Comparison::AtMost => field.at_most(*one),
                    Comparison::MoreThan => field.more_than(*one),
                    Comparison::LessThan => field.less_than(*one),
                    Comparison::Between => field.between(*one.min(other), *one.max(other)),
                    Comparison::Exists => field.exists(),
                }
            }
            Self::Created(comparison, one, other) => {
                let (field, date) = (field::CREATED_AT, Timestamp::from_unix_millis(*one));
                match comparison {
                    Comparison::AtLeast => field.since(date),
                    Comparison::AtMost => field.until(date),
                    Comparison::MoreThan => field.after(date),
                    Comparison::LessThan => field.before(date),
                    Comparison::Between => {
                        let (from, to) = (one.min(other), one.max(other));
                        field.between(Timestamp::from_unix_millis(*from), Timestamp::from_unix_millis(*to))
                    }
                    Comparison::Equals => field.between(date.clone(), date),
                    Comparison::Exists => field.exists(),
                }
            }
            Self::Flag("blocked", value) => field::BLOCKED.is(*value),
            Self::Flag("email_verified", value) => field::EMAIL_VERIFIED.is(*value),
            Self::Flag("phone_verified", value) => field::PHONE_VERIFIED.is(*value),
            Self::Flag(_, value) => field::IDENTITIES_IS_SOCIAL.is(*value),
            Self::UserMetadata(path, scalar) => {
                let field = field::user_metadata(path);
                match scalar {
                    Scalar::Text(text) => field.equals(text),
                    Scalar::Number(number) => field.equals(*number),
                    Scalar::Double(number) => field.equals(*number),
                    Scalar::Flag(flag) => field.equals(*flag),
                }
            }
            Self::AppMetadata(path, scalar) => {
                let field = field::app_metadata(path);
                match scalar {
                    Scalar::Text(text) => field.one_of([text, "nothing else"]),
                    Scalar::Number(number) => field.equals(*number),
                    Scalar::Double(number) => field.equals(*number),
                    Scalar::Flag(flag) => field.equals(*flag),
                }
            }
            Self::Level(comparison, one, other) => {
                let field = field::app_metadata("level");
                match comparison {
                    Comparison::Equals => field.equals(*one),
                    Comparison::AtLeast => field.at_least(*one),
                    Comparison::AtMost => field.at_most(*one),
                    Comparison::MoreThan => field.more_than(*one),
                    Comparison::LessThan => field.less_than(*one),
                    Comparison::Between => field.between(*one.min(other), *one.max(other)),
                    Comparison::Exists => field.exists(),
                }
            }
            Self::Ratio(comparison, one, other) => {
                let field = field::app_metadata("ratio");
                match comparison {
                    Comparison::Equals => field.equals(*one),
                    Comparison::AtLeast => field.at_least(*one),
                    Comparison::AtMost => field.at_most(*one),
                    Comparison::MoreThan => field.more_than(*one),
                    Comparison::LessThan => field.less_than(*one),
                    Comparison::Between => field.between(one.min(*other), one.max(*other)),
                    Comparison::Exists => field.exists(),
                }
            }
            Self::MetadataExists("user_metadata", path) => field::user_metadata(path).exists(),
            Self::MetadataExists(_, path) => field::app_metadata(path).exists(),
        }
    }

    fn is_met_by(&self, user: &Value) -> bool {
        let any = |path: &str, test: &dyn Fn(&str) -> bool| texts(user, path).iter().any(|text| test(text));
        let text = |text: &Text, wanted: &str, test: fn(&str, &str) -> bool| {
            any(text.0, &|found| test(&cased(text.0, found), &cased(text.0, wanted)))
        };
        match self {
            Self::Equals(field, value) => text(field, value, |found, wanted| found == wanted),
            Self::OneOf(field, values) => {
                values.iter().any(|value| text(field, value, |found, wanted| found == wanted))
            }
            Self::StartsWith(field, value) => text(field, value, |found, wanted| found.starts_with(wanted)),
            Self::EndsWith(field, value) => text(field, value, |found, wanted| found.ends_with(wanted)),
            Self::Contains(field, value) => text(field, value, |found, wanted| found.contains(wanted)),
            Self::TextExists(field) => any(field.0, &|_| true),
            Self::Logins(comparison, one, other) => {
                any("logins_count", &|found| comparison.is_met(found.parse::<u64>().unwrap(), *one, *other))
            }
            Self::Created(comparison, one, other) => any("created_at", &|found| {
                comparison.is_met(found.parse::<Timestamp>().unwrap().unix_millis(), *one, *other)
            }),
            Self::Flag(path, value) => any(path, &|found| found == value.to_string()),
            Self::UserMetadata(path, scalar) => {
                any(&format!("user_metadata.{path}"), &|found| found == scalar.text())
            }
            Self::AppMetadata(path, scalar) => {
                any(&format!("app_metadata.{path}"), &|found| found == scalar.text())
            }
            Self::Level(comparison, one, other) => any("app_metadata.level", &|found| {
                comparison.is_met(found.parse::<i64>().unwrap(), *one, *other)
            }),
            Self::Ratio(comparison, one, other) => any("app_metadata.ratio", &|found| {
                comparison.is_met(found.parse::<f64>().unwrap(), *one, *other)
            }),
            Self::MetadataExists(root, path) => {
                values(user, &format!("{root}.{path}")).iter().any(|value| has_any(value))
            }
        }
    }
}

impl Scalar {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Double(number) => number.to_string(),
            Self::Flag(flag) => flag.to_string(),
        }
    }
}

impl Comparison {
    fn is_met<T: PartialOrd>(self, found: T, one: T, other: T) -> bool {
        match self {
            Self::Equals => found == one,
            Self::AtLeast => found >= one,
            Self::AtMost => found <= one,
            Self::MoreThan => found > one,
            Self::LessThan => found < one,
            Self::Between => found >= one && found <= other || found >= other && found <= one,
            Self::Exists => true,
        }
    }
}

/// A text in the form in which values of a field are compared.
fn cased(path: &str, text: &str) -> String {
    if WITHOUT_CASE.contains(&path) {
        text.chars().flat_map(char::to_lowercase).collect()
    } else {
        text.to_owned()
    }
}

/// The values at a path, with the items of lists in their place.
fn values<'a>(user: &'a Value, path: &str) -> Vec<&'a Value> {
    fn items(value: &Value) -> Vec<&Value> {
        value.as_array().map_or_else(|| vec![value], |list| list.iter().flat_map(items).collect())
    }
    path.split('.').fold(vec![user], |values, key| {
        values.into_iter().filter_map(|value| value.get(key)).flat_map(items).collect()
    })
}

/// The texts, numbers and booleans at a path, as texts.
fn texts(user: &Value, path: &str) -> Vec<String> {
    if path == "email.domain" {
        let emails = texts(user, "email");
        return emails.iter().filter_map(|email| Some(email.rsplit_once('@')?.1.to_owned())).collect();
    }
    let plain = values(user, path).into_iter().filter(|value| !value.is_object() && !value.is_null());
    plain.map(|value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)).collect()
}

/// Whether there is a text, number or boolean in a value.
fn has_any(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(list) => list.iter().any(has_any),
        Value::Object(object) => object.values().any(has_any),
        _ => true,
    }
}

/// Texts that are there, parts of them, and others.
fn text() -> impl Strategy<Value = String> {
    let users: Vec<Value> = USERS.iter().map(|user| serde_json::from_str(user).unwrap()).collect();
    let paths = TEXTS.iter().map(|text| text.0.to_owned());
    let paths = paths.chain(USER_PATHS.iter().map(|path| format!("user_metadata.{path}")));
    let paths = paths.chain(APP_PATHS.iter().map(|path| format!("app_metadata.{path}")));
    let all: Vec<String> = paths
        .flat_map(|path| users.iter().flat_map(move |user| texts(user, &path)).collect::<Vec<_>>())
        .collect();
    let there = proptest::sample::select(all);
    let part = (there.clone(), any::<(proptest::sample::Index, proptest::sample::Index)>()).prop_map(
        |(text, (one, other))| {
            let characters: Vec<char> = text.chars().collect();
            let (one, other) = (one.index(characters.len()), other.index(characters.len()));
            characters[one.min(other)..=one.max(other)].iter().collect()
        },
    );
    let special = proptest::sample::select(vec![
        "AND", "OR", "NOT", "IN", "TO", "*", "a*", "\\", "\"", "-x", "&&", "( )", "é", " ",
    ]);
    prop_oneof![3 => there, 3 => part, 1 => special.prop_map(ToOwned::to_owned), 1 => "\\PC{1,5}"]
}

fn condition() -> impl Strategy<Value = Condition> {
    use proptest::sample::select;
    let field = || select(TEXTS);
    let long = || text().prop_filter("two letters are refused", |text| text.chars().count() > 2);
    let comparison = || {
        use Comparison::{AtLeast, AtMost, Between, Equals, Exists, LessThan, MoreThan};
        select(vec![Equals, AtLeast, AtMost, MoreThan, LessThan, Between, Exists])
    };
    let logins = || select(vec![0_u64, 1, 5, 7, 99, 100, u64::from(u32::MAX)]);
    let created = || {
        let known = USERS.iter().filter_map(|user| {
            let user: Value = serde_json::from_str(user).unwrap();
            Some(user["created_at"].as_str()?.parse::<Timestamp>().unwrap().unix_millis())
        });
        (select(known.collect::<Vec<_>>()), -1_i64..=1).prop_map(|(known, step)| known + step)
    };
    let ratio = || select(vec![-1.5, 0.0, 0.249, 0.25, 0.251, 1e-9, 1e9]);
    let scalar = || {
        prop_oneof![
            text().prop_map(Scalar::Text),
            select(vec![36_i64, 10, -2, 3, 7, 0]).prop_map(Scalar::Number),
            select(vec![1.5, 0.25, -2.0, 10.0, 1e9]).prop_map(Scalar::Double),
            any::<bool>().prop_map(Scalar::Flag),
        ]
    };
    prop_oneof![
        4 => (field(), text()).prop_map(|(field, text)| Condition::Equals(field, text)),
        1 => (field(), prop::collection::vec(text(), 1..4)).prop_map(|(field, texts)| Condition::OneOf(field, texts)),
        2 => (field(), text()).prop_map(|(field, text)| Condition::StartsWith(field, text)),
        2 => (field(), long()).prop_map(|(field, text)| Condition::EndsWith(field, text)),
        2 => (field(), long()).prop_map(|(field, text)| Condition::Contains(field, text)),
        1 => field().prop_map(Condition::TextExists),
        2 => (comparison(), logins(), logins()).prop_map(|(how, one, other)| Condition::Logins(how, one, other)),
        2 => (comparison(), created(), created()).prop_map(|(how, one, other)| Condition::Created(how, one, other)),
        2 => (select(FLAGS), any::<bool>()).prop_map(|(field, flag)| Condition::Flag(field, flag)),
        2 => (select(USER_PATHS), scalar()).prop_map(|(path, scalar)| Condition::UserMetadata(path, scalar)),
        2 => (select(APP_PATHS), scalar()).prop_map(|(path, scalar)| Condition::AppMetadata(path, scalar)),
        1 => (comparison(), -3_i64..12, -3_i64..12).prop_map(|(how, one, other)| Condition::Level(how, one, other)),
        1 => (comparison(), ratio(), ratio()).prop_map(|(how, one, other)| Condition::Ratio(how, one, other)),
        1 => select(USER_PATHS).prop_map(|path| Condition::MetadataExists("user_metadata", path)),
        1 => select(APP_PATHS).prop_map(|path| Condition::MetadataExists("app_metadata", path)),
    ]
}

fn tree() -> impl Strategy<Value = Tree> {
    condition().prop_map(Tree::Is).prop_recursive(6, 24, 4, |inner| {
        let pair = (inner.clone(), inner.clone()).prop_map(|(one, other)| (Box::new(one), Box::new(other)));
        let several = || prop::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            2 => pair.clone().prop_map(|(one, other)| Tree::And(one, other)),
            2 => pair.prop_map(|(one, other)| Tree::Or(one, other)),
            3 => inner.clone().prop_map(|inner| Tree::Not(Box::new(inner))),
            1 => several().prop_map(Tree::All),
            1 => several().prop_map(Tree::Any),
            1 => inner.clone().prop_map(|inner| Tree::Raw(Box::new(inner))),
        ]
    })
}

#[test]
fn a_query_that_is_built_finds_exactly_those_who_meet_its_conditions() {
    let tenant = tenant();
    // As they are stored: the tenant derives attributes.
    let (_, users) = search_with(&tenant, "", "sort=user_id:1&per_page=100");
    let users: Vec<Value> = serde_json::from_str(&users).unwrap();
    let sorted = |users: Result<String, _>| {
        users.map(|users: String| {
            let mut letters: Vec<char> = users.chars().collect();
            letters.sort_unstable();
            String::from_iter(letters)
        })
    };
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(3_000) };
    proptest!(config, |(tree in tree())| {
        let met = users.iter().filter(|user| tree.is_met_by(user));
        let met = sorted(Ok::<_, users_core::Error>(met.map(|user| user["username"].as_str().unwrap()).collect()));
        let expected = met.unwrap();
        // The query, and the query as a part of others.
        let everyone = field::IDENTITIES.exists();
        for query in [
            tree.query(),
            tree.query().and(everyone.clone()),
            tree.query().not().not(),
            everyone.not().or(tree.query()),
        ] {
            let text = query.to_text().unwrap();
            let found = sorted(find(&tenant, query));
            prop_assert!(found.is_ok(), "{text}: {found:?}");
            prop_assert_eq!(&found.unwrap(), &expected, "{}", text);
        }
    });
}
