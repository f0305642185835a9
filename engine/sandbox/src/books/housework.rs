//! House work with tax reduction (ROT, RUT, green technology): what a document of that kind must tell.

use super::{Fault, settle};
use crate::json::Json;
use rust_decimal::Decimal;

/// Refuses a document whose tax reduction lacks persons, property, hours or kind of work.
pub(super) fn check(document: &Json, private: bool) -> Result<(), Fault> {
    let kind = document.get("RotReducedInvoicingType").number();
    let green = document.get("UsesGreenTechnology").truth();
    if kind.is_zero() && !green {
        return Ok(());
    }
    let mut faults = Vec::new();
    let mut fault = |field: &str, text: &str| faults.push(Fault::new(field, text));
    if !private {
        fault(
            "RotReducedInvoicingType",
            "Tax reduction is only possible for private persons.",
        );
    }
    if green && !kind.is_zero() {
        fault(
            "RotReducedInvoicingType",
            "RotReducedInvoicingType must be 0 with UsesGreenTechnology.",
        );
    }
    let persons = document.get("Persons").items();
    if persons.is_empty() {
        fault("Persons", "Persons are required for domestic services.");
    }
    let rows = document.get("Rows").items();
    if green
        && rows
            .iter()
            .all(|row| row.get("GreenTechnologyType").number().is_zero())
    {
        fault(
            "Rows",
            "At least one row must have a GreenTechnologyType with UsesGreenTechnology.",
        );
    }
    // a place is asked for work on it, not for services in the household
    if green || kind == Decimal::ONE {
        let given = |fields: [&str; 2]| {
            fields
                .iter()
                .any(|field| !document.get(field).text().trim().is_empty())
        };
        let property = document.get("RotPropertyType").number();
        if property == Decimal::ONE {
            if !given([
                "RotReducedInvoicingOrgNumber",
                "HouseWorkCorporateIdentityNumber",
            ]) {
                fault(
                    "RotReducedInvoicingOrgNumber",
                    "The number of the housing cooperative is required for an apartment.",
                );
            }
        } else if property == Decimal::TWO {
            if !given(["RotReducedInvoicingPropertyName", "HouseWorkPropertyName"]) {
                fault(
                    "RotReducedInvoicingPropertyName",
                    "The designation of the property is required.",
                );
            }
        } else {
            fault(
                "RotPropertyType",
                "RotPropertyType must be 1 (apartment) or 2 (property).",
            );
        }
    }
    for (number, row) in rows.iter().enumerate() {
        let works = !row.get("WorkCostType").number().is_zero();
        if works && row.get("WorkHours").number() < Decimal::ONE {
            fault(
                &format!("Rows[{number}].WorkHours"),
                "Cannot add rows with labour article, work type set, but with work hours < 1.00",
            );
        }
    }
    for (number, person) in persons.iter().enumerate() {
        if !social(person.get("Ssn").text()) {
            faults.push(Fault::coded(
                400,
                4029,
                &format!("Persons[{number}].Ssn"),
                "SocialSecurityNumberIsInvalidException",
            ));
        }
    }
    settle(faults)
}

/// A Swedish personal number: ten digits, or twelve with the century, whose last one checks the others.
fn social(text: &str) -> bool {
    let digits: Vec<u32> = text
        .chars()
        .filter(|c| !matches!(c, '-' | '+'))
        .map(|c| c.to_digit(10).unwrap_or(10))
        .collect();
    let ten = match digits.len() {
        10 => digits.as_slice(),
        12 => digits.get(2..).unwrap_or_default(),
        _ => return false,
    };
    let doubled = |(place, digit): (usize, &u32)| {
        let twice = digit * if place % 2 == 0 { 2 } else { 1 };
        twice / 10 + twice % 10
    };
    ten.iter().all(|digit| *digit < 10)
        && ten.iter().enumerate().map(doubled).sum::<u32>() % 10 == 0
}
