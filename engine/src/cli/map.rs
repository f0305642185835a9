//! `flowbook map [DIR] --map NAME`: JSON lines on stdin through one map to stdout.

use std::io::{BufReader, BufWriter, Write};
use std::path::PathBuf;

use super::{Exit, book, output, settings, systems};
use crate::check::suggest;
use crate::connect::MemorySystems;
use crate::lower;
use crate::plan::Plan;
use crate::run::map::{self, Stopped};
use crate::run::{self, resource_name};

#[derive(Debug, clap::Args)]
#[command(after_long_help = "Example:\n  \
    flowbook map flows/ccv-eaccounting --map customer < persons.ndjson > customers.ndjson\n\n\
    A record that fails gives one line on stderr, and the command exits with 1 at the end.")]
pub struct Options {
    /// The flowbook's folder.
    #[arg(value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// The map: one of a single parameter.
    #[arg(long, value_name = "NAME")]
    map: String,
    /// Records that lookups find: a resource and a JSON file, books.articles=articles.json
    #[arg(long, value_name = "RESOURCE=FILE")]
    given: Vec<String>,
    /// A setting's value, as for `run`.
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
}

pub fn command(options: &Options) -> Exit {
    run(options).unwrap_or_else(|exit| exit)
}

fn run(options: &Options) -> Result<Exit, Exit> {
    let (checked, sources) = book::checked(&options.dir)?;
    let values = settings::given(&checked, &options.set)?;
    let plan =
        lower::sketch(&checked, &sources, &values).map_err(|missing| output::missing(&missing))?;
    let Some(entry) = plan.maps.iter().find(|map| map.name == options.map) else {
        unknown(&plan, &checked, &options.map);
        return Err(Exit::Broken);
    };
    let tables = MemorySystems::new(plan.systems.clone(), plan.resources.clone());
    for given in &options.given {
        give(&plan, &tables, given)?;
    }
    let runtime = systems::runtime()?;
    let mut out = BufWriter::with_capacity(1 << 16, std::io::stdout().lock());
    let mut errors = std::io::stderr().lock();
    let input = BufReader::with_capacity(1 << 16, std::io::stdin().lock());
    let mapped = runtime.block_on(map::map(
        &plan,
        entry,
        &tables,
        &run::Options::default(),
        input,
        &mut out,
        &mut errors,
    ));
    let flushed = out.flush();
    match mapped.and_then(|mapped| Ok(flushed.map(|()| mapped)?)) {
        Ok(mapped) if mapped.failed > 0 => Ok(Exit::Findings),
        Ok(_) => Ok(Exit::Done),
        Err(Stopped::Io(why)) if why.kind() == std::io::ErrorKind::BrokenPipe => Ok(Exit::Done),
        Err(Stopped::Io(why)) => {
            output::error(&format!("Reading or writing failed: {why}."));
            Err(Exit::Broken)
        }
        Err(Stopped::Trouble(trouble)) => {
            output::error(&format!("{} [{}]", trouble.message, trouble.code));
            if let Some(help) = &trouble.help {
                output::help(help);
            }
            Err(Exit::Broken)
        }
    }
}

fn unknown(plan: &Plan, book: &crate::checked::Book, name: &str) {
    if let Some(map) = book.maps.iter().find(|map| map.name == name) {
        output::error(&format!(
            "The map “{name}” takes {} parameters; only one of a single parameter can be run alone.",
            map.params.len()
        ));
        return;
    }
    output::error(&format!("The flowbook has no map “{name}”."));
    let known = plan.maps.iter().map(|map| map.name.as_str());
    if let Some(help) = suggest::help(name, known, "Its maps of one parameter") {
        output::help(&help);
    }
}

/// `books.articles=articles.json`
fn give(plan: &Plan, tables: &MemorySystems, given: &str) -> Result<(), Exit> {
    let refused = |message: String, help: Option<String>| {
        output::error(&message);
        if let Some(help) = help {
            output::help(&help);
        }
        Exit::Broken
    };
    let Some((name, file)) = given.split_once('=') else {
        return Err(refused(
            format!("--given takes RESOURCE=FILE, not “{given}”."),
            Some("For example: --given books.articles=articles.json".to_owned()),
        ));
    };
    let names: Vec<String> = (0..plan.resources.len() as u32)
        .map(|ix| resource_name(plan, ix))
        .collect();
    let Some(ix) = names.iter().position(|known| known == name) else {
        return Err(refused(
            format!("There is no resource “{name}”."),
            suggest::help(name, names.iter().map(String::as_str), "Resources"),
        ));
    };
    let text = std::fs::read_to_string(file)
        .map_err(|why| refused(format!("{file} cannot be read: {why}."), None))?;
    tables
        .give(ix as u32, &text, file)
        .map_err(|trouble| refused(trouble.message, trouble.help))
}
