//! A phone: registers, dials, and is called.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rsipstack::dialog::invitation::InviteOption;
use rsipstack::dialog::registration::Registration;
use rsipstack::sip::prelude::HeadersExt;
use rsipstack::sip::{Header, Method, StatusCode, typed};
use rsipstack::transaction::TransactionReceiver;
use rsipstack::transaction::transaction::Transaction;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};

use crate::behaviour::{self, Behaviour, PastCall};
use crate::call::Call;
use crate::error::PhoneError;
use crate::incoming::Incoming;
use crate::line::Line;
use crate::log::lock;
use crate::settings::PhoneSettings;
use crate::stack::{Stack, uri};
use crate::tasks::Tasks;
use crate::wire::Message;

/// How long a REGISTER may go unanswered.
const REGISTER_LIMIT: Duration = Duration::from_secs(5);
/// Calls that nobody asks for by `next_call` wait; more than these are busy.
const MOST_WAITING: usize = 64;
/// Past calls of an automatic phone; the oldest go first.
const MOST_PAST: usize = 1_000;

/// A phone. Dropping it pulls the plug: nobody is told, no BYE and no REGISTER is sent.
pub struct Phone {
    inner: Arc<Inner>,
    incoming: tokio::sync::Mutex<mpsc::Receiver<Incoming>>,
    registration: tokio::sync::Mutex<Option<Registered>>,
}

/// What the tasks of a phone share.
pub(crate) struct Inner {
    pub stack: Arc<Stack>,
    pub tasks: Tasks,
    behaviour: Mutex<Option<Behaviour>>,
    past: Mutex<Vec<PastCall>>,
    incoming: mpsc::Sender<Incoming>,
}

struct Registered {
    registration: Arc<tokio::sync::Mutex<Registration>>,
    refresh: AbortHandle,
}

/// What is dialled, where a number alone does not say it: the caller ID that a carrier or another PBX would send.
#[derive(Debug, Clone, Default)]
pub struct Dialling {
    /// A number, which goes to the phone's server, or a SIP URI, which goes to the address in it.
    pub to: String,
    /// The user part of the From header, where it is not the phone's own.
    pub caller: Option<String>,
    /// The name shown, where it is not the phone's own.
    pub display_name: Option<String>,
    /// Further headers, for example `P-Asserted-Identity` or `Privacy`.
    pub headers: Vec<(String, String)>,
}

impl Dialling {
    /// Dials this number or URI.
    pub fn to(to: &str) -> Self {
        Dialling { to: to.to_owned(), ..Dialling::default() }
    }

    /// Shows this number.
    #[must_use]
    pub fn from(mut self, caller: &str) -> Self {
        self.caller = Some(caller.to_owned());
        self
    }

    /// Shows this name.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.display_name = Some(name.to_owned());
        self
    }

    /// Sends this header as well.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

impl Phone {
    /// Plugs the phone in: it listens from now on.
    ///
    /// # Errors
    /// When its address cannot be used.
    pub async fn start(settings: PhoneSettings) -> Result<Self, PhoneError> {
        let tasks = Tasks::new();
        let (stack, requests) = Stack::start(settings, &tasks).await?;
        let (sender, incoming) = mpsc::channel(MOST_WAITING);
        let inner = Arc::new(Inner {
            stack: Arc::new(stack),
            tasks,
            behaviour: Mutex::new(None),
            past: Mutex::new(Vec::new()),
            incoming: sender,
        });
        inner.tasks.spawn(serve(inner.clone(), requests));
        Ok(Phone { inner, incoming: tokio::sync::Mutex::new(incoming), registration: tokio::sync::Mutex::new(None) })
    }

    /// Where the phone listens for SIP.
    pub fn address(&self) -> SocketAddr {
        self.inner.stack.address
    }

    /// The URI under which it can be called directly.
    pub fn uri(&self) -> String {
        format!("sip:{}@{}", self.inner.stack.settings.user, self.address())
    }

    /// Registers at the server for this time, and again whenever half of what was granted has passed.
    ///
    /// # Errors
    /// When the server refuses (a wrong password is a 401 or 403) or does not answer within 5 s.
    pub async fn register(&self, expires: Duration) -> Result<(), PhoneError> {
        let stack = &self.inner.stack;
        // The library takes the user of the address of record from here, also where there is no password.
        let mut credential = stack.credential().unwrap_or_default();
        credential.username.clone_from(&stack.settings.user);
        let mut registration = Registration::new(stack.endpoint.inner.clone(), Some(credential));
        registration.contact = Some(typed::Contact { display_name: None, uri: stack.contact()?, params: Vec::new() });
        registration.outbound_proxy = Some(self.server()?);
        let granted = send_register(stack, &mut registration, expires).await?;
        let registration = Arc::new(tokio::sync::Mutex::new(registration));
        let again = refresh(stack.clone(), registration.clone(), expires, granted);
        let registered = Registered { registration, refresh: self.inner.tasks.spawn(again) };
        if let Some(before) = self.registration.lock().await.replace(registered) {
            before.refresh.abort();
        }
        Ok(())
    }

