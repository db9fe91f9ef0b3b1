//! What happens on the stage, in words.

use std::collections::BTreeMap;

use nohold_core::call::{Audio, Command, DialTo, HangUp, Heard, Shown, WishAnswer};
use nohold_core::entry::{Entry, LeftAt, State, Target, Window};
use nohold_core::fact::{Arrival, Destination, Ender, Fact};
use nohold_core::routing::Class;
use nohold_core::transaction::Answer;
use nohold_model::{CallResult, ExtensionKey, Language, LegId, Millis, PhoneNumber, Spoken, Timestamp};

use super::house::MORNING;

/// The names of the legs.
#[derive(Debug, Clone, Default)]
pub struct Names(BTreeMap<LegId, String>);

impl Names {
    pub fn give(&mut self, leg: LegId, name: &str) {
        self.0.insert(leg, name.to_owned());
    }

    /// The newest leg of that name: ids sort by time.
    pub fn leg(&self, name: &str) -> Option<LegId> {
        self.0.iter().rev().find(|(_, other)| *other == name).map(|(leg, _)| *leg)
    }

    pub fn legs(&self) -> impl Iterator<Item = LegId> {
        self.0.keys().copied()
    }

    fn of(&self, leg: LegId) -> &str {
        self.0.get(&leg).map_or("stranger", String::as_str)
    }

    pub fn command(&self, command: &Command) -> String {
        match command {
            Command::Ring { leg } => format!("tell {} that it rings", self.of(*leg)),
            Command::Answer { leg } => format!("answer {}", self.of(*leg)),
            Command::Dial { leg, to, ring_for } => {
                format!("dial {} for {}, showing {}", self.of(*leg), length(*ring_for), shown(to))
            }
            Command::HangUp { leg, how } => {
                let how = match how {
                    HangUp::Normal => "",
                    HangUp::Busy => ", busy",
                    HangUp::Unavailable => ", 503",
                    HangUp::Unknown => ", 404",
                    HangUp::NoAnswer => ", 480",
                    HangUp::Forbidden => ", 403",
                };
                format!("hang up {}{how}", self.of(*leg))
            }
            Command::Play { leg, audio, .. } => format!("{} hears {}", self.of(*leg), audio_text(audio)),
            Command::Stop { leg, .. } => format!("{} hears no more", self.of(*leg)),
            Command::Record { leg, longest, silence, end_key, .. } => {
                let (leg, longest, silence) = (self.of(*leg), length(*longest), length(*silence));
                format!("record {leg} for {longest}, until {end_key} or {silence} of silence")
            }
            Command::Discard { .. } => "discard the recording".into(),
            Command::Bridge { a, b, .. } => format!("bridge {} and {}", self.of(*a), self.of(*b)),
            Command::RecordCall { .. } => "record what they say".into(),
            Command::Unbridge { .. } => "unbridge".into(),
            Command::Conference { legs, .. } => {
                let legs: Vec<&str> = legs.iter().map(|leg| self.of(*leg)).collect();
                format!("conference of {}", legs.join(", "))
            }
            Command::Press { leg, digits } => {
                let keys: String = digits.iter().map(ToString::to_string).collect();
                format!("press {keys} towards {}", self.of(*leg))
            }
            Command::StopRecording { .. } => "stop recording".into(),
        }
    }
}

/// Minutes and seconds since the scenario began.
pub fn clock(at: Timestamp) -> String {
    let seconds = at.since(MORNING).as_millis() / 1_000;
    match seconds / 3_600 {
        0 => format!("{}:{:02}", seconds / 60, seconds % 60),
        hours => format!("{hours}:{:02}:{:02}", seconds / 60 % 60, seconds % 60),
    }
}

fn length(millis: Millis) -> String {
    format!("{} s", millis.as_secs_f64())
}

fn number(number: Option<&PhoneNumber>) -> String {
    number.map_or("no number".into(), PhoneNumber::masked)
}

