//! Local servers that behave like CCV SalesPOS (the till) and Visma eAccounting (the books).
//!
//! In come real HTTP requests on loopback, out go the answers and the refusals of the two systems, with sample data.
//! Nothing here is shared with the rest of the project: what one side misreads, the other refuses.

mod books;
mod clock;
mod control;
mod faults;
mod json;
mod lag;
mod line;
mod sample;
mod server;
mod state;
mod struck;
mod till;

pub use faults::{Fault, KINDS};

use line::{Lines, Scissors};
use server::{Place, Shared, Side};
use state::State;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Requests each system admits per minute; 0 means no limit.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// GET requests per resource of the till.
    pub till_reads: u32,
    /// Writing requests per method and resource of the till.
    pub till_writes: u32,
    /// Requests per endpoint of the books.
    pub books: u32,
}

impl Limits {
    /// The limits of the two real systems.
    pub const REAL: Limits = Limits {
        till_reads: 150,
        till_writes: 100,
        books: 600,
    };
    /// Ten times the real limits: a sample run, and a second one right after it, end at once.
    pub const WIDE: Limits = Limits {
        till_reads: 1500,
        till_writes: 1000,
        books: 6000,
    };
    /// No limits, for benchmarks.
    pub const NONE: Limits = Limits {
        till_reads: 0,
        till_writes: 0,
        books: 0,
    };
}

/// How a sandbox is started; `Options::default()` keeps everything in memory on free ports.
#[derive(Debug, Clone)]
pub struct Options {
    /// Folder in which the state persists; none keeps it in memory.
    pub state: Option<PathBuf>,
    /// Start from the sample data again, whatever the folder holds.
    pub reset: bool,
    /// Port of the till; none takes a free one.
    pub till_port: Option<u16>,
    /// Port of the books; none takes a free one.
    pub books_port: Option<u16>,
    /// A JSON file of records laid over the sample data, in the shape of `sample/*.json`.
    pub seed: Option<PathBuf>,
    /// Add so many generated paid orders to the sample.
    pub orders: Option<u32>,
    /// Requests admitted per minute.
    pub limits: Limits,
    /// Life of an access token of the books, in seconds.
    pub token_seconds: i64,
    /// Scopes of the books' access tokens, parted by spaces.
    pub scopes: String,
    /// Faults that strike from the start.
    pub faults: Vec<Fault>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            state: None,
            reset: false,
            till_port: None,
            books_port: None,
            seed: None,
            orders: None,
            limits: Limits::WIDE,
            token_seconds: 3600,
            scopes: books::SCOPES.to_owned(),
            faults: Vec::new(),
        }
    }
}

/// Why a sandbox did not start.
#[derive(Debug)]
pub enum Error {
    /// Another process runs on this state folder.
    InUse(PathBuf),
    /// The state folder cannot be read or written.
    State {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A line of the log is broken.
    Log {
        /// The folder.
        folder: PathBuf,
        /// Line of the log, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// A port cannot be opened.
    Port(std::io::Error),
    /// The seed file cannot be read or understood.
    Seed(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::InUse(folder) => write!(
                f,
                "Another sandbox runs on the state in {}. Stop it, or use another state folder.",
                folder.display()
            ),
            Error::State { folder, source } => {
                write!(
                    f,
                    "The sandbox cannot keep its state in {}: {source}.",
                    folder.display()
                )
            }
            Error::Log {
                folder,
                line,
                reason,
            } => write!(
                f,
                "Line {line} of sandbox.log in {} is broken ({reason}). Start again with a reset.",
                folder.display()
            ),
            Error::Port(source) => write!(f, "The sandbox cannot open its port: {source}."),
            Error::Seed(reason) => write!(f, "The sandbox cannot load its sample data: {reason}."),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::State { source, .. } | Error::Port(source) => Some(source),
            _ => None,
        }
    }
}

/// How many requests came in, the sandbox's own doors left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// All of them.
    pub requests: u64,
    /// Those that write.
    pub writes: u64,
}

/// Both systems, running on loopback until [`Sandbox::shutdown`] or drop.
pub struct Sandbox {
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    servers: Vec<JoinHandle<std::io::Result<()>>>,
}

impl Sandbox {
    /// Opens the state, loads the sample into an empty one, and listens.
    ///
    /// # Errors
    /// A state folder in use or not writable, a broken log or seed, a port that is taken.
    pub async fn start(options: Options) -> Result<Sandbox, Error> {
        let mut state = State::open(options.state.as_deref(), options.reset)?;
        if state.is_empty() {
            sample::reset(&mut state, &options).map_err(Error::Seed)?;
        }
        state.flush().map_err(Error::Port)?;
        let till = listen(options.till_port).await?;
        let books = listen(options.books_port).await?;
        let place = Place {
            till: url(&till)?,
            books: url(&books)?,
            options,
        };
        let (stop, stopped) = watch::channel(false);
        let shared = Arc::new(Shared::new(place, state, stopped));
        let servers = vec![
            serve(till, Side::Till, &shared, &stop),
            serve(books, Side::Books, &shared, &stop),
        ];
        Ok(Sandbox {
            shared,
            stop,
            servers,
        })
    }

