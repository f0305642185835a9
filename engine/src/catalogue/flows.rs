//! Codes of flows, steps, keys and tests: F0450 to F0599.

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
    Entry {
        code: "F0500",
        title: "A resource cannot be written so",
        page: "\
The connector declares no `create`, or no `update`, for this resource: the system's API does not offer it. `ensure` needs both.

```flow,wrong
flow labels {
  read user in till.users
  create in books.units by Name = user.username
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
        code: "F0501",
        title: "`update` of what is no record of a system",
        page: "\
`update NAME { … }` writes to a record that was read, looked up by a `let`, or bound by a step. This name stands for something else.",
    },
    Entry {
        code: "F0502",
        title: "The record that is written to may be absent",
        page: "\
A lookup may find nothing, and a record bound in an `if` is absent when the condition did not hold. End the record without it, or put the step into `if x exists { … }`.

```flow,wrong
flow stock {
  read article in books.articles
  let product = till.products[productnumber = article.Number]
  update product { stock: article.StockBalanceAvailable }
}
```
```flow,right
flow stock {
  read article in books.articles
  let product = till.products[productnumber = article.Number] else skip \"not in the till\"
  update product { stock: article.StockBalanceAvailable }
}
```",
    },
    Entry {
        code: "F0503",
        title: "A clause that does not belong to this step",
        page: "\
`by` finds a record; `update order { … }` has one already. `done if` tells that something was created. `by link` leads to a record of a resource.",
    },
    Entry {
        code: "F0504",
        title: "A clause comes twice",
        page: "\
Several `by` lines are tried in order; `via`, `done if` and `by link` come once.",
    },
    Entry {
        code: "F0510",
        title: "A write that cannot be proved",
        page: "\
An answer can get lost: the target has written, and nobody knows. Then Flowbook must find out by itself, or the record would be booked twice or not at all. So every step has a key \
(`by FIELD = value`), names the record it updates, or says how to see that it happened (`done if parent.Status = \"paid\"`).

```flow,wrong
flow notes {
  read order in till.orders
  create in order.ordernotes { note: \"Booked\" }
}
```
```flow,right
flow notes {
  read order in till.orders
  create in order.ordernotes by note = \"Booked\"
}
```",
    },
    Entry {
        code: "F0511",
        title: "A key that may be absent",
        page: "\
Without a value for its key the step could not be found again. Of several `by` lines one must be there for certain; the absent ones are passed over.

```flow,wrong
flow customers {
  read user in till.users
  create in books.customer_labels by Name = user.userinfo.reference | fits
}
```
```flow,right
flow customers {
  read user in till.users
  create in books.customer_labels by Name = user.userinfo.reference else skip \"no reference\" | fits
}
```",
    },
    Entry {
        code: "F0512",
        title: "A key that the step does not write",
        page: "\
The key's fields are written with the record, so that it is found by them afterwards. A read-only field (an id, a running number) is given by the system itself and cannot carry our key.

```flow,wrong
flow labels {
  read user in till.users
  create in books.customer_labels by Id = \"b1f3c9a2-6c1e-4a9e-8f57-0c6f7f0f1a11\" { Name: \"x\" }
}
```
```flow,right
flow labels {
  read user in till.users
  create in books.customer_labels by Name = \"x\"
}
```",
    },
    Entry {
        code: "F0513",
        title: "A create whose answer may be empty needs a key",
        page: "\
This system sometimes answers a create with nothing, not even an id. The record is then found by the step's key, so the step must have one.",
    },
    Entry {
        code: "F0514",
        title: "The key's field is named again",
        page: "\
What stands behind `by` is part of the record that is written. Named a second time in the braces, the two could differ.

```flow,wrong
flow labels {
  read user in till.users
  create in books.customer_labels by Name = \"x\" { Name: \"y\" }
}
```
```flow,right
flow labels {
  read user in till.users
  create in books.customer_labels by Name = \"x\" { Description: \"y\" }
}
```",
    },
    Entry {
        code: "F0520",
        title: "No such action",
        page: "\
`via` names an action that the connector declares for the resource: another way to create a record, such as booking a draft.",
    },
    Entry {
        code: "F0521",
        title: "An action's arguments do not match",
        page: "\
An action takes exactly the parameters that the connector declares, by position or by name.",
    },
    Entry {
        code: "F0522",
        title: "`via` in an `update`",
        page: "\
An action creates a record. `update` changes one that is there.",
    },
    Entry {
        code: "F0530",
        title: "Required fields are missing",
        page: "\
The target refuses a new record without these fields. What maps bring along by `..` counts; the missing ones are shown as lines to paste.

```flow,wrong
flow drafts {
  read order in till.orders
  let number = order.ordernumber_full else wait \"no number\"
  create draft in books.invoice_drafts by BuyersOrderReference = number | fits {
    EuThirdParty: false
    RotReducedInvoicingType: \"normal\"
  }
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
}
```",
    },
    Entry {
        code: "F0531",
        title: "A read-only field is written",
        page: "\
The system sets this field itself: an id, a total, a stamp. The API ignores or refuses it.

```flow,wrong
flow labels {
  read user in till.users
  create in books.customer_labels by Name = \"x\" { Id: \"b1f3c9a2-6c1e-4a9e-8f57-0c6f7f0f1a11\" }
}
```
```flow,right
flow labels {
  read user in till.users
  create in books.customer_labels by Name = \"x\"
}
```",
    },
    Entry {
        code: "F0532",
        title: "A required field may be absent",
        page: "\
The field must be given when a record is created, and this value may be missing. Say what it is otherwise, or end the record with a reason.

```flow,wrong
flow copies {
  read order in till.orders
  create in till.orders by reservationnumber = \"x\" {
    customer: order.customer
  }
}
```
```flow,right
flow copies {
  read order in till.orders
  create in till.orders by reservationnumber = \"x\" {
    customer: order.customer else fail \"no customer\"
  }
}
```",
    },
    Entry {
        code: "F0534",
        title: "A list of its own does not go along",
        page: "\
The field is a sub-resource: its records are created one by one, unless the connector says that a create `carries` them. Write them by steps behind this one.",
    },
    Entry {
        code: "F0535",
        title: "`on create` in an `update`",
        page: "\
`update` fails when there is no record, so it never creates. Fields in `on create` would never be written.",
    },
    Entry {
        code: "F0536",
        title: "An `update` without fields",
        page: "\
The step names no field, so there is nothing that could differ.",
    },
    Entry {
        code: "F0540",
        title: "Two steps write the same record",
        page: "\
Two steps of one block have the same key on the same resource. The second finds what the first has made and adopts it, so its own fields are not written. Put the fields into one step.",
    },
    Entry {
        code: "F0550",
        title: "A `skip` or `wait` that comes too late",
        page: "\
Whether a record is skipped or waits is decided before anything is written for it: nothing is rolled back, and a record that has written something must go on. This condition depends on what a \
step will be answered (an id, a total, a record that the step creates). A `fail` may: a failed record is looked at by a person. A map has the ends of its body, so a call with such a value counts too.

```flow,wrong
flow drafts {
  read user in till.users
  create label in books.customer_labels by Name = user.username | fits
  skip \"no id\" if label.Id missing
}
```
```flow,right
flow drafts {
  read user in till.users
  skip \"no name\" if user.username = \"\"
  create label in books.customer_labels by Name = user.username | fits
}
```",
    },
    Entry {
        code: "F0551",
        title: "A `where` that comes too late",
        page: "\
A record that a `where` turns down waits, as if nothing had happened. Behind a step something has happened: the condition depends on what the step will be answered. Filter before the first step.",
    },
    Entry {
        code: "F0570",
        title: "A test sets an unknown setting",
        page: "\
`set` in a test gives a setting its value for this test. There is no setting of this name.",
    },
    Entry {
        code: "F0571",
        title: "A test says something twice",
        page: "\
A setting, the time, or the records of one resource are given twice in one test, and only one of them could count.",
    },
    Entry {
        code: "F0572",
        title: "A test's value does not fit its setting",
        page: "\
The setting has a type, and this value is none of it. Settings take constants.",
    },
    Entry {
        code: "F0573",
        title: "`given now` is no instant",
        page: "\
`given now` moves the clock by which waiting records expire: day, time and zone, `2026-03-02T09:00:00Z`.",
    },
    Entry {
        code: "F0574",
        title: "A test's file cannot be read",
        page: "\
The path begins at the folder of the file that names it, and stays inside the flowbook's folder or one that it uses. A file behind `given` must be there; one behind `matches` is written by \
`flowbook test --accept`.",
    },
    Entry {
        code: "F0575",
        title: "Answers that a test cannot give",
        page: "\
`given R answers lost` makes the target write and the answer get lost, once for each write: the flow must then find out by itself. Other answers cannot be given.",
    },
    Entry {
        code: "F0576",
        title: "A test expects nothing",
        page: "\
Without an `expect` a test cannot fail, so it proves nothing.

```flow,wrong
test \"unpaid waits\" {
  given now 2026-03-02T09:00:00Z
}
```",
    },
    Entry {
        code: "F0577",
        title: "A test names no flow",
        page: "\
`expect FLOW done 1` runs the flow of this name. There is none.",
    },
    Entry {
        code: "F0578",
        title: "No end of a record",
        page: "\
A record is done, waiting, skipped or failed.",
    },
    Entry {
        code: "F0579",
        title: "`nothing new` of what is no system",
        page: "\
`expect books has nothing new` says that no record of the system was created or changed. Of one resource, records are counted: `expect books.orders has 0`.",
    },
];
