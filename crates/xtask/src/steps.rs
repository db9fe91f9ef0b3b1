//! Steps that run one after the other, each with its time, until one fails.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// Runs steps and keeps their times.
pub struct Steps {
    title: &'static str,
    begun: Instant,
    done: Vec<(String, Duration)>,
}

impl Steps {
    /// Nothing has run yet; `title` stands in front of the summary.
    pub fn new(title: &'static str) -> Self {
        Steps { title, begun: Instant::now(), done: Vec::new() }
    }

    /// Runs one step; `repeat` is the command line that runs it alone.
    ///
    /// # Errors
    /// When the step fails; the error says how to repeat it, and no later step should run.
    pub fn run(&mut self, name: &str, repeat: &str, step: impl FnOnce() -> Result<()>) -> Result<()> {
        println!("\n==> {name}: {repeat}");
        let begun = Instant::now();
        let result = step();
        let time = begun.elapsed();
        self.done.push((name.to_owned(), time));
        if let Err(error) = result {
            eprintln!("\nerror: {error:#}");
            bail!(
                "{}: step `{name}` failed after {}. To repeat only this step:\n    {repeat}",
                self.title,
                seconds(time)
            );
        }
        println!("    {name} took {}", seconds(time));
        Ok(())
    }

    /// Prints one line that says what has passed, and how long each step took.
    pub fn summary(&self) {
        let each: Vec<String> = self.done.iter().map(|(name, time)| format!("{name} {}", seconds(*time))).collect();
        let total = seconds(self.begun.elapsed());
        println!("\n{}: all {} steps passed in {total} ({})", self.title, self.done.len(), each.join(", "));
    }
}

/// A program call that can be run and shown as a person would type it.
pub struct Call {
    program: &'static str,
    arguments: Vec<String>,
    environment: Vec<(&'static str, &'static str)>,
}

impl Call {
    /// `cargo` with these arguments, separated by spaces.
    pub fn cargo(arguments: &str) -> Self {
        let arguments = arguments.split_whitespace().map(str::to_owned).collect();
        Call { program: "cargo", arguments, environment: Vec::new() }
    }

    /// `npm` with these arguments, separated by spaces, in the folder of the console.
    pub fn npm(arguments: &str) -> Self {
        let arguments =
            ["--prefix", "console"].into_iter().chain(arguments.split_whitespace()).map(str::to_owned).collect();
        Call { program: "npm", arguments, environment: Vec::new() }
    }

    /// The same call with more arguments, which may have spaces in them.
    pub fn and(mut self, arguments: impl IntoIterator<Item = String>) -> Self {
        self.arguments.extend(arguments);
        self
    }

    /// The same call with one more environment variable.
    pub fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.environment.push((name, value));
        self
    }

    /// The call as it would be typed into a shell.
    pub fn typed(&self) -> String {
        let environment = self.environment.iter().map(|(name, value)| format!("{name}='{value}' ")).collect::<String>();
        format!("{environment}{} {}", self.program, self.arguments.join(" "))
    }

    /// Runs it in `root`; its output goes straight to ours.
    ///
    /// # Errors
    /// When it cannot be started, or ends with another status than 0.
    pub fn run(&self, root: &Path) -> Result<()> {
        let mut command = if self.program == "cargo" { cargo(root) } else { Command::new(self.program) };
        command.current_dir(root).args(&self.arguments).envs(self.environment.iter().copied());
        let status = command.status().with_context(|| format!("cannot start `{}`", self.typed()))?;
        if !status.success() {
            bail!("`{}` ended with {status}", self.typed());
        }
        Ok(())
    }
}

/// The cargo that runs us, else the one on the path, to be started in `root`.
pub fn cargo(root: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    command.current_dir(root);
    command
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_step_says_how_to_repeat_it() {
        let mut steps = Steps::new("a test");
        assert!(steps.run("good", "cargo good", || Ok(())).is_ok());
        let problem = steps.run("bad", "cargo bad --twice", || bail!("it broke")).unwrap_err().to_string();
        assert!(problem.contains("`bad` failed") && problem.contains("cargo bad --twice"), "{problem}");
    }

    #[test]
    fn a_call_is_shown_as_it_would_be_typed() {
        let call = Call::cargo("doc --no-deps").with("RUSTDOCFLAGS", "-D warnings");
        assert_eq!(call.typed(), "RUSTDOCFLAGS='-D warnings' cargo doc --no-deps");
        assert_eq!(Call::npm("run build").typed(), "npm --prefix console run build");
    }

    #[test]
    fn a_call_that_ends_badly_is_an_error() {
        let root = crate::workspace_root();
        assert!(Call::cargo("--version --quiet").run(&root).is_ok());
        assert!(Call::cargo("no-such-command-anywhere").run(&root).is_err());
    }
}
