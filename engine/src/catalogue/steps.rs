//! Codes of steps and their keys: F0500 to F0569.

use super::Entry;

pub(super) const CODES: &[Entry] = &[
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
];
