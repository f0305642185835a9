//! The maps `draft_head` and `lines` of the shipped flowbook as a programmer would write them in Rust: typed, borrowed, exact.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Write;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::shop;

/// What both maps look up.
pub struct Books {
    terms: HashMap<String, String>,
    articles: HashMap<String, String>,
    zone: TimeZone,
}

impl Books {
    pub fn new() -> Books {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Named {
            id: String,
            name: String,
            number: Option<String>,
        }
        let read = |name: &str| -> Vec<Named> {
            serde_json::from_str(&shop::file(name)).expect("a list of records")
        };
        let terms = read("fixtures/terms.json").into_iter();
        let articles = read("fixtures/articles.json").into_iter();
        Books {
            terms: terms.map(|terms| (terms.name, terms.id)).collect(),
            articles: articles
                .map(|article| (article.number.expect("a number"), article.id))
                .collect(),
            zone: TimeZone::get("Europe/Stockholm").expect("a zone"),
        }
    }

    fn article(&self, number: &str) -> Result<&str, String> {
        let id = self.articles.get(number).map(String::as_str);
        id.ok_or_else(|| format!("article {number} is not in the books"))
    }
}

/// A text that may be absent, borrowed where it holds no escapes.
#[derive(Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Deserialize)]
struct Address<'a> {
    #[serde(borrow)]
    full_name: Option<Text<'a>>,
    #[serde(borrow)]
    company: Option<Text<'a>>,
    #[serde(borrow)]
    address_line_1: Option<Text<'a>>,
    #[serde(borrow)]
    street: Option<Text<'a>>,
    housenumber: Option<i64>,
    #[serde(borrow)]
    housenumber_suffix: Option<Text<'a>>,
    #[serde(borrow)]
    zipcode: Option<Text<'a>>,
    #[serde(borrow)]
    city: Option<Text<'a>>,
    #[serde(borrow)]
    country_code: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Person<'a> {
    #[serde(borrow)]
    billingaddress: Address<'a>,
    #[serde(borrow)]
    deliveryaddress: Address<'a>,
    #[serde(borrow)]
    reference: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Head<'a> {
    create_date: Timestamp,
    #[serde(borrow)]
    paymethod: Cow<'a, str>,
    #[serde(borrow)]
    deliver_method: Cow<'a, str>,
    #[serde(borrow)]
    customer: Person<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Draft<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery_customer_name: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery_address1: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery_postal_code: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery_city: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery_country_code: Option<&'a str>,
    eu_third_party: bool,
    rot_reduced_invoicing_type: u8,
    invoice_date: jiff::civil::Date,
    terms_of_payment_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    your_reference: Option<Cow<'a, str>>,
    our_reference: &'a str,
    delivery_method_name: Cow<'a, str>,
}

fn said<'a>(text: &'a Option<Text<'_>>) -> Option<&'a str> {
    let text = text.as_ref().map(|text| &*text.0);
    text.filter(|text| !text.is_empty())
}

/// Cut at a length in characters, with an ellipsis.
fn short(text: &str, most: usize) -> Cow<'_, str> {
    if text.chars().count() <= most {
        return Cow::Borrowed(text);
    }
    let cut: String = text.chars().take(most - 1).collect();
    Cow::Owned(format!("{}…", cut.trim_end()))
}

