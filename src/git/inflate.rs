//! Zlib streams → bytes of a known size.

use flate2::{Decompress, FlushDecompress, Status};

/// A reusable decompressor.
pub(crate) struct Inflater(Decompress);

/// Deflate cannot do better than this many bytes out per byte in; larger claims are lies.
const BEST_RATIO: u64 = 1032;

impl Inflater {
    pub(crate) fn new() -> Self {
        Inflater(Decompress::new(true))
    }

    /// Inflates the stream at the start of `input` into `output`, which is cleared first. The stream must hold
    /// exactly `size` bytes, and its checksum must agree.
    pub(crate) fn inflate(
        &mut self,
        input: &[u8],
        size: u64,
        output: &mut Vec<u8>,
    ) -> Result<(), &'static str> {
        if size > (input.len() as u64).saturating_mul(BEST_RATIO).saturating_add(64) {
            return Err("it claims a size that its compressed bytes cannot hold");
        }
        let size = usize::try_from(size).map_err(|_| "it is larger than memory")?;
        self.0.reset(true);
        // One byte more than needed: a stream that is too long shows itself.
        make_room(output, size + 1);
        let status = self
            .0
            .decompress_vec(input, output, FlushDecompress::Finish)
            .map_err(|_| "its compressed bytes are damaged")?;
        match status {
            Status::StreamEnd if output.len() == size => Ok(()),
            Status::StreamEnd => Err("it is shorter than its header says"),
            _ => Err("its compressed bytes end too early or go on too long"),
        }
    }
}

/// Clears `buffer` and gives it this capacity; what it held is not copied along, as growing would.
pub(crate) fn make_room(buffer: &mut Vec<u8>, capacity: usize) {
    buffer.clear();
    if buffer.capacity() < capacity {
        *buffer = Vec::with_capacity(capacity.next_power_of_two());
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn takes_exactly_what_the_header_says() {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(b"hello hello hello").unwrap();
        let mut packed = encoder.finish().unwrap();
        let mut inflater = Inflater::new();
        let mut out = Vec::new();
        assert_eq!(inflater.inflate(&packed, 17, &mut out), Ok(()));
        assert_eq!(out, b"hello hello hello");
        assert!(inflater.inflate(&packed, 16, &mut out).is_err());
        assert!(inflater.inflate(&packed, 18, &mut out).is_err());
        assert!(inflater.inflate(&packed, 1 << 40, &mut out).is_err());
        assert!(inflater.inflate(&packed[..packed.len() - 2], 17, &mut out).is_err());
        let last = packed.len() - 1;
        packed[last] ^= 1;
        assert!(inflater.inflate(&packed, 17, &mut out).is_err(), "the checksum is looked at");
    }
}
