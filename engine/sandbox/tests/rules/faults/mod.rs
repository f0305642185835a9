//! What goes wrong on a bad day, kind by kind: what the client sees, and what was done all the same.

use std::time::{Duration, Instant};

use flowbook_sandbox::Sandbox;
use serde_json::{Value, json};

use super::support::{self, access, door, start, truth};

mod answers;
mod reads;
mod setting;
mod tokens;

const CUSTOMERS: &str = "books/customers";

/// A client of both servers.
struct Client {
    sandbox: Sandbox,
    token: String,
}

impl Client {
    async fn start() -> Client {
        Client::of(start().await).await
    }

    async fn of(sandbox: Sandbox) -> Client {
        let token = access(&sandbox).await;
        Client { sandbox, token }
    }

    async fn fault(&self, fault: Value) {
        support::fault(&self.sandbox, fault).await;
    }

    async fn struck(&self, kind: &str) -> u64 {
        support::struck(&self.sandbox, kind).await
    }

    /// What was set and what has struck until then.
    async fn clear_faults(&self) -> Value {
        door(&self.sandbox, "DELETE", "faults", None).await
    }

    /// A customer's body.
    async fn customer(&self, number: &str) -> Value {
        self.person(json!({"CustomerNumber": number})).await
    }

    async fn person(&self, more: Value) -> Value {
        support::person(&self.sandbox, &self.token, more).await
    }

    /// Whether there is such a customer, whatever reads show.
    async fn has(&self, number: &str) -> bool {
        let customers = truth(&self.sandbox, CUSTOMERS).await;
        customers.iter().any(|c| c["CustomerNumber"] == number)
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        support::post(&self.sandbox, &self.token, path, body).await
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        support::get(&self.sandbox, &self.token, path).await
    }

    fn request(&self, method: &str, path: &str, body: Option<&Value>) -> reqwest::RequestBuilder {
        support::request(&self.sandbox, &self.token, method, path, body)
    }

    async fn till(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        support::till(&self.sandbox, method, path, body, 0).await
    }
}

/// A fault that strikes who makes a customer.
fn customers(kind: &str) -> Value {
    json!({"kind": kind, "method": "POST", "path": "/v2/customers"})
}

/// Waits until something is so.
async fn until(so: impl AsyncFn() -> bool) {
    let begun = Instant::now();
    while !so().await {
        assert!(begun.elapsed() < Duration::from_secs(30), "it never came");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
