//! Connectors as data: a plain one for a scripted server, and the two systems of the sandbox as far as these tests use them.

use std::sync::Arc;

use flowbook::plan::connector::*;
use flowbook_grammar::{FileId, Span};
use flowbook_stdlib::types::{Basis, Field, Kind, Place, Shape, Type};

pub fn nowhere() -> Span {
    Span {
        file: FileId(0),
        start: 0,
        end: 0,
    }
}

/// `/orders/{id}/`
pub fn template(text: &str) -> Template {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (hole, after) = after.split_once('}').unwrap();
        parts.push(TemplatePart::Text(before.to_owned()));
        parts.push(TemplatePart::Hole(path(hole)));
        rest = after;
    }
    parts.push(TemplatePart::Text(rest.to_owned()));
    Template(parts)
}

pub fn path(text: &str) -> Vec<String> {
    text.split('.').map(str::to_owned).collect()
}

pub fn endpoint(text: &str) -> Endpoint {
    let (method, path) = text.split_once(' ').unwrap();
    Endpoint {
        method: method.to_owned(),
        path: template(path),
        query: Vec::new(),
        one_page: false,
    }
}

pub fn create(text: &str) -> Action {
    Action {
        name: None,
        params: Vec::new(),
        endpoint: endpoint(text),
        body: None,
        maybe_empty: false,
        carries: Vec::new(),
    }
}

pub fn answer(status: u16, to: u16, outcome: Outcome) -> Answer {
    Answer {
        status: vec![(status, to)],
        when: None,
        outcome,
    }
}

pub fn shape(name: &str, fields: Vec<Field>) -> Arc<Shape> {
    Arc::new(Shape {
        name: name.into(),
        fields,
        money_in: None,
    })
}

pub fn field(name: &str, kind: Kind) -> Field {
    Field::plain(name, Type::new(kind).optional())
}

pub fn resource(system: u32, name: &str, shape: Arc<Shape>) -> Resource {
    Resource {
        system,
        name: name.to_owned(),
        parent: None,
        shape,
        key: Some(0),
        one: None,
        list: None,
        get: None,
        creates: Vec::new(),
        update: None,
        replaces: false,
        reading: Reading::Unsaid,
        order: None,
        filters: Vec::new(),
        finds: Vec::new(),
        unique: Vec::new(),
        forms: Vec::new(),
        title: None,
        webhook: None,
        span: nowhere(),
    }
}

pub fn find(field: u16, how: Vec<How>) -> Find {
    Find {
        fields: vec![vec![field]],
        how,
    }
}

pub fn system(name: &str, connector: Connector) -> System {
    System {
        name: name.to_owned(),
        connector: Arc::new(connector),
        options: Vec::new(),
        span: nowhere(),
    }
}

fn secret(name: &str) -> Param {
    Param {
        name: name.to_owned(),
        ty: Type::new(Kind::Text(None)),
        secret: true,
    }
}

pub fn pages(style: PageStyle, max: u32) -> Pages {
    let offset = style == PageStyle::Offset;
    Pages {
        style,
        start: if offset { "start" } else { "$page" }.to_owned(),
        size: if offset { "size" } else { "$pagesize" }.to_owned(),
        first: u32::from(!offset),
        max,
        items: path(if offset { "items" } else { "Data" }),
        next: offset.then(|| path("next")),
        pages: (!offset).then(|| path("Meta.TotalNumberOfPages")),
        clock: (!offset).then(|| path("Meta.ServerTimeUtc")),
        order: offset.then(|| "orderby".to_owned()),
        descending: offset.then(|| "_desc".to_owned()),
    }
}

