//! A key pair that opens nothing: made for these tests, with `openssl genpkey`, `openssl pkcs8 -v2 aes-256-cbc`.

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde_json::Value;

pub(crate) const PRIVATE: &str = include_str!("private.pem");
/// The same, encrypted with [`PASSPHRASE`].
pub(crate) const ENCRYPTED: &str = include_str!("encrypted.pem");
pub(crate) const PASSPHRASE: &str = "horse";
/// `openssl pkey -pubout -outform DER | openssl dgst -sha256 -binary | openssl base64`
pub(crate) const FINGERPRINT: &str = "SHA256:2z60FG4icolfu8WoogGaWBsyqptOB7YeRDtcBE13zZI=";

/// What a token says, if it is signed with the key and has not run out.
pub(crate) fn claims(token: &str) -> Value {
    let key = DecodingKey::from_rsa_pem(include_bytes!("public.pem")).unwrap();
    let mut validation = Validation::new(Algorithm::RS256);
    validation.validate_aud = false;
    decode::<Value>(token, &key, &validation).unwrap().claims
}
