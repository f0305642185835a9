//! What a flowbook declares, names resolved and types read, before any expression is looked at.

use flowbook_grammar::{Span, ast};
use flowbook_stdlib::types::Type;
use flowbook_stdlib::value::Value;
use indexmap::IndexMap;

use crate::plan::connector::{Resource, System};

/// Everything that is declared. Names of items that could not be read are in `bad`: known, and never complained about again.
#[derive(Debug, Default)]
pub struct Declared<'a> {
    /// `zone "…"`
    pub zone: Option<String>,
    /// `retention 30 days`, in seconds
    pub retention_s: Option<u64>,
    /// Settings by name.
    pub settings: IndexMap<String, SettingDecl<'a>>,
    /// In declared order.
    pub systems: Vec<System>,
    /// Resources of the systems; a record type's sub-resources are fields of its shape, marked `sub`, and resources of their own.
    pub resources: Vec<Resource>,
    /// Types by their qualified name: `Line`, `till.Order`; extended.
    pub types: IndexMap<String, Type>,
    /// Maps by name.
    pub maps: IndexMap<String, MapDecl<'a>>,
    /// Tables by name.
    pub tables: IndexMap<String, TableDecl<'a>>,
    /// Flows by name.
    pub flows: IndexMap<String, FlowDecl<'a>>,
    /// Tests.
    pub tests: Vec<&'a ast::Test>,
    /// Names of items that could not be read.
    pub bad: Vec<String>,
}

/// A setting.
#[derive(Debug)]
pub struct SettingDecl<'a> {
    /// The item.
    pub item: &'a ast::Setting,
    /// Its type.
    pub ty: Type,
    /// From `set`, else the default.
    pub value: Option<Value>,
    /// Its doc lines, joined by line ends.
    pub doc: String,
}

/// A map.
#[derive(Debug)]
pub struct MapDecl<'a> {
    /// The item.
    pub item: &'a ast::Map,
    /// Names and types of its parameters.
    pub params: Vec<(String, Type)>,
    /// Its result, where written. A record type stands for some of its fields: a map to `books.Customer` has exactly those that it writes down.
    pub result: Option<Type>,
    /// `extend map`: parameter names and fields, one layer behind the other.
    pub extensions: Vec<(&'a [ast::Word], &'a ast::Record)>,
    /// Its doc lines.
    pub doc: String,
    /// Where the item stands.
    pub span: Span,
}

/// A table.
#[derive(Debug)]
pub struct TableDecl<'a> {
    /// The item.
    pub item: &'a ast::Table,
    /// Its columns.
    pub params: Vec<(String, Type)>,
    /// `at date`: it takes the date as its last argument.
    pub dated: bool,
    /// What a row gives.
    pub result: Type,
    /// Its doc lines.
    pub doc: String,
    /// Where the item stands.
    pub span: Span,
}

/// A flow.
#[derive(Debug)]
pub struct FlowDecl<'a> {
    /// The item.
    pub item: &'a ast::Flow,
    /// `extend flow`
    pub extensions: Vec<&'a ast::Block>,
    /// Its doc lines.
    pub doc: String,
    /// Where the item stands.
    pub span: Span,
}
