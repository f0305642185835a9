//! Nothing twice, nothing lost: each rule of the protocol against answers that are lost, late, double or missing, and runs that die.

mod again;
mod cautious;
mod claims;
mod cursor;
mod look_up;
mod namesake;
mod outcome;
mod second_look;
mod settling;
mod staging;
mod unnamed;
mod updates;

use super::shop::{orders, paid_order};
use super::trial::Trial;

/// A shop that settles, with one order of one customer.
fn one_order() -> Trial {
    Trial::settling(orders()).with_orders([paid_order("1", "A1", "a@b.se")])
}
