//! The prompts of the built-in dialogues: keying a number, callback request, message, last words.
//!
//! Nobody has to draw these dialogues, so their words have to be there from the first day. Each has a default prompt,
//! which a document may replace for all its nodes and a node for itself (`wording`).

use std::collections::BTreeMap;

use nohold_model::{PromptKey, Spoken};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Prompts in place of the default ones.
pub type Wording = BTreeMap<Builtin, PromptKey>;

macro_rules! builtins {
    ($($name:ident, $key:literal, $meaning:literal;)*) => {
        /// One prompt of a built-in dialogue.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum Builtin {
            $(#[doc = $meaning] $name,)*
        }

        impl Builtin {
            /// All of them, in the order in which a caller may meet them.
            pub const ALL: &[Builtin] = &[$(Builtin::$name),*];

            /// The key of the prompt that is shipped for it.
            #[must_use]
            pub const fn default_key(self) -> &'static str {
                match self { $(Builtin::$name => $key,)* }
            }

            /// What the prompt says, for whoever records or translates it.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Builtin::$name => $meaning,)* }
            }
        }
    };
}

builtins! {
    NumberAsk, "number-ask", "Please key in the number, then press the hash key.";
    NumberHeard, "number-heard", "You keyed in … (the digits follow).";
    NumberConfirm, "number-confirm", "If this is right, press 1. To key it in again, press 2.";
    NumberNotCalled, "number-not-called", "We cannot call this number.";
    NumberGivenUp, "number-given-up", "We could not take down a number.";
    CallbackConfirm, "callback-confirm", "We will call you back on the number that ends in … (the last four digits follow).";
    CallbackConfirmKeys, "callback-confirm-keys", "To agree, press 1. For another number, press 2.";
    CallbackThanks, "callback-thanks", "Thank you. We will call you back on the number that ends in … (the last four digits and the promise follow).";
    CallbackHangUpNow, "callback-hang-up-now", "You may hang up now. Goodbye.";
    CallbackAlreadyOpen, "callback-already-open", "We have your request already and keep your place. We will call you … (the wait follows).";
    CallbackAnotherMatter, "callback-another-matter", "If you are another person or call about another matter, press 1. Otherwise you may hang up.";
    CallbackNotNoted, "callback-not-noted", "We are sorry, your request could not be noted.";
    MessageGreeting, "message-greeting", "Please leave a message after the tone. Press the hash key when you have finished.";
    MessageSaved, "message-saved", "Your message has been saved. Thank you. Goodbye.";
    MessageNotSaved, "message-not-saved", "We are sorry, your message could not be saved.";
    SayPosition, "say-position", "Your position in the line is … (the position follows).";
    SayWait, "say-wait", "The expected wait is … (the wait follows).";
    CallbackKey, "callback-key", "To be called back, press … (the key follows).";
}

impl Builtin {
    /// What is played for it where no document words it otherwise.
    #[must_use]
    pub fn by_default(self) -> Option<Spoken> {
        self.spoken([None, None])
    }

    /// What is played for it: the node's wording, else the document's, else the default.
    pub(crate) fn spoken(self, wordings: [Option<&Wording>; 2]) -> Option<Spoken> {
        let own = wordings.into_iter().flatten().find_map(|wording| wording.get(&self));
        let key = own.cloned().or_else(|| PromptKey::new(self.default_key()).ok());
        key.map(Spoken::Prompt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_default_is_a_prompt_key_of_its_own() {
        let keys: BTreeSet<_> = Builtin::ALL.iter().map(|one| PromptKey::new(one.default_key()).unwrap()).collect();
        assert_eq!(keys.len(), Builtin::ALL.len());
    }

    #[test]
    fn the_nearest_wording_wins() {
        let wording = |key| Wording::from([(Builtin::NumberAsk, PromptKey::new(key).unwrap())]);
        let (node, document) = (wording("mine"), wording("ours"));
        let played = |wordings| Builtin::NumberAsk.spoken(wordings);
        let prompt = |key| Some(Spoken::Prompt(PromptKey::new(key).unwrap()));
        assert_eq!(played([Some(&node), Some(&document)]), prompt("mine"));
        assert_eq!(played([None, Some(&document)]), prompt("ours"));
        assert_eq!(played([None, None]), prompt("number-ask"));
    }
}