    /// The till's address, e.g. `http://127.0.0.1:40001/api/rest/v1`.
    pub fn till_url(&self) -> String {
        format!("{}{}", self.shared.place.till, till::ROOT)
    }

    /// The books' address, e.g. `http://127.0.0.1:40002/v2`.
    pub fn books_url(&self) -> String {
        format!("{}{}", self.shared.place.books, books::ROOT)
    }

    /// Where tokens of the books are fetched.
    pub fn token_url(&self) -> String {
        format!("{}{}", self.shared.place.books, books::TOKEN_PATH)
    }

    /// The refresh token the books accept now; using it makes a new one.
    pub fn refresh_token(&self) -> String {
        books::refresh_token(&self.shared.state())
    }

    /// The environment a client of the till needs: `HOST`, `WEBSHOP`, `BASE`, `PUBLIC_KEY`, `SECRET_KEY`.
    pub fn till_env(&self) -> Vec<(String, String)> {
        let host = self
            .shared
            .place
            .till
            .trim_start_matches("http://")
            .to_owned();
        named([
            ("HOST", host),
            ("WEBSHOP", till::WEBSHOP.to_owned()),
            ("BASE", self.till_url()),
            ("PUBLIC_KEY", till::PUBLIC_KEY.to_owned()),
            ("SECRET_KEY", till::SECRET_KEY.to_owned()),
        ])
    }

    /// The environment a client of the books needs: `BASE`, `TOKEN_URL`, `CLIENT_ID`, `CLIENT_SECRET`, `REFRESH_TOKEN`.
    pub fn books_env(&self) -> Vec<(String, String)> {
        named([
            ("BASE", self.books_url()),
            ("TOKEN_URL", self.token_url()),
            ("CLIENT_ID", books::CLIENT_ID.to_owned()),
            ("CLIENT_SECRET", books::CLIENT_SECRET.to_owned()),
            ("REFRESH_TOKEN", self.refresh_token()),
        ])
    }

    /// Both environments, each name with `TILL_` or `BOOKS_` before it.
    pub fn env(&self) -> Vec<(String, String)> {
        let till = self
            .till_env()
            .into_iter()
            .map(|(name, value)| (format!("TILL_{name}"), value));
        let books = self
            .books_env()
            .into_iter()
            .map(|(name, value)| (format!("BOOKS_{name}"), value));
        till.chain(books).collect()
    }

    /// See [`sample_settings`].
    pub fn settings(&self) -> Vec<(String, String)> {
        sample_settings()
    }

    /// How many requests have come in so far, from moment to moment: counted when they arrive, before they are carried out.
    pub fn seen(&self) -> watch::Receiver<Seen> {
        self.shared.seen.subscribe()
    }

    /// Lets running requests end, carries late ones out at once, then closes both servers.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        for server in std::mem::take(&mut self.servers) {
            // a server that ended by itself has nothing left to close
            let _ = server.await;
        }
        self.shared.settled().await;
    }
}

/// Settings of a flowbook that fit the sample data, as the text of literals.
pub fn sample_settings() -> Vec<(String, String)> {
    named([
        ("orders_since", "2026-01-01".to_owned()),
        ("default_customer", "\"1000\"".to_owned()),
    ])
}

fn named<const N: usize>(pairs: [(&str, String); N]) -> Vec<(String, String)> {
    pairs
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

async fn listen(port: Option<u16>) -> Result<TcpListener, Error> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port.unwrap_or(0)));
    TcpListener::bind(address).await.map_err(Error::Port)
}

fn url(listener: &TcpListener) -> Result<String, Error> {
    Ok(format!(
        "http://{}",
        listener.local_addr().map_err(Error::Port)?
    ))
}

fn serve(
    listener: TcpListener,
    side: Side,
    shared: &Arc<Shared>,
    stop: &watch::Sender<bool>,
) -> JoinHandle<std::io::Result<()>> {
    let shared = Arc::clone(shared);
    let handler = move |line: axum::extract::ConnectInfo<Scissors>,
                        request: axum::extract::Request| {
        let shared = Arc::clone(&shared);
        async move { shared.answer(side, request, line.0).await }
    };
    let service = axum::Router::new()
        .fallback(handler)
        .into_make_service_with_connect_info::<Scissors>();
    let mut stopped = stop.subscribe();
    let ended = async move {
        // an error means the sandbox was dropped, which is a stop as well
        let _ = stopped.wait_for(|stop| *stop).await;
    };
    tokio::spawn(async move {
        axum::serve(Lines(listener), service)
            .with_graceful_shutdown(ended)
            .await
    })
}
