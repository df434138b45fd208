//! `muzzle rules`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Arguments that name rule files.
#[derive(Debug, Clone, Args)]
pub struct RuleFilesArgs {
    /// Add the rules of this file, or of all *.toml in this directory: muzzle's own format or a gitleaks configuration;
    /// repeatable.
    #[arg(long = "rules", value_name = "PATH")]
    pub files: Vec<PathBuf>,
    /// Leave out the rules that come with muzzle.
    #[arg(long)]
    pub no_builtin_rules: bool,
}

/// What to do with rules.
#[derive(Debug, Subcommand)]
pub enum RulesCommand {
    /// List all rules: id, severity, confidence, name.
    ///
    /// Example: muzzle rules list
    List {
        /// As JSON.
        #[arg(long)]
        json: bool,
        /// Rules from elsewhere.
        #[command(flatten)]
        files: RuleFilesArgs,
    },
    /// Show one rule.
    ///
    /// Example: muzzle rules show github-pat-classic
    Show {
        /// The rule's id.
        id: String,
        /// Rules from elsewhere.
        #[command(flatten)]
        files: RuleFilesArgs,
    },
    /// Check rule files: format, bounds, and every example.
    ///
    /// Example: muzzle rules check my-rules.toml
    Check {
        /// Rule files or directories of them; without any, the rules that come with muzzle.
        files: Vec<PathBuf>,
        /// The same.
        #[arg(long = "rules", value_name = "PATH")]
        more: Vec<PathBuf>,
    },
    /// Make up credentials of the form that a rule looks for, checksum included. They open nothing.
    ///
    /// Example: muzzle rules example github-pat-classic -n 3
    Example {
        /// The rule's id.
        id: String,
        /// How many.
        #[arg(short = 'n', long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u16).range(1..=1000))]
        count: u16,
        /// Begin with this one; the same number gives the same credential, for ever.
        #[arg(long, value_name = "N", default_value = "0")]
        from: u32,
        /// With the text that it stands in.
        #[arg(long)]
        text: bool,
    },
    /// All rules as a page of Markdown.
    ///
    /// Example: muzzle rules catalogue > rules.md
    Catalogue,
    /// The JSON Schema of rule files, for editors.
    ///
    /// Example: muzzle rules schema > muzzle-rules.schema.json
    Schema,
}
