//! Which certificates are trusted, and whose cryptography checks them.

use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;
use std::sync::Arc;
use users_core::{Sent, TransportError, TransportErrorKind};

/// What a connection needs for TLS.
#[derive(Clone)]
pub(crate) struct Tls {
    /// Without ALPN: who speaks what is for the caller to say.
    config: ClientConfig,
    /// This machine trusts nobody and neither did the caller: every handshake will fail.
    pub(crate) no_roots: bool,
}

impl Tls {
    /// Trusts what the platform trusts, and these roots besides.
    pub(crate) fn new(extra_roots: Vec<CertificateDer<'static>>) -> Result<Self, TransportError> {
        let Some(provider) = provider() else {
            let message = "users-hyper was built without cryptography: switch on its feature `ring` (the default) or `aws-lc-rs`";
            return Err(TransportError::new(TransportErrorKind::Tls, Sent::No, message));
        };
        let provider = Arc::new(provider);
        let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| unusable("TLS cannot be set up", error))?;
        let bare = extra_roots.is_empty();
        match Verifier::new_with_extra_roots(extra_roots, provider) {
            Ok(verifier) => {
                let config = config.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
                Ok(Self { config: config.with_no_client_auth(), no_roots: false })
            }
            // A machine without any certificates can still talk to loopback, so the complaint comes at the first handshake.
            Err(_) if bare => {
                let config = config.with_root_certificates(RootCertStore::empty());
                Ok(Self { config: config.with_no_client_auth(), no_roots: true })
            }
            Err(error) => Err(unusable("a root certificate cannot be used", error)),
        }
    }

    /// The configuration for a connection on which these protocols may be chosen.
    pub(crate) fn offering(&self, protocols: &[&[u8]]) -> Arc<ClientConfig> {
        let mut config = self.config.clone();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        Arc::new(config)
    }
}

/// The certificates of a PEM file.
pub(crate) fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TransportError> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|error| unusable("the root certificates are not PEM", error))?;
    if found.is_empty() {
        let message = "the root certificates' PEM holds no certificate";
        return Err(TransportError::new(TransportErrorKind::Invalid, Sent::No, message));
    }
    Ok(found)
}

fn unusable(what: &str, error: impl std::error::Error + Send + Sync + 'static) -> TransportError {
    TransportError::new(TransportErrorKind::Invalid, Sent::No, format!("{what}: {error}")).with_source(error)
}

/// The cryptography that was chosen by feature; ring where both were.
fn provider() -> Option<CryptoProvider> {
    #[cfg(feature = "ring")]
    let provider = Some(rustls::crypto::ring::default_provider());
    #[cfg(all(feature = "aws-lc-rs", not(feature = "ring")))]
    let provider = Some(rustls::crypto::aws_lc_rs::default_provider());
    #[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
    let provider = None;
    provider
}
