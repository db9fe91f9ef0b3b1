//! The phones of the load: thousands of callers behind one socket, and a row of agents behind another.
//!
//! One thread drives them all: it reads what has come, sends again what was not answered (RFC 3261 §17), and tells what
//! happened with the kernel's stamp. Nothing waits for anything but the socket.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::datagrams::{Datagram, MILLISECOND, Nanos, Reader, Stamped, now};
use crate::digest;
use crate::sip::{Message, Writer, description, tag, uri, user};

mod call;

use call::{Call, State};

/// After this a request over UDP is sent again, then after twice as long, and so on (T1).
const FIRST_REPEAT: Nanos = 500 * MILLISECOND;
/// The longest pause between two of them (T2).
const LONGEST_REPEAT: Nanos = 4_000 * MILLISECOND;
/// After this a request counts as unanswered (64 T1).
const GIVE_UP: Nanos = 32_000 * MILLISECOND;
/// Room for what comes at a socket while we are busy.
const ROOM: usize = 8 << 20;

/// One of our calls, or one that came to us.
pub type Number = u64;

/// On which socket something happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The carrier's, by which callers come.
    Callers,
    /// The agents'.
    Agents,
}

/// What has happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A call of ours was answered.
    Answered {
        /// Which.
        call: Number,
        /// When.
        at: Nanos,
        /// Where the other side has its audio.
        audio: Option<SocketAddrV4>,
    },
    /// A call of ours was refused.
    Refused {
        /// Which.
        call: Number,
        /// The status.
        status: u16,
        /// When we may try again, in seconds, where it was said.
        retry_after: Option<u32>,
    },
    /// The other side has hung up.
    HungUp {
        /// Which call.
        call: Number,
        /// When.
        at: Nanos,
    },
    /// An agent's phone is called; it has answered already.
    Offered {
        /// The new call.
        call: Number,
        /// The agent.
        agent: String,
        /// Who calls, as the phone shows it.
        from: String,
        /// When.
        at: Nanos,
        /// Where the other side has its audio.
        audio: Option<SocketAddrV4>,
    },
    /// A phone is registered.
    Registered,
    /// Nobody has answered a request of this call.
    Unanswered {
        /// Which call.
        call: Number,
    },
}

/// What was counted besides.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counted {
    /// Requests of ours that had to be sent again.
    pub repeated: u64,
    /// Messages that belonged to nothing.
    pub strange: u64,
}

/// All phones.
pub struct Phones {
    server: SocketAddrV4,
    callers: Stamped,
    agents: Stamped,
    audio: Vec<SocketAddrV4>,
    reader: Option<Reader>,
    calls: HashMap<Number, Call>,
    by_id: HashMap<String, Number>,
    due: BinaryHeap<Reverse<(Nanos, Number)>>,
    next: Number,
    events: VecDeque<Event>,
    /// What was counted besides.
    pub counted: Counted,
}

