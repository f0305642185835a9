//! Products: searched, made, changed and thrown away; what they belong to is written by id and read as an object.

use super::fields::{self, Kind};
use super::people::merge;
use super::{Answer, Call, error, invalid, missing, not_allowed, now, page};
use crate::json::{Json, decimal, object};
use crate::server::Reply;
use crate::state::State;
use Kind::{Bool, Int, Number, Text};
use rust_decimal::Decimal;
use std::sync::LazyLock;

const PRODUCTS: &str = "till/products";

/// What a body may hold, new or changed.
const FIELDS: &[(&str, Kind)] = &[
    ("productnumber", Text),
    ("active", Bool),
    ("eannumber", Text),
    ("mpnnumber", Text),
    ("name", Text),
    ("shortdescription", Text),
    ("description", Text),
    ("vatrate", Number),
    ("taxtariff", Text),
    ("price", Number),
    ("discount", Number),
    ("purchaseprice", Number),
    ("container_deposit_price", Number),
    ("safety_deposit_price", Number),
    ("credit_points_custom", Int),
    ("unit", Text),
    ("stockenabled", Bool),
    ("stocktype", Text),
    ("stock", Number),
    ("stocklocation", Text),
    ("ordering_without_stock", Text),
    ("weight", Number),
    ("brand", Text),
    ("brand_id", Int),
    ("condition", Text),
    ("condition_id", Int),
    ("color_id", Int),
    ("maincategory", Text),
    ("subcategory", Text),
    ("package_id", Int),
    ("meta_description", Text),
    ("meta_keywords", Text),
    ("page_title", Text),
    ("no_index", Bool),
    ("no_follow", Bool),
    ("alias", Text),
    ("specs", Text),
    ("decimal_amount", Int),
    ("amount_sold", Number),
    ("minimal_order_amount", Number),
    ("stock_delivery_number", Int),
    ("stock_delivery_type", Text),
    ("stock_delivery_standard", Text),
    ("show_in_template", Bool),
    ("show_on_beginpage", Bool),
    ("show_on_facebook", Bool),
    ("show_order_button", Text),
    ("product_layout", Int),
    ("photo_size", Text),
    ("hide_without_category", Text),
    ("memo", Text),
    ("supplier_id", Int),
    ("fixed_staggered_prices", Bool),
    ("marktplaats_active", Bool),
    ("marktplaats_status", Text),
    ("marktplaats_cpc", Number),
    ("marktplaats_daily_budget", Number),
    ("marktplaats_total_budget", Number),
    ("marktplaats_category_id", Int),
    ("marktplaats_price_type", Text),
    ("google_shopping_category", Text),
    ("is_included_for_export_feed", Bool),
];
const REQUIRED: [&str; 4] = ["name", "price", "discount", "package_id"];

const FILTERS: [&str; 16] = [
    "productnumber",
    "eannumber",
    "mpnnumber",
    "productname",
    "minprice",
    "maxprice",
    "mindiscount",
    "maxdiscount",
    "minsellprice",
    "maxsellprice",
    "stock",
    "minstock",
    "maxstock",
    "quantity",
    "color",
    "active",
];
const ORDERS: [&str; 4] = ["createdate", "id", "modifydate", "name"];
const CHILDREN: [&str; 14] = [
    "attributecombinations",
    "productattachments",
    "productattributesets",
    "productkeywords",
    "productphotos",
    "productrelevant",
    "productreviews",
    "productshippingcosts",
    "productstaggeredprices",
    "producttaxtariffexceptions",
    "producttocategories",
    "producttopropertygroups",
    "productvariants",
    "productvideos",
];

