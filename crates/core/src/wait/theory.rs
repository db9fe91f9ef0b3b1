//! Exact queueing theory, by which the simulator is measured.
//!
//! Rates are per second, λ of arrivals, μ of service and θ of giving up.

/// The queue M/M/n without giving up (Erlang C).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ErlangC {
    p_wait: f64,
    drain: f64,
}

/// The queue M/M/n+M: callers give up after an exponential patience (Erlang A).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ErlangA {
    lambda: f64,
    theta: f64,
    capacity: f64,
    /// `e^-scale` has been taken out of all integrals and of `e`, so that overload does not overflow.
    scale: f64,
    e: f64,
    d: f64,
    j: f64,
    j_h: f64,
    j_x: f64,
}

/// Steps of Simpson's rule; the error is far below the sixth digit for all loads of a call centre.
const STEPS: u32 = 20_000;

impl ErlangC {
    /// The queue with arrivals `lambda`, mean handling time `aht` in seconds, and `n` agents. Nothing when the agents
    /// cannot keep up (λ ≥ nμ), or when a figure is not a positive number.
    #[must_use]
    pub fn new(lambda: f64, aht: f64, n: u32) -> Option<Self> {
        let load = lambda * aht;
        let agents = f64::from(n);
        if !(is_positive(lambda) && is_positive(aht) && load < agents) {
            return None;
        }
        let blocked = erlang_b(load, n);
        let p_wait = agents * blocked / (agents - load * (1.0 - blocked));
        Some(ErlangC { p_wait, drain: agents / aht - lambda })
    }

    /// The share of callers who wait.
    #[must_use]
    pub fn p_wait(&self) -> f64 {
        self.p_wait
    }

    /// The mean wait of all callers (ASA) in seconds.
    #[must_use]
    pub fn asa(&self) -> f64 {
        self.p_wait / self.drain
    }

    /// The share of callers who are answered within `seconds`.
    #[must_use]
    pub fn service_level(&self, seconds: f64) -> f64 {
        1.0 - self.p_wait * (-self.drain * seconds.max(0.0)).exp()
    }
}

impl ErlangA {
    /// The queue with arrivals `lambda`, mean handling time `aht` and mean `patience` in seconds, and `n` agents, at
    /// any load. Nothing when a figure is not a positive number or there are no agents.
    #[must_use]
    pub fn new(lambda: f64, aht: f64, n: u32, patience: f64) -> Option<Self> {
        if n == 0 || ![lambda, aht, patience].into_iter().all(is_positive) {
            return None;
        }
        let theta = 1.0 / patience;
        let capacity = f64::from(n) / aht;
        let mut queue = ErlangA { lambda, theta, capacity, scale: 0.0, e: 0.0, d: 0.0, j: 0.0, j_h: 0.0, j_x: 0.0 };
        queue.scale = if lambda > capacity { queue.exponent((lambda / capacity).ln() / theta) } else { 0.0 };
        queue.e = (-queue.scale).exp() / erlang_b(lambda * aht, n - 1);
        // Beyond this the integrands are below e^-40 of their peak.
        let end = (lambda / theta - queue.scale + 40.0) / capacity;
        queue.j = simpson(end, |x| queue.g(x));
        queue.j_h = simpson(end, |x| queue.g(x) * (-theta * x).exp());
        queue.j_x = simpson(end, |x| queue.g(x) * (-theta * x).exp() * x);
        queue.d = queue.e + lambda * queue.j;
        Some(queue)
    }

    /// The share of callers who do not find an agent free.
    #[must_use]
    pub fn p_wait(&self) -> f64 {
        self.lambda * self.j / self.d
    }

    /// The share of callers who give up.
    #[must_use]
    pub fn p_abandon(&self) -> f64 {
        1.0 - (self.e + self.lambda * self.j_h) / self.d
    }

    /// The mean wait in seconds of those who are answered.
    #[must_use]
    pub fn asa_answered(&self) -> f64 {
        self.lambda / self.d * self.j_x / (1.0 - self.p_abandon())
    }

    /// The share of all callers who are answered within `seconds`.
    #[must_use]
    pub fn service_level(&self, seconds: f64) -> f64 {
        let part = simpson(seconds.max(0.0), |x| self.g(x) * (-self.theta * x).exp());
        (self.e + self.lambda * part) / self.d
    }

    fn g(&self, x: f64) -> f64 {
        (self.exponent(x) - self.scale).exp()
    }

    fn exponent(&self, x: f64) -> f64 {
        self.lambda / self.theta * (1.0 - (-self.theta * x).exp()) - self.capacity * x
    }
}

/// The share of callers who are lost when there is no line at all (Erlang B), for a load in Erlangs.
#[must_use]
pub fn erlang_b(load: f64, n: u32) -> f64 {
    (1..=n).fold(1.0, |blocked, k| load * blocked / (f64::from(k) + load * blocked))
}

fn is_positive(x: f64) -> bool {
    x.is_finite() && x > 0.0
}

fn simpson(end: f64, f: impl Fn(f64) -> f64) -> f64 {
    let h = end / f64::from(STEPS);
    let inner: f64 = (1..STEPS).map(|i| f(f64::from(i) * h) * if i % 2 == 1 { 4.0 } else { 2.0 }).sum();
    (f(0.0) + inner + f(end)) * h / 3.0
}
