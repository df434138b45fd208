//! A service account's key, out of its JSON file or the pieces of it that were found.

use base64::Engine as _;
use ring::signature::RsaKeyPair;
use zeroize::Zeroizing;

use crate::response::inputs::Inputs;
use crate::response::modules::ask;

/// Who signs.
pub(super) struct ServiceAccount {
    pub(super) email: String,
    pub(super) key_id: Option<String>,
    pub(super) key: RsaKeyPair,
}

/// What every account's address ends in.
const DOMAIN: &str = ".gserviceaccount.com";

impl ServiceAccount {
    /// # Errors
    /// If a piece is missing, or the key does not parse: says which.
    pub(super) fn of(inputs: &Inputs) -> Result<Self, String> {
        let secret = ask::bytes(inputs, "secret").ok_or("the key is empty")?;
        if secret.trim_ascii_start().starts_with(b"{") {
            return ServiceAccount::of_json(secret);
        }
        let email = ["client_email", "companion"].iter().find_map(|name| ask::text(inputs, name));
        let email =
            email.ok_or("whose key it is is not known: give the account's address as client_email")?;
        let line = || ask::text(inputs, "line").and_then(key_id_in);
        let key_id = ask::text(inputs, "private_key_id").or_else(line);
        ServiceAccount::new(email, key_id, secret)
    }

    /// # Errors
    /// If it is no such file, or the key does not parse.
    pub(super) fn of_json(file: &[u8]) -> Result<Self, String> {
        #[derive(serde::Deserialize)]
        struct File {
            client_email: String,
            private_key: String,
            private_key_id: Option<String>,
        }
        // What serde says of a mistake may quote the file.
        let file: File = serde_json::from_slice(file).map_err(|_| "it is no service account's JSON file")?;
        let key = Zeroizing::new(file.private_key);
        ServiceAccount::new(&file.client_email, file.private_key_id.as_deref(), key.as_bytes())
    }

    fn new(email: &str, key_id: Option<&str>, pem: &[u8]) -> Result<Self, String> {
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        let is_address = |email: &str| {
            let (name, domain) = email.split_once('@')?;
            Some(!name.is_empty() && name.chars().all(is_part) && domain.chars().all(is_part))
        };
        if !email.ends_with(DOMAIN) || is_address(email) != Some(true) {
            return Err(format!("the account's address does not end in {DOMAIN}"));
        }
        let is_id =
            |id: &str| (8..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        let key_id = key_id.map(str::trim).filter(|id| is_id(id)).map(str::to_owned);
        let key = parse(pem).ok_or("its private key is cut or altered: it does not parse")?;
        Ok(ServiceAccount { email: email.to_owned(), key_id, key })
    }
}

/// A PEM block whose line breaks may be the two characters that JSON has in their place.
fn parse(pem: &[u8]) -> Option<RsaKeyPair> {
    let text = Zeroizing::new(String::from_utf8(pem.to_vec()).ok()?);
    let is_pkcs1 = text.contains("BEGIN RSA");
    let start = text.find("KEY-----")? + "KEY-----".len();
    let end = start + text[start..].find("-----END")?;
    let mut base64 = Zeroizing::new(Vec::new());
    let mut bytes = text[start..end].bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            // `\n`, `\\n`, `\r\n`: the letter behind the last backslash goes, too.
            b'\\' => {
                let mut next = bytes.next();
                while next == Some(b'\\') {
                    next = bytes.next();
                }
            }
            _ if byte.is_ascii_whitespace() => {}
            _ => base64.push(byte),
        }
    }
    let der = Zeroizing::new(base64::engine::general_purpose::STANDARD.decode(base64.as_slice()).ok()?);
    if is_pkcs1 { RsaKeyPair::from_der(&der).ok() } else { RsaKeyPair::from_pkcs8(&der).ok() }
}

/// The key's id in the line that the key stands in.
fn key_id_in(line: &str) -> Option<&str> {
    let rest = &line[line.find("private_key_id")? + "private_key_id".len()..];
    let start = rest.find(|c: char| c.is_ascii_hexdigit())?;
    let id = rest[start..].split(|c: char| !c.is_ascii_hexdigit()).next()?;
    (id.len() == 40).then_some(id)
}
