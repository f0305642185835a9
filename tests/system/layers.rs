//! A shop's layer on a layer: what counts in the end, and what is said of it.

use super::support::Workplace;

const BELOW: &str = r#"system till:  ccv_salespos
system books: eaccounting

setting store: text(6) = "0"
setting home: text(6) = "below"

map contact(u: till.User) {
  Telephone:      u.userinfo.billingaddress.telephone | shorten(50)
  CustomerNumber: "D{store}"
}

map customer(u: till.User) {
  Name: u.username
  ..contact(u)
}

table kind(code: text) -> text
  from "tables/kind.csv"
  or   "own/kind.csv"?
{
  "a" => "A in text"
  "b" => "B in text"
  "c" => "C in text"
  otherwise => "none"
}
"#;

const MIDDLE: &str = r#"use "../below"

set store = "M"
set home  = "middle"

extend map customer(u) { CustomerNumber: "M{store}" }
"#;

const TOP: &str = r#"use "../middle"

set store = "T"

extend map contact(u) { Telephone: "none" }

map one() -> till.User = till.users[id = 1] else fail "no user 1"

test "what counts" {
  given till.users from "user.json"
  expect customer(one()).CustomerNumber = "MT"
  expect customer(one()).Telephone = "none"
  expect contact(one()).CustomerNumber = "DT"
  expect home = "middle"
  expect kind("a") = "A own"
  expect kind("b") = "B in csv"
  expect kind("c") = "C in text"
  expect kind("d") = "D own"
  expect kind("e") = "none"
}

test "a test sets it for itself" {
  set store = "X"
  given till.users from "user.json"
  expect customer(one()).CustomerNumber = "MX"
}
"#;

fn layers() -> Workplace {
    let place = Workplace::empty();
    place.write("below/main.flow", BELOW);
    place.write(
        "below/tables/kind.csv",
        "code,value\na,A in csv\nb,B in csv\n",
    );
    place.write("below/own/kind.csv", "code,value\na,A own\nd,D own\n");
    place.write("middle/main.flow", MIDDLE);
    place.write("top/main.flow", TOP);
    place.write("top/user.json", r#"[{"id": 1, "username": "anna"}]"#);
    place
}

#[test]
fn the_upper_layer_counts() {
    layers().flowbook("test top").run().exits(0);
}

#[test]
fn every_replacement_is_listed() {
    let said = layers().flowbook("validate top").run().exits(0).said();
    for replaced in [
        "`Telephone` of the map `contact` is replaced",
        "`CustomerNumber` of the map `customer` is replaced",
        "below/tables/kind.csv:2",
        "below/tables/kind.csv:3",
        "below/own/kind.csv:2",
    ] {
        assert!(said.contains(replaced), "{replaced}\n{said}");
    }
    // D is new and C is only in the text: neither hides a row
    assert!(!said.contains("kind.csv:4"), "{said}");
}

#[test]
fn two_layers_that_replace_one_field_quarrel() {
    let place = layers();
    let text = format!("{TOP}\nextend map customer(u) {{ CustomerNumber: \"T\" }}\n");
    place.write("top/main.flow", text);
    let said = place.flowbook("validate top").run().exits(1).said();
    assert!(
        said.contains("Two `extend` give `customer` the field `CustomerNumber`"),
        "{said}"
    );
}
