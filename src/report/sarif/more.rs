//! The result that stands for all that were left out, where people look for results.

use std::collections::BTreeMap;

use serde_json::json;
use serde_sarif::sarif as model;

use super::results::LeftOut;

const ID: &str = "muzzle-results-left-out";

/// Rated above all others: what shows only the most severe results must not leave it out.
pub(super) fn descriptor() -> model::ReportingDescriptor {
    let text = "There are more secrets than code scanning takes: the file names the most severe ones.";
    let help = "Read the whole report: `muzzle scan -o json` or `-o html` has every finding. Revoke the most severe ones \
                first; with each that is gone, others appear here.";
    let message = |text: &str| model::MultiformatMessageString::builder().text(text).build();
    let properties = BTreeMap::from([
        ("precision".to_owned(), json!("very-high")),
        ("security-severity".to_owned(), json!("9.9")),
    ]);
    model::ReportingDescriptor::builder()
        .id(ID)
        .name("MoreResults")
        .short_description(message("More secrets than can be shown"))
        .full_description(message(text))
        .help(message(help))
        .default_configuration(
            model::ReportingConfiguration::builder().level(json!(model::ResultLevel::Error)).build(),
        )
        .properties(
            model::PropertyBag::builder()
                .tags(vec!["security".to_owned()])
                .additional_properties(properties)
                .build(),
        )
        .build()
}

pub(super) fn result(left_out: &LeftOut, rule_index: usize) -> model::Result {
    let text = format!(
        "{} more results are not shown. None of them is more severe than those that are; the first of them is in this \
         file. The reports json and html have them all.",
        left_out.count
    );
    let fingerprints = BTreeMap::from([
        ("muzzle/v1".to_owned(), ID.to_owned()),
        ("primaryLocationLineHash".to_owned(), format!("{}:1", super::details::short_hash(ID))),
    ]);
    model::Result::builder()
        .rule_id(ID)
        .rule_index(i64::try_from(rule_index).unwrap_or(i64::MAX))
        .level(model::ResultLevel::Error)
        .message(model::Message::builder().text(text).build())
        .locations(vec![left_out.first.clone()])
        .partial_fingerprints(fingerprints)
        .build()
}
