//! The phone in the browser, as the API shows it; behind it stands a phone that only remembers.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use nohold_app::ports::{
    Accounts as _, NotOnPage, PageAnswer, PageCall, PageCallState, PageConnection, PagePhone, PagePhones, PageState,
    Role, User,
};
use nohold_model::{ExtensionKey, LegId};
use nohold_server::access::fingerprint;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::client::Answer;
use super::house::{House, leg};
use super::socket::Live;

/// Phones that remember what was wished of them.
#[derive(Default)]
pub struct Pages {
    phones: Mutex<BTreeMap<ExtensionKey, PagePhone>>,
    changes: watch::Sender<u64>,
    last: Mutex<u64>,
}

impl Pages {
    fn phones(&self) -> MutexGuard<'_, BTreeMap<ExtensionKey, PagePhone>> {
        self.phones.lock().unwrap()
    }

    fn change<T>(&self, extension: &ExtensionKey, work: impl FnOnce(&mut PagePhone) -> T) -> T {
        let done = work(self.phones().entry(extension.clone()).or_default());
        self.changes.send_modify(|count| *count += 1);
        done
    }

    /// It rings at the page of an extension.
    fn ring(&self, extension: &str) -> LegId {
        let call = PageCall { leg: leg(7), state: PageCallState::Ringing };
        self.change(&ExtensionKey::new(extension).unwrap(), |phone| phone.calls.push(call));
        call.leg
    }
}

impl PagePhones for Pages {
    fn connect(&self, extension: &ExtensionKey, offer: &str, from: IpAddr) -> Result<PageAnswer, NotOnPage> {
        assert!(from.is_loopback());
        if offer != "offer" {
            return Err(NotOnPage::Offer("this is no offer".into()));
        }
        let mut last = self.last.lock().unwrap();
        *last += 1;
        let connection = PageConnection(*last);
        self.change(extension, |phone| phone.connection = Some((connection, PageState::Up)));
        Ok(PageAnswer { connection, sdp: "answer".into() })
    }

    fn disconnect(&self, extension: &ExtensionKey, connection: PageConnection) -> bool {
        self.change(extension, |phone| {
            let its = phone.connection.take_if(|(id, _)| *id == connection).is_some();
            // The calls on it end.
            if its {
                phone.calls.clear();
            }
            its
        })
    }

    fn let_go(&self, extension: &ExtensionKey, connection: PageConnection, may_return: bool) -> bool {
        self.change(extension, |phone| {
            let its = phone.connection.take_if(|(id, _)| *id == connection).is_some();
            // The agent is lost.
            if its && !may_return {
                phone.calls.clear();
            }
            its
        })
    }

    fn phone(&self, extension: &ExtensionKey) -> PagePhone {
        self.phones().get(extension).cloned().unwrap_or_default()
    }

    fn answer(&self, extension: &ExtensionKey, leg: LegId) -> Result<(), NotOnPage> {
        self.change(extension, |phone| {
            let call = phone.calls.iter_mut().find(|call| call.leg == leg).ok_or(NotOnPage::NoCall)?;
            call.state = PageCallState::Talking;
            Ok(())
        })
    }

    fn hang_up(&self, extension: &ExtensionKey, leg: LegId) -> Result<(), NotOnPage> {
        self.change(extension, |phone| {
            let there = phone.calls.iter().any(|call| call.leg == leg);
            phone.calls.retain(|call| call.leg != leg);
            if there { Ok(()) } else { Err(NotOnPage::NoCall) }
        })
    }

    fn dial(&self, extension: &ExtensionKey, text: &str) -> Result<LegId, NotOnPage> {
        if self.phone(extension).connection.is_none() {
            return Err(NotOnPage::NotConnected);
        }
        assert_eq!(text, "*43");
        Ok(self.ring(extension.as_str()))
    }

    fn echo(&self, extension: &ExtensionKey, on: bool) -> Result<(), NotOnPage> {
        self.change(extension, |phone| phone.echo = on);
        Ok(())
    }

    fn level(&self, extension: &ExtensionKey) -> Option<i8> {
        self.phone(extension).echo.then_some(-12)
    }

