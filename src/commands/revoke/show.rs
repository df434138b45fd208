//! Plans and outcomes, for people and as JSON.

use std::fmt::Write as _;

use serde_json::json;

use crate::report::text::visible;
use crate::response::revoke::{Item, Record, Step, Todo};
use crate::rules::response::{Class, Outcome};

/// A plan.
pub(super) fn plan(items: &[Item], code: Option<&str>) -> String {
    let mut text = String::new();
    for (number, item) in items.iter().enumerate() {
        let _ = item_lines(&mut text, number + 1, items.len(), item);
    }
    let acted = items.iter().filter(|item| item.todo == Todo::Act).count();
    let _ = writeln!(text, "{acted} of {} would be {}; nothing was sent.", items.len(), done_to(items));
    if let Some(code) = code.filter(|_| acted > 0) {
        let _ = writeln!(
            text,
            "Agree within 15 minutes: the same command with --confirm {code} in place of --plan"
        );
    }
    text
}

fn done_to(items: &[Item]) -> &'static str {
    if items.iter().any(|item| item.step == Step::Rotate) { "replaced" } else { "revoked" }
}

fn item_lines(text: &mut String, number: usize, of: usize, item: &Item) -> std::fmt::Result {
    writeln!(text, "{number}/{of}  {}  {}  {}", shown(&item.rule), shown(&item.secret), shown(&item.place))?;
    let who = item.class.map_or("nothing is known of how it is revoked", who_can);
    let trust = item.trust.map(|trust| format!("; known from {}", source_of(trust))).unwrap_or_default();
    writeln!(text, "  {who}{trust}")?;
    for call in &item.calls {
        let sends = if call.sends.is_empty() { "nothing".to_owned() } else { call.sends.join(", ") };
        let kind = if call.purpose.is_read_only() { "asks " } else { "DOES " };
        writeln!(text, "  {kind} {}  (sends {})", shown(&call.template), shown(&sends))?;
    }
    if item.todo == Todo::Act {
        writeln!(text, "  asks  as at first, until it is dead")?;
        if let Some(responder) = &item.responder {
            writeln!(text, "  with  the credential {} of trusted configuration", shown(responder))?;
        }
        line(text, "destroys", item.destroys.as_deref())?;
        let undo = match item.step {
            Step::Disable => item.undo.as_deref(),
            _ => Some(item.undo.as_deref().unwrap_or("cannot be undone")),
        };
        line(text, "undo", undo)?;
        line(text, "takes", item.delay.as_deref())?;
    }
    for warning in &item.warnings {
        line(text, "WARNING", Some(warning))?;
    }
    match &item.todo {
        Todo::Act => {}
        Todo::Manual(why) => {
            line(text, "by hand", Some(why))?;
            page(text, item.page.as_deref(), &item.steps)?;
        }
        Todo::Skip(why) => line(text, "skipped", Some(why))?,
    }
    writeln!(text)
}

fn line(text: &mut String, name: &str, value: Option<&str>) -> std::fmt::Result {
    value.map_or(Ok(()), |value| writeln!(text, "  {name}: {}", shown(value)))
}

fn page(text: &mut String, page: Option<&str>, steps: &[String]) -> std::fmt::Result {
    line(text, "page", page)?;
    for (number, step) in steps.iter().enumerate() {
        writeln!(text, "    {}. {}", number + 1, shown(step))?;
    }
    Ok(())
}

fn shown(text: &str) -> String {
    visible(text.as_bytes())
}

/// Who can, as a sentence's beginning.
pub(crate) fn who_can(class: Class) -> &'static str {
    match class {
        Class::Anyone => "whoever holds it can revoke it",
        Class::Itself => "it can revoke itself",
        Class::LookUp => "it can revoke itself once its id is looked up, if it has the right to",
        Class::Responder => "another credential of the same owner can revoke it",
        Class::Console => "a person can revoke it at the provider's page",
        Class::Nobody => "nobody can revoke it",
    }
}

fn source_of(trust: &str) -> &'static str {
    match trust {
        "V" => "the provider's documentation",
        "L" => "what was seen on the wire",
        "T" => "other tools (experimental)",
        _ => "memory (experimental)",
    }
}

/// What came of one, in a line or some.
pub(super) fn record(record: &Record) -> String {
    let mut text = String::new();
    let _ = record_lines(&mut text, record);
    text
}

fn record_lines(text: &mut String, record: &Record) -> std::fmt::Result {
    writeln!(
        text,
        "{:<15}  {}  {}  {}: {}",
        record.outcome,
        shown(&record.rule),
        shown(&record.secret),
        shown(&record.place),
        shown(&record.reason)
    )?;
    let by_hand = [Outcome::ManualRequired, Outcome::NotAuthorised, Outcome::Refused];
    if by_hand.contains(&record.outcome) {
        page(text, record.page.as_deref(), &record.steps)?;
    }
    Ok(())
}

/// All that came of a run, with what is left to do.
pub(super) fn summary(records: &[Record], remains: &[Vec<String>]) -> String {
    let mut text = String::from("\n");
    for one in records {
        let _ = record_lines(&mut text, one);
    }
    let mut said: Vec<&String> = remains.iter().flatten().collect();
    said.dedup();
    if !said.is_empty() {
        text.push_str("\nWhat this does not mend:\n");
        for (number, remain) in said.iter().enumerate() {
            if !said[..number].contains(remain) {
                let _ = writeln!(text, "  - {}", shown(remain));
            }
        }
    }
    text
}

/// A plan as JSON.
pub(super) fn plan_json(items: &[Item], code: Option<&str>) -> String {
    let code = code.filter(|_| items.iter().any(|item| item.todo == Todo::Act));
    document(&json!({ "version": 1, "plan": { "code": code, "items": items } }))
}

/// Outcomes as JSON.
pub(super) fn json(records: &[Record], remains: &[Vec<String>], code: Option<&str>, exit: u8) -> String {
    let records: Vec<serde_json::Value> = records
        .iter()
        .zip(remains)
        .map(|(record, remains)| {
            let mut value = serde_json::to_value(record).unwrap_or_default();
            value["remains"] = json!(remains);
            value
        })
        .collect();
    document(&json!({ "version": 1, "plan": { "code": code }, "exit_code": exit, "credentials": records }))
}

fn document(value: &serde_json::Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}
