//! In which order questions are asked, and what must wait for a write.

use std::collections::BTreeSet;

use flowbook_grammar::ast::{End, Verb};
use rustc_hash::{FxHashMap, FxHashSet};

use super::depend::{Graph, Through, step_nodes};
use crate::plan::connector::Resource;
use crate::plan::{ActKind, AskIx, First, Flow, NodeIx, Program, Round, SlotIx, Step, StepIx};

/// Numbers the waves of a flow's questions.
pub(super) fn waves(flow: &mut Flow) {
    let graph = Graph {
        program: &flow.program,
        steps: &flow.steps,
        acts: &flow.acts,
    };
    let waves = numbered(graph);
    set(&mut flow.program, &waves);
}

/// Numbers the waves of a map's questions.
pub(super) fn waves_of_map(program: &mut Program) {
    let graph = Graph {
        program,
        steps: &[],
        acts: &[],
    };
    let waves = numbered(graph);
    set(program, &waves);
}

fn set(program: &mut Program, waves: &FxHashMap<AskIx, u16>) {
    for (ix, ask) in (0..).zip(&mut program.asks) {
        ask.wave = waves.get(&ix).copied().unwrap_or_default();
    }
}

fn numbered(graph: Graph<'_>) -> FxHashMap<AskIx, u16> {
    let mut waves = FxHashMap::default();
    for ix in 0..graph.program.asks.len() as AskIx {
        wave(graph, ix, &mut waves);
    }
    waves
}

fn wave(graph: Graph<'_>, ask: AskIx, waves: &mut FxHashMap<AskIx, u16>) -> u16 {
    if let Some(known) = waves.get(&ask) {
        return *known;
    }
    waves.insert(ask, 0); // while it is being numbered
    let roots = graph.ask_nodes(ask);
    let reached = graph.reach(roots, Through::Values, true, &FxHashSet::default());
    // What turns into another form between two reads is missed by both, unless the form is read last.
    let keys = graph.steps.iter().flat_map(|step| &step.keys);
    let forms = keys.flat_map(|key| key.asks.windows(2));
    let earlier = forms.filter(|pair| pair[1] == ask).map(|pair| pair[0]);
    let mut number = 0;
    for other in reached.asks.into_iter().chain(earlier) {
        if other != ask {
            number = number.max(wave(graph, other, waves) + 1);
        }
    }
    waves.insert(ask, number);
    number
}

/// Cuts a flow's acts into rounds: before an act that needs new questions when a `where`, `skip` or `wait` stands above it in its round.
pub(super) fn cut(flow: &mut Flow, mut first_act: FxHashMap<AskIx, usize>) {
    // Where a gate asks for a form, the one that it comes from is asked before it, else the form had to be asked for again.
    let keys = flow.steps.iter().flat_map(|step| &step.keys);
    for pair in keys.flat_map(|key| key.asks.windows(2).rev()) {
        if let Some(later) = first_act.get(&pair[1]).copied() {
            let earlier = first_act.entry(pair[0]).or_insert(later);
            *earlier = later.min(*earlier);
        }
    }
    let graph = Graph {
        program: &flow.program,
        steps: &flow.steps,
        acts: &flow.acts,
    };
    let names: FxHashSet<SlotIx> = flow
        .acts
        .iter()
        .filter_map(|act| match act.kind {
            ActKind::Let(slot) => Some(slot),
            _ => None,
        })
        .collect();
    let mut asks_at: Vec<Vec<AskIx>> = vec![Vec::new(); flow.acts.len()];
    for ix in 0..flow.program.asks.len() as AskIx {
        if let Some(at) = first_act.get(&ix).and_then(|act| asks_at.get_mut(*act)) {
            at.push(ix);
        }
    }
    let mut rounds = vec![Round {
        asks: Vec::new(),
        first: 0,
        last: 0,
    }];
    let mut gate = false;
    for (number, act) in flow.acts.iter().enumerate() {
        let asks = std::mem::take(&mut asks_at[number]);
        if gate && !asks.is_empty() {
            gate = false;
            rounds.push(Round {
                asks: Vec::new(),
                first: number as u32,
                last: number as u32,
            });
        }
        if let Some(round) = rounds.last_mut() {
            round.asks.extend(asks);
            round.last = number as u32 + 1;
        }
        gate |= match act.kind {
            ActKind::Where(_) | ActKind::End(End::Skip | End::Wait, ..) => true,
            _ => {
                let nodes = graph.act_nodes(act);
                graph.reach(nodes, Through::Values, false, &names).gate
            }
        };
    }
    for round in &mut rounds {
        round
            .asks
            .sort_by_key(|ask| (flow.program.asks[*ask as usize].wave, *ask));
    }
    flow.rounds = rounds;
}

/// Notes for each step which earlier ones' answers its fields may need, at worst.
pub(super) fn late(flow: &mut Flow, resources: &[Resource]) {
    let mut all: Vec<Vec<StepIx>> = Vec::with_capacity(flow.steps.len());
    {
        let graph = Graph {
            program: &flow.program,
            steps: &flow.steps,
            acts: &flow.acts,
        };
        for (ix, step) in (0..).zip(&flow.steps) {
            let mut nodes = step_nodes(step);
            nodes.retain(|node| Some(*node) != step.done_if);
            let keys = step.keys.iter().flat_map(|key| &key.asks);
            let mut late = BTreeSet::new();
            for ask in keys {
                late.extend(&flow.program.asks[*ask as usize].after);
            }
            late_of(
                graph,
                resources,
                nodes,
                &mut late,
                &mut FxHashSet::default(),
            );
            late.remove(&ix);
            all.push(late.into_iter().collect());
        }
    }
    for (step, late) in flow.steps.iter_mut().zip(all) {
        step.late = late;
    }
}

fn late_of(
    graph: Graph<'_>,
    resources: &[Resource],
    nodes: Vec<NodeIx>,
    late: &mut BTreeSet<StepIx>,
    seen: &mut FxHashSet<(StepIx, Option<u16>)>,
) {
    let reached = graph.reach(nodes, Through::Keys, false, &FxHashSet::default());
    for ask in &reached.asks {
        late.extend(&graph.program.asks[*ask as usize].after);
    }
    for (ix, field) in reached.bounds {
        if !seen.insert((ix, field)) {
            continue;
        }
        let step: &Step = &graph.steps[ix as usize];
        if step.verb == Verb::Update {
            continue; // it is there already, so all of it is known
        }
        let Some(field) = field else {
            late.insert(ix);
            continue;
        };
        let mut leaves = Vec::new();
        for put in step
            .body
            .iter()
            .filter(|put| put.at.first() == Some(&field))
        {
            leaves.push(put.value);
            if let First::OnCreateOr(condition) = put.first {
                leaves.push(condition);
            }
        }
        let declared = resources
            .get(step.resource as usize)
            .and_then(|resource| resource.shape.fields.get(usize::from(field)));
        let default = declared.is_some_and(|field| field.default.is_some());
        if leaves.is_empty() && !default {
            late.insert(ix);
        } else {
            late_of(graph, resources, leaves, late, seen);
        }
    }
}
