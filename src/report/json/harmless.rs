//! Values as JSON that no terminal obeys.

use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter};

use crate::report::text::is_steering;

pub(super) const INFALLIBLE: &str = "a vector takes every byte, and the values are plain data";

pub(super) fn serialize(value: &impl Serialize, formatter: impl Formatter) -> Vec<u8> {
    let mut out = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, Harmless(formatter));
    value.serialize(&mut serializer).expect(INFALLIBLE);
    out
}

/// Serializes and ends the line.
pub(crate) fn write(value: &impl Serialize, formatter: impl Formatter) -> Vec<u8> {
    let mut out = serialize(value, formatter);
    out.push(b'\n');
    out
}

/// Escapes what JSON allows but a terminal obeys: C1 controls, bidirectional and invisible marks.
struct Harmless<F>(F);

macro_rules! delegate {
    ($($name:ident($($argument:ident: $type:ty),*)),* $(,)?) => {$(
        fn $name<W: ?Sized + std::io::Write>(&mut self, writer: &mut W $(, $argument: $type)*) -> std::io::Result<()> {
            self.0.$name(writer $(, $argument)*)
        }
    )*};
}

impl<F: Formatter> Formatter for Harmless<F> {
    delegate!(
        begin_array(),
        end_array(),
        begin_array_value(first: bool),
        end_array_value(),
        begin_object(),
        end_object(),
        begin_object_key(first: bool),
        end_object_key(),
        begin_object_value(),
        end_object_value(),
        write_char_escape(escape: CharEscape),
    );

    fn write_string_fragment<W: ?Sized + std::io::Write>(
        &mut self,
        writer: &mut W,
        text: &str,
    ) -> std::io::Result<()> {
        if text.bytes().all(|b| (b' '..=b'~').contains(&b)) {
            return self.0.write_string_fragment(writer, text);
        }
        let mut rest = text;
        while let Some((at, c)) = rest.char_indices().find(|(_, c)| is_steering(*c)) {
            self.0.write_string_fragment(writer, &rest[..at])?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = &rest[at + c.len_utf8()..];
        }
        self.0.write_string_fragment(writer, rest)
    }
}
