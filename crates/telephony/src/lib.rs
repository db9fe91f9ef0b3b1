//! What every telephony engine shares: codecs, clips, prompts, the `say` grammar, tones, recordings.
//!
//! Everything here computes or reads files; nothing opens a socket.

pub mod clip;
pub mod codec;
pub mod prompts;
pub mod recording;
pub mod say;
pub mod speech;
pub mod tone;

/// Samples a second of everything that is played, bridged or recorded (G.711, RFC 3551 §4.5.14).
pub const SAMPLE_RATE: u32 = 8_000;

/// The time that one frame lasts, in milliseconds; one RTP packet carries one frame.
pub const FRAME_MS: u32 = 20;

/// Samples in one frame, which are also its bytes in G.711.
pub const FRAME_SAMPLES: usize = 160;
