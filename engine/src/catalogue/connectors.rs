//! Codes of connector files: F0150 to F0199.

use super::Entry;

pub(super) const CODES: &[Entry] = &[
    Entry {
        code: "F0150",
        title: "Nothing that a connector says",
        page: r#"A line of a connector, of one of its resources or of a record type begins with a word that is not known there. Nothing in a connector
file is passed by: a misspelt limit or key would be found only when something is booked twice.

```flow,wrong
connector shop {
  secret key: text
  base    "https://shop.example/api"
  headers { Authorization: "Bearer {key}" }
  auth    none
  limits 100 per minute
  answers { 401 => sign_in, otherwise => unknown }
  resource orders: Order { list GET "/orders", key id, whole }
  type Order { id: int readonly, number: text(20), changed: datetime }
}
```

`limit` is the word; `flowbook` names the nearest one, and stdlib/connectors/README.md says all of them.

```flow,right
connector shop {
  secret key: text
  base    "https://shop.example/api"
  headers { Authorization: "Bearer {key}" }
  auth    none
  limit 100 per minute
  answers { 401 => sign_in, otherwise => unknown }
  resource orders: Order { list GET "/orders", key id, whole }
  type Order { id: int readonly, number: text(20), changed: datetime }
}
```"#,
    },
    Entry {
        code: "F0151",
        title: "A line of a connector that is not understood",
        page: r#"The word is known, what stands behind it is not. The message names the form in which it is written.

A key that never changes is no `auth` of its own; it stands in a header:

```flow,wrong
connector shop {
  secret key: text
  base    "https://shop.example/api"
  headers { Authorization: "Bearer {key}" }
  auth    bearer
  answers { 401 => sign_in, otherwise => unknown }
  resource orders: Order { list GET "/orders", key id, whole }
  type Order { id: int readonly, number: text(20), changed: datetime }
}
```

```flow,right
connector shop {
  secret key: text
  base    "https://shop.example/api"
  headers { Authorization: "Bearer {key}" }
  auth    none
  answers { 401 => sign_in, otherwise => unknown }
  resource orders: Order { list GET "/orders", get GET "/orders/{id}", key id, whole }
  type Order { id: int readonly, number: text(20), changed: datetime }
}
```"#,
    },
    Entry {
        code: "F0152",
        title: "A connector that leaves something out",
        page: r#"A connector says where its systems are (`base`), how requests are signed (`auth`) and what answers mean (`answers`). A resource can be read
or written, and one that is read for changes has a `list` and a `key`, since records are told apart by it.

Here nobody says which field tells orders apart, so none could be read by its key or found again:

```flow,wrong
connector shop {
  secret key: text
  base    "https://shop.example/api"
  headers { Authorization: "Bearer {key}" }
  auth    none
  answers { 401 => sign_in, otherwise => unknown }
  resource orders: Order { list GET "/orders", get GET "/orders/{id}", whole }
  type Order { id: int readonly, number: text(20), changed: datetime }
}
```

```flow,right
connector shop {
  secret key: text
  base    "https://shop.example/api"
  headers { Authorization: "Bearer {key}" }
  auth    none
  answers { 401 => sign_in, otherwise => unknown }
  resource orders: Order { list GET "/orders", get GET "/orders/{id}", key id, whole }
  type Order { id: int readonly, number: text(20), changed: datetime }
}
```"#,
    },
    Entry {
        code: "F0153",
        title: "Said twice in a connector",
        page: r#"Each of these lines can stand once: two would contradict each other, and nobody could say which counts."#,
    },
    Entry {
        code: "F0154",
        title: "No such field",
        page: r#"A line of a resource names a field that its records do not have. Fields are named as in the type, letter by letter.

```flow,wrong
connector shop {
  secret key: text
  base    "https://shop.example/api"
  headers { Authorization: "Bearer {key}" }
  auth    none
  answers { 401 => sign_in, otherwise => unknown }
  resource orders: Order { list GET "/orders", key id, whole, find by nr with index }
  type Order { id: int readonly, number: text(20), changed: datetime }
}
```

```flow,right
connector shop {
  secret key: text
  base    "https://shop.example/api"
  headers { Authorization: "Bearer {key}" }
  auth    none
  answers { 401 => sign_in, otherwise => unknown }
  resource orders: Order { list GET "/orders", key id, whole, find by number with index }
  type Order { id: int readonly, number: text(20), changed: datetime }
}
```"#,
    },
    Entry {
        code: "F0155",
        title: "No such resource, sub-resource or secret",
        page: r#"A line of a connector names another part of it that is not declared."#,
    },
    Entry {
        code: "F0156",
        title: "Unknown in a text with holes",
        page: r#"`{…}` in an address, a path or a header is filled when a request is made: with `param`s of the connector; in a path with an action's parameters,
with the record's key (in `get` and `update`) and with fields of the parent (in a `sub`); in what is signed with `method`, `uri`, `body`, `time`.
Other fields of a record are not known before it is read. Secrets never stand in an address, where logs would show them.

```flow,wrong
connector shop {
  secret key: text
  base    "https://shop.example/api"
  headers { Authorization: "Bearer {key}" }
  auth    none
  answers { 401 => sign_in, otherwise => unknown }
  resource orders: Order { list GET "/orders", get GET "/orders/{number}", key id, whole }
  type Order { id: int readonly, number: text(20), changed: datetime }
}
```

```flow,right
connector shop {
  secret key: text
  base    "https://shop.example/api"
  headers { Authorization: "Bearer {key}" }
  auth    none
  answers { 401 => sign_in, otherwise => unknown }
  resource orders: Order { list GET "/orders", get GET "/orders/{id}", key id, whole }
  type Order { id: int readonly, number: text(20), changed: datetime }
}
```"#,
    },
    Entry {
        code: "F0157",
        title: "A row of `answers` that is not understood",
        page: r#"A row is status codes, perhaps a condition on the body, and what the answer means:

- `ok`: done as asked
- `busy`: too fast, later
- `sign_in`: the sign-in does not hold
- `taken`: the key is used already
- `gone`: the record is away
- `refused`: the system said no, and nothing happened
- `unknown`: nobody knows whether it took effect; it is looked up before anything is sent again

The first row that fits counts; the last one is `otherwise`. Only what the vendor guarantees to be a refusal is `refused`: all else is `unknown`."#,
    },
    Entry {
        code: "F0158",
        title: "An address that is not safe, or no path",
        page: r#"Addresses begin with https://; plain http is for servers on this machine. A path begins with “/” and stands behind the address."#,
    },
    Entry {
        code: "F0159",
        title: "A record cannot be found so",
        page: r#"`find by F` says how a record with a given F is found: `with odata` by a filter (which the connector must declare), `with PARAM` by a parameter of
the list, `with index` by reading the list once a run, `with list` by the parent's own list, `scan CREATED` by what was created lately.
All but the resource's `key` need a `list`. Amounts, lists and records are no keys."#,
    },
    Entry {
        code: "F0160",
        title: "What is new cannot be found so",
        page: r#"`changed F` and `growing F` go by a point in time: a `datetime` or a `date`. `changed` asks by an OData filter, which the connector must declare, or
reads newest first (`by_order`).
Both `by_order` and `order F` need the parameter by which a list is ordered: `order` of `pages` or of `filter odata`. Nothing is asked for in an
order that a system was never told.

```flow,wrong
connector shop {
  secret key: text
  base    "https://shop.example/api"
  headers { Authorization: "Bearer {key}" }
  auth    none
  pages number { page: "page", size: "size", max: 100, items: "data" }
  answers { 401 => sign_in, otherwise => unknown }
  resource orders: Order { list GET "/orders", key id, changed changed by_order }
  type Order { id: int readonly, number: text(20), changed: datetime }
}
```

```flow,right
connector shop {
  secret key: text
  base    "https://shop.example/api"
  headers { Authorization: "Bearer {key}" }
  auth    none
  pages number { page: "page", size: "size", max: 100, items: "data", order: "sort", descending: "_desc" }
  answers { 401 => sign_in, otherwise => unknown }
  resource orders: Order { list GET "/orders", key id, changed changed by_order }
  type Order { id: int readonly, number: text(20), changed: datetime }
}
```"#,
    },
    Entry {
        code: "F0161",
        title: "An unknown option",
        page: r#"The braces behind a line of a connector hold a name that this line does not know.

```flow,wrong
connector shop {
  secret key: text
  base    "https://shop.example/api"
  headers { Authorization: "Bearer {key}" }
  auth    none
  pages number { page: "page", size: "size", max: 100, itmes: "data" }
  answers { 401 => sign_in, otherwise => unknown }
  resource orders: Order { list GET "/orders", key id, whole }
  type Order { id: int readonly, number: text(20), changed: datetime }
}
```

```flow,right
connector shop {
  secret key: text
  base    "https://shop.example/api"
  headers { Authorization: "Bearer {key}" }
  auth    none
  pages number { page: "page", size: "size", max: 100, items: "data" }
  answers { 401 => sign_in, otherwise => unknown }
  resource orders: Order { list GET "/orders", key id, whole }
  type Order { id: int readonly, number: text(20), changed: datetime }
}
```"#,
    },
    Entry {
        code: "F0162",
        title: "No such type, or one that does not serve",
        page: r#"Records of a resource have fields, so its type is a record type of the connector; `param`s and `secret`s are simple values."#,
    },
    Entry {
        code: "F0163",
        title: "A type shared with sub-resources",
        page: r#"A sub-resource is a field of the records above it. Two resources of one type would both have it; give each a type of its own."#,
    },
];
