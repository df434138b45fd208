//! Key pairs as the inputs hold them, and what their ids tell without a call.

use crate::response::decoys;
use crate::response::inputs::Inputs;
use crate::response::modules::ask;
use crate::response::settings::Settings;
use crate::rules::check::aws_account;

use super::sigv4::Signer;

/// A key id and, if it is known, what belongs to it.
#[derive(Clone, Copy)]
pub(super) struct Pair<'a> {
    pub(super) key_id: &'a str,
    /// The input that the id was taken from.
    pub(super) named: &'static str,
    pub(super) secret: Option<&'a [u8]>,
    pub(super) session_token: Option<&'a str>,
}

impl<'a> Pair<'a> {
    /// `secret` is either half; the other one is `companion`, `key_id` or `secret_key`, or stands in the same `line`.
    ///
    /// # Errors
    /// Without a key id.
    pub(super) fn of(inputs: &'a Inputs) -> Result<Self, String> {
        let session_token = ask::text(inputs, "session_token");
        let text = |name| ask::text(inputs, name);
        if let Some(key_id) = text("secret").filter(|text| is_key_id(text)) {
            let secret = ["secret_key", "companion"].into_iter().find_map(|name| ask::bytes(inputs, name));
            return Ok(Pair { key_id, named: "secret", secret, session_token });
        }
        let given = ["key_id", "companion"].into_iter().find_map(|name| Some((name, text(name)?)));
        let found = given
            .filter(|(_, id)| is_key_id(id))
            .or_else(|| Some(("line", key_id_in(std::str::from_utf8(ask::bytes(inputs, "line")?).ok()?)?)));
        let Some((named, key_id)) = found else {
            return Err("the key id that belongs to it is not known: name it with --set key_id=…".to_owned());
        };
        Ok(Pair { key_id, named, secret: ask::bytes(inputs, "secret"), session_token })
    }

    /// What signs with it.
    ///
    /// # Errors
    /// If a part is missing: says which, and what to do.
    pub(super) fn signer(&self) -> Result<Signer<'a>, String> {
        let Some(secret) = self.secret else {
            return Err("the secret key that belongs to this id is not known".to_owned());
        };
        if self.is_temporary() && self.session_token.is_none() {
            return Err(
                "a temporary key counts with its session token only: give it as session_token".to_owned()
            );
        }
        Ok(Signer { key_id: self.key_id, secret, session_token: self.session_token })
    }

    pub(super) fn is_temporary(&self) -> bool {
        self.key_id.starts_with("ASIA")
    }

    /// The decoy account that the id names, if it is one.
    pub(super) fn decoy(&self, inputs: &Inputs) -> Option<String> {
        let account = aws_account(self.key_id.as_bytes())?;
        let own = ask::text(inputs, "canary_accounts").unwrap_or_default();
        let is_own = own.split([',', ' ']).any(|listed| listed == account);
        (is_own || decoys::is_one(&account)).then_some(account)
    }
}

/// `KEYID:SECRET[:TOKEN]`, whoever may revoke what is not theirs.
pub(super) fn responder(inputs: &Inputs) -> Option<Result<Pair<'_>, String>> {
    let text = ask::text(inputs, "responder")?;
    let mut parts = text.splitn(3, ':');
    let (key_id, secret) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    if !is_key_id(key_id) || secret.is_empty() {
        return Some(Err(
            "the responder credential is not of the form KEYID:SECRET or KEYID:SECRET:TOKEN".to_owned()
        ));
    }
    let session_token = parts.next().filter(|token| !token.is_empty());
    Some(Ok(Pair { key_id, named: "responder", secret: Some(secret.as_bytes()), session_token }))
}

fn is_key_id(text: &str) -> bool {
    text.len() == 20
        && ["AKIA", "ASIA", "ABIA", "ACCA"].iter().any(|kind| text.starts_with(kind))
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// The one key id in the line; of several, nobody knows which belongs to the secret.
fn key_id_in(line: &str) -> Option<&str> {
    let mut ids = line.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| is_key_id(word));
    let first = ids.next()?;
    ids.all(|other| other == first).then_some(first)
}

/// One of AWS's separate worlds: a key of one is unknown in the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Partition {
    /// As in ARNs.
    pub(super) name: &'static str,
    pub(super) region: &'static str,
    pub(super) sts: &'static str,
    pub(super) iam: &'static str,
}

const PARTITIONS: [Partition; 3] = [
    Partition {
        name: "aws",
        region: "us-east-1",
        sts: "sts.us-east-1.amazonaws.com",
        iam: "iam.amazonaws.com",
    },
    Partition {
        name: "aws-cn",
        region: "cn-north-1",
        sts: "sts.cn-north-1.amazonaws.com.cn",
        iam: "iam.cn-north-1.amazonaws.com.cn",
    },
    Partition {
        name: "aws-us-gov",
        region: "us-gov-west-1",
        sts: "sts.us-gov-west-1.amazonaws.com",
        iam: "iam.us-gov.amazonaws.com",
    },
];

/// The partitions that may be asked: the public one, and those that trusted configuration names, or a host of.
pub(super) fn partitions(settings: &Settings) -> Vec<Partition> {
    let listed = settings.hosts.get("aws").map(Vec::as_slice).unwrap_or_default();
    let is_listed =
        |of: &Partition| listed.iter().any(|one| [of.name, of.sts, of.iam].contains(&one.as_str()));
    PARTITIONS.into_iter().filter(|of| of.name == "aws" || is_listed(of)).collect()
}
