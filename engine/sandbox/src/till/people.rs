//! Users (registered customers), their groups, and labels.

use super::fields::{self, GROUP, LABEL, USER, USER_PATCH, USER_POST};
use super::{Answer, Call, error, invalid, linked, missing, not_allowed, page};
use crate::json::{Json, object};
use crate::server::Reply;
use crate::state::State;

pub(super) fn answer(state: &mut State, call: &Call<'_>, resource: &str, rest: &[&str]) -> Answer {
    let collection = format!("till/{resource}");
    match (call.request.method.as_str(), rest) {
        ("GET", []) => {
            let (filters, orders): (&[&str], &[&str]) = match resource {
                "users" => (&["approval_status"], &["first_name", "id", "last_name"]),
                "usergroups" => (&[], &["groupname", "id"]),
                _ => (&[], &[]),
            };
            let mut items: Vec<Json> = state
                .all(&collection)
                .map(|r| view(call, resource, r))
                .collect();
            for (_, value) in call
                .request
                .parameters()
                .iter()
                .filter(|(name, _)| name == "approval_status")
            {
                items.retain(|user| user.get("approval_status").text() == value);
            }
            page(call, items, filters, orders, resource != "labels")
        }
        ("GET", [group, "users"]) if resource == "usergroups" => {
            let of_group = state
                .all("till/users")
                .filter(|u| u.get("group_id").to_string() == **group);
            let items = of_group.map(|u| view(call, "users", u)).collect();
            page(
                call,
                items,
                &["approval_status"],
                &["first_name", "id", "last_name"],
                true,
            )
        }
        (
            _,
            [
                _,
                child @ ("creditpoints" | "creditpointmutations" | "disabledpaymethods"),
            ],
        ) => Err(super::not_played(child)),
        ("GET", [id]) => match state.get(&collection, id) {
            Some(record) => Ok(Reply::json(200, &view(call, resource, record))),
            None => Err(missing(resource, id)),
        },
        ("POST", []) => {
            let record = create(state, resource, &call.body()?)?;
            let id = record.get("id").to_string();
            state.put(&collection, &id, record.clone());
            Ok(call.created(&view(call, resource, &record)))
        }
        ("PATCH", [id]) => {
            let mut record = state
                .get(&collection, id)
                .ok_or_else(|| missing(resource, id))?
                .clone();
            let body = call.body()?;
            check(state, resource, &body, false, Some(id))?;
            if let Json::Text(approval) = body.get("approval_status") {
                let pending = record.get("approval_status").text() == "pending";
                if !pending || !["pending", "accepted", "rejected"].contains(&approval.as_str()) {
                    return Err(invalid(
                        "approval_status is pending, accepted or rejected, and only a pending user's can be changed.",
                    ));
                }
                if approval == "rejected" {
                    state.remove(&collection, id);
                    return Ok(Reply::empty(204));
                }
            }
            merge(&mut record, &body);
            state.put(&collection, id, record);
            Ok(Reply::empty(204))
        }
        ("DELETE", [id]) => {
            if state.get(&collection, id).is_none() {
                return Err(missing(resource, id));
            }
            state.remove(&collection, id);
            unlink(state, resource, id);
            Ok(Reply::empty(204))
        }
        _ => Err(not_allowed()),
    }
}

/// Takes the links to a deleted label or group away.
fn unlink(state: &mut State, resource: &str, id: &str) {
    let linked = |record: &Json| match resource {
        "labels" => record
            .get("_orderlabels")
            .items()
            .iter()
            .any(|label| label.get("label_id").to_string() == id),
        _ => record.get("group_id").to_string() == id,
    };
    let collection = match resource {
        "labels" => "till/orders",
        "usergroups" => "till/users",
        _ => return,
    };
    let records: Vec<Json> = state
        .all(collection)
        .filter(|record| linked(record))
        .cloned()
        .collect();
    for mut record in records {
        if resource == "labels" {
            let kept: Vec<Json> = record
                .get("_orderlabels")
                .items()
                .iter()
                .filter(|label| label.get("label_id").to_string() != id)
                .cloned()
                .collect();
            record.set("_orderlabels", kept);
        } else {
            record.set("group_id", Json::Null);
        }
        state.put(collection, &record.get("id").to_string(), record);
    }
}

fn check(
    state: &State,
    resource: &str,
    body: &Json,
    new: bool,
    own: Option<&str>,
) -> Result<(), Reply> {
    match (resource, new) {
        ("users", true) => fields::check(body, &[USER, USER_POST], &["username", "password"])?,
        ("users", false) => fields::check(body, &[USER, USER_PATCH], &[])?,
        ("usergroups", _) => fields::check(body, &[GROUP], &[])?,
        _ => fields::check(body, &[LABEL], if new { &["image_location"] } else { &[] })?,
    }
    fields::person(body.get("userinfo"))?;
    if let Some(name) = Some(body.get("username").text()).filter(|n| !n.is_empty())
        && let Some(other) = state.find("till/users", "username", name)
        && own != Some(other.get("id").to_string().as_str())
    {
        return Err(error(
            500,
            "500.40",
            "The property username already exists.",
        ));
    }
    let group = body.get("group_id");
    if !group.is_null() && state.get("till/usergroups", &group.to_string()).is_none() {
        return Err(invalid(&format!("There is no usergroup {group}.")));
    }
    Ok(())
}

fn create(state: &mut State, resource: &str, body: &Json) -> Result<Json, Reply> {
    check(state, resource, body, true, None)?;
    let id = state.next(&format!("till/{resource}"), 900_001);
    let mut record = match resource {
        "users" => object! {
            "id" => id, "username" => "", "group_id" => Json::Null, "status" => true, "approval_status" => "accepted",
            "product_in_category_discount" => "", "userinfo" => object! {},
        },
        "usergroups" => object! {
            "id" => id, "default" => false, "groupname" => "", "discount" => 0_i64, "product_in_category_discount" => "",
        },
        _ => object! {
            "id" => id, "image_location" => "", "tooltip" => "", "show_on_products" => false, "show_on_orders" => false,
            "show_on_invoices" => false,
        },
    };
    merge(&mut record, body);
    Ok(record)
}

/// Lays the sent fields over the record, objects member by member; passwords are not kept.
pub(super) fn merge(record: &mut Json, body: &Json) {
    for (name, value) in body
        .members()
        .filter(|(name, _)| !matches!(name.as_str(), "password" | "encryption" | "gender"))
    {
        match (record.get(name).clone(), value) {
            (mut old @ Json::Object(_), Json::Object(_)) => {
                merge(&mut old, value);
                record.set(name, old);
            }
            _ => record.set(name, value.clone()),
        }
    }
}

fn view(call: &Call<'_>, resource: &str, record: &Json) -> Json {
    let mut view = linked(call, resource, record);
    let id = record.get("id").to_string();
    let own = |child: &str| call.link(&format!("{resource}/{id}/{child}"));
    match resource {
        "users" => {
            for child in ["creditpoints", "creditpointmutations", "disabledpaymethods"] {
                view.set(child, own(child));
            }
            if !record.get("group_id").is_null() {
                view.set(
                    "parent",
                    call.link(&format!("usergroups/{}", record.get("group_id"))),
                );
            }
        }
        "usergroups" => {
            view.set("users", own("users"));
            view.set("disabledpaymethods", own("disabledpaymethods"));
        }
        _ => {}
    }
    view
}