pub fn draft_head(books: &Books, line: &str, out: &mut impl Write) -> Result<(), String> {
    let order: Head<'_> = serde_json::from_str(line).map_err(|why| why.to_string())?;
    let person = &order.customer;
    let to = match said(&person.deliveryaddress.city) {
        Some(_) => &person.deliveryaddress,
        None => &person.billingaddress,
    };
    let date = books.zone.to_datetime(order.create_date).date();
    let terms = match &*order.paymethod {
        "cash" | "contant" | "kontant" | "giftcard" => "Kontant",
        "pin" | "card" | "visa" | "mastercard" | "maestro" => "Kort",
        "ideal" | "bancontact" | "swish" => "Betald",
        "BankTransfer" => "10 dagar",
        "onaccount" | "invoice" => "30 dagar",
        other => return Err(format!("no terms of payment for payment method {other}")),
    };
    let street = match said(&to.address_line_1) {
        Some(line) => Some(Cow::Borrowed(line)),
        None => {
            let number = to.housenumber.map(|number| number.to_string());
            let parts = [
                said(&to.street),
                number.as_deref(),
                said(&to.housenumber_suffix),
            ];
            let parts: Vec<&str> = parts.into_iter().flatten().collect();
            (!parts.is_empty()).then(|| Cow::Owned(parts.join(" ")))
        }
    };
    let draft = Draft {
        delivery_customer_name: said(&to.company)
            .or(said(&to.full_name))
            .map(|name| short(name, 50)),
        delivery_address1: street.as_deref().map(|street| short(street, 50)),
        delivery_postal_code: said(&to.zipcode).map(|code| short(code, 10)),
        delivery_city: said(&to.city).map(|city| short(city, 50)),
        delivery_country_code: said(&to.country_code),
        eu_third_party: false,
        rot_reduced_invoicing_type: 0,
        invoice_date: date,
        terms_of_payment_id: books.terms.get(terms).ok_or("no such terms of payment")?,
        your_reference: said(&person.reference).map(|reference| short(reference, 100)),
        our_reference: "Kassa 1",
        delivery_method_name: match &*order.deliver_method {
            "shipping" => "Post".into(),
            "delivery" | "deliver" => "Hemleverans".into(),
            "pickup" => "Hämtas i butik".into(),
            other => short(other, 50),
        },
    };
    serde_json::to_writer(&mut *out, &draft).map_err(|why| why.to_string())?;
    out.write_all(b"\n").map_err(|why| why.to_string())
}

/// Amounts are read from their digits: no float.
fn exact<'de, D: Deserializer<'de>>(from: D) -> Result<Decimal, D::Error> {
    let digits = <&RawValue>::deserialize(from)?.get();
    Decimal::from_str_exact(digits).map_err(serde::de::Error::custom)
}

fn digits<S: Serializer>(number: &Decimal, to: S) -> Result<S::Ok, S::Error> {
    let raw = RawValue::from_string(number.to_string()).map_err(serde::ser::Error::custom)?;
    raw.serialize(to)
}

#[derive(Deserialize)]
struct Row<'a> {
    #[serde(borrow)]
    product_name: Option<Text<'a>>,
    #[serde(borrow)]
    product_number: Option<Text<'a>>,
    #[serde(borrow)]
    sub_sku_number: Option<Text<'a>>,
    #[serde(borrow)]
    memo: Option<Text<'a>>,
    #[serde(deserialize_with = "exact")]
    count: Decimal,
    #[serde(deserialize_with = "exact")]
    total_price_with_attributes: Decimal,
    #[serde(deserialize_with = "exact")]
    price_with_attributes: Decimal,
    #[serde(deserialize_with = "exact")]
    tax: Decimal,
}

#[derive(Deserialize)]
struct Coupon<'a> {
    #[serde(borrow)]
    code: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Whole<'a> {
    #[serde(borrow)]
    deliver_method: Cow<'a, str>,
    #[serde(borrow)]
    paymethod: Cow<'a, str>,
    #[serde(deserialize_with = "exact")]
    total_shipping: Decimal,
    #[serde(deserialize_with = "exact")]
    total_discounts: Decimal,
    #[serde(deserialize_with = "exact")]
    paymethod_costs: Decimal,
    #[serde(deserialize_with = "exact")]
    credit_point_discount: Decimal,
    #[serde(deserialize_with = "exact")]
    extra_costs: Decimal,
    #[serde(borrow)]
    extra_costs_description: Option<Text<'a>>,
    #[serde(borrow)]
    discountcoupon: Coupon<'a>,
    #[serde(borrow)]
    orderrows: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Line<'a> {
    article: &'a str,
    text: Cow<'a, str>,
    #[serde(serialize_with = "digits")]
    quantity: Decimal,
    rate: String,
    #[serde(serialize_with = "digits")]
    price: Decimal,
}

