//! What products are sorted by: categories and their tree, brands, conditions, suppliers and packages.

use super::fields::{self, Kind};
use super::people::merge;
use super::{Answer, Call, error, invalid, linked, missing, not_allowed, page, products};
use crate::json::{Json, object};
use crate::server::Reply;
use crate::state::State;
use Kind::{Bool, Int, Text};

const CATEGORIES: &str = "till/categories";
const LINKS: &str = "till/producttocategories";

const CATEGORY: &[(&str, Kind)] = &[
    ("name", Text),
    ("description", Text),
    ("description_bottom", Text),
    ("description_photo_position", Text),
    ("description_photo_size", Text),
    ("searchwords", Text),
    ("layout_of_products_id", Int),
    ("color", Int),
    ("color_alternative", Int),
    ("layout_of_categories_id", Int),
    ("show_big_photo", Bool),
    ("productphoto_in_canvas", Bool),
    ("show_orderbutton", Bool),
    ("orderby", Text),
    ("items_per_page", Int),
    ("position", Int),
    ("show_on_website", Bool),
    ("parentcategory_id", Int),
    ("meta_description", Text),
    ("meta_keywords", Text),
    ("page_title", Text),
    ("no_index", Bool),
    ("no_follow", Bool),
    ("alias", Text),
];
const NAMED: &[(&str, Kind)] = &[("name", Text)];
const LINK: &[(&str, Kind)] = &[("position", Int)];
const NEW_LINK: &[(&str, Kind)] = &[("product_id", Int), ("category_id", Int)];
const SORTS: [&str; 7] = [
    "position",
    "productname",
    "productnumber",
    "createdate",
    "price",
    "price_desc",
    "discount_desc",
];

/// Brands, conditions, suppliers and packages: nothing but a name, each its own.
pub(super) fn answer(state: &mut State, call: &Call<'_>, resource: &str, rest: &[&str]) -> Answer {
    let collection = format!("till/{resource}");
    let one = resource.strip_suffix('s').unwrap_or(resource);
    let packages = resource == "packages";
    let view = |call: &Call<'_>, record: &Json| {
        let mut view = linked(call, resource, record);
        if !packages {
            let id = record.get("id");
            view.set("products", call.link(&format!("{resource}/{id}/products")));
        }
        view.set("parent", call.link(resource));
        view
    };
    let found = |state: &State, id: &str| {
        let record = state.get(&collection, id).cloned();
        record.ok_or_else(|| missing(one, id))
    };
    match (call.request.method.as_str(), rest) {
        ("GET", []) => {
            let items = state.all(&collection).map(|r| view(call, r)).collect();
            page(call, items, &[], &[], false)
        }
        ("GET", [id]) => Ok(Reply::json(200, &view(call, &found(state, id)?))),
        ("GET", [id, "products"]) if !packages => {
            let id = found(state, id)?.get("id").clone();
            let field = format!("_{one}_id");
            products::list(state, call, |product| *product.get(&field) == id)
        }
        ("POST", []) => {
            let body = call.body()?;
            unique(state, &collection, &body, None)?;
            let id = state.next(&collection, 900_001);
            let record = object! { "id" => id, "name" => body.get("name").clone() };
            state.put(&collection, &id.to_string(), record.clone());
            Ok(call.created(&view(call, &record)))
        }
        ("PATCH", [id]) => {
            let mut record = found(state, id)?;
            let body = call.body()?;
            unique(state, &collection, &body, Some(id))?;
            merge(&mut record, &body);
            state.put(&collection, id, record);
            Ok(Reply::empty(204))
        }
        ("DELETE", [id]) if !packages => {
            let gone = found(state, id)?.get("id").clone();
            state.remove(&collection, id);
            let field = format!("_{one}_id");
            let theirs: Vec<Json> = state
                .all("till/products")
                .filter(|product| *product.get(&field) == gone)
                .cloned()
                .collect();
            for mut product in theirs {
                product.set(&field, Json::Null);
                state.put("till/products", &product.get("id").to_string(), product);
            }
            Ok(Reply::empty(204))
        }
        _ => Err(not_allowed()),
    }
}

fn unique(state: &State, collection: &str, body: &Json, own: Option<&str>) -> Result<(), Reply> {
    fields::check(body, &[NAMED], &["name"])?;
    let taken = state.find(collection, "name", body.get("name").text());
    match taken.is_some_and(|other| Some(other.get("id").to_string().as_str()) != own) {
        true => Err(error(500, "500.40", "The property name already exists.")),
        false => Ok(()),
    }
}

/// The id of the brand or condition of that name, which is made where there is none; no name is none.
pub(super) fn named(state: &mut State, resource: &str, name: &str) -> Json {
    let collection = format!("till/{resource}");
    if name.is_empty() {
        return Json::Null;
    }
    if let Some(known) = state.find(&collection, "name", name) {
        return known.get("id").clone();
    }
    let id = state.next(&collection, 900_001);
    let record = object! { "id" => id, "name" => name };
    state.put(&collection, &id.to_string(), record);
    Json::from(id)
}

