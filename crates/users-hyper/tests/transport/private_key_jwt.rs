//! Client assertions signed by a private key: their claims, their signatures, and keys that cannot be used.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;
use rcgen::KeyPair;
use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::time::{Duration, SystemTime};
use users_core::management::GetUser;
use users_core::model::Secret;
use users_core::{Clock as _, Error, ErrorKind, ManagementClient, SystemClock};
use users_hyper::{PrivateKeyJwt, SigningAlgorithm};
use users_mock::{Captured, MockTransport, Tenant};

const RSA: &str = include_str!("../keys/rsa.pem");
const RSA_PKCS1: &str = include_str!("../keys/rsa-pkcs1.pem");
const RSA_PUBLIC: &str = include_str!("../keys/rsa-public.pem");
const RSA_1024: &str = include_str!("../keys/rsa-1024.pem");
const P256: &str = include_str!("../keys/p256.pem");
const P256_SEC1: &str = include_str!("../keys/p256-sec1.pem");
const P256_PUBLIC: &str = include_str!("../keys/p256-public.pem");

fn key(pem: &str, algorithm: SigningAlgorithm) -> PrivateKeyJwt {
    PrivateKeyJwt::from_pem(pem, algorithm).unwrap()
}

/// The header and the claims of an assertion.
fn parts(assertion: &Secret) -> (Value, Value) {
    let [header, claims, _]: [&str; 3] =
        assertion.expose().split('.').collect::<Vec<_>>().try_into().unwrap();
    let part = |text| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap();
    (part(header), part(claims))
}

/// Verifies the signature of an assertion with ring.
fn verifies(assertion: &Secret, algorithm: SigningAlgorithm) -> bool {
    let (pem, ring): (_, &'static dyn VerificationAlgorithm) = match algorithm {
        SigningAlgorithm::RS256 => (RSA_PUBLIC, &signature::RSA_PKCS1_2048_8192_SHA256),
        SigningAlgorithm::RS384 => (RSA_PUBLIC, &signature::RSA_PKCS1_2048_8192_SHA384),
        SigningAlgorithm::PS256 => (RSA_PUBLIC, &signature::RSA_PSS_2048_8192_SHA256),
        _ => (P256_PUBLIC, &signature::ECDSA_P256_SHA256_FIXED),
    };
    let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let der = base64::engine::general_purpose::STANDARD.decode(base64).unwrap();
    // The point is at the end of the structure that names the curve.
    let public = if pem == P256_PUBLIC { &der.last_chunk::<65>().unwrap()[..] } else { &der };
    let (message, signed) = assertion.expose().rsplit_once('.').unwrap();
    let signed = URL_SAFE_NO_PAD.decode(signed).unwrap();
    UnparsedPublicKey::new(ring, public).verify(message.as_bytes(), &signed).is_ok()
}

#[test]
fn an_assertion_is_signed_as_its_header_says() {
    for (pem, algorithm, name) in [
        (RSA, SigningAlgorithm::RS256, "RS256"),
        (RSA, SigningAlgorithm::RS384, "RS384"),
        (RSA, SigningAlgorithm::PS256, "PS256"),
        (RSA_PKCS1, SigningAlgorithm::RS256, "RS256"),
        (P256, SigningAlgorithm::ES256, "ES256"),
        (P256_SEC1, SigningAlgorithm::ES256, "ES256"),
    ] {
        let key = key(pem, algorithm);
        // One signature in 128 on P-256 has a number of fewer than 32 bytes.
        for _ in 0..if algorithm == SigningAlgorithm::ES256 { 1000 } else { 1 } {
            let assertion = key.sign("my-client", "tenant.eu.auth0.com").unwrap();
            assert!(verifies(&assertion, algorithm), "{name}: {}", assertion.expose());
            assert_eq!(parts(&assertion).0, json!({"alg": name, "typ": "JWT"}));
        }
        let named = key.key_id("k\"1").sign("my-client", "tenant.eu.auth0.com").unwrap();
        assert_eq!(parts(&named).0, json!({"alg": name, "typ": "JWT", "kid": "k\"1"}));

        let (message, signed) = named.expose().rsplit_once('.').unwrap();
        let changed = Secret::from(format!("{}x.{signed}", &message[..message.len() - 1]));
        assert!(!verifies(&changed, algorithm), "{name}");
    }
}

