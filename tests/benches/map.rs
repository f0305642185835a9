//! Maps of the shipped flowbook over 100,000 orders, in memory; and the same fields by hand-written Rust in the same run.

#[path = "shop/by_hand.rs"]
mod by_hand;
mod shop;

use std::hint::black_box;
use std::io::{self, BufRead, Read};
use std::time::{Duration, Instant};

use by_hand::Books;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use flowbook::connect::MemorySystems;
use flowbook::plan::Plan;
use flowbook::run::map::map;
use flowbook::run::{Options, resource_name};
use tokio::runtime::Runtime;

/// Orders of the figure that is printed.
const ORDERS: u64 = 100_000;
/// Orders of one of criterion's samples.
const SAMPLE: u64 = 10_000;

type ByHand = fn(&Books, &str, &mut Vec<u8>) -> Result<(), String>;

/// The same lines again and again, as a file of them would be read.
struct Again<'a> {
    text: &'a [u8],
    at: usize,
    times: u64,
}

impl Read for Again<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let from = self.fill_buf()?;
        let count = from.len().min(into.len());
        into[..count].copy_from_slice(&from[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Again<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at == self.text.len() && self.times > 1 {
            self.times -= 1;
            self.at = 0;
        }
        Ok(&self.text[self.at..])
    }

    fn consume(&mut self, count: usize) {
        self.at += count;
    }
}

struct Shop {
    plan: Plan,
    systems: MemorySystems,
    runtime: Runtime,
    orders: Vec<u8>,
    books: Books,
}

impl Shop {
    fn new() -> Shop {
        let plan = shop::plan();
        let systems = MemorySystems::new(plan.systems.clone(), plan.resources.clone());
        for (name, file) in [
            ("books.terms", "fixtures/terms.json"),
            ("books.articles", "fixtures/articles.json"),
        ] {
            let ix = (0..plan.resources.len() as u32)
                .find(|ix| resource_name(&plan, *ix) == name)
                .expect("a resource of the flowbook");
            let given = systems.give(ix, &shop::file(file), file);
            given.expect("records of the vendor");
        }
        Shop {
            plan,
            systems,
            runtime: tokio::runtime::Builder::new_current_thread()
                .build()
                .expect("a runtime"),
            orders: shop::orders(),
            books: Books::new(),
        }
    }

    fn flowbook(&self, name: &str, orders: u64) -> Vec<u8> {
        let entry = self.plan.maps.iter().find(|map| map.name == name);
        let entry = entry.expect("a map of the flowbook");
        let input = Again {
            text: &self.orders,
            at: 0,
            times: orders / 1000,
        };
        let (mut out, mut errors) = (Vec::new(), Vec::new());
        let mapped = self.runtime.block_on(map(
            &self.plan,
            entry,
            &self.systems,
            &Options::default(),
            input,
            &mut out,
            &mut errors,
        ));
        let mapped = mapped.expect("mapped");
        assert_eq!(
            mapped.mapped,
            orders,
            "{}",
            String::from_utf8_lossy(&errors)
        );
        out
    }

    fn by_hand(&self, map: ByHand, orders: u64) -> Vec<u8> {
        let mut input = Again {
            text: &self.orders,
            at: 0,
            times: orders / 1000,
        };
        let (mut out, mut line) = (Vec::new(), String::new());
        while input.read_line(&mut line).expect("text") > 0 {
            map(&self.books, line.trim_end(), &mut out).expect("mapped");
            line.clear();
        }
        out
    }
}

/// The best time of each, in turns: what else the machine does meets both.
fn best(turns: u32, ours: impl Fn(), theirs: impl Fn()) -> (Duration, Duration) {
    let time = |work: &dyn Fn()| {
        let began = Instant::now();
        work();
        began.elapsed()
    };
    (0..turns).fold((Duration::MAX, Duration::MAX), |best, _| {
        (best.0.min(time(&ours)), best.1.min(time(&theirs)))
    })
}

fn maps(c: &mut Criterion) {
    let shop = Shop::new();
    let pairs: [(&str, ByHand); 2] = [
        ("draft_head", by_hand::draft_head),
        ("lines", by_hand::lines),
    ];
    for (name, hand) in pairs {
        let (ours, theirs) = (shop.flowbook(name, 1000), shop.by_hand(hand, 1000));
        assert_eq!(
            String::from_utf8_lossy(&ours),
            String::from_utf8_lossy(&theirs),
            "both give the same bytes"
        );
        let mut group = c.benchmark_group(format!("map/{name}"));
        group
            .sample_size(10)
            .warm_up_time(Duration::from_millis(500))
            .measurement_time(Duration::from_secs(4))
            .throughput(Throughput::Elements(SAMPLE));
        group.bench_function("flowbook", |b| {
            b.iter(|| black_box(shop.flowbook(name, SAMPLE)));
        });
        group.bench_function("by hand", |b| {
            b.iter(|| black_box(shop.by_hand(hand, SAMPLE)));
        });
        group.finish();
        let (ours, theirs) = best(
            3,
            || drop(black_box(shop.flowbook(name, ORDERS))),
            || drop(black_box(shop.by_hand(hand, ORDERS))),
        );
        println!(
            "map/{name}: {:.0} orders a second, {:.2} times the time of hand-written Rust\n",
            ORDERS as f64 / ours.as_secs_f64(),
            ours.as_secs_f64() / theirs.as_secs_f64()
        );
    }
}

criterion_group!(benches, maps);
criterion_main!(benches);
