//! A door for fuzzers to archives and wide characters; built with `--cfg fuzzing` only, and for the test below.
#![expect(clippy::missing_panics_doc, reason = "to panic is how a fuzz target says that something is wrong")]

use super::budget::MOST_BYTES;
use super::container::{Kind, MOST_TROUBLES};
use super::{Form, form, walk};

const KINDS: [Kind; 8] =
    [Kind::Zip, Kind::Tar, Kind::Gzip, Kind::Bzip2, Kind::Xz, Kind::Zstd, Kind::SevenZip, Kind::Pdf];

/// A blob. The first byte says how it is read: as what it looks like, or as one of the containers, whatever it looks
/// like. How many texts came out.
pub fn expand(data: &[u8]) -> usize {
    let Some((mode, bytes)) = data.split_first() else { return 0 };
    let kind = match (KINDS.get(usize::from(*mode)), form(bytes)) {
        (Some(kind), _) => *kind,
        (None, Some(Form::Container(kind))) => kind,
        (None, Some(Form::Wide(wide))) => {
            let text = wide.expand(bytes);
            let end = text.text.len() as u64;
            let stored = text.stored(crate::location::Span { start: 0, end });
            assert!(stored.start <= stored.end && stored.end <= bytes.len() as u64);
            return 1;
        }
        (None, None) => return 0,
    };
    let (mut leaves, mut size) = (0, 0u64);
    let troubles = walk(kind, bytes, u64::MAX, &mut |leaf| {
        leaves += 1;
        size += leaf.bytes.len() as u64;
    });
    // Every level may hold what the budget allows, and the containers themselves are scanned where they are none.
    assert!(size <= 2 * MOST_BYTES + bytes.len() as u64, "{size} bytes out of {}", bytes.len());
    assert!(troubles.len() <= MOST_TROUBLES + 1);
    leaves
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::sample::Rng;

    #[test]
    fn what_is_nearly_right() {
        let mut rng = Rng::from_name("containers");
        let seeds: [&[u8]; 3] = [
            b"\x02\x1f\x8b\x08\0\0\0\0\0\0\x03\xcbH\xcd\xc9\xc9\x07\0\x86\xa6\x106\x05\0\0\0",
            b"\x07%PDF-1.4\n1 0 obj\n<< /Length 5 >>\nstream\nhello\nendstream\nendobj\n",
            b"\xff\xff\xfea\0b\0c\0d\0e\0f\0",
        ];
        let mut texts = 0;
        for _ in 0..500 {
            for seed in seeds {
                let mut bytes = seed.to_vec();
                for _ in 0..rng.below(3) {
                    let place = 1 + rng.below(bytes.len() - 1);
                    bytes[place] = rng.next_u64().to_le_bytes()[5];
                }
                texts += expand(&bytes);
                bytes[0] = low(rng.below(10));
                expand(&bytes);
            }
        }
        assert!(texts > 500, "{texts}");
    }

    fn low(value: usize) -> u8 {
        value.to_le_bytes()[0]
    }
}
