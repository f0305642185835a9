//! Talking to systems. [`Systems`] is all that the runner knows of them: one implementation speaks HTTP as the connectors say, another keeps tables in memory for tests and `map`.

mod access;
mod answers;
mod body;
mod filter;
mod find;
mod http;
mod json;
mod limits;
mod line;
mod lists;
mod memory;
mod oauth;
mod pages;
mod sign;
mod template;
mod told;
mod wire;

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use flowbook_stdlib::value::Value;
use jiff::Timestamp;

use crate::plan::connector::ResourceIx;

pub use access::{Access, Forgetful, TokenKeeper, environment, read as read_access, variable};
pub use http::HttpSystems;
pub use line::Bounds;
pub use memory::{Effect, MemorySystems};
pub use wire::{Broken, Exchange, Reply, Wire, World};

/// The systems of a flowbook. Records come and go as values in the order of their resource's shape.
pub trait Systems: Send + Sync {
    /// A page of a resource, in its stable order.
    fn page(
        &self,
        resource: ResourceIx,
        query: &PageQuery,
    ) -> impl Future<Output = Result<Page, Trouble>> + Send;

    /// Hits for each key, by number of the resource's find, or by its key where none. Batched as the connector can; equal by our own comparison.
    fn find(
        &self,
        resource: ResourceIx,
        find: Option<u16>,
        keys: &[Vec<Value>],
    ) -> impl Future<Output = Result<Vec<Vec<Value>>, Trouble>> + Send;

    /// The record of a resource declared `one`.
    fn one(&self, resource: ResourceIx) -> impl Future<Output = Result<Value, Trouble>> + Send;

    /// All records of a sub-resource of `parent`.
    fn sub(
        &self,
        resource: ResourceIx,
        parent: &Value,
    ) -> impl Future<Output = Result<Vec<Value>, Trouble>> + Send;

    /// The record with this key, read afresh; none when it is gone.
    fn get(
        &self,
        resource: ResourceIx,
        id: &Value,
    ) -> impl Future<Output = Result<Option<Value>, Trouble>> + Send;

    /// Sends one write: one attempt, one request (an update that replaces reads first). Never retried here.
    fn send(&self, write: &Outgoing) -> impl Future<Output = Sent> + Send;

    /// What was read once a run (`with index`, `scan`) of this resource is read anew when next asked: before a look-up that settles a write.
    fn forget(&self, _resource: ResourceIx) {}

    /// Requests made so far, by name of the system.
    fn requests(&self) -> BTreeMap<String, u64>;
}

/// What is asked of a list.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PageQuery {
    /// Behind this; none for the first page.
    pub after: Option<Bookmark>,
    /// Created or changed since, as the resource's reading can.
    pub since: Option<Timestamp>,
    /// Query parameters that narrow a second look.
    pub filters: Vec<(String, Value)>,
}

/// Where the next page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bookmark(pub u64);

/// A page.
#[derive(Debug, Clone)]
pub struct Page {
    /// Its records.
    pub records: Vec<Value>,
    /// Where the next one begins; none behind the last.
    pub next: Option<Bookmark>,
    /// The server's clock when it answered.
    pub clock: Option<Timestamp>,
}

/// A write.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// The resource.
    pub resource: ResourceIx,
    /// What is done with it.
    pub act: OutgoingAct,
    /// Leaves of the payload: wire path and the JSON of the value (`null` for `clear`), in text order.
    pub body: Vec<(Vec<Arc<str>>, String)>,
}

/// What a write does.
#[derive(Debug, Clone)]
pub enum OutgoingAct {
    /// Creates by the way with this number, with its arguments, below a parent record where the resource is a sub.
    Create {
        /// Number in the resource's `creates`.
        action: u16,
        /// Arguments of the action.
        args: Vec<Value>,
        /// The parent record.
        parent: Option<Value>,
    },
    /// Changes the record with this key.
    Update {
        /// The key.
        id: Value,
        /// The parent record of a sub-resource.
        parent: Option<Value>,
    },
}

/// What became of a write.
#[derive(Debug, Clone)]
pub enum Sent {
    /// Done. The answer's record; none where the answer may be empty.
    Ok(Option<Value>),
    /// The key is used already.
    Taken(Trouble),
    /// The record is away.
    Gone(Trouble),
    /// The target said no.
    Refused(Trouble),
    /// No byte of it was written.
    Unsent(Trouble),
    /// Turned away at the door, before anything was taken: the same write may be released anew.
    TurnedAway(Box<TurnedAway>),
    /// Nobody knows.
    Unknown(Trouble),
}

/// A write that a system did not take: it is busy, or the sign-in had ended.
#[derive(Debug, Clone)]
pub struct TurnedAway {
    /// What the system said.
    pub trouble: Trouble,
    /// How long it wants to be left alone.
    pub pause: Duration,
    /// How long a write waits for it in all.
    pub patience: Duration,
}

/// Why a system did not do as asked. Quotas and expired tokens are dealt with below and are no trouble.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// `F0…` of the catalogue: an unreachable server, a refused sign-in, an answer that cannot be read.
    pub code: &'static str,
    /// One whole sentence: system, request, and what the vendor said, its code and text included; never a secret.
    pub message: String,
    /// The next step.
    pub help: Option<String>,
    /// The vendor's field at fault, where it says one.
    pub field: Option<String>,
    /// Only this record is concerned: the others go on. Otherwise the run stops.
    pub local: bool,
}

impl Trouble {
    /// A trouble that stops the run.
    pub fn new(code: &'static str, message: impl Into<String>) -> Trouble {
        Trouble {
            code,
            message: message.into(),
            help: None,
            field: None,
            local: false,
        }
    }

    /// The next step.
    pub fn help(self, help: impl Into<String>) -> Trouble {
        Trouble {
            help: Some(help.into()),
            ..self
        }
    }

    /// Only the record at hand is concerned.
    pub fn local(self) -> Trouble {
        Trouble {
            local: true,
            ..self
        }
    }
}
