//! A user, as the store keeps it.

use crate::tenant::object::{set, set_raw, string};
use crate::tenant::store::belonging::Belonging;
use crate::tenant::store::table::Record;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use users_core::model::json::unquote;
use users_core::model::{IdentityId, JsonObject, Timestamp};

/// The attributes of a user's profile, in the order in which `profileData` shows them.
pub(crate) const PROFILE: &[&str] = &[
    "email",
    "email_verified",
    "name",
    "username",
    "given_name",
    "family_name",
    "nickname",
    "picture",
    "phone_number",
    "phone_verified",
];

/// A user. Clones share the attributes and lists that neither of them changes.
#[derive(Clone, Debug)]
pub(crate) struct User {
    id: Arc<str>,
    attributes: Arc<Attributes>,
    belongings: BTreeMap<Belonging, Arc<Vec<JsonObject>>>,
}

#[derive(Debug, Default)]
struct Attributes {
    /// What the API shows, with each value in the text that was received.
    shown: JsonObject,
    /// Which attributes of the profile were supplied, as opposed to those that Auth0 derives: a bit for each of [`PROFILE`].
    supplied: u16,
    /// `shown` for searches, parsed by the first search after a change.
    document: OnceLock<Box<Value>>,
}

impl Clone for Attributes {
    /// Leaves out the document, because a copy is made only to be changed.
    fn clone(&self) -> Self {
        Self { shown: self.shown.clone(), supplied: self.supplied, document: OnceLock::new() }
    }
}

impl Record for User {
    fn key(&self) -> &str {
        &self.id
    }

    fn shared_key(&self) -> Arc<str> {
        Arc::clone(&self.id)
    }
}

impl User {
    /// A user without attributes.
    pub(crate) fn new(id: &str) -> Self {
        Self { id: id.into(), attributes: Arc::default(), belongings: BTreeMap::new() }
    }

    /// A user as it was kept in a file.
    pub(crate) fn restored(id: &str, shown: JsonObject, supplied: u16) -> Self {
        let attributes = Attributes { shown, supplied, document: OnceLock::new() };
        Self { id: id.into(), attributes: Arc::new(attributes), belongings: BTreeMap::new() }
    }

    /// Which attributes of the profile were supplied, as a file keeps it.
    pub(crate) fn supplied_bits(&self) -> u16 {
        self.attributes.supplied
    }

    /// A user with these attributes. Those of the profile count as supplied.
    pub(crate) fn with_attributes(id: &str, shown: JsonObject) -> Self {
        let supplied =
            PROFILE.iter().filter(|key| shown.raw(key).is_some()).fold(0, |bits, key| bits | bit(key));
        let attributes = Attributes { shown, supplied, document: OnceLock::new() };
        Self { id: id.into(), attributes: Arc::new(attributes), belongings: BTreeMap::new() }
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// The attributes that the API shows.
    pub(crate) fn shown(&self) -> &JsonObject {
        &self.attributes.shown
    }

    /// A profile attribute as JSON text, if it was supplied.
    pub(crate) fn supplied(&self, key: &str) -> Option<&str> {
        if self.attributes.supplied & bit(key) == 0 { None } else { self.shown().raw(key) }
    }

    /// The attributes that searches examine, without the values that serde_json cannot represent.
    pub(crate) fn document(&self) -> &Value {
        self.attributes.document.get_or_init(|| Box::new(self.parse()))
    }

    /// The attributes that searches examine, without keeping them: of a million users they would fill the memory.
    pub(crate) fn parse(&self) -> Value {
        let shown = self.attributes.shown.iter();
        let values = shown.filter_map(|(key, json)| Some((key.to_owned(), representable(json, MAX_SPLITS)?)));
        Value::Object(values.collect())
    }

    /// Turns attributes that were set one by one into one text, which needs a fraction of the memory.
    pub(crate) fn compact(&mut self) {
        // Attributes that are shared were compacted before.
        if let Some(attributes) = Arc::get_mut(&mut self.attributes) {
            if let Ok(compact) = JsonObject::from_json(&attributes.shown.to_json()) {
                attributes.shown = compact;
            }
        }
    }

    pub(crate) fn string(&self, key: &str) -> Option<String> {
        string(self.shown(), key)
    }

    pub(crate) fn identities(&self) -> Vec<JsonObject> {
        self.shown().get("identities").ok().flatten().unwrap_or_default()
    }

    /// The connection of the first identity.
    pub(crate) fn connection(&self) -> Option<String> {
        string(self.identities().first()?, "connection")
    }

    /// The provider of the first identity.
    pub(crate) fn provider(&self) -> &str {
        self.id.split_once('|').map_or("", |(provider, _)| provider)
    }

    /// The objects of one kind that belong to the user.
    pub(crate) fn belongings(&self, kind: Belonging) -> &[JsonObject] {
        self.belongings.get(&kind).map_or(&[], |list| list.as_slice())
    }

    /// Whether both have the same attributes because neither was changed since it was cloned.
    pub(crate) fn shares_attributes(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.attributes, &other.attributes)
    }

