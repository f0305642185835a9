//! What expressions give: flow text in, values out.

use flowbook::check::check;
use flowbook::connect::MemorySystems;
use flowbook::lower::lower;
use flowbook::run::Options;
use flowbook::run::map::value_of;
use flowbook::sources::Loaded;
use flowbook_stdlib::display::in_text;

/// What the map `it` gives, as text; `fails: …` where it ends the record; what is found where it cannot be checked.
async fn given(text: &str) -> String {
    let text: String = text
        .lines()
        .map(|line| format!("{}\n", line.trim_start()))
        .collect();
    let loaded = Loaded::of_texts([("main.flow", text.as_str())]);
    let checked = check(&loaded);
    let Some(book) = checked.book else {
        let found: Vec<String> = checked
            .found
            .iter()
            .map(|one| format!("{} {}", one.code, one.message))
            .collect();
        return found.join("\n");
    };
    let plan = match lower(&book, &loaded.sources, &[]) {
        Ok(plan) => plan,
        Err(missing) => return format!("{missing:?}"),
    };
    let Some(map) = plan.maps.iter().find(|map| map.name == "it") else {
        return "no map".to_owned();
    };
    let systems = MemorySystems::new(Vec::new(), Vec::new());
    match value_of(&plan, map, &systems, &Options::default()).await {
        Ok(value) => in_text(&value),
        Err(ended) => format!("fails: {}", ended.message),
    }
}

macro_rules! gives {
    ($($name:ident: $text:expr => $value:expr;)*) => {
        $(
            #[tokio::test]
            async fn $name() {
                assert_eq!(given($text).await, $value);
            }
        )*
    };
}

