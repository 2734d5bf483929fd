//! Authorization codes.

use crate::tenant::logins::transaction::Challenge;

/// A user who has logged in, and how.
#[derive(Clone, Debug)]
pub(crate) struct Authenticated {
    pub(crate) user_id: String,
    /// The session of a browser; `None` for a login without one.
    pub(crate) session_id: Option<String>,
    /// When the user logged in, in seconds since 1970, if the tokens are to state it.
    pub(crate) auth_time: Option<u64>,
    pub(crate) is_mfa: bool,
    /// The id of the organization that the login was to.
    pub(crate) organization: Option<String>,
    /// The grant, as access tokens name it; `None` in a browser.
    pub(crate) grant: Option<&'static str>,
}

/// What an authorization code stands for.
#[derive(Clone, Debug)]
pub(crate) struct Code {
    pub(crate) client_id: String,
    /// `None` if the authorization request named none.
    pub(crate) redirect_uri: Option<String>,
    pub(crate) challenge: Option<Challenge>,
    pub(crate) login: Authenticated,
    pub(crate) scopes: Vec<String>,
    pub(crate) audience: Option<String>,
    pub(crate) nonce: Option<String>,
}