    /// Whether both have the same objects of one kind because neither was changed since it was cloned.
    pub(crate) fn shares_belongings(&self, other: &Self, kind: Belonging) -> bool {
        match (self.belongings.get(&kind), other.belongings.get(&kind)) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (one, other) => one.is_none() && other.is_none(),
        }
    }

    /// The objects of one kind that belong to the user, to be changed.
    pub(crate) fn belongings_mut(&mut self, kind: Belonging) -> &mut Vec<JsonObject> {
        Arc::make_mut(self.belongings.entry(kind).or_default())
    }

    fn attributes_mut(&mut self) -> &mut Attributes {
        let attributes = Arc::make_mut(&mut self.attributes);
        attributes.document = OnceLock::new();
        attributes
    }

    pub(crate) fn set(&mut self, key: &str, value: impl Serialize) {
        set(&mut self.attributes_mut().shown, key, value);
    }

    /// Sets an attribute from JSON text.
    pub(crate) fn set_raw(&mut self, key: &str, json: &str) {
        set_raw(&mut self.attributes_mut().shown, key, json);
    }

    /// Sets an attribute from JSON text that was received. A profile attribute counts as supplied from now on.
    pub(crate) fn supply(&mut self, key: &str, json: &str) {
        let attributes = self.attributes_mut();
        set_raw(&mut attributes.shown, key, json);
        if PROFILE.contains(&key) {
            attributes.supplied |= bit(key);
        }
    }

    pub(crate) fn remove(&mut self, key: &str) {
        let attributes = self.attributes_mut();
        attributes.shown.remove(key);
        attributes.supplied &= !bit(key);
    }

    pub(crate) fn set_identities(&mut self, identities: &[JsonObject]) {
        self.set("identities", identities);
    }

    /// Puts the attributes in the order in which Auth0 shows those of a new user: by name, and `app_metadata` last.
    pub(crate) fn sort_attributes(&mut self) {
        let shown = &mut self.attributes_mut().shown;
        let mut attributes: Vec<(&str, &str)> = shown.iter().collect();
        attributes.sort_unstable_by_key(|(key, _)| (*key == "app_metadata", *key));
        let mut sorted = JsonObject::new();
        for (key, json) in attributes {
            set_raw(&mut sorted, key, json);
        }
        *shown = sorted;
    }

    /// Sets the time of the last update.
    pub(crate) fn set_updated_at(&mut self, now: &Timestamp) {
        self.set("updated_at", now);
    }
}

/// The bit of an attribute of the profile; 0 for another attribute.
/// The depth to which a value is examined for parts that can be represented.
const MAX_SPLITS: usize = 32;

/// A JSON value without the parts that serde_json cannot represent: too large numbers and what is nested too deeply. A lone surrogate
/// becomes a replacement character.
fn representable(json: &str, splits: usize) -> Option<Value> {
    if let Ok(value) = serde_json::from_str(json) {
        return Some(value);
    }
    let splits = splits.checked_sub(1)?;
    match json.as_bytes().first()? {
        b'{' => {
            let object = JsonObject::from_json(json).ok()?;
            let values = object.iter();
            Some(Value::Object(
                values
                    .filter_map(|(key, json)| Some((key.to_owned(), representable(json, splits)?)))
                    .collect(),
            ))
        }
        b'[' => {
            let items: Vec<&RawValue> = serde_json::from_str(json).ok()?;
            Some(Value::Array(items.iter().filter_map(|item| representable(item.get(), splits)).collect()))
        }
        b'"' => unquote(json).map(Value::String),
        _ => None,
    }
}

fn bit(key: &str) -> u16 {
    PROFILE.iter().position(|profile| *profile == key).map_or(0, |place| 1 << place)
}

/// The full id of an identity, `provider|user_id`; `None` if one of both is missing.
pub(crate) fn full_id(identity: &JsonObject) -> Option<String> {
    let provider = string(identity, "provider")?;
    let id: IdentityId = identity.get("user_id").ok().flatten()?;
    Some(format!("{provider}|{id}"))
}

#[cfg(test)]
mod tests {
    use super::{Belonging, User};

    #[test]
    fn a_value_that_cannot_be_represented_hides_no_other() {
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        for odd in [&deep, "1e999", r#""\ud800""#] {
            let mut ada = User::new("auth0|1");
            ada.set_raw("user_metadata", &format!(r#"{{"odd":{odd},"list":[{odd},1],"a":{{"b":2}}}}"#));
            let metadata = &ada.document()["user_metadata"];
            assert_eq!(metadata["a"]["b"], 2, "{odd}");
            assert_eq!(metadata["list"].as_array().and_then(|list| list.last()), Some(&1.into()), "{odd}");
        }
    }

    #[test]
    fn a_clone_shares_what_is_not_changed() {
        let mut ada = User::new("auth0|1");
        ada.set("name", "Ada");
        ada.belongings_mut(Belonging::Roles).clear();
        assert_eq!(ada.document()["name"], "Ada");
        let mut copy = ada.clone();
        copy.belongings_mut(Belonging::Roles).clear();
        assert!(copy.shares_attributes(&ada) && !copy.shares_belongings(&ada, Belonging::Roles));
        assert!(copy.shares_belongings(&ada, Belonging::Sessions));
        copy.set("name", "Grace");
        assert!(!copy.shares_attributes(&ada));
        assert_eq!(
            (copy.document()["name"].as_str(), ada.string("name").as_deref()),
            (Some("Grace"), Some("Ada"))
        );
    }
}
