//! The settings of `impersonate`.

use crate::object::{object, open_enum, setters};
use crate::{JsonObject, Secret, UserId};
use serde::Serialize;

open_enum! {
    /// The protocol of the login that an impersonation link starts.
    pub enum Protocol {
        OAuth2 = "oauth2",
        Samlp = "samlp",
        WsFed = "wsfed",
        WsTrust = "wstrust-usernamemixed",
    }
}

object! {
    /// Who impersonates, and by which protocol. Other parameters travel as they are.
    ///
    /// ```
    /// use users_model::{Impersonation, Protocol};
    ///
    /// let settings = Impersonation::new("auth0|support", Protocol::OAuth2)
    ///     .additional_parameter("response_type", "code")
    ///     .additional_parameter("state", "abc");
    /// assert_eq!(
    ///     serde_json::to_string(&settings)?,
    ///     r#"{"impersonator_id":"auth0|support","protocol":"oauth2","additionalParameters":{"response_type":"code","state":"abc"}}"#
    /// );
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub struct Impersonation {
        /// The user who impersonates.
        pub impersonator_id: Option<String> = "impersonator_id",
        /// The protocol of the login.
        pub protocol: Option<Protocol> = "protocol",
        /// The application to log in to; the client's own where absent.
        pub client_id: Option<String> = "client_id",
        /// Parameters of the login: `response_type`, `state`, `scope`, `callback_url` and others.
        pub additional_parameters: Option<JsonObject> = "additionalParameters",
        /// The token that authorises the call. It travels as the bearer token and not in the body.
        pub token: Option<Secret> = "token",
    }
}

impl Impersonation {
    /// An impersonation by this user, with this protocol.
    pub fn new(impersonator_id: impl Into<String>, protocol: impl Into<Protocol>) -> Self {
        Self {
            impersonator_id: Some(impersonator_id.into()),
            protocol: Some(protocol.into()),
            ..Self::default()
        }
    }

    /// Adds a parameter of the login. A value without a JSON form is left out.
    #[must_use]
    pub fn additional_parameter(mut self, name: impl Into<String>, value: impl Serialize) -> Self {
        if let Ok(value) = serde_json::value::to_raw_value(&value) {
            self.additional_parameters.get_or_insert_with(JsonObject::new).put(name.into(), value);
        }
        self
    }

    /// Adds a parameter beside the named ones, as the Node SDK sends whatever it is given; one of a name that has a method is the same as
    /// that. A value without a JSON form is left out.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, value: impl Serialize) -> Self {
        let mut one = JsonObject::new();
        if one.insert(name, value).is_err() {
            return self;
        }
        let Ok(one) = one.to::<Self>() else { return self };
        self.impersonator_id = one.impersonator_id.or(self.impersonator_id);
        self.protocol = one.protocol.or(self.protocol);
        self.client_id = one.client_id.or(self.client_id);
        self.additional_parameters = one.additional_parameters.or(self.additional_parameters);
        self.token = one.token.or(self.token);
        self.unknown.merge(one.unknown);
        self
    }
}

setters!(Impersonation {
    /// The application to log in to; the client's own where absent.
    client_id: String,
    /// The token that authorises the call: one of the tenant's global client.
    token: Secret,
});

impl From<UserId> for String {
    fn from(id: UserId) -> Self {
        id.to_string()
    }
}
