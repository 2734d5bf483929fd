//! The identities of a user: linking and unlinking accounts.

use crate::tenant::api::owner::find_user;
use crate::tenant::object::{set, set_raw, string};
use crate::tenant::rules::defaults::add_defaults;
use crate::tenant::rules::grant::Grant;
use crate::tenant::rules::linked_password;
use crate::tenant::store::{Belonging, PROFILE, User, full_id};
use crate::tenant::wire::answer::{Answer, Failure, json};
use crate::tenant::wire::context::WriteContext;
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use http::StatusCode;
use users_core::model::{IdentityId, JsonObject, Timestamp};

pub(crate) const ROUTES: &[Route] = &[
    Route::new("POST", "/api/v2/users/{id}/identities", Guard::Catalogue, Handler::Write(link)),
    Route::new(
        "DELETE",
        "/api/v2/users/{id}/identities/{provider}/{user_id}",
        Guard::Catalogue,
        Handler::Write(unlink),
    ),
];

/// The metadata of the linked user is lost; accounts that were linked to it are linked too. The user can log in with each of them.
fn link(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let id = request.parameter(0);
    let body = request.body()?;
    let secondary = secondary(context, &body)?;
    let users = context.store().users();
    users.get(id).ok_or_else(Failure::no_such_user)?;
    let assumptions = &context.config.assumptions;
    if secondary == id {
        return Err(Failure::assumed(&assumptions.link_to_itself, &[]));
    }
    if users.with_identity(&secondary).any(|user| user.id() == id) {
        return Err(Failure::assumed(&assumptions.link_conflict, &[]));
    }
    let Some(linked) = users.get(&secondary).map(|user| with_profiles(user)) else {
        return Err(Failure::assumed(&assumptions.link_to_unknown_user, &[]));
    };
    if let (Some(error), true) = (&assumptions.link_of_linked_user, linked.len() > 1) {
        return Err(Failure::assumed(error, &[]));
    }
    let digests = users.get(&secondary).map(|user| {
        let own = linked_password::of_identity(&secondary, user.belongings(Belonging::Passwords));
        let mut digests = vec![own];
        digests.extend_from_slice(user.belongings(Belonging::LinkedPasswords));
        digests
    });
    context.transaction.remove_user(&secondary);
    let now = context.clock.now();
    let shown = context.transaction.update_user(id, |user| {
        let mut identities = user.identities();
        identities.extend(linked);
        user.set_identities(&identities);
        user.belongings_mut(Belonging::LinkedPasswords).extend(digests.unwrap_or_default());
        user.set_updated_at(&now);
        with_profiles(user)
    });
    Ok(json(StatusCode::CREATED, &shown.ok_or_else(Failure::no_such_user)?))
}

/// The full id of the account that a body names, by provider and id or by its ID token.
fn secondary(context: &WriteContext<'_>, body: &JsonObject) -> Result<String, Failure> {
    if let Some(token) = string(body, "link_with") {
        // Documented: the other properties must not be sent. The message is assumed.
        if body.len() > 1 {
            return Err(Failure::body("'link_with excludes provider, user_id and connection_id'"));
        }
        return match context.tokens.grant(&token, context.clock.millis()) {
            Some(Grant::Identity { id }) => Ok(id.clone()),
            _ => Err(Failure::bad_request(
                "invalid_token",
                "The ID token of the secondary account is not valid.",
            )),
        };
    }
    let Some(provider) = string(body, "provider") else {
        return Err(Failure::bad_request(
            "inexistent_connection",
            "The provider/connection is not configured.",
        ));
    };
    let Some(user_id) = body.get::<IdentityId>("user_id").ok().flatten() else {
        return Err(Failure::body("'Missing required property: user_id'"));
    };
    let prefix = format!("{provider}|");
    Ok(if user_id.as_str().starts_with(&prefix) { user_id.to_string() } else { format!("{prefix}{user_id}") })
}