    /// Takes the registration back; nothing happens where there is none.
    ///
    /// # Errors
    /// When the server refuses or does not answer within 5 s.
    pub async fn unregister(&self) -> Result<(), PhoneError> {
        let Some(registered) = self.registration.lock().await.take() else { return Ok(()) };
        registered.refresh.abort();
        let mut registration = registered.registration.lock().await;
        send_register(&self.inner.stack, &mut registration, Duration::ZERO).await.map(drop)
    }

    /// Dials a number at the server, or a SIP URI at the address in it. Returns as soon as the INVITE is on its way.
    ///
    /// # Errors
    /// When what is dialled is no number or URI, or no socket for the audio can be opened.
    pub async fn dial(&self, to: &str) -> Result<Call, PhoneError> {
        self.dial_as(Dialling::to(to)).await
    }

    /// Dials with another caller ID or further headers, as a carrier does.
    ///
    /// # Errors
    /// As [`Phone::dial`].
    pub async fn dial_as(&self, dialling: Dialling) -> Result<Call, PhoneError> {
        let inner = &self.inner;
        let stack = &inner.stack;
        let line = Line::open(stack.clone(), &inner.tasks).await?;
        line.log.note(format!("dialling {}", dialling.to));
        let option = self.invitation(dialling, &line)?;
        let (sender, states) = stack.dialogs.new_dialog_state_channel();
        let (dialog, outcome) =
            stack.dialogs.do_invite_async(option, sender).map_err(PhoneError::sip("sending the INVITE"))?;
        inner.tasks.spawn(line.clone().follow(dialog.clone(), states, Some(outcome)));
        Ok(Call::new(inner.clone(), line, dialog))
    }

    /// The next call that comes in, whether it rings yet or not. A phone that behaves by itself never has one.
    ///
    /// # Errors
    /// When none comes in time.
    pub async fn next_call(&self, limit: Duration) -> Result<Incoming, PhoneError> {
        let late = || PhoneError::Timeout {
            waited_for: format!("a call to {}", self.uri()),
            after: limit,
            seen: "  no INVITE reached the phone".into(),
        };
        let mut incoming = self.incoming.lock().await;
        timeout(limit, incoming.recv()).await.ok().flatten().ok_or_else(late)
    }

    /// Lets the phone treat all calls from now on by itself; with nothing, [`Phone::next_call`] gets them again.
    pub fn behave(&self, behaviour: impl Into<Option<Behaviour>>) {
        *lock(&self.inner.behaviour) = behaviour.into();
    }

    /// The calls that the phone has had by itself, the last 1,000.
    pub fn past_calls(&self) -> Vec<PastCall> {
        lock(&self.inner.past).clone()
    }

    /// The messages of all its calls so far, as they went over the wire; of very many the last 20,000.
    pub fn messages(&self) -> Vec<Message> {
        self.inner.stack.wire.messages()
    }

    /// Pulls the plug, as dropping the phone does: all its calls go silent, and nobody is told.
    pub fn vanish(self) {}

    fn server(&self) -> Result<SocketAddr, PhoneError> {
        let unknown = || PhoneError::Usage("the phone knows no server; set one, or dial a URI with an address".into());
        self.inner.stack.settings.server.ok_or_else(unknown)
    }

    fn invitation(&self, dialling: Dialling, line: &Line) -> Result<InviteOption, PhoneError> {
        let stack = &self.inner.stack;
        let domain = stack.domain();
        let (callee, target) = if dialling.to.starts_with("sip:") {
            let callee = uri(&dialling.to)?;
            let host = callee.host_with_port.to_string();
            let with_port = host.parse::<SocketAddr>().ok();
            let direct = with_port.or_else(|| host.parse::<IpAddr>().ok().map(|ip| (ip, 5_060).into()));
            let target = direct.map_or_else(|| self.server(), Ok)?;
            (callee, target)
        } else {
            (uri(&format!("sip:{}@{domain}", dialling.to))?, self.server()?)
        };
        let caller = dialling.caller.as_ref().unwrap_or(&stack.settings.user);
        let other = |(name, value)| Header::Other(name, value);
        Ok(InviteOption {
            caller_display_name: dialling.display_name.or_else(|| stack.settings.display_name.clone()),
            caller: uri(&format!("sip:{caller}@{domain}"))?,
            callee: stack.with_transport(callee)?,
            destination: Some(stack.target(target)),
            contact: stack.contact()?,
            offer: Some(line.offer()),
            credential: stack.credential(),
            headers: Some(dialling.headers.into_iter().map(other).collect()),
            ..InviteOption::default()
        })
    }
}

