//! A scripted SIP phone.
