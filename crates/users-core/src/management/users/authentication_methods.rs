//! The second factors and passkeys of a user.

use super::OfUser;
use crate::call::Call;
use crate::descriptor::{Api, Descriptor};
use crate::operation_macro::operation;
use crate::paging::paged_by_offset;
use users_model::{
    AuthenticationMethod, AuthenticationMethodReplacement, AuthenticationMethodUpdate,
    NewAuthenticationMethod, Page, UserId,
};

/// The second factors and passkeys of a user.
///
/// ```
/// # async fn story(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
/// use users_core::model::NewAuthenticationMethod;
///
/// let methods = users.authentication_methods("auth0|1");
/// let phone = methods.create(NewAuthenticationMethod::new("phone").phone_number("+441632960044")).await?;
/// methods.delete(phone.id.unwrap_or_default()).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct AuthenticationMethods(pub(super) OfUser);

impl AuthenticationMethods {
    /// Lists them. Addresses and numbers are masked.
    ///
    /// `GET /users/{id}/authentication-methods`, scope `read:authentication_methods`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/get-authentication-methods>
    pub fn list(&self) -> Call<ListAuthenticationMethods> {
        self.0.call(ListAuthenticationMethods::new)
    }

    /// Adds one.
    ///
    /// `POST /users/{id}/authentication-methods`, scope `create:authentication_methods`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/post-authentication-methods>
    pub fn create(&self, method: NewAuthenticationMethod) -> Call<CreateAuthenticationMethod> {
        self.0.call(|id| CreateAuthenticationMethod::new(id, method))
    }

    /// Replaces all of them by these, which are phones, mail addresses and code generators.
    ///
    /// `PUT /users/{id}/authentication-methods`, scope `update:authentication_methods`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/put-authentication-methods>
    pub fn replace_all(
        &self,
        methods: impl IntoIterator<Item = AuthenticationMethodReplacement>,
    ) -> Call<ReplaceAuthenticationMethods> {
        let methods = methods.into_iter().collect();
        self.0.call(|id| ReplaceAuthenticationMethods::new(id, methods))
    }

    /// Reads one.
    ///
    /// `GET /users/{id}/authentication-methods/{authentication_method_id}`, scope `read:authentication_methods`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/get-authentication-methods-by-authentication-method-id>
    pub fn get(&self, authentication_method_id: impl Into<String>) -> Call<GetAuthenticationMethod> {
        self.0.call(|id| GetAuthenticationMethod::new(id, authentication_method_id.into()))
    }

    /// Changes one.
    ///
    /// `PATCH /users/{id}/authentication-methods/{authentication_method_id}`, scope `update:authentication_methods`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/patch-authentication-methods-by-authentication-method-id>
    pub fn update(
        &self,
        authentication_method_id: impl Into<String>,
        update: AuthenticationMethodUpdate,
    ) -> Call<UpdateAuthenticationMethod> {
        self.0.call(|id| UpdateAuthenticationMethod::new(id, authentication_method_id.into(), update))
    }

    /// Takes one away.
    ///
    /// `DELETE /users/{id}/authentication-methods/{authentication_method_id}`, scope `delete:authentication_methods`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/delete-authentication-methods-by-authentication-method-id>
    pub fn delete(&self, authentication_method_id: impl Into<String>) -> Call<DeleteAuthenticationMethod> {
        self.0.call(|id| DeleteAuthenticationMethod::new(id, authentication_method_id.into()))
    }

    /// Takes all of them away.
    ///
    /// `DELETE /users/{id}/authentication-methods`, scope `delete:authentication_methods`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/delete-authentication-methods>
    pub fn delete_all(&self) -> Call<DeleteAuthenticationMethods> {
        self.0.call(DeleteAuthenticationMethods::new)
    }

    /// Takes all Guardian authenticators away.
    ///
    /// `DELETE /users/{id}/authenticators`, scope `delete:guardian_enrollments`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/delete-authenticators>
    pub fn delete_authenticators(&self) -> Call<DeleteAuthenticators> {
        self.0.call(DeleteAuthenticators::new)
    }
}

operation! {
    /// `GET /users/{id}/authentication-methods`
    ListAuthenticationMethods = Descriptor::get("users.authentication_methods.list", Api::Management, "/users/{id}/authentication-methods", &["read:authentication_methods"]);
    path { id: UserId }
    query {
        /// Which page, from 0. A stream begins here.
        page: u32,
        /// How many a page holds, at most 100. A stream asks for 100.
        per_page: u32,
        /// Whether the page says how many there are in all.
        include_totals: bool,
    }
    answer { decode_json: Page<AuthenticationMethod> }
}

paged_by_offset!(ListAuthenticationMethods of AuthenticationMethod);

operation! {
    /// `POST /users/{id}/authentication-methods`
    CreateAuthenticationMethod = Descriptor::post("users.authentication_methods.create", Api::Management, "/users/{id}/authentication-methods", &["create:authentication_methods"]);
    path { id: UserId }
    body { body: NewAuthenticationMethod }
    answer { decode_json: AuthenticationMethod }
}

operation! {
    /// `PUT /users/{id}/authentication-methods`
    ReplaceAuthenticationMethods = Descriptor::put("users.authentication_methods.replace_all", Api::Management, "/users/{id}/authentication-methods", &["update:authentication_methods"]);
    path { id: UserId }
    body { body: Vec<AuthenticationMethodReplacement> }
    answer { decode_json: Vec<AuthenticationMethod> }
}

operation! {
    /// `GET /users/{id}/authentication-methods/{authentication_method_id}`
    GetAuthenticationMethod = Descriptor::get("users.authentication_methods.get", Api::Management, "/users/{id}/authentication-methods/{authentication_method_id}", &["read:authentication_methods"]);
    path { id: UserId, authentication_method_id: String }
    answer { decode_json: AuthenticationMethod }
}

operation! {
    /// `PATCH /users/{id}/authentication-methods/{authentication_method_id}`
    UpdateAuthenticationMethod = Descriptor::patch("users.authentication_methods.update", Api::Management, "/users/{id}/authentication-methods/{authentication_method_id}", &["update:authentication_methods"]);
    path { id: UserId, authentication_method_id: String }
    body { body: AuthenticationMethodUpdate }
    answer { decode_json: AuthenticationMethod }
}

operation! {
    /// `DELETE /users/{id}/authentication-methods/{authentication_method_id}`
    DeleteAuthenticationMethod = Descriptor::delete("users.authentication_methods.delete", Api::Management, "/users/{id}/authentication-methods/{authentication_method_id}", &["delete:authentication_methods"]);
    path { id: UserId, authentication_method_id: String }
    answer { decode_empty: () }
}

operation! {
    /// `DELETE /users/{id}/authentication-methods`
    DeleteAuthenticationMethods = Descriptor::delete("users.authentication_methods.delete_all", Api::Management, "/users/{id}/authentication-methods", &["delete:authentication_methods"]);
    path { id: UserId }
    answer { decode_empty: () }
}

operation! {
    /// `DELETE /users/{id}/authenticators`
    DeleteAuthenticators = Descriptor::delete("users.authentication_methods.delete_authenticators", Api::Management, "/users/{id}/authenticators", &["delete:guardian_enrollments"]);
    path { id: UserId }
    answer { decode_empty: () }
}