impl Drop for Phone {
    fn drop(&mut self) {
        self.inner.stack.stop();
        self.inner.tasks.end();
    }
}

impl Inner {
    /// Keeps what became of a call.
    pub(crate) fn keep(&self, call: PastCall) {
        let mut past = lock(&self.past);
        if past.len() >= MOST_PAST {
            past.remove(0);
        }
        past.push(call);
    }
}

async fn send_register(
    stack: &Stack,
    registration: &mut Registration,
    expires: Duration,
) -> Result<Duration, PhoneError> {
    let server = stack.with_transport(uri(&format!("sip:{}", stack.domain()))?)?;
    let seconds = u32::try_from(expires.as_secs()).unwrap_or(u32::MAX);
    let (request, after) = ("REGISTER", REGISTER_LIMIT);
    let answer = timeout(after, registration.register(server, Some(seconds))).await;
    let response = answer.map_err(|_| PhoneError::Unanswered { request, after })?;
    let response = response.map_err(PhoneError::sip("registering"))?;
    if response.status_code != StatusCode::OK {
        let (status, reason) = (response.status_code.code(), response.status_code.text().to_owned());
        return Err(PhoneError::Refused { request, status, reason });
    }
    Ok(Duration::from_secs(registration.expires().into()))
}

async fn refresh(
    stack: Arc<Stack>,
    registration: Arc<tokio::sync::Mutex<Registration>>,
    expires: Duration,
    mut granted: Duration,
) {
    loop {
        sleep((granted / 2).max(Duration::from_secs(1))).await;
        match send_register(&stack, &mut *registration.lock().await, expires).await {
            Ok(again) => granted = again,
            Err(error) => tracing::warn!(%error, "a phone could not register again; it goes on trying"),
        }
    }
}

async fn serve(inner: Arc<Inner>, mut requests: TransactionReceiver) {
    while let Some(transaction) = requests.recv().await {
        let phone = inner.clone();
        inner.tasks.spawn(async move {
            if let Err(error) = request(phone, transaction).await {
                tracing::debug!(%error, "a request to a phone");
            }
        });
    }
}

async fn request(inner: Arc<Inner>, mut transaction: Transaction) -> rsipstack::Result<()> {
    if transaction.original.to_header()?.tag()?.is_some() {
        match inner.stack.dialogs.match_dialog(&transaction) {
            Some(mut dialog) => return dialog.handle(&mut transaction).await,
            None if transaction.original.method == Method::Ack => return Ok(()),
            None => return transaction.reply(StatusCode::CallTransactionDoesNotExist).await,
        }
    }
    match transaction.original.method {
        Method::Invite => invited(inner, transaction).await,
        Method::Options => transaction.reply(StatusCode::OK).await,
        Method::Ack => Ok(()),
        _ => transaction.reply(StatusCode::MethodNotAllowed).await,
    }
}

async fn invited(inner: Arc<Inner>, mut transaction: Transaction) -> rsipstack::Result<()> {
    let stack = &inner.stack;
    let (Ok(line), Ok(contact)) = (Line::open(stack.clone(), &inner.tasks).await, stack.contact()) else {
        return transaction.reply(StatusCode::ServerInternalError).await;
    };
    line.log.note("INVITE came in");
    let (sender, states) = stack.dialogs.new_dialog_state_channel();
    let mut dialog =
        stack.dialogs.get_or_create_server_invite(&transaction, sender, stack.credential(), Some(contact))?;
    inner.tasks.spawn(line.clone().follow(dialog.clone(), states, None));
    let incoming = Incoming::new(inner.clone(), line, dialog.clone(), transaction.original.clone());
    let behaviour = *lock(&inner.behaviour);
    match behaviour {
        Some(behaviour) => {
            inner.tasks.spawn(behaviour::live(inner.clone(), behaviour, incoming));
        }
        None => {
            if let Err(mpsc::error::TrySendError::Full(incoming) | mpsc::error::TrySendError::Closed(incoming)) =
                inner.incoming.try_send(incoming)
            {
                // The status is one that refuses, and that is the only way this can fail.
                let _ = incoming.decline(486);
            }
        }
    }
    dialog.handle(&mut transaction).await
}