fn shown(to: &DialTo) -> String {
    match to {
        DialTo::Extension { shows: Shown::Nothing, .. } => "no number".into(),
        DialTo::Extension { shows: Shown::Number(number), .. } => number.masked(),
        DialTo::Extension { shows: Shown::Colleague { number, name }, .. } => format!("{name} {number}"),
        DialTo::AgentOutside { routes, .. } | DialTo::Outside { routes, .. } => {
            let shown = routes.first().and_then(|route| route.shows.as_deref());
            shown.map_or("no number".into(), |shown| shown.parse::<PhoneNumber>().unwrap().masked())
        }
    }
}

pub fn dialled(to: &DialTo, agent: Option<&ExtensionKey>, is_callback: bool) -> String {
    match (to, agent) {
        (_, Some(phone)) => format!("agent {phone}"),
        (DialTo::Extension { extension, .. }, None) => format!("phone {extension}"),
        (DialTo::Outside { .. } | DialTo::AgentOutside { .. }, None) if is_callback => "customer".into(),
        (DialTo::Outside { .. } | DialTo::AgentOutside { .. }, None) => "outside".into(),
    }
}

fn audio_text(audio: &Audio) -> String {
    match audio {
        Audio::Music(None) => "music".into(),
        Audio::Music(Some(prompt)) => format!("music {prompt}"),
        Audio::Ringback => "ringback".into(),
        Audio::Echo => "an echo".into(),
        Audio::Spoken { language, what } => {
            let foreign = (*language == Language::Chinese).then(|| "in Chinese".to_owned());
            foreign.into_iter().chain(what.iter().map(spoken)).collect::<Vec<_>>().join(" ")
        }
    }
}

fn spoken(spoken: &Spoken) -> String {
    match spoken {
        Spoken::Prompt(prompt) => format!("[{prompt}]"),
        Spoken::Digits(digits) => digits.clone(),
        Spoken::Number(number) => number.to_string(),
        Spoken::Position(position) => format!("position {position}"),
        Spoken::WaitUnder { minutes } => format!("under {minutes} min"),
        Spoken::WaitBetween { from_minutes, to_minutes } => format!("{from_minutes}–{to_minutes} min"),
        Spoken::Soon => "soon".into(),
        Spoken::SoonBy { minutes } => format!("within {minutes} min"),
        Spoken::Window { from, to, .. } => format!("between {} and {}", clock(*from), clock(*to)),
        Spoken::Tone => "beep".into(),
        Spoken::AgentNumber(number) => format!("agent number {number}"),
    }
}

pub fn answer(answer: &Answer) -> String {
    match answer {
        Answer::Done => "done".into(),
        Answer::Returning => "done, we have tried to reach this customer".into(),
        Answer::Requested { promise, .. } => format!("request made, {}", window(*promise)),
        Answer::AlreadyOpen { promise, .. } => format!("a request is open already, {}", window(*promise)),
        Answer::LineFull(queue) => format!("queue {queue} is full"),
        Answer::OverLimit => "too many requests".into(),
        Answer::Attempt(_) => "attempt begun".into(),
        Answer::Begun { agent: Some(agent) } | Answer::Rung { agent: Some(agent) } => {
            format!("done, {agent} is held by it")
        }
        Answer::Begun { agent: None } | Answer::Rung { agent: None } => "done, no agent is held by it".into(),
        Answer::Reserved(offer) => format!("agent {} reserved", offer.agent),
        Answer::CallBack(_) => "callback begun".into(),
        Answer::DialOut(_) => "dialled".into(),
        Answer::Refused(why) => format!("refused, {why}"),
    }
}

fn window(window: Window) -> String {
    format!("promised {} to {}", clock(window.from), clock(window.to))
}

