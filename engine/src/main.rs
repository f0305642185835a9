//! The `flowbook` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    flowbook::cli::main()
}
