//! Two phones and nothing between them.

#![allow(clippy::unwrap_used, reason = "the helpers of tests may fail like tests")]

use std::time::Duration;

use nohold_phone::{
    Behaviour, Call, CallState, Codec, Dialling, Dtmf, Incoming, Party, Phone, PhoneError, PhoneSettings, Sound,
    Transport,
};

const LIMIT: Duration = Duration::from_secs(5);

async fn phone(settings: PhoneSettings) -> Phone {
    Phone::start(settings).await.unwrap()
}

async fn pair() -> (Phone, Phone) {
    let anna = PhoneSettings::new("anna").display_name("Anna").codecs(&[Codec::Pcma, Codec::Pcmu]);
    let bert = PhoneSettings::new("bert").at("127.0.0.2".parse().unwrap()).codecs(&[Codec::Pcmu, Codec::Pcma]);
    (phone(anna).await, phone(bert).await)
}

/// Anna has dialled, and Bert has not answered yet.
async fn dialled(anna: &Phone, bert: &Phone) -> (Call, Incoming) {
    let call = anna.dial(&bert.uri()).await.unwrap();
    let incoming = bert.next_call(LIMIT).await.unwrap();
    (call, incoming)
}

async fn connected(anna: &Phone, bert: &Phone) -> (Call, Call) {
    let (call, incoming) = dialled(anna, bert).await;
    incoming.ring().unwrap();
    call.wait_ringing(LIMIT).await.unwrap();
    let answered = incoming.answer().await.unwrap();
    call.wait_answered(LIMIT).await.unwrap();
    (call, answered)
}

#[tokio::test]
async fn a_call_rings_is_answered_and_both_hear_the_others_tone() {
    let (anna, bert) = pair().await;
    let (a, b) = connected(&anna, &bert).await;
    a.play_tone(440.0);
    b.play_tone(700.0);
    let (at_a, at_b) = tokio::join!(a.wait_tone(700.0, LIMIT), b.wait_tone(440.0, LIMIT));
    let (at_a, at_b) = (at_a.unwrap(), at_b.unwrap());
    for heard in [&at_a, &at_b] {
        let faults = (heard.ssrc_changes, heard.sequence_gaps, heard.reordered, heard.timestamp_jumps, heard.foreign);
        assert_eq!(faults, (0, 0, 0, 0, 0), "{heard}");
    }
    a.play_silence();
    b.wait_silence(LIMIT).await.unwrap();
    assert!(a.recording().len() > 1_600);
}

#[tokio::test]
async fn the_caller_is_shown_and_headers_arrive() {
    let (anna, bert) = pair().await;
    let dialling = Dialling::to(&bert.uri())
        .from("+4930123")
        .named("A carrier")
        .header("P-Asserted-Identity", "<sip:+4930999@example.org>")
        .header("Call-Info", "<sip:x@y>;answer-after=0");
    let _call = anna.dial_as(dialling).await.unwrap();
    let incoming = bert.next_call(LIMIT).await.unwrap();
    assert_eq!((incoming.caller().as_str(), incoming.called().as_str()), ("+4930123", "bert"));
    assert_eq!(incoming.caller_name().as_deref(), Some("A carrier"));
    assert_eq!(incoming.header("p-asserted-identity").as_deref(), Some("<sip:+4930999@example.org>"));
    assert!(incoming.asks_for_auto_answer());
    assert!(incoming.offer().contains("telephone-event/8000"));
}

#[tokio::test]
async fn keys_arrive_as_events_and_by_info() {
    let (anna, bert) = pair().await;
    let (a, b) = connected(&anna, &bert).await;
    a.press("22#").await.unwrap();
    b.wait_digits("22#", LIMIT).await.unwrap();
    b.press_info("1*").await.unwrap();
    a.wait_digits("1*", LIMIT).await.unwrap();
    assert_eq!((a.digits().as_str(), b.digits().as_str()), ("1*", "22#"));
    assert!(matches!(a.press("2x").await, Err(PhoneError::Usage(_))));
}

#[tokio::test]
async fn a_phone_may_press_by_info_always() {
    let (_, bert) = pair().await;
    let carl = phone(PhoneSettings::new("carl").dtmf(Dtmf::Info)).await;
    let (a, b) = connected(&carl, &bert).await;
    a.press("9").await.unwrap();
    b.wait_digits("9", LIMIT).await.unwrap();
    assert!(b.log().contains("key 9 (INFO)"), "{}", b.log());
}

#[tokio::test]
async fn a_held_call_is_silent_for_the_holder_and_comes_back() {
    let (anna, bert) = pair().await;
    let (a, b) = connected(&anna, &bert).await;
    b.play_tone(700.0);
    a.wait_tone(700.0, LIMIT).await.unwrap();
    a.hold().await.unwrap();
    b.wait_held(true, LIMIT).await.unwrap();
    a.wait_heard("nothing", LIMIT, |heard| heard.sound == Sound::Nothing).await.unwrap();
    a.resume().await.unwrap();
    b.wait_held(false, LIMIT).await.unwrap();
    let heard = a.wait_tone(700.0, LIMIT).await.unwrap();
    assert_eq!((heard.ssrc_changes, heard.sequence_gaps), (0, 0), "{heard}");
}

