//! A request that faults strike: delayed, carried out or not, answered otherwise than it should be, and people behind it.

use crate::faults::{Kind, Strike, Strikes, body};
use crate::line::Scissors;
use crate::server::{Page, Reply, Request, Shared, Side, Twist};
use crate::state::State;
use crate::{books, clock, till};
use axum::response::Response;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

impl Shared {
    /// Answers a struck request. A client that goes away meanwhile takes nothing back: the request was read.
    pub(crate) async fn strike(
        self: Arc<Self>,
        side: Side,
        request: Request,
        strikes: Strikes,
        line: Scissors,
    ) -> Response {
        if strikes.of(Kind::Late).is_some_and(|late| late.fault.hang) {
            self.start(Arc::clone(&self).struck(side, request, strikes, Scissors::default(), None));
            // a client that gives up ends this wait
            let _ = self.stop.clone().wait_for(|stop| *stop).await;
            line.cut();
            return Response::default();
        }
        let (sender, answer) = oneshot::channel();
        self.start(Arc::clone(&self).struck(side, request, strikes, line.clone(), Some(sender)));
        answer.await.unwrap_or_else(|_| {
            line.cut();
            Response::default()
        })
    }

    async fn struck(
        self: Arc<Self>,
        side: Side,
        mut request: Request,
        strikes: Strikes,
        line: Scissors,
        answer: Option<oneshot::Sender<Response>>,
    ) {
        let send = |response: Response| {
            if let Some(answer) = answer {
                // a client that is gone hears nothing
                let _ = answer.send(response);
            }
        };
        let cut = || {
            line.cut();
            Response::default()
        };
        request.twist = twist(&strikes);
        if let Some(slow) = strikes.of(Kind::Latency) {
            self.sleep(slow.fault.span()).await;
        }
        if strikes.of(Kind::LoseBefore).is_some() {
            return send(cut());
        }
        if let Some(late) = strikes.of(Kind::Late) {
            send(cut());
            self.sleep(late.fault.span()).await;
            let made = self.reply(side, &request, &strikes).made;
            return self.people(&strikes, made.as_deref()).await;
        }
        let broken = strikes.of(Kind::Broken);
        let mut reply = match (strikes.of(Kind::TooMany), broken) {
            (Some(many), _) => self.too_many(side, many.fault.span()),
            (None, Some(broken)) if !broken.fault.done => internal_error(side),
            _ => self.reply(side, &request, &strikes),
        };
        let made = reply.made.take();
        if let Some(skew) = strikes.of(Kind::ClockSkew) {
            reply.headers.push(("date", clock::date(skew.fault.millis)));
        }
        let (truncated, slow) = (strikes.of(Kind::Truncated), strikes.of(Kind::SlowBody));
        send(match (truncated.or(slow), broken) {
            _ if strikes.of(Kind::LoseAfter).is_some() => cut(),
            (_, Some(broken)) if broken.fault.done => internal_error(side).whole(),
            (Some(strike), _) if reply.body.is_empty() => {
                self.faults.give_back(strike);
                reply.whole()
            }
            (Some(strike), _) if truncated.is_some() => body::truncated(reply, strike.number),
            (Some(strike), _) => body::slow(reply, strike.fault.span(), self.stop.clone()),
            (None, _) => reply.whole(),
        });
        self.people(&strikes, made.as_deref()).await;
    }

    /// People who take their time act now, one after the other.
    async fn people(&self, strikes: &Strikes, made: Option<&str>) {
        let mut waiting: Vec<&Strike> = strikes
            .people()
            .filter(|strike| strike.fault.millis > 0)
            .collect();
        waiting.sort_by_key(|strike| strike.fault.millis);
        let begun = Instant::now();
        for strike in waiting {
            self.sleep(strike.fault.span().saturating_sub(begun.elapsed()))
                .await;
            self.act(&mut self.state(), strike, made);
        }
    }

    pub(crate) fn act(&self, state: &mut State, strike: &Strike, made: Option<&str>) {
        let done = made.is_some_and(|id| books::people::act(state, &strike.fault, id));
        // the next request writes the log again if this one could not
        let _ = state.flush();
        if !done {
            self.faults.give_back(strike);
        }
    }

    fn too_many(&self, side: Side, wait: Duration) -> Reply {
        match side {
            Side::Till => till::too_many(),
            Side::Books => {
                let limit = self.place.options.limits.books;
                let seconds = wait.as_secs_f64().ceil().max(1.0) as u64;
                let mut reply = books::too_many(if limit == 0 { 600 } else { limit }, seconds);
                reply.headers.push(("retry-after", seconds.to_string()));
                reply
            }
        }
    }
}

fn internal_error(side: Side) -> Reply {
    match side {
        Side::Till => till::internal_error(),
        Side::Books => books::internal_error(),
    }
}

/// What the strikes change about the system's own answer.
fn twist(strikes: &Strikes) -> Twist {
    let shifting = strikes.of(Kind::ShiftingPage);
    let page = match strikes.of(Kind::DoublePage) {
        Some(_) => Some(Page::Double),
        None => shifting.map(|strike| match strike.number % 2 {
            0 => Page::Vanished,
            _ => Page::Appeared,
        }),
    };
    Twist {
        page,
        empty: strikes.of(Kind::Empty204).is_some(),
        tells: strikes.people().next().is_some(),
    }
}
