//! The settings of `impersonate`.

use crate::object::{object, open_enum, setters};
use crate::{JsonObject, Secret};
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
    /// The settings of an impersonation. Parameters that are not modelled are sent unchanged.
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
        /// The id of the user who impersonates.
        pub impersonator_id: Option<String> = "impersonator_id",
        /// The protocol of the login.
        pub protocol: Option<Protocol> = "protocol",
        /// The application to log in to. Defaults to the client's `client_id`.
        pub client_id: Option<String> = "client_id",
        /// Parameters of the login: `response_type`, `state`, `scope`, `callback_url` and others.
        pub additional_parameters: Option<JsonObject> = "additionalParameters",
        /// The token that authorizes the call. It is sent as the bearer token, not in the body.
        pub token: Option<Secret> = "token",
    }
}

impl Impersonation {
    /// Creates the settings of an impersonation by this user, with this protocol.
    pub fn new(impersonator_id: impl Into<String>, protocol: impl Into<Protocol>) -> Self {
        Self {
            impersonator_id: Some(impersonator_id.into()),
            protocol: Some(protocol.into()),
            ..Self::default()
        }
    }

    /// Adds a parameter of the login. A value that cannot be serialized is ignored.
    #[must_use]
    pub fn additional_parameter(mut self, name: impl Into<String>, value: impl Serialize) -> Self {
        if let Ok(value) = serde_json::value::to_raw_value(&value) {
            self.additional_parameters.get_or_insert_with(JsonObject::new).put(name.into(), value);
        }
        self
    }

    /// Adds a parameter of any name, as the Node SDK allows. With the name of a field, it sets that field. A value that cannot be
    /// serialized is ignored.
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
    /// Sets the application to log in to. Defaults to the client's `client_id`.
    client_id: String,
    /// Sets the token that authorizes the call: one of the tenant's global client.
    token: Secret,
});
