//! The wire: the one place where an HTTP exchange leaves the process. In: one request, its deadline, the largest answer that is read. Out: the
//! answer whole, or why there is none. One exchange is one request: nothing here redirects, repeats or signs in.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, Method};
use url::Url;

use super::line::Bounds;
use crate::time::{Clock, MachineClock};

/// Carries exchanges. A simulation brings its own.
pub trait Wire: fmt::Debug + Send + Sync {
    /// Makes one exchange. Dropping the future gives it up; what was sent by then may still take effect.
    fn exchange(
        &self,
        exchange: Exchange,
    ) -> Pin<Box<dyn Future<Output = Result<Reply, Broken>> + Send + '_>>;
}

/// What the lines to systems reach the world with.
#[derive(Debug, Clone)]
pub struct World {
    /// Carries all exchanges; this machine's network where none.
    pub wire: Option<Arc<dyn Wire>>,
    /// The clocks that they read.
    pub clock: Arc<dyn Clock>,
}

impl Default for World {
    fn default() -> World {
        World {
            wire: None,
            clock: Arc::new(MachineClock::default()),
        }
    }
}

/// A request and its bounds.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// `POST`
    pub method: Method,
    /// Where to, query included.
    pub url: Url,
    /// All headers that it carries, those of HTTP itself left out.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Option<String>,
    /// How long it may take, connection and whole answer included.
    pub within: Duration,
    /// The largest answer that is read, in bytes.
    pub largest: usize,
}

/// An answer, whatever its status.
#[derive(Debug, Clone)]
pub struct Reply {
    /// `201`
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its whole body.
    pub body: String,
}

/// Why an exchange gave no whole answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// There is no host of that name: nothing was written.
    NoHost,
    /// The host took no connection in time: nothing was written.
    NotConnectedInTime,
    /// The host takes no connection, or not over TLS: nothing was written.
    NotConnected,
    /// The deadline is over; it may have arrived.
    NotInTime,
    /// The connection was cut; it may have arrived.
    Cut,
    /// The answer is larger than what is read.
    TooLarge,
    /// The answer is no text in UTF-8.
    NoText,
}

/// HTTP over this machine's network.
#[derive(Debug)]
pub(super) struct HttpWire {
    client: reqwest::Client,
}

impl HttpWire {
    /// The wire to the system at `base`. `is_here`: it is on this machine, so no proxy stands between.
    ///
    /// # Errors
    /// This machine's certificates or proxy settings cannot be read.
    pub(super) fn new(
        base: &Url,
        is_here: bool,
        bounds: &Bounds,
    ) -> Result<HttpWire, reqwest::Error> {
        let mut client = reqwest::Client::builder()
            .user_agent(concat!("flowbook/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .http1_only() // a connection that is given up is closed, with whatever was on it
            .https_only(base.scheme() == "https")
            .connect_timeout(bounds.connect)
            .pool_idle_timeout(Duration::from_secs(20))
            .pool_max_idle_per_host(bounds.at_once);
        if is_here {
            client = client.no_proxy();
        }
        Ok(HttpWire {
            client: client.build()?,
        })
    }
}

impl Wire for HttpWire {
    fn exchange(
        &self,
        exchange: Exchange,
    ) -> Pin<Box<dyn Future<Output = Result<Reply, Broken>> + Send + '_>> {
        Box::pin(async move {
            let mut call = self
                .client
                .request(exchange.method, exchange.url)
                .headers(exchange.headers)
                .timeout(exchange.within);
            if let Some(body) = exchange.body {
                call = call.body(body);
            }
            let answer = call.send().await.map_err(|error| broken(&error))?;
            let status = answer.status().as_u16();
            let headers = answer.headers().clone();
            let body = text(answer, exchange.largest).await?;
            Ok(Reply {
                status,
                headers,
                body,
            })
        })
    }
}

async fn text(mut answer: reqwest::Response, largest: usize) -> Result<String, Broken> {
    let mut bytes = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(|error| broken(&error))? {
        if bytes.len() + piece.len() > largest {
            return Err(Broken::TooLarge);
        }
        bytes.extend_from_slice(&piece);
    }
    String::from_utf8(bytes).map_err(|_| Broken::NoText)
}

fn broken(error: &reqwest::Error) -> Broken {
    if error.is_connect() || error.is_builder() {
        if error.is_dns() {
            Broken::NoHost
        } else if error.is_timeout() {
            Broken::NotConnectedInTime
        } else {
            Broken::NotConnected
        }
    } else if error.is_timeout() {
        Broken::NotInTime
    } else {
        Broken::Cut
    }
}
