//! Telephones that another program drives, by lines of JSON: the browser's tests have no SIP of their own.
//!
//! Each line of the input is one order, `{"id": 1, "do": "dial", "phone": "carrier", "to": "sip:600@127.0.0.1:5060"}`, and
//! gets one line back, `{"re": 1, "ok": {"call": 3}}` or `{"re": 1, "error": "…"}`; orders are carried out side by side,
//! those to one call one after the other. In between stands what happens: `{"event": "incoming", "call": 4, …}`. Everything
//! ends with the input.
//!
//! | order | with | does |
//! | --- | --- | --- |
//! | `plug_in` | `phone`, `user`, `password`?, `server`? | a phone under this name, at a loopback address of its own; the answer is `at` |
//! | `unplug` | `phone` | pulls the plug: nobody is told |
//! | `register`, `unregister` | `phone` | at the phone's server |
//! | `dial` | `phone`, `to`, `from`? | calls a number or SIP URI; the answer is `call` |
//! | `answer`, `decline` | `call`, `status`? | what rings here; declines with 486 where no status is named |
//! | `tone` | `call`, `hz`? | says this tone from now on, else silence |
//! | `press` | `call`, `keys` | presses keys as telephone events (RFC 4733) |
//! | `listen` | `call`, `at`? | what is heard within a second from now on, and how loud these frequencies are in it |
//! | `digits` | `call` | all keys that the other side has pressed |
//! | `hold`, `resume` | `call` | as a desk phone does, by a new offer |
//! | `hang_up` | `call` | ends it |
//! | `log` | `call` | what it has seen |
//!
//! Events are `incoming` (`phone`, `call`, `caller`, `caller_name`, `called`), `answered` (`call`) and `ended` (`call`, `by`:
//! `us`, `them` or `nobody`, `why`).

mod calls;
mod hearing;

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nohold_phone::{Dialling, Phone, PhoneSettings};
use serde_json::{Value, json};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

/// How long a phone waits for a call before it waits again; nothing happens in between.
const A_DAY: Duration = Duration::from_secs(24 * 3_600);
/// How much of a call can be listened to, from its start.
const KEPT: Duration = Duration::from_secs(20 * 60);
/// What was said and nobody has read yet; whoever says more waits.
const UNREAD: usize = 256;
/// Orders of one call that wait for those before them; whoever gives more waits.
const ORDERS: usize = 32;
/// Phones have addresses in 127.2.0.0/16, the processes of the tests apart from each other.
const OWN_NET: u8 = 2;

/// Carries out orders until there are no more, and says what happens.
///
/// # Errors
/// When the input cannot be read or the output cannot be written.
pub async fn serve(input: impl AsyncBufRead + Unpin, mut output: impl AsyncWrite + Unpin) -> Result<()> {
    let (said, mut saying) = mpsc::channel(UNREAD);
    let exchange = Arc::new(Exchange {
        said,
        phones: Mutex::default(),
        calls: Mutex::default(),
        tasks: Mutex::default(),
        next_call: AtomicU64::new(1),
    });
    let mut lines = input.lines();
    loop {
        tokio::select! {
            line = lines.next_line() => {
                let Some(line) = line.context("cannot read the orders")? else { break };
                let obeying = exchange.clone();
                exchange.spawn(async move { obeying.obey(&line).await });
            }
            Some(value) = saying.recv() => {
                output.write_all(format!("{value}\n").as_bytes()).await.context("cannot say what happened")?;
                output.flush().await.context("cannot say what happened")?;
            }
        }
    }
    // They hold the exchange, which holds them.
    exchange.tasks().abort_all();
    Ok(())
}

/// An order to a call, and where its answer goes.
struct Order {
    what: Value,
    done: oneshot::Sender<Result<Value>>,
}

/// All phones and calls.
struct Exchange {
    said: mpsc::Sender<Value>,
    phones: Mutex<HashMap<String, Arc<Phone>>>,
    calls: Mutex<HashMap<u64, mpsc::Sender<Order>>>,
    tasks: Mutex<JoinSet<()>>,
    next_call: AtomicU64,
}

