//! Commands for an installation, whether a server runs from it or not: `import`, `export`, `user`.
//!
//! All of them are wishes to the API. Where a server runs it is asked; otherwise the database is opened here and the same
//! API answers on this machine alone for as long as the command takes.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use nohold_client::{Client, ClientError};
use serde::Deserialize as _;
use serde_json::{Value, json};

use crate::cli::{Common, Export, Import, UserCommand, UserRole};
use crate::installation::{Installation, would_take};
use crate::settings::Settings;
use crate::system::System;
use crate::{control, data, document, say, secrets};
use nohold_server::configuration::NO_STORED_PASSWORD;

/// States what should be configured.
///
/// # Errors
/// When the file or the installation refuses, in words that say what to do.
pub fn import(common: &Common, arguments: &Import) -> anyhow::Result<()> {
    let folder = Settings::data_folder(common)?;
    let prompts = data::prompts(&folder);
    let read = document::read(&arguments.file, &prompts)?;
    let mut whole = secrets::resolved(&read)?;
    let Import { prune, dry_run, generate_missing, .. } = *arguments;
    let path = |dry_run: bool| {
        format!("/api/configuration/import?prune={prune}&dry_run={dry_run}&generate_missing={generate_missing}")
    };
    if dry_run {
        // A slip in the folder must not make an installation of which somebody only wanted to know something.
        let answer = ask(&folder, Wanted::There, async |client| client.post(&path(true), &whole).await)?;
        say::text(&told_import(&answer, true));
        return Ok(());
    }
    if !nohold_store::sqlite::is_there(&folder) {
        // A mistake in the file must not leave an empty installation behind.
        would_take(&whole, generate_missing, &prompts)
            .map_err(|failure| refusal(&failure.body.message, &json!({ "problems": failure.body.problems })))?;
    }
    let mut file = None;
    let answer = ask(&folder, Wanted::Made, async |client| -> anyhow::Result<Value> {
        let would = client.post(&path(true), &whole).await?;
        let accounts = Vec::deserialize(&would["drawn_for"]).unwrap_or_default();
        let drawn = secrets::draw_for(&mut whole, &accounts)?;
        let before = if drawn.is_empty() { None } else { Some(secrets::Before::of(&folder)?) };
        // Before they hold: passwords that nobody can read would be of no use.
        file = secrets::keep_drawn(&folder, &drawn)?;
        let posted = client.post(&path(false), &whole).await;
        if let (Err(ClientError::Refused { status: 400..=499, .. }), Some(before)) = (&posted, before) {
            // Those that were drawn hold nowhere; after any other answer they still may.
            before.put_back()?;
        }
        let mut done = posted?;
        // What there is to say of drawn passwords is said no more of those that stand in the document.
        done["warnings"] = would["warnings"].clone();
        Ok(done)
    })?;
    say::text(&told_import(&answer, false));
    // Where somebody has forgotten a stored password in between, the server has drawn another.
    let drawn = BTreeMap::deserialize(&answer["generated"]).unwrap_or_default();
    if let Some(file) = secrets::keep_drawn(&folder, &drawn)?.or(file) {
        say::line(format_args!("passwords that were drawn stand in {}", file.display()));
    }
    Ok(())
}

/// What an import has done, for people.
fn told_import(answer: &Value, dry_run: bool) -> String {
    let mut said = String::new();
    let would = if dry_run { "would be " } else { "" };
    for (name, verb) in [("added", "added"), ("changed", "changed"), ("removed", "removed")] {
        for place in names(answer, name) {
            said.push_str(&format!("{would}{verb}: {place}\n"));
        }
    }
    for place in names(answer, "missing") {
        said.push_str(&format!("not in the file and kept: {place} (remove it with --prune)\n"));
    }
    for problem in answer["warnings"].as_array().into_iter().flatten() {
        let text = |name: &str| problem[name].as_str().unwrap_or_default();
        said.push_str(&format!("warning: {}: {}: {}\n", text("field"), text("message"), text("mend")));
    }
    if answer["in_force"] == false {
        said.push_str("it is kept, but the running server did not take it over: restart the server\n");
    }
    let unchanged = names(answer, "unchanged").count();
    said.push_str(&format!("unchanged: {unchanged}\n"));
    said
}

