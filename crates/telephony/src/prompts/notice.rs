//! What the telephony itself says: to agents who dial star codes, and around calls.

use nohold_model::{PromptKey, Spoken};

macro_rules! notices {
    ($($name:ident, $key:literal, $meaning:literal;)*) => {
        /// A shipped prompt that no flow asks for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Notice {
            $(#[doc = $meaning] $name,)*
        }

        impl Notice {
            /// All of them.
            pub const ALL: &[Notice] = &[$(Notice::$name),*];

            /// The key of its prompt, under which a folder may replace it.
            #[must_use]
            pub const fn key(self) -> &'static str {
                match self { $(Notice::$name => $key,)* }
            }

            /// What it says, for whoever records or translates it.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Notice::$name => $meaning,)* }
            }
        }
    };
}

notices! {
    SignedIn, "signed-in", "You are signed in.";
    SignedOut, "signed-out", "You are signed out.";
    Available, "agent-available", "You are available.";
    OnBreak, "agent-on-break", "You are on break.";
    NotReady, "agent-not-ready", "You are not ready.";
    Cleared, "agent-cleared", "Cleared. You are available again.";
    WrapUpEnded, "wrap-up-ended", "Wrap-up has ended.";
    NotPossible, "not-possible-now", "This is not possible now.";
    NotInService, "not-in-service", "This number is not in service.";
    EchoTest, "echo-test", "This is the echo test. Speak after the tone, and you will hear yourself.";
    Accept, "call-accept", "You have a call. To accept it, press 1.";
    OneMoment, "one-moment", "One moment, please.";
    LineBusy, "line-busy", "The line is busy.";
    NoAnswer, "no-answer", "There is no answer.";
    NoLine, "no-line", "The call cannot be made now. Please try again later.";
    RecordingNotice, "recording-notice", "This call may be recorded.";
    AllBusy, "all-busy", "All agents are busy. Please call again later. Goodbye.";
    Closed, "closed", "We are closed now. Please call again in our business hours. Goodbye.";
    Whisper, "whisper", "Call from queue … (the queue's number follows).";
    WhisperWaited, "whisper-waited", "The caller has waited … (the wait follows).";
    WhisperCallback, "whisper-callback", "A callback from Nohold for the number that ends in … (the last four digits follow).";
    WhisperAsked, "whisper-asked", "The request has waited … (how long follows).";
}

impl Notice {
    /// It as a piece of a sentence.
    #[must_use]
    pub fn spoken(self) -> Option<Spoken> {
        PromptKey::new(self.key()).ok().map(Spoken::Prompt)
    }
}
