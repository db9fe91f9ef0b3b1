//! The media plane: RTP legs on a few threads.
