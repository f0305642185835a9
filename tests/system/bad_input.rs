//! Bad input of every kind gets a clear error, and nothing is lost.

use std::io::{Read, Write};
use std::net::TcpListener;

use flowbook_sandbox::Options;

use super::support::{Servers, Workplace, steady};

const RUN: &str =
    "run flows/ccv-eaccounting orders --set orders_since=2026-01-01 --set default_customer=1000";

/// No panic, no Rust dump, in whatever was said.
#[track_caller]
fn clean(text: &str) {
    for word in [
        "panicked",
        "RUST_BACKTRACE",
        "Some(",
        "unwrap",
        "Err(",
        "src/",
        "Os {",
    ] {
        assert!(!text.contains(word), "{word} in\n{text}");
    }
}

#[test]
fn files_that_are_no_flow_text() {
    let place = Workplace::with_flows();
    place.write("binary/main.flow", [0u8, 159, 146, 150, 255, 0, 7]);
    place.write("latin/main.flow", b"map x() = \"\xe5\"\n");
    place.write("deep/main.flow", "[".repeat(10 << 20));
    place.write(
        "deep_small/main.flow",
        format!("map x() = {}", "[".repeat(5000)),
    );
    place.write("empty/readme.txt", "nothing");
    place.write("circle/a/main.flow", "use \"../b\"\n");
    place.write("circle/b/main.flow", "use \"../a\"\n");
    place.write(
        "crlf/main.flow",
        "zone \"Europe/Stockholm\"\r\n\r\nmap x(a: int) = a +\r\n",
    );
    let mut said = String::new();
    for dir in [
        "binary",
        "latin",
        "deep",
        "deep_small",
        "empty",
        "circle/a",
        "crlf",
        "nowhere",
        "flows/ccv-eaccounting/fixtures/terms.json",
    ] {
        let done = place.flowbook(&format!("validate {dir}")).run();
        let text = done.said();
        clean(&text);
        assert!(!text.starts_with("exit 0"), "{dir}: {text}");
        assert!(
            text.len() < 20_000,
            "{dir}: {} bytes of message",
            text.len()
        );
        said.push_str(&format!("══ validate {dir}\n{text}\n"));
    }
    insta::assert_snapshot!("files_that_are_no_flow_text", said);
}

#[test]
fn usage_mistakes() {
    let place = Workplace::with_flows();
    let mut said = String::new();
    for words in [
        "run flows/ccv-eaccounting --sandbox --set documnt=invoice",
        "run flows/ccv-eaccounting --sandbox --set document=invoce",
        "run flows/ccv-eaccounting --sandbox --set orders_since=yesterday",
        "run flows/ccv-eaccounting --sandbox --set tolerance=0.001",
        "run flows/ccv-eaccounting --sandbox --set store_id=TOOLONGX",
        "run flows/ccv-eaccounting ordrs --sandbox",
        "run flows/ccv-eaccounting",
        "explain flows/ccv-eaccounting order",
        "explain F9999",
        "map flows/ccv-eaccounting --map custmer",
        "map flows/ccv-eaccounting --map draft_row",
        "run nowhere --sandbox",
        "records nowhere",
        "records flows/ccv-eaccounting/fixtures/terms.json",
        "records flows/ccv-eaccounting --state faild",
        "records flows/ccv-eaccounting --state ./nowhere",
        "records flows/ccv-eaccounting --state flows",
        "records flows/ccv-eaccounting --code F9999",
        "retry flows/ccv-eaccounting --code F9999",
        "retry flows/ccv-eaccounting 1062 --state nowhere",
        "dismiss flows/ccv-eaccounting 1062 --reason x --state nowhere",
        "why flows/ccv-eaccounting 1062 --state nowhere",
        "purge flows/ccv-eaccounting --state nowhere",
        "forget flows/ccv-eaccounting --email a@b.se --state nowhere",
    ] {
        let done = place.flowbook(words).run().exits(2);
        let text = done.said();
        clean(&text);
        said.push_str(&format!("══ {words}\n{text}\n"));
    }
    insta::assert_snapshot!("usage_mistakes", said);
}

#[test]
fn missing_variables_are_told_all_at_once() {
    let place = Workplace::with_flows();
    let done = place.flowbook(RUN).run().exits(2);
    let text = done.said();
    clean(&text);
    for name in [
        "FLOWBOOK_TILL_PUBLIC_KEY",
        "FLOWBOOK_TILL_SECRET_KEY",
        "FLOWBOOK_BOOKS_CLIENT_ID",
        "FLOWBOOK_BOOKS_CLIENT_SECRET",
        "FLOWBOOK_BOOKS_REFRESH_TOKEN",
    ] {
        assert!(text.contains(name), "{name} is not told:\n{text}");
    }
    insta::assert_snapshot!("missing_variables", text);
}

