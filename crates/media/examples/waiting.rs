//! How much of a core waiting callers cost: `cargo run --release -p nohold-media --example waiting -- 2000 10`.
//!
//! Opens so many legs, plays music to each for so many seconds, and prints the CPU time of the media threads, the memory
//! that a leg adds to the process, and how far the packets of one leg are from each other at a sink on the same machine.
//! All legs send to the sink's sockets, which nobody reads but one, so that the load of a sink is not measured along.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use nohold_media::{Plane, Remote, Settings, Source};
use nohold_model::{IdSource, LegId, PlaybackId, Timestamp};
use nohold_telephony::codec::Codec;
use nohold_telephony::tone;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let count: usize = arguments.next().map_or(Ok(1_000), |text| text.parse())?;
    let seconds: u64 = arguments.next().map_or(Ok(10), |text| text.parse())?;
    let settings = Settings {
        bind: Ipv4Addr::LOCALHOST.into(),
        ports: 0..=0,
        max_legs: count,
        silence_after: Duration::from_secs(3_600),
        ..Settings::new(std::env::temp_dir().join(format!("nohold-waiting-{}", std::process::id())))
    };
    let folder = settings.recordings.clone();
    let threads = settings.threads;
    let plane = Plane::start(settings, |_| {})?;
    let (sink, deaf) = (UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?, UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?);
    sink.set_read_timeout(Some(Duration::from_millis(500)))?;
    let music = tone::a440(60_000);
    let (mut ids, at) = (IdSource::new(1), Timestamp::from_millis(1_700_000_000_000));
    let before = memory()?;
    for number in 0..count {
        let (leg, playback): (LegId, PlaybackId) = (ids.next(at), ids.next(at));
        plane.open(leg)?;
        let address = if number == 0 { sink.local_addr()? } else { deaf.local_addr()? };
        plane.connect(leg, remote(address));
        plane.play(leg, playback, Source::Loop(music.clone()));
    }
    std::thread::sleep(Duration::from_millis(500));
    let after = memory()?;
    let mut buffer = [0; 256];
    sink.set_nonblocking(true)?;
    while sink.recv(&mut buffer).is_ok() {}
    sink.set_nonblocking(false)?;
    let (start, cpu) = (Instant::now(), cpu()?);
    let mut arrivals = Vec::new();
    while start.elapsed() < Duration::from_secs(seconds) {
        if sink.recv(&mut buffer).is_ok() {
            arrivals.push(Instant::now());
        }
    }
    let (elapsed, used) = (start.elapsed(), self::cpu()? - cpu);
    let mut distances: Vec<f64> = arrivals.windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64() * 1_000.0).collect();
    distances.sort_by(f64::total_cmp);
    let at = |share: f64| distances.get((distances.len() as f64 * share) as usize).copied().unwrap_or(0.0);
    let share = used / elapsed.as_secs_f64() * 100.0;
    println!("{count} legs on {threads} threads for {:.1} s", elapsed.as_secs_f64());
    println!("CPU: {share:.1} % of a core, {:.4} % for each leg", share / count as f64);
    println!(
        "memory: {:.1} kB for each leg, without what the system keeps for a socket",
        (after - before) / count as f64
    );
    let needed = elapsed.as_secs_f64() * 50.0;
    println!(
        "packets of one leg: {} of {needed:.0}, distance p50 {:.1} ms, p99 {:.1} ms",
        arrivals.len(),
        at(0.5),
        at(0.99)
    );
    plane.shut_down();
    std::fs::remove_dir_all(folder)?;
    Ok(())
}

/// The CPU time of this process in seconds. Its main thread only reads 50 packets a second.
fn cpu() -> std::io::Result<f64> {
    let usage = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Ok(usage.tv_sec as f64 + usage.tv_nsec as f64 / 1e9)
}

/// The memory that this process occupies, in kB.
fn memory() -> Result<f64, Box<dyn std::error::Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.split_whitespace().next().ok_or("no number")?.parse()?)
}

fn remote(address: SocketAddr) -> Remote {
    Remote {
        address: Some(address),
        codec: Codec::Pcma,
        payload_type: 8,
        telephone_event: Some(101),
        sends: true,
        receives: true,
        symmetric: true,
        signalling: None,
    }
}
