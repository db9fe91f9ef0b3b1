use super::*;

const START: u32 = u32::MAX - 1_000;

/// A talker whose n-th frame is filled with the byte n.
struct Talk {
    ear: Arc<Ear>,
    listener: Listener,
}

impl Talk {
    fn new() -> Self {
        let ear = Arc::new(Ear::new());
        let listener = Listener::new(Arc::clone(&ear), false);
        Talk { ear, listener }
    }

    fn say(&self, number: u8) -> Written {
        self.ear.write(at(number), &[number; FRAME_SAMPLES], Codec::Pcmu)
    }

    /// The number of the frame that is heard at this tick, if one is.
    fn hear(&mut self) -> Option<u8> {
        let mut frame = [0; FRAME_SAMPLES];
        self.listener.hear(&mut frame)?;
        assert!(frame.iter().all(|byte| *byte == frame[0]), "parts of two frames: {frame:?}");
        Some(frame[0])
    }

    /// What is heard when at each tick these frames have come before.
    fn ticks<const N: usize>(&mut self, arrivals: [&[u8]; N]) -> [Option<u8>; N] {
        arrivals.map(|arrived| {
            arrived.iter().for_each(|number| {
                self.say(*number);
            });
            self.hear()
        })
    }
}

fn at(number: u8) -> u32 {
    START.wrapping_add(u32::from(number) * 160)
}

#[test]
fn hearing_begins_when_two_frames_are_there_and_goes_on_frame_by_frame() {
    let heard = Talk::new().ticks([&[], &[1], &[2], &[3], &[4], &[5]]);
    assert_eq!(heard, [None, None, Some(1), Some(2), Some(3), Some(4)]);
}

#[test]
fn order_does_not_matter_while_there_is_time() {
    let heard = Talk::new().ticks([&[1], &[2], &[4], &[3], &[5], &[7, 6], &[8]]);
    assert_eq!(heard, [None, Some(1), Some(2), Some(3), Some(4), Some(5), Some(6)]);
}

#[test]
fn a_lost_frame_sounds_like_the_one_before_and_a_long_gap_is_silent() {
    let mut talk = Talk::new();
    let heard = talk.ticks([&[1], &[2], &[4], &[5], &[6]]);
    assert_eq!(heard, [None, Some(1), Some(2), Some(2), Some(4)]);
    let heard = talk.ticks([&[7, 11], &[12], &[13], &[14], &[15], &[16], &[17]]);
    let silence = Some(Codec::Pcmu.silence());
    assert_eq!(heard, [Some(5), Some(6), Some(7), silence, silence, silence, Some(11)]);
}

#[test]
fn a_frame_whose_time_has_passed_is_late() {
    let mut talk = Talk::new();
    talk.ticks([&[1], &[2], &[4], &[5], &[6]]);
    assert_eq!(talk.say(3), Written::Late);
    assert_eq!(talk.say(6), Written::InTime, "a frame may come twice");
    assert_eq!(talk.ticks([&[7]]), [Some(5)]);
}

#[test]
fn frames_that_come_late_are_waited_for_and_nothing_is_left_out() {
    let mut talk = Talk::new();
    let heard = talk.ticks([&[1], &[2], &[3], &[], &[], &[], &[4, 5, 6], &[7], &[8]]);
    // Once the last frame is heard again, then it is silent, then all of what was said is heard.
    assert_eq!(heard, [None, Some(1), Some(2), Some(3), Some(3), None, Some(4), Some(5), Some(6)]);
}

#[test]
fn a_listener_who_is_behind_for_no_reason_catches_up() {
    let mut talk = Talk::new();
    talk.ticks([&[1], &[2, 3, 4]]);
    let mut behind = Vec::new();
    for number in 5..=220 {
        let heard = talk.ticks([&[number]])[0].unwrap();
        behind.push(number - heard);
    }
    assert_eq!((behind[0], behind[behind.len() - 1]), (1, 1), "{behind:?}");

    let mut talk = Talk::new();
    talk.ticks([&[1], &[2], &[], &[], &[], &[3, 4, 5, 6]]);
    let behind: Vec<u8> = (7..=240).map(|number| number - talk.ticks([&[number]])[0].unwrap()).collect();
    assert!(behind[0] > 2 && behind[behind.len() - 1] <= 2, "{behind:?}");
}

#[test]
fn a_listener_who_is_far_behind_jumps() {
    let mut talk = Talk::new();
    talk.ticks([&[1], &[2]]);
    for number in 3..=20 {
        talk.say(number);
    }
    assert_eq!(talk.hear(), Some(19));
}

#[test]
fn after_a_pause_hearing_begins_anew() {
    let mut talk = Talk::new();
    talk.ticks([&[1], &[2], &[3]]);
    for _ in 0..50 {
        talk.hear();
    }
    // The timestamps have gone on with time.
    assert_eq!(talk.ticks([&[53], &[54], &[55]]), [None, Some(53), Some(54)]);
}

