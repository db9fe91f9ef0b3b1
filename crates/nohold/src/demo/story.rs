//! The story: what happens, and what must be seen and heard of it.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use nohold_client::{Client, Live};
use nohold_phone::{Call, Phone};
use serde_json::{Value, json};

use super::narrator::Narrator;
use super::stage::{SOON, SUPPORT, Stage};

/// A reminder must be there so soon after the key.
const REMINDED_WITHIN: Duration = Duration::from_secs(2);
const WANG: &str = "+8613900139000";
const LI: &str = "+8613800138000";
const CHEN: &str = "+8613700137000";
const CUSTOMER_TONE: f64 = 440.0;
const AGENT_TONE: f64 = 700.0;

/// Who is in the story.
pub struct Cast {
    /// Agent 2000 of group A.
    ann: Desk,
    /// Agent 2002 of group B, who will call back.
    bo: Desk,
    /// Agent 2003 of another line of business.
    dee: Desk,
    /// What a supervisor sees: every call.
    overview: Live,
}

/// An agent with a phone, signed in to the API, with the live feed open.
struct Desk {
    phone: Phone,
    person: Client,
    live: Live,
}

impl Desk {
    async fn open(stage: &Stage, name: &str, agent: &str) -> Result<Self> {
        let phone = stage.phone(agent).await?;
        let person = stage.person(name, "agent", Some(agent)).await?;
        let live = person.live().await?;
        Ok(Desk { phone, person, live })
    }

    async fn is(&self, state: &str) -> Result<()> {
        self.person.post("/api/me/agent", &json!({ "action": state })).await?;
        Ok(())
    }
}

/// Plays it. Every line that is told was really seen or heard.
///
/// # Errors
/// The first thing that did not happen as it should.
pub async fn play(stage: &mut Stage, told: &Narrator) -> Result<()> {
    let mut cast = people_come_to_work(stage, told).await?;
    let (wang, at_ann) = a_caller_is_served(stage, told, &mut cast).await?;
    let entry = a_caller_asks_to_be_called(stage, told, &mut cast).await?;
    a_caller_gives_up(stage, told, &mut cast).await?;
    the_power_fails(stage, told, &mut cast, &entry, (wang, at_ann)).await?;
    an_agent_calls_back(stage, told, &mut cast, &entry).await
}

async fn people_come_to_work(stage: &Stage, told: &Narrator) -> Result<Cast> {
    told.act("People come to work");
    let ann = Desk::open(stage, "ann", "2000").await?;
    let bo = Desk::open(stage, "bo", "2002").await?;
    let dee = Desk::open(stage, "dee", "2003").await?;
    told.saw("phones 2000, 2002 and 2003 are registered");
    let confirmed = ann.phone.dial("*10").await?;
    confirmed.wait_answered(SOON).await?;
    confirmed.wait_speech(SOON).await.context("the star code was not confirmed")?;
    confirmed.wait_ended(SOON).await?;
    told.saw("Ann (2000, group A) signs in with *10 on her phone and hears so");
    bo.is("sign_in").await?;
    bo.person.post("/api/me/agent", &json!({ "action": "break", "reason": "Tea" })).await?;
    dee.is("sign_in").await?;
    told.saw("Bo (2002, group B) signs in on his page and takes a break; Dee (2003) works on renewals");
    let overview = stage.person("eve", "supervisor", None).await?.live().await?;
    Ok(Cast { ann, bo, dee, overview })
}

async fn a_caller_is_served(stage: &Stage, told: &Narrator, cast: &mut Cast) -> Result<(Call, Call)> {
    told.act("A caller is served");
    let wang = stage.customer_calls(WANG).await?;
    let offered = cast.ann.phone.next_call(SOON).await.context("Ann's phone did not ring")?;
    told.saw(format!("Wang calls {SUPPORT}; queue 600 rings Ann's phone, which shows {}", offered.caller()));
    let at_ann = offered.answer().await?;
    hear_each_other(&wang, &at_ann).await?;
    told.saw("Wang and Ann hear each other (440 Hz and 700 Hz, on both phones)");
    Ok((wang, at_ann))
}

async fn a_caller_asks_to_be_called(stage: &Stage, told: &Narrator, cast: &mut Cast) -> Result<String> {
    told.act("All agents are busy: a caller asks to be called back");
    let li = stage.customer_calls(LI).await?;
    li.wait_answered(SOON).await?;
    li.wait_speech(SOON).await.context("there was no music")?;
    let waiting = Instant::now();
    told.saw("Li calls, too, and hears music");
    for (doing, limit) in [("waiting", SOON), ("in_flow", Duration::from_secs(30))] {
        cast.overview
            .change("a call in the menu", limit, |change| call_is(change, LI, doing))
            .await
            .context("the menu did not come")?;
    }
    told.saw_after("the longest wait is over: Li hears the menu", waiting.elapsed());
    let pressed = Instant::now();
    li.press("2").await?;
    let reminder = reminder(&mut cast.bo.live, REMINDED_WITHIN).await.context("Bo was not reminded")?;
    told.saw_after(
        "Li presses 2, and Bo's page shows the request, without sound since he is on break",
        pressed.elapsed(),
    );
    ensure!(reminder["sounds"] == false, "a break was disturbed: {reminder}");
    let entry = reminder["entry"].as_str().context("the reminder names no entry")?.to_owned();
    ensure!(reminder_is_absent(&mut cast.dee.live).await, "Dee was reminded, who has nothing to do with it");
    told.saw("Dee, of another line of business, is not disturbed");
    let end = li.wait_ended(Duration::from_secs(60)).await.context("Li was not thanked and let go")?;
    ensure!(end.by == nohold_phone::Party::Them, "Li had to hang up");
    told.saw("Li is thanked, hears when we will call, and the call ends");
    let shown = cast.bo.person.get(&format!("/api/entries/{entry}")).await?;
    let shown = shown.get("entry").unwrap_or(&shown);
    ensure!(shown["number"] == LI, "the request is for another number: {shown}");
    told.saw(format!("the request stands on the list: {LI}, group B, queue 600, key 2"));
    Ok(entry)
}

