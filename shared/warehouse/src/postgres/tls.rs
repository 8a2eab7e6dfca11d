//! How a connection is encrypted, in PostgreSQL's words for it (`sslmode`).

use std::sync::{Arc, OnceLock};

use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, DistinguishedName, RootCertStore,
    SignatureScheme,
    client::{
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_cert_signed_by_trust_anchor, verify_server_name,
    },
    crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject},
    server::ParsedCertificate,
};
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::stream::{Connector, Excess};
use crate::{Error, Result, connect::Secret};

/// What a connection says of TLS, as it is stored; empty is as good as absent.
pub(super) struct Wanted<'a> {
    pub(super) mode: Option<&'a str>,
    pub(super) root: Option<&'a Secret>,
    pub(super) certificate: Option<&'a Secret>,
    pub(super) key: Option<&'a Secret>,
    /// `verify-full` is the only mode that looks at the name (Redshift); otherwise all but `verify-ca` do.
    pub(super) names_only_in_full: bool,
}

/// How a connection is encrypted.
#[derive(Clone)]
pub(super) struct Tls {
    connect: MakeRustlsConnect,
    need: Need,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    Never,
    /// Where the server has it, or is on the open internet.
    Offered,
    Always,
}

impl Tls {
    /// # Errors
    /// `Connection` when the mode is unknown, or a certificate or key cannot be read.
    pub(super) fn new(wanted: &Wanted<'_>, host: &str) -> Result<Self> {
        let mode = wanted.mode.filter(|mode| !mode.is_empty());
        let (need, named) = match mode.unwrap_or("prefer") {
            "disable" => (Need::Never, None),
            "no-verify" => (Need::Always, None),
            "allow" | "prefer" => (Need::Offered, Some(!wanted.names_only_in_full)),
            "require" => (Need::Always, Some(!wanted.names_only_in_full)),
            "verify-ca" => (Need::Always, Some(false)),
            "verify-full" => (Need::Always, Some(true)),
            other => return Err(refused(&format!("there is no SSL mode \"{other}\""))),
        };
        let verify = match named {
            None => Verify::Nothing,
            Some(named) => Verify::Chain {
                roots: roots(wanted.root)?,
                named: named && host != "localhost",
            },
        };
        let connect = MakeRustlsConnect::new(config(verify, wanted)?);
        Ok(Self { connect, need })
    }

    /// How to connect to a server that is inside (in a private network, or behind a tunnel) or on the open internet.
    pub(super) fn connector(&self, host: &str, inside: bool) -> Connector {
        Connector {
            host: host.to_owned(),
            mode: self.mode(inside),
            tls: self.connect.clone(),
            excess: Excess::default(),
        }
    }

    fn mode(&self, inside: bool) -> SslMode {
        match self.need {
            Need::Never => SslMode::Disable,
            Need::Offered if inside => SslMode::Prefer,
            Need::Offered | Need::Always => SslMode::Require,
        }
    }
}

fn refused(why: &str) -> Error {
    Error::Connection(why.to_owned())
}

fn config(verify: Verify, wanted: &Wanted<'_>) -> Result<ClientConfig> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = Arc::new(Verifier {
        verify,
        provider: provider.clone(),
    });
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::Engine(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let (Some(certificate), Some(key)) = (given(wanted.certificate), given(wanted.key)) else {
        return Ok(config.with_no_client_auth());
    };
    let wrong = || refused("the client's certificate or key is not in PEM, or has a password");
    let chain = certificates(certificate).ok_or_else(wrong)?;
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|_| wrong())?;
    let config = config.with_client_auth_cert(chain, key);
    config.map_err(|_| refused("the client's certificate and key do not fit together"))
}

fn given(secret: Option<&Secret>) -> Option<&str> {
    secret.map(Secret::reveal).filter(|text| !text.is_empty())
}

fn certificates(pem: &str) -> Option<Vec<CertificateDer<'static>>> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    all.ok().filter(|all| !all.is_empty())
}

/// Whom to trust: the certificates that are given instead of those of the system.
fn roots(given_roots: Option<&Secret>) -> Result<Arc<Roots>> {
    static SYSTEM: OnceLock<Arc<Roots>> = OnceLock::new();
    let Some(pem) = given(given_roots) else {
        let load = || Arc::new(Roots::new(rustls_native_certs::load_native_certs().certs));
        return Ok(SYSTEM.get_or_init(load).clone());
    };
    let wrong = || refused("the server's root certificate is not in PEM");
    Ok(Arc::new(Roots::new(certificates(pem).ok_or_else(wrong)?)))
}

#[derive(Debug)]
struct Roots {
    store: RootCertStore,
    certificates: Vec<CertificateDer<'static>>,
}

impl Roots {
    fn new(certificates: Vec<CertificateDer<'static>>) -> Self {
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(certificates.iter().cloned());
        Self {
            store,
            certificates,
        }
    }
}

#[derive(Debug)]
enum Verify {
    Nothing,
    /// That somebody who is trusted signed it, and perhaps that it is for this name.
    Chain {
        roots: Arc<Roots>,
        named: bool,
    },
}

#[derive(Debug)]
struct Verifier {
    verify: Verify,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Verify::Chain { roots, named } = &self.verify else {
            return Ok(ServerCertVerified::assertion());
        };
        let parsed = ParsedCertificate::try_from(end_entity)?;
        let algorithms = self.provider.signature_verification_algorithms.all;
        let store = &roots.store;
        match verify_server_cert_signed_by_trust_anchor(
            &parsed,
            store,
            intermediates,
            now,
            algorithms,
        ) {
            // A certificate that signs itself is itself what is trusted: `openssl req -x509` makes such.
            Err(rustls::Error::InvalidCertificate(CertificateError::Other(_)))
                if roots.certificates.contains(end_entity) => {}
            other => other?,
        }
        if *named {
            verify_server_name(&parsed, server_name)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = &self.provider.signature_verification_algorithms;
        algorithms.supported_schemes()
    }

    fn root_hint_subjects(&self) -> Option<&[DistinguishedName]> {
        None
    }
}