#[test]
fn another_stream_begins_anew() {
    let mut talk = Talk::new();
    talk.ticks([&[101], &[102], &[103]]);
    talk.ear.restart();
    assert_eq!(talk.ticks([&[1], &[2], &[3]]), [None, Some(1), Some(2)]);
}

#[test]
fn timestamps_that_jump_back_for_good_are_believed() {
    let mut talk = Talk::new();
    talk.ticks([&[201], &[202], &[203]]);
    let heard = talk.ticks([&[1], &[2], &[3], &[4], &[5], &[6], &[7]]);
    assert_eq!(heard[heard.len() - 2..], [Some(5), Some(6)], "{heard:?}");
}

#[test]
fn packets_of_any_length_are_heard_in_frames() {
    for (length, packets) in [(80, 24), (240, 8), (320, 6), (7, 280)] {
        let ear = Arc::new(Ear::new());
        let mut listener = Listener::new(Arc::clone(&ear), false);
        let said: Vec<u8> = (0..length * packets).map(|n| (n % 251) as u8).collect();
        let (mut heard, mut frame) = (Vec::new(), [0; FRAME_SAMPLES]);
        let mut sent = 0;
        for tick in 1..=12 {
            while sent + length <= tick * 160 && sent < said.len() {
                ear.write(at(0).wrapping_add(sent as u32), &said[sent..sent + length], Codec::Pcma);
                sent += length;
            }
            if listener.hear(&mut frame).is_some() {
                heard.extend(frame);
            }
        }
        let from = said.windows(heard.len()).position(|window| window == heard);
        assert!(heard.len() >= 8 * 160 && from.is_some(), "{length}: {} bytes heard, from {from:?}", heard.len());
    }
}

#[test]
fn listeners_do_not_take_from_each_other() {
    let mut talk = Talk::new();
    talk.ticks([&[1], &[2]]);
    let mut other = Listener::new(Arc::clone(&talk.ear), false);
    let mut frame = [0; FRAME_SAMPLES];
    talk.say(3);
    assert_eq!(other.hear(&mut frame), Some(Codec::Pcmu));
    assert_eq!((frame[0], talk.hear()), (2, Some(2)));
    drop(other);
    assert_eq!(talk.ticks([&[4]]), [Some(3)]);
}

#[test]
fn an_ear_keeps_audio_only_while_somebody_listens() {
    let Talk { ear, listener } = Talk::new();
    assert!(ear.state().ring.is_some());
    drop(listener);
    assert!(ear.state().ring.is_none());
    assert_eq!(ear.write(0, &[1; 160], Codec::Pcma), Written::InTime);
}

#[test]
fn another_codec_begins_anew() {
    let mut talk = Talk::new();
    talk.ticks([&[1], &[2]]);
    for number in 3..=4 {
        talk.ear.write(at(number), &[number; FRAME_SAMPLES], Codec::Pcma);
    }
    let mut frame = [0; FRAME_SAMPLES];
    assert_eq!(talk.listener.hear(&mut frame), Some(Codec::Pcma));
    assert_eq!(frame[0], 3);
}

#[test]
fn keys_are_for_bridges_and_for_those_that_were_there() {
    let ear = Arc::new(Ear::new());
    let five = Digit::new('5').unwrap();
    ear.press(five);
    let mut echo = Listener::new(Arc::clone(&ear), false);
    let mut bridge = Listener::new(Arc::clone(&ear), true);
    assert_eq!(bridge.key(), None);
    for _ in 0..MOST_KEYS + 5 {
        ear.press(five);
    }
    assert_eq!(echo.key(), None);
    let keys = std::iter::from_fn(|| bridge.key()).count();
    assert_eq!(keys, MOST_KEYS);
}

#[test]
fn nothing_that_is_written_or_heard_is_out_of_bounds() {
    let ear = Arc::new(Ear::new());
    let mut listeners = [Listener::new(Arc::clone(&ear), false), Listener::new(Arc::clone(&ear), true)];
    let (mut state, mut timestamp) = (1_u64, 0_u32);
    for _ in 0..200_000 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let chance = (state >> 33) as u32;
        timestamp = match chance % 16 {
            0 => chance.wrapping_mul(2_654_435_761),
            1 => timestamp.wrapping_sub(chance % 6_000),
            2 => timestamp.wrapping_add(chance % 6_000),
            _ => timestamp.wrapping_add(160),
        };
        let length = if chance.is_multiple_of(5) { chance as usize % 2_000 } else { 160 };
        ear.write(timestamp, &vec![1; length], if chance.is_multiple_of(97) { Codec::Pcmu } else { Codec::Pcma });
        let mut frame = [0; FRAME_SAMPLES];
        listeners[chance as usize % 2].hear(&mut frame);
    }
}
