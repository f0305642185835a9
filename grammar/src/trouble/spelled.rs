//! Signs and words of other languages: what each is called here.

use super::Said;
use super::here::Here;

/// A sign, its code, what is wrong, the fix.
const SIGNS: &[(&str, &str, &str, &str)] = &[
    (
        "==",
        "F0003",
        "`==` is not needed: `=` compares.",
        "Write `=`.",
    ),
    (
        "===",
        "F0003",
        "`===` is not needed: `=` compares.",
        "Write `=`.",
    ),
    (
        "!==",
        "F0003",
        "`!==` is not needed: `!=` compares.",
        "Write `!=`.",
    ),
    ("<>", "F0003", "“Not equal” is written `!=`.", "Write `!=`."),
    ("=<", "F0003", "“At most” is written `<=`.", "Write `<=`."),
    ("=!", "F0003", "“Not equal” is written `!=`.", "Write `!=`."),
    ("&&", "F0004", "`&&` is written `and` here.", "Write `and`."),
    (
        "&",
        "F0004",
        "`&` is written `and` here.",
        "Write `and`; texts are joined by writing \"{a}{b}\".",
    ),
    (
        "||",
        "F0004",
        "`||` is written `or` here.",
        "Write `or`; one `|` hands a value to a function.",
    ),
    (
        "!",
        "F0004",
        "`!` is written `not` here.",
        "Write `not`; `!=` compares.",
    ),
    (
        "+=",
        "F0004",
        "There is no `+=`: a value never changes.",
        "Give the sum a name of its own with `let`.",
    ),
    (
        "-=",
        "F0004",
        "There is no `-=`: a value never changes.",
        "Give the difference a name of its own with `let`.",
    ),
    (
        "++",
        "F0004",
        "There is no `++`: a value never changes.",
        "Write `+ 1`; in `for x, n in xs` the name `n` counts.",
    ),
    (
        ":=",
        "F0004",
        "`:=` is written `=` behind `let`, and `:` in a record.",
        "Write `let NAME = VALUE` or `NAME: VALUE`.",
    ),
    ("**", "F0004", "There is no power.", "Multiply."),
    (
        "^",
        "F0004",
        "There is no `^`.",
        "Use `*`; texts are joined by writing \"{a}{b}\".",
    ),
    ("|>", "F0004", "`|>` is written `|` here.", "Write `|`."),
    (
        "::",
        "F0004",
        "There is no `::`.",
        "Fields and resources are reached with a dot.",
    ),
    (";", "F0006", "A line ends by itself.", "Take the `;` away."),
    (
        "%",
        "F0007",
        "There is no modulo; `%` belongs to a number.",
        "Write percents as 25%, without a blank.",
    ),
    (
        "?",
        "F0008",
        "`?` belongs to types.",
        "Write `if CONDITION => VALUE else OTHER`, or `VALUE else OTHER` for an absent value.",
    ),
    (
        "??",
        "F0008",
        "`??` is written `else` here.",
        "Write `VALUE else OTHER`.",
    ),
    (
        "?:",
        "F0008",
        "`?:` is written `else` here.",
        "Write `VALUE else OTHER`.",
    ),
    ("#", "F0022", "A comment begins with `//`.", "Write `// …`."),
    (
        "/*",
        "F0022",
        "A comment begins with `//` and ends with its line.",
        "Write `// …` in front of each line.",
    ),
    (
        "--",
        "F0022",
        "A comment begins with `//`.",
        "Write `// …`.",
    ),
    (
        "$",
        "F0018",
        "Names have no `$`.",
        "Write the name alone; in a text, \"{name}\".",
    ),
    (
        "@",
        "F0018",
        "Nothing begins with `@`.",
        "Take the `@` away.",
    ),
];

