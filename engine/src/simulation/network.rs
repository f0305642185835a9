//! The network: every request of a process passes here. It is delayed, lost, cut, doubled or answered wrongly, as the dice fall; and what left a
//! process takes effect though the process dies.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use tokio::time::sleep;

use super::book::SETTLE_S;
use super::clock;
use super::disk::{self, Disk};
use super::tokens;
use super::world::{Asked, Told, World};
use crate::connect::{Broken, Exchange, Reply, Wire};

/// A process's way to the systems.
#[derive(Debug)]
pub(super) struct Network {
    pub world: World,
    pub disk: Arc<Disk>,
    /// The process.
    pub who: u64,
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Fine,
    Unsent,
    LostBefore,
    LostAfter,
    Late,
    Busy,
    ServerError,
    ServerErrorAfter,
    Truncated,
    Empty,
    Redirect,
    Slow,
}

impl Fate {
    fn word(self) -> &'static str {
        match self {
            Fate::Fine => "fine",
            Fate::Unsent => "unsent",
            Fate::LostBefore => "lost before the work",
            Fate::LostAfter => "lost after the work",
            Fate::Late => "late",
            Fate::Busy => "429",
            Fate::ServerError => "500 before the work",
            Fate::ServerErrorAfter => "500 after the work",
            Fate::Truncated => "truncated",
            Fate::Empty => "empty 204",
            Fate::Redirect => "redirect",
            Fate::Slow => "slow",
        }
    }
}

const WRITES: [Fate; 14] = [
    Fate::LostBefore,
    Fate::LostBefore,
    Fate::LostAfter,
    Fate::LostAfter,
    Fate::Late,
    Fate::Late,
    Fate::Late,
    Fate::Busy,
    Fate::ServerError,
    Fate::ServerErrorAfter,
    Fate::Truncated,
    Fate::Empty,
    Fate::Redirect,
    Fate::Slow,
];
const SIGN_INS: [Fate; 3] = [Fate::LostBefore, Fate::LostAfter, Fate::ServerError];
const READS: [Fate; 5] = [
    Fate::LostBefore,
    Fate::Busy,
    Fate::ServerError,
    Fate::Truncated,
    Fate::Slow,
];

/// A request that was taken by the network and not by its server yet: it goes on when it is given up.
struct Limbo {
    world: World,
    number: u64,
    asked: Asked,
    after: Duration,
    lag: Duration,
}

impl Drop for Limbo {
    fn drop(&mut self) {
        let at = self.world.now() + self.after;
        self.world
            .send(self.number, self.asked.clone(), at, self.lag, false);
    }
}

impl Network {
    fn fate(&self, writes: bool, path: &str) -> Fate {
        let weather = self.world.state().weather.clone();
        let mut dice = self.world.dice();
        if writes && weather.deaf.is_some_and(|deaf| path.ends_with(deaf)) {
            return Fate::LostBefore;
        }
        let share = if writes {
            weather.faults
        } else {
            weather.faults / 5
        };
        if !dice.percent(share) {
            return Fate::Fine;
        }
        if dice.percent(4) {
            return Fate::Unsent;
        }
        let of: &[Fate] = if writes { &WRITES } else { &READS };
        dice.one(of).copied().unwrap_or(Fate::Fine)
    }

