//! JSON objects from leaves, and leaves laid over an object that is kept otherwise.

use std::sync::Arc;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::Unreadable;

/// The object that has these leaves, in their order: a path and the JSON at its end.
///
/// # Errors
/// The name that is both a leaf and an object, or a leaf twice.
pub fn object<'a>(
    leaves: impl IntoIterator<Item = (&'a [Arc<str>], &'a str)>,
) -> Result<String, String> {
    let mut root = Branch::default();
    for (path, json) in leaves {
        root.put(path, json)?;
    }
    Ok(root.print())
}

/// `json`, an object, with these leaves in place of its own; what they do not name stays as it is, unknown fields included.
/// With `any_case` a name that the object has in another case is that name.
///
/// # Errors
/// `json` is no object, or two leaves contradict each other.
pub fn overlay<'a>(
    json: &str,
    leaves: impl IntoIterator<Item = (&'a [Arc<str>], &'a str)>,
    any_case: bool,
) -> Result<String, Unreadable> {
    let mut root = Branch::default();
    for (path, leaf) in leaves {
        root.put(path, leaf)
            .map_err(|name| Unreadable(format!("“{name}” is written twice")))?;
    }
    root.over(json, any_case)
}

/// An object under construction.
#[derive(Default)]
struct Branch<'a>(Vec<(Arc<str>, Node<'a>)>);

enum Node<'a> {
    Leaf(&'a str),
    Branch(Branch<'a>),
}

impl<'a> Branch<'a> {
    fn put(&mut self, path: &[Arc<str>], json: &'a str) -> Result<(), String> {
        let Some((first, rest)) = path.split_first() else {
            return Err("a field without a name".to_owned());
        };
        let at = self.0.iter().position(|(name, _)| name == first);
        match (at.map(|at| &mut self.0[at].1), rest.is_empty()) {
            (None, true) => self.0.push((first.clone(), Node::Leaf(json))),
            (None, false) => {
                let mut below = Branch::default();
                below.put(rest, json)?;
                self.0.push((first.clone(), Node::Branch(below)));
            }
            (Some(Node::Branch(below)), false) => below.put(rest, json)?,
            (Some(_), _) => return Err(first.to_string()),
        }
        Ok(())
    }

    fn print(&self) -> String {
        let mut out = String::from("{");
        for (name, node) in &self.0 {
            push(&mut out, name, &node.print());
        }
        out.push('}');
        out
    }

    fn over(&self, json: &str, any_case: bool) -> Result<String, Unreadable> {
        let mut out = String::from("{");
        let mut used = vec![false; self.0.len()];
        for (name, old) in members(json)? {
            let hit = self
                .0
                .iter()
                .position(|(own, _)| **own == *name)
                .or_else(|| {
                    self.0
                        .iter()
                        .position(|(own, _)| any_case && own.eq_ignore_ascii_case(&name))
                });
            let new = match hit {
                None => old.get().to_owned(),
                Some(at) => {
                    used[at] = true;
                    match &self.0[at].1 {
                        Node::Leaf(leaf) => (*leaf).to_owned(),
                        Node::Branch(below) if old.get().starts_with('{') => {
                            below.over(old.get(), any_case)?
                        }
                        Node::Branch(below) => below.print(),
                    }
                }
            };
            push(&mut out, &name, &new);
        }
        for ((name, node), _) in self.0.iter().zip(used).filter(|(_, used)| !used) {
            push(&mut out, name, &node.print());
        }
        out.push('}');
        Ok(out)
    }
}

impl Node<'_> {
    fn print(&self) -> String {
        match self {
            Node::Leaf(json) => (*json).to_owned(),
            Node::Branch(below) => below.print(),
        }
    }
}

fn push(out: &mut String, name: &str, json: &str) {
    if out.len() > 1 {
        out.push(',');
    }
    out.push_str(&serde_json::Value::from(name).to_string());
    out.push(':');
    out.push_str(json);
}

/// The members of an object, in their order.
fn members(json: &str) -> Result<Vec<(String, &RawValue)>, Unreadable> {
    struct Members;

    impl<'a> Visitor<'a> for Members {
        type Value = Vec<(String, &'a RawValue)>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a record")
        }

        fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members = Vec::new();
            while let Some(member) = map.next_entry()? {
                members.push(member);
            }
            Ok(members)
        }
    }

    serde_json::Deserializer::from_str(json)
        .deserialize_map(Members)
        .map_err(|error| Unreadable(format!("the record cannot be read: {error}")))
}
