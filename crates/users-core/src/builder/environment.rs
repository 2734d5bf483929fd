//! Settings of clients from environment variables.

use crate::builder::{ApiClient, ClientBuilder};
use crate::descriptor::Api;
use crate::error::Error;
use std::env::{self, VarError};

/// The variables, in the order of the documentation.
const ISSUER: &str = "AUTH0_ISSUER_BASE_URL";
const DOMAIN: &str = "AUTH0_DOMAIN";
const TOKEN: &str = "AUTH0_MANAGEMENT_API_TOKEN";
const CLIENT_ID: &str = "AUTH0_CLIENT_ID";
const CLIENT_SECRET: &str = "AUTH0_CLIENT_SECRET";
const AUDIENCE: &str = "AUTH0_AUDIENCE";

impl<T: ApiClient> ClientBuilder<T> {
    /// Reads settings from the environment variables that Auth0's own SDKs and samples use. A variable that is not set, or is empty, changes
    /// nothing, and what is set on the builder afterwards replaces what was read.
    ///
    /// | Variable | Setting |
    /// |---|---|
    /// | `AUTH0_ISSUER_BASE_URL`, or else `AUTH0_DOMAIN` | [`domain`](Self::domain) |
    /// | `AUTH0_MANAGEMENT_API_TOKEN` | [`token`](Self::token); of a client of the Management API alone |
    /// | `AUTH0_CLIENT_ID` and `AUTH0_CLIENT_SECRET` | the credentials of a machine-to-machine application, unless there is a token; the client id and secret of a client of the Authentication API |
    /// | `AUTH0_AUDIENCE` | the audience of the tokens that are requested, if it ends in `/api/v2/` |
    ///
    /// `AUTH0_BASE_URL` is not read: it is the address of the application itself.
    ///
    /// ```
    /// use users_core::ManagementClient;
    /// # use users_core::{Body, HttpTransport, transport_fn};
    /// # fn my_transport() -> impl HttpTransport { transport_fn(|_, _| async { Ok(http::Response::new(Body::default())) }) }
    ///
    /// let client = ManagementClient::builder(my_transport()).from_env().token("of this program").build();
    /// // Without AUTH0_DOMAIN, the error names it.
    /// # if std::env::var_os("AUTH0_DOMAIN").is_none() && std::env::var_os("AUTH0_ISSUER_BASE_URL").is_none() {
    /// assert!(client.unwrap_err().to_string().contains("AUTH0_DOMAIN"));
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`build`](Self::build) fails if a variable is not UTF-8.
    pub fn from_env(self) -> Self {
        self.with_variables(|name| env::var(name))
    }

    fn with_variables(mut self, read: impl Fn(&str) -> Result<String, VarError>) -> Self {
        let mut unreadable = None;
        let mut get = |name: &str| match read(name) {
            Ok(value) => Some(value).filter(|value| !value.trim().is_empty()),
            Err(VarError::NotPresent) => None,
            Err(VarError::NotUnicode(_)) => {
                unreadable = Some(name.to_owned());
                None
            }
        };
        let domain = get(ISSUER).or_else(|| get(DOMAIN));
        let (token, audience) = (get(TOKEN), get(AUDIENCE));
        let (id, secret) = (get(CLIENT_ID), get(CLIENT_SECRET));
        if let Some(name) = unreadable {
            return self
                .refuse(Error::configuration(format!("the environment variable {name} is not UTF-8")));
        }
        if let Some(domain) = domain {
            self = self.domain(domain);
        }
        match (T::API, token, id, secret) {
            (Api::Management, Some(token), ..) => self.token(token),
            (Api::Management, None, Some(id), Some(secret)) => {
                self.set_client_credentials(id, secret);
                // Applications name the audience of their own API here too.
                self.audience = audience.filter(|audience| audience.ends_with("/api/v2/")).or(self.audience);
                self
            }
            (Api::Management, ..) => self,
            (Api::Authentication, _, id, secret) => {
                self.client_id = id.or(self.client_id);
                self.client_secret = secret.map(Into::into).or(self.client_secret);
                self
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::authentication::AuthenticationClient;
    use crate::builder::ClientBuilder;
    use crate::transport::{Body, HttpTransport, transport_fn};
    use crate::{Error, ManagementClient};
    use std::env::VarError;

    fn transport() -> impl HttpTransport {
        transport_fn(|request: http::Request<bytes::Bytes>, _| async move {
            let text = if request.uri().path() == "/oauth/token" {
                let body = String::from_utf8_lossy(request.body()).replace('"', "'");
                format!(r#"{{"access_token":"{}","expires_in":60,"token_type":"Bearer"}}"#, body.len())
            } else {
                format!(
                    r#"{{"user_id":"{}","name":"{}"}}"#,
                    request.uri(),
                    request.headers()["authorization"].to_str().unwrap_or_default()
                )
            };
            Ok(http::Response::new(Body::from(text)))
        })
    }

    fn read<T: crate::ApiClient>(builder: ClientBuilder<T>, variables: &[(&str, &str)]) -> ClientBuilder<T> {
        builder.with_variables(|name| {
            let found = variables.iter().find(|(other, _)| *other == name);
            found.map(|(_, value)| (*value).to_owned()).ok_or(VarError::NotPresent)
        })
    }

    fn management(variables: &[(&str, &str)]) -> Result<ManagementClient, Error> {
        read(ManagementClient::builder(transport()), variables).build()
    }

    #[test]
    fn a_client_is_built_from_what_is_set() {
        let issuer = ("AUTH0_ISSUER_BASE_URL", "http://localhost:4400/");
        let domain = ("AUTH0_DOMAIN", "tenant.eu.auth0.com");
        let (token, empty) = (("AUTH0_MANAGEMENT_API_TOKEN", "abc"), ("AUTH0_MANAGEMENT_API_TOKEN", ""));
        let (id, secret) = (("AUTH0_CLIENT_ID", "id"), ("AUTH0_CLIENT_SECRET", "secret"));
        for (variables, uri, is_fixed) in [
            (vec![issuer, domain, token, id, secret], "http://localhost:4400/api/v2/users/auth0%7C1", true),
            (vec![domain, token], "https://tenant.eu.auth0.com/api/v2/users/auth0%7C1", true),
            (vec![domain, empty, id, secret], "https://tenant.eu.auth0.com/api/v2/users/auth0%7C1", false),
        ] {
            let client = management(&variables).unwrap();
            let user = futures_executor::block_on(client.users().get("auth0|1").into_future()).unwrap();
            assert_eq!(user.user_id.unwrap().as_str(), uri);
            assert_eq!(user.name.as_deref() == Some("Bearer abc"), is_fixed);
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        for (variables, text) in [
            (vec![("AUTH0_MANAGEMENT_API_TOKEN", "t")], "AUTH0_DOMAIN"),
            (vec![("AUTH0_DOMAIN", "t.example.com")], "no access token"),
            (vec![("AUTH0_DOMAIN", "t.example.com"), ("AUTH0_CLIENT_ID", "id")], "no access token"),
        ] {
            let error = management(&variables).unwrap_err().to_string();
            assert!(error.contains(text), "{error}");
        }
        let builder = ManagementClient::builder(transport());
        let builder = builder.with_variables(|_| Err(VarError::NotUnicode("\u{fffd}".into())));
        assert!(builder.build().unwrap_err().to_string().contains("is not UTF-8"));
    }

    #[test]
    fn an_application_takes_its_id_and_secret_and_what_is_set_afterwards() {
        let variables = [
            ("AUTH0_DOMAIN", "one.example.com"),
            ("AUTH0_CLIENT_ID", "id"),
            ("AUTH0_CLIENT_SECRET", "secret"),
        ];
        let builder = read(AuthenticationClient::builder(transport()), &variables);
        assert!(builder.client_id.as_deref() == Some("id") && builder.client_secret.is_some());
        let client =
            read(ManagementClient::builder(transport()), &variables).domain("two.example.com").token("t");
        let user = futures_executor::block_on(client.build().unwrap().users().get("auth0|1").into_future());
        assert!(user.unwrap().user_id.unwrap().as_str().starts_with("https://two.example.com/"));
    }
}