fn names<'a>(answer: &'a Value, list: &str) -> impl Iterator<Item = &'a str> {
    answer[list].as_array().into_iter().flatten().filter_map(Value::as_str)
}

/// Writes all that is configured, without passwords.
///
/// # Errors
/// When the installation cannot be read, or the file not written.
pub fn export(common: &Common, arguments: &Export) -> anyhow::Result<()> {
    let folder = Settings::data_folder(common)?;
    if let Some(into) = arguments.file.as_ref().and_then(|file| file.parent())
        && !into.as_os_str().is_empty()
        && !into.is_dir()
    {
        bail!("there is no folder {}: make it first, or name a file elsewhere", into.display());
    }
    let answer = ask(&folder, Wanted::There, async |client| client.get("/api/configuration/export").await)?;
    let text = serde_json::to_string_pretty(&answer)? + "\n";
    match &arguments.file {
        None => drop(say::text(&text)),
        Some(file) if file.as_os_str() == "-" => drop(say::text(&text)),
        Some(file) if file.exists() && !arguments.force => {
            bail!("{} is there already: choose another name, or write over it with --force", file.display())
        }
        Some(file) => {
            data::write_whole(file, &text)
                .with_context(|| format!("cannot write {}: is there room?", file.display()))?;
        }
    }
    Ok(())
}

/// Manages who may sign in.
///
/// # Errors
/// When the installation refuses, in words that say what to do.
pub fn user(common: &Common, command: &UserCommand) -> anyhow::Result<()> {
    let folder = Settings::data_folder(common)?;
    match command {
        UserCommand::List => {
            let people = ask(&folder, Wanted::There, async |client| client.get("/api/users").await)?;
            let people = people.as_array().map(Vec::as_slice).unwrap_or_default();
            if people.is_empty() {
                say::line("nobody can sign in yet: add somebody with `nohold user add`");
            }
            for person in people {
                say::line(told_user(person));
            }
        }
        UserCommand::Add { name, role, agent, groups, password_stdin } => {
            let password = password(*password_stdin)?;
            let groups = (!groups.is_empty()).then_some(groups);
            let body = json!({ "name": name, "role": role_word(*role), "agent": agent, "groups": groups, "password": password.text });
            ask(&folder, Wanted::There, async |client| client.post("/api/users", &body).await)?;
            password.tell(name)?;
        }
        UserCommand::Password { name, password_stdin } => {
            let part = as_part(name)?;
            let password = password(*password_stdin)?;
            let body = json!({ "password": password.text });
            let ended = ask(&folder, Wanted::There, async |client| {
                client.put(&format!("/api/users/{part}/password"), &body).await
            })?;
            password.tell(name)?;
            let count = |what: &str| ended[what].as_u64().unwrap_or_default();
            say::line(format_args!("ended: {} sign-ins, {} tokens", count("sign_ins"), count("tokens")));
        }
        UserCommand::Remove { name } => {
            let part = as_part(name)?;
            ask(&folder, Wanted::There, async |client| client.delete(&format!("/api/users/{part}")).await)?;
            say::line(format_args!("{name} is removed; all sign-ins and tokens have ended"));
        }
    }
    Ok(())
}

/// A user's name as a part of an address. What nobody can be called could lead to somebody else there.
fn as_part(name: &str) -> anyhow::Result<&str> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '@');
    if name.is_empty() || !name.chars().all(fits) || name.chars().all(|c| c == '.') {
        bail!("nobody can be called `{name}`: `nohold user list` says who there is");
    }
    Ok(name)
}

fn told_user(person: &Value) -> String {
    let text = |name: &str| person[name].as_str().unwrap_or_default();
    let agent = person["agent"].as_str().map(|agent| format!(", agent {agent}")).unwrap_or_default();
    let disabled = if person["disabled"] == true { ", may not sign in" } else { "" };
    format!("{}: {}{agent}{disabled}", text("name"), text("role"))
}

