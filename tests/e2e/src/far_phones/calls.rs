//! The calls of far phones: each has a task of its own, which takes its orders one after the other.

use std::sync::{Arc, Weak};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nohold_phone::{Call, CallState, End, Incoming, Party, Phone};
use serde_json::{Value, json};
use tokio::sync::mpsc::Receiver;

use super::{A_DAY, Exchange, Order, hearing, text};

/// How often a phone that waits for a call looks whether it is still plugged in.
const PLUGGED_IN: Duration = Duration::from_millis(500);
const BUSY: u64 = 486;

/// Takes the calls that come to a phone, and rings, until it is pulled out.
pub(super) async fn taken(exchange: Arc<Exchange>, phone: Weak<Phone>, name: String) {
    while let Some(plugged_in) = phone.upgrade() {
        let Ok(incoming) = plugged_in.next_call(PLUGGED_IN).await else { continue };
        if incoming.ring().is_err() {
            continue;
        }
        let (id, orders) = exchange.next_call();
        let (caller, caller_name, called) = (incoming.caller(), incoming.caller_name(), incoming.called());
        let (event, caller) = ("incoming", caller.as_str());
        exchange
            .say(json!({
                "event": event, "phone": name, "call": id,
                "caller": caller, "caller_name": caller_name, "called": called,
            }))
            .await;
        exchange.spawn(ringing(exchange.clone(), id, incoming, orders));
    }
}

/// A call that rings here.
async fn ringing(exchange: Arc<Exchange>, id: u64, incoming: Incoming, mut orders: Receiver<Order>) {
    let order = loop {
        let order = tokio::select! {
            end = incoming.wait_ended(A_DAY) => return over(&exchange, id, end.ok()).await,
            order = orders.recv() => order,
        };
        let Some(Order { what, done }) = order else { return };
        match what["do"].as_str() {
            Some("answer" | "decline") => break Order { what, done },
            // Whoever has asked may have gone.
            Some("log") => drop(done.send(Ok(json!(incoming.log())))),
            _ => drop(done.send(Err(anyhow::anyhow!("the call {id} still rings: answer or decline it first")))),
        }
    };
    let Order { what, done } = order;
    if what["do"] == "decline" {
        let status = u16::try_from(what["status"].as_u64().unwrap_or(BUSY)).unwrap_or(0);
        let declined = incoming.decline(status).context("cannot decline");
        let _ = done.send(declined.map(|()| Value::Null));
        return over(&exchange, id, None).await;
    }
    match incoming.answer().await {
        Ok(call) => {
            let _ = done.send(Ok(Value::Null));
            talking(exchange, id, call, orders).await;
        }
        Err(error) => {
            let _ = done.send(Err(error).context("cannot answer"));
            over(&exchange, id, None).await;
        }
    }
}

/// A call that was begun here.
pub(super) async fn dialled(exchange: Arc<Exchange>, id: u64, mut call: Call, mut orders: Receiver<Order>) {
    loop {
        tokio::select! {
            answered = call.wait_answered(A_DAY) => {
                match answered {
                    Ok(()) => return talking(exchange, id, call, orders).await,
                    Err(_) => return ended(&exchange, id, call, orders).await,
                }
            }
            order = orders.recv() => match order {
                Some(order) => carry_out(&mut call, order).await,
                None => return,
            },
        }
    }
}

/// A call that is answered.
async fn talking(exchange: Arc<Exchange>, id: u64, mut call: Call, mut orders: Receiver<Order>) {
    exchange.say(json!({ "event": "answered", "call": id })).await;
    loop {
        tokio::select! {
            _ = call.wait_ended(A_DAY) => return ended(&exchange, id, call, orders).await,
            order = orders.recv() => match order {
                Some(order) => carry_out(&mut call, order).await,
                None => return,
            },
        }
    }
}

/// A call that is over: what it has heard can still be asked.
async fn ended(exchange: &Exchange, id: u64, mut call: Call, mut orders: Receiver<Order>) {
    let end = match call.state() {
        CallState::Ended(end) => Some(end),
        _ => None,
    };
    over(exchange, id, end).await;
    while let Some(order) = orders.recv().await {
        carry_out(&mut call, order).await;
    }
}

async fn over(exchange: &Exchange, id: u64, end: Option<End>) {
    let by = match end.as_ref().map(|end| end.by) {
        Some(Party::Them) => "them",
        Some(Party::Nobody) => "nobody",
        Some(Party::Us) | None => "us",
    };
    let why = end.map(|end| end.to_string()).unwrap_or_default();
    exchange.say(json!({ "event": "ended", "call": id, "by": by, "why": why })).await;
}

async fn carry_out(call: &mut Call, Order { what, done }: Order) {
    let did = does(call, &what).await;
    // Whoever has asked may have gone.
    let _ = done.send(did);
}

async fn does(call: &mut Call, what: &Value) -> Result<Value> {
    match text(what, "do")? {
        "tone" => match what["hz"].as_f64() {
            Some(hz) => call.play_tone(hz),
            None => call.play_silence(),
        },
        "press" => call.press(text(what, "keys")?).await?,
        "listen" => {
            let at = what["at"].as_array().into_iter().flatten().filter_map(Value::as_f64).collect::<Vec<_>>();
            return hearing::listen(call, &at).await;
        }
        "digits" => return Ok(json!(call.digits())),
        "log" => return Ok(json!(call.log())),
        "hold" => call.hold().await?,
        "resume" => call.resume().await?,
        "hang_up" => call.hang_up().await?,
        other => bail!("`{other}` is no order to a call that is answered or was begun here"),
    }
    Ok(Value::Null)
}
