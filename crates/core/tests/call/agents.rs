//! Agents who are rung, talk, hold and are lost (AT-1, AT-28).

use expect_test::expect;
use nohold_core::directory::Strategy;
use nohold_model::{AgentKey, Language};

use crate::stage::check;
use crate::stage::house::{house, key, with_queue};

#[test]
fn an_agent_who_does_not_answer_is_followed_by_the_next() {
    check(
        house(),
        "agent 2000 is free
         0:00 caller rings
         agent 2000 rings
         agent 2000 rings
         0:10 agent 2001 is free
         0:16",
        expect![[r#"
            0:00 agent 2000 is free
            0:00 caller rings
                   ? call arrived from 138****8000
            0:00 store: done
                   → answer caller
                   → caller hears music
                   · stands in 600, place 0:00, since 0:00, stay 1
            0:00 agent 2000 is reserved
                   → dial agent 2000 for 15 s, showing 138****8000
            0:00 agent 2000 rings
                   · offer rings
            0:00 agent 2000 rings
            0:10 agent 2001 is free
            0:15 time
                   → hang up agent 2000
                   · offer ended: NoAnswer, pause 5 s
            0:15 agent 2001 is reserved
                   → dial agent 2001 for 15 s, showing 138****8000
            = 2000 is NoAnswer
            = 2001 is Reserved
        "#]],
    );
}

#[test]
fn one_who_declines_has_a_pause() {
    check(
        house(),
        "agent 2000 is free
         0:00 caller rings
         0:03 agent 2000 declines
         0:10
         0:11 agent 2000 answers",
        expect![[r#"
            0:00 agent 2000 is free
            0:00 caller rings
                   ? call arrived from 138****8000
            0:00 store: done
                   → answer caller
                   → caller hears music
                   · stands in 600, place 0:00, since 0:00, stay 1
            0:00 agent 2000 is reserved
                   → dial agent 2000 for 15 s, showing 138****8000
            0:03 agent 2000 declines
                   · offer ended: Declined, pause 5 s
            0:10 agent 2000 is reserved
                   → dial agent 2000 for 15 s, showing 138****8000
            0:11 agent 2000 answers
                   → caller hears no more
                   → bridge agent 2000 and caller
                   · offer ended: Accepted
                   · left the line: Answered
                   · connected with 2000
            = 2000 is Talking
        "#]],
    );
}

#[test]
fn an_unreachable_phone_takes_the_agent_out_of_rotation() {
    check(
        house(),
        "agent 2000 is free
         0:00 caller rings
         0:01 agent 2000 is unreachable
         0:30",
        expect![[r#"
            0:00 agent 2000 is free
            0:00 caller rings
                   ? call arrived from 138****8000
            0:00 store: done
                   → answer caller
                   → caller hears music
                   · stands in 600, place 0:00, since 0:00, stay 1
            0:00 agent 2000 is reserved
                   → dial agent 2000 for 15 s, showing 138****8000
            0:01 agent 2000 is unreachable
                   · offer ended: Unreachable, pause 5 s
            = 2000 is NoAnswer
        "#]],
    );
}

#[test]
fn where_all_are_rung_the_first_answer_wins() {
    check(
        with_queue(|queue| queue.strategy = Strategy::RingAll),
        "agent 2000 is free
         agent 2001 is free
         0:00 caller rings
         0:04 agent 2001 answers
         0:05 agent 2000 answers
         0:40 agent 2001 hangs up",
        expect![[r#"
            0:00 agent 2000 is free
            0:00 agent 2001 is free
            0:00 caller rings
                   ? call arrived from 138****8000
            0:00 store: done
                   → answer caller
                   → caller hears music
                   · stands in 600, place 0:00, since 0:00, stay 1
            0:00 agent 2000 is reserved
                   → dial agent 2000 for 15 s, showing 138****8000
            0:00 agent 2001 is reserved
                   → dial agent 2001 for 15 s, showing 138****8000
            0:04 agent 2001 answers
                   → caller hears no more
                   → hang up agent 2000
                   → bridge agent 2001 and caller
                   · offer ended: Accepted
                   · left the line: Answered
                   · connected with 2001
            0:05 agent 2000 answers
            0:40 agent 2001 hangs up
                   → hang up caller
                   · served by 2001
                   · 2001 freed, wrap-up 10 s
                   · call ended: Served
            = 2000 is Available
            = 2001 is WrapUp
        "#]],
    );
}

#[test]
fn the_agents_number_and_the_whisper_are_both_heard_before_the_bridge() {
    check(
        with_queue(|queue| {
            queue.announce_agent = true;
            queue.whisper = Some(key("whisper-600"));
        }),
        "agent 2000 is free
         0:00 caller rings
         0:04 agent 2000 answers
         0:06 agent 2000 hears it
         0:07 caller hears it
         0:30 agent 2000 ends it",
        expect![[r#"
            0:00 agent 2000 is free
            0:00 caller rings
                   ? call arrived from 138****8000
            0:00 store: done
                   → answer caller
                   → caller hears music
                   · stands in 600, place 0:00, since 0:00, stay 1
            0:00 agent 2000 is reserved
                   → dial agent 2000 for 15 s, showing 138****8000
            0:04 agent 2000 answers
                   → caller hears no more
                   → caller hears agent number 2000
                   → agent 2000 hears [whisper-600] 600 [whisper-waited] under 1 min
                   · offer ended: Accepted
                   · left the line: Answered
            0:06 agent 2000 hears it
            0:07 caller hears it
                   → bridge agent 2000 and caller
                   · connected with 2000
            0:30 agent 2000 ends it
                   → hang up agent 2000
                   → hang up caller
                   · served by 2000
                   · 2000 freed, wrap-up 10 s
                   · call ended: Served
            = 2000 is WrapUp
        "#]],
    );
}

#[test]
fn who_hangs_up_before_the_bridge_is_missed_and_the_agent_has_no_wrap_up() {
    check(
        with_queue(|queue| queue.announce_agent = true),
        "agent 2000 is free
         0:00 caller rings
         0:04 agent 2000 answers
         0:05 caller hangs up",
        expect![[r#"
            0:00 agent 2000 is free
            0:00 caller rings
                   ? call arrived from 138****8000
            0:00 store: done
                   → answer caller
                   → caller hears music
                   · stands in 600, place 0:00, since 0:00, stay 1
            0:00 agent 2000 is reserved
                   → dial agent 2000 for 15 s, showing 138****8000
            0:04 agent 2000 answers
                   → caller hears no more
                   → caller hears agent number 2000
                   · offer ended: Accepted
                   · left the line: Answered
            0:05 caller hangs up
                   → hang up agent 2000
                   · 2000 freed, wrap-up 0 s
                   · missed call of queue 600, left at connecting, waited 5 s
                   · call ended: Missed
            = 2000 is Available
            = list: Missed of 138****8000 for queue 600, place 0:00, waiting
        "#]],
    );
}

#[test]
fn an_agent_who_hangs_up_before_the_bridge_leaves_the_caller_at_the_old_place() {
    check(
        with_queue(|queue| queue.announce_agent = true),
        "agent 2000 is free
         0:10 caller rings
         0:14 agent 2000 answers
         from here
         0:15 agent 2000 hangs up",
        expect![[r#"
            0:15 agent 2000 hangs up
                   → caller hears no more
                   → caller hears music
                   · 2000 freed, wrap-up 10 s
                   · stands in 600, place 0:10, since 0:15, stay 2
            = 2000 is WrapUp
        "#]],
    );
}

#[test]
fn an_agent_who_is_lost_leaves_the_caller_before_all_others() {
    check(
        house(),
        "agent 2000 is free
         0:10 caller rings
         0:14 agent 2000 answers
         from here
         0:50 agent 2000 is lost
         1:40 caller hangs up",
        expect![[r#"
            0:50 agent 2000 is lost
                   → unbridge
                   → caller hears music
                   · 2000 freed, wrap-up 0 s
                   · stands in 600, place 0:10, since 0:50, stay 2, Recovered
            0:50 agent 2000 is reserved
                   → dial agent 2000 for 15 s, showing 138****8000
            1:05 time
                   → hang up agent 2000
                   · offer ended: NoAnswer, pause 5 s
            1:40 caller hangs up
                   · left the line: HungUp
                   · cut off by us, customer of queue 600: Waiting
                   · call ended: CutOff
            = 2000 is NoAnswer
            = list: CutOff of 138****8000 for queue 600, place 0:10, waiting
        "#]],
    );
}

#[test]
fn an_agent_whose_page_does_not_come_back_has_not_hung_up_on_the_caller() {
    check(
        house(),
        "agent 2000 is free
         0:10 caller rings
         0:14 agent 2000 answers
         from here
         0:50 agent 2000 vanishes",
        expect![[r#"
            0:50 agent 2000 vanishes
                   → unbridge
                   → caller hears music
                   · 2000 freed, wrap-up 0 s
                   · stands in 600, place 0:10, since 0:50, stay 2, Recovered
            0:50 agent 2000 is reserved
                   → dial agent 2000 for 15 s, showing 138****8000
            = 2000 is Reserved
        "#]],
    );
}

#[test]
fn who_hangs_up_while_the_agents_phone_is_away_was_cut_off() {
    check(
        house(),
        "agent 2000 is free
         0:10 caller rings
         0:14 agent 2000 answers
         from here
         0:50 agent 2000 goes away
         0:55 agent 2000 is back
         1:00 agent 2000 goes away
         1:08 caller hangs up",
        expect![[r#"
            0:50 agent 2000 goes away
            0:55 agent 2000 is back
            1:00 agent 2000 goes away
            1:08 caller hangs up
                   → hang up agent 2000
                   → unbridge
                   · 2000 freed, wrap-up 0 s
                   · stands in 600, place 0:10, since 1:08, stay 2, Recovered
                   · left the line: HungUp
                   · cut off by us, customer of queue 600: Waiting
                   · call ended: CutOff
            = 2000 is Available
            = list: CutOff of 138****8000 for queue 600, place 0:10, waiting
        "#]],
    );
}

#[test]
fn who_hangs_up_after_the_agents_phone_came_back_has_talked() {
    check(
        house(),
        "agent 2000 is free
         0:10 caller rings
         0:14 agent 2000 answers
         from here
         0:50 agent 2000 goes away
         0:55 agent 2000 is back
         1:08 caller hangs up",
        expect![[r#"
            0:50 agent 2000 goes away
            0:55 agent 2000 is back
            1:08 caller hangs up
                   → hang up agent 2000
                   · served by 2000
                   · 2000 freed, wrap-up 10 s
                   · call ended: Served
            = 2000 is WrapUp
        "#]],
    );
}

#[test]
fn a_caller_on_hold_who_loses_the_agent_hears_the_waiting_music() {
    check(
        house(),
        "agent 2000 is free
         0:00 caller rings
         0:04 agent 2000 answers
         from here
         0:10 agent 2000 holds
         agent 2000 holds
         0:20 agent 2000 resumes
         0:30 agent 2000 holds
         0:31 agent 2000 is lost",
        expect![[r#"
            0:10 agent 2000 holds
                   → unbridge
                   → caller hears music
                   · held by 2000
                   ! granted
            0:10 agent 2000 holds
                   ! granted
            0:20 agent 2000 resumes
                   → caller hears no more
                   → bridge agent 2000 and caller
                   · taken back
                   ! granted
            0:30 agent 2000 holds
                   → unbridge
                   → caller hears music
                   · held by 2000
                   ! granted
            0:31 agent 2000 is lost
                   → caller hears no more
                   → caller hears music
                   · 2000 freed, wrap-up 0 s
                   · stands in 600, place 0:00, since 0:31, stay 2, Recovered
            0:31 agent 2000 is reserved
                   → dial agent 2000 for 15 s, showing 138****8000
            = 2000 is Reserved
        "#]],
    );
}

#[test]
fn a_short_conversation_serves_nobody() {
    check(
        house(),
        "agent 2000 is free
         0:00 caller rings
         0:04 agent 2000 answers
         from here
         0:14 caller hangs up",
        expect![[r#"
            0:14 caller hangs up
                   → hang up agent 2000
                   · 2000 freed, wrap-up 10 s
                   · call ended: Served
            = 2000 is WrapUp
        "#]],
    );
}

#[test]
fn an_engine_that_restarts_has_cut_both_off() {
    check(
        house(),
        "agent 2000 is free
         0:00 caller rings
         0:04 agent 2000 answers
         from here
         0:14 engine restarts",
        expect![[r#"
            0:14 engine restarts
                   → hang up agent 2000
                   · 2000 freed, wrap-up 10 s
                   · cut off by us, customer of queue 600: Talking
                   · call ended: CutOff
            = 2000 is WrapUp
            = list: CutOff of 138****8000 for queue 600, place 0:00, waiting
        "#]],
    );
}

#[test]
fn a_caller_lost_in_a_conversation_is_cut_off() {
    check(
        house(),
        "agent 2000 is free
         0:00 caller rings
         0:04 agent 2000 answers
         from here
         0:14 caller is lost",
        expect![[r#"
            0:14 caller is lost
                   → hang up agent 2000
                   · 2000 freed, wrap-up 10 s
                   · cut off by us, customer of queue 600: Talking
                   · call ended: CutOff
            = 2000 is WrapUp
            = list: CutOff of 138****8000 for queue 600, place 0:00, waiting
        "#]],
    );
}

#[test]
fn a_customer_who_comes_back_after_our_attempt_stands_before_all_others() {
    check(
        house(),
        "0:00 caller rings returning",
        expect![[r#"
            0:00 caller rings returning
                   ? call arrived from 138****8000
            0:00 store: done, we have tried to reach this customer
                   → answer caller
                   → caller hears music
                   · stands in 600, place 0:00, since 0:00, stay 1, Returning
            = list: Missed of 138****8000 for support, place 0:00, waiting, attempts 1
        "#]],
    );
}

#[test]
fn a_call_that_the_store_cannot_keep_is_refused() {
    check(
        house(),
        "store fails
         0:00 caller rings
         caller hangs up",
        expect![[r#"
            0:00 store fails
            0:00 caller rings
                   ? call arrived from 138****8000
            0:00 store: failed
                   → hang up caller, 503
            0:00 caller hangs up
        "#]],
    );
}

#[test]
fn a_caller_who_gives_up_before_the_arrival_is_committed_is_missed() {
    check(
        house(),
        "store holds
         0:00 caller rings
         0:01 caller hangs up
         0:02 store commits",
        expect![[r#"
            0:00 store holds
            0:00 caller rings
                   ? call arrived from 138****8000
            0:01 caller hangs up
            0:02 store commits
            0:02 store: done
                   · missed call of support, left at menu, waited 2 s
                   · call ended: Missed
        "#]],
    );
}

#[test]
fn a_caller_who_gives_up_before_the_store_fails_leaves_nothing() {
    check(
        house(),
        "store holds
         0:00 caller rings
         0:01 caller hangs up
         0:02 store fails",
        expect![[r#"
            0:00 store holds
            0:00 caller rings
                   ? call arrived from 138****8000
            0:01 caller hangs up
            0:02 store fails
            0:02 store: failed
        "#]],
    );
}

#[test]
fn strangers_and_late_words_change_nothing() {
    check(
        house(),
        "agent 2000 is free
         0:00 caller rings
         0:04 agent 2000 answers
         from here
         stranger answers
         stranger hears it
         stranger hangs up
         agent 2000 rings
         agent 2000 answers
         caller hears it
         caller presses 5
         caller speaks 7 s and presses #
         0:30 caller hangs up
         agent 2000 ends it
         agent 2000 hangs up
         caller presses 2
         1:00",
        expect![[r#"
            0:04 stranger answers
            0:04 stranger hears it
            0:04 stranger hangs up
            0:04 agent 2000 rings
            0:04 agent 2000 answers
            0:04 caller hears it
            0:04 caller presses 5
            0:04 caller speaks 7 s and presses #
            0:30 caller hangs up
                   → hang up agent 2000
                   · served by 2000
                   · 2000 freed, wrap-up 10 s
                   · call ended: Served
            0:30 agent 2000 ends it
            0:30 agent 2000 hangs up
            0:30 caller presses 2
            = 2000 is WrapUp
        "#]],
    );
}

#[test]
fn a_hold_key_pressed_before_the_conversation_counts_from_its_beginning() {
    check(
        with_queue(|queue| queue.whisper = Some(key("whisper"))),
        "agent 2000 is free
         0:00 caller rings
         from here
         0:02 agent 2000 answers
         0:03 agent 2000 presses hold
         0:05 agent 2000 hears it
         0:09 agent 2000 presses resume",
        expect![[r#"
            0:02 agent 2000 answers
                   → caller hears no more
                   → agent 2000 hears [whisper] 600 [whisper-waited] under 1 min
                   · offer ended: Accepted
                   · left the line: Answered
            0:03 agent 2000 presses hold
            0:05 agent 2000 hears it
                   → bridge agent 2000 and caller
                   → unbridge
                   → caller hears music
                   · connected with 2000
                   · held by 2000
            0:09 agent 2000 presses resume
                   → caller hears no more
                   → bridge agent 2000 and caller
                   · taken back
            = 2000 is Talking
        "#]],
    );
}

#[test]
fn the_whisper_is_in_the_language_of_the_agent_and_names_queue_and_wait() {
    let mut house = with_queue(|queue| queue.whisper = Some(key("whisper")));
    house.agents.get_mut(&key::<AgentKey>("2000")).unwrap().language = Some(Language::Chinese);
    check(
        house,
        "0:00 caller rings
         0:55 agent 2000 is free
         from here
         1:01 agent 2000 answers
         1:05 agent 2000 hears it",
        expect![[r#"
            1:00 time
                   → caller hears no more
                   → caller hears [queue-menu]
                   · flow queue-overflow v1
            1:01 agent 2000 answers
                   → caller hears no more
                   → agent 2000 hears in Chinese [whisper] 600 [whisper-waited] under 2 min
                   · offer ended: Accepted
                   · left the line: Answered
            1:05 agent 2000 hears it
                   → bridge agent 2000 and caller
                   · connected with 2000
            = 2000 is Talking
        "#]],
    );
}
