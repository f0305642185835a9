//! Codes of flows: F0450 to F0499.

use super::Entry;

pub(super) const CODES: &[Entry] = &[
    Entry {
        code: "F0450",
        title: "A flow reads nothing",
        page: "\
A flow carries records of one resource: `read NAME in SYSTEM.RESOURCE` says which, and names the record for everything below.

```flow,wrong
flow notes {
  every 5 min
  where true
}
```
```flow,right
flow notes {
  every 5 min
  read order in till.orders
  where order.paid
  create in order.ordernotes by note = \"Seen\"
}
```",
    },
    Entry {
        code: "F0451",
        title: "A flow reads two resources",
        page: "\
A flow has one source, so that every record of it ends exactly once: done, skipped, failed or waiting. A second record is *looked up* by its key.

```flow,wrong
flow notes {
  read order in till.orders
  read user in till.users
  create in order.ordernotes by note = \"Seen\"
}
```
```flow,right
flow notes {
  read order in till.orders
  let user = till.users[id = order.user.id]
  create in order.ordernotes by note = \"Seen by {user.username else \"nobody\"}\"
}
```",
    },
    Entry {
        code: "F0452",
        title: "`read` stands too low",
        page: "\
Statements happen to a record in text order, and there is no record before `read`. Schedules (`every`, `after`, `wait 90 days`) may stand before it.

```flow,wrong
flow notes {
  let word = \"Seen\"
  read order in till.orders
  create in order.ordernotes by note = word
}
```
```flow,right
flow notes {
  read order in till.orders
  let word = \"Seen\"
  create in order.ordernotes by note = word
}
```",
    },
    Entry {
        code: "F0453",
        title: "A line of the flow's head in a block",
        page: "\
`every`, `after`, `wait 90 days` and `read` hold for the whole flow. In the braces of an `if` or `for` they would seem to depend on a record.

```flow,wrong
flow notes {
  read order in till.orders
  if order.paid {
    every 5 min
    create in order.ordernotes by note = \"Seen\"
  }
}
```
```flow,right
flow notes {
  every 5 min
  read order in till.orders
  if order.paid {
    create in order.ordernotes by note = \"Seen\"
  }
}
```",
    },
    Entry {
        code: "F0454",
        title: "A flow writes nothing",
        page: "\
The flow reads records and has no `create`, `ensure` or `update`: it costs requests and changes nothing. Give it a step, or take it out.",
    },
    Entry {
        code: "F0455",
        title: "`gone` is not carried out yet",
        page: "\
`read … gone` would read what was linked once and is away now. This version of Flowbook reads the text and does not carry it out; rather than pass over the line in \
silence, it refuses the flow.",
    },
    Entry {
        code: "F0456",
        title: "`on event` is not carried out yet",
        page: "\
Events (webhooks) would make a flow run sooner. They are never the only way in, since events get lost: a flow reads by its schedule in any case. This version carries \
out schedules only.

```flow,wrong
flow notes {
  on event
  read order in till.orders
  create in order.ordernotes by note = \"Seen\"
}
```
```flow,right
flow notes {
  every 5 min
  read order in till.orders
  create in order.ordernotes by note = \"Seen\"
}
```",
    },
    Entry {
        code: "F0457",
        title: "`prefer` is not carried out yet",
        page: "\
`prefer SYSTEM` would say whose value wins when two flows carry one field both ways. This version refuses it. Let a setting choose one direction, and skip in the other flow.",
    },
    Entry {
        code: "F0458",
        title: "Two flows carry one field both ways",
        page: "\
One flow carries records there, another carries them back, and both keep the same field up to date. After a change on either side the two would take turns undoing it, so \
one side has to lead. Fields that are written `on create` only, and the fields by which both flows find each other's records, cannot quarrel; nor can flows that no choice of settings lets run \
together.

```flow,wrong
flow to_books {
  read user in till.users
  update in books.customers by EmailAddress = user.userinfo.email else skip \"no e-mail\" {
    Telephone: user.userinfo.billingaddress.telephone | shorten
  }
}
flow to_till {
  read customer in books.customers
  update in till.users by userinfo.email = customer.EmailAddress else skip \"no e-mail\" {
    userinfo: { billingaddress: { telephone: customer.Telephone } }
  }
}
```
```flow,right
setting lead: \"till\" | \"books\" = \"till\"
flow to_books {
  read user in till.users
  skip \"the books lead\" if lead = \"books\"
  update in books.customers by EmailAddress = user.userinfo.email else skip \"no e-mail\" {
    Telephone: user.userinfo.billingaddress.telephone | shorten
  }
}
flow to_till {
  read customer in books.customers
  skip \"the till leads\" if lead = \"till\"
  update in till.users by userinfo.email = customer.EmailAddress else skip \"no e-mail\" {
    userinfo: { billingaddress: { telephone: customer.Telephone } }
  }
}
```",
    },
    Entry {
        code: "F0459",
        title: "A flow cannot read this resource",
        page: "\
To read a resource again and again, the connector must say how what is new is found: `changed FIELD` (it moves with every change), `growing FIELD` (time of creation) or \
`whole` (read whole, compared by hash). Records of a sub-resource are read with their parent, and a resource of one record (`one`) is written bare in expressions.

```flow,wrong
flow notes {
  read settings in till.settings
  create in books.customer_labels by Name = \"Till\"
}
```
```flow,right
flow notes {
  read order in till.orders
  create in books.customer_labels by Name = \"Till\"
}
```",
    },
    Entry {
        code: "F0460",
        title: "`from` needs a date that is there",
        page: "\
`from` says which record is the first that is ever carried. If the date were absent, the first run would book years of orders. So it takes a date, or a setting of type `date` \
without a `?`: a setting without a value stops `run`, naming it.

```flow,wrong
setting since: date?
flow notes {
  read order in till.orders from since
  create in order.ordernotes by note = \"Seen\"
}
```
```flow,right
setting since: date
flow notes {
  read order in till.orders from since
  create in order.ordernotes by note = \"Seen\"
}
```",
    },
    Entry {
        code: "F0461",
        title: "`from` on a resource without dates",
        page: "\
The resource is read whole, so there is no date that `from` could begin at. Filter by a field of the record with `where`.

```flow,wrong
flow labels {
  read user in till.users from 2026-01-01
  create in books.customer_labels by Name = user.username | fits
}
```
```flow,right
flow labels {
  read user in till.users
  create in books.customer_labels by Name = user.username | fits
}
```",
    },
    Entry {
        code: "F0462",
        title: "Two waiting times",
        page: "\
`wait 90 days` says how long a record that is not ripe is looked at again; a flow has one such time (30 days, unless it says another).

```flow,wrong
flow notes {
  read order in till.orders
  wait 90 days
  wait 30 days
  create in order.ordernotes by note = \"Seen\"
}
```
```flow,right
flow notes {
  read order in till.orders
  wait 90 days
  create in order.ordernotes by note = \"Seen\"
}
```",
    },
    Entry {
        code: "F0463",
        title: "No time",
        page: "\
A schedule or a waiting time of nothing, or a time of day that no clock shows.

```flow,wrong
flow notes {
  every 0 min
  read order in till.orders
  create in order.ordernotes by note = \"Seen\"
}
```
```flow,right
flow notes {
  every 5 min
  read order in till.orders
  create in order.ordernotes by note = \"Seen\"
}
```",
    },
    Entry {
        code: "F0464",
        title: "`after` names no flow",
        page: "\
`after` names flows that run before this one. There is none of this name in the flowbook or in the folders it uses.",
    },
    Entry {
        code: "F0465",
        title: "`after` goes in a circle",
        page: "\
Each of these flows waits for the next, and in the end for itself: none could ever begin.

```flow,wrong
flow one {
  after two
  read order in till.orders
  create in order.ordernotes by note = \"One\"
}
flow two {
  after one
  read order in till.orders
  create in order.ordernotes by note = \"Two\"
}
```
```flow,right
flow one {
  read order in till.orders
  create in order.ordernotes by note = \"One\"
}
flow two {
  after one
  read order in till.orders
  create in order.ordernotes by note = \"Two\"
}
```",
    },
    Entry {
        code: "F0467",
        title: "`where` in a block",
        page: "\
A `where` turns the whole record down, whatever block it stands in; so it stands directly in the flow, with the block's condition written into it.

```flow,wrong
flow notes {
  read order in till.orders
  if order.paid {
    where order.status = \"completed\"
    create in order.ordernotes by note = \"Seen\"
  }
}
```
```flow,right
flow notes {
  read order in till.orders
  where not order.paid or order.status = \"completed\"
  if order.paid {
    create in order.ordernotes by note = \"Seen\"
  }
}
```",
    },
    Entry {
        code: "F0470",
        title: "`confirm` compares what cannot be equal",
        page: "\
The two sides have different types, or are amounts of which one includes VAT and the other may not. If the source does not say whether VAT is in its amount, and you know, say so \
with `as_incl` or `as_excl`.

```flow,wrong
flow drafts {
  read order in till.orders
  let number = order.ordernumber_full else wait \"no number\"
  create draft in books.invoice_drafts by BuyersOrderReference = number | fits {
    CustomerId: books.customers[CustomerNumber = \"1\"].Id else fail \"no customer\"
    EuThirdParty: false
    RotReducedInvoicingType: \"normal\"
  }
  confirm draft.TotalAmount = order.total_price
}
```
```flow,right
flow drafts {
  read order in till.orders
  let number = order.ordernumber_full else wait \"no number\"
  create draft in books.invoice_drafts by BuyersOrderReference = number | fits {
    CustomerId: books.customers[CustomerNumber = \"1\"].Id else fail \"no customer\"
    EuThirdParty: false
    RotReducedInvoicingType: \"normal\"
  }
  confirm draft.TotalAmount = order.total_price | as_incl
}
```",
    },
    Entry {
        code: "F0471",
        title: "`confirm` of a value that may be absent",
        page: "\
A comparison that is left out when a value is missing would confirm nothing. Say what counts then (`else 0`), or let `confirm` stand in the block of its step.",
    },
    Entry {
        code: "F0472",
        title: "`confirm` without a step",
        page: "\
`confirm` stands behind a step and compares what the target answered with what it must be. Here neither side comes from a step of this flow. To compare values *before* writing, use \
`fail \"…\" if …`.",
    },
    Entry {
        code: "F0473",
        title: "`within` is no number",
        page: "\
`within` is the largest difference allowed, inclusive: a bare number, in the currency that is compared. Texts and dates have no difference.",
    },
];
