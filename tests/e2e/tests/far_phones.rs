//! Far phones, driven as the browser's tests drive them.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::time::Duration;

use nohold_e2e::far_phones;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, Lines, ReadHalf, WriteHalf};
use tokio::time::timeout;

const SOON: Duration = Duration::from_secs(10);

struct Driver {
    orders: WriteHalf<DuplexStream>,
    said: Lines<BufReader<ReadHalf<DuplexStream>>>,
    events: Vec<Value>,
    next: u64,
}

impl Driver {
    async fn ask(&mut self, mut order: Value) -> Value {
        self.next += 1;
        order["id"] = json!(self.next);
        self.orders.write_all(format!("{order}\n").as_bytes()).await.unwrap();
        loop {
            let said = self.hear().await;
            if said["re"] == order["id"] {
                return said;
            }
            self.events.push(said);
        }
    }

    async fn does(&mut self, order: Value) -> Value {
        let said = self.ask(order).await;
        assert!(said.get("error").is_none(), "{said}");
        said["ok"].clone()
    }

    async fn event(&mut self, name: &str, call: Option<&Value>) -> Value {
        loop {
            let wanted = |event: &Value| event["event"] == name && call.is_none_or(|call| event["call"] == *call);
            if let Some(found) = self.events.iter().position(wanted) {
                return self.events.remove(found);
            }
            let said = self.hear().await;
            self.events.push(said);
        }
    }

    async fn hear(&mut self) -> Value {
        let line = timeout(SOON, self.said.next_line()).await.unwrap().unwrap().unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

async fn with_driver(story: impl AsyncFnOnce(&mut Driver)) {
    let (ours, theirs) = tokio::io::duplex(64 * 1_024);
    let (input, output) = tokio::io::split(theirs);
    let (said, orders) = tokio::io::split(ours);
    let mut driver = Driver { orders, said: BufReader::new(said).lines(), events: Vec::new(), next: 0 };
    tokio::select! {
        served = far_phones::serve(BufReader::new(input), output) => panic!("the driver ended: {served:?}"),
        () = story(&mut driver) => {}
    }
}

#[tokio::test]
async fn two_phones_talk_press_keys_and_hang_up_by_lines_of_json() {
    with_driver(async |far| {
        let anna = far.does(json!({ "do": "plug_in", "phone": "a", "user": "anna" })).await;
        let bert = far.does(json!({ "do": "plug_in", "phone": "b", "user": "bert" })).await;
        let host = |at: &Value| at["at"].as_str().unwrap().split(':').next().unwrap().to_owned();
        assert_ne!(host(&anna), host(&bert), "each phone has an address of its own");

        let to = format!("sip:bert@{}", bert["at"].as_str().unwrap());
        let at_anna = far.does(json!({ "do": "dial", "phone": "a", "to": to, "from": "+8613800138000" })).await;
        let incoming = far.event("incoming", None).await;
        assert_eq!((&incoming["phone"], &incoming["caller"]), (&json!("b"), &json!("+8613800138000")));
        let (a, b) = (at_anna["call"].clone(), incoming["call"].clone());
        far.does(json!({ "do": "answer", "call": b })).await;
        far.event("answered", Some(&a)).await;
        far.event("answered", Some(&b)).await;

        far.does(json!({ "do": "tone", "call": a, "hz": 440 })).await;
        let mut heard = Value::Null;
        for _ in 0..5 {
            heard = far.does(json!({ "do": "listen", "call": b, "at": [440, 700] })).await;
            if heard["sound"] == "tone" {
                break;
            }
        }
        assert!((heard["hz"].as_f64().unwrap() - 440.0).abs() < 2.0, "{heard}");
        far.does(json!({ "do": "press", "call": b, "keys": "17#" })).await;
        assert_eq!(far.does(json!({ "do": "digits", "call": a })).await, json!("17#"));

        far.does(json!({ "do": "hang_up", "call": a })).await;
        assert_eq!(far.event("ended", Some(&b)).await["by"], "them");
        assert_eq!(far.event("ended", Some(&a)).await["by"], "us");
        let deaf = far.ask(json!({ "do": "listen", "call": b })).await;
        assert!(deaf["error"].as_str().unwrap().contains("the call is over"), "{deaf}");
    })
    .await;
}

#[tokio::test]
async fn a_call_is_declined_and_an_order_that_is_none_is_answered_in_words() {
    with_driver(async |far| {
        let bert = far.does(json!({ "do": "plug_in", "phone": "b", "user": "bert" })).await;
        far.does(json!({ "do": "plug_in", "phone": "a", "user": "anna" })).await;
        let to = format!("sip:bert@{}", bert["at"].as_str().unwrap());
        let a = far.does(json!({ "do": "dial", "phone": "a", "to": to })).await["call"].clone();
        let b = far.event("incoming", None).await["call"].clone();
        far.does(json!({ "do": "decline", "call": b, "status": 603 })).await;
        let end = far.event("ended", Some(&a)).await;
        assert!(end["why"].as_str().unwrap().contains("603"), "{end}");
        for (order, says) in [
            (json!({ "do": "dance" }), "say which call"),
            (json!({ "do": "hang_up", "call": 99 }), "there is no call 99"),
            (json!({ "do": "register", "phone": "c" }), "there is no phone c"),
            (json!({ "do": "dial", "phone": "a" }), "`to` is missing"),
        ] {
            let said = far.ask(order).await;
            assert!(said["error"].as_str().unwrap().contains(says), "{said}");
        }
    })
    .await;
}
