//! Any answers to any request of the shipped connectors: the connection layer gives values or troubles, and asks no more than it may.
//!
//! Input: which resource, which request, then answers divided by a line `---`; the first letter of each says its status and headers.
#![no_main]

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use flowbook::connect::{
    Bounds, Broken, Exchange, Forgetful, HttpSystems, Outgoing, OutgoingAct, PageQuery, Reply,
    Systems, Wire, World, read_access,
};
use flowbook::plan::Plan;
use flowbook::plan::connector::ResourceIx;
use flowbook::time::Clock;
use flowbook_stdlib::value::Value;
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use tokio::runtime::{Builder, Runtime};

static PLAN: LazyLock<Plan> = LazyLock::new(flowbook_fuzz::plan);
static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().build().expect("a runtime"));

/// A request that is asked may read many pages, but not for ever.
const MOST_REQUESTS: u64 = 2_000;

/// Every wait is over at once, and has taken its time.
#[derive(Debug, Default)]
struct Leaps(AtomicU64);

impl Clock for Leaps {
    fn elapsed(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::Relaxed))
    }

    fn sleep(&self, length: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let millis = u64::try_from(length.as_millis()).unwrap_or(u64::MAX / 4);
        self.0.fetch_add(millis.max(1), Ordering::Relaxed);
        Box::pin(std::future::ready(()))
    }

    fn wall(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}

/// Answers with what it was given, the last answer again and again.
#[derive(Debug)]
struct Scripted {
    answers: Vec<String>,
    asked: Mutex<usize>,
}

const STATUS: [u16; 12] = [200, 201, 204, 301, 400, 401, 404, 408, 409, 429, 500, 503];

fn headers(letter: u8) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let texts = match letter % 8 {
        1 => vec![("retry-after", "3")],
        2 => vec![("retry-after", "Wed, 25 Nov 2026 07:28:00 GMT")],
        3 => vec![("retry-after", "-1"), ("date", "soon")],
        4 => vec![("x-hash", "00"), ("x-date", "2026-11-25T07:28:00Z")],
        5 => vec![
            ("location", "http://127.0.0.1:2/"),
            ("date", "Wed, 25 Nov 2026 07:28:00 GMT"),
        ],
        6 => vec![("retry-after", "18446744073709551615")],
        _ => vec![],
    };
    for (name, text) in texts {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(text),
        );
    }
    headers
}

impl Wire for Scripted {
    fn exchange(
        &self,
        exchange: Exchange,
    ) -> Pin<Box<dyn Future<Output = Result<Reply, Broken>> + Send + '_>> {
        let mut asked = self.asked.lock().expect("one thread");
        *asked += 1;
        assert!(
            *asked as u64 <= MOST_REQUESTS,
            "{} {}",
            exchange.method,
            exchange.url
        );
        let answer = self.answers[(*asked - 1).min(self.answers.len() - 1)].clone();
        let token = exchange.url.path().contains("token") && *asked % 2 == 1;
        let letter = answer.bytes().next().unwrap_or_default();
        let reply = match (token, letter) {
            (true, _) => Ok(Reply {
                status: 200,
                headers: HeaderMap::new(),
                body: r#"{"access_token":"a","token_type":"Bearer","expires_in":3600}"#.to_owned(),
            }),
            (false, 240..) => Err(Broken::Cut),
            (false, letter) => Ok(Reply {
                status: STATUS[usize::from(letter) % STATUS.len()],
                headers: headers(letter / 12),
                body: answer.chars().skip(1).collect(),
            }),
        };
        Box::pin(std::future::ready(reply))
    }
}

fn systems(answers: Vec<String>) -> HttpSystems {
    let plan = &*PLAN;
    let look = |variable: &str| {
        let address = variable.ends_with("BASE") || variable.ends_with("URL");
        let place = if variable.ends_with("URL") {
            "token"
        } else {
            "api"
        };
        Some(match address {
            true => format!("http://127.0.0.1:1/{place}"),
            false => "1".to_owned(),
        })
    };
    let keeper = Arc::new(Forgetful::default());
    let access = read_access(&plan.systems, &plan.resources, &look, &*keeper).expect("access");
    let world = World {
        wire: Some(Arc::new(Scripted {
            answers,
            asked: Mutex::new(0),
        })),
        clock: Arc::new(Leaps::default()),
    };
    HttpSystems::in_world(
        plan.systems.clone(),
        plan.resources.clone(),
        access,
        keeper,
        &Bounds::default(),
        &world,
    )
    .expect("systems")
}

fuzz_target!(|input: (u8, u8, &str)| {
    let (which, request, text) = input;
    let answers: Vec<String> = text.split("\n---\n").map(str::to_owned).collect();
    let systems = systems(answers);
    let ix = usize::from(which) % PLAN.resources.len();
    let resource = &PLAN.resources[ix];
    let ix = ix as ResourceIx;
    let id = Value::Text("7".into());
    let fields = vec![Value::None; resource.shape.fields.len()];
    let parent = resource.parent.map(|ix| {
        let parent = &PLAN.resources[ix as usize];
        let mut fields = vec![Value::None; parent.shape.fields.len()];
        if let Some(key) = parent.key {
            fields[usize::from(key)] = id.clone();
        }
        Value::Record(fields.into())
    });
    let write = |act| Outgoing {
        resource: ix,
        act,
        body: vec![(vec!["Name".into()], "\"x\"".to_owned())],
    };
    let find = usize::from(request) / 8 % (resource.finds.len() + 1);
    RUNTIME.block_on(async {
        match request % 8 {
            0 => {
                let mut after = None;
                for _ in 0..20 {
                    let query = PageQuery {
                        after: after.clone(),
                        ..PageQuery::default()
                    };
                    let Ok(page) = systems.page(ix, &query).await else {
                        break;
                    };
                    for record in &page.records {
                        assert!(matches!(record, Value::Record(of) if of.len() == fields.len()));
                    }
                    let Some(next) = page.next else { break };
                    after = Some(next);
                }
            }
            1 => {
                let number = find.checked_sub(1).map(|at| at as u16);
                let width = find
                    .checked_sub(1)
                    .map_or(1, |at| resource.finds[at].fields.len());
                let keys = vec![vec![id; width]; 3];
                if let Ok(hits) = systems.find(ix, number, &keys).await {
                    assert_eq!(hits.len(), keys.len());
                }
            }
            2 => drop(systems.one(ix).await),
            3 => {
                if let Some(parent) = &parent {
                    drop(systems.sub(ix, parent).await);
                }
            }
            4 => drop(systems.get(ix, &id).await),
            5 | 6 => {
                for action in 0..resource.creates.len() {
                    let act = OutgoingAct::Create {
                        action: action as u16,
                        args: vec![id.clone(); 4],
                        parent: parent.clone(),
                    };
                    drop(systems.send(&write(act)).await);
                }
            }
            _ => {
                let act = OutgoingAct::Update { id, parent };
                drop(systems.send(&write(act)).await);
            }
        }
    });
});
