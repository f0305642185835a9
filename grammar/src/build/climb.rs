//! Climb: flat runs of operands and operators, read by precedence climbing.

use super::expr::bad;
use crate::ast::*;
use crate::span::Span;

/// One piece of a flat run.
pub(super) enum Token {
    Operand(Expr),
    Not(Span),
    Minus(Span),
    Sign(BinaryOp),
    Else,
    Pipe(Stage, Span),
    Exists(Span),
    Missing(Span),
}

struct Climb {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
    whole: Span,
}

/// The expression that a flat run is; `whole` is where it stands.
pub(super) fn climb(tokens: Vec<Token>, whole: Span) -> Expr {
    Climb {
        tokens: tokens.into_iter().peekable(),
        whole,
    }
    .or()
}

impl Climb {
    fn sign(&mut self, ops: &[BinaryOp]) -> Option<BinaryOp> {
        match self.tokens.peek() {
            Some(Token::Sign(op)) if ops.contains(op) => {
                let op = *op;
                self.tokens.next();
                Some(op)
            }
            _ => None,
        }
    }

    fn left(&mut self, ops: &[BinaryOp], operand: fn(&mut Climb) -> Expr) -> Expr {
        let mut left = operand(self);
        while let Some(op) = self.sign(ops) {
            left = binary(op, left, operand(self));
        }
        left
    }

    fn or(mut self) -> Expr {
        self.left(&[BinaryOp::Or], Climb::and)
    }

    fn and(&mut self) -> Expr {
        self.left(&[BinaryOp::And], Climb::not)
    }

    fn not(&mut self) -> Expr {
        if let Some(Token::Not(span)) = self.tokens.next_if(|token| matches!(token, Token::Not(_)))
        {
            let inner = self.not();
            return Expr {
                span: span.to(inner.span),
                kind: ExprKind::Not(Box::new(inner)),
            };
        }
        self.compare()
    }

    fn compare(&mut self) -> Expr {
        const COMPARE: &[BinaryOp] = &[
            BinaryOp::Eq,
            BinaryOp::Ne,
            BinaryOp::Lt,
            BinaryOp::Le,
            BinaryOp::Gt,
            BinaryOp::Ge,
            BinaryOp::In,
        ];
        let mut left = self.chain();
        loop {
            if let Some(op) = self.sign(COMPARE) {
                left = binary(op, left, self.chain());
                continue;
            }
            match self
                .tokens
                .next_if(|token| matches!(token, Token::Exists(_) | Token::Missing(_)))
            {
                Some(Token::Exists(span)) => {
                    left = Expr {
                        span: left.span.to(span),
                        kind: ExprKind::Exists(Box::new(left)),
                    };
                }
                Some(Token::Missing(span)) => {
                    left = Expr {
                        span: left.span.to(span),
                        kind: ExprKind::Missing(Box::new(left)),
                    };
                }
                _ => return left,
            }
        }
    }

    fn chain(&mut self) -> Expr {
        let mut left = self.sum();
        loop {
            match self
                .tokens
                .next_if(|token| matches!(token, Token::Else | Token::Pipe(..)))
            {
                Some(Token::Pipe(stage, span)) => {
                    left = Expr {
                        span: left.span.to(span),
                        kind: ExprKind::Pipe(Box::new(left), stage),
                    };
                }
                Some(_) => {
                    let right = self.sum();
                    left = Expr {
                        span: left.span.to(right.span),
                        kind: ExprKind::Else(Box::new(left), Box::new(right)),
                    };
                }
                None => return left,
            }
        }
    }

    fn sum(&mut self) -> Expr {
        let mut left = self.product();
        loop {
            if let Some(op) = self.sign(&[BinaryOp::Add]) {
                left = binary(op, left, self.product());
            } else if self
                .tokens
                .next_if(|token| matches!(token, Token::Minus(_)))
                .is_some()
            {
                left = binary(BinaryOp::Sub, left, self.product());
            } else {
                return left;
            }
        }
    }

    fn product(&mut self) -> Expr {
        self.left(&[BinaryOp::Mul, BinaryOp::Div], Climb::negated)
    }

    fn negated(&mut self) -> Expr {
        match self.tokens.next() {
            Some(Token::Minus(span)) => {
                let inner = self.negated();
                Expr {
                    span: span.to(inner.span),
                    kind: ExprKind::Neg(Box::new(inner)),
                }
            }
            Some(Token::Operand(expr)) => expr,
            _ => bad(self.whole),
        }
    }
}

fn binary(op: BinaryOp, left: Expr, right: Expr) -> Expr {
    Expr {
        span: left.span.to(right.span),
        kind: ExprKind::Binary(op, Box::new(left), Box::new(right)),
    }
}
