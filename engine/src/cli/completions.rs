//! `flowbook completions SHELL`

use clap::CommandFactory;

use super::{Cli, Exit, output};

#[derive(Debug, clap::Args)]
pub struct Options {
    /// The shell.
    #[arg(value_enum)]
    shell: clap_complete::Shell,
}

pub fn command(options: &Options) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut Cli::command(), "flowbook", &mut script);
    output::print(&String::from_utf8_lossy(&script));
    Exit::Done
}
