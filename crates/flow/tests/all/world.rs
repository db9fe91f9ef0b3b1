//! A world to run flows in, and a call told line by line.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use nohold_flow::{
    Action, Begin, Document, Entry, Input, NumberRefusal, Object, Promise, RequestAnswer, Run, Surroundings,
    TransferTo, WaitToSay, WaitsFor,
};
use nohold_model::{CalendarKey, Digit, FlowKey, Language, Millis, PhoneNumber, Spoken, Timestamp};

/// Everything that a run may ask, set by the test.
#[derive(Debug, Clone)]
pub struct World {
    pub at: Timestamp,
    pub documents: BTreeMap<(FlowKey, u32), Document>,
    pub latest: BTreeMap<FlowKey, u32>,
    pub open: Option<bool>,
    pub caller: Option<String>,
    pub wait: Option<WaitToSay>,
    pub position: Option<u32>,
    pub may_keep_waiting: bool,
    pub came_from_queue: bool,
}

impl Default for World {
    /// A caller with a number, from an open queue.
    fn default() -> Self {
        World {
            at: Timestamp::EPOCH,
            documents: BTreeMap::new(),
            latest: BTreeMap::new(),
            open: Some(true),
            caller: Some("+442079460123".into()),
            wait: None,
            position: None,
            may_keep_waiting: true,
            came_from_queue: true,
        }
    }
}

impl World {
    /// The world with these flows published as version 1.
    pub fn with(flows: &[&str]) -> World {
        let mut world = World::default();
        flows.iter().for_each(|json| world.publish(1, json));
        world
    }

    /// A caller who came on a number, outside business hours, without a queue.
    pub fn without_queue(mut self) -> World {
        self.may_keep_waiting = false;
        self.came_from_queue = false;
        self.open = Some(false);
        self
    }

    pub fn publish(&mut self, version: u32, json: &str) {
        let document = Document::parse(json).unwrap();
        self.latest.insert(document.key.clone(), version);
        self.documents.insert((document.key.clone(), version), document);
    }
}

impl Surroundings for World {
    fn at(&self) -> Timestamp {
        self.at
    }
    fn document(&self, flow: &FlowKey, version: u32) -> Option<&Document> {
        self.documents.get(&(flow.clone(), version))
    }
    fn latest(&self, flow: &FlowKey) -> Option<u32> {
        self.latest.get(flow).copied()
    }
    fn is_open(&self, _: Option<&CalendarKey>) -> Option<bool> {
        self.open
    }
    /// Numbers of the country that begin with 9 are premium-rate.
    fn caller_number(&self) -> Option<Result<PhoneNumber, NumberRefusal>> {
        let number = self.caller.as_ref()?;
        let refused = number.starts_with("+449");
        Some(if refused { Err(NumberRefusal::NotAllowed) } else { Ok(number.parse().unwrap()) })
    }
    /// Numbers of 10 digits that begin with 07 are fine, 09 is premium-rate.
    fn check_number(&self, keyed: &str) -> Result<PhoneNumber, NumberRefusal> {
        if keyed.starts_with("09") {
            return Err(NumberRefusal::NotAllowed);
        }
        let rest = keyed.strip_prefix('0').filter(|_| keyed.len() == 10 && keyed.starts_with("07"));
        rest.map(|rest| format!("+44{rest}").parse().unwrap()).ok_or(NumberRefusal::Impossible)
    }
    fn wait(&self) -> Option<WaitToSay> {
        self.wait
    }
    fn position(&self) -> Option<u32> {
        self.position
    }
    fn may_keep_waiting(&self) -> bool {
        self.may_keep_waiting
    }
    fn came_from_queue(&self) -> bool {
        self.came_from_queue
    }
}

/// One call, told line by line.
pub struct Call {
    pub world: World,
    pub run: Run,
    pub story: String,
}

impl Call {
    /// A call that begins in this flow, at its latest version.
    pub fn into(world: World, flow: &str) -> Call {
        let flow = FlowKey::new(flow).unwrap();
        let begin = Begin {
            version: world.latest.get(&flow).copied().unwrap_or(1),
            flow,
            entered_from: if world.came_from_queue { Entry::Queue } else { Entry::Number },
            language: Language::English,
            variables: BTreeMap::new(),
        };
        let (run, actions) = Run::start(begin, &world);
        let mut call = Call { world, run, story: String::new() };
        call.tell("begins", &actions);
        call
    }

    pub fn input(&mut self, what: &str, input: Input) -> &mut Self {
        let actions = self.run.step(input, &self.world);
        self.tell(what, &actions);
        self
    }

    pub fn played(&mut self) -> &mut Self {
        self.input("heard", Input::Played)
    }

    pub fn after(&mut self, length: Millis) -> &mut Self {
        self.world.at += length;
        self
    }

