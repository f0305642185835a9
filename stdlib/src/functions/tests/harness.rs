//! Calls a function with values or types, without flow text.

use jiff::tz::TimeZone;

use crate::function::{Args, Context, Failure, Mismatch, ParamKind, Typed, Typing};
use crate::functions::find;
use crate::types::{Basis, Kind, Type};
use crate::value::{Code, Money, MoneyBasis, Value};

/// Calls a function by name; an expression over items is a Rust closure.
pub(super) fn call_each(
    name: &str,
    values: &[Value],
    of: impl Fn(&Value) -> Value,
) -> Result<Value, Failure> {
    let function = find(name).unwrap_or_else(|| panic!("no function {name}"));
    let mut filled = vec![Value::None; function.params.len()];
    for (place, value) in filled.iter_mut().zip(values) {
        *place = value.clone();
    }
    let context = Context {
        zone: TimeZone::get("Europe/Stockholm").expect("a zone"),
        secret: Some("secret".into()),
    };
    (function.eval)(&mut Args {
        values: &filled,
        each: &mut |_, item| Ok(of(item)),
        context: &context,
    })
}

/// Calls a function whose expression over items, if it has one, is left out.
pub(super) fn call(name: &str, values: &[Value]) -> Result<Value, Failure> {
    let function = find(name).unwrap_or_else(|| panic!("no function {name}"));
    let mut filled = vec![Value::None; function.params.len()];
    for ((place, param), ix) in filled.iter_mut().zip(function.params).zip(0..) {
        *place = match (&param.kind, values.get(ix)) {
            (_, Some(value)) => value.clone(),
            (ParamKind::Each(_), None) => Value::Bool(true),
            (_, None) => Value::None,
        };
    }
    call_each(name, &filled, |_| Value::None)
}

/// The sentence with which a call fails.
pub(super) fn failure(got: Result<Value, Failure>) -> String {
    match got {
        Err(Failure::Reason(reason)) => reason,
        Err(Failure::Inner) => "inner".to_owned(),
        Ok(value) => panic!("it gives {value:?}"),
    }
}

/// A call as the checker sees it.
pub(super) struct Call<'a> {
    pub(super) name: &'a str,
    pub(super) args: Vec<Option<Type>>,
    pub(super) constants: Vec<Option<Value>>,
    pub(super) filled: bool,
    pub(super) texts: Vec<&'a str>,
    pub(super) expected: Option<Type>,
}

impl<'a> Call<'a> {
    pub(super) fn of(name: &'a str, args: &[Kind]) -> Call<'a> {
        let params = find(name)
            .unwrap_or_else(|| panic!("no function {name}"))
            .params
            .len();
        let mut types: Vec<Option<Type>> = args.iter().cloned().map(Type::new).map(Some).collect();
        types.resize(params, None);
        Call {
            name,
            args: types,
            constants: vec![None; params],
            filled: false,
            texts: vec![""; params],
            expected: None,
        }
    }

    /// A constant argument.
    pub(super) fn constant(mut self, arg: usize, ty: Kind, value: Value) -> Self {
        self.args[arg] = Some(Type::new(ty));
        self.constants[arg] = Some(value);
        self
    }

    pub(super) fn number(self, arg: usize, number: i64) -> Self {
        self.constant(arg, Kind::Int, Value::Int(number))
    }

    pub(super) fn expected(mut self, kind: Kind) -> Self {
        self.expected = Some(Type::new(kind));
        self
    }

    pub(super) fn rule(&self) -> Result<Typed, Mismatch> {
        let filled = vec![self.filled; self.args.len()];
        let function = find(self.name).unwrap_or_else(|| panic!("no function {}", self.name));
        (function.check)(&Typing {
            args: &self.args,
            constants: &self.constants,
            filled: &filled,
            texts: &self.texts,
            expected: self.expected.as_ref(),
        })
    }

    /// What it gives, as flow text says types.
    pub(super) fn gives(&self) -> String {
        match self.rule() {
            Ok(typed) => typed.ty.to_string(),
            Err(Mismatch { message, .. }) => format!("`{}` {message}", self.name),
        }
    }

    pub(super) fn supplied(&self) -> Vec<(usize, Value)> {
        match self.rule() {
            Ok(typed) => typed.supplied,
            Err(why) => panic!("{}", why.message),
        }
    }
}

pub(super) fn number(text: &str) -> Value {
    Value::Decimal(crate::decimals::parse(text).unwrap_or_else(|| panic!("{text} is no number")))
}

pub(super) fn percent(text: &str) -> Value {
    Value::Percent(crate::decimals::parse(text).unwrap_or_else(|| panic!("{text} is no number")))
}

pub(super) fn money(text: &str, basis: MoneyBasis, currency: &str) -> Value {
    Value::Money(Money {
        amount: crate::decimals::parse(text).unwrap_or_else(|| panic!("{text} is no number")),
        currency: Code::new(currency),
        basis,
    })
}

pub(super) fn text(text: &str) -> Value {
    Value::Text(text.into())
}

pub(super) fn list(items: impl IntoIterator<Item = Value>) -> Value {
    Value::List(items.into_iter().collect())
}

pub(super) fn country(code: &str) -> Value {
    Value::Country(Code::new(code).unwrap_or_else(|| panic!("{code} is no code")))
}

pub(super) fn of_money(basis: Basis) -> Kind {
    Kind::Money(basis, Some(2))
}

pub(super) fn list_of(kind: Kind) -> Kind {
    Kind::List(Box::new(Type::new(kind)))
}
