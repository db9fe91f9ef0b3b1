//! The embedded telephony engine: SIP signalling on top of the media plane.

mod leg;
mod registrar;
mod sdp;
