//! Random flow text: every rule of the grammar, with blanks, line ends and comments wherever the language lets them stand.

/// Writes one file out of choices; the same choices give the same text.
pub fn file(choices: &[u16]) -> String {
    let mut pen = Pen {
        choices,
        at: 0,
        out: String::new(),
        comments: 0,
    };
    if pen.pick(4) == 0 {
        pen.put("//! What this file is for.\n");
    }
    while pen.at < choices.len() {
        pen.item();
        pen.put("\n");
        match pen.pick(5) {
            0 => pen.put("\n\n\n"),
            1 => pen.comment_line(),
            _ => {}
        }
    }
    pen.out
}

struct Pen<'a> {
    choices: &'a [u16],
    at: usize,
    out: String,
    comments: usize,
}

impl Pen<'_> {
    /// A choice below `among`; 0 when the choices have run out, so that 0 must be the shortest.
    fn pick(&mut self, among: u16) -> u16 {
        let choice = self.choices.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        choice % among
    }

    fn one<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[usize::from(self.pick(of.len() as u16))]
    }

    fn put(&mut self, text: &str) {
        self.out.push_str(text);
    }

    /// A blank that must be there.
    fn gap(&mut self) {
        let gap = self.one(&[" ", " ", "  ", "\t", "    "]);
        self.put(gap);
    }

    /// A blank that may be there.
    fn may(&mut self) {
        let gap = self.one(&["", "", " ", "  "]);
        self.put(gap);
    }

    fn comment(&mut self) -> String {
        self.comments += 1;
        let text = ["note", "“quoted”", "{ not code", "//", "a, b"][self.comments % 5];
        format!("// {} {text}", self.comments)
    }

    fn comment_line(&mut self) {
        let comment = self.comment();
        let indent = self.one(&["", "  ", "        "]);
        self.put(&format!("{indent}{comment}\n"));
    }

    /// A line end.
    fn line(&mut self) {
        if self.pick(6) == 1 {
            let comment = self.comment();
            self.put(&format!("  {comment}"));
        }
        let end = self.one(&["\n", "\n", "\n\n", "\r\n", "\n\n\n\n"]);
        self.put(end);
        if self.pick(8) == 1 {
            self.comment_line();
        }
        let indent = self.one(&["", "  ", "      "]);
        // the first column belongs to items
        self.put(if indent.is_empty() { " " } else { indent });
    }

    /// A place where a line may end.
    fn br(&mut self) {
        match self.pick(9) {
            7 => self.line(),
            1..=6 => self.put(" "),
            _ => {}
        }
    }

    /// A line end in front of an operator, or a blank.
    fn on(&mut self) {
        if self.pick(7) == 6 {
            self.line();
        } else {
            self.gap();
        }
    }

    /// Between elements.
    fn sep(&mut self) {
        match self.pick(5) {
            0 | 1 => self.put(", "),
            2 => {
                self.put(",");
                self.line();
            }
            _ => self.line(),
        }
    }

    fn name(&mut self) {
        let name = self.one(&[
            "a", "order", "payer_2", "from", "link", "where", "set", "number", "whole",
        ]);
        self.put(name);
    }

    fn word(&mut self) {
        let word = self.one(&[
            "id",
            "Name",
            "IsPrivatePerson",
            "else",
            "or",
            "by",
            "CorporateIdentityNumber",
            "in",
            "a_b",
            "x1",
        ]);
        self.put(word);
    }

    fn path(&mut self) {
        self.name();
        for _ in 0..self.pick(3) {
            self.put(".");
            self.word();
        }
    }

    fn string(&mut self, depth: usize) {
        self.put("\"");
        for _ in 0..self.pick(3) {
            let raw = self.one(&["text", " // no comment", "\\\"", "a, b", "\\{", "“å”", "  "]);
            self.put(raw);
            if depth > 0 && self.pick(3) == 1 {
                self.put("{");
                self.may();
                self.inline(depth - 1);
                self.may();
                self.put("}");
            }
        }
        self.put("\"");
    }

    /// An expression without line ends.
    fn inline(&mut self, depth: usize) {
        match self.pick(if depth == 0 { 2 } else { 6 }) {
            0 => self.name(),
            1 => self.literal(),
            2 => {
                self.name();
                let sign = self.one(&["+", " - ", "*", " | f", " else "]);
                self.put(sign);
                if sign != " | f" {
                    self.inline(depth - 1);
                }
            }
            3 => {
                self.put("f(");
                self.inline(depth - 1);
                self.put(" ,.x)");
            }
            4 => {
                self.put("books.articles[ Number=");
                self.inline(0);
                self.put("].Id");
            }
            _ => self.string(depth - 1),
        }
    }

    fn literal(&mut self) {
        let literal = self.one(&[
            "1",
            "0.50",
            "25%",
            "2026-03-01",
            "2026-03-01T09:00:00Z",
            "04:00",
            "30 days",
            "5   min",
            "125.00 incl",
            "true",
            "none",
            "SE",
            "SEK",
            "clear",
            "\"x\"",
        ]);
        self.put(literal);
    }

    fn expr(&mut self, depth: usize) {
        if self.pick(12) == 11 {
            self.put("not");
            self.gap();
        }
        let adds = self.operand(depth);
        self.tails(depth, true, adds);
    }

    fn chain(&mut self, depth: usize) {
        let adds = self.operand(depth);
        self.tails(depth, false, adds);
    }

    fn tails(&mut self, depth: usize, logic: bool, mut adds: bool) {
        if depth == 0 {
            return;
        }
        let mut compared = false;
        let mut asked = false; // behind `exists` only logic goes on
        for _ in 0..self.pick(4) {
            match self.pick(if logic { 8 } else { 5 }) {
                0..=5 if asked => {}
                1 | 2 if !adds => {}
                0 => {
                    self.on();
                    self.put("else");
                    self.gap();
                    self.br();
                    adds = self.operand(depth - 1);
                }
                1 => {
                    self.on();
                    let sign = self.one(&["+", "*", "/"]);
                    self.put(sign);
                    self.put(" ");
                    self.br();
                    self.sum(depth - 1);
                }
                2 => {
                    self.gap();
                    self.put("-");
                    self.may();
                    self.sum(depth - 1);
                }
                3 | 4 => {
                    adds = false; // a pipe is looser than a sum
                    self.on();
                    self.put("|");
                    self.br();
                    match self.pick(3) {
                        0 => self.name(),
                        1 => self.call(depth - 1),
                        _ => {
                            self.put(".");
                            self.word();
                        }
                    }
                }
                5 if !compared => {
                    compared = true;
                    self.put(" ");
                    let sign = self.one(&["=", "!=", "<=", ">", "in "]);
                    self.put(sign);
                    self.br();
                    self.chain(depth - 1);
                    adds = false;
                }
                6 => {
                    compared = false;
                    asked = false;
                    self.on();
                    let word = self.one(&["and", "or"]);
                    self.put(word);
                    self.gap();
                    self.br();
                    if self.pick(5) == 4 {
                        self.put("not ");
                    }
                    adds = self.operand(depth - 1);
                }
                _ if !compared => {
                    compared = true;
                    asked = true;
                    self.put(" ");
                    let word = self.one(&["exists", "missing"]);
                    self.put(word);
                }
                _ => {}
            }
        }
    }

    /// Whether it may be added to.
    fn operand(&mut self, depth: usize) -> bool {
        let kind = self.pick(if depth == 0 { 1 } else { 14 });
        match kind {
            11 => {
                self.put("if");
                self.gap();
                self.expr(depth - 1);
                self.br();
                self.put(" =>");
                self.br();
                self.sum(depth - 1);
            }
            12 => {
                let word = self.one(&["fail", "skip", "wait"]);
                self.put(word);
                self.may();
                self.string(depth - 1);
            }
            13 => {
                self.put("match ");
                self.name();
                if self.pick(3) == 2 {
                    self.put(" ,");
                    self.br();
                    self.path();
                }
                self.may();
                self.rows(depth - 1);
            }
            _ => self.sum(depth),
        }
        kind < 11
    }

    /// What may stand everywhere: an atom with fields and lookups behind it.
    fn sum(&mut self, depth: usize) {
        if self.pick(10) == 9 {
            self.put("-");
            self.may();
        }
        match self.pick(if depth == 0 { 2 } else { 8 }) {
            0 => self.path(),
            1 => self.literal(),
            2 => {
                self.put("(");
                self.br();
                self.expr(depth - 1);
                self.br();
                self.put(")");
            }
            3 => self.call(depth - 1),
            4 => self.list(depth - 1),
            5 => self.record(depth - 1, false),
            6 => {
                self.path();
                self.put("[");
                self.br();
                self.key(depth - 1);
                self.br();
                self.put("]");
                if self.pick(2) == 1 {
                    self.put(".");
                    self.word();
                }
            }
            _ => self.string(depth - 1),
        }
    }

    fn key(&mut self, depth: usize) {
        if self.pick(4) == 3 {
            self.put("link ");
            return self.chain(0);
        }
        for at in 0..=self.pick(2) {
            if at > 0 {
                self.put(",");
                self.br();
            }
            self.put(["Number", "a.b"][usize::from(at)]);
            self.may();
            self.put("=");
            self.br();
            self.chain(depth);
        }
    }

    fn call(&mut self, depth: usize) {
        self.name();
        self.put("(");
        self.br();
        let args = self.pick(4);
        for at in 0..args {
            if at > 0 {
                self.br();
                self.put(",");
                self.br();
            }
            match self.pick(5) {
                3 => {
                    self.put("mode:");
                    self.br();
                    self.expr(depth);
                }
                4 => {
                    self.put(".");
                    self.word();
                }
                _ => self.expr(depth),
            }
        }
        self.br();
        if args > 0 && self.pick(4) == 3 {
            self.put(",");
            self.br();
        }
        self.put(")");
    }

    fn list(&mut self, depth: usize) {
        self.put("[");
        self.br();
        let elements = self.pick(4);
        for at in 0..elements {
            if at > 0 {
                self.sep();
            }
            match self.pick(4) {
                2 => {
                    self.put("..");
                    self.may();
                    self.expr(depth);
                }
                3 => {
                    self.put("for x");
                    let more = self.one(&["", ", n", " ,n"]);
                    self.put(more);
                    self.put(" in ");
                    self.chain(0);
                    if self.pick(2) == 1 {
                        self.on();
                        self.put("if ");
                        self.expr(0);
                    }
                    self.on();
                    self.put("=>");
                    self.br();
                    self.expr(depth);
                }
                _ => self.expr(depth),
            }
        }
        self.br();
        self.put("]");
    }

    fn record(&mut self, depth: usize, write: bool) {
        self.put("{");
        self.br();
        let fields = self.pick(5);
        for at in 0..fields {
            if at > 0 {
                self.sep();
            }
            match self.pick(9) {
                0 => {
                    self.put("..");
                    self.expr(depth);
                }
                1 => {
                    self.put("let x");
                    self.may();
                    self.put("=");
                    self.br();
                    self.expr(depth);
                }
                2 if write => {
                    self.put("on create ");
                    if self.pick(2) == 1 {
                        self.put("or a ");
                    }
                    self.record(0, false);
                }
                3 => {
                    self.put("\"x-key\"");
                    self.may();
                    self.put(":");
                    self.expr(depth);
                }
                _ => {
                    self.word();
                    self.may();
                    self.put(":");
                    self.br();
                    self.expr(depth);
                }
            }
        }
        if fields > 0 && self.pick(5) == 4 {
            self.put(",");
        }
        self.br();
        self.put("}");
    }

    fn rows(&mut self, depth: usize) {
        self.put("{");
        self.br();
        let cells = self.pick(3);
        let rows = self.pick(4);
        for at in 0..rows {
            if at > 0 {
                self.sep();
            }
            if at + 1 == rows && self.pick(2) == 1 {
                self.put("otherwise");
            } else {
                for cell in 0..=cells {
                    if cell > 0 {
                        self.put(",");
                        self.may();
                    }
                    let cell = self.one(&[
                        "_",
                        "SE",
                        "eu-SE",
                        "eu  - SE",
                        "\"a\"|\"b\"",
                        "0..100",
                        ">=10%",
                        "25%",
                        "none",
                        "true",
                        "1 | 2",
                    ]);
                    self.put(cell);
                }
                if self.pick(5) == 4 {
                    self.put("  from 2021-07-01");
                }
                if self.pick(7) == 6 {
                    self.put(" until 2022-07-01");
                }
            }
            self.may();
            self.put("=>");
            self.br();
            self.expr(depth);
        }
        self.br();
        self.put("}");
    }

    fn type_(&mut self, depth: usize) {
        for at in 0..=self.pick(3) {
            if at > 0 {
                self.br();
                self.put("|");
                self.br();
            }
            match self.pick(if depth == 0 { 4 } else { 7 }) {
                0 => self.put("int"),
                1 => {
                    let of = self.one(&[
                        "text(50)",
                        "money( by parent.flag ,2)",
                        "till.Order",
                        "decimal (2)",
                    ]);
                    self.put(of);
                }
                2 => {
                    let of = self.one(&["\"quote\"", "\"new\" as 1", "\"old\"  as \"x\""]);
                    self.put(of);
                }
                3 => self.put("uuid"),
                4 => {
                    self.put("[");
                    self.br();
                    self.type_(depth - 1);
                    self.br();
                    self.put("]");
                }
                5 => {
                    self.put("(");
                    self.type_(depth - 1);
                    self.br();
                    self.put(")");
                }
                _ => self.fields(depth - 1),
            }
            if self.pick(4) == 3 {
                self.put("?");
            }
        }
    }

    fn fields(&mut self, depth: usize) {
        self.put("{");
        let fields = self.pick(4);
        for at in 0..fields {
            if at > 0 {
                self.sep();
            }
            if self.pick(6) == 5 {
                self.put("\n/// What it is.\n ");
            }
            if self.pick(7) == 6 {
                self.put("money in currency");
                continue;
            }
            self.word();
            self.put(":");
            self.br();
            self.type_(depth);
            let flag = self.one(&[
                "",
                " required",
                " readonly  personal",
                "= 0",
                " from \"a.b\"",
                " as points",
                " reads a.b",
                " writes a",
            ]);
            self.put(flag);
        }
        self.br();
        self.put("}");
    }

    fn params(&mut self) {
        self.put("(");
        self.br();
        for at in 0..self.pick(3) {
            if at > 0 {
                self.put(",");
                self.br();
            }
            self.name();
            self.may();
            self.put(":");
            self.type_(0);
        }
        self.br();
        self.put(")");
    }

    fn item(&mut self) {
        if self.pick(4) == 3 {
            self.put("/// What it does.\n");
        }
        match self.pick(13) {
            0 => {
                self.put("zone  \"Europe/Stockholm\"");
            }
            1 => self.put("use \"../shop\""),
            2 => {
                self.put("set ");
                self.name();
                self.put(" =");
                self.br();
                self.expr(1);
            }
            3 => {
                self.put("system till :");
                self.may();
                self.put("ccv ");
                if self.pick(3) == 2 {
                    self.record(1, false);
                }
            }
            4 => {
                self.put("setting ");
                self.name();
                self.put(":");
                self.type_(1);
                if self.pick(2) == 1 {
                    self.put(" =");
                    self.br();
                    self.expr(1);
                }
            }
            5 => {
                self.put("type Line");
                if self.pick(2) == 1 {
                    self.put(" =");
                    self.br();
                    self.type_(2);
                } else {
                    self.fields(1);
                }
            }
            6 => {
                self.put("table t");
                self.may();
                self.params();
                if self.pick(2) == 1 {
                    self.put(" at date");
                }
                self.put("->");
                self.type_(1);
                if self.pick(3) == 2 {
                    self.on();
                    self.put("from \"a.csv\"");
                    self.on();
                    self.put("or \"b.csv\" ?");
                }
                self.br();
                self.rows(2);
            }
            7 | 8 => {
                self.put("map ");
                self.name();
                self.params();
                if self.pick(2) == 1 {
                    self.br();
                    self.put("->");
                    self.type_(0);
                }
                if self.pick(2) == 1 {
                    self.may();
                    self.record(3, false);
                } else {
                    self.put("=");
                    self.br();
                    self.expr(3);
                }
            }
            9 => {
                self.put("flow ");
                self.name();
                self.may();
                self.block(2);
            }
            10 => self.test(),
            11 => match self.pick(3) {
                0 => {
                    self.put("extend type till.Order ");
                    self.fields(1);
                }
                1 => {
                    self.put("extend map m (a ,b)");
                    self.record(1, false);
                }
                _ => {
                    self.put("extend flow orders");
                    self.block(0);
                }
            },
            _ => {
                self.put("connector c ");
                self.connector(2);
            }
        }
    }

    fn block(&mut self, depth: usize) {
        self.put("{");
        self.br();
        for at in 0..self.pick(5) {
            if at > 0 {
                self.line();
            }
            self.statement(depth);
        }
        self.br();
        self.put("}");
    }

    fn statement(&mut self, depth: usize) {
        match self.pick(if depth == 0 { 11 } else { 14 }) {
            0 => {
                let text = self.one(&[
                    "every 5   min",
                    "every day at 04:00",
                    "on event",
                    "on event \"x\"",
                    "after a ,b",
                    "prefer books",
                    "wait 90 days",
                ]);
                self.put(text);
            }
            1 => {
                self.put("read order in till.orders");
                let mode = self.one(&["", " all", " gone", " from since"]);
                self.put(mode);
            }
            2 => {
                self.put("where ");
                self.expr(2);
            }
            3 | 4 => {
                self.put("let x");
                if self.pick(3) == 2 {
                    self.put(":[books.Row]");
                }
                self.put("=");
                self.br();
                self.expr(2);
            }
            5 | 6 => {
                let word = self.one(&["skip", "fail", "wait"]);
                self.put(word);
                self.gap();
                self.string(1);
                self.on();
                self.put("if ");
                self.expr(1);
            }
            7 => {
                self.put("confirm a.b-c = ");
                self.br();
                self.chain(1);
                if self.pick(2) == 1 {
                    self.on();
                    self.put("within 0.00");
                }
            }
            8 => {
                self.put("update order");
                self.may();
                self.record(1, false);
            }
            9 | 10 => {
                let head = self.one(&[
                    "create in books.a",
                    "ensure buyer in books.b",
                    "update x in books.c",
                ]);
                self.put(head);
                for _ in 0..self.pick(3) {
                    self.on();
                    match self.pick(3) {
                        0 => {
                            self.put("by ");
                            self.key(1);
                        }
                        1 => {
                            self.put("via ");
                            self.call(1);
                        }
                        _ => {
                            self.put("done if ");
                            self.expr(1);
                        }
                    }
                }
                self.on();
                self.record(1, true);
            }
            11 | 12 => {
                self.put("if ");
                self.expr(1);
                self.put(" ");
                self.block(depth - 1);
            }
            _ => {
                self.put("for x ,n in ");
                self.chain(0);
                self.put(" ");
                self.block(depth - 1);
            }
        }
    }

    fn test(&mut self) {
        self.put("test \"it works\"{");
        self.br();
        for at in 0..self.pick(5) {
            if at > 0 {
                self.line();
            }
            match self.pick(8) {
                0 => self.put("set a =1"),
                1 => self.put("given now 2026-03-02T09:00:00Z"),
                2 => self.put("given till.orders  from \"a.json\""),
                3 => self.put("given books.a answers lost"),
                4 => {
                    self.put("given books.a = ");
                    self.list(1);
                }
                5 => self.put("expect orders done 1 \"why\""),
                6 => self.put("expect books has nothing new"),
                _ => {
                    self.put("expect ");
                    self.expr(2);
                }
            }
        }
        self.br();
        self.put("}");
    }

    fn connector(&mut self, depth: usize) {
        self.put("{");
        let parts = self.pick(6);
        for at in 0..parts {
            if at > 0 {
                self.sep();
            } else {
                self.br();
            }
            if self.pick(6) == 5 {
                self.put("\n  /// What it is.\n ");
            }
            match self.pick(if depth == 0 { 5 } else { 8 }) {
                0 => self.put("whole"),
                1 => {
                    let text = self.one(&[
                        "key  Id",
                        "list GET \"/a/{Id}/\"  order id",
                        "find by [name ,parent] with index",
                        "limit 600 per minute per path",
                        "growing create_date with x window 2  days",
                    ]);
                    self.put(text);
                }
                2 => self.put("create convert (draft:uuid ,n: int) POST \"/x\""),
                3 => {
                    self.put("param host:");
                    self.type_(0);
                }
                4 => {
                    self.put("pages number ");
                    self.record(1, false);
                }
                5 => {
                    self.put("answers{");
                    self.br();
                    self.put("429=>busy");
                    self.sep();
                    self.put("409 | 410 if body.code=1 =>");
                    self.br();
                    self.put("taken");
                    self.sep();
                    self.put("400..499 => refused");
                    self.line();
                    self.put("otherwise  => unknown }");
                }
                6 => {
                    let word = self.one(&["resource", "sub"]);
                    self.put(word);
                    self.put(" orders :Order");
                    self.connector(depth - 1);
                }
                _ => {
                    self.put("type Order");
                    self.fields(1);
                }
            }
        }
        self.br();
        self.put("}");
    }
}
