//! Certificates for a server on the loopback interface.

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};

/// A certificate for `127.0.0.1` and its authority, in PEM form.
#[derive(Debug)]
pub struct Identity {
    /// The certificate of the authority.
    pub authority: String,
    /// The certificate of the server.
    pub certificate: String,
    /// The key of the server.
    pub key: String,
}

impl Identity {
    /// Makes keys and certificates.
    pub fn new() -> Self {
        let authority_key = KeyPair::generate().expect("a key");
        let mut authority = CertificateParams::new(Vec::new()).expect("parameters");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = authority.self_signed(&authority_key).expect("a certificate");
        let key = KeyPair::generate().expect("a key");
        let certificate = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("parameters");
        let certificate = certificate.signed_by(&key, &authority, &authority_key).expect("a certificate");
        Self { authority: authority.pem(), certificate: certificate.pem(), key: key.serialize_pem() }
    }
}

impl Default for Identity {
    fn default() -> Self {
        Self::new()
    }
}