pub(super) fn categories(state: &mut State, call: &Call<'_>, rest: &[&str]) -> Answer {
    match (call.request.method.as_str(), rest) {
        ("GET", []) => {
            let items = state.all(CATEGORIES).map(|c| category(call, c)).collect();
            page(call, items, &[], &[], true)
        }
        ("GET", [id]) => Ok(Reply::json(200, &category(call, found(state, id)?))),
        ("GET", [id, "categories"]) => {
            let of = found(state, id)?.get("id");
            let items = children(state, of).map(|c| category(call, c)).collect();
            page(call, items, &[], &[], true)
        }
        ("GET", [id, "producttocategories"]) => {
            found(state, id)?;
            links(state, call, "category_id", id)
        }
        ("GET", [id, "products"]) => {
            let of = found(state, id)?.get("id");
            let inside: Vec<&Json> = state
                .all(LINKS)
                .filter(|link| link.get("category_id") == of)
                .map(|link| link.get("product_id"))
                .collect();
            products::list(state, call, |product| inside.contains(&product.get("id")))
        }
        ("POST", []) => {
            let body = call.body()?;
            fields::check(&body, &[CATEGORY], &["name"])?;
            let id = state.next(CATEGORIES, 900_001);
            let mut record = object! { "id" => id };
            record.set("position", last(state, CATEGORIES));
            change(state, &mut record, &body)?;
            state.put(CATEGORIES, &id.to_string(), record.clone());
            Ok(call.created(&category(call, &record)))
        }
        ("PATCH", [id]) => {
            let mut record = found(state, id)?.clone();
            let body = call.body()?;
            fields::check(&body, &[CATEGORY], &[])?;
            change(state, &mut record, &body)?;
            state.put(CATEGORIES, id, record);
            Ok(Reply::empty(204))
        }
        ("DELETE", [id]) => {
            let gone = found(state, id)?.get("id").clone();
            let below: Vec<Json> = children(state, &gone).cloned().collect();
            // what stood below it stands at the root then
            for mut child in below {
                child.set("_parentcategory_id", Json::Null);
                state.put(CATEGORIES, &child.get("id").to_string(), child);
            }
            state.remove(CATEGORIES, id);
            unlink(state, "category_id", id);
            Ok(Reply::empty(204))
        }
        _ => Err(not_allowed()),
    }
}

/// All categories from the roots down.
pub(super) fn tree(state: &State, call: &Call<'_>) -> Answer {
    let href = call.href("categorytree");
    let roots = nodes(state, call, &Json::Null);
    Ok(Reply::json(
        200,
        &object! { "href" => href, "root_categories" => roots },
    ))
}

fn nodes(state: &State, call: &Call<'_>, of: &Json) -> Vec<Json> {
    let node = |record: &Json| {
        let whole = category(call, record);
        let mut node = object! {};
        for name in [
            "href",
            "id",
            "name",
            "description",
            "position",
            "show_on_website",
            "deeplink",
        ] {
            node.set(name, whole.get(name).clone());
        }
        node.set("children", nodes(state, call, record.get("id")));
        node
    };
    children(state, of).map(node).collect()
}

/// Which product is in which category.
pub(super) fn product_links(state: &mut State, call: &Call<'_>, rest: &[&str]) -> Answer {
    let found = |state: &State, id: &str| {
        let record = state.get(LINKS, id).cloned();
        record.ok_or_else(|| missing("producttocategory", id))
    };
    match (call.request.method.as_str(), rest) {
        ("GET", [id]) => Ok(Reply::json(200, &link(call, &found(state, id)?))),
        ("POST", []) => {
            let body = call.body()?;
            fields::check(&body, &[LINK, NEW_LINK], &["product_id", "category_id"])?;
            for (field, resource, one) in [
                ("product_id", "till/products", "product"),
                ("category_id", CATEGORIES, "category"),
            ] {
                let id = body.get(field).to_string();
                state.get(resource, &id).ok_or_else(|| missing(one, &id))?;
            }
            let id = state.next(LINKS, 900_001);
            let mut record = object! { "id" => id, "position" => last(state, LINKS) };
            merge(&mut record, &body);
            state.put(LINKS, &id.to_string(), record.clone());
            Ok(call.created(&link(call, &record)))
        }
        ("PATCH", [id]) => {
            let mut record = found(state, id)?;
            let body = call.body()?;
            fields::check(&body, &[LINK], &[])?;
            merge(&mut record, &body);
            state.put(LINKS, id, record);
            Ok(Reply::empty(204))
        }
        ("DELETE", [id]) => {
            found(state, id)?;
            state.remove(LINKS, id);
            Ok(Reply::empty(204))
        }
        _ => Err(not_allowed()),
    }
}

