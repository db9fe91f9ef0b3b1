//! What must be true after a restart, by what people see and by what the phones have counted.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use nohold_client::ClientError;
use nohold_phone::{Call, CallState, Incoming, Phone, PhoneError};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::account::{Dialog, dialogs, overlap};
use super::plan::Phase;
use super::stage::{AGENT, OTHER_AGENT, RING_MS, Stage, TALKS, WAITS};
use crate::house::{CUSTOMER, SOON, SUPPORT};

/// Within this after a restart everybody who was left behind has been told.
const TOLD_WITHIN: Duration = Duration::from_secs(10);
/// How often it is looked whether something has come about.
const EVERY: Duration = Duration::from_millis(50);
/// A number that was dialled is left alone for its ring time and this, in ms.
const SILENCE_MS: i64 = 30_000;
/// One who rings in just before the server dies.
pub const PASSER_BY: &str = "+8613900139004";
/// One who rings in after the restart.
const RINGS_IN: &str = "+8613900139003";
/// The agent's answer to a phone that rings, where nothing is to be tried.
const REFUSALS: [&str; 2] = ["too_soon", "number_in_use"];

/// What a run has shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The phase in which the server died, as the phones and the desk saw it.
    pub phase: Option<Phase>,
    /// The caller was thanked before.
    pub thanked: bool,
    /// The request stands on the list.
    pub requested: bool,
    /// Whether somebody who rang in at the last moment was answered; nothing where nobody did.
    pub answered: Option<bool>,
    /// The server was killed again while it started.
    pub killed_again: bool,
    /// Dialogs that were alive when the server died.
    pub left_behind: usize,
    /// Those of them that still rang.
    pub rang: usize,
    /// An attempt is marked as interrupted.
    pub interrupted: bool,
    /// The request was called back afterwards, to its end.
    pub called_back: bool,
}

impl Stage {
    /// Looks at everything once the server is there again; what it finds wrong is the error.
    ///
    /// # Errors
    /// When anything that was promised does not hold.
    pub async fn judge(&mut self, killed: Instant, phase: Phase) -> Result<Report> {
        let mut report = Report { phase: Some(phase), ..Report::default() };
        self.desk.look_again().await.context("the desk")?;
        report.thanked = self.ear.has_heard(&self.asks, "callback-thanks")?;
        self.everybody_is_told(killed, &mut report).await?;
        let request = self.the_request(&report).await?;
        report.requested = request.is_some();
        self.who_was_cut_off().await?;
        self.nobody_is_stuck().await?;
        if let Some(entry) = request {
            self.what_becomes_of_it(&entry, killed, &mut report).await?;
        }
        self.one_dial_at_a_time()?;
        Ok(report)
    }