async fn a_caller_gives_up(stage: &Stage, told: &Narrator, cast: &mut Cast) -> Result<()> {
    told.act("A caller gives up");
    let mut chen = stage.customer_calls(CHEN).await?;
    chen.wait_answered(SOON).await?;
    chen.wait_speech(SOON).await?;
    chen.hang_up().await?;
    cast.ann
        .live
        .change("a missed call", SOON, |change| change["type"] == "entry" && of(change, "entry")["number"] == CHEN)
        .await
        .context("the missed call is not listed")?;
    told.saw("Chen hangs up in the queue: a missed call on the list, below the request, and no reminder");
    Ok(())
}

async fn the_power_fails(
    stage: &mut Stage,
    told: &Narrator,
    cast: &mut Cast,
    entry: &str,
    (wang, at_ann): (Call, Call),
) -> Result<()> {
    told.act("The power fails (kill -9) while Wang and Ann talk");
    let off = Instant::now();
    stage.pull_the_plug().await?;
    told.saw_after("the server is back", off.elapsed());
    wang.wait_ended(SOON).await.context("Wang's phone was left behind")?;
    at_ann.wait_ended(SOON).await.context("Ann's phone was left behind")?;
    told.saw("both phones were told to hang up");
    cast.bo.live = cast.bo.person.live().await.context("Bo's sign-in did not survive")?;
    let snapshot = cast.bo.live.message(SOON).await?;
    let reminders = snapshot["reminders"].as_array().cloned().unwrap_or_default();
    ensure!(reminders.iter().any(|reminder| reminder["entry"] == entry), "the request is gone: {snapshot}");
    told.saw("Li's request is still there, and Bo is reminded of it again");
    cast.ann.live = cast.ann.person.live().await.context("Ann's sign-in did not survive")?;
    let snapshot = cast.ann.live.message(SOON).await?;
    let cut_off = snapshot["reminders"].as_array().into_iter().flatten().any(|reminder| reminder["kind"] == "cut_off");
    ensure!(cut_off, "nobody says that Wang was cut off: {snapshot}");
    told.saw("Wang is listed as cut off by us, and Ann is told");
    Ok(())
}

async fn an_agent_calls_back(stage: &Stage, told: &Narrator, cast: &mut Cast, entry: &str) -> Result<()> {
    told.act("Bo calls back with one click");
    cast.bo.is("available").await?;
    let clicked = Instant::now();
    cast.bo.person.post(&format!("/api/entries/{entry}/call"), &json!({})).await?;
    let ringing = cast.bo.phone.next_call(SOON).await.context("Bo's phone did not ring")?;
    told.saw_after("Bo's own phone rings first", clicked.elapsed());
    let at_bo = ringing.answer().await?;
    let outside = stage.carrier.next_call(SOON).await.context("the customer was not dialled")?;
    ensure!(outside.called() == LI, "{} was dialled", outside.called());
    ensure!(outside.caller() == SUPPORT, "the customer sees {}", outside.caller());
    told.saw(format!("Bo answers; then Li's phone rings and shows {SUPPORT}"));
    let mut at_li = outside.answer().await?;
    hear_each_other(&at_li, &at_bo).await?;
    told.saw("Li and Bo hear each other");
    at_li.hang_up().await?;
    at_bo.wait_ended(SOON).await?;
    let outcome = json!({ "outcome": "close", "reason": "done", "note": "Called back" });
    close(cast, entry, &outcome).await?;
    told.saw("Bo notes the outcome, and the entry closes");
    Ok(())
}

async fn close(cast: &mut Cast, entry: &str, outcome: &Value) -> Result<()> {
    cast.bo.person.post(&format!("/api/entries/{entry}/outcome"), outcome).await?;
    let shown = cast.bo.person.get(&format!("/api/entries/{entry}")).await?;
    let shown = shown.get("entry").unwrap_or(&shown);
    ensure!(shown["state"]["name"] == "closed", "the entry is not closed: {shown}");
    Ok(())
}

/// Each hears the other's tone.
async fn hear_each_other(customer: &Call, agent: &Call) -> Result<()> {
    customer.play_tone(CUSTOMER_TONE);
    agent.play_tone(AGENT_TONE);
    agent.wait_tone(CUSTOMER_TONE, SOON).await.context("the agent does not hear the customer")?;
    customer.wait_tone(AGENT_TONE, SOON).await.context("the customer does not hear the agent")?;
    Ok(())
}

/// What a change is about.
fn of<'a>(change: &'a Value, name: &str) -> &'a Value {
    change.get(name).unwrap_or(change)
}

fn call_is(change: &Value, number: &str, doing: &str) -> bool {
    let call = of(change, "call");
    change["type"] == "call" && call["number"] == number && call["doing"] == doing
}

async fn reminder(live: &mut Live, limit: Duration) -> Result<Value> {
    let change = live.change("a reminder", limit, |change| change["type"] == "reminder").await?;
    Ok(of(&change, "reminder").clone())
}

/// Nothing comes to somebody who is not meant: seen for as long as it may take at the right one.
async fn reminder_is_absent(live: &mut Live) -> bool {
    reminder(live, Duration::from_millis(500)).await.is_err()
}
