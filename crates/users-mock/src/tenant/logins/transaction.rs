//! A login that is under way in a browser.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

/// A login that is under way in a browser: the request to `/authorize`.
#[derive(Clone, Debug)]
pub(crate) struct Transaction {
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    /// What the application named; `None` if it named none.
    pub(crate) given_redirect_uri: Option<String>,
    pub(crate) response_types: Vec<String>,
    pub(crate) response_mode: ResponseMode,
    pub(crate) scopes: Vec<String>,
    pub(crate) audience: Option<String>,
    /// The application's own state, which is returned to it.
    pub(crate) state: Option<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) challenge: Option<Challenge>,
    pub(crate) connection: Option<String>,
    pub(crate) login_hint: Option<String>,
    /// The id of the organization that the login is to.
    pub(crate) organization: Option<String>,
    /// The ticket of the invitation that the login accepts.
    pub(crate) invitation: Option<String>,
    /// Whether the tokens state when the user logged in.
    pub(crate) states_auth_time: bool,
    pub(crate) asks_consent: bool,
    /// Whether no page may be shown: `prompt=none`.
    pub(crate) is_silent: bool,
    /// When it has begun, in milliseconds since 1970.
    pub(crate) began_at: u64,
    /// Who has logged in, and whose second factor or consent is missing.
    pub(crate) user_id: Option<String>,
    pub(crate) proof: Proof,
}

impl Transaction {
    pub(crate) fn returns(&self, kind: &str) -> bool {
        self.response_types.iter().any(|returned| returned == kind)
    }
}

/// How the user of a transaction was authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// By the session of the browser, before the transaction.
    Session,
    /// By a password, or what counts as much.
    FirstFactor,
    /// By the code of an authenticator in addition.
    SecondFactor,
}

/// Where the response to an application is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResponseMode {
    Query,
    Fragment,
    FormPost,
    WebMessage,
}

/// What the verifier of a code must match (RFC 7636).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Challenge {
    S256(String),
    Plain(String),
}

impl Challenge {
    /// `None` if the method is not known.
    pub(crate) fn new(method: &str, challenge: String) -> Option<Self> {
        match method {
            "S256" => Some(Self::S256(challenge)),
            "plain" => Some(Self::Plain(challenge)),
            _ => None,
        }
    }

    pub(crate) fn is_met(&self, verifier: &str) -> bool {
        match self {
            Self::S256(challenge) => *challenge == URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)),
            Self::Plain(challenge) => challenge == verifier,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Challenge;

    #[test]
    fn the_example_of_rfc_7636_is_met() {
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".to_owned();
        let challenge = Challenge::new("S256", challenge).unwrap();
        assert!(challenge.is_met("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
        assert!(!challenge.is_met("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl"));
        assert_eq!(Challenge::new("s256", String::new()), None);
    }
}
