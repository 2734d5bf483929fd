//! What the tenant answers where Auth0's behaviour is not known.

use serde::Deserialize;

/// What a [`Tenant`](crate::Tenant) answers where neither Auth0's documentation nor recorded traffic says what Auth0 does.
///
/// Each field has a default, which its documentation names. A test of code that depends on one of them sets what it was written for:
///
/// ```
/// use users_core::model::LinkTarget;
/// use users_mock::{AssumedError, Assumptions, Tenant};
///
/// let mut assumptions = Assumptions::default();
/// assumptions.link_to_itself = AssumedError::new(400, "Main account and the specified account are the same").code("invalid_body");
/// let tenant = Tenant::builder().users(1).assumptions(assumptions).build();
/// let id = tenant.user_ids().remove(0);
/// let users = tenant.management().users();
/// let error = tenant.clock().block_on(async {
///     let (provider, user_id) = id.split_once('|').unwrap();
///     users.link(&id, LinkTarget::account(provider, user_id)).await.unwrap_err()
/// });
/// assert_eq!(error.code(), Some("invalid_body"));
/// ```
///
/// Over HTTP, `users-tenant --assumptions FILE` reads them from a JSON document with these names. An error has the form
/// `{"statusCode": 409, "errorCode": "…", "message": "…"}`, where `errorCode` may be missing; `null` means that there is no error. In errors of
/// the Authentication API, they are `error` and `error_description`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
#[allow(clippy::struct_excessive_bools)] // each is an assumption of its own
pub struct Assumptions {
    /// Linking an account that another link already holds. Documented: 409 and the message. Assumed: the code `auth0_idp_error`.
    pub link_conflict: AssumedError,
    /// Linking a user to itself. Assumed: as a conflict.
    pub link_to_itself: AssumedError,
    /// Linking an account that does not exist. Reported: 400 and the message. Assumed: the code `inexistent_user`.
    pub link_to_unknown_user: AssumedError,
    /// Linking a user to whom other accounts are linked. Assumed: no error, and all of them are moved.
    pub link_of_linked_user: Option<AssumedError>,
    /// Unlinking the primary identity. Assumed: no error, and nothing changes.
    pub unlink_primary: Option<AssumedError>,
    /// Updating two attributes that Auth0 refuses together, `{one}` and `{other}`. Reported: the message. Assumed: 400 without a code.
    pub update_together: AssumedError,
    /// Updating the user name together with the e-mail address. Assumed: no error, and both change.
    pub update_username_and_email: Option<AssumedError>,
    /// Setting the user name of a user without one. Reported: the message. Assumed: 400 without a code.
    pub set_username: AssumedError,
    /// Updating a user who has no account in the `{connection}` that the body names. Assumed: 400 `inexistent_connection`.
    pub update_of_other_connection: AssumedError,
    /// A password of more than 72 bytes, the most that bcrypt reads. Documented: the limit. Assumed: the error. `null` accepts it.
    pub long_password: Option<AssumedError>,
    /// Changing the e-mail address of a user of an enterprise connection. Documented: the message. Assumed: 400
    /// `operation_not_supported`.
    pub update_enterprise_email: AssumedError,
    /// A metadata key `{key}` of `{property}` with a dot or a dollar sign. Documented: such keys are not allowed. Assumed: the error.
    /// `null` accepts them.
    pub metadata_key: Option<AssumedError>,
    /// A key `{key}` that Auth0 reserves in `app_metadata`, for example `email`. Documented: such keys are not allowed. Assumed: the
    /// error. `null` accepts them.
    pub app_metadata_key: Option<AssumedError>,
    /// Sorting users by `{field}`, which cannot be sorted by. Assumed: an error of validation.
    pub sort: AssumedError,
    /// A search query that is not valid, for `{reason}`. Assumed: 400 `invalid_query_string`, and the message.
    pub query: AssumedError,
    /// A page of users that begins within the first 1000 and ends behind them. Assumed: no error, and the users of the first 1000.
    pub page_across_window: Option<AssumedError>,
    /// A further import while two are not finished; see [`TenantBuilder::job_duration`](crate::TenantBuilder::job_duration). Documented in
    /// former versions: 429, the message, and no code.
    pub third_import: AssumedError,
    /// Deleting what belongs to a user who does not exist. Documented for some of the endpoints: 404 `inexistent_user`. `null` lets it
    /// succeed.
    pub delete_of_unknown_user: Option<AssumedError>,
    /// A self-service token of another user. Documented: 403 and the message. Assumed: no code.
    pub another_subject: AssumedError,
    /// A role with a name that exists. Documented: 409 and the message. Assumed: no code.
    pub role_conflict: AssumedError,
    /// Adding a user who does not exist to an organization. Assumed: as for other endpoints, 404 `inexistent_user`.
    pub unknown_member: AssumedError,
    /// A header `auth0-custom-domain` that names a domain `{domain}` which the tenant does not have. Assumed: 400
    /// `inexistent_custom_domain`, and the message.
    pub unknown_custom_domain: AssumedError,
    /// Whether a change of the password by a link ends the user's refresh tokens, as it ends the sessions. Assumed: it does. Auth0's staff
    /// has said that it does not.
    pub password_change_revokes_refresh_tokens: bool,
    /// A ticket for a change of password by the address of a user in a connection `{connection}` that does not exist. Assumed: no error, and
    /// the first user with the address, so that recorded requests can be replayed without their connections.
    pub ticket_of_unknown_connection: Option<AssumedError>,
    /// The right password of a blocked user at the token endpoint. Assumed: 403, as interactive logins are reported to the application.
    pub blocked_password_login: AssumedError,
    /// A request to the token endpoint without a `{parameter}`, which is `grant_type`, `code` or `realm`. Assumed: 400 `invalid_request`, and the text.
    pub missing_parameter: AssumedError,
    /// A login with a realm that does not exist. Documented: that it is an error. Assumed: which.
    pub unknown_realm: AssumedError,
    /// The time in which an authorization code can be exchanged, in seconds. Said by Auth0's staff: ten minutes.
    pub code_lifetime: u32,
    /// Another `redirect_uri` at the token endpoint than at the authorization endpoint. Assumed: 403 `invalid_grant`.
    pub wrong_redirect_uri: AssumedError,
    /// A code with the wrong verifier. Documented: the error. Assumed: it cannot be used again.
    pub wrong_verifier_voids_code: bool,
    /// An MFA token that has expired. Known of Auth0's libraries: the code and the text. Assumed: 401.
    pub expired_mfa_token: AssumedError,
    /// The login of a user `{user}` to an organization `{organization}` that the user is no member of. Documented: `access_denied`. Assumed:
    /// the text. The status is of no use, since the application reads it in the address of its callback.
    pub not_a_member: AssumedError,
    /// What applications are given as the description of `login_required`, where a session is asked for and there is none. Documented in an
    /// example: `Login required`.
    pub login_required: String,
    /// Whether the authorization endpoint reports an audience or a connection that does not exist to the user, on a page, and not to the
    /// application. Assumed: to the application.
    pub reports_unknown_audience_on_page: bool,
    /// Whether the ID token for a code has a hash of the access token, `at_hash`. Documented, and not so in public samples. Assumed: it has
    /// none.
    pub code_exchange_has_at_hash: bool,
    /// Whether access tokens for a refresh token have the claim `gty`. Documented: they have, and not for which of them.
    pub refreshed_token_has_gty: bool,
    /// Whether a successful login begins the count of failed ones anew. Assumed: it does, since Auth0 counts consecutive ones.
    pub login_resets_failures: bool,
    /// Whether a change of the password by a link that the user has asked for verifies the e-mail address. Assumed: it does.
    pub requested_change_verifies_email: bool,
    /// Whether the log has an entry `s` for a login with a one-time code that was sent. Auth0 documents no entry for it. Assumed: it has.
    pub logs_passcode_logins: bool,
    /// Whether the use of a refresh token that does not rotate returns the token. Documented: it does not.
    pub non_rotating_exchange_returns_token: bool,
    /// The sign-up of a user who exists. Known of Auth0's libraries: this, or `user_exists` if a flag of the tenant is set.
    pub signup_of_existing_user: AssumedError,
    /// A change of password that is requested for an address which nobody has. Documented twice: as a success, and as 404. Assumed: a
    /// success, `null`.
    pub change_password_of_unknown_user: Option<AssumedError>,
    /// The address that impersonation answers, of `{origin}` and `{ticket}`.
    pub impersonation_url: String,
    /// Headers that errors of the Management API have in addition, by status, as in `[{"statusCode": 429, "name": "retry-after", "value": "2"}]`. Assumed: none.
    pub error_headers: Vec<ErrorHeader>,
    /// Whether a 429 of the Management API has the `x-ratelimit` headers. Documented: it has.
    pub rate_limit_headers: bool,
}

