//! TLS configuration: trusted certificates, the client's certificate and the cryptography provider.

use crate::pem;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{
    ClientConfig, DigitallySignedStruct, InconsistentKeys, OtherError, RootCertStore, SignatureScheme,
};
use rustls_platform_verifier::Verifier;
use std::error::Error as StdError;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use users_core::{Sent, TransportError, TransportErrorKind};

pub(crate) const NO_CRYPTOGRAPHY: &str =
    "users-hyper was built without cryptography: enable its feature `ring` (the default) or `aws-lc-rs`";

/// The TLS configuration of connections.
#[derive(Clone)]
pub(crate) struct Tls {
    /// Without ALPN and without a client certificate.
    config: ClientConfig,
    client_certificate: Option<Arc<SingleCertAndKey>>,
}

impl Tls {
    /// Trusts the platform's root certificates, which the first handshake loads, and these.
    pub(crate) fn new(
        extra_roots: Vec<CertificateDer<'static>>,
        client_certificate: Option<Arc<CertifiedKey>>,
    ) -> Result<Self, TransportError> {
        let Some(provider) = provider() else {
            return Err(TransportError::new(TransportErrorKind::Tls, Sent::No, NO_CRYPTOGRAPHY));
        };
        let provider = Arc::new(provider);
        let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| unusable("TLS cannot be configured", error))?;
        let mut checked = RootCertStore::empty();
        for root in &extra_roots {
            checked
                .add(root.clone())
                .map_err(|error| unusable("a root certificate cannot be used", error))?;
        }
        let verifier = LateVerifier { extra_roots, provider, platform: Mutex::default() };
        let config = config.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
        let client_certificate = client_certificate.map(|certificate| Arc::new(certificate.into()));
        Ok(Self { config: config.with_no_client_auth(), client_certificate })
    }

    /// The configuration of a connection to a server, which offers these protocols.
    pub(crate) fn to_server(&self, protocols: &[&[u8]]) -> Arc<ClientConfig> {
        let mut config = self.config.clone();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        if let Some(certificate) = &self.client_certificate {
            config.client_auth_cert_resolver = Arc::<SingleCertAndKey>::clone(certificate);
        }
        Arc::new(config)
    }

    /// The configuration of a connection to a proxy, which is sent `CONNECT` over HTTP/1.1. It does not learn the client's identity.
    pub(crate) fn to_proxy(&self) -> Arc<ClientConfig> {
        let mut config = self.config.clone();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Arc::new(config)
    }
}

/// The platform's verifier, made at the first handshake: reading its root certificates takes a hundred times as long as a call.
#[derive(Debug)]
struct LateVerifier {
    extra_roots: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
    /// `None` until a handshake has loaded the root certificates.
    platform: Mutex<Option<Arc<Verifier>>>,
}

impl LateVerifier {
    /// A failure is not kept: the certificates may be installed meanwhile.
    fn platform(&self) -> Result<Arc<Verifier>, rustls::Error> {
        let mut platform = self.platform.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(verifier) = &*platform {
            return Ok(Arc::clone(verifier));
        }
        let verifier =
            Verifier::new_with_extra_roots(self.extra_roots.iter().cloned(), Arc::clone(&self.provider))
                .map_err(|error| rustls::Error::Other(OtherError(Arc::new(NoRoots(error)))))?;
        Ok(Arc::clone(platform.insert(Arc::new(verifier))))
    }
}

impl ServerCertVerifier for LateVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.platform()?.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// The platform's root certificates cannot be loaded, or there are none.
#[derive(Debug)]
pub(crate) struct NoRoots(rustls::Error);

impl fmt::Display for NoRoots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "this machine has no usable root certificates, and none were added ({}); install them, as with the package \
             ca-certificates, or call add_root_certificate_pem",
            self.0
        )
    }
}

impl StdError for NoRoots {}

/// Parses root certificates.
pub(crate) fn root_certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TransportError> {
    let refuse = |message| TransportError::new(TransportErrorKind::Invalid, Sent::No, message);
    let found = pem::certificates(pem).ok_or_else(|| refuse("the root certificates are not PEM"))?;
    if found.is_empty() {
        return Err(refuse("the root certificates' PEM holds no certificate"));
    }
    Ok(found)
}

/// Parses a client certificate with its chain and its private key.
pub(crate) fn client_certificate(pem: &[u8]) -> Result<Arc<CertifiedKey>, String> {
    let provider = provider().ok_or(NO_CRYPTOGRAPHY)?;
    let key = pem::private_key(pem, &provider)?;
    let chain = pem::certificates(pem).ok_or(pem::INVALID)?;
    if chain.is_empty() {
        return Err("the PEM holds no client certificate, only a private key".to_owned());
    }
    let certificate = CertifiedKey::new(chain, key);
    match certificate.keys_match() {
        Ok(()) | Err(rustls::Error::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(Arc::new(certificate)),
        Err(rustls::Error::InconsistentKeys(_)) => {
            Err("the private key is not that of the first certificate; the client's own certificate must precede those \
                 of its authorities"
                .to_owned())
        }
        Err(error) => Err(format!("the client certificate cannot be used: {error}")),
    }
}

fn unusable(what: &str, error: impl std::error::Error + Send + Sync + 'static) -> TransportError {
    TransportError::new(TransportErrorKind::Invalid, Sent::No, format!("{what}: {error}")).with_source(error)
}

/// The cryptography provider selected by feature; ring if both are enabled.
pub(crate) fn provider() -> Option<CryptoProvider> {
    #[cfg(feature = "ring")]
    let provider = Some(rustls::crypto::ring::default_provider());
    #[cfg(all(feature = "aws-lc-rs", not(feature = "ring")))]
    let provider = Some(rustls::crypto::aws_lc_rs::default_provider());
    #[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
    let provider = None;
    provider
}
