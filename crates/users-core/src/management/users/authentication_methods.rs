//! The authentication methods of a user: second factors and passkeys.

use super::of_user::OfUser;
use crate::call::Call;
use crate::descriptor::Descriptor;
use crate::operation_macro::operations;
use crate::paging::List;
use crate::response::{decode_empty, decode_model};
use users_model::{
    AuthenticationMethod, AuthenticationMethodReplacement, AuthenticationMethodUpdate,
    NewAuthenticationMethod, Page, UserId,
};

/// The authentication methods of a user: second factors and passkeys.
///
/// ```
/// # async fn example(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
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
    /// Lists the authentication methods. E-mail addresses and phone numbers are masked.
    ///
    /// `GET /users/{id}/authentication-methods`, scope `read:authentication_methods`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/get-authentication-methods>
    #[inline]
    pub fn list(&self) -> Call<ListAuthenticationMethods> {
        self.0.call(ListAuthenticationMethods::new)
    }

    /// Adds an authentication method.
    ///
    /// `POST /users/{id}/authentication-methods`, scope `create:authentication_methods`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/post-authentication-methods>
    #[inline]
    pub fn create(&self, method: NewAuthenticationMethod) -> Call<CreateAuthenticationMethod> {
        self.0.call(|id| CreateAuthenticationMethod::new(id, method))
    }

    /// Replaces all authentication methods. The new ones are phones, e-mail addresses and one-time password generators.
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

    /// Gets an authentication method.
    ///
    /// `GET /users/{id}/authentication-methods/{authentication_method_id}`, scope `read:authentication_methods`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/get-authentication-methods-by-authentication-method-id>
    pub fn get(&self, authentication_method_id: impl Into<String>) -> Call<GetAuthenticationMethod> {
        self.0.call(|id| GetAuthenticationMethod::new(id, authentication_method_id))
    }

    /// Updates an authentication method.
    ///
    /// `PATCH /users/{id}/authentication-methods/{authentication_method_id}`, scope `update:authentication_methods`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/patch-authentication-methods-by-authentication-method-id>
    pub fn update(
        &self,
        authentication_method_id: impl Into<String>,
        update: AuthenticationMethodUpdate,
    ) -> Call<UpdateAuthenticationMethod> {
        self.0.call(|id| UpdateAuthenticationMethod::new(id, authentication_method_id, update))
    }

    /// Deletes an authentication method.
    ///
    /// `DELETE /users/{id}/authentication-methods/{authentication_method_id}`, scope `delete:authentication_methods`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/delete-authentication-methods-by-authentication-method-id>
    pub fn delete(&self, authentication_method_id: impl Into<String>) -> Call<DeleteAuthenticationMethod> {
        self.0.call(|id| DeleteAuthenticationMethod::new(id, authentication_method_id))
    }

    /// Deletes all authentication methods.
    ///
    /// `DELETE /users/{id}/authentication-methods`, scope `delete:authentication_methods`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/delete-authentication-methods>
    #[inline]
    pub fn delete_all(&self) -> Call<DeleteAuthenticationMethods> {
        self.0.call(DeleteAuthenticationMethods::new)
    }

    /// Deletes all Guardian authenticators.
    ///
    /// `DELETE /users/{id}/authenticators`, scope `delete:guardian_enrollments`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/delete-authenticators>
    #[inline]
    pub fn delete_authenticators(&self) -> Call<DeleteAuthenticators> {
        self.0.call(DeleteAuthenticators::new)
    }
}

