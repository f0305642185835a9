//! Orders, their rows, notes, messages, notifications and labels.

use super::fields::{self, ORDER, ORDER_PATCH, ORDER_POST, ROW, ROW_PATCH};
use super::people::merge;
use super::{
    Answer, Call, auth, cents, error, invalid, linked, missing, not_allowed, now, page, page_of,
};
use crate::json::{Json, object};
use crate::server::Reply;
use crate::state::State;
use rust_decimal::Decimal;

const ORDERS: &str = "till/orders";
const FILTERS: [&str; 10] = [
    "ordernumber",
    "status",
    "is_paid",
    "deliver_date",
    "take_out_date",
    "min_create_date",
    "max_create_date",
    "is_completed",
    "paymethod_id",
    "transaction_id",
];
const METHODS: [&str; 4] = ["shipping", "delivery", "deliver", "pickup"];

pub(super) fn answer(state: &mut State, call: &Call<'_>, resource: &str, rest: &[&str]) -> Answer {
    let method = call.request.method.as_str();
    expanded(call)?;
    if resource != "orders" {
        return match rest {
            [id] => one_child(state, call, resource, id),
            _ => Err(not_allowed()),
        };
    }
    match (method, rest) {
        ("GET", []) => {
            let filters = filters(call)?;
            let kept = state.all(ORDERS);
            let kept = kept.filter(|order| filters.iter().all(|filter| filter.keeps(order)));
            page_of(
                call,
                kept.collect(),
                |order| view(call, order),
                &FILTERS,
                &["create_date", "deliver_date", "id", "ordernumber"],
                true,
            )
        }
        ("POST", []) => {
            let order = create(state, &call.body()?)?;
            state.put(ORDERS, &order.get("id").to_string(), order.clone());
            Ok(call.created(&view(call, &order)))
        }
        ("GET", [id]) => Ok(Reply::json(200, &view(call, find(state, id)?))),
        ("PATCH", [id]) => {
            let order = change(state, find(state, id)?.clone(), &call.body()?)?;
            state.put(ORDERS, id, order);
            Ok(Reply::empty(204))
        }
        (_, [id, child]) => children(state, call, id, child),
        _ => Err(not_allowed()),
    }
}

fn find<'a>(state: &'a State, id: &str) -> Result<&'a Json, Reply> {
    state.get(ORDERS, id).ok_or_else(|| missing("order", id))
}

