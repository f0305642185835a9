//! Codes of systems and their answers: F0700 to F0799.

use super::Entry;

pub(super) const CODES: &[Entry] = &[
    Entry {
        code: "F0700",
        title: "an account's address or secrets are missing",
        page: "\
A system is an account at a connector, and the account's part never stands in flow text: its secrets, and whatever `param` the flowbook does
not give. All of it is read from the environment, under `FLOWBOOK_`, the system's name, and the name in the connector:

| the connector says | a system `till` needs |
| --- | --- |
| `param host: text` | `FLOWBOOK_TILL_HOST`, or `system till: … { host: \"…\" }` |
| `secret secret_key: text` | `FLOWBOOK_TILL_SECRET_KEY` |
| `auth oauth2 { … }` | `FLOWBOOK_TILL_REFRESH_TOKEN`, unless one is stored |

`FLOWBOOK_TILL_BASE` and `FLOWBOOK_TILL_TOKEN_URL` take the place of the connector's own addresses. A value that is empty counts as missing.

The message names everything that is missing, for all systems at once. `--sandbox` needs
none of it.",
    },
    Entry {
        code: "F0701",
        title: "an address that secrets may not be sent to",
        page: "\
Requests carry secrets and what people bought, so an address must begin with `https://`. Only addresses of this machine (`localhost`,
`127.0.0.1`, `[::1]`) may begin with `http://`, for sandboxes. An address holds no user name, no password and no query.

The address is the connector's `base`, with its holes filled, or `FLOWBOOK_<SYSTEM>_BASE`.",
    },
    Entry {
        code: "F0702",
        title: "a system cannot be reached",
        page: "\
There is no such host, it takes no connection, or its certificate does not hold. Nothing was sent, so nothing can have been booked, and no
look-up is needed: run again when the network is back.

A connection may take 5 seconds. Reads are tried three times before this is told.",
    },
    Entry {
        code: "F0703",
        title: "a system does not accept the sign-in",
        page: "\
The system answered as its connector's `answers` say means `sign_in`: the key is wrong or was withdrawn, the account lacks a right, or the
refresh token was used up by somebody else. An access token that merely ran out is renewed by itself, once for all requests that wait.

A request for a token whose answer is lost is made again after a pause, three times in all. A system that gives each refresh token once may have taken it
with the first of them; then it refuses it the second time, the next token is lost with the answer, and only a new sign-in helps: the message says so,
also that of a later run, where this one was killed or never heard an answer.

The run stops, since no other request would fare better. Correct the keys, or sign in again and give the new refresh token as FLOWBOOK_SYSTEM_REFRESH_TOKEN, and run again: what was done is
remembered, what was not is done then.

Two programs on one refresh token sign each other out: give each its own.",
    },
    Entry {
        code: "F0704",
        title: "an answer cannot be read",
        page: "\
The answer is no JSON, ends in the middle, says a name twice, or lacks what the connector promises (`items`, the key of a record). The message
names the request and the place: line and column of the answer, or the number of the record in its list.

One field that does not fit is not this: it fails the records that use it, and no others. An answer that cannot be taken apart is not guessed
at, since half a list looks just like a short one.

Run again; an answer that was cut off is whole the next time. If it stays, the system answers otherwise than its connector says.",
    },
    Entry {
        code: "F0705",
        title: "a system stays busy for too long",
        page: "\
A system that says `busy` (status 429, as a rule) is left alone for as long as it asks, by `Retry-After` or in its text, and then asked again;
that is no failure. Waiting ends after 5 minutes in all for one request, and this is told. A write that was turned away as busy was not taken.

Quotas belong to the account: another program that uses it takes its share. Let flows run less often (`every 15 min`), or lower the `limit` in
the connector if the vendor changed it.",
    },
    Entry {
        code: "F0706",
        title: "a system refused a request",
        page: "\
The system said no, and its connector declares that answer to be a refusal: nothing was written. The message has the vendor's own words, its
code, and the error id that its support asks for; where it names a field, the failed record shows it.

Only this record fails. Correct what the vendor complains of, in the source or in the flow; the next run tries it again.",
    },
    Entry {
        code: "F0707",
        title: "no answer came",
        page: "\
The request may have arrived, and its answer did not: the line was cut, or the answer was not whole after 30 seconds. For a read it was tried
three times.

For a write nobody knows what became of it, so it is not sent again blindly: after the connector's `settle` time the record is looked up by its
key, adopted if it is there, and sent again only if it is not.",
    },
    Entry {
        code: "F0708",
        title: "a system sends us on to another address",
        page: "\
Redirects are never followed: the next host would get the secrets, and a write would be made twice. Set `base` (or
`FLOWBOOK_<SYSTEM>_BASE`) to the address that answers itself. A login page as target means that the address is the one for people, not the one
for programs.",
    },
    Entry {
        code: "F0709",
        title: "an answer does not prove who it comes from",
        page: "\
The connector's `auth` says that answers are signed (`answer:`), and this one is not, or its hash does not fit, or its time is further from this
machine's clock than `skew`. With `verify: \"enforce\"` it counts as no answer; with `\"warn\"` it is told once and taken; with `\"off\"` nobody looks.

Check this machine's clock first, then the secret key. If both are right, something between you and the system changes answers.",
    },
    Entry {
        code: "F0710",
        title: "an answer is too large",
        page: "\
An answer may have 32 MB. A page that is larger is not read, so that no system can fill this machine's memory. Lower `max:` of the connector's
`pages`.",
    },
    Entry {
        code: "F0711",
        title: "a system failed by itself",
        page: "\
The status (500, 502, 503 …) says that something went wrong there, and no row of the connector's `answers` says what it means. A read was tried
three times. A write counts as unknown: it is looked up by its key before anything is sent again.

If the vendor wraps refusals in such a status, say so in the connector: `500 if body.code exists => refused`.",
    },
    Entry {
        code: "F0712",
        title: "a connector declares no way to ask this",
        page: "\
The flow asks for something that the resource's endpoints cannot do: a list without `list`, a key without `find by`, a hole of a path whose
value is absent. A value that would lead out of its place in the address (`..`) is refused here as well.

```flow
resource units: Unit { get GET \"/units/{Id}\", key Id }        // `books.units[Code = \"ST\"]` cannot be asked
```
```flow
resource units: Unit { list GET \"/units\", key Id, whole }     // read once, any field is a key
```",
    },
    Entry {
        code: "F0713",
        title: "a record is gone",
        page: "\
The system no longer has the record that was asked for or written to: somebody deleted it, or it was turned into something else. `ensure` looks
its key up again; `create` and `update` end in `skip`, so that what a person deleted is not made again.",
    },
    Entry {
        code: "F0714",
        title: "a key is used already",
        page: "\
The system keeps this field unique, and another record has the value: somebody was faster, or an earlier write took effect after all. The key
is looked up again and the record found there is taken. If nothing is found under it, the record fails and names the value: the other record
may be inactive or in the bin.",
    },
    Entry {
        code: "F0715",
        title: "a new sign-in could not be stored",
        page: "\
Refresh tokens are used up by use: each answer brings the next one. It is stored before anything is done with it, since losing it means signing
in again by hand. The store could not take it, so the run stops. Make room on the disk, check that `.flowbook/` can be written, and run again.",
    },
    Entry {
        code: "F0716",
        title: "a test asks for a single record that it does not give",
        page: "\
In a test and in `flowbook map`, resources that are not given are empty. A resource that is a single record (`one`) cannot be empty, so it must
be given as soon as a flow asks for it.

```flow
test \"prices include VAT\" {
  given books.company_settings from \"fixtures/settings.json\"
  given till.orders from \"fixtures/order.json\"
  expect orders done 1
}
```",
    },
    Entry {
        code: "F0717",
        title: "given records cannot be read",
        page: "\
A file for `given … from` or `--given` holds records as the system itself answers them: one JSON object, a list, one object a line, or a whole
answer with its envelope. The message names the file, the record and the place in it.",
    },
];
