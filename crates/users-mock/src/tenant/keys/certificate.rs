//! The self-signed certificate of a signing key.

use aws_lc_rs::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_RSA_SHA256, SerialNumber, date_time_ymd};
use rustls_pki_types::PrivatePkcs8KeyDer;
use std::fmt::Write as _;
use yasna::Tag;
use yasna::models::ObjectIdentifier;

/// The number of characters of a line of PEM.
const PEM_LINE: usize = 64;

/// The types of PKCS#7 messages.
const SIGNED_DATA: &[u64] = &[1, 2, 840, 113_549, 1, 7, 2];
const DATA: &[u64] = &[1, 2, 840, 113_549, 1, 7, 1];

/// A certificate in DER. Its serial number and dates are fixed, so that a key has the same one in each run.
pub(crate) struct Certificate(Vec<u8>);

impl Certificate {
    /// A certificate for a domain, or an empty one if the domain may not be a name in a certificate.
    pub(crate) fn new(key: &[u8], id: &str, domain: &str) -> Self {
        Self(sign(key, id, domain).unwrap_or_default())
    }

    pub(crate) fn der(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn pem(&self) -> String {
        pem("CERTIFICATE", &self.0)
    }

    /// A PKCS#7 message (RFC 2315) with the certificate, and without content and signatures.
    pub(crate) fn pkcs7(&self) -> String {
        let message = yasna::construct_der(|writer| {
            writer.write_sequence(|writer| {
                writer.next().write_oid(&ObjectIdentifier::from_slice(SIGNED_DATA));
                writer.next().write_tagged(Tag::context(0), |writer| {
                    writer.write_sequence(|writer| {
                        writer.next().write_u8(1);
                        writer.next().write_set(|_| {});
                        writer.next().write_sequence(|writer| {
                            writer.next().write_oid(&ObjectIdentifier::from_slice(DATA));
                        });
                        writer.next().write_tagged_implicit(Tag::context(0), |writer| {
                            writer.write_set(|writer| writer.next().write_der(&self.0));
                        });
                        writer.next().write_set(|_| {});
                    });
                });
            });
        });
        pem("PKCS7", &message)
    }

    /// The SHA-1 digest in upper-case hexadecimal digits.
    pub(crate) fn thumbprint(&self) -> String {
        let mut context = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
        context.update(&self.0);
        let mut digits = String::new();
        for byte in context.finish().as_ref() {
            let _ = write!(digits, "{byte:02X}");
        }
        digits
    }

    /// The digest with a colon between bytes.
    pub(crate) fn fingerprint(&self) -> String {
        let digits = self.thumbprint();
        let bytes: Vec<&str> =
            digits.as_bytes().chunks(2).filter_map(|two| std::str::from_utf8(two).ok()).collect();
        bytes.join(":")
    }

    /// The digest as Auth0 encodes it: the text of its digits, not its bytes as RFC 7517 has it.
    pub(crate) fn x5t(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.thumbprint())
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut pem = format!("-----BEGIN {label}-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, next) = rest.split_at(PEM_LINE.min(rest.len()));
        pem.push_str(line);
        pem.push('\n');
        rest = next;
    }
    let _ = writeln!(pem, "-----END {label}-----");
    pem
}

fn sign(key: &[u8], id: &str, domain: &str) -> Result<Vec<u8>, rcgen::Error> {
    let key = PrivatePkcs8KeyDer::from(key);
    let key = KeyPair::from_pkcs8_der_and_sign_algo(&key, &PKCS_RSA_SHA256)?;
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, domain);
    params.serial_number = Some(SerialNumber::from(id.as_bytes().to_vec()));
    (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2040, 1, 1));
    Ok(params.self_signed(&key)?.der().to_vec())
}
