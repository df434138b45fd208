//! Kinds of credentials that the simulator knows.

use std::fmt;

/// A kind of credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// GitHub's personal access token.
    GitHub,
    /// GitHub's token of an app's installation.
    GitHubInstallation,
    /// GitLab's personal access token.
    GitLab,
    /// Slack's bot token.
    Slack,
    /// A token of a package registry that behaves like npm's.
    Npm,
    /// A pair of AWS: the secret, and the id as companion.
    Aws,
    /// Google's access token.
    Google,
    /// Stripe's secret key.
    Stripe,
    /// `SendGrid`'s key.
    SendGrid,
    /// Vault's service token.
    Vault,
    /// A token of an OAuth server with revocation (RFC 7009) and introspection (RFC 7662).
    OAuth,
    /// Discord's webhook: the whole URL.
    Discord,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 12] = [
        Kind::GitHub,
        Kind::GitHubInstallation,
        Kind::GitLab,
        Kind::Slack,
        Kind::Npm,
        Kind::Aws,
        Kind::Google,
        Kind::Stripe,
        Kind::SendGrid,
        Kind::Vault,
        Kind::OAuth,
        Kind::Discord,
    ];

    /// As the command line and files name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::GitHub => "github",
            Kind::GitHubInstallation => "github-installation",
            Kind::GitLab => "gitlab",
            Kind::Slack => "slack",
            Kind::Npm => "npm",
            Kind::Aws => "aws",
            Kind::Google => "google",
            Kind::Stripe => "stripe",
            Kind::SendGrid => "sendgrid",
            Kind::Vault => "vault",
            Kind::OAuth => "oauth",
            Kind::Discord => "discord",
        }
    }

    /// The rule that finds it; `None` where the value alone tells nothing.
    pub fn rule(self) -> Option<&'static str> {
        Some(match self {
            Kind::GitHub => "github-pat-classic",
            Kind::GitHubInstallation => "github-app-installation-token",
            Kind::GitLab => "gitlab-pat",
            Kind::Slack => "slack-bot-token",
            Kind::Npm => "npm-access-token",
            Kind::Aws => "aws-secret-access-key",
            Kind::Google => "google-oauth-access-token",
            Kind::Stripe => "stripe-secret-key",
            Kind::SendGrid => "sendgrid-api-key",
            Kind::Vault => "hashicorp-vault-service-token",
            Kind::Discord => "discord-webhook",
            Kind::OAuth => return None,
        })
    }

    /// Where it is asked about.
    pub fn hosts(self) -> &'static [&'static str] {
        match self {
            Kind::GitHub | Kind::GitHubInstallation => &["api.github.com"],
            Kind::GitLab => &["gitlab.com"],
            Kind::Slack => &["slack.com"],
            Kind::Npm => &["registry.example.test"],
            Kind::Aws => &["sts.us-east-1.amazonaws.com", "sts.amazonaws.com", "iam.amazonaws.com"],
            Kind::Google => &["oauth2.googleapis.com"],
            Kind::Stripe => &["api.stripe.com"],
            Kind::SendGrid => &["api.sendgrid.com", "api.eu.sendgrid.com"],
            Kind::Vault => &["vault.example.test"],
            Kind::OAuth => &["issuer.example.test"],
            Kind::Discord => &["discord.com"],
        }
    }

    /// The list of trusted configuration that its hosts must stand in, as it has none of its own.
    pub fn service(self) -> Option<&'static str> {
        matches!(self, Kind::Npm | Kind::Vault | Kind::OAuth).then(|| self.as_str())
    }

    /// What values are made from, see [`crate::rules::sample`].
    pub(super) fn template(self) -> &'static str {
        match self {
            Kind::GitHub => "{{@github:ghp_}}",
            Kind::GitHubInstallation => "{{@github:ghs_}}",
            Kind::GitLab => "glpat-{{[A-Za-z0-9]{20}}}",
            Kind::Slack => "xoxb-{{[1-9][0-9]{11}}}-{{[1-9][0-9]{12}}}-{{[A-Za-z0-9]{24}}}",
            Kind::Npm => "{{@npm}}",
            Kind::Aws => "{{[A-Za-z0-9/+]{40}}}",
            Kind::Google => "ya29.a0{{[A-Za-z0-9_-]{180}}}",
            Kind::Stripe => "sk_live_51{{[A-Za-z0-9]{97}}}",
            Kind::SendGrid => "SG.{{[A-Za-z0-9_-]{22}}}.{{[A-Za-z0-9_-]{43}}}",
            Kind::Vault => "hvs.{{[A-Za-z0-9]{24}}}",
            Kind::OAuth => "{{[A-Za-z0-9_-]{43}}}",
            Kind::Discord => "https://discord.com/api/webhooks/{{[1-9][0-9]{17}}}/{{[A-Za-z0-9_-]{68}}}",
        }
    }

    /// Of the other half, where there is one.
    pub(super) fn companion(self) -> Option<&'static str> {
        (self == Kind::Aws).then_some("{{@aws-key-id}}")
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
