//! The demo's own certificate authority and server certificate, for 127.0.0.1 and localhost only.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::{
    ServerConfig,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};

/// The authority as PEM; the key is secret.
#[derive(Clone)]
pub struct Authority {
    /// Certificate, for kubeconfigs.
    pub certificate: String,
    /// Private key, for the state directory.
    pub key: String,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

/// What can go wrong with certificates.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The authority cannot be made, read or used.
    #[error("the demo's certificate authority is unusable: {0}")]
    Authority(#[from] rcgen::Error),
    /// The server cannot speak TLS with the certificate.
    #[error("the demo's server certificate is unusable: {0}")]
    Server(#[from] rustls::Error),
}

impl Authority {
    /// Makes a new authority.
    ///
    /// # Errors
    /// When no key can be made.
    pub fn make() -> Result<Self, TlsError> {
        let key = KeyPair::generate()?;
        let certificate = authority_params().self_signed(&key)?;
        Ok(Self {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        })
    }

    /// TLS for the server: a fresh certificate signed by this authority.
    ///
    /// # Errors
    /// When the authority's PEM is damaged.
    pub fn server_config(&self) -> Result<Arc<ServerConfig>, TlsError> {
        let issuer = Issuer::new(authority_params(), KeyPair::from_pem(&self.key)?);
        let mut params =
            CertificateParams::new(vec!["127.0.0.1".to_owned(), "localhost".to_owned()])?;
        params
            .distinguished_name
            .push(DnType::CommonName, "quarterdeck-demo");
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &issuer)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
            )?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

/// The same for every run, so that a kept key is all that a kept authority needs to sign again.
fn authority_params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.distinguished_name = rcgen::DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, "quarterdeck-demo-ca");
    params.key_usages = vec![
        KeyUsagePurpose::KeyCertSign,
        KeyUsagePurpose::DigitalSignature,
    ];
    params
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    #[test]
    fn an_authority_signs_again_after_it_was_kept() {
        let made = Authority::make().unwrap();
        let kept = Authority {
            certificate: made.certificate.clone(),
            key: made.key.clone(),
        };
        assert!(kept.server_config().is_ok());
        assert!(!format!("{made:?}").contains("PRIVATE"));
        let broken = Authority {
            key: "nonsense".into(),
            ..made
        };
        assert!(
            broken
                .server_config()
                .unwrap_err()
                .to_string()
                .contains("authority is unusable")
        );
    }
}