pub fn entry(entry: &Entry) -> String {
    let (section, of, to) = (entry.section(), number(entry.number.as_ref()), target(&entry.target));
    let state = match &entry.state {
        State::Waiting => "waiting".into(),
        State::Noting { broken: true, .. } => "outcome to be noted, broken".into(),
        State::Noting { .. } => "outcome to be noted".into(),
        other => format!("{other:?}"),
    };
    let attempts = match entry.counted_attempts() {
        0 => String::new(),
        counted => format!(", attempts {counted}"),
    };
    format!("list: {section:?} of {of} for {to}, place {}, {state}{attempts}", clock(entry.place))
}

fn target(target: &Target) -> String {
    match target {
        Target::Campaign(campaign) => format!("campaign {campaign}"),
        Target::Service(service, group) => format!("{service}/{group}"),
        Target::Queue(queue) => format!("queue {queue}"),
        Target::WholeService(service) => service.to_string(),
    }
}

fn destination(to: &Destination) -> String {
    match to {
        Destination::Extension(extension) => format!("phone {extension}"),
        Destination::Number(to) => to.masked(),
        Destination::Queue(queue) => format!("queue {queue}"),
        Destination::Flow(flow) => format!("flow {flow}"),
    }
}

pub fn heard(heard: &Heard) -> String {
    match &heard.answer {
        WishAnswer::Granted => "granted".into(),
        WishAnswer::Refused(why) => format!("refused, {why}"),
        WishAnswer::NotSaved => "not saved".into(),
    }
}

fn left_at(left_at: &LeftAt) -> String {
    match left_at {
        LeftAt::Queue(queue) => format!("queue {queue}"),
        LeftAt::Menu => "menu".into(),
        LeftAt::AfterHours => "after hours".into(),
        LeftAt::Message => "message".into(),
        LeftAt::Connecting => "connecting".into(),
        LeftAt::Transfer => "transfer".into(),
        LeftAt::Overflow(queue) => format!("overflow of {queue}"),
    }
}

