//! Disks as an operator meets them: one that stands still, and one that has no room.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::time::{Instant, sleep};

use crate::peers;
use crate::process::Process;
use crate::server::Server;

/// How long `strace` or `nsenter` may take to begin, on a busy machine.
const START_LIMIT: Duration = Duration::from_secs(10);
/// How often it is looked whether something has come about.
const EVERY: Duration = Duration::from_millis(5);
/// A thread that is stopped for so long stands in a flush.
const IN_A_FLUSH: Duration = Duration::from_millis(200);
/// The threads in which SQLite does its work.
const DATABASE_THREADS: &str = "sqlx-sqlite";
/// How much is written into a full disk at a time.
const BLOCK: usize = 4_096;

/// A disk that answers no flush any more. The thread of the store that wants one stands in `fsync`, where a disk that
/// hangs would keep it, and nothing else of the server is touched: to the rest of the program, and so to callers, the two
/// are the same.
pub struct StandStill {
    tracer: Process,
    threads: Vec<PathBuf>,
}

impl StandStill {
    /// From the next flush on the disk does not answer, until [`StandStill::end`].
    ///
    /// # Errors
    /// When the threads of the store cannot be traced, which takes the right to trace processes.
    pub async fn begin(server: &Server) -> Result<StandStill> {
        let id = server.id().context("the server has ended")?;
        let threads = database_threads(id)?;
        let flushes = "fsync,fdatasync,sync_file_range";
        let mut arguments = vec!["--trace".to_owned(), flushes.to_owned()];
        // An hour: it ends when the tracer does.
        arguments.extend(["--inject".to_owned(), format!("{flushes}:delay_enter=3600000000")]);
        for thread in &threads {
            let number = thread.file_name().unwrap_or_default().to_string_lossy().into_owned();
            arguments.extend(["--attach".to_owned(), number]);
        }
        let program = peers::program("strace")?;
        let mut tracer = Process::start("strace", &program, &arguments, Path::new("/"))?;
        tracer.wait_line("attached", START_LIMIT).await?;
        Ok(StandStill { tracer, threads })
    }

    /// Waits until the store stands in a flush, and says since when.
    ///
    /// # Errors
    /// When it does not in time.
    pub async fn holds(&self, limit: Duration) -> Result<Instant> {
        let end = Instant::now() + limit;
        let mut since: Vec<Option<Instant>> = vec![None; self.threads.len()];
        loop {
            let now = Instant::now();
            for (thread, since) in self.threads.iter().zip(&mut since) {
                *since = if is_stopped(thread) { since.or(Some(now)) } else { None };
            }
            // The tracer stops a thread for a moment at each call of the system, too.
            if let Some(since) = since.iter().flatten().find(|since| now - **since >= IN_A_FLUSH) {
                return Ok(*since);
            }
            if now >= end {
                bail!("nothing was written for {limit:?}:\n{}", self.tracer.output());
            }
            sleep(EVERY).await;
        }
    }

    /// The disk answers again, also what it was asked meanwhile.
    ///
    /// # Errors
    /// When the tracer does not end.
    pub async fn end(mut self) -> Result<()> {
        self.tracer.terminate(START_LIMIT).await.map(drop)
    }
}

fn database_threads(process: u32) -> Result<Vec<PathBuf>> {
    let folder = format!("/proc/{process}/task");
    let tasks = fs::read_dir(&folder).with_context(|| format!("cannot read {folder}"))?;
    let named = |task: &PathBuf| {
        fs::read_to_string(task.join("comm")).is_ok_and(|name| name.trim().starts_with(DATABASE_THREADS))
    };
    let threads: Vec<PathBuf> = tasks.flatten().map(|task| task.path()).filter(named).collect();
    if threads.is_empty() {
        bail!("no thread of process {process} is called {DATABASE_THREADS}…; tell this test their new name");
    }
    Ok(threads)
}

/// Whether the tracer holds this thread: state `t`, after the name in brackets (proc(5)).
fn is_stopped(thread: &Path) -> bool {
    let stat = fs::read_to_string(thread.join("stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('t'))
}

/// A small disk of its own in the place of a folder, in a mount namespace that whoever should see it enters. What is on
/// it stays as long as this.
pub struct SmallDisk {
    holder: Process,
    folder: PathBuf,
}

impl SmallDisk {
    /// A disk of so many bytes at this folder.
    ///
    /// # Errors
    /// When the system does not allow it.
    pub async fn at(folder: &Path, bytes: u64) -> Result<SmallDisk> {
        let script = "mount -t tmpfs -o mode=0700,size=\"$1\" nohold \"$2\" && echo mounted && exec sleep infinity";
        let words = ["--user", "--map-root-user", "--mount", "--", "sh", "-c", script, "sh"];
        let mut arguments: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        arguments.extend([bytes.to_string(), folder.display().to_string()]);
        let mut holder = Process::start("the small disk", &peers::program("unshare")?, &arguments, Path::new("/"))?;
        holder.wait_line("mounted", START_LIMIT).await?;
        Ok(SmallDisk { holder, folder: folder.to_owned() })
    }

    /// What runs a program that sees the disk, and what stands before the program's own name and arguments.
    ///
    /// # Errors
    /// When there is no such tool.
    pub fn within(&self, program: &Path) -> Result<(PathBuf, Vec<String>)> {
        let holder = self.id()?.to_string();
        // The namespace is another user's to the kernel, who forgets in it whom to kill with the test: said once more.
        let words = ["--target", &holder, "--user", "--mount", "--", "setpriv", "--pdeathsig", "KILL", "--"];
        let mut arguments: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        arguments.push(program.display().to_string());
        Ok((peers::program("nsenter")?, arguments))
    }

    /// Where everybody else finds what is on it.
    ///
    /// # Errors
    /// When it is gone.
    pub fn path(&self) -> Result<PathBuf> {
        let inside = self.folder.strip_prefix("/").unwrap_or(&self.folder);
        Ok(Path::new("/proc").join(self.id()?.to_string()).join("root").join(inside))
    }

    /// Fills it to the last byte.
    ///
    /// # Errors
    /// When it cannot be written at all.
    pub fn fill(&self) -> Result<()> {
        let mut file = File::create(self.filler()?)?;
        while file.write(&[b'x'; BLOCK]).is_ok_and(|written| written == BLOCK) {}
        Ok(())
    }

    /// Makes room again.
    ///
    /// # Errors
    /// When it was not full.
    pub fn make_room(&self) -> Result<()> {
        Ok(fs::remove_file(self.filler()?)?)
    }

    fn filler(&self) -> Result<PathBuf> {
        Ok(self.path()?.join("of-somebody-else"))
    }

    fn id(&self) -> Result<u32> {
        self.holder.id().context("the small disk is gone")
    }
}
