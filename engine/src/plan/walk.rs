//! The nodes of a plan as a graph: what stands below an operation.

use super::{Arg, Element, NodeIx, Op, Program, Question};

impl Op {
    /// The nodes that an operation computes from, loops' lists and conditions included; a question's own nodes are not among them.
    pub fn operands(&self, program: &Program) -> Vec<NodeIx> {
        match self {
            Op::Const(_) | Op::Slot(_) | Op::Hit(_) | Op::Bound(_) => Vec::new(),
            Op::Get(a, _)
            | Op::Not(a)
            | Op::Neg(a)
            | Op::InSet(a, _)
            | Op::Exists(a)
            | Op::End(_, a) => vec![*a],
            Op::Money {
                amount,
                currency,
                flag,
            } => [Some(*amount), *currency, *flag]
                .into_iter()
                .flatten()
                .collect(),
            Op::Call { args, .. } => args
                .iter()
                .flat_map(|arg| match arg {
                    Arg::Left => Vec::new(),
                    Arg::Value(node) => vec![*node],
                    Arg::Each(lp, body) => {
                        let lp = &program.loops[*lp as usize];
                        lp.when.into_iter().chain([*body]).collect()
                    }
                })
                .collect(),
            Op::Table { on, at, gives, .. } => on.iter().chain(at).chain(gives).copied().collect(),
            Op::If(a, b)
            | Op::Else(a, b)
            | Op::And(a, b)
            | Op::Or(a, b)
            | Op::Math(_, a, b)
            | Op::Compare(_, a, b) => vec![*a, *b],
            Op::Text(parts) => parts.clone(),
            Op::Record(_, fields) => fields.iter().map(|(_, node)| *node).collect(),
            Op::List(elements) => elements
                .iter()
                .flat_map(|element| match element {
                    Element::One(node) | Element::Spread(node) => vec![*node],
                    Element::For(lp, body) => {
                        let lp = &program.loops[*lp as usize];
                        [lp.over]
                            .into_iter()
                            .chain(lp.when)
                            .chain([*body])
                            .collect()
                    }
                })
                .collect(),
        }
    }
}

impl Question {
    /// The nodes of a question's key.
    pub fn key_nodes(&self) -> Vec<NodeIx> {
        match self {
            Question::Find { key, .. } => key.clone(),
            Question::Link { of, .. } => vec![*of],
            Question::Sub { parent } => vec![*parent],
            Question::One => Vec::new(),
        }
    }
}