pub fn fact(fact: &Fact) -> String {
    match fact {
        Fact::CallArrived(Arrival { colleague: Some(extension), service, .. }) => {
            let service = service.as_ref().map_or(String::new(), |service| format!(" for {service}"));
            format!("call arrived from phone {extension}{service}")
        }
        Fact::DirectBegan { extension, number: to, .. } => {
            let to = to.as_ref().map_or("the emergency services".into(), PhoneNumber::masked);
            format!("phone {extension} calls {to}")
        }
        Fact::DirectAnswered { .. } => "the far end answered".into(),
        Fact::FarRings { .. } => "it rings there".into(),
        Fact::DirectOver { result, ended_by, .. } => outcome(*result, *ended_by),
        Fact::PhoneRung { extension, .. } => format!("phone {extension} is rung"),
        Fact::PhoneAnswered { .. } => "phone answered".into(),
        Fact::PhoneFailed { extension, why, .. } => format!("phone {extension} failed: {why:?}"),
        Fact::CallArrived(arrival) => format!("call arrived from {}", number(arrival.number.as_ref())),
        Fact::FlowEntered { flow, version, .. } => format!("flow {flow} v{version}"),
        Fact::Queued(row) => {
            let class = if row.class == Class::Ordinary { String::new() } else { format!(", {:?}", row.class) };
            let stands = if row.connectable { "stands in" } else { "may not be connected in" };
            let (queue, place, entered, stay) = (&row.queue, clock(row.place), clock(row.entered), row.stay);
            format!("{stands} {queue}, place {place}, since {entered}, stay {stay}{class}")
        }
        Fact::LeftQueue { why, .. } => format!("left the line: {why:?}"),
        Fact::OfferMade { agent, .. } => format!("offered to {agent}"),
        Fact::OfferRinging { .. } => "offer rings".into(),
        Fact::OfferEnded { end, after, .. } if after.pause > Millis::ZERO => {
            format!("offer ended: {end:?}, pause {}", length(after.pause))
        }
        Fact::OfferEnded { end, .. } => format!("offer ended: {end:?}"),
        Fact::Connected { agent, .. } => format!("connected with {agent}"),
        Fact::Held { held: true, by, .. } if !by.is_empty() => {
            let by: Vec<String> = by.iter().map(ToString::to_string).collect();
            format!("held by {}", by.join(" and "))
        }
        Fact::Held { held, .. } => if *held { "held" } else { "taken back" }.into(),
        Fact::RecordingBegan { .. } => "recording began".into(),
        Fact::AgentFreed { agent, wrap_up, .. } => format!("{agent} freed, wrap-up {}", length(*wrap_up)),
        Fact::RequestMade(made) => {
            let (of, to) = (number(Some(&made.number)), target(&made.target));
            let key = made.consent.key.map_or('-', nohold_model::Digit::as_char);
            let heard: Vec<&str> = made.consent.prompts.iter().map(nohold_model::PromptKey::as_str).collect();
            let another = if made.another_matter { ", another matter" } else { "" };
            let (place, heard, path) = (clock(made.place), heard.join("+"), made.path.join(" "));
            format!("request of {of} for {to}{another}, place {place}, key {key} after {heard}, path {path}")
        }
        Fact::MessageLeft { target: to, speech, .. } => format!("message of {} for {}", length(*speech), target(to)),
        Fact::Missed { left_at: at, waited, short, target: of, .. } => {
            let short = if *short { ", short" } else { "" };
            format!("missed call of {}, left at {}, waited {}{short}", target(of), left_at(at), length(*waited))
        }
        Fact::CutOff { doing, target: of, .. } => format!("cut off by us, customer of {}: {doing:?}", target(of)),
        Fact::Served { agent, .. } => format!("served by {agent}"),
        Fact::AttemptBegan { number: to, .. } => format!("attempt to reach {}", to.masked()),
        Fact::AttemptAnswered { .. } => "attempt answered".into(),
        Fact::AttemptEnded { result, sent, .. } => {
            format!("attempt ended: {result:?}{}", if *sent { "" } else { ", not sent" })
        }
        Fact::CallbackTalked { talked, broken, .. } => {
            format!("talked for {}{}", length(*talked), if *broken { ", broken" } else { "" })
        }
        Fact::NumberRefused { why, .. } => format!("number refused: {why:?}"),
        Fact::CallbackDropped { why, .. } => format!("callback dropped, nothing counted: {why:?}"),
        Fact::Transferred { to, .. } => format!("transfer to {}", destination(to)),
        Fact::TransferAnswered { .. } => "transfer answered".into(),
        Fact::TransferFailed { .. } => "transfer failed".into(),
        Fact::CallEnded { how, .. } => format!("call ended: {how:?}"),
        other => handing(other),
    }
}

fn handing(fact: &Fact) -> String {
    match fact {
        Fact::TreatedAsCustomer { agent, number: of, .. } => format!("{agent} has {} as a customer", of.masked()),
        Fact::HandedOver { by, to, wrap_up, .. } => {
            format!("handed over by {by} to {}, wrap-up {}", destination(to), length(*wrap_up))
        }
        Fact::ConsultBegan { by, to, .. } => format!("{by} consults {}", destination(to)),
        Fact::ConsultAnswered { .. } => "consultation answered".into(),
        Fact::ConsultChanged { with, .. } => format!("together with {with:?}"),
        Fact::ConsultEnded { why: Some(why), .. } => format!("consultation ended: {why:?}"),
        Fact::ConsultEnded { why: None, .. } => "consultation ended".into(),
        Fact::ConsultCompleted { by, .. } => format!("{by} leaves the customer there"),
        Fact::RecordingPaused { .. } => "recording paused".into(),
        Fact::RecordingResumed { .. } => "recording resumed".into(),
        other => format!("{other:?}"),
    }
}

fn outcome(result: Option<CallResult>, ended_by: Option<Ender>) -> String {
    let result = result.map_or_else(|| "nobody was dialled".into(), |result| format!("{result:?}"));
    match ended_by {
        Some(by) => format!("over: {result}, hung up by the {by:?}").to_lowercase(),
        None => format!("over: {result}").to_lowercase(),
    }
}
