//! Runs plans: reads pages, asks, computes, writes, and says what became of every record.

pub mod cache;
pub mod changes;
pub mod eval;
pub mod ops;
pub mod report;
pub mod step;
pub mod stop;
pub mod table;

use crate::plan::Plan;
use crate::plan::connector::ResourceIx;

/// `books.customers`
pub fn resource_name(plan: &Plan, ix: ResourceIx) -> String {
    let resource = &plan.resources[ix as usize];
    format!(
        "{}.{}",
        plan.systems[resource.system as usize].name, resource.name
    )
}