/// A connector without sign-in, for a scripted server: `things` in offset pages, and in `labels` a list that is replaced when written.
pub fn plain() -> (System, Vec<Resource>) {
    let connector = Connector {
        name: "plain".to_owned(),
        params: vec![secret("token")],
        base: template("https://plain.example/api"),
        headers: vec![("X-Token".to_owned(), template("{token}"))],
        auth: Auth::None,
        limits: Vec::new(),
        pages: Some(pages(PageStyle::Offset, 3)),
        odata: None,
        empty_is_none: false,
        any_case: false,
        answers: vec![
            answer(429, 429, Outcome::Busy),
            answer(401, 403, Outcome::SignIn),
            answer(404, 404, Outcome::Gone),
            answer(409, 409, Outcome::Taken),
            answer(400, 499, Outcome::Refused),
        ],
        error: ErrorShape {
            code: Some(path("code")),
            message: Some(path("message")),
            id: None,
            fields: Some(path("errors")),
        },
        settle_s: 1,
    };
    let shape = shape(
        "plain.Thing",
        vec![
            field("id", Kind::Int),
            field("name", Kind::Text(None)),
            field("amount", Kind::Decimal(None)),
            field("changed", Kind::DateTime),
        ],
    );
    let mut things = resource(0, "things", shape.clone());
    things.list = Some(endpoint("GET /things/"));
    things.get = Some(endpoint("GET /things/{id}/"));
    things.creates = vec![create("POST /things/")];
    things.update = Some(endpoint("PATCH /things/{id}/"));
    things.finds = vec![
        find(1, vec![How::Param("name".to_owned()), How::Index]),
        find(1, vec![How::Index]),
    ];
    things.reading = Reading::Changed {
        field: 3,
        by_order: true,
    };
    let mut labels = resource(0, "labels", shape.clone());
    labels.list = Some(endpoint("GET /labels/"));
    labels.get = Some(endpoint("GET /labels/{id}/"));
    labels.update = Some(endpoint("PUT /labels/{id}/"));
    labels.replaces = true;
    labels.creates = vec![Action {
        maybe_empty: true,
        ..create("POST /labels/")
    }];
    let mut parts = resource(0, "things.parts", shape);
    parts.parent = Some(0);
    parts.list = Some(endpoint("GET /things/{id}/parts/"));
    (system("shop", connector), vec![things, labels, parts])
}

/// The till, as far as these tests go.
pub fn till() -> (System, Vec<Resource>) {
    let connector = Connector {
        name: "ccv_salespos".to_owned(),
        params: vec![
            Param {
                name: "host".to_owned(),
                ty: Type::new(Kind::Text(None)),
                secret: false,
            },
            secret("public_key"),
            secret("secret_key"),
        ],
        base: template("https://{host}/api/rest/v1"),
        headers: vec![(
            "Accept".to_owned(),
            template("application/vnd.verto.salespos+json"),
        )],
        auth: Auth::HmacSha512 {
            key: "secret_key".to_owned(),
            sign: template("{public_key}|{method}|{uri}|{body}|{time}"),
            headers: vec![
                ("x-public".to_owned(), template("{public_key}")),
                ("x-date".to_owned(), template("{time}")),
                ("x-hash".to_owned(), template("{hash}")),
            ],
            answer: Some(template(
                "{public_key}|{method}|{uri}|{answer}|{answer.time}",
            )),
            verify: Verify::Enforce,
            skew_s: 300,
        },
        limits: Vec::new(),
        pages: Some(pages(PageStyle::Offset, 20)),
        odata: None,
        empty_is_none: true,
        any_case: false,
        answers: vec![
            answer(429, 429, Outcome::Busy),
            answer(401, 403, Outcome::SignIn),
            answer(404, 404, Outcome::Gone),
            answer(400, 499, Outcome::Refused),
        ],
        error: ErrorShape {
            code: Some(path("code")),
            message: Some(path("developermessage")),
            id: None,
            fields: None,
        },
        settle_s: 1,
    };
    let mut total = field(
        "total_price",
        Kind::Money(Basis::By("taxes_included".into()), None),
    );
    total.flag = Some(Place::Own(vec!["taxes_included".into()]));
    let order = Arc::new(Shape {
        name: "till.Order".into(),
        fields: vec![
            field("id", Kind::Int),
            field("ordernumber", Kind::Int),
            field("create_date", Kind::DateTime),
            field("currency", Kind::Currency),
            field("taxes_included", Kind::Bool),
            total,
        ],
        money_in: Some(Place::Own(vec!["currency".into()])),
    });
    let mut price = field(
        "price",
        Kind::Money(Basis::By("parent.taxes_included".into()), None),
    );
    price.flag = Some(Place::Parent(vec!["taxes_included".into()]));
    let row = Arc::new(Shape {
        name: "till.OrderRow".into(),
        fields: vec![
            field("product_number", Kind::Text(None)),
            field("count", Kind::Decimal(None)),
            price,
        ],
        money_in: Some(Place::Parent(vec!["currency".into()])),
    });
    let note = shape(
        "till.OrderNote",
        vec![field("id", Kind::Int), field("note", Kind::Text(None))],
    );
    let mut orders = resource(0, "orders", order);
    orders.list = Some(endpoint("GET /orders/"));
    orders.get = Some(endpoint("GET /orders/{id}/"));
    orders.order = Some("id".to_owned());
    orders.reading = Reading::Growing {
        field: 2,
        param: Some("min_create_date".to_owned()),
        odata: false,
        window_s: 172_800,
    };
    orders.finds = vec![find(1, vec![How::Param("ordernumber".to_owned())])];
    let mut rows = resource(0, "orders.orderrows", row);
    rows.parent = Some(0);
    rows.key = None;
    rows.list = Some(endpoint("GET /orders/{id}/orderrows/"));
    let mut notes = resource(0, "orders.ordernotes", note);
    notes.parent = Some(0);
    notes.list = Some(Endpoint {
        one_page: true,
        ..endpoint("GET /orders/{id}/ordernotes/")
    });
    notes.creates = vec![Action {
        maybe_empty: true,
        ..create("POST /orders/{id}/ordernotes/")
    }];
    (system("till", connector), vec![orders, rows, notes])
}

