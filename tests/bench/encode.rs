//! Building requests: bodies and queries.

use crate::{Outcome, Run};
use users_core::management::{
    CreateRole, CreateUser, GetAllUsers, ImportRows, ImportUsers, LinkIdentity, UpdateUser,
};
use users_core::model::{JsonObject, LinkTarget, MetadataUpdate, NewRole, NewUser, UserUpdate};
use users_core::{BaseUrl, Operation as _};

const BASE: &str = "https://tenant.eu.auth0.com/api/v2";

/// The user that the comparison of clients creates.
pub(crate) fn example() -> NewUser {
    let metadata = |value: serde_json::Value| JsonObject::from_value(&value).unwrap_or_default();
    NewUser::new("Username-Password-Authentication")
        .email("grace.hopper@example.com")
        .password("correct-horse-battery-staple-1")
        .given_name("Grace")
        .family_name("Hopper")
        .email_verified(false)
        .user_metadata(metadata(serde_json::json!({ "locale": "en-GB", "theme": "dark" })))
        .app_metadata(metadata(serde_json::json!({ "plan": "team", "roles": ["member", "reporter"] })))
}

pub(crate) fn new_user() -> Outcome<Run> {
    let base = BaseUrl::parse(BASE)?;
    Ok(Box::new(move || {
        let request = CreateUser::new(example()).request(&base);
        assert!(request.is_ok_and(|request| request.body().len() > 200));
    }))
}

pub(crate) fn user_update() -> Outcome<Run> {
    let base = BaseUrl::parse(BASE)?;
    Ok(Box::new(move || {
        let update = UserUpdate::new()
            .nickname("Ada")
            .clear_picture()
            .app_metadata(MetadataUpdate::new().set("plan", "gold").remove("trial"));
        let request = UpdateUser::new("auth0|64b7f3a91c2e5d0012ab34cd", update)
            .and_then(|update| update.request(&base));
        assert!(request.is_ok_and(|request| request.body().len() > 50));
    }))
}

pub(crate) fn new_role() -> Outcome<Run> {
    let base = BaseUrl::parse(BASE)?;
    Ok(Box::new(move || {
        let role = NewRole::new("support").description("Read users and unblock them");
        let request = CreateRole::new(role).request(&base);
        assert!(request.is_ok_and(|request| request.body().len() > 50));
    }))
}

pub(crate) fn link() -> Outcome<Run> {
    let base = BaseUrl::parse(BASE)?;
    Ok(Box::new(move || {
        let target = LinkTarget::account("google-oauth2", "115015401343387192604");
        let request =
            LinkIdentity::new("auth0|64b7f3a91c2e5d0012ab34cd", target).and_then(|link| link.request(&base));
        assert!(request.is_ok_and(|request| request.body().len() > 50));
    }))
}

/// A file of 100 users.
pub(crate) fn import() -> Outcome<Run> {
    let base = BaseUrl::parse(BASE)?;
    let row = serde_json::json!({ "email": "grace.hopper@example.com", "app_metadata": { "plan": "team" } });
    Ok(Box::new(move || {
        let rows = ImportRows::new(std::iter::repeat_n(&row, 100));
        let request = rows.and_then(|rows| ImportUsers::new("con_ftSSLHb0O7rcUGmF", rows).request(&base));
        assert!(request.is_ok_and(|request| request.body().len() > 5000));
    }))
}

pub(crate) fn query() -> Outcome<Run> {
    let base = BaseUrl::parse(BASE)?;
    Ok(Box::new(move || {
        let request = GetAllUsers::new()
            .page(3)
            .per_page(100)
            .include_totals(true)
            .fields(["user_id", "email", "logins_count"])
            .sort("created_at:1")
            .q("email:\"ada@example.com\" AND logins_count:[1 TO *]")
            .request(&base);
        assert!(request.is_ok_and(|request| request.uri().query().is_some_and(|query| query.len() > 100)));
    }))
}
