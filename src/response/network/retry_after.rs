//! How long a provider asks to wait.

use std::time::Duration;

use jiff::Timestamp;

use crate::response::call::Reply;

/// A number above this is a date in seconds since 1970, whatever the header's name.
const LEAST_DATE: u64 = 1_000_000_000;

/// `Retry-After` in seconds or as a date, or the reset of a limit that is used up. What is over by now is no wait.
pub(super) fn of(reply: &Reply, today: Timestamp) -> Option<Duration> {
    if let Some(wait) = reply.header("retry-after").and_then(|text| retry_after(text, today)) {
        return Some(wait);
    }
    let is_used_up = ["x-ratelimit-remaining", "ratelimit-remaining"]
        .iter()
        .any(|name| reply.header(name).is_some_and(|text| text.trim() == "0"));
    if reply.status != 429 && !is_used_up {
        return None;
    }
    ["x-ratelimit-reset", "ratelimit-reset"]
        .iter()
        .find_map(|name| reply.header(name))
        .and_then(|text| seconds(text, today))
}

fn retry_after(text: &str, today: Timestamp) -> Option<Duration> {
    seconds(text, today).or_else(|| {
        let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text.trim()).ok()?;
        Some(until(date, today))
    })
}

/// Seconds, or a date in seconds; providers send either, and fractions.
fn seconds(text: &str, today: Timestamp) -> Option<Duration> {
    let number: f64 = text.trim().parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0)?;
    let wait = Duration::try_from_secs_f64(number).ok()?;
    if wait.as_secs() < LEAST_DATE {
        return Some(wait);
    }
    let date = Timestamp::from_second(i64::try_from(wait.as_secs()).ok()?).ok()?;
    Some(until(date, today))
}

fn until(date: Timestamp, today: Timestamp) -> Duration {
    Duration::try_from(date.duration_since(today)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn asked(status: u16, headers: &[(&str, &str)]) -> Option<Duration> {
        let headers = headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let reply = Reply { status, headers, body: Secret::new(b""), is_cut: false };
        of(&reply, "2026-11-22T10:00:00Z".parse().unwrap())
    }

    #[test]
    fn waits_come_in_many_forms() {
        let wait = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(asked(429, &[("retry-after", "7")]), wait(7));
        assert_eq!(asked(503, &[("retry-after", " 7 ")]), wait(7));
        assert_eq!(asked(429, &[("retry-after", "Sun, 22 Nov 2026 10:00:30 GMT")]), wait(30));
        assert_eq!(asked(429, &[("retry-after", "Sun, 22 Nov 2026 09:00:30 GMT")]), wait(0));
        assert_eq!(asked(429, &[("retry-after", "0.5")]), Some(Duration::from_millis(500)));
        assert_eq!(asked(429, &[("x-ratelimit-reset", "1795341620")]), wait(20));
        assert_eq!(asked(429, &[("x-ratelimit-reset", "12")]), wait(12));
        assert_eq!(
            asked(403, &[("x-ratelimit-reset", "1795341620"), ("x-ratelimit-remaining", "0")]),
            wait(20)
        );
        assert_eq!(asked(403, &[("x-ratelimit-reset", "1795341620"), ("x-ratelimit-remaining", "5")]), None);
        for nonsense in ["", "soon", "-1", "NaN", "inf", "1e400", "\u{1b}[31m"] {
            assert_eq!(asked(429, &[("retry-after", nonsense)]), None, "{nonsense}");
        }
    }
}