#[tokio::test]
async fn either_side_may_hang_up() {
    let (anna, bert) = pair().await;
    for caller_hangs_up in [true, false] {
        let (mut a, mut b) = connected(&anna, &bert).await;
        let (first, second) = if caller_hangs_up { (&mut a, &mut b) } else { (&mut b, &mut a) };
        first.hang_up().await.unwrap();
        assert_eq!(first.wait_ended(LIMIT).await.unwrap().by, Party::Us);
        assert_eq!(second.wait_ended(LIMIT).await.unwrap().by, Party::Them);
    }
}

#[tokio::test]
async fn a_call_that_is_dropped_is_hung_up() {
    let (anna, bert) = pair().await;
    let (a, b) = connected(&anna, &bert).await;
    drop(a);
    assert_eq!(b.wait_ended(LIMIT).await.unwrap().by, Party::Them);
}

#[tokio::test]
async fn a_phone_that_vanishes_says_nothing() {
    let (anna, bert) = pair().await;
    let (a, b) = connected(&anna, &bert).await;
    a.play_tone(440.0);
    b.wait_tone(440.0, LIMIT).await.unwrap();
    anna.vanish();
    b.wait_heard("nothing", LIMIT, |heard| heard.sound == Sound::Nothing).await.unwrap();
    assert_eq!(b.state(), CallState::Answered);
    drop(a);
}

#[tokio::test]
async fn a_declined_call_says_why() {
    let (anna, bert) = pair().await;
    for status in [486, 603] {
        let (call, incoming) = dialled(&anna, &bert).await;
        incoming.decline(status).unwrap();
        let end = call.wait_ended(LIMIT).await.unwrap();
        assert_eq!((end.by, end.status), (Party::Them, Some(status)), "{end}");
        let problem = call.wait_answered(LIMIT).await.unwrap_err().to_string();
        assert!(problem.contains(&format!("{status}")) && problem.contains("dialling"), "{problem}");
    }
    let (_call, incoming) = dialled(&anna, &bert).await;
    assert!(matches!(incoming.decline(200), Err(PhoneError::Usage(_))));
}

#[tokio::test]
async fn a_caller_may_cancel_while_it_rings() {
    let (anna, bert) = pair().await;
    let (mut call, incoming) = dialled(&anna, &bert).await;
    incoming.ring().unwrap();
    call.wait_ringing(LIMIT).await.unwrap();
    call.hang_up().await.unwrap();
    let end = call.wait_ended(LIMIT).await.unwrap();
    assert_eq!((end.by, end.status), (Party::Us, Some(487)), "{end}");
    let end = incoming.wait_ended(LIMIT).await.unwrap();
    assert_eq!((end.by, end.status), (Party::Them, Some(487)), "{end}");
}

#[tokio::test]
async fn a_wait_in_vain_tells_what_happened_instead() {
    let (anna, bert) = pair().await;
    let (call, incoming) = dialled(&anna, &bert).await;
    incoming.ring().unwrap();
    call.wait_ringing(LIMIT).await.unwrap();
    let problem = call.wait_answered(Duration::from_millis(100)).await.unwrap_err().to_string();
    for word in ["the answer", "180", "Ringing", "no audio at all"] {
        assert!(problem.contains(word), "{word} is missing in: {problem}");
    }
    let problem = bert.next_call(Duration::from_millis(10)).await.err().unwrap().to_string();
    assert!(problem.contains("no INVITE"), "{problem}");
}

#[tokio::test]
async fn early_media_is_heard_before_the_answer() {
    let (anna, bert) = pair().await;
    let (call, mut incoming) = dialled(&anna, &bert).await;
    incoming.early_media(620.0).unwrap();
    call.wait_tone(620.0, LIMIT).await.unwrap();
    assert_eq!(call.state(), CallState::EarlyMedia);
    let answered = incoming.answer().await.unwrap();
    answered.play_tone(700.0);
    let heard = call.wait_tone(700.0, LIMIT).await.unwrap();
    assert_eq!((heard.ssrc_changes, heard.timestamp_jumps), (0, 0), "{heard}");
}

#[tokio::test]
async fn everything_goes_over_tcp_as_well() {
    let anna = phone(PhoneSettings::new("anna").transport(Transport::Tcp)).await;
    let bert = phone(PhoneSettings::new("bert").transport(Transport::Tcp)).await;
    let (mut a, b) = connected(&anna, &bert).await;
    a.play_tone(440.0);
    b.wait_tone(440.0, LIMIT).await.unwrap();
    b.hold().await.unwrap();
    a.wait_held(true, LIMIT).await.unwrap();
    a.hang_up().await.unwrap();
    b.wait_ended(LIMIT).await.unwrap();
}