    fn addresses(&self, _: IpAddr) -> Vec<std::net::SocketAddr> {
        vec!["127.0.0.1:20001".parse().unwrap()]
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}

async fn wish(house: &House, token: &str, method: &str, path: &str, body: Option<Value>) -> Answer {
    let ask = house.ask(method, path).token(token);
    match body {
        Some(body) => ask.json(&body).send().await,
        None => ask.send().await,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_connects_answers_and_hangs_up_and_the_screen_follows() {
    let house = House::new().await;
    let ada = house.person("ada", Role::Agent, Some("2000"), None).await;
    let bob = house.person("bob", Role::Agent, Some("2001"), None).await;
    let mut live = Live::open(&house, &ada, None).await;
    assert_eq!((&live.first["phone"]["state"], &live.first["phone"]["extension"]), (&json!("none"), &json!("2000")));
    let mut others = Live::open(&house, &bob, None).await;
    let answered = wish(&house, &ada, "POST", "/api/phone", Some(json!({"sdp": "offer"}))).await.expect(200).json();
    assert_eq!(answered, json!({"connection": 1, "sdp": "answer", "candidates": ["127.0.0.1:20001"]}));
    assert_eq!(live.next().await["changes"][0]["phone"]["state"], "up");
    let ringing = house.pages.ring("2000");
    let shown = live.next().await["changes"][0].clone();
    assert_eq!((&shown["type"], &shown["phone"]["calls"][0]["state"]), (&json!("phone"), &json!("ringing")));
    assert_eq!(shown["phone"]["calls"][0]["leg"], ringing.to_string());
    let path = |what: &str| format!("/api/phone/calls/{ringing}/{what}");
    wish(&house, &bob, "POST", &path("answer"), None).await.refused(404, "not_found");
    let shown = wish(&house, &ada, "POST", &path("answer"), None).await.expect(200).json();
    assert_eq!(shown["calls"][0]["state"], "talking");
    wish(&house, &ada, "POST", &path("hang-up"), None).await.expect(200);
    wish(&house, &ada, "POST", &path("decline"), None).await.refused(404, "not_found");
    assert_eq!(wish(&house, &ada, "GET", "/api/phone", None).await.expect(200).json()["calls"], json!([]));
    wish(&house, &bob, "DELETE", "/api/phone/1", None).await.refused(404, "not_found");
    wish(&house, &ada, "DELETE", "/api/phone/1", None).await.expect(204);
    // Nothing of it was for the other screen: the next that it hears is of its own phone.
    wish(&house, &bob, "POST", "/api/phone", Some(json!({"sdp": "offer"}))).await.expect(200);
    assert_eq!(others.next().await["changes"][0]["phone"]["extension"], "2001");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_done_is_refused_in_plain_words() {
    let house = House::new().await;
    let ada = house.person("ada", Role::Agent, Some("2000"), None).await;
    let sue = house.person("sue", Role::Supervisor, None, None).await;
    let offer = |sdp: &str| Some(json!({"sdp": sdp}));
    let refused = wish(&house, &ada, "POST", "/api/phone", offer("hello")).await.refused(422, "bad_offer").json();
    assert_eq!(refused["field"], "sdp");
    wish(&house, &ada, "POST", "/api/phone", offer(&"a".repeat(40_000))).await.refused(413, "too_large");
    wish(&house, &sue, "POST", "/api/phone", offer("offer")).await.refused(403, "no_agent");
    let dial = Some(json!({"dial": "*43"}));
    wish(&house, &ada, "POST", "/api/phone/calls", dial.clone()).await.refused(409, "not_connected");
    wish(&house, &ada, "POST", "/api/phone", offer("offer")).await.expect(200);
    let begun = wish(&house, &ada, "POST", "/api/phone/calls", dial).await.expect(200).json();
    assert_eq!(begun["leg"], leg(7).to_string());
    let echo = wish(&house, &ada, "POST", "/api/phone/echo", None).await.expect(200).json();
    assert_eq!(echo, json!({"on": true, "level": -12}));
    let echo = wish(&house, &ada, "DELETE", "/api/phone/echo", None).await.expect(200).json();
    assert_eq!(echo, json!({"on": false, "level": null}));
    let network = wish(&house, &ada, "GET", "/api/phone/network", None).await.expect(200).json();
    let relay = json!({"urls": ["turn:127.0.0.1:3478"], "username": "pages", "credential": "relayed"});
    assert_eq!(network, json!({"candidates": ["127.0.0.1:20001"], "iceServers": [relay]}));
    let reader = house.token("ada", &["read"]).await;
    wish(&house, &reader, "GET", "/api/phone/network", None).await.refused(403, "scope_missing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_ends_with_the_sign_in_that_connected_it_and_its_call_waits() {
    let house = House::new().await;
    let ada = house.person("ada", Role::Agent, Some("2000"), None).await;
    wish(&house, &ada, "POST", "/api/phone", Some(json!({"sdp": "offer"}))).await.expect(200);
    let talking = house.pages.ring("2000");
    wish(&house, &ada, "POST", &format!("/api/phone/calls/{talking}/answer"), None).await.expect(200);
    house.store.end_pass(fingerprint(&ada)).await.unwrap();
    let calls = without_a_page(&house, "2000").await.calls;
    assert_eq!(calls.first().map(|call| call.leg), Some(talking), "the customer is not hung up on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_does_not_wait_for_who_cannot_sign_in_again() {
    let house = House::new().await;
    for (name, agent) in [("ada", "2000"), ("bob", "2001")] {
        house.sign_in(agent).await;
        let token = house.person(name, Role::Agent, Some(agent), None).await;
        wish(&house, &token, "POST", "/api/phone", Some(json!({"sdp": "offer"}))).await.expect(200);
        let talking = house.pages.ring(agent);
        wish(&house, &token, "POST", &format!("/api/phone/calls/{talking}/answer"), None).await.expect(200);
    }
    house.store.remove_user("ada").await.unwrap();
    assert_eq!(without_a_page(&house, "2000").await.calls, [], "the agent is lost");
    let bob = house.store.user("bob").await.unwrap().unwrap();
    house.store.keep_user(User { disabled: true, version: bob.version + 1, ..bob }).await.unwrap();
    assert_eq!(without_a_page(&house, "2001").await.calls, []);
    // Nothing is offered to them any more, also not the customer whom they have just lost.
    let root = house.person("root", Role::Administrator, None, None).await;
    let all = wish(&house, &root, "GET", "/api/agents", None).await.expect(200).json();
    let of = |key: &str| {
        let agent = all["items"].as_array().unwrap().iter().find(|one| one["key"] == key).unwrap();
        (agent["state"].clone(), agent["reason"].clone())
    };
    // Their pages were there: nobody says otherwise when they may come again.
    assert_eq!(
        (of("2000"), of("2001")),
        ((json!("not_signed_in"), json!(null)), (json!("not_signed_in"), json!(null)))
    );
}

/// The phone as it stands when its page is let go of.
async fn without_a_page(house: &House, extension: &str) -> PagePhone {
    let phone = ExtensionKey::new(extension).unwrap();
    let mut changes = house.pages.changes();
    let ended = async {
        while house.pages.phone(&phone).connection.is_some() {
            changes.changed().await.unwrap();
        }
        house.pages.phone(&phone)
    };
    tokio::time::timeout(Duration::from_secs(20), ended).await.expect("the page outlives its sign-in")
}

/// It rings just while the page is connected: whether the first message tells it or the one after, the page is told.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_comes_while_the_screen_is_put_together_is_told() {
    let house = House::new().await;
    let ada = house.person("ada", Role::Agent, Some("2000"), None).await;
    wish(&house, &ada, "POST", "/api/phone", Some(json!({"sdp": "offer"}))).await.expect(200);
    for microseconds in (0..3_000).step_by(20) {
        let ring = async {
            tokio::time::sleep(std::time::Duration::from_micros(microseconds)).await;
            house.pages.ring("2000")
        };
        let (mut live, leg) = tokio::join!(Live::open(&house, &ada, None), ring);
        if live.first["phone"]["calls"] == json!([]) {
            let told = live.next().await["changes"][0].clone();
            assert_eq!(told["phone"]["calls"][0]["leg"], leg.to_string(), "{microseconds} µs");
        }
        wish(&house, &ada, "POST", &format!("/api/phone/calls/{leg}/hang-up"), None).await.expect(200);
    }
}
