//! What a checked flowbook says of its steps: order of flows, leaves of payloads, what the target computes.

use flowbook::check::check;
use flowbook::checked::{Book, StatementKind, Write};
use flowbook::diagnostic::Severity;
use flowbook::sources::Loaded;

const HEAD: &str = "system till: ccv_salespos\nsystem books: eaccounting\n";

/// The flowbook of a text without errors.
fn book(text: &str) -> Book {
    let text = format!("{HEAD}{text}");
    let checked = check(&Loaded::of_texts([("main.flow", text.as_str())]));
    let errors: Vec<&str> = checked
        .found
        .iter()
        .filter(|one| one.severity == Severity::Error)
        .map(|one| one.message.as_str())
        .collect();
    checked
        .book
        .unwrap_or_else(|| panic!("{}", errors.join("\n")))
}

/// Steps of the first flow that stand in no block.
fn steps(book: &Book) -> Vec<&Write> {
    book.flows[0]
        .body
        .iter()
        .filter_map(|statement| match &statement.kind {
            StatementKind::Write(write) => Some(&**write),
            _ => None,
        })
        .collect()
}

/// A line for each leaf: path, place on the wire, `key`, `?` where it is not compared.
fn leaves(write: &Write) -> Vec<String> {
    write
        .body
        .iter()
        .map(|put| {
            let at: Vec<String> = put.at.iter().map(u16::to_string).collect();
            format!(
                "{}{}{}",
                put.wire.join("."),
                if put.key { " key" } else { "" },
                if put.compared { "" } else { " ?" }
            ) + if at.len() > 1 { " nested" } else { "" }
        })
        .collect()
}

fn order(text: &str) -> Vec<String> {
    book(text).flows.into_iter().map(|flow| flow.name).collect()
}

#[test]
fn flows_run_after_those_that_they_name() {
    let text = "
flow a { after b
  read order in till.orders
  create in order.ordernotes by note = \"a\" }
flow c { read order in till.orders
  create in order.ordernotes by note = \"c\" }
flow b { after c
  read order in till.orders
  create in order.ordernotes by note = \"b\" }
";
    assert_eq!(order(text), ["c", "b", "a"]);
}

#[test]
fn lookups_in_rows_of_tables_count_for_the_order() {
    let text = "
table label(name: text) -> uuid { otherwise => books.customer_labels[Name = name].Id else fail \"no label\" }
flow a {
  read user in till.users
  create in till.brands by name = \"{label(\"x\")}\"
}
flow b {
  read group in till.usergroups
  create in books.customer_labels by Name = group.groupname else skip \"nameless\" | fits
}
";
    assert_eq!(order(text), ["b", "a"]);
}

#[test]
fn flows_run_after_those_that_write_what_they_look_up() {
    let text = "
map label(name: text) -> uuid = books.customer_labels[Name = name].Id else fail \"no label\"
flow a {
  read user in till.users
  create in till.brands by name = \"{label(\"x\")}\"
}
flow b {
  read user in till.users
  create in books.customer_labels by Name = user.username | fits
}
";
    assert_eq!(order(text), ["b", "a"]);
}

#[test]
fn a_circle_of_lookups_is_settled_by_the_names() {
    let text = "
flow b {
  read user in till.users
  let brand = till.brands[name = \"x\"] else skip \"none\"
  create in books.customer_labels by Name = brand.name | fits
}
flow a {
  read user in till.users
  let label = books.customer_labels[Name = \"x\"] else skip \"none\"
  create in till.brands by name = label.Name
}
";
    assert_eq!(order(text), ["a", "b"]);
}

#[test]
fn filters_of_a_layer_stand_behind_the_flows_own() {
    let book = book(
        "
flow notes {
  read order in till.orders
  where order.paid
  let word = \"Seen\"
  create in order.ordernotes by note = word
}
extend flow notes { where order.customer.reference != \"TEST\" }
",
    );
    let kinds: Vec<&str> = book.flows[0]
        .body
        .iter()
        .map(|one| match one.kind {
            StatementKind::Where(_) => "where",
            StatementKind::Let(..) => "let",
            StatementKind::Write(_) => "write",
            _ => "other",
        })
        .collect();
    assert_eq!(kinds, ["where", "where", "let", "write"]);
}

#[test]
fn nested_records_are_taken_apart() {
    let book = book(
        "
flow users {
  read customer in books.customers
  let mail = customer.EmailAddress else skip \"no e-mail\"
  let other = till.users[username = \"y\"] else skip \"no y\"
  create in till.users by username = mail {
    password: \"x\"
    userinfo: { email: mail, billingaddress: { city: customer.InvoiceCity } }
  }
  update other { userinfo: { reference: \"r\" } }
}
",
    );
    let steps = steps(&book);
    assert_eq!(
        leaves(steps[0]),
        [
            "username key",
            "password ?",
            "userinfo.email nested",
            "userinfo.billingaddress.city nested",
        ]
    );
    assert_eq!(leaves(steps[1]), ["userinfo.reference nested"]);
}

#[test]
fn a_record_that_is_handed_on_is_taken_apart() {
    let book = book(
        "
flow orders {
  read order in till.orders
  let customer = order.customer else skip \"no customer\"
  create in till.users by username = customer.email else skip \"no e-mail\" {
    password: \"x\"
    userinfo: customer
  }
}
",
    );
    let all = leaves(steps(&book)[0]);
    assert!(
        all.contains(&"userinfo.billingaddress.city nested".to_owned()),
        "{all:?}"
    );
    assert!(
        all.contains(&"userinfo.costcentre nested".to_owned()),
        "{all:?}"
    );
}

#[test]
fn names_on_the_wire_follow_reads_and_writes() {
    let book = book(
        "
flow products {
  read product in till.products
  update product { is_active: true, brand_id: 5 }
}
",
    );
    assert_eq!(leaves(steps(&book)[0]), ["active", "brand_id"]);
}

#[test]
fn flags_and_currencies_that_the_target_computes_are_compared() {
    let book = book(
        "
flow drafts {
  read order in till.orders
  create in books.invoice_drafts by BuyersOrderReference = \"x\" {
    CustomerId: books.customers[CustomerNumber = \"1\"].Id else fail \"no customer\"
    EuThirdParty: false
    RotReducedInvoicingType: \"normal\"
    Rows: [for r in order.orderrows => { IsTextRow: false, UnitPrice: r.price | in_basis(true, r.tax) | round(2) }]
  }
}
",
    );
    let write = steps(&book)[0];
    let shape = &book.resources[write.resource as usize].shape;
    let mut fields: Vec<&str> = write
        .flags
        .iter()
        .map(|flag| &*shape.fields[usize::from(flag.field[0])].name)
        .collect();
    fields.sort_unstable();
    assert_eq!(fields, ["IncludesVat", "InvoiceCurrencyCode"]);
}

#[test]
fn keys_are_asked_in_every_form_that_has_them() {
    let book = book(
        "
flow drafts {
  read order in till.orders
  create in books.invoice_drafts by BuyersOrderReference = \"x\" {
    CustomerId: books.customers[CustomerNumber = \"1\"].Id else fail \"no customer\"
    EuThirdParty: false
    RotReducedInvoicingType: \"normal\"
  }
}
",
    );
    let forms: Vec<&str> = steps(&book)[0].keys[0]
        .forms
        .iter()
        .map(|(resource, ..)| book.resources[*resource as usize].name.as_str())
        .collect();
    assert_eq!(forms, ["invoices"]);
}
