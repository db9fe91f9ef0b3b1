//! A scripted SIP phone: what a person with a telephone does, as calls of methods, and what that person hears.
//!
//! The demo, the tests and the benchmarks use it to play callers, agents and carriers. It shares nothing with the
//! engine above the SIP library: its SDP, its RTP and its ears are its own, so that a mistake of the engine is not
//! repeated here. That it gets along with the engine proves nothing about SIP all the same, since both stand on one
//! library; for that there are phones of other makers.
//!
//! ```no_run
//! # async fn example() -> Result<(), nohold_phone::PhoneError> {
//! use std::time::Duration;
//! use nohold_phone::{Phone, PhoneSettings};
//!
//! let server = "127.0.0.1:5060".parse().expect("an address");
//! let phone = Phone::start(PhoneSettings::new("1000").password("secret").server(server)).await?;
//! phone.register(Duration::from_secs(60)).await?;
//! let mut call = phone.dial("600").await?;
//! call.wait_answered(Duration::from_secs(5)).await?;
//! call.press("2").await?;
//! call.wait_tone(440.0, Duration::from_secs(5)).await?;
//! call.hang_up().await?;
//! # Ok(())
//! # }
//! ```

mod behaviour;
mod call;
mod digest;
mod ear;
mod error;
mod incoming;
mod line;
mod log;
mod media;
mod mouth;
mod page;
mod phone;
mod sdp;
mod settings;
mod stack;
mod tasks;
mod tone;
mod wire;

pub use behaviour::{Answer, Behaviour, PastCall};
pub use call::Call;
pub use ear::Heard;
pub use error::PhoneError;
pub use incoming::Incoming;
pub use line::{CallState, End, Party};
pub use mouth::read_wav;
pub use page::{Page, PageOffer};
pub use phone::{Dialling, Phone};
pub use settings::{Codec, Dtmf, PhoneSettings, Transport};
pub use tone::{SAMPLE_RATE, Sound, sine, sound_of, tone_of};
pub use wire::Message;
