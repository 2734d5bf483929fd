//! Refresh tokens, of a user or by their own ids.

use crate::tenant::api::owner::{find_by_id, find_user, update_user};
use crate::tenant::api::sessions::replace_metadata;
use crate::tenant::object::string;
use crate::tenant::search::project;
use crate::tenant::store::{Belonging, User};
use crate::tenant::wire::answer::{Answer, Failure, accepted, json, no_content};
use crate::tenant::wire::context::{ReadContext, WriteContext};
use crate::tenant::wire::page::{by_checkpoint, unchanged};
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use http::StatusCode;
use std::collections::HashSet;
use std::sync::Arc;
use users_core::model::JsonObject;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/api/v2/users/{id}/refresh-tokens", Guard::Catalogue, Handler::Read(of_user)),
    Route::new(
        "DELETE",
        "/api/v2/users/{id}/refresh-tokens",
        Guard::Catalogue,
        Handler::Write(delete_of_user),
    ),
    Route::new("GET", "/api/v2/refresh-tokens", Guard::Catalogue, Handler::Read(list)),
    Route::new("POST", "/api/v2/refresh-tokens/revoke", Guard::Catalogue, Handler::Write(revoke)),
    Route::new("GET", "/api/v2/refresh-tokens/{id}", Guard::Catalogue, Handler::Read(get)),
    Route::new("PATCH", "/api/v2/refresh-tokens/{id}", Guard::Catalogue, Handler::Write(update)),
    Route::new("DELETE", "/api/v2/refresh-tokens/{id}", Guard::Catalogue, Handler::Write(delete)),
];

fn of_user(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let user = find_user(context.store, request.parameter(0))?;
    by_checkpoint(request, "tokens", user.belongings(Belonging::RefreshTokens), unchanged)
}

fn delete_of_user(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    update_user(&mut context.transaction, request.parameter(0), |user| {
        user.belongings_mut(Belonging::RefreshTokens).clear();
    })?;
    Ok(accepted())
}

fn list(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let user_id = request.query("user_id").unwrap_or_default();
    let of_client = |token: &&JsonObject| {
        request.query("client_id").is_none_or(|client| string(token, "client_id").as_deref() == Some(client))
    };
    let tokens = find_user(context.store, user_id)?.belongings(Belonging::RefreshTokens);
    let shown: Vec<JsonObject> =
        tokens.iter().filter(of_client).map(|token| project(token, request)).collect();
    by_checkpoint(request, "refresh_tokens", &shown, unchanged)
}

fn get(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let id = request.parameter(0);
    let owner =
        context.store.users().with(Belonging::RefreshTokens, id).next().ok_or_else(Failure::not_found)?;
    let token = find_by_id(owner, Belonging::RefreshTokens, id).ok_or_else(Failure::not_found)?;
    Ok(json(StatusCode::OK, token))
}

fn update(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let owner = context.store().users().with(Belonging::RefreshTokens, request.parameter(0)).next().cloned();
    replace_metadata(context, request, owner, Belonging::RefreshTokens, "refresh_token_metadata")
}

/// Answers 204, as recorded, although Auth0 documents 202.
fn delete(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let id = request.parameter(0);
    let owners: Vec<Arc<User>> =
        context.store().users().with(Belonging::RefreshTokens, id).cloned().collect();
    if owners.is_empty() {
        return Err(Failure::not_found());
    }
    for owner in owners {
        context.transaction.update_user(owner.id(), |user| {
            let tokens = user.belongings_mut(Belonging::RefreshTokens);
            tokens.retain(|token| string(token, "id").as_deref() != Some(id));
        });
    }
    Ok(no_content())
}

