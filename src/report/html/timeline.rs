//! When the findings were first committed, as a row of columns.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::super::human::layout::count;
use super::super::{Report, json};

/// More months, or more quarters, than this are told in larger steps.
const MOST_COLUMNS: usize = 40;
const WIDTH: usize = 720;
const HEIGHT: usize = 120;
/// Git knows no earlier commits, but forged ones.
const FIRST_YEAR: u32 = 1970;

/// A stretch of time, counted from the year 0.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Month,
    Quarter,
    Year,
    Decade,
}

impl Step {
    /// How many months it takes.
    fn months(self) -> u32 {
        match self {
            Step::Month => 1,
            Step::Quarter => 3,
            Step::Year => 12,
            Step::Decade => 120,
        }
    }

    fn name(self, number: u32) -> String {
        let months = number * self.months();
        let (year, month) = (months / 12, months % 12);
        match self {
            Step::Month => format!("{year}-{:02}", month + 1),
            Step::Quarter => format!("{year} Q{}", month / 3 + 1),
            Step::Year => year.to_string(),
            Step::Decade => format!("{year}s"),
        }
    }
}

/// Empty where no finding is in a commit.
pub(super) fn render(report: &Report) -> String {
    let dated: Vec<u32> =
        report.findings.iter().filter_map(|finding| month(finding.first_seen.as_ref()?.time)).collect();
    let (Some(first), Some(last)) = (dated.iter().min(), dated.iter().max()) else { return String::new() };
    let fits = |step: &Step| ((last / step.months() - first / step.months()) as usize) < MOST_COLUMNS;
    let steps = [Step::Month, Step::Quarter, Step::Year];
    let step = steps.into_iter().find(fits).unwrap_or(Step::Decade);
    let mut numbers: BTreeMap<u32, usize> = BTreeMap::new();
    dated.iter().for_each(|month| *numbers.entry(month / step.months()).or_default() += 1);
    let (first, last) = (first / step.months(), last / step.months());
    let undated = report.findings.len() - dated.len();
    let mut out = format!(
        "<figure class=\"timeline\">\n<figcaption>First committed{}</figcaption>\n",
        if undated > 0 {
            format!(" ({} in no dated commit)", count(undated as u64, ""))
        } else {
            String::new()
        }
    );
    out.push_str(&columns(&numbers, step, first, last));
    out.push_str("</figure>\n");
    out
}

/// Months since the year 0; `None` for dates that no calendar or no repository has.
fn month(seconds: i64) -> Option<u32> {
    let date = json::date(seconds)?;
    let (year, rest) = date.split_once('-')?;
    let (year, month) = (year.parse::<u32>().ok()?, rest.get(..2)?.parse::<u32>().ok()?);
    (year >= FIRST_YEAR).then(|| year * 12 + month.saturating_sub(1))
}

fn columns(numbers: &BTreeMap<u32, usize>, step: Step, first: u32, last: u32) -> String {
    let most = numbers.values().max().copied().unwrap_or(1).max(1);
    let steps = (last - first + 1) as usize;
    let width = (WIDTH / steps).min(36);
    let fullest = numbers.iter().find(|(_, number)| **number == most).map_or(first, |(at, _)| *at);
    let told = format!(
        "From {} to {}; most, {}, in {}.",
        step.name(first),
        step.name(last),
        count(most as u64, ""),
        step.name(fullest)
    );
    let mut out = format!(
        "<svg viewBox=\"0 0 {WIDTH} {}\" role=\"img\" aria-labelledby=\"timeline\">\n<title id=\"timeline\">Findings by \
         the date of their first commit. {told}</title>\n",
        HEIGHT + 24
    );
    let _ = writeln!(out, "<line class=\"axis\" x1=\"0\" y1=\"{HEIGHT}\" x2=\"{WIDTH}\" y2=\"{HEIGHT}\"/>");
    for (at, number) in numbers {
        let x = (at - first) as usize * width;
        let height = (number * (HEIGHT - 16) / most).max(3);
        let _ = writeln!(
            out,
            "<rect class=\"plain\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{height}\"><title>{}: {}</title></rect>",
            x + 1,
            HEIGHT - height,
            width.saturating_sub(2).max(1),
            step.name(*at),
            count(*number as u64, "finding")
        );
    }
    let middle = |at: u32| (at - first) as usize * width + width / 2;
    let top = HEIGHT - (HEIGHT - 16) - 4;
    let _ = writeln!(
        out,
        "<text x=\"{}\" y=\"{top}\" text-anchor=\"{}\">{}</text>",
        middle(fullest),
        anchor(fullest, first, last),
        count(most as u64, "")
    );
    let mut labelled = vec![first, first + (last - first) / 2, last];
    labelled.dedup();
    if last - first < 2 {
        labelled = (first..=last).collect();
    }
    for at in labelled {
        let x = match anchor(at, first, last) {
            "start" => 0,
            "end" => (at - first) as usize * width + width,
            _ => middle(at),
        };
        let _ = writeln!(
            out,
            "<text x=\"{x}\" y=\"{}\" text-anchor=\"{}\">{}</text>",
            HEIGHT + 17,
            anchor(at, first, last),
            step.name(at)
        );
    }
    out.push_str("</svg>\n");
    out
}

/// A label at an end does not stick out.
fn anchor(at: u32, first: u32, last: u32) -> &'static str {
    match at {
        _ if at == first => "start",
        _ if at == last => "end",
        _ => "middle",
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::fixture;
    use super::*;

    fn of(times: &[i64]) -> String {
        let rules = fixture::rules();
        let secret = fixture::secret(1);
        let finding = |time: &i64| {
            let place = fixture::occurrence(&secret, b"a", 1, fixture::commit(1, *time));
            fixture::finding(&rules, "fixture-token", &secret, vec![place])
        };
        render(&fixture::report(times.iter().map(finding).collect(), Vec::new()))
    }

    #[test]
    fn steps_are_as_long_as_they_must_be() {
        let day = 24 * 60 * 60;
        for (times, label) in [
            (&[1_700_000_000][..], ">2023-11<"),
            (&[1_700_000_000, 1_700_000_000 - 300 * day], ">2023-01<"),
            (&[1_700_000_000, 1_700_000_000 - 3000 * day], ">2015 Q3<"),
            (&[1_700_000_000, 1_700_000_000 - 9000 * day], ">1999<"),
            (&[1_700_000_000, 0, 200_000_000_000], ">8300s<"),
        ] {
            let text = of(times);
            assert!(text.contains(label), "{label}: {text}");
            assert_eq!(text.matches("<rect ").count(), times.len());
        }
    }

    #[test]
    fn dates_that_nothing_has_are_counted_and_not_drawn() {
        assert_eq!(of(&[i64::MAX, -1, i64::MIN]), "");
        let text = of(&[1_700_000_000, i64::MAX]);
        assert!(text.contains("(1 in no dated commit)"), "{text}");
    }
}
