//! Tables: rows whose results are constants stay rows; results that are computed become nodes of each use.

use flowbook_stdlib::value::Value;

use super::builder::Builder;
use crate::checked::{self, Expr};
use crate::plan::{Give, NodeIx, Op, PlaceIx, Row, Table};
use crate::run::table;

impl<'b> Builder<'b, '_> {
    /// A use of a named table.
    pub(super) fn named_table(
        &mut self,
        number: u32,
        on: Vec<NodeIx>,
        at: Option<NodeIx>,
        place: PlaceIx,
    ) -> NodeIx {
        let book = self.shared.book;
        let Some(declared) = book.tables.get(number as usize) else {
            return self.constant(Value::None, place);
        };
        let on: Vec<NodeIx> = on
            .into_iter()
            .zip(&declared.columns)
            .map(|(node, (name, ..))| self.kept(name, node))
            .collect();
        let at = at.map(|node| self.kept("date", node));
        let outer = self.via.replace(place);
        self.enter_frame(&declared.locals);
        for ((_, _, local), node) in declared.columns.iter().zip(&on) {
            if let Some(local) = local {
                self.bind(*local, *node);
            }
        }
        if let (Some(local), Some(node)) = (declared.at, at) {
            self.bind(local, node);
        }
        let node = self.table(declared, on, at, place);
        self.leave_frame();
        self.via = outer;
        node
    }

    /// A `match`: its rows see the names around it.
    pub(super) fn match_table(
        &mut self,
        table: &'b checked::Table,
        on: Vec<NodeIx>,
        place: PlaceIx,
    ) -> NodeIx {
        self.table(table, on, None, place)
    }

    fn table(
        &mut self,
        declared: &'b checked::Table,
        on: Vec<NodeIx>,
        at: Option<NodeIx>,
        place: PlaceIx,
    ) -> NodeIx {
        if let Some(give) = self.decided(declared, &on, at) {
            return self.expr(give);
        }
        let mut computed: Vec<&'b Expr> = Vec::new();
        let mut give = |builder: &Self, expr: &'b Expr| match builder.shared.constant(expr) {
            Some(value) => Give::Const(value),
            None => {
                computed.push(expr);
                Give::Node(computed.len() as u16 - 1)
            }
        };
        let rows: Vec<Row> = declared
            .rows
            .iter()
            .map(|row| Row {
                cells: row.cells.clone(),
                from: row.from,
                until: row.until,
                give: give(self, &row.give),
                source: row.source.clone(),
            })
            .collect();
        let otherwise = declared.otherwise.as_ref().map(|expr| give(self, expr));
        let gives: Vec<NodeIx> = computed.into_iter().map(|expr| self.expr(expr)).collect();
        let ix = self.shared.tables.len() as u32;
        let table = *self.shared.lowered.entry(declared).or_insert(ix);
        if table == ix {
            self.shared.tables.push(Table {
                name: declared.name.clone(),
                columns: declared
                    .columns
                    .iter()
                    .map(|(name, ty, _)| (name.clone(), ty.clone()))
                    .collect(),
                dated: declared.at.is_some(),
                rows,
                otherwise,
                span: declared.span,
            });
        }
        let op = Op::Table {
            table,
            on,
            at,
            gives,
        };
        self.push(op, place)
    }

    /// What a table gives for constants.
    fn decided(
        &self,
        declared: &'b checked::Table,
        on: &[NodeIx],
        at: Option<NodeIx>,
    ) -> Option<&'b Expr> {
        let values: Vec<Value> = on
            .iter()
            .map(|node| self.value(*node).cloned())
            .collect::<Option<_>>()?;
        let date = match at {
            None => None,
            Some(at) => match self.value(at)? {
                Value::Date(date) => Some(*date),
                _ => None,
            },
        };
        let rows = declared.rows.iter().zip(0..).map(|(row, number)| Row {
            cells: row.cells.clone(),
            from: row.from,
            until: row.until,
            give: Give::Node(number),
            source: String::new(),
        });
        let probe = Table {
            name: String::new(),
            columns: Vec::new(),
            dated: at.is_some(),
            rows: rows.collect(),
            otherwise: None,
            span: declared.span,
        };
        match table::row(&probe, &values, date).map(|row| &row.give) {
            Some(Give::Node(number)) => {
                declared.rows.get(usize::from(*number)).map(|row| &row.give)
            }
            _ => declared.otherwise.as_ref(),
        }
    }

    /// A table that tells which rows give a result: under that condition its questions are asked.
    pub(super) fn row_test(&mut self, table: u32, wanted: u16) -> u32 {
        if let Some(known) = self.shared.row_tests.get(&(table, wanted)) {
            return *known;
        }
        let original = &self.shared.tables[table as usize];
        let tells = |give: &Give| {
            let holds = matches!(give, Give::Node(number) if *number == wanted);
            Give::Const(Value::Bool(holds))
        };
        let test = Table {
            name: "match".to_owned(),
            rows: original
                .rows
                .iter()
                .map(|row| Row {
                    give: tells(&row.give),
                    ..row.clone()
                })
                .collect(),
            otherwise: Some(match &original.otherwise {
                Some(give) => tells(give),
                None => Give::Const(Value::Bool(false)),
            }),
            ..original.clone()
        };
        let ix = self.shared.tables.len() as u32;
        self.shared.tables.push(test);
        self.shared.row_tests.insert((table, wanted), ix);
        ix
    }
}
