//! The proof for users: it holds for the shipped flowbooks, it can fail, and it says what it cannot do.

use super::support::{Call, Workplace};

fn prove(place: &Workplace, words: &str) -> Call {
    place.flowbook(&format!("prove {words}"))
}

/// The members that other tools read; counts that depend on the machine are taken out.
fn contract(report: &serde_json::Value) -> serde_json::Value {
    let mut report = report.clone();
    let faults = report["faults"].as_object().expect("faults by kind");
    assert!(faults.values().all(|count| count.as_u64() > Some(0)));
    report["faults"] = serde_json::json!({"KIND": "n"});
    for count in ["kills", "records"] {
        assert!(report[count].as_u64() > Some(0), "{count} in {report}");
        report[count] = "n".into();
    }
    report
}

#[test]
fn the_shipped_flowbook_holds_under_faults_kills_and_pauses() {
    let place = Workplace::with_flows();
    let report = prove(
        &place,
        "flows/ccv-eaccounting --seed 4 --kills 4 --format json",
    )
    .run()
    .exits(0)
    .json();
    insta::assert_json_snapshot!(contract(&report), @r#"
    {
      "doubles": 0,
      "failing_seeds": [],
      "faults": {
        "KIND": "n"
      },
      "kills": "n",
      "lost": 0,
      "records": "n",
      "seeds": 1,
      "unreported": 0
    }
    "#);
    assert!(
        !place
            .path()
            .join("flows/ccv-eaccounting/.flowbook")
            .exists()
    );
}

#[test]
fn orders_that_are_booked_and_paid_at_once_hold_too() {
    let place = Workplace::with_flows();
    let report = prove(
        &place,
        "flows/ccv-eaccounting --seed 1 --kills 3 --set document=invoice --format json",
    )
    .run()
    .exits(0)
    .json();
    assert!(report["kills"].as_u64() > Some(0), "{report}");
}

#[test]
fn a_shop_with_a_layer_of_its_own_holds_too() {
    let place = Workplace::with_flows();
    let done = prove(&place, "flows/example-shop --seed 1 --kills 3")
        .run()
        .exits(0);
    let told = done.stdout();
    assert!(
        told.ends_with("0 double, 0 lost, 0 unreported.\n"),
        "{told}"
    );
}

#[test]
fn a_document_that_a_person_makes_again_or_deletes_is_counted() {
    let place = Workplace::with_flows();
    let after = |fault: &str| {
        let quiet = "flows/ccv-eaccounting --seed 1 --kills 0 --orders 0 --format json";
        let words = format!("{quiet} --fault {fault}");
        prove(&place, &words).run().exits(1).json()
    };
    // most of their time they wait
    let (twin, gone) = std::thread::scope(|scope| {
        let twin = scope.spawn(|| after("hand-made-twin,same=true,times=1"));
        let gone = after("document-deleted,times=1");
        (twin.join().expect("it is counted"), gone)
    });
    assert_eq!(twin["doubles"], 1, "{twin}");
    assert_eq!(twin["failing_seeds"], serde_json::json!([1]));
    assert_eq!(gone["lost"], 1, "{gone}");
}

#[test]
fn a_failing_seed_names_the_order_and_the_command_that_repeats_it() {
    let place = Workplace::with_flows();
    let done = prove(
        &place,
        "flows/ccv-eaccounting --seed 1 --kills 0 --orders 0 --fault reference-edited,times=1,path=/v2/customerinvoicedrafts",
    )
    .run()
    .exits(1);
    let told = done.stdout();
    assert!(told.contains("made for orders › 3393235"), "{told}");
    let again = "again   flowbook prove flows/ccv-eaccounting --orders 0 --fault 'reference-edited,times=1,path=/v2/customerinvoicedrafts' --seed 1 --kills 0";
    assert!(told.contains(again), "{told}");
}

#[test]
fn what_cannot_be_proved_is_said() {
    let place = Workplace::with_flows();
    place.edit(
        "flows/ccv-eaccounting/orders.flow",
        "read order in",
        "reed order in",
    );
    prove(&place, "flows/ccv-eaccounting").run().exits(2);
    place.write(
        "own/own.flow",
        "connector shop {\n  base \"https://shop.example\"\n  auth none\n  answers { 400..499 => refused, otherwise => unknown }\n  resource things: Thing {\n    list GET \"/things\", create POST \"/things\"\n    key id\n    whole\n    find by name with index\n  }\n  type Thing { id: text readonly, name: text }\n}\nsystem shop: shop\nflow f {\n  read thing in shop.things\n  create in shop.things by name = \"x\"\n}\n",
    );
    let done = prove(&place, "own").run().exits(2);
    let told = done.stderr();
    assert!(
        told.contains("The system “shop” is a “shop”, which the sandbox cannot play"),
        "{told}"
    );
    let done = prove(&place, "flows/example-shop --fault lose-afer")
        .run()
        .exits(2);
    assert!(!done.stderr().is_empty());
}
