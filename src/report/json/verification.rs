//! What the provider said.

use serde::Serialize;

use super::in_order;
use crate::finding::Liveness;
use crate::report::verified::Told;

#[derive(Serialize)]
pub(super) struct VerificationJson {
    verdict: Liveness,
    reason: String,
    host: Option<String>,
    requests: u32,
    #[serde(serialize_with = "in_order")]
    identity: Vec<(String, String)>,
    risk: Option<String>,
    at: Option<String>,
}

impl From<Told> for VerificationJson {
    fn from(told: Told) -> Self {
        let Told { verdict, reason, host, requests, identity, risk, at } = told;
        VerificationJson { verdict, reason, host, requests, identity, risk, at }
    }
}