impl Phones {
    /// Phones at these addresses of this machine. Their audio is wanted at the sink's places, in turn.
    ///
    /// # Errors
    /// When a port cannot be had.
    pub fn open(callers: Ipv4Addr, agents: Ipv4Addr, audio: Vec<SocketAddrV4>) -> Result<Self> {
        Ok(Phones {
            server: SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0),
            callers: Stamped::bind(callers, 0, ROOM)?,
            agents: Stamped::bind(agents, 0, ROOM)?,
            audio,
            reader: Some(Reader::new(4_096)),
            calls: HashMap::new(),
            by_id: HashMap::new(),
            due: BinaryHeap::new(),
            next: 0,
            events: VecDeque::new(),
            counted: Counted::default(),
        })
    }

    /// From now on they talk to this server.
    pub fn serve_by(&mut self, server: SocketAddrV4) {
        self.server = server;
    }

    /// Where the phones of a side are reached.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn address(&self, side: Side) -> Result<SocketAddrV4> {
        self.socket(side).address()
    }

    fn socket(&self, side: Side) -> &Stamped {
        match side {
            Side::Callers => &self.callers,
            Side::Agents => &self.agents,
        }
    }

    /// Calls a number of the server as this caller; where its audio goes says [`Phones::place`].
    ///
    /// # Errors
    /// When the socket is of no use any more.
    pub fn dial(&mut self, from: &str, to: &str) -> Result<Number> {
        let own = self.address(Side::Callers)?;
        let audio = self.place(self.next);
        let call = self.begin(Side::Callers, format!("sip:{to}@{}", self.server), self.server);
        if let Some(it) = self.calls.get_mut(&call) {
            it.local = format!("<sip:{from}@{own}>;tag=b{call}");
            it.remote = format!("<sip:{to}@{}>", self.server);
            it.contact = format!("<sip:{from}@{own}>");
            let text = it.request("INVITE").header("Contact", &it.contact).header("Allow", ALLOWED);
            it.sent = text.with_description(&description(audio));
        }
        self.send_out(call)?;
        Ok(call)
    }

    /// Where the audio of a call is wanted: its place among the sink's sockets.
    pub fn place(&self, call: Number) -> SocketAddrV4 {
        let at = usize::try_from(call).unwrap_or(0) % self.audio.len();
        self.audio[at]
    }

    /// Registers the phone of an agent for an hour.
    ///
    /// # Errors
    /// When the socket is of no use any more.
    pub fn register(&mut self, name: &str, password: &str) -> Result<Number> {
        let own = self.address(Side::Agents)?;
        let call = self.begin(Side::Agents, format!("sip:{}", self.server), self.server);
        if let Some(it) = self.calls.get_mut(&call) {
            it.local = format!("<sip:{name}@{}>;tag=b{call}", self.server);
            it.remote = format!("<sip:{name}@{}>", self.server);
            it.contact = format!("<sip:{name}@{own}>");
            it.state = State::Registering { password: password.to_owned(), proven: false };
            it.sent = it.request("REGISTER").header("Contact", &it.contact).header("Expires", "3600").end();
        }
        self.send_out(call)?;
        Ok(call)
    }

    /// Hangs up a call that is up, and says when.
    ///
    /// # Errors
    /// When there is no such call.
    pub fn hang_up(&mut self, call: Number) -> Result<Nanos> {
        let it = self.calls.get_mut(&call).with_context(|| format!("there is no call {call}"))?;
        it.state = State::Leaving;
        it.cseq += 1;
        it.sent = it.request("BYE").end();
        self.send_out(call)?;
        Ok(now())
    }

    /// How many calls are there, in whatever state.
    pub fn open_calls(&self) -> usize {
        self.calls.len()
    }

    /// The next thing that happens, waited for until then.
    ///
    /// # Errors
    /// When a socket is of no use any more.
    pub fn next(&mut self, until: Nanos) -> Result<Option<Event>> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Ok(Some(event));
            }
            let read = self.read()?;
            self.repeat()?;
            if read > 0 || !self.events.is_empty() {
                continue;
            }
            let here = now();
            if here >= until {
                return Ok(None);
            }
            let due = self.due.peek().map_or(until, |Reverse((due, _))| (*due).min(until));
            self.wait(Duration::from_nanos(due.saturating_sub(here).clamp(100_000, 100 * MILLISECOND)))?;
        }
    }

    fn wait(&self, longest: Duration) -> Result<()> {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let mut sockets =
            [PollFd::new(self.callers.socket(), PollFlags::IN), PollFd::new(self.agents.socket(), PollFlags::IN)];
        let longest = Timespec { tv_sec: 0, tv_nsec: longest.subsec_nanos().into() };
        match poll(&mut sockets, Some(&longest)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error).context("cannot wait for the sockets"),
        }
    }

    fn read(&mut self) -> Result<usize> {
        let mut came = Vec::new();
        let Some(mut reader) = self.reader.take() else { return Ok(0) };
        for side in [Side::Callers, Side::Agents] {
            let socket = self.socket(side);
            reader.read(socket, |Datagram { at, from, bytes }| came.push((side, at, from, bytes.to_vec())))?;
        }
        self.reader = Some(reader);
        let count = came.len();
        for (side, at, from, bytes) in came {
            let Some(message) = Message::parse(&bytes) else {
                self.counted.strange += 1;
                continue;
            };
            match message.status() {
                Some(status) => self.response(status, &message, at)?,
                None => self.request(side, &message, from, at)?,
            }
        }
        Ok(count)
    }

    fn begin(&mut self, side: Side, target: String, peer: SocketAddrV4) -> Number {
        let number = self.next;
        self.next += 1;
        // Calls of another run may still be known at the server.
        let id = format!("{number}.{}.{}", std::process::id(), self.callers.address().map_or(0, |own| own.port()));
        self.by_id.insert(id.clone(), number);
        self.calls.insert(number, Call::new(side, id, target, peer, self.socket(side).socket()));
        number
    }

    /// Sends what the call has to send now, and again until it is answered.
    fn send_out(&mut self, call: Number) -> Result<()> {
        let here = now();
        let Some(it) = self.calls.get_mut(&call) else { return Ok(()) };
        it.sent_first = here;
        it.repeat_after = FIRST_REPEAT;
        it.answered = false;
        self.due.push(Reverse((here + FIRST_REPEAT, call)));
        self.put(call)
    }

    fn put(&self, call: Number) -> Result<()> {
        let Some(it) = self.calls.get(&call) else { return Ok(()) };
        self.say(it.side, &it.sent, it.peer)
    }

    fn say(&self, side: Side, text: &str, to: SocketAddrV4) -> Result<()> {
        match self.socket(side).socket().send_to(text.as_bytes(), to) {
            Ok(_) => Ok(()),
            // It counts as lost on the way and is sent again in time.
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => Ok(()),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => Ok(()),
            Err(error) => Err(error).context("cannot send"),
        }
    }

    fn repeat(&mut self) -> Result<()> {
        let here = now();
        while let Some(Reverse((due, call))) = self.due.peek().copied().filter(|Reverse((due, _))| *due <= here) {
            self.due.pop();
            let Some(it) = self.calls.get_mut(&call) else { continue };
            // What was scheduled for an earlier request of the call.
            if it.answered || due < it.sent_first + FIRST_REPEAT {
                continue;
            }
            if here > it.sent_first + GIVE_UP {
                self.events.push_back(Event::Unanswered { call });
                self.forget(call);
                continue;
            }
            it.repeat_after = (it.repeat_after * 2).min(LONGEST_REPEAT);
            self.due.push(Reverse((here + it.repeat_after, call)));
            self.counted.repeated += 1;
            self.put(call)?;
        }
        Ok(())
    }

    fn forget(&mut self, call: Number) {
        if let Some(it) = self.calls.remove(&call) {
            self.by_id.remove(&it.id);
        }
    }

    fn response(&mut self, status: u16, message: &Message<'_>, at: Nanos) -> Result<()> {
        let call = message.header("Call-ID").and_then(|id| self.by_id.get(id)).copied();
        let (Some(call), Some((number, method))) = (call, message.cseq()) else {
            self.counted.strange += u64::from(status >= 200);
            return Ok(());
        };
        let Some(it) = self.calls.get_mut(&call) else { return Ok(()) };
        if number != it.cseq {
            // An answer to what was sent before; a 2xx that comes again wants its ACK again.
            return if method == "INVITE" && status >= 200 { self.acknowledge(call, message, status) } else { Ok(()) };
        }
        if status < 200 {
            // From here on an INVITE is not sent again.
            it.answered |= method == "INVITE";
            return Ok(());
        }
        let first = !it.answered || matches!(it.state, State::Calling);
        it.answered = true;
        match method {
            "INVITE" => {
                if status < 300 {
                    it.remote = message.header("To").unwrap_or_default().to_owned();
                    it.target = message.header("Contact").map(uri).unwrap_or(&it.target).to_owned();
                }
                let calling = first && matches!(it.state, State::Calling);
                if calling {
                    it.state = State::Up;
                }
                self.acknowledge(call, message, status)?;
                if calling && status < 300 {
                    self.events.push_back(Event::Answered { call, at, audio: message.audio() });
                } else if calling {
                    let retry_after =
                        message.header("Retry-After").and_then(|text| text.split([';', ' ']).next()?.parse().ok());
                    self.events.push_back(Event::Refused { call, status, retry_after });
                    self.forget(call);
                }
                Ok(())
            }
            "REGISTER" => self.register_answered(call, status, message),
            _ => {
                self.forget(call);
                Ok(())
            }
        }
    }

    /// Acknowledges a final answer to an INVITE: by its own transaction a refusal, by a new one an answer.
    fn acknowledge(&mut self, call: Number, message: &Message<'_>, status: u16) -> Result<()> {
        let (Some(it), Some((number, _))) = (self.calls.get(&call), message.cseq()) else { return Ok(()) };
        let to = message.header("To").unwrap_or_default();
        let text = it.acknowledgement(to, number, status);
        self.say(it.side, &text, it.peer)
    }

    fn register_answered(&mut self, call: Number, status: u16, message: &Message<'_>) -> Result<()> {
        let Some(it) = self.calls.get_mut(&call) else { return Ok(()) };
        let State::Registering { password, proven } = &it.state else { return Ok(()) };
        let challenge = message.header("WWW-Authenticate");
        let (name, target) = (user(&it.local).to_owned(), it.target.clone());
        let answer = challenge.and_then(|it| digest::answer(it, &name, password, "REGISTER", &target));
        match (status, answer) {
            (200, _) => {
                self.events.push_back(Event::Registered);
                self.forget(call);
                Ok(())
            }
            (401, Some(answer)) if !proven => {
                it.state = State::Registering { password: password.clone(), proven: true };
                it.cseq += 1;
                let text = it.request("REGISTER").header("Contact", &it.contact).header("Expires", "3600");
                it.sent = text.header("Authorization", &answer).end();
                self.send_out(call)
            }
            _ => bail!("the phone {name} cannot register: {status}"),
        }
    }

    fn request(&mut self, side: Side, message: &Message<'_>, from: SocketAddrV4, at: Nanos) -> Result<()> {
        let id = message.header("Call-ID").unwrap_or_default();
        let known = self.by_id.get(id).copied();
        let to = message.header("To").unwrap_or_default();
        match (message.method(), known) {
            ("ACK", Some(call)) => {
                if let Some(it) = self.calls.get_mut(&call) {
                    it.answered = true;
                }
                Ok(())
            }
            ("ACK", None) => Ok(()),
            ("INVITE", None) if side == Side::Agents => self.offered(message, from, at),
            // What was answered with is sent again in time.
            ("INVITE", Some(_)) if tag(to).is_none() => Ok(()),
            ("BYE", Some(call)) => {
                self.say(side, &Writer::response("200 OK", message, to).end(), from)?;
                self.forget(call);
                self.events.push_back(Event::HungUp { call, at });
                Ok(())
            }
            ("BYE" | "INVITE", None) => {
                self.counted.strange += 1;
                self.say(side, &Writer::response("481 Call/Transaction Does Not Exist", message, to).end(), from)
            }
            ("INVITE" | "UPDATE", Some(call)) => {
                // Its session is as it was.
                let text = description(self.place(call));
                let answer = Writer::response("200 OK", message, to)
                    .header("Contact", &format!("<sip:bench@{}>", self.address(side)?));
                self.say(side, &answer.with_description(&text), from)
            }
            _ => self.say(side, &Writer::response("200 OK", message, to).end(), from),
        }
    }

    /// An agent's phone is called, and answers at once.
    fn offered(&mut self, message: &Message<'_>, from: SocketAddrV4, at: Nanos) -> Result<()> {
        let (own, agent) = (self.address(Side::Agents)?, message.wanted_user().to_owned());
        let audio = self.place(self.next);
        let header = |name| message.header(name).unwrap_or_default();
        let call = self.begin(Side::Agents, uri(header("Contact")).to_owned(), from);
        let Some(it) = self.calls.get_mut(&call) else { return Ok(()) };
        self.by_id.remove(&it.id);
        header("Call-ID").clone_into(&mut it.id);
        self.by_id.insert(it.id.clone(), call);
        it.state = State::Up;
        it.remote = header("From").to_owned();
        it.local = format!("{};tag=b{call}", header("To"));
        it.contact = format!("<sip:{agent}@{own}>");
        let answer = Writer::response("200 OK", message, &it.local).header("Contact", &it.contact);
        it.sent = answer.with_description(&description(audio));
        let shown = user(header("From")).to_owned();
        self.events.push_back(Event::Offered { call, agent, from: shown, at, audio: message.audio() });
        self.send_out(call)
    }
}

const ALLOWED: &str = "INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE";