gives! {
    a_pipe_hands_none_on_by_a_table: r#"
        table size(name: text) -> int { "s" => 1, otherwise => 2 }
        map none_of(n: int) -> text? = if 3 > 100 => "s"
        map it(n: int) -> int = none_of(n) | size else 7
    "# => "7";
    a_pipe_fills_the_first_column_of_a_table: r#"
        table size(name: text, on: bool) -> int { "s", true => 1, otherwise => 2 }
        map some(n: int) -> text? = if 3 < 100 => "s"
        map it(n: int) -> int = some(n) | size(true) else 7
    "# => "1";
    a_pipe_hands_none_on_by_a_map: r#"
        map twice(n: int) -> int = n * 2
        map it(n: int) = [if 3 > 100 => n] | first | twice else 7
    "# => "7";
    records_of_branches_are_laid_out_alike: r#"
        map one(n: int) { a: 1, b: 2 }
        map other(n: int) { b: 20, a: 10 }
        map it(n: int) -> int = (if 3 > 100 => one(n) else other(n)).a
    "# => "10";
    a_record_goes_into_a_map_by_its_fields: r#"
        map sum_of(r: { a: int, b: int }) -> int = r.a * 10 + r.b
        map three(n: int) { b: 2, c: 3, a: 1 }
        map it(n: int) -> int = sum_of(three(n))
    "# => "12";
    an_absent_record_stays_absent_in_another_layout: r#"
        map made(n: int) { c: 3, a: 1 }
        map field(r: { a: int, c: int }?) -> int = r.a else 7
        map it(n: int) -> text = "{field(if 3 > 100 => made(n))} {field(if 3 < 100 => made(n))}"
    "# => "7 1";
    lists_of_records_are_laid_out_alike: r#"
        type Row { account: int, debit: int?, credit: int? }
        map rows(n: int) -> [Row] = [{ debit: 5, account: 1930 }, ..[for x in [1] => { account: x, credit: 6 }]]
        map it(n: int) -> text = "{rows(n) | sum(.debit else 0)} {rows(n) | sum(.credit else 0)} {rows(n) | sum(.account)}"
    "# => "5 6 1931";
    layers_replace_fields: r#"
        map head(n: int) { let a = "a", title: a, number: 1 }
        extend map head(m) { title: "b{m}", more: "c" }
        map it(n: int) -> text = "{head(5).title} {head(5).number} {head(5).more}"
    "# => "b5 1 c";
    a_spread_of_none_adds_nothing: r#"
        map base(n: int) { x: 1, y: 2 }
        map both(n: int, on: bool) { ..if on => base(n), z: 3 }
        map it(n: int) -> text = "{both(n, false).x else 9} {both(n, true).y else 9} {both(n, true).z}"
    "# => "9 2 3";
    branches_keep_what_their_place_asks: r#"
        type Row { account: int, debit: int?, credit: int? }
        map row(debit: bool) -> Row = if debit => { debit: 5, account: 1 } else { credit: 6, account: 2 }
        map pair(first: bool) -> { a: int, b: int? } = match first { true => { a: 1, b: 7 }, false => { a: 2 } }
        map it(n: int) -> text = "{row(true).debit else 0} {row(false).credit else 0} {pair(true).b else 0} {pair(false).b else 9}"
    "# => "5 6 7 9";
    else_after_if: r#"
        map sign(n: int) -> text = if n < 0 => "less" else if n > 0 => "more" else "none"
        map it(n: int) -> text = "{sign(-1)} {sign(0)} {sign(1)}"
    "# => "less none more";
    lists_drop_none: r#"
        map it(n: int) -> int = [1, if 3 > 100 => 2, ..if 3 > 100 => [3, 4], ..[5]] | sum
    "# => "6";
    a_counter_counts_from_one: r#"
        map it(n: int) -> text = [for x, i in ["a", "b"] => "{i}{x}"] | join(" ") else ""
    "# => "1a 2b";
    reasons_print_nothing: r#"
        map code(n: int) -> text? = if 3 > 100 => "x"
        map it(n: int) -> text = code(n) else fail "no code, got {code(n)}"
    "# => "fails: no code, got nothing";
    a_bare_number_takes_the_basis_of_its_place: r#"
        map net(p: money(incl)) -> money(excl) = p | excl_vat(25%)
        map some(n: int) -> int? = if 3 < 100 => 250
        map none_of(n: int) -> int? = if 3 > 100 => 250
        map it(n: int) -> text = "{net(125)} {some(n) | net else 0 excl} {none_of(n) | net else 7 excl}"
    "# => "100.00 200.00 7.00";
    an_absent_vat_leaves_an_amount_excluding_vat: r#"
        map vat(n: int) -> money(vat)? = if 3 > 100 => 25 vat
        map it(n: int) = 125 incl - (vat(n) else 0) | incl_vat(20%)
    "# => "150.00";
    no_vat_at_all_is_vat_too: r#"
        map rows(n: int) -> [{ vat: money(vat) }] = []
        map it(n: int) = 125 incl - (rows(n) | sum(.vat)) | incl_vat(20%)
    "# => "150.00";
    a_bare_number_in_a_branch_takes_the_basis_of_the_other: r#"
        map net(n: int) -> money(excl) = (if 3 > 100 => 10 excl else 100) + 25 vat | excl_vat(25%)
        map of_rows(n: int) -> money(excl) = (match 3 > 100 { true => 10 excl, false => 5 * 20 }) + 25 vat | excl_vat(25%)
        map of_list(n: int) -> money(excl) = ([10 excl, 90] | sum) + 25 vat | excl_vat(25%)
        map it(n: int) -> text = "{net(1)} {of_rows(1)} {of_list(1)}"
    "# => "100.00 100.00 100.00";
    cells_hold_ranges_of_days_and_times: r#"
        map season(on: date) -> text = match on { 2026-01-01..2026-02-28 => "sale", >= 2026-03-01 => "spring", otherwise => "before" }
        map shift(at: time) -> text = match at { 00:00..05:59 => "night", 06:00 => "six", otherwise => "day" }
        map it(n: int) -> text = "{season(2026-02-28)} {season(2026-03-01)} {season(2025-03-01)} {shift(05:30)} {shift(06:00)} {shift(12:00)}"
    "# => "sale spring before night six day";
    a_field_of_an_end_ends: r#"
        map it(n: int) = (fail "no record").name
    "# => "fails: no record";
    an_account_is_an_account: r#"
        table account_of(kind: "a" | "b") -> account { "a" => 3001, "b" => 3002 }
        map it(n: int) -> bool = account_of("a") = 3001 and account_of("b") != 3001
    "# => "true";
    a_let_is_computed_in_its_record: r#"
        map line(n: int) { let tenth = 10 / 4 | round(1), value: tenth * 2 }
        map it(n: int) -> decimal = line(n).value
    "# => "5.0";
}