enum Filter {
    Same(&'static str, String),
    From(jiff::Timestamp),
    To(jiff::Timestamp),
}

impl Filter {
    fn keeps(&self, order: &Json) -> bool {
        let created = || auth::timestamp(order.get("create_date").text());
        match self {
            Filter::Same(field, value) => match order.get(field) {
                Json::Text(text) if field.ends_with("_date") => text.starts_with(value.as_str()),
                Json::Text(text) => text == value,
                other => other.to_string() == *value,
            },
            Filter::From(time) => created().is_some_and(|c| c >= *time),
            Filter::To(time) => created().is_some_and(|c| c <= *time),
        }
    }
}

fn filters(call: &Call<'_>) -> Result<Vec<Filter>, Reply> {
    let mut filters = Vec::new();
    let mut completed = "true".to_owned();
    for (name, value) in call.request.parameters() {
        let truth = || matches!(value.as_str(), "true" | "false");
        let whole = || value.parse::<u64>().is_ok();
        let fits = match name.as_str() {
            "is_paid" | "is_completed" => truth(),
            "ordernumber" | "status" | "paymethod_id" => whole(),
            _ => true,
        };
        if !fits {
            return Err(invalid(&format!(
                "The value {value} does not fit the query parameter {name}."
            )));
        }
        let time = || {
            let whole = if value.len() == 10 {
                format!("{value}T00:00:00Z")
            } else {
                value.clone()
            };
            auth::timestamp(&whole).ok_or_else(|| invalid(&format!("{name} is no date: {value}")))
        };
        match name.as_str() {
            "is_completed" => completed = value,
            "is_paid" => filters.push(Filter::Same("paid", value)),
            "min_create_date" => filters.push(Filter::From(time()?)),
            "max_create_date" => filters.push(Filter::To(time()?)),
            "ordernumber" => filters.push(Filter::Same("ordernumber", value)),
            "status" => filters.push(Filter::Same("status", value)),
            "deliver_date" => filters.push(Filter::Same("deliver_date", value)),
            "paymethod_id" => filters.push(Filter::Same("paymethod_id", value)),
            "transaction_id" => filters.push(Filter::Same("transaction_id", value)),
            _ => {}
        }
    }
    filters.push(Filter::Same("is_completed", completed));
    Ok(filters)
}

/// An order as the client sees it, its children as links or, where asked, filled in.
fn view(call: &Call<'_>, order: &Json) -> Json {
    let mut view = linked(call, "orders", order);
    let id = order.get("id").to_string();
    let expand = expanded(call).unwrap_or_default();
    for child in CHILDREN {
        let mut link = call.link(&format!("orders/{id}/{child}"));
        if expand.iter().any(|name| name == child) {
            link.set("collection", items(call, order, child));
        }
        view.set(child, link);
    }
    if let Some(user) = Some(order.get("user")).filter(|u| !u.get("id").is_null()) {
        let mut user = user.clone();
        let key = if user.get("id").text().is_empty() {
            user.get("id").to_string()
        } else {
            user.get("id").text().to_owned()
        };
        user.set(
            "href",
            call.href(&format!("users/{key}"))
                .trim_end_matches('/')
                .to_owned(),
        );
        view.set("user", user);
    }
    view
}

const CHILDREN: [&str; 7] = [
    "orderrows",
    "ordernotes",
    "ordermessages",
    "ordernotifications",
    "orderaffiliatenetworks",
    "orderlabels",
    "invoices",
];

/// The sub-resources a request wants filled in.
fn expanded(call: &Call<'_>) -> Result<Vec<String>, Reply> {
    let asked: Vec<String> = call
        .request
        .parameters()
        .into_iter()
        .filter(|(name, _)| name == "expand")
        .flat_map(|(_, value)| value.split(',').map(str::to_owned).collect::<Vec<_>>())
        .filter(|name| !name.is_empty())
        .collect();
    match asked.iter().find(|name| !CHILDREN.contains(&name.as_str())) {
        Some(name) => Err(invalid(&format!("expand does not know {name}"))),
        None => Ok(asked),
    }
}

fn items(call: &Call<'_>, order: &Json, child: &str) -> Vec<Json> {
    let id = order.get("id").to_string();
    let item = |record: &Json| {
        let mut item = if child == "orderlabels" {
            record.clone()
        } else {
            linked(call, child, record)
        };
        let parent = call.link(&format!("orders/{id}"));
        item.set(
            "parent",
            if child == "orderlabels" {
                parent.get("href").clone()
            } else {
                parent
            },
        );
        if let Some(product) = Some(record.get("product_id")).filter(|p| !p.is_null()) {
            item.set("product_href", call.href(&format!("products/{product}")));
        }
        item
    };
    order
        .get(&format!("_{child}"))
        .items()
        .iter()
        .map(item)
        .collect()
}

fn children(state: &mut State, call: &Call<'_>, id: &str, child: &str) -> Answer {
    let mut order = find(state, id)?.clone();
    let list = format!("_{child}");
    let mut records = order.get(&list).items().to_vec();
    match (call.request.method.as_str(), child) {
        ("GET", "orderrows" | "orderaffiliatenetworks") => {
            page(call, items(call, &order, child), &[], &[], true)
        }
        ("GET", "ordernotes" | "ordernotifications" | "orderlabels") => {
            page(call, items(call, &order, child), &[], &[], false)
        }
        ("GET", "ordermessages") => page(
            call,
            items(call, &order, child),
            &[],
            &["create_date", "id"],
            false,
        ),
        ("POST", "ordernotes" | "ordermessages" | "ordernotifications") => {
            let body = call.body()?;
            let (field, required): (&str, &[&str]) = match child {
                "ordernotes" => ("note", &[]),
                "ordermessages" => ("message", &["message"]),
                _ => ("type", &["type"]),
            };
            fields::check(&body, &[&[(field, fields::Kind::Text)]], required)?;
            let mut record = object! { "id" => state.next("till/children", 700_001), field => body.get(field).clone() };
            if child == "ordernotes" {
                record.set("type", "internal");
            }
            record.set("create_date", now());
            records.push(record);
            order.set(&list, records);
            let made = items(call, &order, child).pop().unwrap_or_default();
            state.put(ORDERS, id, order);
            Ok(call.created(&made))
        }
        ("PUT", "orderlabels") => {
            let body = call.body()?;
            fields::check(&body, &[&[("labels", fields::Kind::List)]], &["labels"])?;
            let whole = |label: &Json| matches!(label, Json::Number(n) if n.fract().is_zero());
            if !body.get("labels").items().iter().all(whole) {
                return Err(invalid("labels is a list of whole numbers."));
            }
            for label in body.get("labels").items() {
                if state.get("till/labels", &label.to_string()).is_none() {
                    return Err(missing("label", &label.to_string()));
                }
            }
            let labels: Vec<Json> = body
                .get("labels")
                .items()
                .iter()
                .map(|label| object! { "label_id" => label.clone() })
                .collect();
            order.set(&list, labels);
            state.put(ORDERS, id, order);
            Ok(Reply::empty(204))
        }
        ("PUT", "orderrows") => {
            let body = call.body()?;
            fields::check(
                &body,
                &[&[("orderrows", fields::Kind::List)]],
                &["orderrows"],
            )?;
            replace_rows(state, &mut order, body.get("orderrows"))?;
            total(&mut order);
            state.put(ORDERS, id, order);
            Ok(Reply::empty(204))
        }
        ("GET", "invoices") => {
            let of_order = state
                .all("till/invoices")
                .filter(|invoice| invoice.get("order_id").to_string() == id)
                .map(|invoice| linked(call, "invoices", invoice))
                .collect();
            page(call, of_order, &[], &["create_date", "id"], true)
        }
        ("POST", "invoices" | "orderrows") => Err(super::not_played(child)),
        _ => Err(not_allowed()),
    }
}

/// `/orderrows/{id}/`, `/ordernotes/{id}/` and the like: a child by its own id.
fn one_child(state: &mut State, call: &Call<'_>, resource: &str, id: &str) -> Answer {
    let list = format!("_{resource}");
    let has = |order: &&Json| {
        order
            .get(&list)
            .items()
            .iter()
            .any(|r| r.get("id").to_string() == id)
    };
    let mut order = state
        .all(ORDERS)
        .find(has)
        .cloned()
        .ok_or_else(|| missing(resource, id))?;
    let mine = |record: &Json| record.get("id").to_string() == id;
    let key = order.get("id").to_string();
    match (call.request.method.as_str(), resource) {
        ("GET", _) => {
            let found = items(call, &order, resource)
                .into_iter()
                .find(mine)
                .unwrap_or_default();
            Ok(Reply::json(200, &found))
        }
        ("DELETE", "ordernotes" | "ordermessages") => {
            let kept: Vec<Json> = order
                .get(&list)
                .items()
                .iter()
                .filter(|r| !mine(r))
                .cloned()
                .collect();
            order.set(&list, kept);
            state.put(ORDERS, &key, order);
            Ok(Reply::empty(204))
        }
        ("PATCH", "orderrows") => {
            if order.get("is_completed").truth() {
                return Err(error(
                    500,
                    "500.70",
                    "Rows of a completed order cannot be changed.",
                ));
            }
            let body = call.body()?;
            fields::check(&body, &[ROW_PATCH], &[])?;
            let mut rows = order.get(&list).items().to_vec();
            for row in rows.iter_mut().filter(|r| mine(r)) {
                merge(row, &body);
                price(row);
            }
            order.set(&list, rows);
            total(&mut order);
            state.put(ORDERS, &key, order);
            Ok(Reply::empty(204))
        }
        _ => Err(not_allowed()),
    }
}

fn check_values(body: &Json) -> Result<(), Reply> {
    if let Json::Number(status) = body.get("status")
        && !(Decimal::ONE..=Decimal::from(14)).contains(status)
    {
        return Err(invalid("status is one of 1 to 14."));
    }
    if let Json::Text(method) = body.get("deliver_method")
        && !METHODS.contains(&method.as_str())
    {
        return Err(invalid("deliver_method is shipping, delivery or pickup."));
    }
    if let Json::Text(currency) = body.get("currency")
        && (currency.len() != 3 || !currency.chars().all(|c| c.is_ascii_uppercase()))
    {
        return Err(invalid("currency is no ISO 4217 code."));
    }
    fields::person(body.get("customer"))
}

fn create(state: &mut State, body: &Json) -> Result<Json, Reply> {
    fields::check(body, &[ORDER, ORDER_POST], &["customer", "orderrows"])?;
    check_values(body)?;
    let id = state.next(ORDERS, 440_000_001);
    let complete = !matches!(body.get("is_completed"), Json::Bool(false));
    let mut order =
        Json::parse(include_str!("../../sample/order_shape.json")).map_err(|e| invalid(&e))?;
    order.set("id", id);
    order.set("create_date", now());
    order.set("is_completed", complete);
    if complete {
        let number = state.next("till/ordernumbers", 2001);
        order.set("ordernumber", number);
        order.set("ordernumber_full", number.to_string());
        order.set("status", 1_i64);
    }
    if let user @ Json::Number(_) = body.get("user_id") {
        let known = state
            .get("till/users", &user.to_string())
            .ok_or_else(|| missing("user", &user.to_string()))?;
        order.set("customer", known.get("userinfo").clone());
        order.set(
            "user",
            object! { "id" => user.to_string(), "discount_percentage" => 0_i64 },
        );
    }
    change_fields(state, &mut order, body)?;
    Ok(order)
}

fn change(state: &mut State, mut order: Json, body: &Json) -> Result<Json, Reply> {
    fields::check(body, &[ORDER, ORDER_PATCH], &[])?;
    check_values(body)?;
    change_fields(state, &mut order, body)?;
    Ok(order)
}

fn change_fields(state: &mut State, order: &mut Json, body: &Json) -> Result<(), Reply> {
    const NOT_KEPT: [&str; 6] = [
        "orderrows",
        "note",
        "mail",
        "takeoutslot",
        "user_id",
        "is_completed",
    ];
    for (name, value) in body
        .members()
        .filter(|(name, _)| !NOT_KEPT.contains(&name.as_str()))
    {
        let one = object! { name.as_str() => value.clone() };
        merge(order, &one);
    }
    let recounts = [
        "orderrows",
        "total_shipping",
        "paymethod_costs",
        "extra_costs",
        "order_row_taxes_included",
    ];
    if !body.get("orderrows").is_null() {
        replace_rows(state, order, body.get("orderrows"))?;
    }
    let free = ["is_platform_sale", "is_intra_community_order"]
        .iter()
        .any(|name| order.get(name).truth());
    if free {
        let mut rows = order.get("_orderrows").items().to_vec();
        for row in &mut rows {
            row.set("tax", 0_i64);
        }
        order.set("_orderrows", rows);
    }
    if free || recounts.iter().any(|name| !body.get(name).is_null()) {
        total(order);
    }
    Ok(())
}

fn replace_rows(state: &mut State, order: &mut Json, rows: &Json) -> Result<(), Reply> {
    let mut made = Vec::new();
    for input in rows.items() {
        fields::check(input, &[ROW], &["count"])?;
        let mut row = object! {
            "id" => state.next("till/rows", 880_001), "order_id" => order.get("id").clone(), "product_type" => "product",
            "product_name" => "", "product_number" => "", "sub_product_number" => "", "sub_sku_number" => "",
            "sub_ean_number" => "", "product_id" => Json::Null, "count" => 1_i64, "price" => 0_i64, "discount" => 0_i64,
            "tax" => 0_i64, "unit" => "", "weight" => 0_i64, "memo" => "",
        };
        if let id @ Json::Number(_) = input.get("product_id") {
            let product = state.get("till/products", &id.to_string());
            let product = product.ok_or_else(|| missing("product", &id.to_string()))?;
            row.set("product_name", product.get("name").clone());
            row.set("product_number", product.get("productnumber").clone());
            row.set("price", product.get("price").clone());
        }
        merge(&mut row, input);
        price(&mut row);
        made.push(row);
    }
    order.set("_orderrows", made);
    Ok(())
}

/// The results of a row: selling price is price less discount.
fn price(row: &mut Json) {
    let selling = row.get("price").number() - row.get("discount").number();
    let sum = cents(selling * row.get("count").number());
    for name in ["original_price", "selling_price", "price_with_attributes"] {
        row.set(name, selling);
    }
    for name in ["total_price", "total_price_with_attributes"] {
        row.set(name, sum);
    }
}

/// The totals of an order from its rows; charges carry the rate of the dearest rate among the rows.
fn total(order: &mut Json) {
    let included = order.get("order_row_taxes_included").truth();
    let charges: Decimal = ["total_shipping", "paymethod_costs", "extra_costs"]
        .iter()
        .map(|name| order.get(name).number())
        .sum();
    let rows = order.get("_orderrows").items();
    let goods: Decimal = rows.iter().map(|row| row.get("total_price").number()).sum();
    let top = rows
        .iter()
        .map(|row| row.get("tax").number())
        .max()
        .unwrap_or_default();
    let hundred = Decimal::ONE_HUNDRED;
    let base = |rate: Decimal| if included { hundred + rate } else { hundred };
    let taxed = |amount: Decimal, rate: Decimal| amount * rate / base(rate);
    let less = charges - order.get("total_discounts").number();
    let tax: Decimal = rows
        .iter()
        .map(|row| taxed(row.get("total_price").number(), row.get("tax").number()))
        .sum();
    let tax = cents(tax + taxed(less, top));
    order.set("total_orderrow_price", goods);
    order.set("total_tax", tax);
    order.set(
        "total_price",
        goods + less + if included { Decimal::ZERO } else { tax },
    );
}