/// A full id as `user_id` names no identity, so it changes nothing.
fn unlink(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let id = request.parameter(0);
    let requested = format!("{}|{}", request.parameter(1), request.parameter(2));
    let user = find_user(context.store(), id)?;
    let mut identities = user.identities();
    // The primary identity is the user itself and cannot be unlinked.
    if let (Some(error), true) = (&context.config.assumptions.unlink_primary, requested == id) {
        return Err(Failure::assumed(error, &[]));
    }
    let secondary = identities.iter().skip(1);
    let index = secondary.map(full_id).position(|identity| identity.as_deref() == Some(&*requested));
    let Some(index) = index else {
        return Ok(json(StatusCode::OK, &with_profiles(user)));
    };
    let now = context.clock.now();
    let identity = identities.remove(index + 1);
    let digests = linked_password::digests(user.belongings(Belonging::LinkedPasswords), &requested);
    let shown = context.transaction.update_user(id, |user| {
        user.set_identities(&identities);
        user.belongings_mut(Belonging::LinkedPasswords)
            .retain(|kept| !linked_password::is_of(kept, &requested));
        user.set_updated_at(&now);
        with_profiles(user)
    });
    // A user with that id may exist already, from a seed for example.
    if context.store().users().get(&requested).is_none() {
        let mut user = standalone(&requested, identity, &now);
        user.belongings_mut(Belonging::Passwords).extend(digests);
        context.transaction.put_user(user);
    }
    Ok(json(StatusCode::OK, &shown.ok_or_else(Failure::no_such_user)?))
}

/// The user of an account that was unlinked, without metadata.
fn standalone(id: &str, mut identity: JsonObject, now: &Timestamp) -> User {
    let profile: JsonObject = identity.get("profileData").ok().flatten().unwrap_or_default();
    identity.remove("profileData");
    let mut user = User::new(id);
    for (key, value) in profile.iter() {
        user.supply(key, value);
    }
    user.set("user_id", id);
    user.set("created_at", now);
    user.set_updated_at(now);
    user.set_identities(&[identity]);
    add_defaults(&mut user);
    user
}

/// The identities of a user as link and unlink show them, each with the profile of its account.
fn with_profiles(user: &User) -> Vec<JsonObject> {
    let mut identities = user.identities();
    if let Some(first) = identities.first_mut() {
        let mut shown = JsonObject::new();
        let mut profile = JsonObject::new();
        for key in PROFILE {
            if let Some(text) = user.supplied(key) {
                set_raw(&mut profile, key, text);
            }
        }
        // Shown even if it was not supplied.
        if let Some(verified) = user.shown().raw("email_verified") {
            set_raw(&mut profile, "email_verified", verified);
        }
        set(&mut shown, "profileData", &profile);
        for (key, text) in first.iter().filter(|(key, _)| *key != "profileData") {
            set_raw(&mut shown, key, text);
        }
        *first = shown;
    }
    identities
}

#[cfg(test)]
mod tests {
    use crate::tenant::seed::Seed;
    use crate::tenant::testing::{builder, send};
    use serde_json::{Value, json};

    fn seed() -> Seed {
        let linked = json!({"user_id": "auth0|1", "identities": [
            {"provider": "auth0", "user_id": "1", "connection": "Username-Password-Authentication"},
            {"provider": "github", "user_id": 42, "connection": "github"},
        ]});
        Seed::new().user(&linked.to_string()).unwrap()
    }

    #[test]
    fn an_account_that_cannot_be_linked_changes_neither_user() {
        let tenant = builder().seed(seed()).users(1).build();
        let before = tenant.user("auth0|1");
        for (body, status) in [
            (json!({"provider": "github", "user_id": "42"}), 409),
            (json!({"provider": "github", "user_id": "43"}), 400),
            (json!({"provider": "github", "user_id": "43", "link_with": "a.b.c"}), 400),
        ] {
            assert_eq!(send(&tenant, "POST", "/users/auth0%7C1/identities", &body).0, status);
        }
        assert_eq!((tenant.user("auth0|1"), tenant.user_count()), (before, 2));
    }

    #[test]
    fn unlinking_an_account_keeps_a_user_that_already_has_its_id() {
        let seed = seed().user(r#"{"user_id":"github|42","nickname":"Ada"}"#).unwrap();
        let tenant = builder().seed(seed).build();
        let path = "/users/auth0%7C1/identities/github/42";
        let (status, identities) = send(&tenant, "DELETE", path, &Value::Null);
        assert_eq!((status, identities.as_array().unwrap().len()), (200, 1));
        assert_eq!(tenant.user("github|42").unwrap().nickname.as_deref(), Some("Ada"));
        assert_eq!(tenant.user_ids(), ["auth0|1", "github|42"]);
    }
}
