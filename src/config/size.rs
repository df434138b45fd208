//! Sizes as people write them: `10 MiB`.

use std::fmt;

const UNITS: [(&str, u32); 4] = [("GiB", 30), ("MiB", 20), ("KiB", 10), ("B", 0)];

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Size(pub(super) u64);

impl Size {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let digits = text.trim().find(|c: char| !c.is_ascii_digit()).unwrap_or(text.trim().len());
        let (number, unit) = text.trim().split_at(digits);
        let shift =
            UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit.trim())).map(|(_, shift)| *shift);
        let bytes = number.parse::<u64>().ok().zip(shift).and_then(|(n, shift)| n.checked_mul(1 << shift));
        let why = || format!("{text:?} is no size: write it as in 500 KiB, 10 MiB or 2 GiB");
        bytes.filter(|bytes| *bytes > 0).map(Size).ok_or_else(why)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = UNITS.iter().find(|(_, shift)| self.0.is_multiple_of(1 << shift));
        let (unit, shift) = fits.unwrap_or(&("B", 0));
        write!(f, "{} {unit}", self.0 >> shift)
    }
}

impl serde::Serialize for Size {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (text, bytes, shown) in [
            ("10 MiB", 10 << 20, "10 MiB"),
            ("3kib", 3 << 10, "3 KiB"),
            (" 1536 B", 1536, "1536 B"),
            ("1024 KiB", 1 << 20, "1 MiB"),
        ] {
            let size = Size::parse(text).unwrap();
            assert_eq!((size.0, size.to_string().as_str()), (bytes, shown));
        }
        for wrong in ["", "10", "MiB", "0 B", "1.5 MiB", "10 MB", "99999999999 GiB", "-1 B"] {
            assert!(Size::parse(wrong).is_err(), "{wrong}");
        }
    }
}