/// The tariffs, and what they are in this shop.
const TARIFFS: [(&str, i64); 5] = [
    ("normal", 25),
    ("low a", 12),
    ("low b", 6),
    ("extra low", 0),
    ("zero", 0),
];
const LIMITS: [(&str, usize); 7] = [
    ("productnumber", 50),
    ("eannumber", 50),
    ("mpnnumber", 50),
    ("name", 200),
    ("shortdescription", 255),
    ("description", 65_536),
    ("stocklocation", 255),
];
const SETS: [(&str, &[&str]); 5] = [
    ("stocktype", &["Product", "Attribute"]),
    ("show_order_button", &["Y", "QUOTATION", "N"]),
    ("photo_size", &["NONE", "SMALL", "BIG"]),
    (
        "hide_without_category",
        &["YES", "NO_DIRECTLINK", "NO_SEARCHRESULTS"],
    ),
    (
        "stock_delivery_type",
        &[
            "days",
            "weeks",
            "months",
            "quarters",
            "years",
            "outofstock",
            "temporarilysoldout",
            "ordered",
            "onrequest",
            "unknown",
        ],
    ),
];

static SHAPE: LazyLock<Json> = LazyLock::new(|| {
    Json::parse(include_str!("../../sample/product_shape.json")).unwrap_or_default()
});

pub(super) fn answer(state: &mut State, call: &Call<'_>, rest: &[&str]) -> Answer {
    match (call.request.method.as_str(), rest) {
        ("GET", []) => list(state, call, |_| true),
        ("GET", [id, "producttocategories"]) => {
            found(state, id)?;
            super::catalogue::links(state, call, "product_id", id)
        }
        ("GET", [id]) => {
            let product = found(state, id)?;
            Ok(Reply::json(200, &view(state, call, product)?))
        }
        ("POST", []) => {
            let product = create(state, &call.body()?)?;
            let id = product.get("id").to_string();
            state.put(PRODUCTS, &id, product.clone());
            Ok(call.created(&view(state, call, &product)?))
        }
        ("PATCH", [id]) => {
            let mut product = found(state, id)?.clone();
            let body = call.body()?;
            fields::check(&body, &[FIELDS], &[])?;
            change(state, &mut product, &body)?;
            state.put(PRODUCTS, id, product);
            Ok(Reply::empty(204))
        }
        ("DELETE", [id]) => {
            found(state, id)?;
            state.remove(PRODUCTS, id);
            super::catalogue::unlink(state, "product_id", id);
            Ok(Reply::empty(204))
        }
        (_, [_, child]) if CHILDREN.contains(child) || *child == "productlabels" => {
            Err(super::not_played(child))
        }
        _ => Err(not_allowed()),
    }
}

fn found<'a>(state: &'a State, id: &str) -> Result<&'a Json, Reply> {
    state
        .get(PRODUCTS, id)
        .ok_or_else(|| missing("product", id))
}

/// The products of a list that a request asks for.
pub(super) fn list(state: &State, call: &Call<'_>, of: impl Fn(&Json) -> bool) -> Answer {
    let filters = filters(call)?;
    let mut items = Vec::new();
    for product in state.all(PRODUCTS).filter(|product| of(product)) {
        let view = view(state, call, product)?;
        if filters.iter().all(|filter| filter.keeps(&view)) {
            items.push(view);
        }
    }
    page(call, items, &FILTERS, &ORDERS, true)
}

