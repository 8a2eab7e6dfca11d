//! Tokens signed with a key pair: <https://docs.snowflake.com/en/developer-guide/sql-api/authenticating#using-key-pair-authentication>.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use pkcs8::{
    EncryptedPrivateKeyInfoRef, ObjectIdentifier, PrivateKeyInfoRef, SecretDocument,
    SubjectPublicKeyInfoRef,
    der::{
        Decode, Encode, Reader, SliceReader, Tag,
        asn1::{AnyRef, BitStringRef, UintRef},
    },
    pkcs5::EncryptionScheme,
};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::{Error, Result, cloud, connect::Secret};

/// The longest that Snowflake allows is an hour; one token is used for one request.
const LIFE: u64 = 10 * 60;
/// RFC 8017 §A.1
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
/// Ten times what OWASP asks for; more only costs time.
const MOST_ROUNDS: u32 = 6_000_000;

/// A user's private key, and what Snowflake knows it by.
pub(super) struct KeyPair {
    key: EncodingKey,
    issuer: String,
    subject: String,
}

impl KeyPair {
    /// # Errors
    /// `Connection` when the key cannot be read, or not with this passphrase.
    pub(super) fn new(
        account: &str,
        user: &str,
        pem: &Secret,
        passphrase: Option<&Secret>,
    ) -> Result<Self> {
        let document = decrypted(pem.reveal(), passphrase)?;
        let unreadable = |_| unusable("is not an RSA key in PKCS #8 form");
        let key = PrivateKeyInfoRef::try_from(document.as_bytes()).map_err(unreadable)?;
        let public = public(&key).map_err(|()| unusable("is not an RSA key"))?;
        let fingerprint = STANDARD.encode(Sha256::digest(public));
        let subject = format!("{}.{}", short(account), user.to_uppercase());
        Ok(Self {
            key: EncodingKey::from_rsa_der(key.private_key.as_bytes()),
            issuer: format!("{subject}.SHA256:{fingerprint}"),
            subject,
        })
    }

    /// A token that is good for ten minutes.
    ///
    /// # Errors
    /// `Connection` when the key cannot sign.
    pub(super) fn token(&self) -> Result<String> {
        let now = cloud::now();
        let claims = json!({
            "iss": self.issuer, "sub": self.subject, "iat": now, "exp": now + LIFE,
        });
        let header = Header::new(Algorithm::RS256);
        let signed = jsonwebtoken::encode(&header, &claims, &self.key);
        signed.map_err(|_| unusable("cannot sign"))
    }
}

/// The account as tokens name it: upper case, without region and cloud.
fn short(account: &str) -> String {
    let end = match account.contains(".global") {
        true => account.find('-'),
        false => account.find('.'),
    };
    let short = end.and_then(|end| account.get(..end)).unwrap_or(account);
    short.to_uppercase()
}

fn decrypted(pem: &str, passphrase: Option<&Secret>) -> Result<SecretDocument> {
    let pem = SecretDocument::from_pem(pem.trim());
    let (label, document) = pem.map_err(|_| unusable("is not in PEM form"))?;
    if label != "ENCRYPTED PRIVATE KEY" {
        return Ok(document);
    }
    let passphrase = passphrase.filter(|passphrase| !passphrase.reveal().is_empty());
    let passphrase =
        passphrase.ok_or_else(|| unusable("is encrypted, and there is no passphrase"))?;
    let sealed = EncryptedPrivateKeyInfoRef::try_from(document.as_bytes());
    let sealed = sealed.map_err(|_| unusable("is encrypted in a way that is not known here"))?;
    if !bearable(&sealed.encryption_algorithm) {
        return Err(unusable("is encrypted in a way that takes too long"));
    }
    let opened = sealed.decrypt(passphrase.reveal());
    opened.map_err(|_| {
        unusable("cannot be decrypted: the passphrase is wrong, or the cipher is not AES")
    })
}

fn bearable(scheme: &EncryptionScheme) -> bool {
    let kdf = scheme.pbes2().map(|parameters| &parameters.kdf);
    let pbkdf2 = kdf.and_then(|kdf| kdf.pbkdf2());
    pbkdf2.is_none_or(|pbkdf2| pbkdf2.iteration_count <= MOST_ROUNDS)
}

/// The public half as `SubjectPublicKeyInfo` (RFC 5280 §4.1), from `RSAPrivateKey` (RFC 8017 §A.1.2).
fn public(key: &PrivateKeyInfoRef<'_>) -> Result<Vec<u8>, ()> {
    if key.algorithm.oid != RSA {
        return Err(());
    }
    let encode = || {
        let private = AnyRef::from_der(key.private_key.as_bytes())?;
        let mut parts = SliceReader::new(private.value())?;
        let _version: UintRef<'_> = parts.decode()?;
        let modulus: UintRef<'_> = parts.decode()?;
        let exponent: UintRef<'_> = parts.decode()?;
        let numbers = [modulus.to_der()?, exponent.to_der()?].concat();
        let public = AnyRef::new(Tag::Sequence, &numbers)?.to_der()?;
        let info = SubjectPublicKeyInfoRef {
            algorithm: key.algorithm,
            subject_public_key: BitStringRef::from_bytes(&public)?,
        };
        info.to_der()
    };
    encode().map_err(|_: pkcs8::der::Error| ())
}

fn unusable(why: &str) -> Error {
    Error::Connection(format!("the private key of Snowflake {why}"))
}