#[test]
fn an_assertion_is_made_for_a_domain_or_a_base_url_at_the_time_of_the_system() {
    let key = key(P256, SigningAlgorithm::ES256);
    for (domain, audience) in [
        ("tenant.eu.auth0.com", "https://tenant.eu.auth0.com/"),
        ("https://Tenant.EU.auth0.com/api/v2", "https://tenant.eu.auth0.com/"),
        ("http://127.0.0.1:4000", "http://127.0.0.1:4000/"),
    ] {
        let (_, claims) = parts(&key.sign("my-client", domain).unwrap());
        let now = SystemClock::new().unix_now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        let issued_at = claims["iat"].as_u64().unwrap();
        assert!(now - issued_at <= 5, "{issued_at} {now}");
        let id = claims["jti"].clone();
        assert_eq!(
            claims,
            json!({
                "iss": "my-client", "sub": "my-client", "aud": audience,
                "iat": issued_at, "exp": issued_at + 120, "jti": id,
            })
        );
    }
    assert_eq!(key.sign("my-client", "no domain").unwrap_err().kind(), ErrorKind::Configuration);
}

#[test]
fn no_two_assertions_have_the_same_id() {
    let key = key(P256, SigningAlgorithm::ES256);
    let id = || parts(&key.sign("my-client", "tenant.eu.auth0.com").unwrap()).1["jti"].to_string();
    let ids: HashSet<String> = (0..1000).map(|_| id()).collect();
    assert_eq!(ids.len(), 1000);
    assert!(ids.iter().all(|id| id.len() == 38 && id.chars().nth(15) == Some('4')), "UUIDs of version 4");
}

