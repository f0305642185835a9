//! Resources as they stand in the tree, and a connector's types under a system's name.

use std::collections::HashSet;

use flowbook_grammar::ast::{self, ConnectorPart, Directive};

use super::args;
use crate::check::named::{Def, Sub, Types};
use crate::check::types::{doc, dotted};
use crate::diagnostic::Diagnostic;

/// A resource in the tree.
pub(super) struct Node<'a> {
    /// As written.
    pub item: &'a ast::Resource,
    /// `orders.orderrows`
    pub name: String,
    /// Number within the connector.
    pub parent: Option<usize>,
}

impl<'a> Node<'a> {
    /// What it says in single lines.
    pub fn directives(&self) -> impl Iterator<Item = &'a Directive> {
        self.item.parts.iter().filter_map(|part| match part {
            ConnectorPart::Directive(directive) => Some(directive),
            _ => None,
        })
    }

    /// The name of its key, as its text says it.
    pub fn key(&self) -> Option<&'a str> {
        let line = self.directives().find(|one| one.word.text == "key")?;
        match line.args.as_slice() {
            [ast::DirectiveArg::Path(path)] => path.words.first().map(|word| word.text.as_str()),
            _ => None,
        }
    }

    /// Whether a line begins with this word.
    pub fn says(&self, word: &str) -> bool {
        self.directives()
            .any(|directive| directive.word.text == word)
    }
}

/// All resources of a connector, subs behind their parents.
pub(super) fn nodes(item: &ast::Connector) -> Vec<Node<'_>> {
    fn below<'a>(
        parts: &'a [ConnectorPart],
        parent: Option<(usize, String)>,
        nodes: &mut Vec<Node<'a>>,
    ) {
        for part in parts {
            if let ConnectorPart::Resource(item) = part {
                let name = match &parent {
                    Some((_, parent)) => format!("{parent}.{}", item.name.text),
                    None => item.name.text.clone(),
                };
                nodes.push(Node {
                    item,
                    name: name.clone(),
                    parent: parent.as_ref().map(|(at, _)| *at),
                });
                let at = nodes.len() - 1;
                below(&item.parts, Some((at, name)), nodes);
            }
        }
    }
    let mut all = Vec::new();
    below(&item.parts, None, &mut all);
    all
}

/// Makes a connector's types known under a system's name.
pub(in crate::check) fn register<'a>(
    item: &'a ast::Connector,
    system: &str,
    types: &mut Types<'a>,
    out: &mut Vec<Diagnostic>,
) {
    for part in &item.parts {
        let ConnectorPart::Type(def, _) = part else {
            continue;
        };
        let name = format!("{system}.{}", def.name.text);
        if let Some(first) = types.defs.get(&name) {
            out.push(
                Diagnostic::error(
                    "F0100",
                    def.name.span,
                    format!("The type `{}` is declared twice.", def.name.text),
                )
                .label("again")
                .related(first.name.span, "here first"),
            );
            continue;
        }
        types.defs.insert(
            name,
            Def {
                name: &def.name,
                ty: &def.ty,
                scope: system.to_owned(),
                extensions: Vec::new(),
                subs: Vec::new(),
            },
        );
    }
    let nodes = nodes(item);
    let ones: HashSet<String> = nodes
        .iter()
        .filter(|node| node.says("one"))
        .map(|node| node.name.clone())
        .collect();
    types.ones.insert(system.to_owned(), ones);
    for (at, node) in nodes.iter().enumerate() {
        let again = nodes[..at].iter().find(|first| first.name == node.name);
        if let Some(first) = again {
            out.push(
                Diagnostic::error(
                    "F0100",
                    node.item.name.span,
                    format!("The resource `{}` is declared twice.", node.name),
                )
                .label("again")
                .related(first.item.name.span, "here first"),
            );
            continue;
        }
        let Some(parent) = node.parent else { continue };
        let carried = nodes[parent]
            .directives()
            .any(|directive| carries(directive, &node.item.name.text));
        if let Some(def) = types
            .defs
            .get_mut(&format!("{system}.{}", nodes[parent].item.ty.text))
        {
            def.subs.push(Sub {
                name: node.item.name.text.clone(),
                ty: format!("{system}.{}", node.item.ty.text),
                readonly: !carried,
                doc: doc(&node.item.docs),
                span: node.item.name.span,
            });
        }
        let parent_type = &nodes[parent].item.ty;
        let shared = nodes.iter().enumerate().find(|(other, one)| {
            *other != parent
                && one.item.ty.text == parent_type.text
                && one.name != nodes[parent].name
        });
        if let Some((_, other)) = shared {
            out.push(
                Diagnostic::error(
                    "F0163",
                    other.item.ty.span,
                    format!(
                        "`{}` is the type of `{}` too, whose records have `{}` below them.",
                        parent_type.text, nodes[parent].name, node.item.name.text
                    ),
                )
                .label("a type of its own is needed")
                .related(parent_type.span, "the resource with sub-resources"),
            );
        }
    }
}

/// Whether a `create` sends a sub-resource along.
fn carries(directive: &Directive, sub: &str) -> bool {
    let mut behind = false;
    directive.word.text == "create"
        && directive.args.iter().any(|arg| match arg {
            ast::DirectiveArg::Path(path) => {
                let word = dotted(path);
                let hit = behind && word == sub;
                behind = word == "carries";
                hit
            }
            ast::DirectiveArg::List(items, _) => {
                behind
                    && items
                        .iter()
                        .filter_map(args::name_path)
                        .any(|path| dotted(&path) == sub)
            }
            _ => false,
        })
}
