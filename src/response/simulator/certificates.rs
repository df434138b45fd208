//! A certificate authority that lives as long as the simulator, and a certificate for each host that is asked for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

/// Hosts for which certificates are kept.
const MOST: usize = 1000;

/// It.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    pem: String,
    made: Mutex<HashMap<String, Arc<CertifiedKey>>>,
}

impl Authority {
    pub(super) fn new() -> Result<Self, rcgen::Error> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "muzzle's simulator: believe it nowhere else");
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        let (der, pem) = (certificate.der().clone(), certificate.pem());
        Ok(Authority { issuer: Issuer::new(params, key), certificate: der, pem, made: Mutex::default() })
    }

    pub(super) fn pem(&self) -> String {
        self.pem.clone()
    }

    /// A certificate for this name; nothing if it is no name, or one too many.
    pub(super) fn certificate(&self, name: &str) -> Option<Arc<CertifiedKey>> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = made.get(name) {
            return Some(Arc::clone(known));
        }
        let new = Arc::new(self.make(name).filter(|_| made.len() < MOST)?);
        made.insert(name.to_owned(), Arc::clone(&new));
        Some(new)
    }

    fn make(&self, name: &str) -> Option<CertifiedKey> {
        let mut params = CertificateParams::new(vec![name.to_owned()]).ok()?;
        params.distinguished_name.push(DnType::CommonName, "muzzle's simulator");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate().ok()?;
        let certificate = params.signed_by(&key, &self.issuer).ok()?;
        let private = PrivateKeyDer::try_from(key.serialize_der()).ok()?;
        let signing = any_supported_type(&private).ok()?;
        Some(CertifiedKey::new(vec![certificate.der().clone(), self.certificate.clone()], signing))
    }
}
