//! `sim`: runs many histories and says whether the invariants held.

use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::Parser;
use nohold_sim::faults::Fault;
use nohold_sim::reach::Reach;
use nohold_sim::world::{Plan, Report, run};

/// Simulate the call centre: seeded histories with late, lost, repeated and mixed-up events, store failures and
/// crashes; after every step the invariants are checked.
#[derive(Parser)]
struct Options {
    /// How many histories.
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,
    /// How many steps each.
    #[arg(long, default_value_t = 2_000)]
    steps: u32,
    /// The seed of the first one; the others follow.
    #[arg(long, default_value_t = 1)]
    first_seed: u64,
    /// Plant this fault, and see what catches it.
    #[arg(long)]
    fault: Option<Fault>,
    /// Show what happened before a violation.
    #[arg(long)]
    trace: bool,
    /// How many histories run side by side; as many as there are processors, if not said.
    #[arg(long)]
    threads: Option<usize>,
}

/// From so many steps on a run must have seen everything that is interesting.
const STEPS_THAT_MUST_SEE_ALL: u64 = 200_000;

fn main() -> anyhow::Result<ExitCode> {
    let options = Options::parse();
    let began = std::time::Instant::now();
    let threads = match options.threads {
        Some(threads) => threads.max(1),
        None => std::thread::available_parallelism().map_or(1, usize::from),
    };
    let next = AtomicU64::new(options.first_seed);
    let end = options.first_seed.saturating_add(options.seeds);
    let (reach, failed) = (Mutex::new(Reach::default()), Mutex::new(Vec::<Report>::new()));
    let problem: Mutex<Option<anyhow::Error>> = Mutex::new(None);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end {
                        return;
                    }
                    match run(Plan { seed, steps: options.steps, fault: options.fault }) {
                        Ok(report) => {
                            lock(&reach).add(&report.reach);
                            progress((seed - options.first_seed).saturating_add(1), options.seeds);
                            if report.violation.is_some() {
                                lock(&failed).push(report);
                            }
                        }
                        Err(error) => *lock(&problem) = Some(error),
                    }
                }
            });
        }
    });
    if let Some(problem) = lock(&problem).take() {
        return Err(problem);
    }
    let mut failed = failed.into_inner().unwrap_or_default();
    failed.sort_by_key(|report| report.seed);
    print!("{}", lock(&reach));
    for report in failed.iter().take(20) {
        if let Some((step, violation)) = &report.violation {
            println!("seed {} step {step}: {violation}", report.seed);
        }
        for dated in report.history.iter().filter(|_| options.trace) {
            println!("  {:?} {:?}", dated.at, dated.fact);
        }
        println!("  {:?} the history ended", report.ended);
    }
    let steps = options.seeds.saturating_mul(u64::from(options.steps));
    println!(
        "{} histories, {steps} steps, {} violated, {:.1} s",
        options.seeds,
        failed.len(),
        began.elapsed().as_secs_f64()
    );
    // A planted fault ends histories early, so only honest runs are asked for what they have seen.
    // Nor is a handful of histories asked: somebody looks at one of them closely.
    let too_few = steps < STEPS_THAT_MUST_SEE_ALL;
    let unseen = if too_few || options.fault.is_some() { Vec::new() } else { lock(&reach).unseen(steps) };
    for (what, seen, wanted) in &unseen {
        println!("not enough seen: {what} {seen} times, wanted {wanted}");
    }
    Ok(if failed.is_empty() && unseen.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Somebody who looks on sees how far it is.
fn progress(done: u64, of: u64) {
    if done.is_multiple_of(50) && std::io::stderr().is_terminal() {
        eprint!("\r{done} of {of} histories");
        if done == of {
            eprintln!();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
