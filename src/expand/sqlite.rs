//! The rows of an `SQLite` database. Its columns lie side by side without anything between, so that the bytes alone do not
//! tell where a value begins. Format: <https://www.sqlite.org/fileformat2.html>, sections 1.5, 1.6 and 2.1.

use std::cell::Cell;

use super::container::Opening;

/// What every database begins with.
pub(super) const MARK: &[u8] = b"SQLite format 3\0";
/// Bytes of the header of the file, which the first page begins with.
const HEADER: usize = 100;
/// Pages with rows of tables, and with keys of indexes.
const TABLE_LEAF: u8 = 0x0d;
const INDEX_LEAF: u8 = 0x0a;
/// A longer value is cut.
const LONGEST: usize = 32 << 20;

/// The file as it is, since deleted rows lie between the others; then the columns of each page, one a line.
pub(super) fn rows(bytes: &[u8], opening: &mut Opening<'_>) {
    opening.leaf(bytes);
    let Some(database) = Database::of(bytes) else { return };
    let mut text = Vec::new();
    for number in 1..=bytes.len() / database.page_size {
        text.clear();
        database.columns(number, &mut text);
        if !text.is_empty() {
            let name = format!("page {number}");
            // In memory already, and about as much of it again.
            if opening.member(name.as_bytes(), &mut text.as_slice()).is_err() {
                return;
            }
        }
    }
}

struct Database<'a> {
    bytes: &'a [u8],
    page_size: usize,
    /// Bytes of a page that hold something.
    usable: usize,
    /// Bytes that may still come out of pages that rows overflow to: chains can lead back to where they were.
    left: Cell<usize>,
}

impl<'a> Database<'a> {
    fn of(bytes: &'a [u8]) -> Option<Self> {
        let page_size = match u16_at(bytes, 16)? {
            1 => 65_536,
            size => usize::from(size),
        };
        let usable = page_size.checked_sub(usize::from(*bytes.get(20)?))?;
        let left = Cell::new(2 * bytes.len());
        (page_size.is_power_of_two() && usable >= 480).then_some(Database { bytes, page_size, usable, left })
    }

    fn page(&self, number: usize) -> Option<&'a [u8]> {
        let start = number.checked_sub(1)?.checked_mul(self.page_size)?;
        self.bytes.get(start..start.checked_add(self.page_size)?)
    }

    /// Appends the columns of all rows of a page, if it holds rows.
    fn columns(&self, number: usize, text: &mut Vec<u8>) {
        let Some(page) = self.page(number) else { return };
        let header = if number == 1 { HEADER } else { 0 };
        let kind = page[header];
        if ![TABLE_LEAF, INDEX_LEAF].contains(&kind) {
            return;
        }
        let count = u16_at(page, header + 3).unwrap_or(0);
        for cell in 0..usize::from(count) {
            let Some(start) = u16_at(page, header + 8 + 2 * cell) else { return };
            // What contradicts itself was scanned as bytes.
            let _ = self.row(page, usize::from(start), kind == TABLE_LEAF, text);
            if text.len() > LONGEST {
                return;
            }
        }
    }

    fn row(&self, page: &[u8], start: usize, is_table: bool, text: &mut Vec<u8>) -> Option<()> {
        let (length, mut at) = varint(page, start)?;
        if is_table {
            (_, at) = varint(page, at)?;
        }
        let payload = self.payload(page, at, usize::try_from(length).ok()?, is_table)?;
        let (header_end, mut at) = varint(&payload, 0)?;
        let header_end = usize::try_from(header_end).ok()?;
        let mut column = header_end;
        while at < header_end {
            let (kind, next) = varint(&payload, at)?;
            at = next;
            let length = usize::try_from(length_of(kind)).ok()?;
            let value = payload.get(column..payload.len().min(column.checked_add(length)?))?;
            column += length;
            if kind >= 12 {
                text.extend_from_slice(value);
                text.push(b'\n');
            }
        }
        Some(())
    }

    /// The bytes of a row: those in the page, and those in the chain of pages that it overflows to.
    fn payload(&self, page: &[u8], at: usize, length: usize, is_table: bool) -> Option<Vec<u8>> {
        let most = if is_table { self.usable - 35 } else { (self.usable - 12) * 64 / 255 - 23 };
        if length <= most {
            return page.get(at..at.checked_add(length)?).map(<[u8]>::to_vec);
        }
        let least = (self.usable - 12) * 32 / 255 - 23;
        let local = least + (length - least) % (self.usable - 4);
        let local = if local <= most { local } else { least };
        let mut payload = page.get(at..at + local)?.to_vec();
        let mut next = u32_at(page, at + local)?;
        let length = length.min(LONGEST).min(self.left.get());
        while payload.len() < length {
            let Some(page) = self.page(next as usize) else { break };
            let wanted = (length - payload.len()).min(self.usable - 4);
            payload.extend_from_slice(&page[4..4 + wanted]);
            next = u32_at(page, 0)?;
        }
        self.left.set(self.left.get().saturating_sub(payload.len()));
        Some(payload)
    }
}

/// Bytes of a column of this kind.
fn length_of(kind: u64) -> u64 {
    match kind {
        0 | 8..=11 => 0,
        1..=4 => kind,
        5 => 6,
        6 | 7 => 8,
        _ => (kind - 12) / 2,
    }
}

/// A number of one to nine bytes, the highest bits first, and where it ends.
fn varint(bytes: &[u8], start: usize) -> Option<(u64, usize)> {
    let mut value = 0u64;
    for at in start..start + 8 {
        let byte = *bytes.get(at)?;
        value = value << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((value, at + 1));
        }
    }
    Some((value << 8 | u64::from(*bytes.get(start + 8)?), start + 9))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2)?.try_into().ok().map(u16::from_be_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes)
}