/// The books, as far as these tests go.
pub fn books() -> (System, Vec<Resource>) {
    let connector = Connector {
        name: "eaccounting".to_owned(),
        params: vec![secret("client_id"), secret("client_secret")],
        base: template("https://eaccountingapi.vismaonline.com/v2"),
        headers: Vec::new(),
        auth: Auth::OAuth2 {
            authorize: "https://identity.vismaonline.com/connect/authorize".to_owned(),
            token: "https://identity.vismaonline.com/connect/token".to_owned(),
            basic: true,
            pkce: true,
            prompt: None,
            scopes: vec!["ea:api".to_owned()],
        },
        limits: Vec::new(),
        pages: Some(pages(PageStyle::Number, 2)),
        odata: Some(Odata {
            param: "$filter".to_owned(),
            order: Some("$orderby".to_owned()),
            any_of: 20,
        }),
        empty_is_none: false,
        any_case: true,
        answers: vec![
            answer(429, 429, Outcome::Busy),
            answer(401, 401, Outcome::SignIn),
            answer(404, 404, Outcome::Gone),
            Answer {
                status: vec![(409, 409)],
                when: Some(BodyTest::Equals(path("ErrorCode"), "4000".to_owned())),
                outcome: Outcome::Taken,
            },
            answer(400, 499, Outcome::Refused),
        ],
        error: ErrorShape {
            code: Some(path("ErrorCode")),
            message: Some(path("DeveloperErrorMessage")),
            id: Some(path("ErrorId")),
            fields: Some(path("Errors")),
        },
        settle_s: 1,
    };
    let customer = shape(
        "books.Customer",
        vec![
            field("Id", Kind::Uuid),
            field("CustomerNumber", Kind::Text(Some(16))),
            field("Name", Kind::Text(Some(50))),
            field("EmailAddress", Kind::Email(Some(255))),
            field("IsActive", Kind::Bool),
            field("ChangedUtc", Kind::DateTime),
        ],
    );
    let label = shape(
        "books.Label",
        vec![
            field("Id", Kind::Uuid),
            field("Name", Kind::Text(Some(50))),
            field("Description", Kind::Text(Some(400))),
        ],
    );
    let settings = shape(
        "books.CompanySettings",
        vec![field("CurrencyCode", Kind::Currency)],
    );
    let mut customers = resource(0, "customers", customer);
    customers.list = Some(endpoint("GET /customers"));
    customers.get = Some(endpoint("GET /customers/{Id}"));
    customers.creates = vec![create("POST /customers")];
    customers.update = Some(endpoint("PUT /customers/{Id}"));
    customers.replaces = true;
    customers.reading = Reading::Changed {
        field: 5,
        by_order: false,
    };
    customers.finds = vec![find(3, vec![How::Odata]), find(1, vec![How::Odata])];
    let mut labels = resource(0, "customer_labels", label);
    labels.list = Some(endpoint("GET /customerlabels"));
    labels.creates = vec![create("POST /customerlabels")];
    labels.update = Some(endpoint("PUT /customerlabels/{Id}"));
    labels.replaces = true;
    labels.reading = Reading::Whole;
    labels.finds = vec![find(1, vec![How::Index])];
    let mut one = resource(0, "company_settings", settings);
    one.one = Some(endpoint("GET /companysettings"));
    one.key = None;
    (system("books", connector), vec![customers, labels, one])
}
