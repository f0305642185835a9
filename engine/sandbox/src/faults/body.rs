//! Answers that break on their way: a body that stops in the middle, or trickles in.

use crate::server::Reply;
use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::watch;

const PIECES: u32 = 10;

/// Half of the body. The forms take turns: the length promised more, a piece of unknown length broke off, the end looks well.
pub(crate) fn truncated(reply: Reply, turn: u64) -> Response {
    let half = half(&reply.body);
    let whole = reply.body.len();
    let mut head = reply.head();
    let body = match turn % 3 {
        2 => return head.body(Body::from(half)).unwrap_or_default(),
        turn => {
            if turn == 0 {
                head = head.header("content-length", whole);
            }
            // the pause lets what was sent arrive before the connection breaks
            Body::from_stream(stream::unfold(Some(half), async |half| match half {
                Some(half) if !half.is_empty() => {
                    Some((Ok(Bytes::from(half)), Some(String::new())))
                }
                Some(_) => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    let end = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
                    Some((Err(end), None))
                }
                None => None,
            }))
        }
    };
    head.body(body).unwrap_or_default()
}

fn half(text: &str) -> String {
    let middle = text.len() / 2;
    let end = (0..=middle)
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or_default();
    text.get(..end).unwrap_or_default().to_owned()
}

/// The whole body in pieces over the span; at once when the sandbox stops.
pub(crate) fn slow(reply: Reply, over: Duration, stop: watch::Receiver<bool>) -> Response {
    let bytes = Bytes::from(reply.body.clone());
    let size = bytes.len().div_ceil(PIECES as usize).max(1);
    let pieces = stream::unfold((bytes, stop), move |(mut rest, mut stop)| async move {
        if rest.is_empty() {
            return None;
        }
        // either way the piece goes
        let _ = tokio::time::timeout(over / PIECES, stop.wait_for(|stop| *stop)).await;
        let piece = rest.split_to(size.min(rest.len()));
        Some((Ok::<_, Infallible>(piece), (rest, stop)))
    });
    let head = reply.head().header("content-length", reply.body.len());
    head.body(Body::from_stream(pieces)).unwrap_or_default()
}
