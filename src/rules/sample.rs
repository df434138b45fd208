//! Makes test texts from templates, so that no complete token stands in this repository.
//!
//! `{{EXPRESSION}}` draws a random text that the expression matches, `{{@NAME}}` and `{{@NAME:ARG}}` make a whole
//! credential. The same name gives the same texts, on every machine, for ever.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use regex_syntax::hir::{Class, Hir, HirKind};

mod keys;

use super::checksum;

/// A small deterministic generator (`SplitMix64`). Not for keys.
#[derive(Debug)]
pub struct Rng(u64);

impl Rng {
    /// Seeds from a name.
    pub fn from_name(name: &str) -> Self {
        // FNV-1a, 64 bits.
        Rng(name
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)))
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`, which is not zero.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next_u64() % bound as u64).unwrap_or(0)
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next_u64().to_le_bytes()[3]).collect()
    }
}

/// Fills in a template. The error says what is wrong with it.
pub fn sample_template(template: &str, rng: &mut Rng) -> Result<String, String> {
    let mut text = String::new();
    let mut rest = template;
    while let Some(open) = rest.find("{{") {
        text.push_str(&rest[..open]);
        let inner = &rest[open + 2..];
        let mut close = inner.find("}}").ok_or_else(|| format!("`{{{{` without `}}}}` in {template:?}"))?;
        // `{{[a-z]{32}}}`: the braces of the expression belong to it.
        while inner[close + 2..].starts_with('}') {
            close += 1;
        }
        let piece = &inner[..close];
        match piece.strip_prefix('@') {
            Some(call) => {
                let (name, argument) = call.split_once(':').unwrap_or((call, ""));
                text.push_str(&credential(name, argument, rng)?);
            }
            None => text.push_str(&sample_expression(piece, rng)?),
        }
        rest = &inner[close + 2..];
    }
    text.push_str(rest);
    Ok(text)
}

fn sample_expression(pattern: &str, rng: &mut Rng) -> Result<String, String> {
    let hir = regex_syntax::ParserBuilder::new()
        .unicode(false)
        .utf8(false)
        .build()
        .parse(pattern)
        .map_err(|e| e.to_string())?;
    let mut bytes = Vec::new();
    draw(&hir, rng, &mut bytes);
    String::from_utf8(bytes).map_err(|_| format!("{pattern:?} does not give text"))
}

fn draw(hir: &Hir, rng: &mut Rng, out: &mut Vec<u8>) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => out.extend_from_slice(&literal.0),
        HirKind::Class(class) => {
            let mut choices: Vec<u8> = Vec::new();
            match class {
                Class::Bytes(class) => class.iter().for_each(|r| choices.extend(r.start()..=r.end())),
                Class::Unicode(class) => class.iter().for_each(|r| {
                    choices.extend((r.start()..=r.end()).filter_map(|c| u8::try_from(c).ok()));
                }),
            }
            // Prefer what a person can read; a class without it is taken as it is.
            let printable: Vec<u8> = choices.iter().copied().filter(|b| (b' '..=b'~').contains(b)).collect();
            let choices = if printable.is_empty() { choices } else { printable };
            if !choices.is_empty() {
                out.push(choices[rng.below(choices.len())]);
            }
        }
        HirKind::Repetition(repetition) => {
            let least = repetition.min as usize;
            let most = repetition.max.map_or(least + 8, |max| max as usize).min(least + 64);
            let count = least + rng.below(most - least + 1);
            (0..count).for_each(|_| draw(&repetition.sub, rng, out));
        }
        HirKind::Capture(capture) => draw(&capture.sub, rng, out),
        HirKind::Concat(parts) => parts.iter().for_each(|part| draw(part, rng, out)),
        HirKind::Alternation(parts) => draw(&parts[rng.below(parts.len())], rng, out),
    }
}

fn credential(name: &str, argument: &str, rng: &mut Rng) -> Result<String, String> {
    let mut random = |pattern: &str| sample_expression(pattern, rng);
    Ok(match name {
        "github" => {
            let body = random("[A-Za-z0-9]{30}")?;
            format!("{argument}{body}{}", checksum::crc32_base62(body.as_bytes()))
        }
        "npm" => {
            let body = random("[A-Za-z0-9]{30}")?;
            format!("npm_{body}{}", checksum::crc32_base62(body.as_bytes()))
        }
        "grafana" => {
            let head = format!("glsa_{}", random("[A-Za-z0-9]{32}")?);
            format!("{head}_{}", checksum::crc32_hex_le(head.as_bytes()))
        }
        "atlassian" => {
            let head = format!("ATATT3xFfGF0{}=", random("[A-Za-z0-9_-]{171}")?);
            format!("{head}{}", checksum::crc32_hex_upper(head.as_bytes()))
        }
        "gitlab-routable" => {
            let payload = URL_SAFE_NO_PAD.encode(format!("o:1\ng:42\nu:7\n{}", random("[a-z0-9]{24}")?));
            let head = format!("{argument}{payload}.{}", checksum::length_base36(payload.len()));
            format!("{head}{}", checksum::crc32_base36(head.as_bytes()))
        }
        "aws-key-id" => random("AKIA[A-P][A-Z2-7]{15}")?,
        "jwt" => {
            let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
            let claims = format!(
                r#"{{"iss":"https://issuer.test","sub":"{}","iat":1700000000,"exp":1900000000}}"#,
                random("[0-9]{10}")?
            );
            format!("{header}.{}.{}", URL_SAFE_NO_PAD.encode(claims), random("[A-Za-z0-9_-]{43}")?)
        }
        "pem" => {
            let body = STANDARD.encode(keys::body(argument, rng));
            let lines: Vec<&str> =
                body.as_bytes().chunks(64).map(|l| std::str::from_utf8(l).unwrap_or_default()).collect();
            format!("-----BEGIN {argument}-----\n{}\n-----END {argument}-----", lines.join("\n"))
        }
        "azure" => azure(argument, rng)?,
        "azure-annotated" => {
            let body = format!(
                "{}JQQJ99{}{argument}",
                random("[A-Za-z0-9]{52}")?,
                random("[A-F][A-L][A-Za-z0-9]{12}")?
            );
            let bytes = STANDARD.decode(&body).map_err(|e| e.to_string())?;
            format!("{body}{}", &super::check::annotated_sum(&bytes)[0][..4])
        }
        "crates-io" => {
            let body = random("[A-Za-z0-9]{31}")?;
            format!("cio_tp_{body}{}", checksum::xor_character(body.as_bytes()))
        }
        "der" => STANDARD.encode(keys::body(argument, rng)),
        "bech32" => checksum::with_bech32(argument, &rng.bytes(52)),
        "base58check" => checksum::with_base58check(&[&[0x80][..], &rng.bytes(32), &[1]].concat()),
        _ => return Err(format!("unknown credential `@{name}`")),
    })
}

/// `64+AStDefault0`: an identifiable key of 64 bytes with this signature and the checksum of this seed.
fn azure(argument: &str, rng: &mut Rng) -> Result<String, String> {
    let parse = || {
        let (size, rest) = argument.split_at_checked(2)?;
        let (signature, seed) = rest.split_at_checked(4)?;
        Some((size.parse::<usize>().ok()?, signature, u64::from_be_bytes(seed.as_bytes().try_into().ok()?)))
    };
    let (size, signature, seed) =
        parse().ok_or_else(|| format!("`@azure:{argument}`: size, signature, seed"))?;
    let mut text = STANDARD.encode(rng.bytes(size));
    let at = text.trim_end_matches('=').len() - 10;
    text.replace_range(at..at + 4, signature);
    let mut bytes = STANDARD.decode(&text).map_err(|e| e.to_string())?;
    let body = bytes.len() - 4;
    // Between signature and checksum there are a few bits, which are zero.
    let between = 8 * body - 6 * (at + 4);
    bytes[body - 1] &= !((1u8 << between) - 1);
    let sum = super::check::marvin32(&bytes[..body], seed);
    bytes[body..].copy_from_slice(&sum.to_le_bytes());
    Ok(STANDARD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_filled_and_repeatable() {
        let make = || sample_template("a={{[a-f]{4}}};{{(?:x|y)z{2}}}", &mut Rng::from_name("t")).unwrap();
        let text = make();
        assert_eq!(text, make());
        assert!(text.starts_with("a=") && text.len() == 10 && text.ends_with("zz"), "{text}");
        assert!(sample_template("{{@nothing}}", &mut Rng::from_name("t")).is_err());
        assert!(sample_template("{{[a", &mut Rng::from_name("t")).is_err());
    }
}
