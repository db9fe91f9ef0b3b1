//! People at their desks: somebody who has signed in at the API and has the live feed open.

use std::cell::RefCell;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use nohold_client::{Client, ClientError, Live};
use serde_json::{Value, json};

use crate::house::{House, SOON};

/// Within this a reminder would have come, ten times over.
const NEVER: Duration = Duration::from_secs(2);
const PASSWORD: &str = "a password of the tests";

/// A person at a desk.
pub struct Desk {
    /// The person, at the API.
    pub person: Client,
    /// What the page of this person is told.
    pub live: Live,
    /// What it was shown first.
    pub snapshot: Value,
    name: String,
}

impl Desk {
    /// The desk of an agent, who has not signed in as one.
    ///
    /// # Errors
    /// When the API refuses.
    pub async fn agent(house: &House, agent: &str) -> Result<Desk> {
        let person = json!({ "name": format!("a{agent}"), "password": PASSWORD, "role": "agent", "agent": agent });
        Desk::open(house, &person).await
    }

    /// The desk of an agent who has signed in and is available.
    ///
    /// # Errors
    /// When the API refuses.
    pub async fn agent_at_work(house: &House, agent: &str) -> Result<Desk> {
        let desk = Desk::agent(house, agent).await?;
        desk.does("sign_in").await?;
        Ok(desk)
    }

    /// The desk of a supervisor of this group.
    ///
    /// # Errors
    /// When the API refuses.
    pub async fn supervisor(house: &House, group: &str) -> Result<Desk> {
        let name = format!("s-{group}");
        let person = json!({ "name": name, "password": PASSWORD, "role": "supervisor", "groups": [group] });
        Desk::open(house, &person).await
    }

    async fn open(house: &House, person: &Value) -> Result<Desk> {
        house.server.administrator()?.post("/api/users", person).await?;
        let name = person["name"].as_str().unwrap_or_default().to_owned();
        let mut client = house.server.client()?;
        client.sign_in(&name, PASSWORD).await?;
        let mut live = client.live().await?;
        let snapshot = live.message(SOON).await?;
        ensure!(snapshot["type"] == "snapshot", "the live feed does not begin with a snapshot: {snapshot}");
        Ok(Desk { person: client, live, snapshot, name })
    }

    /// Opens the live feed anew, as a page does that has lost it.
    ///
    /// # Errors
    /// When the API refuses: the sign-in holds over restarts of the server.
    pub async fn look_again(&mut self) -> Result<()> {
        self.live = self.person.live().await?;
        self.snapshot = self.live.message(SOON).await?;
        Ok(())
    }

    /// As an agent: `sign_in`, `sign_out`, `available`, `not_ready`, `break`, `clear` or `end_wrap_up`.
    ///
    /// # Errors
    /// When the API refuses.
    pub async fn does(&self, action: &str) -> Result<Value> {
        let reason = (action == "break").then_some("Tea");
        Ok(self.person.post("/api/me/agent", &json!({ "action": action, "reason": reason })).await?)
    }

    /// Waits for the next reminder, and gives it out.
    ///
    /// # Errors
    /// When none comes in time.
    pub async fn reminder(&mut self, limit: Duration) -> Result<Value> {
        let others = RefCell::new(Vec::new());
        let change = self.live.change("a reminder", limit, |change| {
            let found = change["type"] == "reminder";
            if !found {
                others.borrow_mut().push(change.to_string());
            }
            found
        });
        let change = change.await;
        let change = change.with_context(|| {
            format!("{} was not reminded; what came instead:\n{}", self.name, others.borrow().join("\n"))
        })?;
        Ok(change["reminder"].clone())
    }

    /// The reminders of these entries: those that the last snapshot showed, and those that come until each has one.
    ///
    /// # Errors
    /// When one is missing in time.
    pub async fn reminders_of(&mut self, entries: &[Value]) -> Result<Vec<Value>> {
        let mut shown: Vec<Value> = self.snapshot["reminders"].as_array().cloned().unwrap_or_default();
        shown.retain(|reminder| entries.contains(&reminder["entry"]));
        while !entries.iter().all(|entry| shown.iter().any(|reminder| reminder["entry"] == *entry)) {
            let next = self.reminder(SOON).await?;
            if entries.contains(&next["entry"]) {
                shown.push(next);
            }
        }
        Ok(shown)
    }

