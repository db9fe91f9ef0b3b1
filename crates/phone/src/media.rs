//! The audio of one call: a socket, and a task that sends every 20 ms and hears what comes.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::ear::Ear;
use crate::error::PhoneError;
use crate::log::{Log, lock};
use crate::mouth::Mouth;
use crate::tasks::Tasks;

/// The audio of one call; dropping it closes the socket.
pub(crate) struct Media {
    /// Where the phone wants to have its audio.
    pub address: SocketAddr,
    pub mouth: Arc<Mutex<Mouth>>,
    pub ear: Arc<Mutex<Ear>>,
    /// How many samples came so far; changes with each packet.
    pub progress: watch::Receiver<u64>,
    task: AbortHandle,
}

impl Media {
    /// Opens a socket on this address and begins to listen.
    pub async fn open(ip: IpAddr, recording_limit: Duration, log: Arc<Log>, tasks: &Tasks) -> Result<Self, PhoneError> {
        let failed = |source| PhoneError::Socket { address: format!("{ip} (audio)"), source };
        let socket = UdpSocket::bind((ip, 0)).await.map_err(failed)?;
        let address = socket.local_addr().map_err(failed)?;
        let mouth = Arc::new(Mutex::new(Mouth::new()));
        let ear = Arc::new(Mutex::new(Ear::new(recording_limit)));
        let (report, progress) = watch::channel(0);
        let line = Audio { socket, mouth: mouth.clone(), ear: ear.clone(), report, log };
        let task = tasks.spawn(line.run());
        Ok(Media { address, mouth, ear, progress, task })
    }

    /// Stops talking and listening.
    pub fn close(&self) {
        self.task.abort();
    }
}

impl Drop for Media {
    fn drop(&mut self) {
        self.close();
    }
}

struct Audio {
    socket: UdpSocket,
    mouth: Arc<Mutex<Mouth>>,
    ear: Arc<Mutex<Ear>>,
    report: watch::Sender<u64>,
    log: Arc<Log>,
}

impl Audio {
    async fn run(self) {
        // A late tick is made up for, so that the far end gets every packet of its second.
        let mut tick = interval(Duration::from_millis(20));
        tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut buffer = [0; 2_048];
        loop {
            tokio::select! {
                _ = tick.tick() => {
                    let next = lock(&self.mouth).next();
                    if let Some((packet, remote)) = next {
                        // A far end that is gone shows in what is heard, not here.
                        let _ = self.socket.send_to(&packet, remote).await;
                    }
                }
                received = self.socket.recv_from(&mut buffer) => {
                    if let Ok((length, _)) = received {
                        self.hear(&buffer[..length]);
                    }
                }
            }
        }
    }

    fn hear(&self, datagram: &[u8]) {
        let mut ear = lock(&self.ear);
        let first = ear.samples() == 0;
        if let Some(key) = ear.hear(datagram, Instant::now()) {
            self.log.note(format!("key {key} (RFC 4733)"));
        }
        if first && ear.samples() > 0 {
            self.log.note("first audio");
        }
        self.report.send_replace(ear.samples());
    }
}
