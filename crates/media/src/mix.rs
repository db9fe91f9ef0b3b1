//! What a leg hears of those with whom it is in a bridge: of one, every byte as it is; of several, their sum.

use std::sync::Arc;

use nohold_model::Digit;
use nohold_telephony::FRAME_SAMPLES;
use nohold_telephony::codec::Codec;

use crate::ear::{Ear, Frame, Listener};
use crate::law;

/// The ears of the others.
pub(crate) struct Mix(Vec<Listener>);

impl Mix {
    /// Begins to listen to these. The keys of the other side are wanted where there is only one.
    pub(crate) fn new(ears: Vec<Arc<Ear>>) -> Mix {
        let alone = ears.len() == 1;
        Mix(ears.into_iter().map(|ear| Listener::new(ear, alone)).collect())
    }

    /// Begins to listen to these, and never takes a key.
    pub(crate) fn listening(ears: Vec<Arc<Ear>>) -> Mix {
        Mix(ears.into_iter().map(|ear| Listener::new(ear, false)).collect())
    }

    /// The next 20 ms for a leg with this codec; silence where nobody says anything.
    pub(crate) fn hear(&mut self, to: Codec, frame: &mut Frame) {
        if let [one] = self.0.as_mut_slice() {
            match one.hear(frame) {
                Some(from) => law::rewrite(frame, from, to),
                None => frame.fill(to.silence()),
            }
            return;
        }
        frame.fill(to.silence());
        if let Some(samples) = self.sum() {
            to.encode(&samples, frame);
        }
    }

    /// The next 20 ms of all of them together, clipped; nothing where nobody says anything.
    pub(crate) fn sum(&mut self) -> Option<[i16; FRAME_SAMPLES]> {
        let mut sum = [0_i32; FRAME_SAMPLES];
        let mut heard = false;
        for listener in &mut self.0 {
            let mut frame: Frame = [0; FRAME_SAMPLES];
            let Some(codec) = listener.hear(&mut frame) else { continue };
            let mut samples = [0_i16; FRAME_SAMPLES];
            codec.decode(&frame, &mut samples);
            for (sum, sample) in sum.iter_mut().zip(samples) {
                *sum += i32::from(sample);
            }
            heard = true;
        }
        heard.then(|| sum.map(clip))
    }

    /// A key that was pressed by the other side, where there is only one.
    pub(crate) fn key(&mut self) -> Option<Digit> {
        match self.0.as_mut_slice() {
            [one] => one.key(),
            _ => None,
        }
    }
}

/// The nearest sample that there is.
fn clip(sum: i32) -> i16 {
    i16::try_from(sum).unwrap_or(if sum < 0 { i16::MIN } else { i16::MAX })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_loud_is_clipped_and_does_not_wrap() {
        assert_eq!([40_000, -40_000, 17].map(clip), [i16::MAX, i16::MIN, 17]);
    }
}