    async fn go(&self, exchange: Exchange) -> Result<Reply, Broken> {
        if exchange.url.path() == "/token" {
            return self.sign_in(&exchange).await;
        }
        let asked = Asked {
            method: exchange.method.to_string(),
            host: exchange.url.host_str().unwrap_or_default().to_owned(),
            path: exchange.url.path().to_owned(),
            query: exchange.url.query_pairs().into_owned().collect(),
            body: exchange.body.clone(),
        };
        let writes = asked.method != "GET";
        let fate = self.fate(writes, &asked.path);
        let number = self.world.next_number();
        let (way, back, after, lag) = {
            let weather = self.world.state().weather.clone();
            let mut dice = self.world.dice();
            let lag = Duration::from_secs(dice.below(weather.lag + 1));
            let most = match weather.beyond {
                true => 3 * SETTLE_S,
                false => SETTLE_S - 2 - weather.lag,
            };
            let after = Duration::from_millis(1 + dice.below(most * 1_000));
            let ms = |dice: &mut crate::dice::Dice| Duration::from_millis(1 + dice.below(400));
            (ms(&mut dice), ms(&mut dice), after, lag)
        };
        self.world.say(format!(
            "{} #{number} {} {}?{:?} {} {}",
            self.who,
            asked.method,
            asked.path,
            asked.query,
            asked.body.as_deref().unwrap_or_default(),
            fate.word()
        ));
        if fate != Fate::Fine {
            *self
                .world
                .state()
                .figures
                .faults
                .entry(fate.word())
                .or_default() += 1;
        }
        let signed_in = tokens::holds(&self.world, &exchange);
        if writes {
            let mut state = self.world.state();
            let state = &mut *state;
            state.attempts.sent(&asked, &state.orders, &mut state.wrong);
        }
        if writes {
            self.disk.is_released(
                &self.world,
                self.who,
                &asked,
                fate == Fate::Unsent || fate == Fate::Busy || !signed_in,
            );
        }
        if !signed_in && fate != Fate::Unsent {
            sleep(way + back).await;
            return Ok(reply(&self.world, Told::bare(401)));
        }
        match fate {
            Fate::Unsent => {
                sleep(way).await;
                Err(Broken::NotConnected)
            }
            Fate::LostBefore => {
                sleep(exchange.within.min(way * 20)).await;
                Err(Broken::Cut)
            }
            Fate::Busy => {
                sleep(way + back).await;
                let mut reply = reply(&self.world, Told::bare(429));
                reply
                    .headers
                    .insert(http::header::RETRY_AFTER, HeaderValue::from_static("5"));
                Ok(reply)
            }
            Fate::ServerError => {
                sleep(way + back).await;
                Ok(reply(&self.world, Told::bare(500)))
            }
            Fate::Late => {
                let limbo = Limbo {
                    world: self.world.clone(),
                    number,
                    asked,
                    after,
                    lag,
                };
                sleep(exchange.within).await;
                drop(limbo);
                Err(Broken::NotInTime)
            }
            _ => {
                let at = self.world.now() + way;
                self.world.send(number, asked.clone(), at, lag, true);
                let slow = if fate == Fate::Slow { 40 } else { 1 };
                sleep(way + back * slow).await;
                let mut told = self.world.answer(number).ok_or(Broken::Cut)?;
                let good = (200..300).contains(&told.status);
                match fate {
                    Fate::LostAfter => return Err(Broken::Cut),
                    Fate::ServerErrorAfter if good => {
                        told = Told {
                            at: told.at,
                            ..Told::bare(500)
                        }
                    }
                    Fate::Truncated if good => told.body.truncate(told.body.len() / 2),
                    Fate::Empty if good => {
                        told = Told {
                            at: told.at,
                            ..Told::bare(204)
                        }
                    }
                    Fate::Redirect if good => {
                        told = Told {
                            at: told.at,
                            ..Told::bare(307)
                        }
                    }
                    _ => {}
                }
                if writes && (400..500).contains(&told.status) {
                    disk::is_refused(&self.world, &asked);
                }
                let mut reply = reply(&self.world, told);
                if let (Fate::Redirect, Ok(to)) = (fate, HeaderValue::from_str(&asked.path)) {
                    reply.headers.insert(http::header::LOCATION, to);
                }
                Ok(reply)
            }
        }
    }
}

impl Network {
    /// A token of the books; no write, so it may be asked for as often as it takes.
    async fn sign_in(&self, exchange: &Exchange) -> Result<Reply, Broken> {
        let (fate, way) = {
            let faults = self.world.state().weather.faults;
            let mut dice = self.world.dice();
            let fate = match dice.percent(faults / 2) {
                true => dice.one(&SIGN_INS).copied().unwrap_or(Fate::Fine),
                false => Fate::Fine,
            };
            (fate, Duration::from_millis(1 + dice.below(800)))
        };
        self.world
            .say(format!("{} signs in {}", self.who, fate.word()));
        sleep(way).await;
        match fate {
            Fate::LostBefore => Err(Broken::Cut),
            Fate::ServerError => Ok(reply(&self.world, Told::bare(500))),
            fate => {
                let told = tokens::give(&self.world, exchange);
                match fate {
                    Fate::LostAfter => Err(Broken::Cut),
                    _ => Ok(reply(&self.world, told)),
                }
            }
        }
    }
}

fn reply(world: &World, told: Told) -> Reply {
    let mut headers = HeaderMap::new();
    let date = clock::wall(told.at.unwrap_or_else(|| world.now()))
        .strftime("%a, %d %b %Y %H:%M:%S GMT")
        .to_string();
    if let Ok(date) = HeaderValue::from_str(&date) {
        headers.insert(http::header::DATE, date);
    }
    Reply {
        status: told.status,
        headers,
        body: told.body,
    }
}

impl Wire for Network {
    fn exchange(
        &self,
        exchange: Exchange,
    ) -> Pin<Box<dyn Future<Output = Result<Reply, Broken>> + Send + '_>> {
        Box::pin(self.go(exchange))
    }
}