#[test]
fn a_client_signs_each_attempt_at_the_time_of_its_clock() {
    let mock = MockTransport::new();
    let token = (Method::POST, "/oauth/token");
    mock.expect(token.clone()).status(503);
    mock.expect(token).json(r#"{"access_token":"token","expires_in":3600}"#).times(2);
    mock.expect(GetUser::DESCRIPTOR).json(r#"{"user_id":"auth0|1"}"#).always();
    let key = key(RSA, SigningAlgorithm::PS256).key_id("k1");
    let client = ManagementClient::builder(mock.clone())
        .domain("tenant.eu.auth0.com")
        .client_assertion("my-client", key)
        .build()
        .unwrap();
    let (users, clock) = (client.users(), mock.clock());
    let start = clock.unix_now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    clock.block_on(async {
        users.get("auth0|1").await.unwrap();
        clock.sleep(Duration::from_secs(10_000)).await;
        users.get("auth0|1").await.unwrap();
    });

    let assertion = |request: &Captured| {
        let body: Value = request.json().unwrap();
        assert_eq!(body["client_assertion_type"], "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
        Secret::from(body["client_assertion"].as_str().unwrap())
    };
    let requests = mock.requests();
    let requests = requests.iter().filter(|request| request.path() == "/oauth/token");
    let assertions: Vec<Secret> = requests.map(assertion).collect();
    assert!(assertions.iter().all(|assertion| verifies(assertion, SigningAlgorithm::PS256)));
    let claims: Vec<Value> = assertions.iter().map(|assertion| parts(assertion).1).collect();
    for (claims, after) in claims.iter().zip([0, 0, 10_000]) {
        let issued_at = claims["iat"].as_u64().unwrap();
        assert!((start + after..=start + after + 1).contains(&issued_at), "{issued_at} {start} {after}");
        assert_eq!(claims["exp"], issued_at + 120);
        assert_eq!(claims["aud"], "https://tenant.eu.auth0.com/");
    }
    assert_eq!(claims.iter().map(|claims| &claims["jti"]).collect::<HashSet<_>>().len(), 3);
    mock.verify();
}

#[test]
fn a_client_with_a_private_key_gets_a_token_from_the_tenant() {
    let tenant = Tenant::new();
    let (id, _) = tenant.client();
    let client = ManagementClient::builder(tenant.clone())
        .domain(tenant.domain())
        .clock(tenant.clock())
        .client_assertion(id, key(P256, SigningAlgorithm::ES256))
        .build()
        .unwrap();
    assert_eq!(tenant.clock().block_on(client.users().get_all().send()).unwrap().len(), 0);
}

#[test]
fn a_key_that_cannot_be_used_is_refused_with_the_remedy_and_without_the_key() {
    use SigningAlgorithm::{ES256, PS256, RS256};

    let p384 = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap().serialize_pem();
    let ed25519 = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap().serialize_pem();
    let wrapped = |label: &str| RSA.replace("PRIVATE KEY", label);
    let legacy =
        RSA_PKCS1.replacen("-----\n", "-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n", 1);
    for (pem, algorithm, says) in [
        (String::new(), RS256, "holds no private key"),
        ("hunter2".to_owned(), RS256, "holds no private key"),
        (RSA_PUBLIC.to_owned(), RS256, "holds a public key"),
        (P256_PUBLIC.to_owned(), ES256, "holds a public key"),
        (wrapped("CERTIFICATE"), RS256, "holds no private key"),
        (wrapped("ENCRYPTED PRIVATE KEY"), RS256, "openssl pkey -in"),
        (wrapped("OPENSSH PRIVATE KEY"), RS256, "ssh-keygen -p"),
        (legacy, RS256, "openssl pkey -in"),
        (RSA.replace('\n', "\\n"), RS256, "its lines may have been joined"),
        (RSA.trim().replace('\n', " "), RS256, "its lines may have been joined"),
        (RSA[..RSA.len() / 2].to_owned(), RS256, "is not valid PEM"),
        (RSA.replacen("MII", "!!!", 1), RS256, "is not valid PEM"),
        (format!("{RSA}{P256}"), RS256, "more than one private key"),
        (wrapped("RSA PRIVATE KEY"), RS256, "damaged or of an unsupported type"),
        (RSA_1024.to_owned(), RS256, "RSA of 2048 to 4096 bits"),
        (P256.to_owned(), RS256, "(ECDSA) does not fit RS256, which needs an RSA key"),
        (P256.to_owned(), PS256, "openssl genpkey -algorithm RSA"),
        (RSA.to_owned(), ES256, "(RSA) does not fit ES256, which needs an ECDSA key on the curve P-256"),
        (p384, ES256, "openssl genpkey -algorithm EC"),
        (ed25519, ES256, "(ED25519) does not fit ES256"),
    ] {
        let error: Error = PrivateKeyJwt::from_pem(&pem, algorithm).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(says), "{shown} should say {says:?}");
        assert!(!shown.contains("hunter2") && !shown.contains("MII"), "{shown}");
        let middle = pem.len() / 2;
        assert!(pem.len() < 100 || !shown.contains(&pem[middle..middle + 20]), "{shown}");
    }
}

#[test]
fn a_key_among_certificates_and_text_is_found() {
    let certificate = rcgen::generate_simple_self_signed(["a.example".to_owned()]).unwrap().cert.pem();
    let bag = format!("Bag Attributes\r\n  friendlyName: me\r\n{certificate}{}", P256.replace('\n', "\r\n"));
    let assertion = key(&bag, SigningAlgorithm::ES256).sign("my-client", "tenant.eu.auth0.com").unwrap();
    assert!(verifies(&assertion, SigningAlgorithm::ES256));
}

#[test]
fn debug_output_shows_no_key() {
    let key = key(RSA, SigningAlgorithm::RS256).key_id("k1");
    assert_eq!(format!("{key:?}"), r#"PrivateKeyJwt { algorithm: RS256, key_id: Some("k1"), .. }"#);
}
