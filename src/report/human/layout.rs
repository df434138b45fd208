//! Lines that fit, numbers that can be read.

use std::time::Duration;

/// Breaks lines at spaces. Longer words stay whole: paths and ids are copied from here.
pub(super) fn wrap(text: &str, width: usize) -> String {
    let mut out = String::new();
    let mut used = 0;
    for (number, line) in text.lines().enumerate() {
        if number > 0 {
            out.push('\n');
            used = 0;
        }
        for word in line.split(' ').filter(|word| !word.is_empty()) {
            let length = word.chars().count();
            // GitHub's runner obeys `::` at the beginning of a line, spaces or not.
            if used > 0 && used + 1 + length > width && !word.starts_with("::") {
                out.push('\n');
                used = 0;
            } else if used > 0 {
                out.push(' ');
                used += 1;
            }
            out.push_str(word);
            used += length;
        }
    }
    out
}

/// `1 commit`, `1,234 commits`.
pub(in crate::report) fn count(number: u64, noun: &str) -> String {
    format!("{}{}{}", grouped(number), if noun.is_empty() { "" } else { " " }, plural(number, noun))
}

fn plural(number: u64, noun: &str) -> String {
    if number == 1 || noun.is_empty() { noun.to_owned() } else { format!("{noun}s") }
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `512 bytes`, `1.5 MiB`.
pub(in crate::report) fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return count(bytes, "byte");
    }
    let exponent = bytes.ilog2() / 10;
    let tenths = (u128::from(bytes) * 10) >> (10 * exponent);
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[exponent as usize - 1])
}

/// `85 ms`, `1.23 s`, `12 min 3 s`.
pub(super) fn duration(time: Duration) -> String {
    match time.as_secs() {
        0 => format!("{} ms", time.as_millis()),
        seconds @ 1..60 => format!("{seconds}.{:02} s", time.subsec_millis() / 10),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_wrapped_and_long_ones_stay_whole() {
        assert_eq!(wrap("one two  three", 7), "one two\nthree");
        assert_eq!(wrap("a looooooooong word\nb", 5), "a\nlooooooooong\nword\nb");
    }

    #[test]
    fn no_line_begins_with_a_command() {
        assert_eq!(wrap("some words ::error::here and", 10), "some words ::error::here\nand");
    }

    #[test]
    fn numbers_are_readable() {
        assert_eq!(count(1, "commit"), "1 commit");
        assert_eq!(count(1_234_567, "blob"), "1,234,567 blobs");
        assert_eq!(
            [0, 1023, 1024, 1 << 30, u64::MAX].map(size),
            ["0 bytes", "1,023 bytes", "1.0 KiB", "1.0 GiB", "15.9 EiB"]
        );
        let times = [85, 1234, 61_500].map(|time| duration(Duration::from_millis(time)));
        assert_eq!(times, ["85 ms", "1.23 s", "1 min 1 s"]);
    }
}