/// Revokes tokens by their ids, or those of a user: all, those of an application, or those of an application for an API. A token for
/// several APIs is revoked for all of them, which is assumed. Whether the application and the API exist is not checked, because tokens of
/// a seed may name others.
fn revoke(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let body = request.body()?;
    let ids: Option<HashSet<String>> = body.get("ids").ok().flatten();
    let [user_id, client_id, audience] = ["user_id", "client_id", "audience"].map(|key| string(&body, key));
    let owners: Vec<Arc<User>> = match (&ids, &user_id, &client_id, &audience) {
        (Some(ids), None, None, None) => {
            let users = context.store().users();
            ids.iter().flat_map(|id| users.with(Belonging::RefreshTokens, id)).cloned().collect()
        }
        (None, Some(id), _, None) | (None, Some(id), Some(_), Some(_)) => {
            let user = context.store().users().get(id).cloned();
            vec![user.ok_or_else(|| Failure::bad_request(None, "User not found."))?]
        }
        _ => return Err(Failure::bad_request("invalid_body", "Invalid combination of parameters.")),
    };
    let is_meant = |token: &JsonObject| {
        ids.as_ref().is_none_or(|ids| string(token, "id").is_some_and(|id| ids.contains(&id)))
            && (client_id.is_none() || string(token, "client_id") == client_id)
            && audience.as_deref().is_none_or(|audience| is_for(token, audience))
    };
    for owner in owners {
        if owner.belongings(Belonging::RefreshTokens).iter().any(is_meant) {
            context.transaction.update_user(owner.id(), |user| {
                user.belongings_mut(Belonging::RefreshTokens).retain(|token| !is_meant(token));
            });
        }
    }
    Ok(accepted())
}

/// Whether a token is for an API, by its identifier.
fn is_for(token: &JsonObject, audience: &str) -> bool {
    let servers: Vec<JsonObject> = token.get("resource_servers").ok().flatten().unwrap_or_default();
    servers.iter().any(|server| string(server, "audience").as_deref() == Some(audience))
}

#[cfg(test)]
mod tests {
    use crate::tenant::testing::{builder, send};
    use crate::tenant::{Seed, Tenant};
    use serde_json::{Value, json};

    fn tenant() -> Tenant {
        let api = json!([{"audience": "api", "scopes": "read"}]);
        let seed = json!({
            "users": [{"user_id": "auth0|1", "email": "ada@example.com"}, {"user_id": "auth0|2", "email": "bob@example.com"}],
            "belongings": {
                "auth0|1": {"refresh_tokens": [
                    {"id": "t1", "client_id": "app", "resource_servers": api}, {"id": "t2", "client_id": "app"},
                    {"id": "t3", "client_id": "other", "resource_servers": api}]},
                "auth0|2": {"refresh_tokens": [{"id": "t4", "client_id": "app"}]},
            },
        });
        builder().seed(Seed::from_json(&seed.to_string()).unwrap()).build()
    }

    /// The ids of the tokens that there are.
    fn left(tenant: &Tenant) -> Vec<&'static str> {
        let exists = |id: &&str| send(tenant, "GET", &format!("/refresh-tokens/{id}"), &Value::Null).0 == 200;
        ["t1", "t2", "t3", "t4"].into_iter().filter(exists).collect()
    }

    #[test]
    fn tokens_are_revoked_by_each_documented_combination() {
        for (body, expected) in [
            (json!({"ids": ["t1", "t4", "t9"]}), vec!["t2", "t3"]),
            (json!({"user_id": "auth0|1"}), vec!["t4"]),
            (json!({"user_id": "auth0|1", "client_id": "app"}), vec!["t3", "t4"]),
            (json!({"user_id": "auth0|1", "client_id": "app", "audience": "api"}), vec!["t2", "t3", "t4"]),
        ] {
            let tenant = tenant();
            assert_eq!(send(&tenant, "POST", "/refresh-tokens/revoke", &body).0, 202, "{body}");
            assert_eq!(left(&tenant), expected, "{body}");
        }
    }

    #[test]
    fn other_combinations_are_refused_and_revoke_nothing() {
        let tenant = tenant();
        let combination = "Invalid combination of parameters.";
        for (body, message) in [
            (json!({}), combination),
            (json!({"client_id": "app"}), combination),
            (json!({"audience": "api"}), combination),
            (json!({"client_id": "app", "audience": "api"}), combination),
            (json!({"user_id": "auth0|1", "audience": "api"}), combination),
            (json!({"ids": ["t1"], "user_id": "auth0|1"}), combination),
            (json!({"ids": ["t1"], "client_id": "app"}), combination),
            (json!({"user_id": "auth0|9"}), "User not found."),
            (
                json!({"ids": vec!["t1"; 101]}),
                "Payload validation error: 'Array is too long (101), maximum 100' on property ids (Array of refresh token IDs \
                 to revoke. Limited to 100 at a time).",
            ),
        ] {
            let (status, error) = send(&tenant, "POST", "/refresh-tokens/revoke", &body);
            assert_eq!((status, error["message"].as_str()), (400, Some(message)), "{body}");
        }
        assert_eq!(left(&tenant).len(), 4);
    }
}