enum Filter {
    Is(&'static str, String),
    Named(String),
    Least(&'static str, Decimal),
    Most(&'static str, Decimal),
    Active(bool),
}

impl Filter {
    fn keeps(&self, product: &Json) -> bool {
        let amount = |field: &str| match field {
            "sellprice" => product.get("price").number() - product.get("discount").number(),
            field => product.get(field).number(),
        };
        match self {
            Filter::Is(field, text) => super::plain(product.get(field)) == *text,
            Filter::Named(part) => product
                .get("name")
                .text()
                .to_lowercase()
                .contains(&part.to_lowercase()),
            Filter::Least(field, least) => amount(field) >= *least,
            Filter::Most(field, most) => amount(field) <= *most,
            Filter::Active(active) => product.get("is_active").truth() == *active,
        }
    }
}

fn filters(call: &Call<'_>) -> Result<Vec<Filter>, Reply> {
    let mut filters = Vec::new();
    for (name, value) in call.request.parameters() {
        let bad = || {
            invalid(&format!(
                "The value {value} does not fit the query parameter {name}."
            ))
        };
        let number = || decimal(&value).ok_or_else(bad);
        filters.push(match name.as_str() {
            "productnumber" => Filter::Is("productnumber", value),
            "eannumber" => Filter::Is("eannumber", value),
            "mpnnumber" => Filter::Is("mpnnumber", value),
            "productname" if value.chars().count() < 3 => return Err(bad()),
            "productname" => Filter::Named(value),
            "stock" => Filter::Is("stock", number()?.normalize().to_string()),
            "minprice" => Filter::Least("price", number()?),
            "maxprice" => Filter::Most("price", number()?),
            "mindiscount" => Filter::Least("discount", number()?),
            "maxdiscount" => Filter::Most("discount", number()?),
            "minsellprice" => Filter::Least("sellprice", number()?),
            "maxsellprice" => Filter::Most("sellprice", number()?),
            "minstock" => Filter::Least("stock", number()?),
            "maxstock" => Filter::Most("stock", number()?),
            "active" => Filter::Active(value.parse().map_err(|_| bad())?),
            // products of this shop have no colour
            "color" if value == "null" => continue,
            "color" => Filter::Is("color", value),
            _ => continue,
        });
    }
    Ok(filters)
}

/// A product as the client sees it: every field, its kin as objects, its children as links.
fn view(state: &State, call: &Call<'_>, product: &Json) -> Result<Json, Reply> {
    let id = product.get("id").to_string();
    let mut view = object! { "href" => call.href(&format!("products/{id}")) };
    for (name, value) in SHAPE.members() {
        view.set(name, value.clone());
    }
    let active = !matches!(product.get("is_active"), Json::Bool(false));
    view.set("is_visible", active);
    view.set("can_be_ordered", active);
    let host = call.host();
    view.set("deeplink", format!("{host}/products/{id}"));
    for (name, value) in product.members().filter(|(name, _)| !name.starts_with('_')) {
        view.set(name, value.clone());
    }
    for (name, resource) in KIN {
        let id = product.get(&format!("_{name}_id"));
        if id.is_null() {
            // without a brand there is an object of nothing, as its nullable members say; a package is never missing
            let nothing =
                object! { "href" => Json::Null, "id" => Json::Null, "name" => Json::Null };
            view.set(name, nothing);
            continue;
        }
        let mut kin =
            object! { "href" => call.href(&format!("{resource}/{id}")), "id" => id.clone() };
        let record = state.get(&format!("till/{resource}"), &id.to_string());
        if let Some(record) = record.filter(|_| name != "package") {
            kin.set("name", record.get("name").clone());
        }
        view.set(name, kin);
    }
    let expand = expanded(call)?;
    for child in CHILDREN.into_iter().chain(["productlabels", "webshops"]) {
        let mut link = call.link(&format!("products/{id}/{child}"));
        if child == "productshippingcosts" {
            link.set("costs", 0_i64);
            link.set("default_country", Json::Null);
            link.set("quantity", 1_i64);
        }
        if expand.iter().any(|name| name == child) {
            let items = match child {
                "producttocategories" => super::catalogue::of(state, call, "product_id", &id),
                _ => Vec::new(),
            };
            link.set("collection", items);
        }
        // asked for as variants, answered as variations
        let field = match child {
            "productvariants" => "productvariations",
            field => field,
        };
        view.set(field, link);
    }
    Ok(view)
}

/// What a product belongs to, and where that is kept.
const KIN: [(&str, &str); 4] = [
    ("brand", "brands"),
    ("condition", "conditions"),
    ("supplier", "suppliers"),
    ("package", "packages"),
];

fn expanded(call: &Call<'_>) -> Result<Vec<String>, Reply> {
    let asked = call.request.parameters();
    let names: Vec<String> = asked
        .iter()
        .filter(|(name, _)| name == "expand")
        .flat_map(|(_, value)| value.split(','))
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect();
    match names.iter().find(|name| !CHILDREN.contains(&name.as_str())) {
        Some(name) => Err(invalid(&format!("expand does not know {name}"))),
        None => Ok(names),
    }
}

fn create(state: &mut State, body: &Json) -> Result<Json, Reply> {
    fields::check(body, &[FIELDS], &REQUIRED)?;
    if body.get("taxtariff").is_null() && body.get("vatrate").is_null() {
        return Err(invalid(
            "Either the property taxtariff or vatrate must be set.",
        ));
    }
    let mut shop = state.all("till/webshops").next().cloned();
    let left = shop
        .as_ref()
        .map(|shop| shop.get("product_limit_left").number());
    if left.is_some_and(|left| left < Decimal::ONE) {
        return Err(error(500, "500.60", "The product limit is exceeded."));
    }
    let id = state.next(PRODUCTS, 900_001);
    let mut product = object! { "id" => id, "createdate" => now(), "is_active" => true };
    change(state, &mut product, body)?;
    if let (Some(shop), Some(left)) = (&mut shop, left) {
        shop.set("product_limit_left", left - Decimal::ONE);
        let key = shop.get("id").to_string();
        state.put("till/webshops", &key, shop.clone());
    }
    Ok(product)
}

fn change(state: &mut State, product: &mut Json, body: &Json) -> Result<(), Reply> {
    check_values(body)?;
    for (name, value) in body.members() {
        match name.as_str() {
            "active" => product.set("is_active", value.clone()),
            "vatrate" | "taxtariff" => {}
            "color_id" => return Err(missing("color", &value.to_string())),
            "brand" | "condition" => {
                let resource = format!("{name}s");
                let id = super::catalogue::named(state, &resource, value.text());
                product.set(&format!("_{name}_id"), id);
            }
            _ => match KIN.iter().find(|(kin, _)| *name == format!("{kin}_id")) {
                Some((kin, resource)) => {
                    let known = state.get(&format!("till/{resource}"), &value.to_string());
                    known.ok_or_else(|| missing(kin, &value.to_string()))?;
                    product.set(&format!("_{kin}_id"), value.clone());
                }
                None => merge(product, &object! { name.as_str() => value.clone() }),
            },
        }
    }
    tariff(product, body)?;
    product.set("modifydate", now());
    Ok(())
}

/// The tariff and the rate say the same; the tariff counts where both are sent.
fn tariff(product: &mut Json, body: &Json) -> Result<(), Reply> {
    let known = match (body.get("taxtariff"), body.get("vatrate")) {
        (Json::Text(name), _) => TARIFFS.iter().find(|(known, _)| known == name),
        (_, Json::Number(rate)) => TARIFFS.iter().find(|(_, known)| *rate == (*known).into()),
        _ => return Ok(()),
    };
    let (name, rate) =
        known.ok_or_else(|| invalid("The shop has no such taxtariff or vatrate."))?;
    product.set("taxtariff", *name);
    product.set("vatrate", *rate);
    Ok(())
}

fn check_values(body: &Json) -> Result<(), Reply> {
    for (name, longest) in LIMITS {
        if body.get(name).text().chars().count() > longest {
            return Err(invalid(&format!(
                "The property {name} is longer than {longest} characters."
            )));
        }
    }
    for (name, set) in SETS {
        if let Json::Text(value) = body.get(name)
            && !set.contains(&value.as_str())
        {
            return Err(invalid(&format!(
                "The property {name} is one of {}.",
                set.join(", ")
            )));
        }
    }
    let ranges = [
        ("price", 0, i64::MAX),
        ("weight", 0, i64::MAX),
        ("purchaseprice", 0, i64::MAX),
        ("minimal_order_amount", 1, i64::MAX),
        ("stock_delivery_number", 1, 31),
        ("product_layout", 1, 4),
    ];
    for (name, least, most) in ranges {
        if let Json::Number(value) = body.get(name)
            && !(Decimal::from(least)..=Decimal::from(most)).contains(value)
        {
            return Err(invalid(&format!("The property {name} is out of range.")));
        }
    }
    if body.get("name").text().is_empty() && !body.get("name").is_null() {
        return Err(invalid("The property name is empty."));
    }
    Ok(())
}
