//! Documents and programs: office files, notebooks, databases, byte code, PDF.

use super::committed;
use crate::case::{Case, case};
use crate::support::archives::{DEFLATED, noisy, zip};
use crate::support::{github, line};

/// A PDF with one stream, whose length nobody checks.
fn pdf(dictionary: &str, stream: &[u8], end: &str) -> Vec<u8> {
    let head =
        format!("%PDF-1.7{end}1 0 obj{end}<< {dictionary} /Length {} >>{end}stream{end}", stream.len());
    [
        head.as_bytes(),
        stream,
        format!("{end}endstream{end}endobj{end}trailer << >>{end}%%EOF{end}").as_bytes(),
    ]
    .concat()
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut writer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

/// A database of one page with one row.
fn sqlite(columns: &[&str]) -> Vec<u8> {
    let short = |number: usize| u8::try_from(number).unwrap();
    let varint = |number: usize| match number {
        0..128 => vec![short(number)],
        _ => vec![short(number >> 7) | 0x80, short(number & 0x7f)],
    };
    let kinds: Vec<u8> = columns.iter().flat_map(|text| varint(13 + 2 * text.len())).collect();
    let payload = [vec![short(kinds.len() + 1)], kinds, columns.concat().into_bytes()].concat();
    let cell = [varint(payload.len()), vec![1], payload].concat();
    let start = 4096 - cell.len();
    let mut page = vec![0; 4096];
    page[..16].copy_from_slice(b"SQLite format 3\0");
    page[16..18].copy_from_slice(&4096u16.to_be_bytes());
    page[100] = 0x0d;
    page[103..105].copy_from_slice(&1u16.to_be_bytes());
    page[108..110].copy_from_slice(&u16::try_from(start).unwrap().to_be_bytes());
    page[start..].copy_from_slice(&cell);
    page
}

pub(super) fn cases() -> Vec<Case> {
    let token = github("one");
    let xml = format!("<w:p><w:r><w:t>the token is {token}, please</w:t></w:r></w:p>");
    let notebook = serde_json::json!({"cells": [
        {"cell_type": "code", "source": ["import os\n", format!("token = \"{token}\"\n")],
         "outputs": [{"output_type": "stream", "text": ["done\n"]}]}], "nbformat": 4});
    let output = serde_json::json!({"cells": [
        {"cell_type": "code", "source": ["print(token)\n"],
         "outputs": [{"data": {"text/plain": [format!("'{token}'")]}}]}], "nbformat": 4});
    let content = format!("BT /F1 12 Tf ({token}) Tj ET");
    let list: Vec<(&'static str, Vec<u8>, &'static str)> = vec![
        ("a.docx", zip(&[("[Content_Types].xml", b"<x/>"), ("word/document.xml", xml.as_bytes())], DEFLATED), "word/document.xml"),
        ("a.xlsx", zip(&[("xl/sharedStrings.xml", xml.as_bytes())], DEFLATED), "xl/sharedStrings.xml"),
        ("a.odt", zip(&[("mimetype", b"application/vnd.oasis.opendocument.text"), ("content.xml", xml.as_bytes())], DEFLATED), "content.xml"),
        ("source.ipynb", notebook.to_string().into_bytes(), ""),
        ("output.ipynb", output.to_string().into_bytes(), ""),
        ("a.sqlite", sqlite(&["production", &token]), "page 1"),
        ("a.pyc", [vec![0xcb, 0x0d, 0x0d, 0x0a, 0, 0, 0, 0, 0xe3, 0, 0], vec![0xda, u8::try_from(token.len()).unwrap()], token.clone().into_bytes(), vec![0xe9, 0, 0, 0, 0]].concat(), ""),
        ("A.class", [vec![0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 0x41, 0, 9, 1, 0, u8::try_from(token.len()).unwrap()], token.clone().into_bytes(), vec![7, 0, 2]].concat(), ""),
        ("a.o", [b"\x7fELF\x02\x01\x01\0".to_vec(), vec![0; 100], token.clone().into_bytes(), vec![0]].concat(), ""),
        ("plain.pdf", pdf("", content.as_bytes(), "\n"), ""),
        ("deflated.pdf", pdf("/Filter /FlateDecode", &deflated(&[content.as_bytes(), &noisy("x\n")].concat()), "\n"), "stream 1"),
        ("deflated-crlf.pdf", pdf("/Filter /FlateDecode", &deflated(&[content.as_bytes(), &noisy("x\n")].concat()), "\r\n"), "stream 1"),
        ("metadata.pdf", [b"%PDF-1.4\n".to_vec(), format!("2 0 obj << /Author ({token}) >> endobj\n").into_bytes()].concat(), ""),
        ("a.har", serde_json::json!({"log": {"entries": [{"request": {"headers": [{"name": "x-token", "value": token}]}}]}}).to_string().into_bytes(), ""),
        ("a.eml", format!("Subject: x\nContent-Transfer-Encoding: base64\n\n{}\n", {
            use base64::Engine as _;
            let text = base64::engine::general_purpose::STANDARD.encode(format!("Dear all,\n\nhere is the token: {}\nYours\n", line("one")));
            text.as_bytes().chunks(76).map(|l| String::from_utf8_lossy(l).into_owned()).collect::<Vec<_>>().join("\n")
        }).into_bytes(), ""),
    ];
    list.into_iter()
        .map(|(name, bytes, member)| case(name, move |t| committed(t, name, &bytes, member)))
        .collect()
}