    /// Waits until a reminder is withdrawn.
    ///
    /// # Errors
    /// When it is not in time.
    pub async fn withdrawn(&mut self, id: &Value) -> Result<()> {
        let gone = |change: &Value| change["type"] == "reminder_withdrawn" && change["id"] == *id;
        let change = self.live.change("the end of a reminder", SOON, gone).await;
        change.map(drop).with_context(|| format!("{} is still reminded", self.name))
    }

    /// Makes sure that no reminder comes.
    ///
    /// # Errors
    /// When one does.
    pub async fn is_left_alone(&mut self) -> Result<()> {
        match self.live.change("a reminder", NEVER, |change| change["type"] == "reminder").await {
            Ok(change) => anyhow::bail!("{} was reminded: {change}", self.name),
            Err(ClientError::Late(_)) => Ok(()),
            Err(other) => Err(other.into()),
        }
    }

    /// Waits until a line of the missed-call list is as wished, and gives it out.
    ///
    /// # Errors
    /// When it is not in time; with the list.
    pub async fn sees(&self, what: &str, wished: impl Fn(&Value) -> bool) -> Result<Value> {
        self.sees_of("?short=true", what, wished).await
    }

    /// The same for a closed one.
    ///
    /// # Errors
    /// When it is not in time; with the list.
    pub async fn sees_closed(&self, what: &str, wished: impl Fn(&Value) -> bool) -> Result<Value> {
        self.sees_of("/closed", what, wished).await
    }

    /// Asks at this path until the answer is as wished, and gives it out. What a phone hears comes before what is written
    /// down: who looks at the desk right after it may be early.
    ///
    /// # Errors
    /// When it is not in time; with the answer.
    pub async fn reads(&self, path: &str, wished: impl Fn(&Value) -> bool) -> Result<Value> {
        let end = tokio::time::Instant::now() + SOON;
        loop {
            let answer = self.person.get(path).await?;
            if wished(&answer) {
                return Ok(answer);
            }
            ensure!(
                tokio::time::Instant::now() < end,
                "{} does not read at {path} what is wished:\n{answer:#}",
                self.name
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until the agent is in this state.
    ///
    /// # Errors
    /// When the state is not reached in time; with the state.
    pub async fn is_in(&self, state: &str) -> Result<()> {
        self.reads("/api/me/agent", |agent| agent["state"] == state).await.map(|_| ())
    }

    async fn sees_of(&self, which: &str, what: &str, wished: impl Fn(&Value) -> bool) -> Result<Value> {
        let among = |page: &Value| page["items"].as_array().into_iter().flatten().find(|entry| wished(entry)).cloned();
        let page =
            self.reads(&format!("/api/entries{which}"), |page| among(page).is_some()).await.context(what.to_owned())?;
        among(&page).context("it was there")
    }

    /// The open entries that are listed, first to last; those with short abandons alone are not.
    ///
    /// # Errors
    /// When the API refuses.
    pub async fn list(&self) -> Result<Vec<Value>> {
        let page = self.person.get("/api/entries").await?;
        Ok(page["items"].as_array().cloned().unwrap_or_default())
    }

    /// An entry and its history.
    ///
    /// # Errors
    /// When the API refuses.
    pub async fn entry(&self, id: &Value) -> Result<(Value, Value)> {
        let id = id.as_str().context("an id is a text")?;
        let mut both = self.person.get(&format!("/api/entries/{id}")).await?;
        Ok((both["entry"].take(), both["history"].take()))
    }

    /// Says what came of a conversation, once it is written down as over.
    ///
    /// # Errors
    /// When it is not over in time, or the API refuses.
    pub async fn says_outcome(&self, entry: &Value, outcome: Value) -> Result<()> {
        self.sees("the conversation's end", |seen| seen["id"] == *entry && seen["state"]["name"] == "noting").await?;
        self.works(entry, "outcome", outcome).await?;
        Ok(())
    }

    /// Does something with an entry: `claim`, `release`, `call`, `outcome` …
    ///
    /// # Errors
    /// When the API refuses.
    pub async fn works(&self, entry: &Value, verb: &str, body: Value) -> Result<Value, ClientError> {
        let id = entry.as_str().unwrap_or_default();
        self.person.post(&format!("/api/entries/{id}/{verb}"), &body).await
    }
}