#[test]
fn wrong_keys_and_dead_servers() {
    let servers = Servers::start(Options::default());
    let place = Workplace::with_flows();
    let dead = TcpListener::bind("127.0.0.1:0")
        .expect("a port")
        .local_addr()
        .expect("an address");
    let mut said = String::new();
    for (name, variable, value) in [
        (
            "a wrong key of the till",
            "FLOWBOOK_TILL_SECRET_KEY",
            "wrong-secret".to_owned(),
        ),
        (
            "a wrong client of the books",
            "FLOWBOOK_BOOKS_CLIENT_SECRET",
            "wrong-secret".to_owned(),
        ),
        (
            "a used refresh token",
            "FLOWBOOK_BOOKS_REFRESH_TOKEN",
            "used-up-secret".to_owned(),
        ),
        (
            "a dead server",
            "FLOWBOOK_TILL_BASE",
            format!("http://{dead}/api/rest/v1"),
        ),
        (
            "plain http to elsewhere",
            "FLOWBOOK_BOOKS_BASE",
            "http://books.example.com/v2".to_owned(),
        ),
    ] {
        let done = place
            .flowbook(RUN)
            .at(servers.sandbox())
            .env(variable, &value)
            .run();
        let text = done.said();
        clean(&text);
        assert!(
            text.starts_with("exit 1") || text.starts_with("exit 2"),
            "{text}"
        );
        assert!(!text.contains("secret-"), "{text}");
        assert!(
            !text.contains("wrong-secret") && !text.contains("used-up-secret"),
            "{text}"
        );
        said.push_str(&format!("══ {name}\n{text}\n"));
    }
    insta::assert_snapshot!("wrong_keys_and_dead_servers", said);
    let made = servers.requests().to_string();
    assert!(!made.contains("POST /v2"), "{made}");
}

/// A server that gives one answer to everything.
fn answering(status: &str, body: &str) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut seen = [0u8; 8192];
            let _ = stream.read(&mut seen);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    address
}

#[test]
fn answers_that_cannot_be_used() {
    let servers = Servers::start(Options::default());
    let place = Workplace::with_flows();
    let mut said = String::new();
    for (name, status, body) in [
        (
            "malformed JSON in a page",
            "200 OK",
            r#"{"items": [{"id": 1, "#.to_owned(),
        ),
        ("a page that is no page", "200 OK", "[]".to_owned()),
        (
            "duplicate keys",
            "200 OK",
            r#"{"items": [{"id": 1, "id": 2}]}"#.to_owned(),
        ),
        (
            "a number with 40 digits",
            "200 OK",
            format!(
                r#"{{"items": [{{"id": 5, "create_date": "2026-02-01T00:00:00Z", "status": 1, "paid": true, "ordernumber_full": "9", "paymethod": "cash",
                    "currency": "SEK", "customer": {{"email": ""}}, "product_number": "MUGG-BLA", "product_name": "Mugg", "count": 1, "tax": 25, "price_with_attributes": {}}}]}}"#,
                "1234567890".repeat(4)
            ),
        ),
        (
            "401",
            "401 Unauthorized",
            r#"{"status": 401, "code": "401.10", "developermessage": "The hash is wrong"}"#
                .to_owned(),
        ),
        (
            "500",
            "500 Internal Server Error",
            "<html>oops</html>".to_owned(),
        ),
        (
            "nested without end",
            "200 OK",
            format!(r#"{{"items": {}"#, "[".repeat(100_000)),
        ),
    ] {
        let address = answering(status, &body);
        let done = place
            .flowbook(RUN)
            .at(servers.sandbox())
            .env(
                "FLOWBOOK_TILL_BASE",
                &format!("http://{address}/api/rest/v1"),
            )
            .run();
        let text = done.said();
        clean(&text);
        assert!(!text.starts_with("exit 0"), "{name}: {text}");
        said.push_str(&format!("══ {name}\n{text}\n"));
    }
    insta::assert_snapshot!("answers_that_cannot_be_used", steady(&said));
}

#[test]
fn two_runs_at_once_do_not_meet() {
    let servers = Servers::start(Options::default());
    let place = Workplace::with_flows();
    let mut first = place.flowbook(RUN).at(servers.sandbox()).spawn();
    let second = place.flowbook(RUN).at(servers.sandbox()).run();
    first.wait().expect("ended");
    clean(&second.said());
    let drafts = servers.records("books/customerinvoicedrafts");
    let doubles: Vec<_> = super::support::count_by(&drafts, "BuyersOrderReference")
        .into_iter()
        .filter(|(reference, count)| *count > 1 && reference != "null")
        .collect();
    assert!(doubles.is_empty(), "{doubles:?}");
}