#[tokio::test]
async fn codecs_without_a_common_one_do_not_connect() {
    let anna = phone(PhoneSettings::new("anna").codecs(&[Codec::Pcma])).await;
    let bert = phone(PhoneSettings::new("bert").codecs(&[Codec::Pcmu])).await;
    let (call, incoming) = dialled(&anna, &bert).await;
    let problem = incoming.answer().await.err().unwrap().to_string();
    assert!(problem.contains("no codec in common"), "{problem}");
    assert_eq!(call.state(), CallState::Trying);
}

#[tokio::test]
async fn nobody_at_the_other_end_is_told_as_such() {
    let anna = phone(PhoneSettings::new("anna")).await;
    assert!(matches!(anna.dial("600").await, Err(PhoneError::Usage(_))));
    // A port that was free a moment ago, with nobody behind it.
    let gone = phone(PhoneSettings::new("gone")).await.address();
    let call = anna.dial(&format!("sip:x@{gone}")).await.unwrap();
    let problem = call.wait_ringing(Duration::from_millis(200)).await.unwrap_err();
    assert!(matches!(problem, PhoneError::Timeout { .. }), "{problem}");
}

#[tokio::test]
async fn automatic_phones_answer_decline_and_let_ring() {
    let (anna, bert) = pair().await;
    let short = Duration::from_millis(50);
    bert.behave(Behaviour::answers_after(short).with_tone(700.0).hanging_up_after(Duration::from_secs(1)));
    let call = anna.dial(&bert.uri()).await.unwrap();
    call.play_tone(440.0);
    call.wait_tone(700.0, LIMIT).await.unwrap();
    assert_eq!(call.wait_ended(LIMIT).await.unwrap().by, Party::Them);

    bert.behave(Behaviour::declines(486));
    let call = anna.dial(&bert.uri()).await.unwrap();
    assert_eq!(call.wait_ended(LIMIT).await.unwrap().status, Some(486));

    bert.behave(Behaviour::never_answers());
    let mut call = anna.dial(&bert.uri()).await.unwrap();
    call.wait_ringing(LIMIT).await.unwrap();
    call.hang_up().await.unwrap();

    let deadline = tokio::time::Instant::now() + LIMIT;
    while bert.past_calls().len() < 3 && tokio::time::Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let past = bert.past_calls();
    let answered: Vec<bool> = past.iter().map(|call| call.answered).collect();
    assert_eq!(answered, [true, false, false], "{past:?}");
    assert_eq!(past[0].caller_name.as_deref(), Some("Anna"));
    assert!(past[0].heard.as_ref().is_some_and(|heard| heard.is_tone(440.0)), "{past:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_phones_call_a_hundred_others() {
    let mut phones = Vec::new();
    for number in 0..200 {
        let settings = PhoneSettings::new(&format!("p{number}")).recording_limit(Duration::ZERO);
        phones.push(phone(settings).await);
    }
    let (callers, called) = phones.split_at(100);
    let mut calls = Vec::new();
    for (caller, called) in callers.iter().zip(called) {
        called.behave(Behaviour::answers_after(Duration::ZERO).with_tone(700.0));
        calls.push(caller.dial(&called.uri()).await.unwrap());
    }
    for call in &calls {
        call.wait_answered(Duration::from_secs(20)).await.unwrap();
    }
    // Not all hundred: looking for tones takes more of a small machine than the calls do.
    for call in calls.iter().step_by(20) {
        call.wait_tone(700.0, Duration::from_secs(20)).await.unwrap();
    }
}

#[tokio::test]
async fn what_went_over_the_wire_stands_in_the_books_of_both() {
    let (anna, bert) = pair().await;
    let (mut a, b) = connected(&anna, &bert).await;
    a.hang_up().await.unwrap();
    b.wait_ended(LIMIT).await.unwrap();
    let told = |phone: &Phone| -> Vec<(bool, String, Option<u16>)> {
        let messages = phone.messages().into_iter().filter(|message| message.status != Some(100));
        messages.map(|message| (message.came_in, message.method, message.status)).collect()
    };
    let of = |anna: bool, method: &str, status: Option<u16>| (anna, method.to_owned(), status);
    let expected = |mine: bool| {
        vec![
            of(!mine, "INVITE", None),
            of(mine, "INVITE", Some(180)),
            of(mine, "INVITE", Some(200)),
            of(!mine, "ACK", None),
            of(!mine, "BYE", None),
            of(mine, "BYE", Some(200)),
        ]
    };
    assert_eq!((told(&anna), told(&bert)), (expected(true), expected(false)));
    assert!(bert.messages().iter().all(|message| message.call_id == a.call_id()));
    assert_eq!(bert.messages()[0].user, "bert");
}
