//! Archives and compressed files: told by their first bytes, and opened level by level.

use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::budget::{Budget, DEEPEST, LARGEST_MEMBER};
use super::{Form, archives, form, pdf, sqlite};

/// Larger ones are not opened, since they are held in memory.
pub(crate) const LARGEST_CONTAINER: u64 = 64 << 20;
/// What a decoder may use beside what comes out of it, in bytes: larger dictionaries are refused.
pub(super) const DECODER_MEMORY: u64 = 64 << 20;

/// Kinds of containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Zip, and what is one by another name: jar, war, whl, nupkg, apk, office documents.
    Zip,
    Tar,
    Gzip,
    Bzip2,
    Xz,
    Zstd,
    SevenZip,
    Pdf,
    Sqlite,
    /// Of Git: a pack, which is opened only where it is what is scanned.
    Bundle,
}

impl Kind {
    /// For people.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Kind::Zip => "zip",
            Kind::Tar => "tar",
            Kind::Gzip => "gzip",
            Kind::Bzip2 => "bzip2",
            Kind::Xz => "xz",
            Kind::Zstd => "zstd",
            Kind::SevenZip => "7z",
            Kind::Pdf => "pdf",
            Kind::Sqlite => "sqlite",
            Kind::Bundle => "bundle",
        }
    }
}

/// Whether a head without a zero byte, beginning with a printable character, can be a container at all.
pub(super) fn may_begin(head: &[u8]) -> bool {
    matches!(
        head,
        [b'B', b'Z', b'h', ..]
            | [b'%', b'P', b'D', b'F', ..]
            | [b'P', b'K', ..]
            | [b'7', b'z', ..]
            | [b'S', b'Q', b'L', b'i', ..]
            | [b'#', b' ', b'v', ..]
    )
}

/// Of a blob that begins like this.
pub(super) fn kind(head: &[u8]) -> Option<Kind> {
    match head {
        // A version of the format, flags, and one of few methods.
        [b'P', b'K', 3, 4, 0..=63, _, _, _, 0..=99, 0, ..] | [b'P', b'K', 5, 6, ..] => Some(Kind::Zip),
        // Deflate is the only method there is; the upper flags are reserved.
        [0x1f, 0x8b, 8, flags, ..] if flags & 0xe0 == 0 => Some(Kind::Gzip),
        [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, ..] => Some(Kind::Bzip2),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Kind::Xz),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Kind::Zstd),
        [b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c, ..] => Some(Kind::SevenZip),
        [b'%', b'P', b'D', b'F', b'-', ..] => Some(Kind::Pdf),
        [b'#', b' ', b'v', b'2' | b'3', rest @ ..] if rest.starts_with(b" git bundle\n") => {
            Some(Kind::Bundle)
        }
        _ if head.starts_with(sqlite::MARK) => Some(Kind::Sqlite),
        _ => is_tar(head).then_some(Kind::Tar),
    }
}

/// Whether a zip ends here, whatever it begins with: programs and scripts carry one behind them.
pub(super) fn ends_as_zip(bytes: &[u8]) -> bool {
    bytes.len().checked_sub(ZIP_END).is_some_and(|at| bytes[at..].starts_with(b"PK\x05\x06"))
}

/// Bytes of the record at the end of a zip without a comment.
const ZIP_END: usize = 22;

/// The mark that all but the oldest have, and a sum of the header's bytes, its own field taken for blanks.
fn is_tar(head: &[u8]) -> bool {
    let Some(header) = head.get(..512).filter(|header| &header[257..262] == b"ustar") else { return false };
    let field = header[148..156].iter().map(|byte| char::from(*byte)).filter(|c| c.is_digit(8));
    let said = field.filter_map(|c| c.to_digit(8)).fold(0, |sum: u32, digit| sum * 8 + digit);
    let sum = |range: std::ops::Range<usize>| header[range].iter().map(|byte| u32::from(*byte)).sum::<u32>();
    said == sum(0..148) + 8 * u32::from(b' ') + sum(156..512)
}

/// A text inside a container.
#[derive(Debug)]
pub(crate) struct Leaf<'a> {
    /// Its name inside the container, `!` between levels; empty for what is merely compressed.
    pub(crate) member: &'a [u8],
    /// What was undone on the way to it, outermost first.
    pub(crate) decoded: &'a [&'static str],
    /// It.
    pub(crate) bytes: &'a [u8],
}

/// Something in a container that was not scanned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// The member, as in [`Leaf`].
    pub(crate) member: Vec<u8>,
    /// Whether a limit was hit; otherwise it is damaged or locked.
    pub(crate) is_limit: bool,
    /// Why, for a person.
    pub(crate) why: String,
}

/// Opens a container and everything in it, and calls `leaf` with each text; at most `most` bytes come out. What could not
/// be read.
pub(crate) fn walk(kind: Kind, bytes: &[u8], most: u64, leaf: &mut dyn FnMut(&Leaf<'_>)) -> Vec<Trouble> {
    let mut opening = Opening {
        budget: Budget::of(bytes.len() as u64, most),
        leaf,
        member: Vec::new(),
        decoded: Vec::new(),
        depth: 0,
        troubles: Vec::new(),
    };
    // Readers of others meet made-up bytes here: what one of them trips over is damaged.
    if catch_unwind(AssertUnwindSafe(|| opening.container(kind, bytes))).is_err() {
        opening.trouble(false, "it contradicts itself".into());
    }
    opening.troubles
}

/// Whether the bytes of a container are to be scanned as they are, too: something before a zip, or what is damaged.
pub(crate) fn is_to_be_read(kind: Kind, bytes: &[u8], troubles: &[Trouble]) -> bool {
    (kind == Kind::Zip && !bytes.starts_with(b"PK")) || troubles.iter().any(|trouble| !trouble.is_limit)
}

/// A container that is being opened, with its inner ones.
pub(super) struct Opening<'a> {
    budget: Budget,
    leaf: &'a mut dyn FnMut(&Leaf<'_>),
    /// The names of all levels down to here.
    member: Vec<u8>,
    decoded: Vec<&'static str>,
    depth: usize,
    troubles: Vec<Trouble>,
}

