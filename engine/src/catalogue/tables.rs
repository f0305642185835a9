//! Codes of decision tables: F0200 to F0299.

use super::Entry;

pub(super) const CODES: &[Entry] = &[
    Entry {
        code: "F0201",
        title: "Two rows of a table overlap",
        page: "\
Two rows take the same values, so which one counts would depend on their order. Rows of a Flowbook table have no order: a bookkeeper may sort \
them, and a reviewer can read one row without the others. `_` is any value and overlaps with everything; what no row takes is said by `otherwise`.

```flow,wrong
table vat(to: country) -> percent {
  eu        => 25%
  SE        => 12%
  otherwise => 0%
}
```
```flow,right
table vat(to: country) -> percent {
  eu - SE   => 25%
  SE        => 12%
  otherwise => 0%
}
```

Rows of a *later layer* (a CSV behind `or`) may overlap those of an earlier one: the last layer is asked first.",
    },
    Entry {
        code: "F0202",
        title: "A table leaves a case out",
        page: "\
No row takes some values, and there is no `otherwise`. The missing cases are shown as rows that you can paste. What can be counted (bool, closed \
sets, countries, ranges of numbers, dates) is proved; texts cannot be counted, so a table over a text needs `otherwise`.

```flow,wrong
table sales_account(kind: \"goods\" | \"service\", business: bool) -> account {
  \"goods\",   _    => 3001
  \"service\", true => 3308
}
```
```flow,right
table sales_account(kind: \"goods\" | \"service\", business: bool) -> account {
  \"goods\",   _     => 3001
  \"service\", true  => 3308
  \"service\", false => fail \"no account for services to private persons\"
}
```",
    },
    Entry {
        code: "F0204",
        title: "A row takes nothing",
        page: "\
The cells of the row leave no value over: a range from a larger to a smaller number, a set without any of its members, days on which the set is \
empty. Such a row is a slip of the pen that would never be seen at work.

```flow,wrong
table freight(weight: int) -> text {
  10..0     => \"light\"
  otherwise => \"heavy\"
}
```
```flow,right
table freight(weight: int) -> text {
  0..10     => \"light\"
  otherwise => \"heavy\"
}
```",
    },
    Entry {
        code: "F0205",
        title: "`otherwise` is never asked",
        page: "\
The rows take every value there is, so nothing is left for `otherwise`. It does no harm; but without it, a case that is missing one day (a name added to a \
closed set, say) is told when the flowbook is checked, rather than found in the books.

```flow,wrong
table word(yes: bool) -> text {
  true      => \"yes\"
  false     => \"no\"
  otherwise => \"?\"
}
```
```flow,right
table word(yes: bool) -> text {
  true  => \"yes\"
  false => \"no\"
}
```",
    },
    Entry {
        code: "F0206",
        title: "A later layer replaces a row",
        page: "\
A table has layers: the rows in the text, then each CSV in order. The last layer is asked first, so its rows replace those of earlier ones. That is what layers are \
for; this note lists every row that is replaced, in whole or in part, so that an update of the shipped table is not lost without a word.",
    },
    Entry {
        code: "F0207",
        title: "A row has too many or too few cells",
        page: "\
Every row has one cell for each parameter of the table, or for each value that `match` compares. `_` stands for any value.

```flow,wrong
table unit(name: text, many: bool) -> text {
  \"kg\"      => \"kg\"
  otherwise => \"st\"
}
```
```flow,right
table unit(name: text, many: bool) -> text {
  \"kg\", _   => \"kg\"
  otherwise => \"st\"
}
```",
    },
    Entry {
        code: "F0208",
        title: "A constant does not fit its column",
        page: "\
The column can never have this value, so the row would never be asked: a text where numbers stand, a name that the closed set has not, `none` where a value is \
always there, a text longer than the column.

```flow,wrong
table rate_name(rate: percent) -> text {
  25        => \"normal\"
  otherwise => \"reduced\"
}
```
```flow,right
table rate_name(rate: percent) -> text {
  25%       => \"normal\"
  otherwise => \"reduced\"
}
```",
    },
    Entry {
        code: "F0209",
        title: "No set of this name",
        page: "\
A name in a cell is a set of countries or territories, such as `eu` or `world`. Texts stand in quotes, countries are two capitals.

```flow,wrong
table vat(to: country) -> bool {
  europe    => true
  otherwise => false
}
```
```flow,right
table vat(to: country) -> bool {
  eu        => true
  otherwise => false
}
```",
    },
    Entry {
        code: "F0210",
        title: "A cell's form does not fit its column",
        page: "\
Ranges (`0..100`) and comparisons (`>= 10%`) need an order, which only numbers, percentages, money, dates and times have. `-` takes countries out of a set, not out \
of one value.

```flow,wrong
table size(name: text) -> int {
  >= 5      => 1
  otherwise => 0
}
```
```flow,right
table size(name: text) -> int {
  \"5\" | \"6\" => 1
  otherwise => 0
}
```",
    },
    Entry {
        code: "F0211",
        title: "Dates in a table that takes none",
        page: "\
Rows with `from` and `until` need to know the day on which they are asked, and there is no \"today\" in a flowbook: the same order must give the same row next \
year. A table with dates says `at date` and is given the date as its last argument.

```flow,wrong
table vat(reduced: bool) -> percent {
  true            => 12%
  false from 2026-01-01 => 25%
  false until 2025-12-31 => 24%
}
```
```flow,right
table vat(reduced: bool) at date -> percent {
  true            => 12%
  false from 2026-01-01 => 25%
  false until 2025-12-31 => 24%
}
```",
    },
    Entry {
        code: "F0212",
        title: "A row ends before it begins",
        page: "\
`from` and `until` are the first and the last day, both inclusive. A row whose last day is before its first is in force on no day.

```flow,wrong
table vat(reduced: bool) at date -> percent {
  true from 2026-01-01 until 2025-12-31 => 12%
  otherwise => 25%
}
```
```flow,right
table vat(reduced: bool) at date -> percent {
  true from 2025-01-01 until 2025-12-31 => 12%
  otherwise => 25%
}
```",
    },
    Entry {
        code: "F0213",
        title: "Two `otherwise` rows",
        page: "\
`otherwise` takes what no row takes; there can be one only.

```flow,wrong
table unit(name: text) -> text {
  \"kg\"      => \"kg\"
  otherwise => \"st\"
  otherwise => \"pcs\"
}
```
```flow,right
table unit(name: text) -> text {
  \"kg\"      => \"kg\"
  otherwise => \"st\"
}
```",
    },
    Entry {
        code: "F0214",
        title: "Rows give different types",
        page: "\
What a `match` gives must have one type, whichever row is taken. `fail`, `skip` and `wait` fit every type.

```flow,wrong
map weight(kind: \"a\" | \"b\") -> decimal =
  match kind {
    \"a\" => 1
    \"b\" => \"two\"
  }
```
```flow,right
map weight(kind: \"a\" | \"b\") -> decimal =
  match kind {
    \"a\" => 1
    \"b\" => 2
  }
```",
    },
    Entry {
        code: "F0215",
        title: "A CSV file cannot be read",
        page: "\
A table takes its rows `from \"tables/x.csv\"`. The path begins at the folder of the file that names it, and stays inside the flowbook's folder or one that it \
uses. A layer that may be missing has a `?`: `or \"tables/own.csv\"?`.",
    },
    Entry {
        code: "F0216",
        title: "A CSV file is broken",
        page: "\
Fields are separated by commas (or semicolons, as many spreadsheets write them). A field that holds a separator, a quote or a line end stands in quotes; a quote \
inside it is doubled: `\"say \"\"hi\"\"\"`. A quote that is opened must be closed.",
    },
    Entry {
        code: "F0217",
        title: "A CSV has a column that the table has not",
        page: "\
The header names the table's parameters, then the fields of its result (or `value`, where the result is no record), then `from` and `until` for a table `at date`. \
A column of any other name would be read by nobody, so it is most likely misspelt.",
    },
    Entry {
        code: "F0218",
        title: "A CSV lacks a column",
        page: "\
Every parameter of the table and every field of its result that is always there needs a column in the header. `from`, `until` and fields that may be absent may be \
left out.",
    },
    Entry {
        code: "F0219",
        title: "A row of a CSV has too many fields",
        page: "\
The row has more fields than the header names columns. Most often a text with a comma lacks its quotes: `\"Kort, kontant\"`.",
    },
    Entry {
        code: "F0220",
        title: "A CSV leaves a result empty",
        page: "\
An empty cell of a *parameter* means any value. An empty cell of the *result* means that there is none, which only results of a type with `?` allow.",
    },
    Entry {
        code: "F0221",
        title: "No date",
        page: "\
Days are written as year, month, day: `2026-03-01`. Spreadsheets like to change that when they open a CSV; format the column as text before saving.",
    },
    Entry {
        code: "F0222",
        title: "A row of a table has a condition",
        page: "\
`if` belongs to rows of a connector's `answers`. When a row of a table applies is said by its cells alone, so that overlap and gaps can be proved. Make what the \
condition asks another column.",
    },
    Entry {
        code: "F0223",
        title: "A table without rows",
        page: "\
The table has no rows, in the text or in a CSV, and no `otherwise`: it can give nothing.

```flow,wrong
table unit(name: text) -> text {
}
```
```flow,right
table unit(name: text) -> text {
  otherwise => \"st\"
}
```",
    },
    Entry {
        code: "F0224",
        title: "Too many combinations to prove",
        page: "\
Whether the rows take every combination of values cannot be found out in reasonable time. Say what happens to the rest: `otherwise => fail \"…\"`.",
    },
    Entry {
        code: "F0225",
        title: "A result in a CSV does not fit",
        page: "\
The column holds the table's result, or one field of it, and this value is none of that type: letters where an account stands, a text that is too long, a percentage without its sign.",
    },
];
