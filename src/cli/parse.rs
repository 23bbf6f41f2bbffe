//! Parses the command line with clap. Help never wraps an example, and an error never repeats a secret.

use std::ffi::OsString;

use clap::{
    Command, Error, Parser,
    error::{ContextKind, ContextValue, ErrorKind},
};

/// Parses the arguments of the program. The first one is the program's name.
pub(super) fn parse<P: Parser>(arguments: impl IntoIterator<Item = OsString>) -> Result<P, Error> {
    let command = without_wrapped_examples(P::command()).mut_subcommands(without_wrapped_examples);
    let matches = command.try_get_matches_from(arguments).map_err(without_secrets)?;
    P::from_arg_matches(&matches)
}

/// Prints the examples as they are. clap would wrap them on a narrow terminal, and a wrapped command breaks when it
/// is pasted.
fn without_wrapped_examples(command: Command) -> Command {
    let Some(examples) = command.get_after_help() else {
        return command;
    };
    let template = format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{{all-args}}\n\n{examples}\n"
    );
    command.help_template(template)
}

/// Hides an unexpected argument that may hold a secret. clap's message would repeat the argument.
fn without_secrets(mut error: Error) -> Error {
    let kind = match error.kind() {
        ErrorKind::UnknownArgument => ContextKind::InvalidArg,
        ErrorKind::InvalidSubcommand => ContextKind::InvalidSubcommand,
        _ => return error,
    };
    let Some(ContextValue::String(argument)) = error.get(kind) else {
        return error;
    };
    if may_hold_secret(kind, argument) {
        error.insert(kind, ContextValue::String("…".to_owned()));
        let tip = "the argument is not shown, since it may hold a secret";
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
    error
}

/// Whether an unexpected argument may be a secret, or have one as in `NAME:SECRET`. A misspelt flag or subcommand,
/// such as `--probes` or `chek`, holds no secret: it is shown, so that the user sees the error.
fn may_hold_secret(kind: ContextKind, argument: &str) -> bool {
    let is_value = kind == ContextKind::InvalidArg && !argument.starts_with('-');
    is_value || argument.contains([':', '@'])
}
