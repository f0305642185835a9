//! How a flow reads its source.

use std::fmt::Write;

use flowbook_stdlib::display;

use super::{Explained, section, span_of};
use crate::plan::connector::{PageStyle, Reading, Template, TemplatePart};

/// A path as a connector file writes it.
pub(super) fn template(template: &Template) -> String {
    template
        .0
        .iter()
        .map(|part| match part {
            TemplatePart::Text(text) => text.clone(),
            TemplatePart::Hole(path) => format!("{{{}}}", path.join(".")),
        })
        .collect()
}

impl Explained<'_> {
    pub(super) fn reading(&self) -> String {
        let read = &self.flow.read;
        let resource = &self.plan.resources[read.resource as usize];
        let connector = &self.system_of(read.resource).connector;
        let mut lines = Vec::new();
        let mut first = self.printer.resource(read.resource);
        if let Some(list) = &resource.list {
            let _ = write!(first, ": {} {}", list.method, template(&list.path));
            match &connector.pages {
                Some(pages) if !list.one_page => {
                    let by = match pages.style {
                        PageStyle::Offset => "offset",
                        PageStyle::Number => "number",
                    };
                    let _ = write!(first, ", pages of {} by {by}", pages.max);
                }
                _ => first.push_str(", all at once"),
            }
        }
        if let Some(order) = &resource.order {
            let _ = write!(first, ", in order of {order}");
        }
        lines.push(first);
        let name = |field: u16| {
            let field = resource.shape.fields.get(usize::from(field));
            field.map_or_else(String::new, |field| field.name.to_string())
        };
        lines.push(if read.all {
            "everything, every time".to_owned()
        } else {
            match &resource.reading {
                Reading::Changed { field, by_order: true } => {
                    format!("newest {} first, until what was read before", name(*field))
                }
                Reading::Changed { field, .. } => {
                    format!("what changed since the last run, by {}", name(*field))
                }
                Reading::Growing { field, window_s, .. } => format!(
                    "what came since the last run, by {}, and the {} before it again: changes are seen in that time",
                    name(*field),
                    span_of(*window_s)
                ),
                Reading::Whole | Reading::Unsaid => {
                    "the whole list; what changed is seen by comparing".to_owned()
                }
            }
        });
        if let Some(from) = &read.from {
            lines.push(format!(
                "the first run starts at {}",
                display::in_text(from)
            ));
        }
        if !read.relook.is_empty() {
            let filters: Vec<String> = read
                .relook
                .iter()
                .map(|(param, value)| format!("{param} = {}", display::in_text(value)))
                .collect();
            lines.push(format!(
                "waiting records: the same list with {}",
                filters.join(", ")
            ));
        }
        let names: Vec<String> = read.needs.iter().map(|field| name(*field)).collect();
        lines.push(format!(
            "{} of {} fields are used: {}; a change in one of them is a change of the record",
            names.len(),
            resource
                .shape
                .fields
                .iter()
                .filter(|field| !field.sub)
                .count(),
            names.join(", ")
        ));
        section("Reading", &lines)
    }
}