/// Opening goes no further: told already.
pub(super) struct Stop;

/// Troubles that are told one by one.
pub(super) const MOST_TROUBLES: usize = 20;

impl Opening<'_> {
    fn container(&mut self, kind: Kind, bytes: &[u8]) {
        self.depth += 1;
        let outcome = match kind {
            Kind::Zip => archives::zip(bytes, self),
            Kind::Tar => archives::tar(bytes, self),
            Kind::SevenZip => archives::seven_zip(bytes, self),
            Kind::Pdf => pdf::streams(bytes, self),
            Kind::Sqlite => {
                sqlite::rows(bytes, self);
                Ok(())
            }
            Kind::Bundle => {
                let why = "the pack of a Git bundle is read only if the scan names the file";
                self.trouble(false, why.into());
                Ok(())
            }
            Kind::Gzip | Kind::Bzip2 | Kind::Xz | Kind::Zstd => self.compressed(kind, bytes),
        };
        self.depth -= 1;
        if outcome.is_err() && self.depth > 0 {
            // What stopped an inner one stops the outer ones as well, once they ask for more.
            tracing::trace!("a container was not opened to its end");
        }
    }

    fn compressed(&mut self, kind: Kind, bytes: &[u8]) -> Result<(), Stop> {
        self.decoded.push(kind.as_str());
        let outcome = match archives::decoder(kind, bytes) {
            Ok(mut reader) => self.member(b"", &mut reader),
            Err(why) => {
                self.trouble(false, why);
                Ok(())
            }
        };
        self.decoded.pop();
        outcome
    }

    /// Reads a member and looks at what it is.
    ///
    /// # Errors
    /// If no more may be opened.
    pub(super) fn member(&mut self, name: &[u8], reader: &mut dyn Read) -> Result<(), Stop> {
        let length = self.enter(name);
        let outcome = self.read(reader);
        self.member.truncate(length);
        outcome
    }

    fn read(&mut self, reader: &mut dyn Read) -> Result<(), Stop> {
        if let Err(why) = self.budget.take_member() {
            self.trouble(true, why);
            return Err(Stop);
        }
        let left = self.budget.left();
        let mut bytes = Vec::new();
        let failed = reader.take(left + 1).read_to_end(&mut bytes).err();
        self.budget.take_bytes(bytes.len() as u64);
        let spent = self.budget.spent();
        let is_cut = bytes.len() as u64 > left;
        if is_cut && spent.is_none() {
            self.trouble(true, format!("only its first {LARGEST_MEMBER} bytes are scanned"));
        }
        // What came out before it failed is scanned all the same.
        if failed.is_none() || !bytes.is_empty() {
            self.text(&bytes);
        }
        if let Some(error) = failed {
            self.trouble(false, format!("damaged: {error}"));
        }
        match spent {
            Some(why) => {
                self.trouble(true, why);
                Err(Stop)
            }
            None => Ok(()),
        }
    }

    /// Something that is there whole: a container of its own, or a text.
    pub(super) fn text(&mut self, bytes: &[u8]) {
        match form(bytes) {
            Some(Form::Container(kind)) if self.depth < DEEPEST => {
                let known = self.troubles.len();
                self.container(kind, bytes);
                if is_to_be_read(kind, bytes, &self.troubles[known..]) {
                    self.leaf(bytes);
                }
            }
            Some(Form::Container(kind)) => {
                self.trouble(true, format!("a {} in {DEEPEST} others is not opened", kind.as_str()));
            }
            _ => self.leaf(bytes),
        }
    }

    /// A text.
    pub(super) fn leaf(&mut self, bytes: &[u8]) {
        (self.leaf)(&Leaf { member: &self.member, decoded: &self.decoded, bytes });
    }

    /// The names of its members, and what else its directory says, a line each.
    pub(super) fn names(&mut self, text: &[u8]) {
        self.decoded.push("names");
        self.leaf(text);
        self.decoded.pop();
    }

    /// Says of a member that it was not read.
    pub(super) fn unread(&mut self, name: &[u8], why: String) {
        let length = self.enter(name);
        self.trouble(false, why);
        self.member.truncate(length);
    }

    fn enter(&mut self, name: &[u8]) -> usize {
        let length = self.member.len();
        if !name.is_empty() {
            if length > 0 {
                self.member.push(b'!');
            }
            self.member.extend_from_slice(&name[..name.len().min(LONGEST_NAME)]);
        }
        length
    }

    pub(super) fn trouble(&mut self, is_limit: bool, why: String) {
        match self.troubles.len() {
            0..MOST_TROUBLES => self.troubles.push(Trouble { member: self.member.clone(), is_limit, why }),
            MOST_TROUBLES => self.troubles.push(Trouble {
                member: Vec::new(),
                is_limit,
                why: "more of its members were not read".into(),
            }),
            _ => {}
        }
    }
}

/// Bytes of a member's name.
const LONGEST_NAME: usize = 4096;
