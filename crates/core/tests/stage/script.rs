//! The words of a script.

use nohold_core::agent::{Input as AgentInput, Mode};
use nohold_core::call::{Gone, Input, Party, Wanted};
use nohold_core::entry::Business;
use nohold_core::fact::Destination;
use nohold_flow::RecordingEnd;
use nohold_model::{Digit, IdSource, LegId, Millis, QueueKey, Timestamp};

use super::house::MORNING;
use super::{CALLER, DIALLED, Stage, Store, key, words};

impl Stage {
    /// Plays a script: one line after the other.
    pub fn play(&mut self, script: &str) {
        for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (time, action) = match line.split_once(' ') {
                Some((first, rest)) if first.contains(':') => (Some(first), rest.trim()),
                Some(_) | None if line.contains(':') => (Some(line), ""),
                Some(_) | None => (None, line),
            };
            if let Some(time) = time {
                self.pass_to(moment(time));
            }
            if !action.is_empty() {
                self.act(action);
            }
            self.route();
        }
    }

    fn act(&mut self, action: &str) {
        self.tell(&format!("{} {action}", words::clock(self.at)));
        let parts: Vec<&str> = action.split(' ').collect();
        match parts.as_slice() {
            ["from", "here"] => self.text.clear(),
            ["queue", queue, "is", "deleted"] => drop(self.house.queues.remove(&super::house::key::<QueueKey>(queue))),
            ["store", rest @ ..] => self.store_does(rest),
            ["caller", "rings", rest @ ..] => {
                let number = (!rest.contains(&"withheld")).then(|| CALLER.parse().unwrap());
                let on = rest.iter().find(|word| word.starts_with('+')).copied().unwrap_or(DIALLED);
                if rest.contains(&"returning") {
                    self.we_have_tried_to_reach_the_caller();
                }
                self.caller_rings(on, number);
            }
            ["agent", agent, "is", "free"] => self.agent_is_free(agent),
            ["agent", agent, "calls", "back"] => self.agent_calls_back(agent),
            ["agent" | "phone", phone, "calls", dialled] => self.phone_calls(phone, dialled),
            ["agent", agent, "is", "not", "ready"] => {
                self.agent_input(agent, AgentInput::SignIn);
                self.agent_input(agent, AgentInput::Choose(Mode::NotReady));
            }
            ["newest", rest @ ..] => {
                if let Some(leg) = self.names.legs().last() {
                    self.leg_does(leg, rest);
                }
            }
            ["engine", "restarts"] => self.engine_restarts(),
            ["agent", agent, "holds"] => self.wish(agent, Wanted::Hold(true)),
            ["agent", agent, "resumes"] => self.wish(agent, Wanted::Hold(false)),
            ["agent", agent, "ends", "it"] => self.input(&Input::HangUp(key(agent))),
            ["agent", agent, "wants", rest @ ..] => self.wish(agent, wanted(rest)),
            ["agent", agent, "dials", number] => self.agent_dials(agent, number, None),
            ["agent", agent, "dials", number, "for", service] => {
                self.agent_dials(agent, number, Some(Business::Service(super::house::key(service))));
            }
            ["caller", "speaks", seconds, rest @ ..] => self.caller_speaks(seconds, rest),
            ["caller", "presses", keys] if !matches!(*keys, "hold" | "resume") => {
                let Some(leg) = self.leg("caller") else { return };
                for key in keys.chars() {
                    self.input(&Input::Digit(leg, Digit::new(key).unwrap()));
                }
            }
            ["stranger", rest @ ..] => {
                let (leg, before) = (IdSource::new(1).next(MORNING), self.call.clone());
                self.leg_does(leg, rest);
                assert!(self.call == before, "a stranger changes something");
            }
            [party @ ("agent" | "phone"), name, rest @ ..] => {
                if let Some(leg) = self.leg(&format!("{party} {name}")) {
                    self.leg_does(leg, rest);
                }
            }
            [party, rest @ ..] => {
                if let Some(leg) = self.leg(party) {
                    self.leg_does(leg, rest);
                }
            }
            [] => {}
        }
    }

    fn leg(&self, name: &str) -> Option<LegId> {
        let leg = self.names.leg(name);
        assert!(self.lenient || leg.is_some(), "there is no {name}\n{}", self.text);
        leg
    }

    fn store_does(&mut self, what: &[&str]) {
        match what {
            ["works"] => {
                self.store = Store::Works;
                self.commit();
            }
            ["holds"] => self.store = Store::Holds,
            ["fails"] => {
                self.store = Store::Fails;
                self.fail();
            }
            ["commits"] => self.commit(),
            ["is", "slow"] => {
                let promise = self.promise.as_ref().map(|(promise, _)| promise.number);
                let promise = promise.or(self.wish.as_ref().map(|_| nohold_core::call::FEATURE_PROMISE));
                if let Some(promise) = promise {
                    self.input(&Input::StoreSlow { promise });
                }
            }
            other => panic!("the store cannot do {other:?}"),
        }
    }

    fn leg_does(&mut self, leg: LegId, what: &[&str]) {
        let gone = |why| Input::Gone(leg, why);
        let playing = self.playing.get(&leg).copied();
        let playing = playing.unwrap_or_else(|| IdSource::new(1).next(MORNING));
        let input = match what {
            ["rings"] => Input::Ringing(leg),
            ["answers"] => Input::Answered(leg),
            ["hears", "it"] => Input::Played(leg, playing),
            ["hears", "nothing"] => Input::PlayFailed(leg, playing),
            ["plays", "something"] => Input::EarlyMedia(leg),
            ["presses", key @ ("1" | "2")] => Input::Digit(leg, Digit::new(key.chars().next().unwrap()).unwrap()),
            ["presses", "hold"] => Input::PhoneHold(leg, true),
            ["presses", "resume"] => Input::PhoneHold(leg, false),
            ["goes", "away"] => Input::PhoneAway(leg, true),
            ["is", "back"] => Input::PhoneAway(leg, false),
            ["hangs", "up"] => gone(Gone::HungUp),
            ["is", "lost"] => gone(Gone::Lost),
            ["vanishes"] => gone(Gone::PhoneLost),
            ["is", "busy"] => gone(Gone::Busy),
            ["declines"] => gone(Gone::Refused),
            ["does", "not", "answer"] => gone(Gone::NoAnswer),
            ["is", "unreachable"] => gone(Gone::Unreachable),
            ["does", "not", "exist"] => gone(Gone::Unallocated),
            other => panic!("nobody can do {other:?}"),
        };
        self.input(&input);
    }

    /// `speaks 5 s`, with what ends it.
    fn caller_speaks(&mut self, seconds: &str, rest: &[&str]) {
        let Some(leg) = self.leg("caller") else { return };
        let message = self.recording.unwrap_or_else(|| IdSource::new(1).next(MORNING));
        let ended = match rest {
            ["s", "and", "presses", "#"] => RecordingEnd::Key,
            ["s", "and", "falls", "silent"] => RecordingEnd::Silence,
            ["s", "up", "to", "the", "limit"] => RecordingEnd::Limit,
            ["s", "until", "the", "hang-up"] => RecordingEnd::HungUp,
            other => panic!("a recording cannot end with {other:?}"),
        };
        let speech = Millis::from_secs_f64(seconds.parse().unwrap());
        self.input(&Input::Recorded { leg, message, speech, ended });
    }
}

