//! Maps: parameters in, an expression or a record of fields out; `extend map` lays fields over them.

use super::body::Body;
use super::{Checker, MapState};
use crate::checked;

impl Checker<'_> {
    /// A map, checked on demand; one that calls itself is told once.
    pub(super) fn checked_map(&self, ix: u32) -> checked::Map {
        if let Some(MapState::Done(map)) = self.maps.borrow().get(&ix) {
            return (**map).clone();
        }
        let Some((_, decl)) = self.declared.maps.get_index(ix as usize) else {
            return checked::Map {
                name: String::new(),
                doc: String::new(),
                params: Vec::new(),
                body: Body::nothing(Default::default()),
                locals: Vec::new(),
                span: Default::default(),
            };
        };
        self.maps.borrow_mut().insert(ix, MapState::Open);
        let mut body = Body::new(self);
        let params = decl
            .item
            .params
            .iter()
            .zip(&decl.params)
            .map(|(param, (_, ty))| body.bind(&param.name, ty.clone()))
            .collect();
        let value = body.expr(&decl.item.body, decl.result.as_ref());
        let map = checked::Map {
            name: decl.item.name.text.clone(),
            doc: decl.doc.clone(),
            params,
            body: value,
            locals: body.locals,
            span: decl.span,
        };
        self.maps
            .borrow_mut()
            .insert(ix, MapState::Done(Box::new(map.clone())));
        map
    }
}