/// A word, what is wrong, the fix. All are F0010.
const WORDS: &[(&str, &str, &str)] = &[
    (
        "null",
        "An absent value is written `none`.",
        "Write `none`; `x exists` and `x missing` ask for it.",
    ),
    (
        "nil",
        "An absent value is written `none`.",
        "Write `none`; `x exists` and `x missing` ask for it.",
    ),
    (
        "undefined",
        "An absent value is written `none`.",
        "Write `none`; `x exists` and `x missing` ask for it.",
    ),
    (
        "is",
        "There is no `is`.",
        "Write `x exists`, `x missing`, or `x = y`.",
    ),
    (
        "then",
        "There is no `then`.",
        "Write `if CONDITION => VALUE`.",
    ),
    ("elif", "There is no `elif`.", "Write `else if`."),
    ("elsif", "There is no `elsif`.", "Write `else if`."),
    ("elseif", "There is no `elseif`.", "Write `else if`."),
    (
        "when",
        "There is no `when`.",
        "Write `if CONDITION`; a choice among many values is `match x { … }`.",
    ),
    (
        "unless",
        "There is no `unless`.",
        "Write `if not CONDITION`.",
    ),
    (
        "switch",
        "There is no `switch`.",
        "Write `match x { \"a\" => 1, otherwise => 2 }`.",
    ),
    (
        "case",
        "There is no `case`.",
        "Write `match x { \"a\" => 1, otherwise => 2 }`.",
    ),
    (
        "default",
        "There is no `default`.",
        "Write `otherwise => …` in a table, `else …` for an absent value.",
    ),
    (
        "return",
        "There is no `return`.",
        "A map is its value: `map NAME(x: type) = …`.",
    ),
    ("const", "There is no `const`.", "Write `let NAME = …`."),
    ("var", "There is no `var`.", "Write `let NAME = …`."),
    (
        "function",
        "There is no `function`.",
        "Write `map NAME(x: type) = …`.",
    ),
    (
        "def",
        "There is no `def`.",
        "Write `map NAME(x: type) = …`.",
    ),
    ("fn", "There is no `fn`.", "Write `map NAME(x: type) = …`."),
    (
        "func",
        "There is no `func`.",
        "Write `map NAME(x: type) = …`.",
    ),
    (
        "while",
        "There is no `while`.",
        "The only loop is `for x in xs`, over a list that ends.",
    ),
    (
        "try",
        "There is no `try`: a failure ends its record, never the run.",
        "Say what absence becomes with `else`; the rest is told in the list of failed records.",
    ),
    (
        "catch",
        "There is no `catch`: a failure ends its record, never the run.",
        "Say what absence becomes with `else`.",
    ),
    (
        "throw",
        "There is no `throw`.",
        "Write `fail \"the reason\"`.",
    ),
    (
        "raise",
        "There is no `raise`.",
        "Write `fail \"the reason\"`.",
    ),
    (
        "error",
        "There is no `error`.",
        "Write `fail \"the reason\"`.",
    ),
    (
        "import",
        "There is no `import`.",
        "Files of one folder see each other; another folder is brought in with `use \"DIR\"`.",
    ),
    (
        "include",
        "There is no `include`.",
        "Files of one folder see each other; another folder is brought in with `use \"DIR\"`.",
    ),
    (
        "delete",
        "There is no `delete`: nothing is ever deleted.",
        "Put it to rest with an `update`, such as `update x in R { IsActive: false }`.",
    ),
    (
        "insert",
        "There is no `insert`.",
        "Write `create NAME in RESOURCE by KEY = VALUE { … }`.",
    ),
    (
        "upsert",
        "There is no `upsert`.",
        "Write `ensure NAME in RESOURCE by KEY = VALUE { … }`.",
    ),
    (
        "select",
        "There is no `select`.",
        "Write `read NAME in RESOURCE`, or look one record up: `RESOURCE[KEY = VALUE]`.",
    ),
    (
        "lambda",
        "There are no lambdas.",
        "In the argument of a list function `.field` is a field of the item: `sum(.total)`.",
    ),
    ("xor", "There is no `xor`.", "Write `a != b`."),
    (
        "mod",
        "There is no modulo.",
        "Say what is wanted with a table or `round`.",
    ),
    (
        "contains",
        "There is no `contains`.",
        "Write `x in list`, or `list | any(.field = x)`.",
    ),
    ("True", "It is written `true`.", "Write `true`."),
    ("False", "It is written `false`.", "Write `false`."),
    (
        "None",
        "An absent value is written `none`.",
        "Write `none`.",
    ),
];

/// Words that begin a statement of a flow or a test; none of them is an item.
const STATEMENTS: &[&str] = &[
    "read", "where", "let", "skip", "fail", "wait", "create", "ensure", "update", "confirm",
    "every", "after", "prefer", "if", "for", "given", "expect",
];

pub(super) fn say(here: &Here<'_>) -> Option<Said> {
    if here.at_end {
        return None;
    }
    let sign = here.sign();
    if let Some((_, code, message, help)) = SIGNS.iter().find(|(known, ..)| *known == sign) {
        return Some(Said::new(
            code,
            *message,
            "not a sign of the language",
            *help,
        ));
    }
    // `!paid` and `-!x`
    if here.token() == "!" && !here.rest().starts_with("!=") {
        return Some(Said::new(
            "F0004",
            "`!` is written `not` here.",
            "not a sign of the language",
            "Write `not`; `!=` compares.",
        ));
    }
    match here.token() {
        "'" | "`" | "‘" | "’" | "“" | "”" | "«" | "»" | "„" => {
            return Some(Said::new(
                "F0005",
                "Texts stand in double quotes.",
                "not the quote of a text",
                "Write \"…\".",
            ));
        }
        _ => {}
    }
    let word = here.token();
    if here.before().is_empty() && here.inside().is_none() && STATEMENTS.contains(&word) {
        return Some(Said::new(
            "F0014",
            format!("No item begins with `{word}`."),
            "expected an item",
            format!("`{word}` stands inside the braces of a flow or a test: `flow NAME {{ … }}`."),
        ));
    }
    let known = |word: &str| {
        WORDS
            .iter()
            .find(|(known, ..)| *known == word)
            .map(|(_, message, help)| {
                Said::new("F0010", *message, "no word of the language", *help)
            })
    };
    // a word that was read as a name stands in front of the place where reading stopped
    known(word).or_else(|| {
        let last = here.before().rsplit(' ').next().unwrap_or_default();
        let called = here.body[..here.start].ends_with(' ') || here.before().len() == last.len();
        (called && !last.is_empty() && here.first() == last)
            .then(|| known(last))
            .flatten()
    })
}
