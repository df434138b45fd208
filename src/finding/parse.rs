//! Text forms → data, for reports that are read again. Everything else is refused.

use super::{Confidence, Fingerprint, GapKind, ObjectName, Severity};

impl ObjectName {
    /// Of 40 or 64 hexadecimal digits.
    pub fn from_hex(hex: &str) -> Option<Self> {
        let digit = |c: char| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let digits: Vec<u8> = hex.chars().map(digit).collect::<Option<_>>()?;
        let bytes: Vec<u8> = digits.chunks(2).map(|pair| pair[0] << 4 | pair[pair.len() - 1]).collect();
        matches!(digits.len(), 40 | 64).then(|| ObjectName::from_bytes(&bytes))?
    }
}

impl Fingerprint {
    /// Of its text form.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("v1:")?;
        let is_one = digits.len() == 32 && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        is_one.then(|| Fingerprint(text.to_owned()))
    }
}

impl GapKind {
    /// All of them.
    pub const ALL: [GapKind; 8] = [
        GapKind::UnreadableFile,
        GapKind::MissingObject,
        GapKind::CorruptObject,
        GapKind::CorruptPack,
        GapKind::BrokenRef,
        GapKind::Shallow,
        GapKind::TooLarge,
        GapKind::Internal,
    ];

    /// Of its stable name.
    pub fn by_name(name: &str) -> Option<Self> {
        GapKind::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl Severity {
    /// All of them, most severe first.
    pub const ALL: [Severity; 4] = [Severity::Critical, Severity::High, Severity::Medium, Severity::Low];
}

impl Confidence {
    /// All of them, surest first.
    pub const ALL: [Confidence; 3] = [Confidence::High, Confidence::Medium, Confidence::Low];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_can_be_read() {
        for id in [&[7; 20][..], &[255; 32]] {
            let name = ObjectName::from_bytes(id).unwrap();
            assert_eq!(ObjectName::from_hex(&name.to_string()), Some(name));
        }
        let fingerprint = Fingerprint::of_secret("rule", b"secret");
        assert_eq!(Fingerprint::parse(fingerprint.as_str()), Some(fingerprint));
        for kind in GapKind::ALL {
            assert_eq!(GapKind::by_name(kind.as_str()), Some(kind));
        }
    }

    #[test]
    fn nothing_else_can_be_read() {
        for text in ["", "7", "07", &"g".repeat(40), &"0".repeat(41), &"é".repeat(20), &"0".repeat(66)] {
            assert_eq!(ObjectName::from_hex(text), None, "{text}");
        }
        for text in ["", "v1:", "v2:00112233445566778899aabbccddeeff", "v1:00112233445566778899AABBCCDDEEFF"]
        {
            assert_eq!(Fingerprint::parse(text), None, "{text}");
        }
        assert_eq!(GapKind::by_name("gap"), None);
    }
}
