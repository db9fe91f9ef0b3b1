use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use super::*;

/// What was told of recordings.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    Kept(&'static str),
    Disk(&'static str),
    TooSlow(&'static str),
}

/// A folder of its own, and threads that write there.
struct Desk {
    folder: PathBuf,
    recorder: Recorder,
    told: Receiver<Told>,
    tell: Sender<Told>,
}

impl Desk {
    fn new(lanes: usize, most_waiting: usize) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = format!("nohold-tapes-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        prepare(&folder).unwrap();
        let (tell, told) = channel();
        Desk { folder, recorder: Recorder::with(lanes, most_waiting).unwrap(), told, tell }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn begin(&self, name: &'static str, channels: u16) -> Tape {
        let tell = self.tell.clone();
        self.recorder.begin(self.path(name), channels, move |error| {
            let told = match error {
                RecordingError::Disk { .. } => Told::Disk(name),
                RecordingError::TooSlow { .. } => Told::TooSlow(name),
            };
            tell.send(told).unwrap();
        })
    }

    fn finish(&self, tape: Tape, name: &'static str) {
        let tell = self.tell.clone();
        tape.finish(move || tell.send(Told::Kept(name)).unwrap());
    }

    fn told(&self) -> Told {
        self.told.recv_timeout(Duration::from_secs(10)).unwrap()
    }

    fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.folder).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.recorder.shut_down();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn a_recording_has_its_name_only_when_it_is_whole() {
    let desk = Desk::new(2, 100_000);
    let mut tape = desk.begin("a.wav", 2);
    assert!(tape.write(vec![1, -1, 2, -2]) && tape.write(vec![i16::MAX, i16::MIN]));
    assert!(!desk.path("a.wav").exists());
    desk.finish(tape, "a.wav");
    assert_eq!(desk.told(), Told::Kept("a.wav"));
    assert_eq!(desk.files(), ["a.wav"]);
    let mut reader = hound::WavReader::open(desk.path("a.wav")).unwrap();
    assert_eq!((reader.spec().channels, reader.spec().sample_rate), (2, 8_000));
    let samples: Vec<i16> = reader.samples().map(Result::unwrap).collect();
    assert_eq!(samples, [1, -1, 2, -2, i16::MAX, i16::MIN]);
}

#[test]
fn nobody_else_may_read_a_recording() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::new(1, 1_000);
    desk.finish(desk.begin("a.wav", 1), "a.wav");
    assert_eq!(desk.told(), Told::Kept("a.wav"));
    let mode = std::fs::metadata(desk.path("a.wav")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_recording_that_is_dropped_leaves_nothing() {
    let desk = Desk::new(1, 1_000);
    let mut tape = desk.begin("a.wav", 1);
    assert!(tape.write(vec![5; 100]));
    drop(tape);
    desk.recorder.shut_down();
    assert_eq!(desk.files(), Vec::<String>::new());
    assert!(desk.told.try_recv().is_err(), "it was not asked for");
}

#[test]
fn a_recording_that_is_thrown_away_leaves_nothing_whether_finished_or_not() {
    let desk = Desk::new(1, 1_000);
    let going = desk.begin("a.wav", 1);
    desk.finish(desk.begin("b.wav", 1), "b.wav");
    for name in ["a.wav", "b.wav", "never.wav"] {
        desk.recorder.discard(desk.path(name));
    }
    desk.finish(going, "a.wav");
    desk.recorder.shut_down();
    assert_eq!(desk.told(), Told::Kept("b.wav"));
    assert!(desk.told.try_recv().is_err());
    assert_eq!(desk.files(), Vec::<String>::new());
}

#[test]
fn a_disk_that_does_not_take_it_is_told_once() {
    let desk = Desk::new(1, 1_000);
    std::fs::write(desk.path("file"), b"").unwrap();
    let mut tape = desk.begin("file/a.wav", 1);
    assert_eq!(desk.told(), Told::Disk("file/a.wav"));
    assert!(!tape.write(vec![0; 10]), "it is over");
    desk.finish(tape, "file/a.wav");
    desk.recorder.shut_down();
    assert!(desk.told.try_recv().is_err());
}

#[test]
fn two_recordings_of_one_name_are_an_error_of_the_second() {
    let desk = Desk::new(1, 1_000);
    let first = desk.begin("a.wav", 1);
    let second = desk.begin("a.wav", 1);
    assert_eq!(desk.told(), Told::Disk("a.wav"));
    drop(second);
    desk.finish(first, "a.wav");
    assert_eq!(desk.told(), Told::Kept("a.wav"));
}

#[test]
fn a_disk_that_is_too_slow_is_told_at_once_and_others_are_not_harmed() {
    let desk = Desk::new(1, 1_000);
    let (open_gate, gate) = channel::<()>();
    // The thread waits in what it is told last.
    let plug = desk.begin("plug.wav", 1);
    plug.finish(move || gate.recv_timeout(Duration::from_secs(10)).unwrap());
    let (mut slow, mut other) = (desk.begin("slow.wav", 1), desk.begin("other.wav", 1));
    assert!(slow.write(vec![1; 600]) && other.write(vec![1; 300]));
    assert!(!slow.write(vec![1; 200]), "only 1,000 samples may wait");
    assert_eq!(desk.told(), Told::TooSlow("slow.wav"));
    assert!(other.write(vec![1; 100]));
    desk.finish(slow, "slow.wav");
    desk.finish(other, "other.wav");
    open_gate.send(()).unwrap();
    assert_eq!(desk.told(), Told::Kept("other.wav"));
    desk.recorder.shut_down();
    assert_eq!(desk.files(), ["other.wav", "plug.wav"]);
}

#[test]
fn of_a_conversation_for_which_the_disk_was_too_slow_stays_what_it_has() {
    let desk = Desk::new(1, 40_000);
    let mut going = desk.begin("going.wav", 2);
    assert!(going.write(vec![7; 32_000]));
    // Once another one is kept, the thread has written what was there before it.
    desk.finish(desk.begin("before.wav", 1), "before.wav");
    assert_eq!(desk.told(), Told::Kept("before.wav"));
    let (open_gate, gate) = channel::<()>();
    let plug = desk.begin("plug.wav", 1);
    plug.finish(move || gate.recv_timeout(Duration::from_secs(10)).unwrap());
    assert!(!going.write(vec![7; 50_000]), "only 40,000 samples may wait");
    assert_eq!(desk.told(), Told::TooSlow("going.wav"));
    drop(going);
    open_gate.send(()).unwrap();
    desk.recorder.shut_down();
    assert_eq!(desk.files(), ["before.wav", "going.wav", "plug.wav"]);
    let kept = hound::WavReader::open(desk.path("going.wav")).unwrap();
    assert_eq!((kept.spec().channels, kept.len()), (2, 32_000));
}

#[test]
fn what_was_finished_is_kept_when_the_threads_end() {
    let desk = Desk::new(4, 1_000_000);
    let names = ["a.wav", "b.wav", "c.wav", "d.wav", "e.wav"];
    for name in names {
        let mut tape = desk.begin(name, 1);
        assert!(tape.write(vec![3; 8_000]));
        desk.finish(tape, name);
    }
    desk.recorder.shut_down();
    assert_eq!(desk.files(), names);
}

#[test]
fn what_panics_in_being_told_harms_no_other_recording() {
    let desk = Desk::new(1, 1_000);
    desk.begin("a.wav", 1).finish(|| panic!("on purpose"));
    desk.finish(desk.begin("b.wav", 1), "b.wav");
    assert_eq!(desk.told(), Told::Kept("b.wav"));
}

#[test]
fn a_folder_that_is_made_is_for_nobody_else_and_one_that_is_there_keeps_its_rights() {
    use std::os::unix::fs::PermissionsExt as _;
    let desk = Desk::new(1, 4);
    let mode = |folder: &Path| std::fs::metadata(folder).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&desk.folder), 0o700);
    let shared = desk.path("shared");
    std::fs::create_dir(&shared).unwrap();
    std::fs::set_permissions(&shared, std::fs::Permissions::from_mode(0o750)).unwrap();
    prepare(&shared).unwrap();
    assert_eq!(mode(&shared), 0o750);
}

#[test]
fn a_conversation_that_a_crash_has_interrupted_is_kept_as_far_as_it_came_and_a_message_is_not() {
    let desk = Desk::new(1, 1_000_000);
    let mut call = desk.begin("call.wav", 2);
    let mut message = desk.begin("message.wav", 1);
    let samples: Vec<i16> = (0..20_000).collect();
    assert!(call.write(samples.clone()) && message.write(samples.clone()));
    // The lane is through with them when it has done this.
    desk.finish(desk.begin("last.wav", 1), "last.wav");
    assert_eq!(desk.told(), Told::Kept("last.wav"));
    // As after a death: nothing was finished, and the end of the file is wherever the disk had come.
    let after = Desk::new(1, 1);
    for name in ["call.wav.part", "message.wav.part"] {
        std::fs::copy(desk.path(name), after.path(name)).unwrap();
    }
    let half = std::fs::OpenOptions::new().append(true).open(after.path("call.wav.part")).unwrap();
    std::io::Write::write_all(&mut &half, &[1, 2, 3]).unwrap();
    std::fs::write(after.path("nothing.wav.part"), b"RIFF").unwrap();
    prepare(&after.folder).unwrap();
    assert_eq!(after.files(), ["call.wav"]);
    let mut kept = hound::WavReader::open(after.path("call.wav")).unwrap();
    assert_eq!(kept.spec().channels, 2);
    let kept: Vec<i16> = kept.samples().map(Result::unwrap).collect();
    assert!(kept.len() > 10_000, "most of it is there: {}", kept.len());
    assert_eq!(kept, samples[..kept.len()]);
}

#[test]
fn a_folder_that_was_removed_is_made_again() {
    let desk = Desk::new(1, 1_000);
    std::fs::remove_dir(&desk.folder).unwrap();
    desk.finish(desk.begin("a.wav", 2), "a.wav");
    assert_eq!(desk.told(), Told::Kept("a.wav"));
}
