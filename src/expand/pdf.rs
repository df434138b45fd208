//! The compressed streams of a PDF. Its objects are not parsed: a stream is what stands between two words of it.

use memchr::memmem;

use super::container::{Opening, Stop};

/// The file as it is, then each of its streams that inflates.
pub(super) fn streams(bytes: &[u8], opening: &mut Opening<'_>) -> Result<(), Stop> {
    opening.leaf(bytes);
    let mut at = 0;
    let mut number = 0;
    while let Some(found) = memmem::find(&bytes[at..], b"stream") {
        let begin = at + found;
        at = begin + b"stream".len();
        if begin >= 3 && &bytes[begin - 3..begin] == b"end" {
            continue;
        }
        let ([b'\r', b'\n', body @ ..] | [b'\n', body @ ..]) = &bytes[at..] else { continue };
        let end = memmem::find(body, b"endstream").unwrap_or(body.len());
        number += 1;
        // A zlib header: deflate, and a multiple of 31.
        if let [first, second, ..] = body[..end]
            && first & 0x0f == 8
            && (u16::from(first) << 8 | u16::from(second)).is_multiple_of(31)
        {
            let name = format!("stream {number}");
            opening.member(name.as_bytes(), &mut flate2::bufread::ZlibDecoder::new(&body[..end]))?;
        }
        at = bytes.len() - body.len() + end;
    }
    Ok(())
}
