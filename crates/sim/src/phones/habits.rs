//! How people behave at their phones.

use nohold_core::call::Gone;
use nohold_model::{Digit, LegId, Millis, Timestamp};

use super::{Leg, Party, Plan, State};

impl State {
    /// Somebody calls, is patient for so many seconds on average, and presses keys.
    pub(super) fn comes_in(&mut self, leg: LegId, party: Party, patience: f64, now: Timestamp) {
        self.legs.insert(leg, Leg::new(party, now, Millis::ZERO));
        let patience = Millis::from_secs_f64(-patience * self.rng.f64().max(1e-9).ln());
        self.plan(now + patience + Millis::seconds(1), Plan::Go(leg, Gone::HungUp));
        let mut at = now;
        for _ in 0..self.rng.u8(0..7) {
            at += Millis::new(self.rng.u64(500..45_000));
            let digit = *self.rng.choice(&['1', '2', '2', '2', '3', '9', '7', '#', '0']).unwrap_or(&'2');
            if let Ok(digit) = Digit::new(digit) {
                self.plan(at, Plan::Press(leg, digit));
            }
        }
    }

    fn soon(&mut self, now: Timestamp, within: u64) -> Timestamp {
        now + Millis::new(self.rng.u64(20..within))
    }

    pub(super) fn answer_like_an_agent(&mut self, leg: LegId, chance: u8, now: Timestamp) {
        let rings = self.soon(now, 400);
        match chance {
            0..70 => {
                self.plan(rings, Plan::Ring(leg));
                let answers = self.soon(rings, 12_000);
                self.plan(answers, Plan::Answer(leg));
            }
            70..78 => {
                self.plan(rings, Plan::Ring(leg));
                let declines = self.soon(rings, 6_000);
                self.plan(declines, Plan::Go(leg, Gone::Refused));
            }
            78..93 => self.plan(rings, Plan::Ring(leg)),
            93..97 => self.plan(rings, Plan::Go(leg, Gone::Busy)),
            _ => self.plan(rings, Plan::Go(leg, Gone::Unreachable)),
        }
    }

    /// Who was asked to press 1 does, or is a mailbox, or hangs up.
    pub(super) fn accepts_or_not(&mut self, leg: LegId, now: Timestamp) {
        let at = self.soon(now, 9_000);
        match (self.rng.u8(0..10), Digit::new('1')) {
            (0..7, Ok(one)) => self.plan(at, Plan::Press(leg, one)),
            (7, _) => self.plan(at, Plan::Go(leg, Gone::HungUp)),
            _ => {}
        }
    }

    pub(super) fn answer_like_a_customer(&mut self, leg: LegId, now: Timestamp) {
        let rings = self.soon(now, 3_000);
        if self.rng.u8(0..4) == 0 {
            let plays = self.soon(rings, 1_000);
            self.plan(plays, Plan::EarlyMedia(leg));
        }
        match self.rng.u8(0..100) {
            0..55 => {
                self.plan(rings, Plan::Ring(leg));
                let answers = self.soon(rings, 15_000);
                self.plan(answers, Plan::Answer(leg));
            }
            55..70 => self.plan(rings, Plan::Go(leg, Gone::Busy)),
            70..77 => self.plan(rings, Plan::Go(leg, Gone::Refused)),
            77..80 => self.plan(rings, Plan::Go(leg, Gone::Unallocated)),
            80..84 => self.plan(rings, Plan::Go(leg, Gone::SwitchedOff)),
            84..86 => self.plan(rings, Plan::Go(leg, Gone::Failed)),
            _ => self.plan(rings, Plan::Ring(leg)),
        }
    }

    /// Two who talk: sooner or later one of them hangs up, or the line breaks.
    pub(super) fn talk(&mut self, a: LegId, b: LegId, now: Timestamp) {
        let length = match self.rng.u8(0..10) {
            0..2 => self.rng.u64(500..15_000),
            _ => self.rng.u64(15_000..180_000),
        };
        let why = match self.rng.u8(0..10) {
            0..2 => Gone::Lost,
            2..4 => Gone::PhoneLost,
            _ => Gone::HungUp,
        };
        if self.rng.u8(0..5) == 0 {
            let who = if self.rng.bool() { a } else { b };
            let holds = self.soon(now, length);
            let resumes = self.soon(holds, length);
            self.plan(holds, Plan::Hold(who, true));
            self.plan(resumes, Plan::Hold(who, false));
        }
        if self.rng.u8(0..6) == 0 {
            let who = if self.rng.bool() { a } else { b };
            let away = self.soon(now, length);
            let back = self.soon(away, 30_000);
            self.plan(away, Plan::Away(who, true));
            self.plan(back, Plan::Away(who, false));
        }
        let who = if self.rng.bool() { a } else { b };
        self.plan(now + Millis::new(length), Plan::Go(who, why));
    }
}
