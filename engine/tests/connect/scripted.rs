//! A server that answers as it is told, for answers that no sandbox gives.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::response::Response;

#[derive(Clone, Default)]
pub struct Reply {
    status: u16,
    body: Vec<u8>,
    headers: Vec<(&'static str, String)>,
    /// The body's end comes so much later.
    slow: Option<Duration>,
}

pub fn reply(status: u16, body: impl Into<Vec<u8>>) -> Reply {
    Reply {
        status,
        body: body.into(),
        ..Reply::default()
    }
}

impl Reply {
    pub fn header(mut self, name: &'static str, value: &str) -> Reply {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub fn slow(mut self, by: Duration) -> Reply {
        self.slow = Some(by);
        self
    }
}

pub struct Scripted {
    pub url: String,
    /// `GET /things/?start=0`, with the body behind it.
    seen: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    /// Answers requests with these replies in turn, and with the last one from then on.
    pub async fn start(replies: Vec<Reply>) -> Scripted {
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let log = seen.clone();
        let replies = Arc::new(Mutex::new(VecDeque::from(replies)));
        let handler = move |request: Request| {
            let (log, replies) = (log.clone(), replies.clone());
            async move {
                let line = format!("{} {}", request.method(), request.uri());
                let body = axum::body::to_bytes(request.into_body(), 1 << 20).await;
                let body = String::from_utf8(body.unwrap().to_vec()).unwrap();
                log.lock()
                    .unwrap()
                    .push(format!("{line} {body}").trim().to_owned());
                let next = {
                    let mut replies = replies.lock().unwrap();
                    match replies.len() {
                        1 => replies[0].clone(),
                        _ => replies.pop_front().unwrap(),
                    }
                };
                answer(next)
            }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/api", listener.local_addr().unwrap());
        tokio::spawn(async move {
            axum::serve(listener, Router::new().fallback(handler))
                .await
                .unwrap();
        });
        Scripted { url, seen }
    }

    pub fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

fn answer(reply: Reply) -> Response {
    let mut response = Response::builder().status(reply.status);
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    let body = match reply.slow {
        None => Body::from(reply.body),
        Some(by) => {
            let pieces = futures_util::stream::unfold(Some(reply.body), move |left| async move {
                let mut left = left?;
                if left.is_empty() {
                    return None;
                }
                let rest = left.split_off(left.len() / 2);
                if rest.len() < 2 {
                    return Some((Ok::<_, std::io::Error>(Bytes::from(rest)), None));
                }
                if left.is_empty() {
                    tokio::time::sleep(by).await;
                }
                tokio::time::sleep(by).await;
                Some((Ok(Bytes::from(left)), Some(rest)))
            });
            Body::from_stream(pieces)
        }
    };
    response.body(body).unwrap()
}