    pub fn press(&mut self, keys: &str) -> &mut Self {
        for key in keys.chars() {
            self.input(&format!("presses {key}"), Input::Digit(Digit::new(key).unwrap()));
        }
        self
    }

    /// Says nothing until the run wants to be told so.
    pub fn silent(&mut self) -> &mut Self {
        self.world.at = self.run.deadline().expect("the run waits for no time");
        self.input("is silent", Input::Tick)
    }

    pub fn made(&mut self, promise: Promise) -> &mut Self {
        self.input("request committed", Input::Requested(RequestAnswer::Made { promise }))
    }

    pub fn refused(&mut self, reason: NumberRefusal) -> &mut Self {
        self.input("request refused", Input::Requested(RequestAnswer::Refused(reason)))
    }

    /// The whole story, with the state at its end.
    pub fn told(&self) -> String {
        let path: Vec<String> = self.run.path().iter().map(|visit| visit.node.to_string()).collect();
        let mut story = format!("{}path: {}\n", self.story, path.join(" "));
        if !self.run.causes().is_empty() {
            writeln!(story, "causes: {:?}", self.run.causes()).unwrap();
        }
        if !self.run.is_over() {
            writeln!(story, "waits for: {:?}", self.run.waits_for()).unwrap();
        }
        story
    }

    fn tell(&mut self, what: &str, actions: &[Action]) {
        #[expect(clippy::cast_precision_loss, reason = "small times in tests")]
        let seconds = self.world.at.as_millis() as f64 / 1_000.0;
        write!(self.story, "{seconds:6.1} {what}").unwrap();
        match actions {
            [] => self.story.push('\n'),
            actions => {
                let texts: Vec<String> = actions.iter().map(action).collect();
                writeln!(self.story, " → {}", texts.join("; ")).unwrap();
            }
        }
        assert_eq!(self.run.is_over(), self.run.waits_for() == WaitsFor::Nothing);
    }
}

fn action(action: &Action) -> String {
    match action {
        Action::Play(words) => format!("say {}", words.iter().map(spoken).collect::<Vec<_>>().join(" + ")),
        Action::StopPlaying => "stop".into(),
        Action::EnterQueue { queue, priority } => {
            format!("queue {queue}{}", priority.map_or(String::new(), |priority| format!(" priority {priority}")))
        }
        Action::KeepWaiting => "keep waiting".into(),
        Action::Request { object: whom, number, another_matter, consent } => {
            let another = if *another_matter { " for another matter" } else { "" };
            let heard: Vec<&str> = consent.heard.iter().map(|key| key.as_str()).collect();
            let (number, keys) = (number.as_str(), consent.keys.as_str());
            format!("REQUEST {} {number}{another} (heard {}, pressed {keys})", object(whom), heard.join("+"))
        }
        Action::NumberRefused(why) => format!("number refused: {why:?}"),
        Action::Record { max_ms, silence_ms, end_key } => {
            format!("record at most {max_ms:?}, silence {silence_ms:?}, end {end_key}")
        }
        Action::KeepMessage { object: whom } => format!("KEEP MESSAGE {}", object(whom)),
        Action::DropMessage => "drop message".into(),
        Action::Transfer { to: TransferTo::Extension(key), ring_ms } => format!("transfer to {key} for {ring_ms:?}"),
        Action::Transfer { to: TransferTo::Number(number), ring_ms } => {
            format!("transfer to number {} for {ring_ms:?}", number.0)
        }
        Action::SetLanguage(language) => format!("language {}", language.code()),
        Action::HangUp { busy: false } => "hang up".into(),
        Action::HangUp { busy: true } => "hang up busy".into(),
    }
}

fn object(object: &Object) -> String {
    match object {
        Object::Queue {} => "for the queue".into(),
        Object::Campaign { campaign } => format!("for campaign {campaign}"),
        Object::Service { service, group: Some(group) } => format!("for {service}/{group}"),
        Object::Service { service, group: None } => format!("for {service}"),
    }
}

fn spoken(spoken: &Spoken) -> String {
    match spoken {
        Spoken::Prompt(key) => key.to_string(),
        Spoken::Digits(digits) => format!("digits {digits}"),
        Spoken::Number(number) => format!("number {number}"),
        Spoken::Position(position) => format!("position {position}"),
        Spoken::WaitUnder { minutes } => format!("under {minutes} min"),
        Spoken::WaitBetween { from_minutes, to_minutes } => format!("{from_minutes} to {to_minutes} min"),
        Spoken::Soon => "soon".into(),
        Spoken::SoonBy { minutes } => format!("within {minutes} min"),
        Spoken::Window { from, to, zone } => format!("window {from:?}..{to:?} {zone}"),
        Spoken::Tone => "tone".into(),
        Spoken::AgentNumber(number) => format!("agent {number}"),
    }
}
