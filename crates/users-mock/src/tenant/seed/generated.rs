//! Generated users.

use crate::tenant::object::set;
use crate::tenant::rules::defaults::add_defaults;
use crate::tenant::store::{DEFAULT_DATABASE, User};
use fastrand::Rng;
use serde_json::{Value, json};
use std::net::{Ipv4Addr, Ipv6Addr};
use users_core::model::{JsonObject, Timestamp};

const GIVEN: &[&str] =
    &["Ada", "Alan", "Barbara", "Donald", "Edsger", "Frances", "Grace", "John", "Katherine", "Tony"];
const FAMILY: &[&str] =
    &["Allen", "Dijkstra", "Hoare", "Hopper", "Johnson", "Knuth", "Liskov", "Lovelace", "McCarthy", "Turing"];
/// Names outside ASCII: composed, combining, other scripts, right to left, beyond the basic plane.
const OTHER_NAMES: &[&str] =
    &["Zoë Müller", "Łukasz Żak", "Jose\u{301} Nun\u{303}ez", "李小龍", "Ελένη Παππά", "נועה לוי", "𝒜da 🦀"];
const CITIES: &[(&str, &str)] =
    &[("London", "GB"), ("Zürich", "CH"), ("Buenos Aires", "AR"), ("東京", "JP"), ("Lagos", "NG")];

/// 2022-01-01T00:00:00Z
const FIRST_DAY: u64 = 1_640_995_200_000;
/// 2025-12-31T00:00:00Z
const LAST_DAY: u64 = 1_767_139_200_000;
const DAY: u64 = 86_400_000;

/// The shape of a generated user. The first five users of a tenant are ordinary.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Ordinary,
    /// A second identity, at GitHub, whose id is a number.
    LinkedByNumber,
    /// A second identity, at Google.
    Linked,
    /// `email_verified` is the string `"true"`, as Apple sends it.
    StringForBoolean,
    WithoutNames,
    /// A user name instead of an address.
    WithoutEmail,
    OtherScript,
    Blocked,
    /// Metadata of more than the 10 KB that Auth0 recommends at most.
    LargeMetadata,
}

impl Shape {
    fn of(number: u64) -> Self {
        if number % 240 == 141 {
            return Self::LargeMetadata;
        }
        match number % 24 {
            5 => Self::LinkedByNumber,
            8 => Self::Linked,
            11 => Self::StringForBoolean,
            14 => Self::WithoutNames,
            17 => Self::WithoutEmail,
            20 => Self::OtherScript,
            23 => Self::Blocked,
            _ => Self::Ordinary,
        }
    }
}

/// Generates users, which are the same for the same seed.
pub(crate) struct Generator {
    seed: u64,
    next: u64,
}

impl Generator {
    pub(crate) fn new(seed: u64) -> Self {
        Self::continued(seed, 0)
    }

    /// Continues after this number of users.
    pub(crate) fn continued(seed: u64, next: u64) -> Self {
        Self { seed, next }
    }

    /// The next user, which differs from all others.
    pub(crate) fn generate(&mut self) -> User {
        let user = user(self.seed, self.next);
        self.next += 1;
        user
    }
}

fn user(seed: u64, number: u64) -> User {
    // `mix` is a bijection, so neither two seeds nor two numbers give the same value.
    let unique = mix(mix(number) ^ seed);
    let mut rng = Rng::with_seed(unique);
    let shape = Shape::of(number);
    let created = created_at(number);
    let user_id = format!("{:08x}{unique:016x}", u32::try_from(created / 1000).unwrap_or(u32::MAX));
    let id = format!("auth0|{user_id}");
    let mut user = User::new(&id);
    user.set("user_id", &id);
    name(&mut user, shape, number, &mut rng);
    user.set("created_at", timestamp(created));
    user.set_updated_at(&timestamp(created));
    if rng.u32(..8) != 0 {
        let last = created + 1 + rng.u64(..LAST_DAY.saturating_sub(created).max(DAY));
        user.set("last_login", timestamp(last));
        user.set_updated_at(&timestamp(last));
        user.set("last_ip", address(&mut rng));
        user.set("logins_count", rng.u32(1..500));
    }
    user.set_identities(&identities(&user_id, shape, &mut rng));
    if shape == Shape::Blocked {
        user.set("blocked", true);
    }
    if rng.u32(..10) != 0 {
        if rng.u32(..5) != 0 {
            user.set("user_metadata", user_metadata(&mut rng));
        }
        if rng.u32(..3) != 0 {
            user.set("app_metadata", app_metadata(&mut rng));
        }
    }
    if shape == Shape::LargeMetadata {
        user.set("user_metadata", large_metadata(&mut rng));
    }
    add_defaults(&mut user);
    user
}

/// Later for each user, by steps that decrease: five users span two days, a million less than three years.
fn created_at(number: u64) -> u64 {
    let root = number.saturating_mul(1_000_000_000).isqrt();
    FIRST_DAY + root * (DAY / 31_623)
}

