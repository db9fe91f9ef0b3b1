//! QL_m: the wait of who joins the line now.

use nohold_model::{Millis, Spoken};

/// Mean handling time of a queue that has no figures of its own yet.
pub const DEFAULT_AHT: Millis = Millis::seconds(300);
/// Mean patience of the callers of a queue that has no figures of its own yet.
pub const DEFAULT_PATIENCE: Millis = Millis::seconds(240);

/// What stands before somebody who joins the line while all agents are busy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineAhead {
    /// Agents signed in for the queue.
    pub agents: u32,
    /// Mean handling time (AHT).
    pub aht: Millis,
    /// Mean patience: how long callers wait before they give up. Zero means that nobody ever gives up.
    pub patience: Millis,
    /// Callers on the line ahead.
    pub live_ahead: u32,
    /// Callback requests ahead, which do not give up.
    pub requests_ahead: u32,
}

/// A predicted wait.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    mean: f64,
    variance: f64,
}

/// The range in which nine of ten waits lie.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// One of twenty waits is shorter, in seconds.
    pub low: f64,
    /// One of twenty is longer, in seconds.
    pub high: f64,
}

/// What a queue's waits of the past taught: actual over predicted, from 0.7 to 1.3.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Correction(f64);

/// The 95 % quantile of the standard normal distribution.
const Z_95: f64 = 1.645;

impl LineAhead {
    /// The wait: `Σ 1/(n·μ + i·f·θ)` for i from 0 to K, where K stand ahead and f of them are live; its variance is
    /// `Σ 1/rate²`.
    ///
    /// Nothing where nothing can be said: no agents, or no handling time.
    #[must_use]
    pub fn estimate(&self) -> Option<Estimate> {
        if self.agents == 0 || self.aht == Millis::ZERO {
            return None;
        }
        let service = f64::from(self.agents) / self.aht.as_secs_f64();
        let giving_up = if self.patience == Millis::ZERO { 0.0 } else { 1.0 / self.patience.as_secs_f64() };
        let ahead = u64::from(self.live_ahead) + u64::from(self.requests_ahead);
        let live_share = if ahead == 0 { 0.0 } else { f64::from(self.live_ahead) / to_f64(ahead) };
        let (mut mean, mut variance) = (0.0, 0.0);
        for i in 0..=ahead {
            let step = 1.0 / (service + to_f64(i) * live_share * giving_up);
            mean += step;
            variance += step * step;
        }
        Some(Estimate { mean, variance })
    }
}

impl Estimate {
    /// The mean wait.
    #[must_use]
    pub fn mean(&self) -> Millis {
        Millis::from_secs_f64(self.mean)
    }

    /// The mean wait in seconds.
    #[must_use]
    pub fn mean_s(&self) -> f64 {
        self.mean
    }

    /// The standard deviation in seconds.
    #[must_use]
    pub fn deviation_s(&self) -> f64 {
        self.variance.sqrt()
    }

    /// The same, corrected by what the past taught.
    #[must_use]
    pub fn corrected(self, by: Correction) -> Self {
        Estimate { mean: self.mean * by.0, variance: self.variance * by.0 * by.0 }
    }

    /// The range from the 5 % to the 95 % quantile of the gamma distribution with this mean and variance, by the
    /// approximation of Wilson and Hilferty (1931).
    #[must_use]
    pub fn interval(&self) -> Interval {
        let shape = self.mean * self.mean / self.variance;
        let quantile = |z: f64| {
            let root = 1.0 - 1.0 / (9.0 * shape) + z / (3.0 * shape.sqrt());
            self.mean * root.max(0.0).powi(3)
        };
        Interval { low: quantile(-Z_95), high: quantile(Z_95) }
    }

    /// What is said to the caller: a range rounded outwards to minutes; "less than two minutes" where it ends before
    /// two. The wait is never said shorter than it is.
    #[must_use]
    pub fn spoken(&self) -> Spoken {
        self.interval().spoken()
    }
}

impl Interval {
    /// What is said to the caller, see [`Estimate::spoken`].
    #[must_use]
    pub fn spoken(&self) -> Spoken {
        let from_minutes = whole(self.low / 60.0);
        let to_minutes = whole((self.high / 60.0).ceil());
        if self.high < 120.0 {
            Spoken::WaitUnder { minutes: 2 }
        } else if from_minutes == 0 {
            Spoken::WaitUnder { minutes: to_minutes }
        } else {
            Spoken::WaitBetween { from_minutes, to_minutes: to_minutes.max(from_minutes.saturating_add(1)) }
        }
    }
}

impl Default for Correction {
    fn default() -> Self {
        Correction::NONE
    }
}

impl Correction {
    /// Nothing learned yet.
    pub const NONE: Correction = Correction(1.0);

    /// The quotient of the waits that were and those that were predicted, kept within 0.7 and 1.3. One, where there
    /// is no quotient.
    #[must_use]
    pub fn learned(actual: Millis, predicted: Millis) -> Self {
        let quotient = actual.as_secs_f64() / predicted.as_secs_f64();
        if quotient.is_finite() { Correction(quotient.clamp(0.7, 1.3)) } else { Correction::NONE }
    }

    /// The factor.
    #[must_use]
    pub fn factor(self) -> f64 {
        self.0
    }
}

fn to_f64(n: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts of people stay far below 2^52")]
    let n = n as f64;
    n
}

fn whole(minutes: f64) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates by definition")]
    let minutes = minutes as u32;
    minutes
}
