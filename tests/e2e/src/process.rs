//! A program that runs beside the test and ends with it.

use std::collections::VecDeque;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// What a program says is kept for error messages, its last lines.
const MOST_LINES: usize = 2_000;

/// A program that runs. Dropping it kills it; so does the end of the test that started it, however it ends.
pub struct Process {
    name: String,
    child: Child,
    said: Arc<Said>,
    readers: JoinSet<()>,
}

struct Said {
    lines: Mutex<VecDeque<String>>,
    count: watch::Sender<usize>,
}

impl Process {
    /// Starts a program; `name` stands in errors.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(name: &str, program: &Path, arguments: &[String], folder: &Path) -> Result<Self> {
        // The kernel kills it when whoever started it dies, also by `kill -9`.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--"]).arg(program).args(arguments).current_dir(folder);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().with_context(|| format!("cannot start {name}"))?;
        let said = Arc::new(Said { lines: Mutex::new(VecDeque::new()), count: watch::channel(0).0 });
        let mut readers = JoinSet::new();
        readers.extend_from(child.stdout.take(), &said);
        readers.extend_from(child.stderr.take(), &said);
        Ok(Process { name: name.to_owned(), child, said, readers })
    }

    /// Its process id; nothing when it has ended.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// The last lines it has said, on both outputs.
    pub fn output(&self) -> String {
        let lines = self.said.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().map(|line| format!("    {line}\n")).collect()
    }

    /// Waits for a line that contains `mark`, also one that was said before.
    ///
    /// # Errors
    /// When the program ends first, or the line does not come in time; with all that it said.
    pub async fn wait_line(&mut self, mark: &str, limit: Duration) -> Result<String> {
        let mut count = self.said.count.subscribe();
        let said = self.said.clone();
        let find = || {
            let lines = said.lines.lock().unwrap_or_else(PoisonError::into_inner);
            lines.iter().find(|line| line.contains(mark)).cloned()
        };
        let line = async {
            loop {
                count.borrow_and_update();
                if let Some(line) = find() {
                    return Some(line);
                }
                if count.changed().await.is_err() {
                    return None;
                }
            }
        };
        let ended = tokio::select! {
            biased;
            line = timeout(limit, line) => match line {
                Ok(Some(line)) => return Ok(line),
                Ok(None) | Err(_) => None,
            },
            status = self.child.wait() => Some(status?),
        };
        match ended {
            // Its last words may still be on their way through the pipe.
            Some(status) => {
                self.drain().await;
                find().with_context(|| {
                    format!("{} ended ({status}) before it said {mark:?}:\n{}", self.name, self.output())
                })
            }
            None => bail!("{} has not said {mark:?} within {limit:?}:\n{}", self.name, self.output()),
        }
    }

    /// Waits until it ends by itself.
    ///
    /// # Errors
    /// When it does not in time; then it is killed.
    pub async fn wait(&mut self, limit: Duration) -> Result<ExitStatus> {
        let Ok(status) = timeout(limit, self.child.wait()).await else {
            self.kill().await?;
            bail!("{} has not ended within {limit:?}:\n{}", self.name, self.output());
        };
        self.drain().await;
        Ok(status?)
    }

    /// Asks it to end (SIGTERM) and waits until it has.
    ///
    /// # Errors
    /// When it does not in time; then it is killed.
    pub async fn terminate(&mut self, limit: Duration) -> Result<ExitStatus> {
        self.signal(Signal::TERM)?;
        self.wait(limit).await
    }

    /// Kills it at once (SIGKILL), as a power cut would.
    ///
    /// # Errors
    /// When the system cannot.
    pub async fn kill(&mut self) -> Result<()> {
        self.child.kill().await.with_context(|| format!("cannot kill {}", self.name))?;
        self.drain().await;
        Ok(())
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        let pid = self.child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        let pid = pid.with_context(|| format!("{} has ended already:\n{}", self.name, self.output()))?;
        kill_process(pid, signal).with_context(|| format!("cannot signal {}", self.name))
    }

    /// Reads what is left; a child of its own may hold the pipe open, so not for ever.
    async fn drain(&mut self) {
        let all = async { while self.readers.join_next().await.is_some() {} };
        // In both cases everything that matters has been read.
        let _ = timeout(Duration::from_secs(1), all).await;
    }
}

trait Readers {
    fn extend_from(&mut self, pipe: Option<impl AsyncRead + Send + Unpin + 'static>, said: &Arc<Said>);
}

impl Readers for JoinSet<()> {
    fn extend_from(&mut self, pipe: Option<impl AsyncRead + Send + Unpin + 'static>, said: &Arc<Said>) {
        let (Some(pipe), said) = (pipe, said.clone()) else { return };
        self.spawn(async move {
            let mut reader = BufReader::new(pipe);
            let mut line = Vec::new();
            while reader.read_until(b'\n', &mut line).await.is_ok_and(|length| length > 0) {
                let text = String::from_utf8_lossy(&line).trim_end().to_owned();
                line.clear();
                let mut lines = said.lines.lock().unwrap_or_else(PoisonError::into_inner);
                if lines.len() == MOST_LINES {
                    lines.pop_front();
                }
                lines.push_back(text);
                drop(lines);
                said.count.send_modify(|count| *count += 1);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Process {
        Process::start("the script", Path::new("sh"), &["-c".into(), script.into()], Path::new(".")).unwrap()
    }

    const LIMIT: Duration = Duration::from_secs(5);

    #[tokio::test]
    async fn a_line_is_waited_for() {
        let mut process = shell("echo first; sleep 0.1; echo the second >&2; sleep 60");
        assert_eq!(process.wait_line("second", LIMIT).await.unwrap(), "the second");
        assert_eq!(process.wait_line("first", LIMIT).await.unwrap(), "first");
        process.kill().await.unwrap();
    }

    #[tokio::test]
    async fn a_program_that_ends_is_quoted() {
        let problem = shell("echo port in use; exit 7").wait_line("ready", LIMIT).await.unwrap_err().to_string();
        assert!(problem.contains("exit status: 7") && problem.contains("port in use"), "{problem}");
        let problem = shell("echo hm; sleep 60").wait_line("ready", Duration::from_millis(300)).await.unwrap_err();
        assert!(problem.to_string().contains("within 300ms") && problem.to_string().contains("hm"), "{problem}");
    }

    #[tokio::test]
    async fn a_program_may_be_asked_to_end() {
        let mut process = shell("trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.05; done");
        process.wait_line("up", LIMIT).await.unwrap();
        assert!(process.terminate(LIMIT).await.unwrap().success());
        assert!(process.output().contains("bye"));
        assert!(process.id().is_none());
    }
}