/// What the desk wishes.
fn wanted(words: &[&str]) -> Wanted {
    match words {
        ["keys", keys] => Wanted::Press(keys.chars().map(|key| Digit::new(key).unwrap()).collect()),
        ["no", "recording"] => Wanted::PauseRecording(true),
        ["recording"] => Wanted::PauseRecording(false),
        ["to", "transfer", "to", rest @ ..] => Wanted::Transfer(destination(rest)),
        ["to", "consult", rest @ ..] => Wanted::Consult(destination(rest)),
        ["to", "complete"] => Wanted::Complete,
        ["to", "cancel"] => Wanted::Cancel,
        ["to", "swap"] => Wanted::Swap,
        ["a", "conference"] => Wanted::Conference,
        ["to", "hold", "the", who] => Wanted::HoldOne { who: party(who), hold: true },
        ["back", "the", who] => Wanted::HoldOne { who: party(who), hold: false },
        other => panic!("nobody can wish {other:?}"),
    }
}

fn party(who: &str) -> Party {
    if who == "customer" { Party::Customer } else { Party::Target }
}

fn destination(words: &[&str]) -> Destination {
    match words {
        ["phone" | "agent", extension] => Destination::Extension(super::house::key(extension)),
        ["queue", queue] => Destination::Queue(super::house::key(queue)),
        ["flow", flow] => Destination::Flow(super::house::key(flow)),
        [number] => Destination::Number(number.parse().unwrap()),
        other => panic!("nobody can go to {other:?}"),
    }
}

fn moment(text: &str) -> Timestamp {
    let seconds = text.split(':').fold(0, |sum: u64, part| sum * 60 + part.parse::<u64>().unwrap());
    MORNING + Millis::seconds(seconds)
}