pub fn lines(books: &Books, line: &str, out: &mut impl Write) -> Result<(), String> {
    let order: Whole<'_> = serde_json::from_str(line).map_err(|why| why.to_string())?;
    let mut lines = Vec::with_capacity(order.orderrows.len() + 4);
    for row in &order.orderrows {
        let sku = said(&row.sub_sku_number).or(said(&row.product_number));
        let sku = sku.ok_or("a row has no SKU")?.trim();
        lines.push(Line {
            article: books.article(sku)?,
            text: match (said(&row.product_name), said(&row.memo)) {
                (Some(name), Some(memo)) => format!("{name}, {memo}").into(),
                (Some(one), None) | (None, Some(one)) => one.into(),
                (None, None) => sku.into(),
            },
            quantity: row.count,
            rate: format!("{}%", row.tax.normalize()),
            price: row.price_with_attributes,
        });
    }
    let shipping = match &*order.deliver_method {
        "shipping" => "Post",
        "delivery" | "deliver" => "Hemleverans",
        "pickup" => "Hämtas i butik",
        other => other,
    };
    let discount =
        order.total_discounts + order.credit_point_discount - order.extra_costs.min(Decimal::ZERO);
    let code = said(&order.discountcoupon.code).unwrap_or_default();
    let other = said(&order.extra_costs_description).unwrap_or("Other costs");
    let costs = [
        ("FRAKT", order.total_shipping, shipping.to_owned()),
        (
            "AVGIFT",
            order.paymethod_costs,
            format!("Payment fee {}", order.paymethod),
        ),
        (
            "AVGIFT",
            order.extra_costs.max(Decimal::ZERO),
            other.to_owned(),
        ),
        ("RABATT", -discount, format!("Discount {code}")),
    ];
    for (kind, amount, text) in &costs {
        for (rate, part) in shares(&order.orderrows, *amount) {
            if part.is_zero() {
                continue;
            }
            let rate = rate.normalize();
            lines.push(Line {
                article: books.article(&format!("{kind}{rate}"))?,
                text: text.as_str().into(),
                quantity: Decimal::ONE,
                rate: format!("{rate}%"),
                price: part,
            });
        }
    }
    serde_json::to_writer(&mut *out, &lines).map_err(|why| why.to_string())?;
    out.write_all(b"\n").map_err(|why| why.to_string())
}

/// An amount by rate, in proportion to the rows, to the cent: the largest remainders get what is left.
fn shares(rows: &[Row<'_>], amount: Decimal) -> Vec<(Decimal, Decimal)> {
    if amount.is_zero() {
        return Vec::new();
    }
    let mut weights: Vec<(Decimal, Decimal)> = Vec::new();
    for row in rows {
        match weights.iter_mut().find(|(rate, _)| *rate == row.tax) {
            Some((_, weight)) => *weight += row.total_price_with_attributes,
            None => weights.push((row.tax, row.total_price_with_attributes)),
        }
    }
    let whole: Decimal = weights.iter().map(|(_, weight)| *weight).sum();
    let mut parts: Vec<(usize, Decimal, Decimal)> = Vec::with_capacity(weights.len());
    for (at, (_, weight)) in weights.iter().enumerate() {
        let exact = amount.abs() * weight / whole;
        let cut = exact.trunc_with_scale(2);
        parts.push((at, cut, exact - cut));
    }
    let given: Decimal = parts.iter().map(|(_, part, _)| *part).sum();
    let mut left = amount.abs() - given;
    parts.sort_by(|a, b| b.2.cmp(&a.2).then(a.0.cmp(&b.0)));
    for part in &mut parts {
        if left.is_zero() {
            break;
        }
        part.1 += Decimal::new(1, 2);
        left -= Decimal::new(1, 2);
    }
    parts.sort_by_key(|part| part.0);
    let sign = if amount.is_sign_negative() {
        -Decimal::ONE
    } else {
        Decimal::ONE
    };
    parts
        .into_iter()
        .map(|(at, part, _)| (weights[at].0, part * sign))
        .collect()
}
