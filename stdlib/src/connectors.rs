//! The built-in connectors, as flow text: what a system names without having written it.

/// Name and text of each; the file is `connectors/NAME.flow`.
pub const ALL: &[(&str, &str)] = &[
    (
        "ccv_salespos",
        include_str!("../connectors/ccv_salespos.flow"),
    ),
    (
        "eaccounting",
        include_str!("../connectors/eaccounting.flow"),
    ),
];

/// The text of a built-in connector.
pub fn find(name: &str) -> Option<&'static str> {
    ALL.iter()
        .find(|(known, _)| *known == name)
        .map(|(_, text)| *text)
}
