//! Flowbooks drawn from a seed, out of pieces: what carries orders to the books in this way or that, read so or so. The checker is told what one promises
//! by the same fields, and never sees its plan.

use crate::dice::Dice;

/// What a flowbook says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Flows {
    /// What a customer of an order is found by.
    pub by: By,
    /// A customer is called as the order says: the last one that was carried over wins.
    pub names: bool,
    /// A club of the order's gets its terms.
    pub clubs: bool,
    /// A draft is made and then booked; or an invoice is made at once.
    pub stages: bool,
    /// What the books come to is compared with the order's total.
    pub confirms: bool,
    /// The invoice is paid: where an answer to that is lost, nothing tells that it did not arrive.
    pub pays: bool,
    /// The order is noted in the shop.
    pub notes: bool,
    /// How orders are read again.
    pub orders: Orders,
    /// A second flow that makes the same customers, and follows what changes in the shop.
    pub members: Option<Members>,
    /// Orders and members of a page.
    pub page: u64,
    /// The books give tokens, and end them when they like; else a key that never changes is known to them.
    pub signs_in: bool,
}

/// The key of a customer: one e-mail address, one customer, or one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum By {
    Email,
    Number,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Orders {
    /// By the time of their making, with a cursor.
    Growing,
    /// All of them, each time: what changed is seen though it is done.
    Whole,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Members {
    /// By the time of their change, newest first, with a cursor.
    Changed,
    /// All of them, each time.
    Whole,
}

/// How the ledger knows who asks: by a key that never changes.
const KEY: &str = r#"
  secret  token: text
  base    "https://books.test/v1"
  auth    none
  headers { Authorization: "Bearer {token}" }
"#;
/// The same by tokens, which end.
const TOKENS: &str = r#"
  secret  client_id:     text
  secret  client_secret: text
  base    "https://books.test/v1"
  auth    oauth2 { token: "https://books.test/token", client: "form", scopes: ["books"] }
"#;

impl Flows {
    /// What half of all seeds play: it rests on most rules at once.
    pub const USUAL: Flows = Flows {
        by: By::Email,
        names: true,
        clubs: true,
        stages: true,
        confirms: true,
        pays: false,
        notes: true,
        orders: Orders::Growing,
        members: None,
        page: 4,
        signs_in: false,
    };

    /// The flowbook of a seed.
    pub fn of(seed: u64) -> Flows {
        let mut dice = Dice::new(seed, "flows");
        if dice.percent(50) {
            return Flows::USUAL;
        }
        let by = match dice.percent(50) {
            true => By::Email,
            false => By::Number,
        };
        let orders = match dice.percent(60) {
            true => Orders::Growing,
            false => Orders::Whole,
        };
        let members = match dice.below(4) {
            0 | 1 => None,
            2 => Some(Members::Changed),
            _ => Some(Members::Whole),
        };
        Flows {
            by,
            names: dice.percent(60),
            clubs: dice.percent(50),
            stages: dice.percent(50),
            confirms: dice.percent(60),
            notes: dice.percent(60),
            orders,
            members,
            page: dice.between(2, 6),
            signs_in: dice.percent(50),
            pays: dice.percent(50),
        }
    }

    /// The resource in which a document of an order is made, and the step that makes it.
    pub fn document(&self) -> (&'static str, &'static str) {
        match self.stages {
            true => ("drafts", "draft"),
            false => ("invoices", "invoice"),
        }
    }

    /// The field by which a customer is found.
    pub fn key(&self) -> &'static str {
        match self.by {
            By::Email => "Email",
            By::Number => "Number",
        }
    }

    /// The value of that field, of somebody with this address and this number.
    pub fn key_of<'a>(&self, email: &'a str, number: &'a str) -> &'a str {
        match self.by {
            By::Email => email,
            By::Number => number,
        }
    }

    /// Its flows, as a user would write them.
    pub fn text(&self) -> String {
        let (key, of) = match self.by {
            By::Email => ("Email", "email"),
            By::Number => ("Number", "customer"),
        };
        let mut text = format!(
            r#"system till:  shop
system books: ledger

flow orders {{
  read order in till.orders
  wait "not paid yet" if not order.paid
  let number = order.number else fail "no number"
  ensure buyer in books.customers by {key} = order.{of} else fail "no {of}" {{
"#
        );
        if self.names {
            text += "    Name: order.name\n";
        }
        text += "  }\n";
        if self.clubs {
            text += r"  if order.club exists {
    update member in books.customers by Number = order.club {
      Terms: order.terms
    }
  }
";
        }
        let (resource, step) = self.document();
        text += &format!(
            "  create {step} in books.{resource} by Reference = number {{
    CustomerId: buyer.Id
    Total:      order.total
  }}
"
        );
        if self.confirms {
            text += &format!("  confirm {step}.Total = order.total\n");
        }
        if self.stages {
            text += "  create invoice in books.invoices via book(draft.Id) by Reference = number\n";
        }
        if self.pays {
            text += "  create in invoice.payments done if invoice.Status = \"paid\" {
    Amount: order.total
  }
";
        }
        if self.notes {
            text += "  create in order.notes by text = \"Booked as {number}\"\n";
        }
        text += "}\n";
        if self.members.is_some() {
            text += &format!(
                "
flow members {{
  read member in till.members
  ensure customer in books.customers by {key} = member.{of} {{
    Level: member.level
  }}
}}
"
            );
        }
        text
    }

    /// The connectors, as they let these flows read.
    pub fn connectors(&self) -> String {
        let mut text = include_str!("connectors.flow").to_owned();
        let mut says = |line: &str, instead: &str| {
            assert!(text.contains(line), "connectors.flow says `{line}` no more");
            text = text.replace(line, instead);
        };
        says("max:        4", &format!("max: {}", self.page));
        if self.orders == Orders::Whole {
            says("growing created with since window 2 min", "whole");
        }
        if self.members == Some(Members::Whole) {
            says("changed modified by_order", "whole");
        }
        if self.signs_in {
            says(KEY, TOKENS);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_all_seeds_play_the_usual_flow_and_others_another_one() {
        insta::assert_snapshot!(Flows::USUAL.text());
        let another = Flows {
            by: By::Number,
            names: false,
            clubs: false,
            stages: false,
            pays: true,
            members: Some(Members::Whole),
            ..Flows::USUAL
        };
        insta::assert_snapshot!(another.text());
    }
}