    fn phones(&self) -> [(&'static str, &Phone); 3] {
        let Stage { house, phone, other_phone, .. } = self;
        [("the carrier", &house.carrier), ("the agent", phone), ("the other agent", other_phone)]
    }

    /// Each dialog that was alive has had its BYE or CANCEL, and is over by the far end's own count.
    async fn everybody_is_told(&self, killed: Instant, report: &mut Report) -> Result<()> {
        let was_alive = |dialog: &Dialog| dialog.began <= killed && dialog.ended.is_none_or(|ended| ended > killed);
        let all = || self.phones().map(|(name, phone)| (name, dialogs(phone)));
        for dialog in all().iter().flat_map(|(_, all)| all).filter(|dialog| was_alive(dialog)) {
            report.left_behind += 1;
            report.rang += usize::from(dialog.answered.is_none_or(|answered| answered > killed));
        }
        let end = Instant::now() + TOLD_WITHIN;
        loop {
            let open = all().into_iter().find_map(|(name, all)| {
                let open = all.into_iter().find(|dialog| was_alive(dialog) && dialog.ended.is_none());
                open.map(|open| (name, open))
            });
            let Some((name, open)) = open else { return Ok(()) };
            if Instant::now() >= end {
                let told = if open.cancelled.is_some() { "a CANCEL alone" } else { "nothing" };
                bail!("left behind: {name} was told {told} in the dialog {}", open.call_id);
            }
            sleep(EVERY).await;
        }
    }

    /// Who was answered just before the kill is told and listed. Whose call was not, it is as if nobody were there: a 100
    /// promises nothing, and the caller's phone rings no longer. Whether it was answered.
    pub async fn passer_by_is_told(&self, phone: &Phone, call: Option<Call>, killed: Instant) -> Result<Option<bool>> {
        let Some(call) = call else { return Ok(None) };
        let [dialog] = &dialogs(phone)[..] else { bail!("who rang in has not rung once") };
        let answered = dialog.answered.is_some_and(|answered| answered <= killed);
        if answered {
            call.wait_ended(TOLD_WITHIN).await.context("left behind: who rang in at the last moment")?;
            let listed = self.listed(PASSER_BY, false).await.context("who rang in at the last moment")?;
            ensure!(listed.len() == 1 && listed[0]["cut_off"] == 1, "who rang in at the last moment: {listed:#?}");
        }
        // Where nobody is there any more nobody confirms it.
        drop(call);
        Ok(Some(answered))
    }

    /// The request is there once if there was reason to believe in it, and never twice; and whoever has none is on the list
    /// all the same.
    async fn the_request(&mut self, report: &Report) -> Result<Option<Value>> {
        let open = self.listed(CUSTOMER, self.may_be_closed()).await?;
        let mut closed = self.entries("/closed").await?;
        closed.retain(|entry| entry["number"] == CUSTOMER);
        let requests: Vec<&Value> = open.iter().chain(&closed).filter(|entry| !entry["request"].is_null()).collect();
        ensure!(requests.len() < 2, "the request is there {} times: {requests:#?}", requests.len());
        let seen = report.thanked || self.reminder.is_some();
        ensure!(!seen || requests.len() == 1, "the request is gone: open {open:#?}, closed {closed:#?}");
        let Some(request) = requests.first().map(|entry| (*entry).clone()) else {
            ensure!(open.len() == 1, "who had pressed the key is forgotten: {open:#?}");
            return Ok(None);
        };
        let state = request["state"]["name"].as_str().unwrap_or_default();
        ensure!(!self.closed || state == "closed", "an outcome that was accepted is gone: {request:#}");
        if state == "waiting" {
            let again = self.desk.reminders_of(&[request["id"].clone()]).await?;
            ensure!(again.len() == 1, "reminded {} times: {again:#?}", again.len());
            if let Some(before) = &self.reminder {
                ensure!(again[0]["id"] == before["id"], "reminded under another id: {before}, then {}", again[0]);
            }
        }
        Ok(Some(request))
    }

    /// The open entries of a number, once no call that is dead holds them any more: at least one, unless `gone` may be.
    async fn listed(&self, number: &str, gone: bool) -> Result<Vec<Value>> {
        let end = Instant::now() + SOON;
        loop {
            let mut open = self.entries("?short=true").await?;
            open.retain(|entry| entry["number"] == number);
            let held = |entry: &Value| !["waiting", "noting"].iter().any(|state| entry["state"]["name"] == *state);
            let nobody = open.is_empty() && !gone;
            if !nobody && !open.iter().any(held) {
                return Ok(open);
            }
            ensure!(Instant::now() < end, "forgotten, or held by a call that is dead: {open:#?}");
            sleep(EVERY).await;
        }
    }

    /// Whether the outcome may have been written down: it was sent, or is about to be.
    fn may_be_closed(&self) -> bool {
        matches!(*self.phase.borrow(), Phase::Over | Phase::Closed)
    }

    /// Who waited and who talked are listed with what they did.
    async fn who_was_cut_off(&self) -> Result<()> {
        for (number, doing) in [(WAITS, "waiting"), (TALKS, "talking")] {
            let open = self.listed(number, false).await.with_context(|| format!("who was {doing}"))?;
            ensure!(open.len() == 1, "who was {doing} is listed {} times: {open:#?}", open.len());
            let entry = &open[0];
            ensure!(entry["section"] == "cut_off" && entry["cut_off"] == 1, "who was {doing}: {entry:#}");
            let id = entry["id"].as_str().unwrap_or_default();
            let history = self.house.server.administrator()?.get(&format!("/api/entries/{id}")).await?;
            let told = history.to_string().contains(&format!("\"{doing}\""));
            ensure!(told, "that the caller was {doing} is not told: {history:#}");
        }
        Ok(())
    }

    /// Both agents are free, and the next caller is served.
    async fn nobody_is_stuck(&mut self) -> Result<()> {
        self.agent_is(AGENT, &["available", "not_ready", "no_answer"]).await?;
        self.agent_is(OTHER_AGENT, &["available"]).await?;
        let caller = self.is_answered(RINGS_IN).await?;
        let mut served = self.other_phone.next_call(SOON).await.context("the next caller is not served")?;
        // Who rang in before and has hung up may have been offered, too.
        while !served.caller().ends_with(RINGS_IN.trim_start_matches("+86")) {
            served = self.other_phone.next_call(SOON).await.context("the next caller is not served")?;
        }
        let mut served = served.answer().await?;
        served.hang_up().await?;
        caller.wait_ended(SOON).await?;
        Ok(())
    }

    /// A call that is answered. Before the dead are accounted for the server refuses by 503, and one tries again.
    async fn is_answered(&self, number: &str) -> Result<Call> {
        let end = Instant::now() + SOON;
        loop {
            let caller = self.house.calls(number, SUPPORT).await?;
            match caller.wait_answered(SOON).await {
                Ok(()) => return Ok(caller),
                Err(PhoneError::Ended { end: why, .. }) if why.status == Some(503) && Instant::now() < end => {}
                Err(other) => return Err(other.into()),
            }
            sleep(EVERY).await;
        }
    }

    async fn agent_is(&self, agent: &str, wished: &[&str]) -> Result<()> {
        let end = Instant::now() + SOON;
        loop {
            let all = self.house.server.administrator()?.get("/api/agents").await?;
            let found = all["items"].as_array().into_iter().flatten().find(|one| one["key"] == agent);
            let state = found.and_then(|one| one["state"].as_str()).unwrap_or_default();
            if wished.contains(&state) {
                return Ok(());
            }
            ensure!(Instant::now() < end, "agent {agent} is stuck in {state:?}: {all:#}");
            sleep(EVERY).await;
        }
    }

    /// A number that may still ring is left alone; otherwise the request is called back to its end.
    async fn what_becomes_of_it(&mut self, entry: &Value, killed: Instant, report: &mut Report) -> Result<()> {
        if entry["state"]["name"] != "waiting" {
            return Ok(());
        }
        let attempts = entry["attempts"].as_array().cloned().unwrap_or_default();
        let dialled: Vec<Dialog> =
            self.dialled().into_iter().filter(|dialog| dialog.number == CUSTOMER && dialog.began <= killed).collect();
        ensure!(attempts.len() >= dialled.len(), "a dial without an attempt: {entry:#}");
        report.interrupted = attempts.iter().any(|attempt| attempt["result"] == "interrupted");
        let answered = dialled.iter().any(|dialog| dialog.answered.is_some());
        if let Some(last) = attempts.last()
            && last["result"] == "interrupted"
        {
            let began = last["began"].as_i64().unwrap_or_default();
            let not_before = entry["not_before"].as_i64().unwrap_or_default();
            ensure!(not_before >= began + RING_MS + SILENCE_MS, "it may be tried again too soon: {entry:#}");
        }
        self.desk.does("available").await?;
        let tried = self.desk.works(&entry["id"], "call", json!({})).await;
        match tried {
            Err(ClientError::Refused { code, .. }) if REFUSALS.contains(&code.as_str()) => {
                ensure!(!attempts.is_empty(), "{code}, and nothing was tried: {entry:#}");
                // Nothing rings by itself either.
                Ok(())
            }
            Err(other) => Err(other).context("calling back after the restart"),
            Ok(_) => {
                ensure!(
                    attempts.is_empty() || answered,
                    "a number that may still ring is dialled again: {entry:#}\n{dialled:#?}"
                );
                report.called_back = true;
                self.call_back(&entry["id"]).await.context("calling back after the restart")
            }
        }
    }

    async fn call_back(&mut self, entry: &Value) -> Result<()> {
        let mut agent = rings(&self.phone).await?.answer().await?;
        let customer = rings(&self.house.carrier).await?.answer().await?;
        customer.play_tone(440.0);
        agent.wait_tone(440.0, SOON).await?;
        agent.hang_up().await?;
        customer.wait_ended(SOON).await?;
        self.desk.works(entry, "outcome", json!({ "outcome": "close", "reason": "done" })).await?;
        self.desk.sees_closed("the closed request", |closed| closed["id"] == *entry).await.map(drop)
    }

    /// The calls that the server has begun to the public network, as the carrier has counted them.
    fn dialled(&self) -> Vec<Dialog> {
        dialogs(&self.house.carrier).into_iter().filter(|dialog| dialog.came_in).collect()
    }

    /// No number was ever in two calls of ours, before and after.
    fn one_dial_at_a_time(&self) -> Result<()> {
        let dialled: Vec<Dialog> = self.dialled().into_iter().filter(|dialog| dialog.number == CUSTOMER).collect();
        if let Some((first, second)) = overlap(&dialled) {
            bail!("one number is dialled twice at once: {first:?} and {second:?}");
        }
        Ok(())
    }

    async fn entries(&self, which: &str) -> Result<Vec<Value>> {
        let page = self.house.server.administrator()?.get(&format!("/api/entries{which}")).await?;
        Ok(page["items"].as_array().cloned().unwrap_or_default())
    }
}

/// The next call that is not over already: one may have come in at the moment of the kill, and been cancelled since.
async fn rings(phone: &Phone) -> Result<Incoming> {
    loop {
        let incoming = phone.next_call(SOON).await?;
        if !matches!(incoming.state(), CallState::Ended(_)) {
            return Ok(incoming);
        }
    }
}