/// An error that is assumed of Auth0.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct AssumedError {
    /// The status, 400 to 599.
    pub status_code: u16,
    /// The error code, if there is one.
    #[serde(default)]
    pub error_code: Option<String>,
    /// The message. Placeholders that the field's documentation names are replaced.
    pub message: String,
}

impl AssumedError {
    /// An error without a code.
    pub fn new(status_code: u16, message: impl Into<String>) -> Self {
        Self { status_code, error_code: None, message: message.into() }
    }

    /// Sets the error code.
    #[must_use]
    pub fn code(mut self, code: impl Into<String>) -> Self {
        self.error_code = Some(code.into());
        self
    }
}

/// A header of errors with a status.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct ErrorHeader {
    /// The status of the errors.
    pub status_code: u16,
    /// The name of the header.
    pub name: String,
    /// The value of the header.
    pub value: String,
}

impl ErrorHeader {
    /// A header of errors with a status.
    pub fn new(status_code: u16, name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { status_code, name: name.into(), value: value.into() }
    }
}

impl Default for Assumptions {
    fn default() -> Self {
        let error = AssumedError::new;
        let linked = error(409, "Specified identity already exists.").code("auth0_idp_error");
        let unknown_user = error(404, "The user does not exist.").code("inexistent_user");
        Self {
            link_conflict: linked.clone(),
            link_to_itself: linked,
            link_to_unknown_user: error(400, "Linking to an inexistent identity is not allowed.")
                .code("inexistent_user"),
            link_of_linked_user: None,
            unlink_primary: None,
            update_together: error(400, "Cannot update {one} and {other} simultaneously"),
            update_username_and_email: None,
            set_username: error(400, "Cannot update username for users without an username already set."),
            update_of_other_connection: error(400, "The connection does not exist.").code("inexistent_connection"),
            long_password: Some(error(400, "PasswordStrengthError: Password is longer than 72 bytes")),
            update_enterprise_email: error(400, "Cannot update email for this user")
                .code("operation_not_supported"),
            metadata_key: Some(
                error(
                    400,
                    "Payload validation error: 'Keys must not contain . or $: {key}' on property {property}.",
                )
                .code("invalid_body"),
            ),
            app_metadata_key: Some(
                error(
                    400,
                    "Payload validation error: 'Additional properties not allowed: {key}' on property app_metadata.",
                )
                .code("invalid_body"),
            ),
            sort: error(400, "Query validation error: 'Cannot sort by {field}' on property sort.")
                .code("invalid_query_string"),
            query: error(400, "The query cannot be used: {reason}.").code("invalid_query_string"),
            page_across_window: None,
            third_import: error(
                429,
                "There are 2 active import users jobs, please wait until some of them are finished and try again",
            ),
            delete_of_unknown_user: Some(unknown_user.clone()),
            another_subject: error(403, "User to be acted on does not match subject in bearer token."),
            role_conflict: error(409, "The role already exists."),
            unknown_member: unknown_user,
            unknown_custom_domain: error(400, "The custom domain {domain} does not exist.")
                .code("inexistent_custom_domain"),
            password_change_revokes_refresh_tokens: true,
            ticket_of_unknown_connection: None,
            blocked_password_login: error(403, "user is blocked").code("unauthorized"),
            missing_parameter: error(400, "Missing required parameter: {parameter}").code("invalid_request"),
            code_lifetime: 600,
            unknown_realm: error(400, "The realm does not exist.").code("invalid_request"),
            wrong_redirect_uri: error(
                403,
                "The redirect URI is wrong. You sent another one than to the authorization endpoint",
            )
            .code("invalid_grant"),
            wrong_verifier_voids_code: true,
            expired_mfa_token: error(401, "mfa_token is expired").code("expired_token"),
            not_a_member: error(403, "user {user} is not part of the {organization} organization")
                .code("access_denied"),
            login_required: "Login required".to_owned(),
            reports_unknown_audience_on_page: false,
            code_exchange_has_at_hash: false,
            refreshed_token_has_gty: true,
            login_resets_failures: true,
            requested_change_verifies_email: true,
            logs_passcode_logins: true,
            non_rotating_exchange_returns_token: false,
            signup_of_existing_user: error(400, "Invalid sign up").code("invalid_signup"),
            change_password_of_unknown_user: None,
            impersonation_url: "{origin}/login/callback?connection=impersonation&ticket={ticket}".to_owned(),
            error_headers: Vec::new(),
            rate_limit_headers: true,
        }
    }
}