operations! {
    /// `GET /users/{id}/authentication-methods`. See
    /// [`AuthenticationMethods::list`](crate::management::AuthenticationMethods::list).
    operation ListAuthenticationMethods {
        Descriptor::get("users.authentication_methods.list", "/users/{id}/authentication-methods")
            .scopes(&[&["read:authentication_methods"]])
            .node("users.authenticationMethods.list");
        path { id: UserId }
        page { OffsetPaging of AuthenticationMethod, List::PLAIN }
        decode { decode_model: Page<AuthenticationMethod> }
    }

    /// `POST /users/{id}/authentication-methods`. See
    /// [`AuthenticationMethods::create`](crate::management::AuthenticationMethods::create).
    operation CreateAuthenticationMethod {
        Descriptor::post("users.authentication_methods.create", "/users/{id}/authentication-methods")
            .scopes(&[&["create:authentication_methods"]])
            .node("users.authenticationMethods.create");
        path { id: UserId }
        body { body: NewAuthenticationMethod }
        decode { decode_model: AuthenticationMethod }
    }

    /// `PUT /users/{id}/authentication-methods`. See
    /// [`AuthenticationMethods::replace_all`](crate::management::AuthenticationMethods::replace_all).
    operation ReplaceAuthenticationMethods {
        Descriptor::put("users.authentication_methods.replace_all", "/users/{id}/authentication-methods")
            .scopes(&[&["update:authentication_methods"]])
            .node("users.authenticationMethods.set");
        path { id: UserId }
        body { body: Vec<AuthenticationMethodReplacement> }
        decode { decode_model: Vec<AuthenticationMethod> }
    }

    /// `GET /users/{id}/authentication-methods/{authentication_method_id}`. See
    /// [`AuthenticationMethods::get`](crate::management::AuthenticationMethods::get).
    operation GetAuthenticationMethod {
        Descriptor::get("users.authentication_methods.get", "/users/{id}/authentication-methods/{authentication_method_id}")
            .scopes(&[&["read:authentication_methods"]])
            .node("users.authenticationMethods.get");
        path { id: UserId, authentication_method_id: String }
        decode { decode_model: AuthenticationMethod }
    }

    /// `PATCH /users/{id}/authentication-methods/{authentication_method_id}`. See
    /// [`AuthenticationMethods::update`](crate::management::AuthenticationMethods::update).
    operation UpdateAuthenticationMethod {
        Descriptor::patch("users.authentication_methods.update", "/users/{id}/authentication-methods/{authentication_method_id}")
            .scopes(&[&["update:authentication_methods"]])
            .node("users.authenticationMethods.update");
        path { id: UserId, authentication_method_id: String }
        body { body: AuthenticationMethodUpdate }
        decode { decode_model: AuthenticationMethod }
    }

    /// `DELETE /users/{id}/authentication-methods/{authentication_method_id}`. See
    /// [`AuthenticationMethods::delete`](crate::management::AuthenticationMethods::delete).
    operation DeleteAuthenticationMethod {
        Descriptor::delete("users.authentication_methods.delete", "/users/{id}/authentication-methods/{authentication_method_id}")
            .scopes(&[&["delete:authentication_methods"]])
            .node("users.authenticationMethods.delete");
        path { id: UserId, authentication_method_id: String }
        decode { decode_empty: () }
    }

    /// `DELETE /users/{id}/authentication-methods`. See
    /// [`AuthenticationMethods::delete_all`](crate::management::AuthenticationMethods::delete_all).
    operation DeleteAuthenticationMethods {
        Descriptor::delete("users.authentication_methods.delete_all", "/users/{id}/authentication-methods")
            .scopes(&[&["delete:authentication_methods"]])
            .node("users.authenticationMethods.deleteAll");
        path { id: UserId }
        decode { decode_empty: () }
    }

    /// `DELETE /users/{id}/authenticators`. See
    /// [`AuthenticationMethods::delete_authenticators`](crate::management::AuthenticationMethods::delete_authenticators).
    operation DeleteAuthenticators {
        Descriptor::delete("users.authentication_methods.delete_authenticators", "/users/{id}/authenticators")
            .scopes(&[&["delete:guardian_enrollments"]])
            .node("users.authenticators.deleteAll");
        path { id: UserId }
        decode { decode_empty: () }
    }
}
