//! TLS configuration: trusted certificates and the cryptography provider.

use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;
use std::sync::Arc;
use users_core::{Sent, TransportError, TransportErrorKind};

/// The TLS configuration of connections.
#[derive(Clone)]
pub(crate) struct Tls {
    /// Without ALPN, which the caller sets.
    config: ClientConfig,
    /// Neither the platform nor the caller has root certificates: every handshake will fail.
    pub(crate) no_roots: bool,
}

impl Tls {
    /// Trusts the platform's root certificates and these.
    pub(crate) fn new(extra_roots: Vec<CertificateDer<'static>>) -> Result<Self, TransportError> {
        let Some(provider) = provider() else {
            let message = "users-hyper was built without cryptography: enable its feature `ring` (the default) or `aws-lc-rs`";
            return Err(TransportError::new(TransportErrorKind::Tls, Sent::No, message));
        };
        let provider = Arc::new(provider);
        let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| unusable("TLS cannot be configured", error))?;
        let has_no_extra_roots = extra_roots.is_empty();
        match Verifier::new_with_extra_roots(extra_roots, provider) {
            Ok(verifier) => {
                let config = config.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
                Ok(Self { config: config.with_no_client_auth(), no_roots: false })
            }
            // A machine without certificates can still use plain HTTP on loopback, so only handshakes fail.
            Err(_) if has_no_extra_roots => {
                let config = config.with_root_certificates(RootCertStore::empty());
                Ok(Self { config: config.with_no_client_auth(), no_roots: true })
            }
            Err(error) => Err(unusable("a root certificate cannot be used", error)),
        }
    }

    /// The configuration of a connection that offers these protocols.
    pub(crate) fn with_alpn(&self, protocols: &[&[u8]]) -> Arc<ClientConfig> {
        let mut config = self.config.clone();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        Arc::new(config)
    }
}

/// Parses the certificates of a PEM text.
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

/// The cryptography provider selected by feature; ring if both are enabled.
fn provider() -> Option<CryptoProvider> {
    #[cfg(feature = "ring")]
    let provider = Some(rustls::crypto::ring::default_provider());
    #[cfg(all(feature = "aws-lc-rs", not(feature = "ring")))]
    let provider = Some(rustls::crypto::aws_lc_rs::default_provider());
    #[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
    let provider = None;
    provider
}