impl Exchange {
    async fn obey(self: Arc<Self>, line: &str) {
        let (id, done) = match serde_json::from_str::<Value>(line) {
            Ok(order) => (order["id"].clone(), self.clone().carry_out(order).await),
            Err(error) => (Value::Null, Err(error).context("this is no order in JSON")),
        };
        self.say(match done {
            Ok(ok) => json!({ "re": id, "ok": ok }),
            Err(error) => json!({ "re": id, "error": format!("{error:#}") }),
        })
        .await;
    }

    async fn carry_out(self: Arc<Self>, order: Value) -> Result<Value> {
        match text(&order, "do")? {
            "plug_in" => self.plug_in(&order).await,
            "unplug" => {
                let name = text(&order, "phone")?;
                let phone = lock(&self.phones).remove(name);
                phone.map(|_| Value::Null).with_context(|| format!("there is no phone {name}"))
            }
            "register" => {
                self.phone(&order)?.register(Duration::from_secs(300)).await?;
                Ok(Value::Null)
            }
            "unregister" => {
                self.phone(&order)?.unregister().await?;
                Ok(Value::Null)
            }
            "dial" => {
                let mut dialling = Dialling::to(text(&order, "to")?);
                dialling.caller = order["from"].as_str().map(str::to_owned);
                let call = self.phone(&order)?.dial_as(dialling).await?;
                let (id, orders) = self.next_call();
                self.spawn(calls::dialled(self.clone(), id, call, orders));
                Ok(json!({ "call": id }))
            }
            _ => self.order(order).await,
        }
    }

    async fn plug_in(self: Arc<Self>, order: &Value) -> Result<Value> {
        let name = text(order, "phone")?.to_owned();
        let mut settings = PhoneSettings::new(text(order, "user")?).at(own_address()?).recording_limit(KEPT);
        if let Some(password) = order["password"].as_str() {
            settings = settings.password(password);
        }
        if let Some(server) = order["server"].as_str() {
            settings = settings.server(server.parse::<SocketAddr>().context("a server is an address and a port")?);
        }
        let phone = Arc::new(Phone::start(settings).await?);
        let at = phone.address();
        let waiting = (Arc::downgrade(&phone), name.clone());
        lock(&self.phones).insert(name, phone);
        self.spawn(calls::taken(self.clone(), waiting.0, waiting.1));
        Ok(json!({ "at": at.to_string() }))
    }

    /// Gives an order to the call that it names.
    async fn order(&self, what: Value) -> Result<Value> {
        let call = what["call"].as_u64().context("say which call")?;
        let known = lock(&self.calls).get(&call).cloned();
        let (done, answer) = oneshot::channel();
        let gone = || format!("there is no call {call}");
        known.with_context(gone)?.send(Order { what, done }).await.ok().with_context(gone)?;
        answer.await.ok().with_context(gone)?
    }

    fn phone(&self, order: &Value) -> Result<Arc<Phone>> {
        let name = text(order, "phone")?;
        lock(&self.phones).get(name).cloned().with_context(|| format!("there is no phone {name}"))
    }

    fn next_call(&self) -> (u64, mpsc::Receiver<Order>) {
        let id = self.next_call.fetch_add(1, Ordering::Relaxed);
        let (sender, orders) = mpsc::channel(ORDERS);
        lock(&self.calls).insert(id, sender);
        (id, orders)
    }

    async fn say(&self, what: Value) {
        // Nobody reads any more where the input has ended.
        let _ = self.said.send(what).await;
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.tasks();
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task);
    }

    fn tasks(&self) -> MutexGuard<'_, JoinSet<()>> {
        lock(&self.tasks)
    }
}

/// An address that no other phone of this process has, nor one of a process that runs beside it.
fn own_address() -> Result<IpAddr> {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    let process = u8::try_from(std::process::id() % 251)?;
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    if next == u8::MAX {
        bail!("there are no more addresses: plug in fewer phones");
    }
    Ok(Ipv4Addr::new(127, OWN_NET, process, next).into())
}

fn text<'a>(order: &'a Value, field: &str) -> Result<&'a str> {
    order[field].as_str().with_context(|| format!("`{field}` is missing in {order}"))
}

fn lock<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}
