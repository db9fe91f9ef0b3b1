//! An engine that is killed has no time to say goodbye: the next one does it, and knows the phones of the one before.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nohold_app::ports::{Keeping, Ledger, NotKept, Reading, StoreFailed};
use nohold_core::call::Input;
use nohold_phone::Party;
use nohold_sip::Addresses;
use tokio::net::UdpSocket;
use tokio::runtime::Runtime;
use tokio::time::timeout;

use crate::board::{Board, SOON, trunk_at};

/// A store in memory, which a killed engine reaches no more.
#[derive(Clone, Default)]
struct Memory {
    lines: Arc<Mutex<BTreeMap<(&'static str, String), String>>>,
    /// Writing takes for ever.
    stalled: bool,
    /// Writing takes so long.
    slow: Duration,
}

/// One engine's way to the store.
struct Reached {
    memory: Memory,
    cut: Arc<AtomicBool>,
}

impl Memory {
    fn count(&self, page: &str) -> usize {
        self.lines.lock().unwrap().keys().filter(|(of, _)| *of == page).count()
    }

    /// Waits until so many lines stand there, none of them of a call that only rings.
    async fn until(&self, page: &str, count: usize) {
        let rings = || self.lines.lock().unwrap().values().any(|line| line.contains("\nbranch "));
        let settled = async {
            while self.count(page) != count || rings() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        // Copies of late answers are waited for during five seconds.
        let settled = timeout(SOON * 2, settled).await;
        assert!(settled.is_ok(), "{count} lines are expected in {page}: {:#?}", self.lines.lock().unwrap());
    }
}

impl Reached {
    fn change(
        &self,
        change: impl FnOnce(&mut BTreeMap<(&'static str, String), String>) + Send + 'static,
    ) -> Keeping<()> {
        if self.memory.stalled {
            return Box::pin(std::future::pending());
        }
        if self.cut.load(Ordering::SeqCst) {
            return Box::pin(std::future::ready(Err(NotKept::Store(StoreFailed))));
        }
        let Memory { lines, slow, .. } = self.memory.clone();
        Box::pin(async move {
            tokio::time::sleep(slow).await;
            change(&mut lines.lock().unwrap());
            Ok(())
        })
    }
}

impl Ledger for Reached {
    fn write(&self, page: &'static str, name: String, line: String) -> Keeping<()> {
        self.change(move |lines| {
            lines.insert((page, name), line);
        })
    }

    fn strike(&self, page: &'static str, name: String) -> Keeping<()> {
        self.change(move |lines| {
            lines.remove(&(page, name));
        })
    }

    fn page(&self, page: &'static str) -> Reading<Vec<(String, String)>> {
        let lines = self.memory.lines.lock().unwrap();
        let found =
            lines.iter().filter(|((of, _), _)| *of == page).map(|((_, name), line)| (name.clone(), line.clone()));
        Box::pin(std::future::ready(Ok(found.collect())))
    }
}

/// An engine in a runtime of its own, which can be ended without a word.
struct Mortal {
    board: Board,
    runtime: Runtime,
    cut: Arc<AtomicBool>,
}

impl Mortal {
    /// At this address, with a trunk at another.
    async fn start(memory: &Memory, at: Option<SocketAddr>, trunk: Option<SocketAddr>) -> Mortal {
        let cut = Arc::new(AtomicBool::new(false));
        let ledger = Arc::new(Reached { memory: memory.clone(), cut: Arc::clone(&cut) });
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let at = at.unwrap_or_else(own_address);
        let board = Board::set_up(move |settings| {
            settings.ledger = Some(ledger);
            settings.edge.addresses = Addresses { udp: vec![at], tcp: vec![at], ..Addresses::default() };
            settings.media.bind = at.ip();
            let key = nohold_model::TrunkKey::new("raw").unwrap();
            settings.lines.trunks = trunk.map(|at| (key, trunk_at(at))).into_iter().collect();
        });
        let board = runtime.spawn(board).await.unwrap();
        Mortal { board, runtime, cut }
    }

    /// Gives a command whose task lives and dies with the engine.
    fn within<T>(&mut self, command: impl FnOnce(&mut Board) -> T) -> T {
        let _runtime = self.runtime.enter();
        command(&mut self.board)
    }

    /// Nothing of it is heard any more; its address is free. Where it was.
    async fn kill(self) -> SocketAddr {
        let address = self.board.address();
        self.cut.store(true, Ordering::SeqCst);
        let Mortal { board, runtime, .. } = self;
        tokio::task::spawn_blocking(move || runtime.shutdown_timeout(SOON)).await.unwrap();
        // All its tasks are gone, so it can say nothing any more: this closes what a process that ends would close.
        board.engine.shut_down().await;
        address
    }
}

/// An address of this process alone, because who comes back needs the same port once more: on 127.0.0.1 it could meanwhile be
/// that of a connection or of a server of a test that runs beside it.
fn own_address() -> SocketAddr {
    let [high, middle, low] = [16, 8, 0].map(|shift| (std::process::id() >> shift) as u8);
    SocketAddr::from(([127, 128 | high, middle, low], 0))
}

/// A phone of another party by hand.
struct Raw {
    socket: UdpSocket,
    engine: SocketAddr,
}

impl Raw {
    async fn hear(&self, begins: &str) -> String {
        let mut seen = Vec::new();
        loop {
            let mut buffer = vec![0; 8_192];
            match timeout(SOON, self.socket.recv_from(&mut buffer)).await {
                Ok(received) => {
                    let text = String::from_utf8(buffer[..received.unwrap().0].to_vec()).unwrap();
                    if text.starts_with(begins) {
                        return text;
                    }
                    seen.push(text);
                }
                Err(_) => panic!("no {begins}, but {seen:#?}"),
            }
        }
    }

    /// Nothing has come that would end a call.
    fn heard_no_farewell(&self) {
        let mut buffer = [0; 8_192];
        while let Ok((length, _)) = self.socket.try_recv_from(&mut buffer) {
            let text = String::from_utf8_lossy(&buffer[..length]);
            assert!(!text.starts_with("CANCEL") && !text.starts_with("BYE"), "{text}");
        }
    }

    async fn answer(&self, request: &str, status: &str, tag: &str, body: &str) {
        let echoed: String = request
            .lines()
            .take_while(|line| !line.is_empty())
            .filter(|line| ["Via:", "From:", "To:", "Call-ID:", "CSeq:"].iter().any(|name| line.starts_with(name)))
            .map(|line| if line.starts_with("To:") { format!("{line}{tag}\r\n") } else { format!("{line}\r\n") })
            .collect();
        let me = self.socket.local_addr().unwrap();
        let sdp = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        let length = body.len();
        let text = format!(
            "SIP/2.0 {status}\r\n{echoed}Contact: <sip:raw@{me}>\r\n{sdp}Content-Length: {length}\r\n\r\n{body}"
        );
        self.socket.send_to(text.as_bytes(), self.engine).await.unwrap();
    }

    /// BYE in the dialog that our answer with this tag has made.
    async fn hang_up(&self, invite: &str, tag: &str) {
        let value = |name: &str| line(invite, name).split_once(':').unwrap().1.trim().to_owned();
        let (me, from, to) = (self.socket.local_addr().unwrap(), value("To:"), value("From:"));
        let text = format!(
            "BYE sip:{} SIP/2.0\r\nVia: SIP/2.0/UDP {me};branch=z9hG4bKbye;rport\r\nFrom: {from}{tag}\r\nTo: {to}\r\n\
             Call-ID: {}\r\nCSeq: 1 BYE\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
            self.engine,
            value("Call-ID:")
        );
        self.socket.send_to(text.as_bytes(), self.engine).await.unwrap();
    }

    fn sdp(&self) -> String {
        let ip = self.socket.local_addr().unwrap().ip();
        format!("v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio 9 RTP/AVP 8\r\n")
    }
}

fn line<'a>(text: &'a str, name: &str) -> &'a str {
    let found = text.lines().find(|line| line.starts_with(name));
    found.unwrap_or_else(|| panic!("no {name} in {text}"))
}

#[tokio::test]
async fn phones_that_talked_to_an_engine_that_was_killed_are_hung_up_and_stay_registered() {
    let memory = Memory::default();
    let mut first = Mortal::start(&memory, None, None).await;
    let (caller, callee) = (first.board.phone("1000").await, first.board.phone("1001").await);
    let call_in = caller.dial("600").await.unwrap();
    let leg = first.board.new_call().await.leg;
    first.board.answer(leg);
    call_in.wait_answered(SOON).await.unwrap();
    let leg = first.within(|board| board.ring("1001"));
    let call_out = callee.next_call(SOON).await.unwrap().answer().await.unwrap();
    first.board.wait(Input::Answered(leg)).await;
    memory.until("dialogs", 2).await;
    memory.until("bindings", 2).await;
    let address = first.kill().await;
    assert_eq!((memory.count("dialogs"), memory.count("bindings")), (2, 2));

    let mut second = Mortal::start(&memory, Some(address), None).await;
    for call in [&call_in, &call_out] {
        let end = call.wait_ended(Duration::from_secs(2)).await.unwrap();
        assert_eq!(end.by, Party::Them);
    }
    memory.until("dialogs", 0).await;
    // Nobody has registered anew.
    let leg = second.within(|board| board.ring("1001"));
    let _call = callee.next_call(SOON).await.unwrap().answer().await.unwrap();
    second.board.wait(Input::Answered(leg)).await;
    caller.unregister().await.unwrap();
    memory.until("bindings", 1).await;
    second.kill().await;
}

#[tokio::test]
async fn a_phone_that_still_rings_is_cancelled_and_its_refusal_acknowledged() {
    let memory = Memory::default();
    let socket = UdpSocket::bind("127.0.3.1:0").await.unwrap();
    let at = socket.local_addr().unwrap();
    let mut first = Mortal::start(&memory, None, Some(at)).await;
    let raw = Raw { socket, engine: first.board.address() };
    let leg = first.within(|board| board.dial("13800138000", &[("raw", "+862161230000")]));
    let invite = raw.hear("INVITE").await;
    assert_eq!(memory.count("dialogs"), 1, "it was written down before it left");
    raw.answer(&invite, "180 Ringing", ";tag=peer", "").await;
    first.board.wait(Input::Ringing(leg)).await;
    let address = first.kill().await;
    raw.heard_no_farewell();

    let second = Mortal::start(&memory, Some(address), None).await;
    let cancel = raw.hear("CANCEL").await;
    for name in ["Via:", "From:", "To:", "Call-ID:"] {
        assert_eq!(line(&cancel, name), line(&invite, name));
    }
    let of = |text: &str| text.lines().next().unwrap().split(' ').nth(1).unwrap().to_owned();
    assert_eq!(of(&cancel), of(&invite));
    assert_eq!(line(&cancel, "CSeq:"), line(&invite, "CSeq:").replace("INVITE", "CANCEL"));
    raw.answer(&cancel, "200 OK", ";tag=peer", "").await;
    raw.answer(&invite, "487 Request Terminated", ";tag=peer", "").await;
    let ack = raw.hear("ACK").await;
    assert_eq!((line(&ack, "Via:"), of(&ack)), (line(&invite, "Via:"), of(&invite)));
    assert!(line(&ack, "To:").ends_with(";tag=peer"), "{ack}");
    // A copy is acknowledged like the first.
    raw.answer(&invite, "487 Request Terminated", ";tag=peer", "").await;
    raw.hear("ACK").await;
    second.kill().await;
}

#[tokio::test]
async fn an_answer_that_crosses_the_late_cancel_is_acknowledged_and_hung_up() {
    let memory = Memory::default();
    let socket = UdpSocket::bind("127.0.3.2:0").await.unwrap();
    let at = socket.local_addr().unwrap();
    let mut first = Mortal::start(&memory, None, Some(at)).await;
    let raw = Raw { socket, engine: first.board.address() };
    first.within(|board| board.dial("13800138000", &[("raw", "+862161230000")]));
    let invite = raw.hear("INVITE").await;
    let address = first.kill().await;
    raw.heard_no_farewell();

    let second = Mortal::start(&memory, Some(address), None).await;
    let cancel = raw.hear("CANCEL").await;
    raw.answer(&invite, "200 OK", ";tag=peer", &raw.sdp()).await;
    raw.answer(&cancel, "481 Call/Transaction Does Not Exist", "", "").await;
    let ack = raw.hear("ACK sip:raw@").await;
    assert!(line(&ack, "To:").ends_with(";tag=peer") && line(&ack, "Via:") != line(&invite, "Via:"), "{ack}");
    let bye = raw.hear("BYE sip:raw@").await;
    assert!(line(&bye, "To:").ends_with(";tag=peer"), "{bye}");
    raw.answer(&bye, "200 OK", "", "").await;
    memory.until("dialogs", 0).await;
    second.kill().await;
}

#[tokio::test]
async fn an_answer_is_written_down_before_it_is_confirmed() {
    let memory = Memory { slow: Duration::from_millis(30), ..Memory::default() };
    let socket = UdpSocket::bind("127.0.3.3:0").await.unwrap();
    let at = socket.local_addr().unwrap();
    let mut first = Mortal::start(&memory, None, Some(at)).await;
    let raw = Raw { socket, engine: first.board.address() };
    first.within(|board| board.dial("13800138000", &[("raw", "+862161230000")]));
    let invite = raw.hear("INVITE").await;
    raw.answer(&invite, "200 OK", ";tag=peer", &raw.sdp()).await;
    raw.hear("ACK sip:raw@").await;
    let lines: Vec<String> = memory.lines.lock().unwrap().values().cloned().collect();
    assert!(lines.iter().all(|line| line.contains(";tag=peer") && !line.contains("\nbranch ")), "{lines:?}");
    let address = first.kill().await;
    raw.heard_no_farewell();

    let second = Mortal::start(&memory, Some(address), None).await;
    let bye = raw.hear("BYE sip:raw@").await;
    assert!(line(&bye, "To:").ends_with(";tag=peer"), "{bye}");
    raw.answer(&bye, "200 OK", "", "").await;
    memory.until("dialogs", 0).await;
    second.kill().await;
}

#[tokio::test]
async fn who_answers_and_hangs_up_before_our_ack_is_heard_all_the_same() {
    let memory = Memory { slow: Duration::from_millis(30), ..Memory::default() };
    let socket = UdpSocket::bind("127.0.3.4:0").await.unwrap();
    let at = socket.local_addr().unwrap();
    let mut only = Mortal::start(&memory, None, Some(at)).await;
    let raw = Raw { socket, engine: only.board.address() };
    let leg = only.within(|board| board.dial("13800138000", &[("raw", "+862161230000")]));
    let invite = raw.hear("INVITE").await;
    raw.answer(&invite, "200 OK", ";tag=peer", &raw.sdp()).await;
    raw.hang_up(&invite, ";tag=peer").await;
    let answer = raw.hear("SIP/2.0 ").await;
    assert!(answer.starts_with("SIP/2.0 200"), "{answer}");
    only.board.gone(leg).await;
    only.kill().await;
}

#[tokio::test]
async fn a_caller_is_written_down_before_the_answer() {
    let memory = Memory { slow: Duration::from_millis(30), ..Memory::default() };
    let mut first = Mortal::start(&memory, None, None).await;
    let caller = first.board.phone("1000").await;
    let call = caller.dial("600").await.unwrap();
    let leg = first.board.new_call().await.leg;
    first.board.answer(leg);
    call.wait_answered(SOON).await.unwrap();
    assert_eq!(memory.count("dialogs"), 1);
    let address = first.kill().await;
    let second = Mortal::start(&memory, Some(address), None).await;
    assert_eq!(call.wait_ended(SOON).await.unwrap().by, Party::Them);
    memory.until("dialogs", 0).await;
    second.kill().await;
}

#[tokio::test]
async fn a_store_that_stalls_stops_no_call() {
    let memory = Memory { stalled: true, ..Memory::default() };
    let mut only = Mortal::start(&memory, None, None).await;
    let phone = only.board.phone("1000").await;
    let leg = only.within(|board| board.ring("1000"));
    let _call = phone.next_call(Duration::from_secs(1)).await.unwrap().answer().await.unwrap();
    only.board.wait(Input::Answered(leg)).await;
    only.kill().await;
}

#[tokio::test]
async fn what_is_over_is_struck() {
    let memory = Memory::default();
    let mut only = Mortal::start(&memory, None, None).await;
    let phone = only.board.phone("1000").await;
    for _ in 0..2 {
        let leg = only.within(|board| board.ring("1000"));
        let incoming = phone.next_call(SOON).await.unwrap();
        assert_eq!(memory.count("dialogs"), 1);
        let mut call = incoming.answer().await.unwrap();
        only.board.wait(Input::Answered(leg)).await;
        call.hang_up().await.unwrap();
        memory.until("dialogs", 0).await;
    }
    phone.behave(nohold_phone::Behaviour::declines(486));
    let leg = only.within(|board| board.ring("1000"));
    only.board.gone(leg).await;
    memory.until("dialogs", 0).await;
    only.kill().await;
}