fn timestamp(millis: u64) -> Timestamp {
    Timestamp::from_unix_millis(i64::try_from(millis).unwrap_or(i64::MAX))
}

fn name(user: &mut User, shape: Shape, number: u64, rng: &mut Rng) {
    let (given, family) = (pick(GIVEN, number), pick(FAMILY, number / 10));
    let mut supply = |key: &str, value: &Value| user.supply(key, &value.to_string());
    let local = format!("{}.{}.{number}", given.to_lowercase(), family.to_lowercase());
    if shape == Shape::WithoutEmail {
        supply("username", &json!(format!("user{number}")));
    } else {
        supply("email", &json!(format!("{local}@example.com")));
        let is_verified = rng.u32(..3) != 0;
        supply(
            "email_verified",
            &if shape == Shape::StringForBoolean { json!("true") } else { json!(is_verified) },
        );
    }
    match shape {
        Shape::WithoutNames => {}
        Shape::OtherScript => {
            let name = pick(OTHER_NAMES, number / 24);
            supply("name", &json!(name));
            supply("given_name", &json!(name.split(' ').next()));
        }
        _ => {
            supply("given_name", &json!(given));
            supply("family_name", &json!(family));
            if rng.bool() {
                supply("name", &json!(format!("{given} {family}")));
            }
        }
    }
    if rng.u32(..4) == 0 {
        supply("phone_number", &json!(format!("+4416329600{:02}", rng.u32(..100))));
        supply("phone_verified", &json!(rng.bool()));
    }
}

fn identities(user_id: &str, shape: Shape, rng: &mut Rng) -> Vec<JsonObject> {
    let identity = |connection: &str, provider: &str, user_id: Value, is_social: bool| {
        let mut identity = JsonObject::new();
        set(&mut identity, "connection", connection);
        set(&mut identity, "user_id", user_id);
        set(&mut identity, "provider", provider);
        set(&mut identity, "isSocial", is_social);
        identity
    };
    let mut identities = vec![identity(DEFAULT_DATABASE, "auth0", json!(user_id), false)];
    let linked = match shape {
        Shape::LinkedByNumber => Some(("github", json!(rng.u32(1_000_000..)))),
        Shape::Linked => {
            // 21 digits, beyond the integers of most languages.
            Some(("google-oauth2", json!(format!("10{:019}", rng.u64(..10_u64.pow(19))))))
        }
        _ => None,
    };
    if let Some((provider, user_id)) = linked {
        let mut account = identity(provider, provider, user_id, true);
        set(
            &mut account,
            "profileData",
            json!({"name": format!("{provider} account"), "email_verified": false}),
        );
        identities.push(account);
    }
    identities
}

fn address(rng: &mut Rng) -> String {
    match rng.u32(..4) {
        0 => {
            Ipv6Addr::new(0x2001, 0xdb8, 0, 0, rng.u16(..), rng.u16(..), rng.u16(..), rng.u16(..)).to_string()
        }
        1 => Ipv4Addr::new(198, 51, 100, rng.u8(..)).to_string(),
        _ => Ipv4Addr::new(203, 0, 113, rng.u8(..)).to_string(),
    }
}

fn user_metadata(rng: &mut Rng) -> Value {
    let mut metadata = json!({
        "plan": pick(&["free", "gold", "silver", "team"], rng.u64(..)),
        "language": pick(&["de", "en", "es", "ja", "pt-BR"], rng.u64(..)),
        "newsletter": rng.bool(),
    });
    if let Some(object) = metadata.as_object_mut() {
        if rng.bool() {
            let (city, country) = CITIES.get(rng.usize(..CITIES.len())).copied().unwrap_or_default();
            object.insert("address".to_owned(), json!({"city": city, "country": country}));
        }
        if rng.bool() {
            let tags: Vec<u8> = (0..rng.usize(..4)).map(|_| rng.u8(..10)).collect();
            object.insert(
                "tags".to_owned(),
                json!(tags.iter().map(|tag| format!("tag{tag}")).collect::<Vec<_>>()),
            );
        }
        if rng.u32(..4) == 0 {
            object.insert("nickname".to_owned(), Value::Null);
        }
    }
    metadata
}

fn large_metadata(rng: &mut Rng) -> Value {
    let notes = (0..120).map(|number| (format!("note{number}"), json!(pick(FAMILY, rng.u64(..)).repeat(12))));
    Value::Object(notes.collect())
}

fn app_metadata(rng: &mut Rng) -> Value {
    let roles = ["admin", "editor", "viewer"].get(..rng.usize(..=3)).unwrap_or_default();
    json!({
        "customer": {"id": rng.u32(..), "since": rng.u32(2010..2026), "is_active": rng.bool()},
        "roles": roles,
        "score": f64::from(rng.u32(..10_000)) / 100.0,
    })
}

fn pick(from: &[&'static str], at: u64) -> &'static str {
    let length = u64::try_from(from.len()).unwrap_or(1).max(1);
    usize::try_from(at % length).ok().and_then(|at| from.get(at)).copied().unwrap_or_default()
}

/// The output function of SplitMix64, a bijection.
fn mix(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