/// The links of one product or category, all at once.
pub(super) fn links(state: &State, call: &Call<'_>, field: &str, id: &str) -> Answer {
    page(call, of(state, call, field, id), &[], &[], false)
}

pub(super) fn of(state: &State, call: &Call<'_>, field: &str, id: &str) -> Vec<Json> {
    let theirs = |link: &&Json| link.get(field).to_string() == id;
    state
        .all(LINKS)
        .filter(theirs)
        .map(|record| link(call, record))
        .collect()
}

/// Takes the links of a deleted product or category away.
pub(super) fn unlink(state: &mut State, field: &str, id: &str) {
    let theirs = |link: &&Json| link.get(field).to_string() == id;
    let keys: Vec<String> = state
        .all(LINKS)
        .filter(theirs)
        .map(|link| link.get("id").to_string())
        .collect();
    for key in keys {
        state.remove(LINKS, &key);
    }
}

fn link(call: &Call<'_>, record: &Json) -> Json {
    let mut view = linked(call, "producttocategories", record);
    for (one, resource) in [("product", "products"), ("category", "categories")] {
        let id = record.get(&format!("{one}_id"));
        view.set(
            &format!("{one}_href"),
            call.href(&format!("{resource}/{id}")),
        );
    }
    view
}

fn found<'a>(state: &'a State, id: &str) -> Result<&'a Json, Reply> {
    let record = state.get(CATEGORIES, id);
    record.ok_or_else(|| missing("category", id))
}

fn children<'a>(state: &'a State, of: &Json) -> impl Iterator<Item = &'a Json> {
    let mut children: Vec<&Json> = state
        .all(CATEGORIES)
        .filter(|category| category.get("_parentcategory_id") == of)
        .collect();
    children.sort_by_key(|category| category.get("position").number());
    children.into_iter()
}

/// The position after the highest.
fn last(state: &State, collection: &str) -> Json {
    let positions = state.all(collection).map(|r| r.get("position").number());
    Json::Number(positions.max().unwrap_or_default() + rust_decimal::Decimal::ONE)
}

fn change(state: &State, record: &mut Json, body: &Json) -> Result<(), Reply> {
    let name = body.get("name").text();
    if name.chars().count() > 255 || (name.is_empty() && !body.get("name").is_null()) {
        return Err(invalid("The property name has 1 to 255 characters."));
    }
    if let Json::Text(sort) = body.get("orderby")
        && !SORTS.contains(&sort.as_str())
    {
        return Err(invalid(&format!("orderby does not know {sort}")));
    }
    for (name, value) in body.members() {
        match name.as_str() {
            "parentcategory_id" => {
                let id = value.to_string();
                found(state, &id)?;
                let mut above = Some(id);
                while let Some(id) = above {
                    if id == record.get("id").to_string() {
                        return Err(invalid("A category does not stand below itself."));
                    }
                    let parent = found(state, &id)?.get("_parentcategory_id");
                    above = Some(parent.to_string()).filter(|_| !parent.is_null());
                }
                record.set("_parentcategory_id", value.clone());
            }
            "layout_of_products_id" => record.set("_layout_of_products_id", value.clone()),
            _ => record.set(name, value.clone()),
        }
    }
    Ok(())
}

/// A category as the client sees it.
fn category(call: &Call<'_>, record: &Json) -> Json {
    let id = record.get("id").to_string();
    let mut view = object! { "href" => call.href(&format!("categories/{id}")) };
    for name in [
        "id",
        "name",
        "description",
        "description_photo_size",
        "description_photo_position",
        "description_photo",
        "description_bottom",
        "searchwords",
        "photo",
        "show_big_photo",
        "productphoto_in_canvas",
        "show_orderbutton",
        "orderby",
        "items_per_page",
        "position",
        "layout_of_categories_id",
        "show_on_website",
        "color",
        "color_alternative",
        "meta_description",
        "meta_keywords",
        "page_title",
        "no_index",
        "no_follow",
        "alias",
    ] {
        view.set(name, record.get(name).clone());
    }
    let related = |name: &str, path: &str| {
        let id = record.get(name);
        match id.is_null() {
            true => Json::Null,
            false => object! { "id" => id.clone(), "href" => call.href(&format!("{path}/{id}")) },
        }
    };
    let layout = related("_layout_of_products_id", "categoryproductlayouts");
    view.set("layout_of_products", layout);
    let links = call.link(&format!("categories/{id}/producttocategories"));
    view.set("producttocategories", links);
    view.set("deeplink", format!("{}/categories/{id}", call.host()));
    let below = call.link(&format!("categories/{id}/categories"));
    view.set("categories", below);
    let parent = related("_parentcategory_id", "categories");
    view.set("parentcategory", parent);
    view.set("parent", call.link("categories"));
    view
}
