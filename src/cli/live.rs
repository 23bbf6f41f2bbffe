//! `--live`: really asks the sources of lookups.

use std::{mem, time::Duration};

use tokio::{
    runtime::{self, Runtime},
    time::Instant,
};

use super::CliError;
use crate::{
    clock,
    lookup::{self, LookupAnswer, Sources},
    pipeline::{self, NoAnswer},
    rule::{
        Facts, Hook,
        lookup::{AskedLookup, LookupResults, Question},
    },
    settings::Settings,
};

/// Sources that answer the lookups of requests.
pub(super) struct LiveSources {
    sources: Sources,
    runtime: Runtime,
    request_timeout: Duration,
}

/// The facts of a request, and the results of lookups to record.
pub(super) struct LiveFacts {
    pub(super) facts: Facts,
    /// The results of sources. The results of tables are left out, since the rules folder has the tables.
    pub(super) to_record: LookupResults,
    /// Hints for the authors of lookups, one per line.
    pub(super) hints: Vec<String>,
}

impl LiveSources {
    /// Takes the sources out of these settings.
    pub(super) fn new(settings: &mut Settings) -> Result<Self, CliError> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let sources = Sources::new(
            mem::take(&mut settings.sources),
            settings.lookups_timeout,
            &settings.proxies,
        )?;
        Ok(Self { sources, runtime, request_timeout: settings.server.request_timeout })
    }

    /// Asks the lookups of a request, as the service does.
    pub(super) fn ask(&self, hook: &Hook, request: &[u8]) -> Result<LiveFacts, NoAnswer> {
        let mut facts = clock::facts();
        let mut asked = pipeline::questions(hook, request, &facts)?;
        for AskedLookup { question, .. } in &mut asked {
            if let Question::Http(question) = question {
                // The service does not look for hints, since that takes long.
                question.wants_hints = true;
            }
        }
        let deadline = Instant::now() + self.request_timeout;
        let answers = self.runtime.block_on(self.sources.ask(&asked, deadline));
        facts.lookups = lookup::results(&answers);
        let mut to_record = facts.lookups.clone();
        for AskedLookup { lookup, question } in &asked {
            if question.result_of_table().is_some() {
                to_record.remove(&lookup.name.value);
            }
        }
        Ok(LiveFacts { facts, to_record, hints: hint_lines(&answers) })
    }
}

fn hint_lines(answers: &[LookupAnswer]) -> Vec<String> {
    let mut lines = Vec::new();
    for LookupAnswer { name, hints, .. } in answers {
        for hint in hints {
            lines.push(format!("lookup {name}: {hint}"));
        }
    }
    lines
}
