//! Drives one call: an input comes, the rules answer, the effects go out.

use nohold_core::call::{Command, Effects, HangUp, Input, World};
use nohold_model::{CallId, Timestamp};
use tokio::sync::mpsc;

use crate::books::Books;
use crate::node::{LiveCall, Node};
use crate::ports::{Clock, Ports, Telephony};

/// Drives a call to its end.
pub(crate) async fn run<P: Ports>(
    node: Node<P>,
    id: CallId,
    live: LiveCall,
    first: Effects,
    mut inputs: mpsc::UnboundedReceiver<Box<Input>>,
) {
    // Also when the rules panic: nobody is left on the line, and housekeeping accounts for the call.
    let _end = TaskEnd { node: node.clone(), id, live: live.clone() };
    let mut driver = Driver { node, id, live, books: Books::default(), reconcile_at: Timestamp::EPOCH };
    driver.reconcile_at = driver.node.now() + driver.node.settings().reconcile_every;
    driver.carry_out(first);
    while !(driver.live.with(|call| call.is_over()) && driver.books.are_settled()) {
        let woken = driver.wait(&mut inputs).await;
        driver.go_on(woken).await;
    }
}

/// The end of a call's task, however it came.
struct TaskEnd<P: Ports> {
    node: Node<P>,
    id: CallId,
    live: LiveCall,
}

impl<P: Ports> Drop for TaskEnd<P> {
    fn drop(&mut self) {
        for leg in self.live.with(|call| call.legs()) {
            self.node.ports().telephony().execute(Command::HangUp { leg, how: HangUp::Normal });
        }
        self.node.forget(self.id);
    }
}

struct Driver<P> {
    node: Node<P>,
    id: CallId,
    live: LiveCall,
    books: Books,
    reconcile_at: Timestamp,
}

/// What a call was waiting for.
enum Woken {
    Input(Box<Input>),
    Time,
    Store(Result<nohold_core::transaction::Answer, crate::ports::StoreFailed>),
}

impl<P: Ports> Driver<P> {
    async fn wait(&mut self, inputs: &mut mpsc::UnboundedReceiver<Box<Input>>) -> Woken {
        let deadline = {
            let (directory, lines) = (self.node.directory(), self.node.lines());
            let world = World { directory: &directory, lines: &lines };
            self.live.with(|call| call.next_deadline(world))
        };
        let alarm = [deadline, self.books.retry_at(), self.books.word_at(), Some(self.reconcile_at)]
            .into_iter()
            .flatten()
            .min();
        let alarm = self.node.ports().clock().sleep_until(alarm.unwrap_or(Timestamp::NEVER));
        tokio::select! {
            biased;
            answer = self.books.answer() => Woken::Store(answer),
            Some(input) = inputs.recv() => Woken::Input(input),
            () = alarm => Woken::Time,
        }
    }

    async fn go_on(&mut self, woken: Woken) {
        match woken {
            Woken::Input(input) => self.handle(&input),
            Woken::Time => self.time_passes().await,
            Woken::Store(answer) => {
                let committed = answer.is_ok();
                if !committed {
                    tracing::warn!(call = %self.id, "the store has not taken what this call has to record");
                }
                if let Some(input) = self.books.note(answer, self.node.now()) {
                    self.handle(&input);
                }
                if committed {
                    // Somebody may be free now, or waiting.
                    self.node.wake_routing();
                }
            }
        }
        self.submit();
    }

    async fn time_passes(&mut self) {
        let at = self.node.now();
        if at >= self.reconcile_at {
            self.reconcile_at = at + self.node.settings().reconcile_every;
            let legs = self.live.with(|call| call.legs());
            let legs = self.node.ports().telephony().inventory(&legs).await;
            for input in self.live.with(|call| call.reconcile(&legs)) {
                self.handle(&input);
            }
        }
        if let Some(word) = self.books.word(at) {
            self.handle(&word);
        }
        self.handle(&Input::Tick);
    }

    fn handle(&mut self, input: &Input) {
        let (directory, lines) = (self.node.directory(), self.node.lines());
        let world = World { directory: &directory, lines: &lines };
        let at = self.node.now();
        let effects = self.live.with(|call| call.handle(at, input, world));
        self.carry_out(effects);
    }

    /// Media at once, whatever the store does; the rest is kept in the books.
    fn carry_out(&mut self, mut effects: Effects) {
        self.node.remember_legs(self.id, self.live.with(|call| call.legs()));
        for command in effects.media.drain(..) {
            self.node.ports().telephony().execute(command);
        }
        for heard in effects.heard.drain(..) {
            self.node.answer_wish(self.id, heard);
        }
        self.books.add(&mut effects, self.node.now());
        self.submit();
    }

    fn submit(&mut self) {
        let directory = self.node.directory();
        self.books.submit(self.node.ports().store(), &directory, self.node.now());
    }
}
