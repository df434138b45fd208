//! The report for people.

use super::Report;

/// The whole report.
pub fn render(_report: &Report, _colour: bool) -> Vec<u8> {
    Vec::new()
}
