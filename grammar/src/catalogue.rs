//! The grammar's part of the catalogue of diagnostics: `F0001` to `F0099`, each with its page.
//!
//! A page's ```flow,wrong example gives the code and its ```flow,right example reads without an error: a test sees to it.

/// A code of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// `F0123`
    pub code: &'static str,
    /// One line.
    pub title: &'static str,
    /// Markdown: what it means, why it is so, a wrong and a right example.
    pub page: &'static str,
}

/// All codes of syntax errors.
pub const CODES: &[Entry] = &[
    Entry {
        code: "F0001",
        title: "A file is too large",
        page: r#"A `.flow` file has at most 1,000,000 bytes. A reader could not follow more, and a bound keeps a wrong file from filling memory. Move long tables to a CSV (`from "tables/rates.csv"`), and split the rest over several files of the folder: they share their names.
"#,
    },
    Entry {
        code: "F0002",
        title: "Brackets are nested too deep",
        page: r#"At most 64 brackets, texts and waiting `if`s may be open at once. The bound makes reading safe on every machine, and text that needs more cannot be reviewed. Give inner parts names.

```flow,wrong
map a() = ((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((1))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))
```

```flow,right
map inner() = (1 + 2)
map a() = (inner() + 3)
```
"#,
    },
    Entry {
        code: "F0003",
        title: "A comparison is written otherwise",
        page: r#"One sign compares: `=`. Nothing is ever assigned to, so it needs no doubling. The others are `!=`, `<`, `<=`, `>`, `>=` and `in`.

```flow,wrong
flow f {
  where order.status == "new"
}
```

```flow,right
flow f {
  where order.status = "new"
}
```
"#,
    },
    Entry {
        code: "F0004",
        title: "A sign of another language",
        page: r#"Logic is written in words, `and`, `or`, `not`, so that it reads aloud; and since values never change there is no `+=` or `++`.

```flow,wrong
map a() = b && !c
```

```flow,right
map a() = b and not c
```
"#,
    },
    Entry {
        code: "F0005",
        title: "A text stands in other quotes",
        page: r#"Texts have straight double quotes. Word processors turn them into curly ones, which look alike and are letters.

```flow,wrong
zone 'Europe/Stockholm'
```

```flow,right
zone "Europe/Stockholm"
```
"#,
    },
    Entry {
        code: "F0006",
        title: "A semicolon",
        page: r#"A line ends by itself. A line that goes on begins with `|`, `else`, `and`, `or`, `+`, `*`, `/` or a clause's word.

```flow,wrong
map a() = 1;
```

```flow,right
map a() = 1
```
"#,
    },
    Entry {
        code: "F0007",
        title: "A percent sign stands alone",
        page: r#"`25%` is one word, a percentage; there is no remainder of a division.

```flow,wrong
map a() = 25 %
```

```flow,right
map a() = 25%
```
"#,
    },
    Entry {
        code: "F0008",
        title: "A question mark in an expression",
        page: r#"`?` belongs to types, where it says that a value may be absent. A choice is written `if … => … else …`, and `else` stands in for an absent value.

```flow,wrong
map a() = paid ? 1 : 2
```

```flow,right
map a() = if paid => 1 else 2
```
"#,
    },
    Entry {
        code: "F0009",
        title: "A text does not end on its line",
        page: r#"A text begins and ends on one line, so that a forgotten quote spoils one line and not the file.

```flow,wrong
map a() = "no end
```

```flow,right
map a() = "an end"
```
"#,
    },
    Entry {
        code: "F0010",
        title: "A word of another language",
        page: r#"The words of other languages mean something near, seldom the same. The message names what is written here.

```flow,wrong
map a() = if b then 1
```

```flow,right
map a() = if b => 1
```
"#,
    },
    Entry {
        code: "F0011",
        title: "The wrong arrow",
        page: r#"`=>` stands before what a row, an `if` or a `for` gives; `->` before the type of a result; `=` before the value of a map, a `let` or a setting.

```flow,wrong
table t(a: text) -> int {
  "a" = 1
  otherwise => 2
}
```

```flow,right
table t(a: text) -> int {
  "a" => 1
  otherwise => 2
}
```
"#,
    },
    Entry {
        code: "F0012",
        title: "A value is missing",
        page: r#"The sign or word at the end of a line asks for a value, and none follows.

```flow,wrong
map a() =
```

```flow,right
map a() = 1
```
"#,
    },
    Entry {
        code: "F0013",
        title: "`=` and `:` are mixed up",
        page: r#"A field of a record has a colon, as in JSON. `let`, `set` and `setting` have `=`; behind their colon stands a type.

```flow,wrong
map a() {
  Name = "x"
}
```

```flow,right
map a() {
  Name: "x"
}
```
"#,
    },
    Entry {
        code: "F0014",
        title: "Something that is no item",
        page: r#"A file is made of items, each with its word in the first column: connector, extend, flow, map, retention, set, setting, system, table, test, type, use and zone.

```flow,wrong
mapp a() = 1
```

```flow,right
map a() = 1
```
"#,
    },
    Entry {
        code: "F0015",
        title: "A name begins with the wrong case",
        page: r#"Values, maps, tables, flows and settings begin with a small letter, types with a capital. Two capitals alone are a country and three a currency, and this keeps them apart.

```flow,wrong
setting Store: text
```

```flow,right
setting store: text
```
"#,
    },
    Entry {
        code: "F0016",
        title: "A word of the language stands as a name",
        page: r#"Some words carry the grammar and name nothing. Behind a dot and in front of a colon any word may stand, since vendors choose those.

```flow,wrong
flow f {
  let match = 1
}
```

```flow,right
flow f {
  let matched = 1
  let other   = order.match
}
```
"#,
    },
    Entry {
        code: "F0017",
        title: "A bracket is never closed",
        page: r#"The item ends, or the next one begins, and a bracket is still open. The message shows which.

```flow,wrong
map a() = f(1, 2
```

```flow,right
map a() = f(1, 2)
```
"#,
    },
    Entry {
        code: "F0018",
        title: "Text that cannot be read",
        page: r#"What stands here fits no rule, and no better guess can be made. The message says what was expected; the reference in grammar/README.md has every rule.

```flow,wrong
map a() = f(1 2)
```

```flow,right
map a() = f(1, 2)
```
"#,
    },
    Entry {
        code: "F0019",
        title: "A bracket closes nothing",
        page: r#"There is one closing bracket too many, or an earlier one closed too much.

```flow,wrong
map a() = 1)
```

```flow,right
map a() = (1)
```
"#,
    },
    Entry {
        code: "F0020",
        title: "A bracket of another kind closes",
        page: r#"Brackets close in the order in which they open, each by its own kind.

```flow,wrong
map a() = (1 + 2]
```

```flow,right
map a() = (1 + 2)
```
"#,
    },
    Entry {
        code: "F0021",
        title: "A block has an `else`",
        page: r#"The steps of a flow have no other branch: each `if` says its own condition, so that a reader of one block need not look for another. A value does have one: `if c => a else b`.

```flow,wrong
flow f {
  if a {
    prefer till
  } else {
    prefer books
  }
}
```

```flow,right
flow f {
  if a {
    prefer till
  }
  if not a {
    prefer books
  }
}
```
"#,
    },
    Entry {
        code: "F0022",
        title: "A comment begins otherwise",
        page: r#"`//` begins a comment, up to the line's end. `///` tells about the item below, `//!` about the file.

```flow,wrong
# a comment
map a() = 1
```

```flow,right
// a comment
map a() = 1
```
"#,
    },
    Entry {
        code: "F0023",
        title: "A number lacks a digit",
        page: r#"There are digits on both sides of the point, so that a point behind a value always means a field.

```flow,wrong
map a() = .5
```

```flow,right
map a() = 0.5
```
"#,
    },
    Entry {
        code: "F0024",
        title: "Neither a number nor a span of time",
        page: r#"A span is a number, a blank and a unit: seconds, min, minutes, hours or days. Weeks are seven days; months and years differ in length and are no spans.

```flow,wrong
flow f {
  wait 3 months
}
```

```flow,right
flow f {
  wait 90 days
}
```
"#,
    },
    Entry {
        code: "F0025",
        title: "A write does not say where",
        page: r#"`create` and `ensure` name what they write and where: `create NAME in RESOURCE`. The name may be left out, the word `in` not.

```flow,wrong
flow f {
  create draft books.drafts by A = 1 { B: 2 }
}
```

```flow,right
flow f {
  create draft in books.drafts by A = 1 { B: 2 }
}
```
"#,
    },
    Entry {
        code: "F0026",
        title: "Brackets without a key",
        page: r#"Brackets behind a value look up the one record that has a key. Items of a list are not counted: their order is the vendor's and may change.

```flow,wrong
map a() = rows[0]
```

```flow,right
map a() = rows | first
```
"#,
    },
    Entry {
        code: "F0027",
        title: "A lambda",
        page: r#"Functions over lists take a condition or a value of each item, and `.field` is the item's field. Nothing has to be named.

```flow,wrong
map a() = rows | any(r => r.paid)
```

```flow,right
map a() = rows | any(.paid)
```
"#,
    },
    Entry {
        code: "F0028",
        title: "A `for` outside of a list",
        page: r#"A `for` that gives values makes a list, and stands in its brackets. As a statement it has braces.

```flow,wrong
map a() = for x in xs => x
```

```flow,right
map a() = [for x in xs => x]
```
"#,
    },
    Entry {
        code: "F0029",
        title: "A comparison of a comparison",
        page: r#"What `a < b < c` should mean is guessed differently by different readers, so it is not allowed.

```flow,wrong
map a() = 1 < b < 3
```

```flow,right
map a() = 1 < b and b < 3
```
"#,
    },
    Entry {
        code: "F0030",
        title: "A letter that is in no name",
        page: r#"Names are made of a to z, A to Z, digits and `_`. Letters of all languages stand in texts.

```flow,wrong
map straße() = 1
```

```flow,right
map strasse() = "straße"
```
"#,
    },
    Entry {
        code: "F0031",
        title: "The file is not text",
        page: r#"A control character stands in the file: it is probably no flow file, or was damaged on its way.
"#,
    },
    Entry {
        code: "F0032",
        title: "Braces in a text cannot be read",
        page: r#"`{…}` in a text holds one value. A brace itself is written `\{`.

```flow,wrong
map a() = "x {} y"
```

```flow,right
map a() = "x \{} y {b}"
```
"#,
    },
    Entry {
        code: "F0033",
        title: "An unknown escape",
        page: r#"In a text `\` stands before one of `"`, `\`, `n`, `t`, `{` and `}`.

```flow,wrong
map a() = "C:\dir"
```

```flow,right
map a() = "C:\\dir"
```
"#,
    },
    Entry {
        code: "F0034",
        title: "An item is indented",
        page: r#"Items begin in the first column. That is how the reader finds the next item when one is broken.

```flow,wrong
map a() = 1
  map b() = 2
```

```flow,right
map a() = 1
map b() = 2
```
"#,
    },
    Entry {
        code: "F0035",
        title: "A `///` text without an item",
        page: r#"`///` describes the item below it. Alone in a file, or behind an item, it describes nothing.

```flow,wrong
/// About what?
```

```flow,right
/// Always one.
map a() = 1
```
"#,
    },
    Entry {
        code: "F0036",
        title: "A brace below its line",
        page: r#"The `{` of a flow, an `if`, a `for`, a test or a connector stands at the end of its line. Tables, maps with a record below clauses, and writing steps may have it on the next.

```flow,wrong
flow f
{
  where a
}
```

```flow,right
flow f {
  where a
}
```
"#,
    },
    Entry {
        code: "F0037",
        title: "A sum behind a pipe",
        page: r#"`+`, `-`, `*` and `/` bind tighter than `|`, so behind a function there is nothing they could belong to.

```flow,wrong
map a() = b | trim + 1
```

```flow,right
map a() = (b | trim) + 1
```
"#,
    },
];
