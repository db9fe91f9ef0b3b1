//! The people of a run: one who asks to be called, one who waits, one who talks, and their agents; and the callback, which
//! goes on until the server dies.

use anyhow::{Context, Result};
use nohold_phone::{Call, Phone};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::sleep;

use super::plan::{Course, Phase, Plan};
use crate::desk::Desk;
use crate::ear::Ear;
use crate::house::{CUSTOMER, House, SOON, SUPPORT, Wishes};

/// Who waits, and who talks with another agent.
pub const WAITS: &str = "+8613900139001";
/// Who talks with the other agent.
pub const TALKS: &str = "+8613900139002";
/// The agent who calls back.
pub const AGENT: &str = "2002";
/// The agent who serves the line.
pub const OTHER_AGENT: &str = "2000";
/// How long the customer's phone rings, in ms; it must be the value below.
pub const RING_MS: i64 = 5_000;
const SITE: &str = "dialling_window = \"00:00-24:00\"\nring_customer_for = \"5s\"\nring_agent_for = \"5s\"";

/// Everybody, and what they have seen.
pub struct Stage {
    /// The server and the carrier.
    pub house: House,
    /// The phone of the agent who calls back.
    pub phone: Phone,
    /// The phone of the other agent.
    pub other_phone: Phone,
    /// The desk of the agent who calls back.
    pub desk: Desk,
    /// How far it has come.
    pub phase: watch::Sender<Phase>,
    /// The call of who asks to be called.
    pub asks: Call,
    /// What who asks has listened to before the key.
    pub ear: Ear,
    /// The call of who talks.
    pub talks: Option<Call>,
    /// The reminder of the request, once it was seen.
    pub reminder: Option<Value>,
    /// The outcome was accepted.
    pub closed: bool,
    /// Calls that nobody may hang up by forgetting them.
    kept: Vec<Call>,
}

impl Stage {
    /// The house with everybody in their places: one talks, one waits, one hears the menu.
    ///
    /// # Errors
    /// When something does not go well before anybody is killed.
    pub async fn set() -> Result<Stage> {
        // Of the two agents one serves the line, the other calls back.
        let groups = "[\"support-a\"]";
        let wishes = Wishes { site: SITE, groups, words: false, ..Wishes::with_callback_key() };
        let house = House::open(wishes).await?;
        let (phone, other_phone) = tokio::try_join!(house.phone(AGENT), house.phone(OTHER_AGENT))?;
        let desk = Desk::agent_at_work(&house, AGENT).await?;
        desk.does("not_ready").await?;
        let sign_in = json!({ "action": "sign_in" });
        house.server.administrator()?.post(&format!("/api/agents/{OTHER_AGENT}"), &sign_in).await?;
        let talks = house.calls(TALKS, SUPPORT).await?;
        let other = other_phone.next_call(SOON).await?.answer().await?;
        talks.play_tone(440.0);
        other.wait_tone(440.0, SOON).await?;
        let waits = house.calls(WAITS, SUPPORT).await?;
        waits.wait_speech(SOON).await?;
        let asks = house.calls(CUSTOMER, SUPPORT).await?;
        asks.wait_speech(SOON).await?;
        asks.press("2").await?;
        let mut ear = Ear::new("en");
        ear.hears_begin(&asks, "queue-menu", SOON).await?;
        Ok(Stage {
            house,
            phone,
            other_phone,
            desk,
            phase: watch::channel(Phase::Before).0,
            asks,
            ear,
            talks: Some(talks),
            reminder: None,
            closed: false,
            kept: vec![other, waits],
        })
    }

    /// The callback, from the key to its end. It is dropped where the server dies in it.
    ///
    /// # Errors
    /// When something does not go as planned, which is no wonder once the server is dead.
    pub async fn play(&mut self, plan: &Plan) -> Result<()> {
        self.asks_to_be_called(plan).await?;
        sleep(plan.thinks).await;
        self.desk.does("available").await?;
        let entry = self.reminder.as_ref().map(|reminder| reminder["entry"].clone()).unwrap_or_default();
        self.now(Phase::Ordered);
        self.desk.works(&entry, "call", json!({})).await?;
        let ringing = self.phone.next_call(SOON).await?;
        ringing.ring()?;
        self.now(Phase::AgentRings);
        if plan.course == Course::AgentDoesNotAnswer {
            ringing.wait_ended(SOON).await?;
            self.now(Phase::Failed);
            return Ok(());
        }
        sleep(plan.agent_rings).await;
        // From here on the phone is off the hook, whoever waits for the ACK.
        self.now(Phase::AgentAnswered);
        let at_work = ringing.answer().await?;
        self.kept.push(at_work);
        let agent = self.kept.len() - 1;
        let ringing = self.house.carrier.next_call(SOON).await?;
        ringing.ring()?;
        self.now(Phase::CustomerRings);
        match plan.course {
            Course::Busy => {
                sleep(plan.customer_rings).await;
                ringing.decline(486)?;
                self.now(Phase::Failed);
                return Ok(());
            }
            Course::CustomerDoesNotAnswer => {
                ringing.wait_ended(SOON).await?;
                self.now(Phase::Failed);
                return Ok(());
            }
            Course::AgentDoesNotAnswer | Course::CustomerHangsUp | Course::AgentHangsUp => {}
        }
        sleep(plan.customer_rings).await;
        let customer = ringing.answer().await?;
        self.kept.push(customer);
        self.now(Phase::Talking);
        sleep(plan.talk).await;
        let first = if plan.course == Course::AgentHangsUp { agent } else { agent + 1 };
        self.kept[first].hang_up().await?;
        self.kept[agent].wait_ended(SOON).await?;
        self.now(Phase::Over);
        sleep(plan.thinks).await;
        self.desk.works(&entry, "outcome", json!({ "outcome": "close", "reason": "done" })).await?;
        self.closed = true;
        self.now(Phase::Closed);
        Ok(())
    }

    async fn asks_to_be_called(&mut self, plan: &Plan) -> Result<()> {
        self.now(Phase::Key);
        let Stage { asks, desk, reminder, phase, .. } = self;
        let key = async {
            asks.press("2").await?;
            let Some(stays) = plan.caller_stays else { return Ok(()) };
            sleep(stays).await;
            asks.hang_up().await
        };
        let reminded = async {
            let seen = desk.reminder(SOON).await?;
            *reminder = Some(seen);
            phase.send_replace(Phase::Noted);
            anyhow::Ok(())
        };
        let (key, reminded) = tokio::join!(key, reminded);
        key.context("the caller")?;
        reminded
    }

    fn now(&self, phase: Phase) {
        self.phase.send_replace(phase);
    }

    /// Who talks hangs up, whether anybody hears it or not.
    pub fn other_hangs_up(&mut self) {
        self.talks = None;
    }
}
