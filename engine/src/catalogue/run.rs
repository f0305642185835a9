//! Codes of records that fail while a flow runs: F0800 to F0899.

use super::Entry;

pub(super) const CODES: &[Entry] = &[
    Entry {
        code: "F0800",
        title: "The flow says that this record fails",
        page: "A `fail \"…\"` of the flow ended the record; its text is the reason, and stands in the report with the line it comes from.\n\n\
            Only this record is concerned. Correct what the text names, in the source or in the target: the next run tries the record again by itself.\n\n\
            ```flow\nlet article = books.articles[Number = sku] else fail \"article {sku} is not in the books\"\n```\n",
    },
    Entry {
        code: "F0801",
        title: "A field of the source holds something that it cannot mean",
        page: "A field was read that does not fit its type: a date that is none, a number with letters in it, a word that is none of the field's values. \
            A record fails only where such a field is used; fields that no flow reads may hold anything.\n\n\
            Correct the value in the system it comes from. Where the system means it so, the connector's type of the field is too narrow: widen it there, or give the field another type with `extend type`.\n",
    },
    Entry {
        code: "F0802",
        title: "A key finds more than one record",
        page: "A lookup `R[F = x]`, or the `by` of a step, stands for one record. The system has several with that value, and no rule could choose between them.\n\n\
            Merge or rename them there, so that one is left. Where several are right, look up by another field, or by two fields together.\n\n\
            ```flow\nensure buyer in books.customers by EmailAddress = order.customer.email, IsPrivatePerson = true { … }\n```\n",
    },
    Entry {
        code: "F0803",
        title: "A value cannot be computed with",
        page: "A function or an operator was given a value that it has no answer for: two currencies in one sum, a division by nothing, a text without the digits that were expected. \
            The message names the value.\n\nCorrect it where it comes from, or say in the flow what shall happen with such a value, for instance with `if … => …` or a table.\n",
    },
    Entry {
        code: "F0804",
        title: "No row of a table takes these values",
        page: "A table without `otherwise` met values that none of its rows takes, or a date before the first and behind the last row's dates.\n\n\
            Add a row for them, in the flowbook's own layer of the table if the table is a shipped one.\n\n\
            ```flow\ntable unit(name: text?) -> text {\n  \"stuk\" | \"st\" => \"st\"\n  otherwise => fail \"no unit in the books for “{name}”\"\n}\n```\n",
    },
    Entry {
        code: "F0805",
        title: "A record is too large to go through",
        page: "Lists in lists of this record have more items together than a record can have by any reason. It fails, so that one wrong record does not keep all others waiting.\n\n\
            Look at the record in its source: a list repeats itself there.\n",
    },
    Entry {
        code: "F0806",
        title: "A value does not fit the field that it is written to",
        page: "A text is longer, or a number has more decimals, than the target's field takes. Nothing is cut or rounded by itself, since a cut number is another number.\n\n\
            Nothing was written for the record. Say in the flow what shall be done with such a value.\n\n\
            ```flow\nName: b.company | shorten\nUnitPrice: l.price | round(2)\n```\n",
    },
    Entry {
        code: "F0807",
        title: "What was written for this record was deleted in the target",
        page: "The flow wrote a record for this one, and somebody has deleted it there since. It is not made again: who deleted it meant it.\n\n\
            A step that says `ensure` makes its record again by itself.\n",
    },
    Entry {
        code: "F0808",
        title: "The record to be updated is not there",
        page: "A step that says `update` changes what is there and makes nothing. Its key finds no record.\n\n\
            Make the record in the target, or let the step say `ensure`: that makes it where it is missing.\n\n\
            ```flow\nensure article in books.articles by Number = sku { … }\n```\n",
    },
    Entry {
        code: "F0809",
        title: "Nobody knows whether a write took effect",
        page: "The answer to a write was lost, or said nothing that can be relied on. After the time in which the system can still have worked on it, its key was looked up, and nothing was found; \
            it was sent again, three times at most, and found no answer. A write that leaves nothing to be found by is sent once only.\n\n\
            Look in the target for the document. If it is there, the next run finds it by its key and goes on. It is not sent again by itself: that could book it twice.\n\n\
            Where the flowbook names the resource no more (a system was taken out or renamed), nobody can look it up: the record fails in each run until the resource is named again, \
            or until you have looked there and dismissed the record.\n",
    },
    Entry {
        code: "F0810",
        title: "A key is taken by a record that cannot be seen",
        page: "The target refused to make the record since its key is used already, but shows no record with that key. Deleted and archived records often keep their numbers.\n\n\
            Look for it there, deleted ones included; restore or rename it, then run again.\n",
    },
    Entry {
        code: "F0811",
        title: "The target does not tell a field that a later step needs",
        page: "A step needs a field of a record that an earlier step wrote. The target's answer lacks it, and reading the record by its key did not bring it either.\n\n\
            Run again: what was written stands and is found. If it happens each time, the connector declares the field, but the system does not give it.\n",
    },
    Entry {
        code: "F0812",
        title: "The target took a document in another way than it was meant",
        page: "Prices were computed as including (or excluding) VAT, or in a currency, by what the target was expected to do with this customer. The document that it made says otherwise: its amounts mean something else now.\n\n\
            The document is written. Correct or delete it in the target; then correct what the flow takes for granted, mostly a field of the customer.\n",
    },
    Entry {
        code: "F0813",
        title: "The written document has another total",
        page: "A `confirm` compares what the target made of a document with what it must be, to the cent. They differ by more than the flow allows.\n\n\
            Nothing that follows was done for this record: a draft is not booked. Compare both documents line by line: discounts, freight, rounding and VAT rates are the usual places. \
            A retry compares again and never makes a second document.\n\n\
            ```flow\nconfirm draft.TotalAmount = order.total_price | as_incl within 0.00\n```\n",
    },
    Entry {
        code: "F0814",
        title: "The flowbook cannot remember what it does",
        page: "The store in the flowbook's `.flowbook` folder could not be read or written: the disk is full, the folder is read-only, or the file is damaged. \
            The run stops: what is not remembered could be booked twice.\n\n\
            Make room or rights, then run again. Do not delete the folder: without it every write is preceded by a look-up of everything.\n",
    },
    Entry {
        code: "F0815",
        title: "There is no record with this key",
        page: "`--only KEY` names a record by the key that its source gives it. The source has none with that key.\n\n\
            The summary of a run shows the keys of records that failed, `--dry-run` those of all. The number printed on a document is often another one than the source's own key.\n",
    },
    Entry {
        code: "F0816",
        title: "This line holds no record",
        page: "`flowbook map` takes one JSON record a line, or one JSON array of records. This piece of its input is neither, or stops in its middle.\n\n\
            The other lines are not concerned. Look at the line that the message names.\n",
    },
    Entry {
        code: "F0817",
        title: "An amount in another currency than the record that it is written to",
        page: "A record names its currency, and an amount in it carries another one: 10.00 SEK in an invoice in EUR would be booked as 10.00 EUR. No amount is converted by itself.\n\n\
            Nothing was written for the record. Write the currency that the amounts have, or let a person look at such a record.\n\n\
            ```flow\nCurrency: order.currency\nfail \"only EUR\" if order.currency != EUR\n```\n",
    },
    Entry {
        code: "F0818",
        title: "An amount with VAT in a record whose prices are without, or the reverse",
        page: "A record says by a flag whether its prices include VAT, and an amount in it carries the other basis: the VAT would be booked twice, or not at all.\n\n\
            Nothing was written for the record. Convert the amount by the flag that is written.\n\n\
            ```flow\nUnitPrice: row.price | in_basis(including, row.rate)\n```\n",
    },
    Entry {
        code: "F0820",
        title: "Another draft was chosen before",
        page: "What cannot be undone is made as a draft first, and only one draft of a record is ever booked. The journal says that another one was sent to be booked before, \
            and nobody knows whether it was: so this one is not.\n\n\
            Look in the target. If the first one is booked, the next run finds it by its reference. If it is not, book or delete it there by hand.\n",
    },
    Entry {
        code: "F0821",
        title: "The run was asked to stop",
        page: "Ctrl-C, or whoever runs Flowbook, asked it to stop. What was in flight was brought to its end, or stands in the journal as open; nothing new was begun.\n\n\
            Run again: it goes on where this one stopped. What stands open is looked up first, once it can no longer take effect, and nothing is made twice.\n",
    },
    Entry {
        code: "F0822",
        title: "A flow stopped, since so many records in a row failed for one cause",
        page: "Twenty-five records in a row failed anew with the same code at the same line, and none between them went through: what they have in common is wrong, not they. \
            The flow stopped, so that one cause is not told a thousand times; other flows went on. What was not reached is read again by the next run: the cursor stayed where it was.\n\n\
            Correct the cause that the message names, for instance a terms of payment that the books lack, then run again. A record that is wrong by itself never stops a flow, \
            nor do records that failed in the same way before.\n",
    },
    Entry {
        code: "F0823",
        title: "It is there already, and this store does not know who made it",
        page: "The flow skipped the record, since the target has something under the key by which the flow would create it, and the store remembers no write of it. Nothing is made a second time.\n\n\
            Mostly a person made it, or it is older than the flowbook: then nothing is to be done. But if a run made it, and its store in `.flowbook` was deleted since, or put back from an older copy, \
            run `flowbook relink`: it finds by key what was written, remembers it, and the next run goes on with what is still to do. \
            What it leaves out is not as this flow would write it, or was booked meanwhile: nothing tells whether a person made it, so compare it with its record and do by hand what is missing.\n",
    },
    Entry {
        code: "F0824",
        title: "What is there is another record's",
        page: "The target has something under the key by which the flow would create it, and that belongs to another record of the source: two orders have one number. \
            Nothing is made, and this record is not in the target: were it taken for done, one of two sales would be missing in the books, and nobody would see it.\n\n\
            Where they are two, give one of them another number, or have the key tell them apart (`by Reference = \"{webshop}-{order.number}\"`), and run again. \
            Where it is one that the source has twice, dismiss this record. Only keys that are made from the record's own key or title are watched like this: an article or a label may be shared.\n",
    },
    Entry {
        code: "F0899",
        title: "The plan does not fit the record",
        page: "Something that checking should have made impossible happened: a fault of Flowbook itself, not of the record or the flowbook.\n\n\
            Please report it, with the flow's text and the message. Only this record failed.\n",
    },
];
