//! Codes of declarations, names, settings, systems, uses and layers: F0100 to F0149.

use super::Entry;

pub(super) const CODES: &[Entry] = &[
    Entry {
        code: "F0100",
        title: "Declared twice",
        page: r#"Two settings, maps, tables, types, flows, systems, tests or connectors have one name. All files of a folder and of the
folders it uses share one namespace, so a name must say which one is meant.

```flow,wrong
setting store_id: text(6) = "1"
setting store_id: text(6) = "2"
```
```flow,right
setting store_id: text(6) = "1"
set store_id = "2"
```
A layer does not declare anew what is there: `set` gives a setting a value, `extend` changes a map, a type or a flow."#,
    },
    Entry {
        code: "F0101",
        title: "One name for two things",
        page: r#"A setting cannot have the name of a system, a table not that of a map, and a parameter not that of a setting or system.
No name is ever shadowed: wherever it stands, it means one thing.

```flow,wrong
setting store_id: text(6) = "1"
map number(store_id: text) -> text = store_id
```
```flow,right
setting store_id: text(6) = "1"
map number(store: text) -> text = store
```"#,
    },
    Entry {
        code: "F0102",
        title: "Named like a function of the language",
        page: r#"Maps and tables are called as functions are, so none of them can have the name of one: `round`, `join`, `country` …
`flowbook doc std` lists them.

```flow,wrong
map round(amount: decimal) -> decimal = amount
```
```flow,right
map rounded(amount: decimal) -> decimal = amount | round(2)
```"#,
    },
    Entry {
        code: "F0103",
        title: "Unknown type",
        page: r#"A type is one of the language's (`text`, `int`, `money` …), one that the flowbook declares with `type`, or one of a system,
written with the system's name before it: `till.Order`.

```flow,wrong
system till: ccv_salespos
map email_of(o: Order) -> text = "none"
```
```flow,right
system till: ccv_salespos
map email_of(o: till.Order) -> text = "none"
```"#,
    },
    Entry {
        code: "F0104",
        title: "Not understood in a type's brackets",
        page: r#"`text(50)` and `email(255)` take the most characters, `decimal(2)` the most decimals, and `money` its basis and then the most
decimals: `money(incl)`, `money(excl, 2)`, `money(by taxes_included, 4)`. Other types take nothing.
`money(unknown)` is for connectors: nobody knows whether VAT is in it.

```flow,wrong
setting note: text(long) = ""
```
```flow,right
setting note: text(200) = ""
```"#,
    },
    Entry {
        code: "F0105",
        title: "A type that holds itself, or is too large",
        page: r#"A record holds its fields whole, so a record with a record of its own type inside would never end. Keep the key of the
other record instead. Types that stand more than 64 deep in each other, or have more than 10,000 fields, are refused too.

```flow,wrong
type Category { name: text, parent: Category? }
```
```flow,right
type Category { name: text, parent_id: int? }
```"#,
    },
    Entry {
        code: "F0106",
        title: "No such closed set or list",
        page: r#"`|` joins texts in quotes, and names of closed sets, to a closed set; each name stands once, and no two have one wire value.
A value that is an `int` or a `text` has no type: take the wider one. Items of a list are never absent.

```flow,wrong
type Status = "new" as 1 | "open" as 1
```
```flow,right
type Status = "new" as 1 | "open" as 2
```"#,
    },
    Entry {
        code: "F0107",
        title: "Not understood behind a field's type",
        page: r#"Behind a field's type stand `required`, `readonly`, `writeonly`, `personal`, `secret`, `= value`, `from "path"`,
`as points|fraction|text|number`, `reads path`, `writes path`, each at most once.

`as` says how a value stands on the wire: a percentage `as points` (21), `as fraction` (0.21) or `as text` ("21%"), an account
`as number`, a number `as text`.

```flow,wrong
type Row { tax: percent as point }
```
```flow,right
type Row { tax: percent as points }
```"#,
    },
    Entry {
        code: "F0108",
        title: "A field that contradicts itself",
        page: r#"`required` is about creating, `readonly` about writing, `writeonly` about reading. A field that is never written cannot be
required, one that never comes back cannot be read somewhere, and one with a default need not be given.

```flow,wrong
type Customer { Id: uuid readonly required }
```
```flow,right
type Customer { Id: uuid readonly }
```"#,
    },
    Entry {
        code: "F0109",
        title: "A default that does not fit its field",
        page: r#"`= value` behind a field's type is what a missing field reads as, so it must be a value of that type.

```flow,wrong
type Customer { IsActive: bool = "yes" }
```
```flow,right
type Customer { IsActive: bool = true }
```"#,
    },
    Entry {
        code: "F0110",
        title: "A field twice in one type",
        page: r#"A record has each field once. `extend type` adds fields and cannot change one that is there.

```flow,wrong
type Line { name: text, name: text }
```
```flow,right
type Line { name: text, title: text }
```"#,
    },
    Entry {
        code: "F0111",
        title: "No such flag or currency",
        page: r#"`money(by FLAG)` names a `bool` that says whether VAT is in the amount, `money in FIELD` a `currency`: in the record itself
(`currency`), in the record that holds it (`parent.currency`), or in a resource of one record (`settings.currency`).

```flow,wrong
type Line { incl: text, price: money(by incl) }
```
```flow,right
type Line { incl: bool, price: money(by incl) }
```"#,
    },
    Entry {
        code: "F0112",
        title: "Money without a currency",
        page: r#"An amount that comes over the wire is worth something only with its currency. Each record of a connector that has money says
where the currency stands, by `money in FIELD`; without such a line the record that holds it says it.

The directive names a field of the record, `parent.` and a field of the record above it, or a resource of one record and a field in it."#,
    },
    Entry {
        code: "F0113",
        title: "A flag outside a record",
        page: r#"`money(by FLAG)` says in which field of the same record the flag stands, so it can only be the type of a record's field. Elsewhere
write `money`: such a value carries with it whether VAT is in it.

```flow,wrong
map total(amount: money(by taxes_included)) -> money = amount
```
```flow,right
map total(amount: money) -> money = amount
```"#,
    },
    Entry {
        code: "F0120",
        title: "Unknown setting",
        page: r#"`set` gives a value to a setting that the flowbook, or a folder it uses, declares with `setting`.

```flow,wrong
setting store_id: text(6) = "1"
set storeid = "2"
```
```flow,right
setting store_id: text(6) = "1"
set store_id = "2"
```"#,
    },
    Entry {
        code: "F0121",
        title: "Set twice",
        page: r#"One folder gives a setting one value. A folder that uses this one stands above it and may give another: the highest layer counts,
and `--set` on the command line above all.

```flow,wrong
setting store_id: text(6) = "1"
set store_id = "2"
set store_id = "3"
```
```flow,right
setting store_id: text(6) = "1"
set store_id = "3"
```"#,
    },
    Entry {
        code: "F0122",
        title: "Not a constant",
        page: r#"The value of a setting, a default and an option of a system are written down, not computed: the plan is made for them before
anything runs.

```flow,wrong
setting tolerance: decimal(2) = 0.5 * 2
```
```flow,right
setting tolerance: decimal(2) = 1.00
```"#,
    },
    Entry {
        code: "F0123",
        title: "A value that does not fit",
        page: r#"The value is not of the setting's or option's type: a text that is too long, a name that the closed set does not have, a number with too
many decimals, a text where a date is expected.

```flow,wrong
setting document: "quote" | "draft" = "drafts"
```
```flow,right
setting document: "quote" | "draft" = "draft"
```"#,
    },
    Entry {
        code: "F0124",
        title: "A type that no setting can have",
        page: r#"A setting is one value or a list of simple ones: people give it on the command line and in the environment.

```flow,wrong
setting sender: { name: text, city: text }
```
```flow,right
setting sender_name: text = ""
setting sender_city: text = ""
```"#,
    },
    Entry {
        code: "F0126",
        title: "Unknown connector",
        page: r#"`system NAME: CONNECTOR` names a built-in connector or one that a file of the flowbook declares with `connector`.

```flow,wrong
system books: eacounting
```
```flow,right
system books: eaccounting
```"#,
    },
    Entry {
        code: "F0127",
        title: "Unknown option of a system",
        page: r#"A system's options are the `param`s of its connector. What is left out here comes from the environment: FLOWBOOK_TILL_HOST gives
`host` of the system `till`. Every system has the option `settle` besides: how long a write to it can still take effect after it was given up, in place
of what its connector says.

```flow,wrong
system till: ccv_salespos { hots: "demo.ccvshop.nl" }
```
```flow,right
system till: ccv_salespos { host: "demo.ccvshop.nl" }
```"#,
    },
    Entry {
        code: "F0128",
        title: "A secret in the text",
        page: r#"Flow text is shared, reviewed and kept for ever; a secret in it is no secret. Give it in the environment as
FLOWBOOK_SYSTEM_NAME. A secret that was shared must be replaced by a new one.

```flow,wrong
system till: ccv_salespos { secret_key: "3f7a" }
```
```flow,right
system till: ccv_salespos { host: "demo.ccvshop.nl" }
```"#,
    },
    Entry {
        code: "F0130",
        title: "Unknown time zone",
        page: r#"Zones are named as in the IANA list: by continent and city. Abbreviations such as CET do not say when summer time begins where you are.

```flow,wrong
zone "Stockholm"
```
```flow,right
zone "Europe/Stockholm"
```"#,
    },
    Entry {
        code: "F0131",
        title: "The time zone twice",
        page: r#"A day begins at one instant in the whole flowbook, so a folder names one zone. A folder that uses it may name its own, which counts.

```flow,wrong
zone "Europe/Stockholm"
zone "Europe/Amsterdam"
```
```flow,right
zone "Europe/Amsterdam"
```"#,
    },
    Entry {
        code: "F0164",
        title: "A retention that is too short or too long",
        page: r#"`retention` says how long a flowbook keeps personal data: what it sent, and what it read of records that failed or wait. Within a
day nobody could look into a failure, and longer than ten years no law asks for. What was written where is remembered for ever, without that
data.

```flow,wrong
retention 10 minutes
```
```flow,right
retention 30 days
```"#,
    },
    Entry {
        code: "F0165",
        title: "The retention twice",
        page: r#"A folder names one retention for the whole flowbook. A folder that uses it may name its own, which counts; without any it is 30 days.

```flow,wrong
retention 30 days
retention 90 days
```
```flow,right
retention 90 days
```"#,
    },
    Entry {
        code: "F0132",
        title: "Nothing to extend",
        page: r#"`extend type`, `extend map` and `extend flow` add to what the flowbook or a folder it uses declares. A system's type has the
system's name before it.

```flow,wrong
map customer(name: text) { Name: name }
extend map custmer(n) { Note: n }
```
```flow,right
map customer(name: text) { Name: name }
extend map customer(n) { Note: n }
```"#,
    },
    Entry {
        code: "F0133",
        title: "Two layers change one field",
        page: r#"Two `extend` give one map or type the same field. They have no order, so nobody could say which counts.

```flow,wrong
map customer(name: text) { Name: name }
extend map customer(n) { Note: "a" }
extend map customer(n) { Note: "b" }
```
```flow,right
map customer(name: text) { Name: name }
extend map customer(n) { Note: "b" }
```"#,
    },
    Entry {
        code: "F0134",
        title: "A field that a layer replaces",
        page: r#"A note, not an error: `extend map` gives a field that the map has already another value. It is told so that an update of the shipped
flowbook, which may change the replaced line, is looked at."#,
    },
    Entry {
        code: "F0135",
        title: "A map that cannot be extended so",
        page: r#"`extend map` adds fields by name to a map whose body is a record in braces, and names its parameters, all of them, in order.

```flow,wrong
map note(name: text) -> text = name
extend map note(n) { Name: n }
```
```flow,right
map customer(name: text) { Name: name }
extend map customer(n) { Note: n }
```"#,
    },
    Entry {
        code: "F0136",
        title: "More than `where` in an extended flow",
        page: r#"A layer narrows which records a flow takes; it cannot add steps, which would change what "nothing twice" means for records that
are done. What a flow writes is changed by `extend map` of the map that fills it.

```flow
extend flow orders {
  where order.customer.reference != "TEST"
}
```"#,
    },
    Entry {
        code: "F0137",
        title: "A type that cannot be extended so",
        page: r#"`extend type` adds fields to a record type. A closed set has no fields, and the currency of a record's money is its connector's to say.

```flow,wrong
type Status = "new" | "sent"
extend type Status { since: date }
```
```flow,right
type Line { name: text }
extend type Line { since: date }
```"#,
    },
    Entry {
        code: "F0138",
        title: "Two parameters of one name",
        page: r#"```flow,wrong
map add_up(a: int, a: int) -> int = a
```
```flow,right
map add_up(a: int, b: int) -> int = a + b
```"#,
    },
    Entry {
        code: "F0139",
        title: "A table that goes by no date",
        page: r#"The word behind `at` is `date`: a table with dated rows takes the date as its last argument. There is no "today", so a retry gives
the same result.

```flow,wrong
table rate(country: country) at day -> percent {
  otherwise => 25%
}
```
```flow,right
table rate(country: country) at date -> percent {
  otherwise => 25%
}
```"#,
    },
];
