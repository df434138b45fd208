//! Credentials that are made when a test runs, always the same for the same name.

pub(crate) use muzzle::rules::sample::Rng;
use muzzle::rules::sample::sample_template;

/// A GitHub token with a checksum that agrees.
pub(crate) fn github(name: &str) -> String {
    fill("{{@github:ghp_}}", name)
}

/// A line that holds [`github`] from its third column on.
pub(crate) fn line(name: &str) -> String {
    format!("x {}\n", github(name))
}

/// Any template, see [`sample_template`].
pub(crate) fn fill(template: &str, name: &str) -> String {
    sample_template(template, &mut Rng::from_name(name)).unwrap()
}

/// The rule that finds what [`password_line`] holds: a human password, which has no fingerprint of its own value.
pub(crate) const PASSWORD_RULE: &str = "amqp-url";

/// A line with a human password in a URL.
pub(crate) fn password_line(name: &str) -> String {
    fill("queue = 'amqp:{{}}//app:{{[A-Za-z0-9]{10}}}@mq1.acme.io:5672/prod'\n", name)
}
