//! What the till takes in a body: names, types and closed sets; anything else is refused.

use super::invalid;
use crate::json::Json;
use crate::server::Reply;

/// The type of a field in a body.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Int,
    Number,
    Bool,
    Text,
    Object,
    List,
}

use Kind::{Bool, Int, List, Number, Object, Text};

pub(super) const ORDER: &[(&str, Kind)] = &[
    ("invoicenumber", Int),
    ("paid", Bool),
    ("safety_deposit_returned", Bool),
    ("total_shipping", Number),
    ("paymethod_costs", Number),
    ("extra_costs", Number),
    ("extra_costs_description", Text),
    ("taxes_included", Bool),
    ("order_row_taxes_included", Bool),
    ("shipping_taxes_included", Bool),
    ("is_intra_community_order", Bool),
    ("currency", Text),
    ("is_platform_sale", Bool),
    ("orderedinlng", Text),
    ("status", Int),
    ("track_and_trace_code", Text),
    ("track_and_trace_carrier", Text),
    ("deliver_date", Text),
    ("deliver_method", Text),
    ("takeoutslot", Int),
    ("reservationnumber", Text),
    ("customer", Object),
    ("orderrows", List),
];
pub(super) const ORDER_POST: &[(&str, Kind)] = &[("is_completed", Bool), ("user_id", Int)];
pub(super) const ORDER_PATCH: &[(&str, Kind)] = &[("note", Text), ("mail", Bool)];
pub(super) const ROW: &[(&str, Kind)] = &[
    ("product_type", Text),
    ("auto_create_deposit_rows", Bool),
    ("product_id", Int),
    ("product_name", Text),
    ("product_number", Text),
    ("count", Number),
    ("price", Number),
    ("product_purchase_price", Number),
    ("discount", Number),
    ("tax", Number),
    ("unit", Text),
    ("weight", Number),
    ("memo", Text),
    ("package_id", Int),
    ("attribute_combination_id", Number),
];
pub(super) const ROW_PATCH: &[(&str, Kind)] =
    &[("count", Number), ("price", Number), ("discount", Number)];
pub(super) const USER: &[(&str, Kind)] = &[
    ("username", Text),
    ("password", Text),
    ("encryption", Text),
    ("group_id", Int),
    ("status", Bool),
    ("product_in_category_discount", Text),
    ("userinfo", Object),
];
pub(super) const USER_POST: &[(&str, Kind)] = &[("gender", Text)];
pub(super) const USER_PATCH: &[(&str, Kind)] = &[("approval_status", Text)];
pub(super) const GROUP: &[(&str, Kind)] = &[
    ("groupname", Text),
    ("discount", Number),
    ("default", Bool),
    ("product_in_category_discount", Text),
];
pub(super) const LABEL: &[(&str, Kind)] = &[
    ("image_location", Text),
    ("tooltip", Text),
    ("show_on_products", Bool),
    ("show_on_orders", Bool),
    ("show_on_invoices", Bool),
];

const PERSON: &str = "email customertype bankaccount bankname bank tenname iban bic reference reservationnumber income \
    branche branch website clubcity clubcomment clubname beurs stand fair booth carbrand cartype carweight birthdate \
    birthtime birthplace cardnumber btw kvk costcentre findus ssnnumber zzppass";
const ADDRESS: &str = "gender initials first_name last_name full_name company address_line_1 address_line_2 street \
    housenumber_suffix zipcode city province country country_code telephone fax mobile comment";

/// Refuses fields that are not in one of the lists or not of their type.
pub(super) fn check(
    body: &Json,
    lists: &[&[(&str, Kind)]],
    required: &[&str],
) -> Result<(), Reply> {
    for (name, value) in body.members() {
        let Some((_, kind)) = lists
            .iter()
            .copied()
            .flatten()
            .find(|(field, _)| field == name)
        else {
            return Err(invalid(&format!(
                "The property {name} is not defined and additional properties are not allowed."
            )));
        };
        let fits = match (kind, value) {
            (Int, Json::Number(number)) => number.fract().is_zero(),
            (Number, Json::Number(_)) | (Bool, Json::Bool(_)) | (Text, Json::Text(_)) => true,
            (Object, Json::Object(_)) | (List, Json::List(_)) => true,
            (Text, Json::Null) => matches!(
                name.as_str(),
                "deliver_date" | "reservationnumber" | "track_and_trace_carrier"
            ),
            _ => false,
        };
        if !fits {
            return Err(invalid(&format!("The property {name} has the wrong type.")));
        }
    }
    match required.iter().find(|name| body.get(name).is_null()) {
        Some(name) => Err(invalid(&format!(
            "The property {name} is missing and it is required."
        ))),
        None => Ok(()),
    }
}

/// Refuses personal information with names or types the till does not have.
pub(super) fn person(body: &Json) -> Result<(), Reply> {
    for (name, value) in body.members() {
        match name.as_str() {
            "billingaddress" | "deliveryaddress" => address(name, value)?,
            "customertype" if !["b2c", "b2b"].contains(&value.text()) => {
                return Err(invalid("customertype is b2c or b2b."));
            }
            field if PERSON.split_whitespace().any(|known| known == field) => text(name, value)?,
            _ => return Err(invalid(&format!("customer has no property {name}."))),
        }
    }
    Ok(())
}

fn address(kind: &str, body: &Json) -> Result<(), Reply> {
    for (name, value) in body.members() {
        let delivery = kind == "deliveryaddress"
            && matches!(name.as_str(), "first_name" | "last_name" | "fax");
        match (name.as_str(), value) {
            ("housenumber", Json::Number(number)) if number.fract().is_zero() => {}
            ("housenumber", Json::Null) => {}
            (field, value)
                if !delivery && ADDRESS.split_whitespace().any(|known| known == field) =>
            {
                text(name, value)?
            }
            _ => {
                return Err(invalid(&format!(
                    "{kind} has no such property or value: {name}."
                )));
            }
        }
    }
    let country = body.get("country_code").text();
    if !country.is_empty()
        && (country.len() != 2 || !country.chars().all(|c| c.is_ascii_uppercase()))
    {
        return Err(invalid(
            "country_code is no ISO 3166-1 code of two letters.",
        ));
    }
    Ok(())
}

fn text(name: &str, value: &Json) -> Result<(), Reply> {
    match value {
        Json::Text(_) | Json::Null => Ok(()),
        _ => Err(invalid(&format!("The property {name} is no text."))),
    }
}
