//! The channels between a leg of the media plane and a connection.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::{fmt, io};

use nohold_media::Line;
use rustix::event::{EventfdFlags, eventfd};

/// Packets that may wait in each direction: 640 ms of audio, more than any thread is ever late.
const WAITING: usize = 32;

/// Wakes the thread of the connections.
pub(crate) struct Waker {
    file: OwnedFd,
    /// It was woken and has not looked yet: a second knock would be a system call for nothing.
    woken: AtomicBool,
}

impl Waker {
    pub(crate) fn new() -> io::Result<Self> {
        let file = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Waker { file, woken: AtomicBool::new(false) })
    }

    pub(crate) fn file(&self) -> &OwnedFd {
        &self.file
    }

    pub(crate) fn wake(&self) {
        if !self.woken.swap(true, Ordering::AcqRel) {
            // It can only fail when the number that is kept there is full, and then the thread is awake.
            let _ = rustix::io::write(&self.file, &1_u64.to_ne_bytes());
        }
    }

    /// From now on whoever has something to say knocks again.
    pub(crate) fn rest(&self) {
        let mut count = [0; 8];
        let _ = rustix::io::read(&self.file, &mut count);
        self.woken.store(false, Ordering::Release);
    }
}

/// The leg's end.
pub(crate) struct LegEnd {
    heard: Receiver<Box<[u8]>>,
    said: SyncSender<Box<[u8]>>,
    waker: Arc<Waker>,
}

/// The connection's end.
pub(crate) struct WireEnd {
    heard: SyncSender<Box<[u8]>>,
    said: Receiver<Box<[u8]>>,
}

/// A line with its two ends.
pub(crate) fn line(waker: &Arc<Waker>) -> (LegEnd, WireEnd) {
    let (heard, to_leg) = sync_channel(WAITING);
    let (said, to_wire) = sync_channel(WAITING);
    (LegEnd { heard: to_leg, said, waker: Arc::clone(waker) }, WireEnd { heard, said: to_wire })
}

impl Line for LegEnd {
    fn send(&mut self, packet: &[u8]) -> bool {
        let taken = self.said.try_send(packet.into()).is_ok();
        self.waker.wake();
        taken
    }

    fn receive(&mut self, packet: &mut [u8]) -> Option<usize> {
        let next = self.heard.try_recv().ok()?;
        let place = packet.get_mut(..next.len())?;
        place.copy_from_slice(&next);
        Some(next.len())
    }
}

impl WireEnd {
    /// Gives a packet to the leg; it is lost, and counted, where the leg does not take them.
    pub(crate) fn hear(&self, packet: Box<[u8]>, overrun: &AtomicU64) {
        // A leg that is gone wants none.
        if let Err(TrySendError::Full(_)) = self.heard.try_send(packet) {
            overrun.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The next packet of the leg.
    pub(crate) fn next(&self) -> Option<Box<[u8]>> {
        self.said.try_recv().ok()
    }
}

impl fmt::Debug for LegEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LegEnd")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_takes_is_lost_and_counted() {
        let waker = Arc::new(Waker::new().unwrap());
        let (mut leg, wire) = line(&waker);
        let overrun = AtomicU64::new(0);
        for number in 0..40 {
            wire.hear(Box::new([number]), &overrun);
        }
        assert_eq!(overrun.load(Ordering::Relaxed), 40 - WAITING as u64);
        let mut packet = [0; 4];
        assert_eq!((leg.receive(&mut packet), packet[0]), (Some(1), 0), "the oldest first");
        assert!((0..WAITING).all(|_| leg.send(&[1])));
        assert!(!leg.send(&[1]));
        assert_eq!(std::iter::from_fn(|| wire.next()).count(), WAITING);
    }

    #[test]
    fn a_line_whose_other_end_is_gone_takes_nothing() {
        let waker = Arc::new(Waker::new().unwrap());
        let (mut leg, wire) = line(&waker);
        drop(wire);
        assert!(!leg.send(&[1]));
        assert_eq!(leg.receive(&mut [0; 4]), None);
    }
}
