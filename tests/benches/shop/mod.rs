//! What the benchmarks work on: the shipped flowbook, and orders as the till writes them.

#![allow(dead_code)] // each benchmark uses its own part of it

pub mod sync;

use std::path::{Path, PathBuf};

use flowbook::check;
use flowbook::lower;
use flowbook::plan::Plan;
use flowbook::sources::Loaded;
use flowbook_stdlib::value::Value;

/// The folder of the shipped flowbook.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../flows/ccv-eaccounting")
}

/// A file of the shipped flowbook.
pub fn file(name: &str) -> String {
    let path = folder().join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

/// The plan of the shipped flowbook, as it is shipped.
pub fn plan() -> Plan {
    let loaded = Loaded::read(&folder());
    let book = check::check(&loaded)
        .book
        .expect("the shipped flowbook checks");
    let since = Value::Date(jiff::civil::date(2026, 1, 1));
    let customer = Value::Text("1000".into());
    let settings = [
        ("orders_since".to_owned(), since),
        ("default_customer".to_owned(), customer),
    ];
    lower::lower(&book, &loaded.sources, &settings).expect("it has a plan")
}

/// A thousand orders as lines of JSON, no two alike: rows at two rates, freight and a coupon; some go elsewhere than they are paid.
pub fn orders() -> Vec<u8> {
    const METHODS: [&str; 4] = ["swish", "pin", "cash", "onaccount"];
    const CITIES: [&str; 3] = ["Stockholm", "Göteborg", "Malmö"];
    let mut lines = String::new();
    for n in 0..1000_u32 {
        let (method, city) = (METHODS[n as usize % 4], CITIES[n as usize % 3]);
        let (glass, coffee) = (100 + n % 80, 20 + n % 17);
        let (pieces, day) = (1 + n % 5, 1 + n % 28);
        let coffees = coffee * pieces;
        let deliver = if n % 4 == 0 { city } else { "" };
        lines.push_str(&format!(
            r#"{{"id":{id},"ordernumber":{n},"ordernumber_full":"{n}","create_date":"2026-03-{day:02}T21:51:00Z","deliver_method":"shipping","status":7,"paid":true,"paymethod":"{method}","taxes_included":true,"order_row_taxes_included":true,"shipping_taxes_included":true,"shipping_tax_percentage":25,"is_intra_community_order":false,"total_orderrow_price":{total}.00,"total_shipping":5.00,"total_discounts":18.60,"total_price":{total}.40,"currency":"SEK","total_tax":28.67,"paymethod_costs":0,"credit_point_discount":0,"extra_costs":0,"extra_costs_description":"","discountcoupon":{{"code":"VAAR10","givesfreeshipping":false}},"user":{{"id":null}},"customer":{{"email":"inkop{n}@example.com","customertype":"b2b","btw":"SE556677889901","kvk":"556677-8899","reference":"PO {n}","billingaddress":{{"first_name":"Jan","last_name":"Berg","company":"Berg {n} AB","address_line_1":"Storgatan {n}","street":"Storgatan","housenumber":{n},"zipcode":"111 22","city":"{city}","country_code":"SE"}},"deliveryaddress":{{"full_name":"Åsa Öberg","company":"","address_line_1":"Nygatan {n}","zipcode":"211 20","city":"{deliver}","country_code":"SE"}}}},"orderrows":[{{"id":1,"product_type":"product","product_number":"A-17","product_name":"Glass","count":1,"price":{glass}.00,"total_price_with_attributes":{glass}.00,"price_with_attributes":{glass}.00,"tax":25}},{{"id":2,"product_type":"product","product_number":"B-02","product_name":"Coffee \"dark\"","memo":"no {n}","count":{pieces},"price":{coffee}.50,"total_price_with_attributes":{coffees}.50,"price_with_attributes":{coffee}.50,"tax":12}}]}}"#,
            id = 339_000_000 + n,
            total = glass + coffees,
        ));
        lines.push('\n');
    }
    lines.into_bytes()
}