const fn role_word(role: UserRole) -> &'static str {
    match role {
        UserRole::Agent => "agent",
        UserRole::Supervisor => "supervisor",
        UserRole::Administrator => "administrator",
    }
}

/// A new password.
struct NewPassword {
    text: String,
    drawn: bool,
}

impl NewPassword {
    /// One that was drawn is said once; nobody can read it later.
    fn tell(&self, name: &str) -> anyhow::Result<()> {
        if !self.drawn {
            say::line(format_args!("{name} can sign in"));
        } else if !say::line(format_args!("the password of {name} is {}: it is shown only now", self.text)) {
            bail!("nobody has read the new password of {name}: draw another with `nohold user password {name}`");
        }
        Ok(())
    }
}

fn password(from_stdin: bool) -> anyhow::Result<NewPassword> {
    if !from_stdin {
        return Ok(NewPassword { text: secrets::draw()?, drawn: true });
    }
    let mut text = String::new();
    std::io::stdin().take(1024).read_to_string(&mut text).context("cannot read the password from standard input")?;
    let text = text.lines().next().unwrap_or_default().to_owned();
    if text.is_empty() {
        bail!("standard input holds no password: write it on the first line");
    }
    Ok(NewPassword { text, drawn: false })
}

/// What a command needs of a data folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// An installation that is there.
    There,
    /// One is made where there is none.
    Made,
}

/// All that is configured, where it can be had.
///
/// # Errors
/// When there is no installation, or it cannot be read.
pub fn configured(data: &Path) -> anyhow::Result<Value> {
    ask(data, Wanted::There, async |client| client.get("/api/configuration/export").await)
}

/// Asks the installation of this data folder.
fn ask<E: Into<anyhow::Error>>(
    data: &Path,
    wanted: Wanted,
    wish: impl AsyncFnOnce(Client) -> Result<Value, E>,
) -> anyhow::Result<Value> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start threads")?;
    runtime.block_on(async {
        let system = System::new().context("the system gives no random numbers")?;
        let clock = system.clock().clone();
        let opened = match wanted {
            Wanted::There => Installation::open_existing(data, clock).await,
            Wanted::Made => Installation::open(data, clock).await,
        };
        let answer = match opened {
            Ok(installation) => {
                let api = installation.answer_here().await?;
                let answer = wish(api.client()).await;
                api.stop().await;
                installation.close().await;
                answer
            }
            Err(problem) if problem.is_in_use() => wish(control::running(data)?).await,
            Err(problem) => return Err(problem.into()),
        };
        answer.map_err(|problem| match problem.into().downcast() {
            Ok(problem) => explained(problem),
            Err(other) => other,
        })
    })
}

fn errors(problems: &[Value]) -> usize {
    problems.iter().filter(|problem| problem["severity"] == "error").count()
}

/// A refusal with all its problems.
fn explained(problem: ClientError) -> anyhow::Error {
    match &problem {
        ClientError::Refused { message, body, .. } => refusal(message, body),
        _ => problem.into(),
    }
}

fn refusal(message: &str, body: &Value) -> anyhow::Error {
    let missing: Vec<&str> = body["problems"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|problem| problem["message"].as_str().is_some_and(|message| message.starts_with(NO_STORED_PASSWORD)))
        .filter_map(|problem| problem["field"].as_str())
        .collect();
    if !missing.is_empty() && missing.len() == body["problems"].as_array().map_or(0, |all| errors(all)) {
        return anyhow::anyhow!(
            "passwords are missing, because no export holds them and this installation has none for these accounts:\n  {}\n\
             write them into the file, or let new ones be drawn with --generate-missing",
            missing.join("\n  ")
        );
    }
    let problems = body["problems"].as_array().into_iter().flatten();
    let lines = problems.map(|problem| {
        let text = |name: &str| problem[name].as_str().unwrap_or_default();
        format!("\n  {}: {}: {}", text("field"), text("message"), text("mend"))
    });
    anyhow::anyhow!("{message}{}", lines.collect::<String>())
}
