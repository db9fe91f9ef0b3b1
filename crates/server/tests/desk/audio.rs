//! Messages and recordings: who may take them away, see their waveform, and mark them as heard.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use nohold_app::ports::{Accounts as _, Permission, Role, User};
use nohold_core::fact::Fact;
use nohold_model::{IdSource, MessageId, RecordingId, Timestamp};
use serde_json::{Value, json};

use super::client::Answer;
use super::house::{House, agent, entry, group_b, queue_600, user};
use super::socket::Live;

async fn get(house: &House, token: &str, path: &str) -> Answer {
    house.ask("GET", path).token(token).send().await
}

/// Opens audio, and reads as much of it as is text.
async fn listen(house: &House, token: &str, path: &str) -> Answer {
    house.ask("GET", path).token(token).header("range", "bytes=0-3").send().await
}

async fn hear(house: &House, token: &str, message: MessageId, given: &Value) -> Answer {
    house.ask("POST", &format!("/api/messages/{message}/heard")).token(token).json(given).send().await
}

/// A WAV file: a second in which the first channel is loud, then one in which the second is, where there are two.
fn write(path: &Path, channels: u16) {
    let spec =
        hound::WavSpec { channels, sample_rate: 8_000, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    for frame in 0..16_000 {
        for channel in 0..channels {
            let loud = (frame < 8_000) == (channel == 0);
            writer.write_sample(if loud { 16_384_i16 } else { 0 }).unwrap();
        }
    }
    writer.finalize().unwrap();
}

/// A message in an entry of queue 600, and its file.
async fn message(house: &House) -> MessageId {
    let message = house.message(1, queue_600()).await;
    write(&house.folder.join(format!("{message}.wav")), 1);
    message
}

/// A conversation of agent 2000, and its file.
async fn conversation(house: &House) -> RecordingId {
    let recording: RecordingId = IdSource::new(7).next(Timestamp::EPOCH);
    let call = house.call(9).await;
    house.record(Fact::RecordingBegan { call, entry: None, agent: agent("2000"), recording }).await;
    write(&house.folder.join(format!("{recording}.wav")), 2);
    recording
}

/// Somebody who may this besides, and nothing else.
async fn allowed(house: &House, name: &str, key: &str, may: &[Permission]) -> String {
    let plain = user(name, 0, Role::Agent, Some(key), None, house.now());
    house.store.keep_user(User { may: Some(may.iter().copied().collect()), ..plain }).await.unwrap();
    house.token(name, &["read", "desk"]).await
}

/// What the audit tells of a thing, oldest first: who, whether it was taken away, and how it ended.
async fn openings(house: &House, of: &str, count: usize) -> Vec<(String, bool, u64)> {
    let anna = house.token("anna", &["accounts"]).await;
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let page = get(house, &anna, &format!("/api/audit?limit=200&object={of}")).await.expect(200).json();
        let lines = page["items"].as_array().unwrap();
        let told = lines.iter().rev().filter_map(|line| {
            let who = line["who"].as_str().unwrap().to_owned();
            Some((who, line["downloaded"].as_bool().unwrap(), line["status"].as_u64()?))
        });
        let mut told: Vec<_> = told.collect();
        if told.len() >= count {
            told.sort();
            assert_eq!(told.len(), lines.len());
            return told;
        }
        assert!(Instant::now() < end, "{page}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn audio_is_taken_away_by_who_may_and_the_audit_says_so() {
    let house = House::new().await;
    house.person("anna", Role::Administrator, None, None).await;
    let ada = house.person("ada", Role::Agent, Some("2000"), None).await;
    let sue = house.person("sue", Role::Supervisor, None, None).await;
    let (message, recording) = (message(&house).await, conversation(&house).await);
    let bytes = std::fs::metadata(house.folder.join(format!("{recording}.wav"))).unwrap().len();
    for (at, id) in [
        (format!("/api/messages/{message}/audio"), message.to_string()),
        (format!("/api/recordings/{recording}/audio"), recording.to_string()),
    ] {
        let heard = listen(&house, &ada, &at).await.expect(206);
        assert_eq!(heard.headers["content-disposition"], "inline");
        listen(&house, &ada, &format!("{at}?download=false")).await.expect(206);
        let refused = get(&house, &ada, &format!("{at}?download=true")).await.refused(403, "not_allowed");
        assert!(refused.text.contains("an administrator can allow"), "{}", refused.text);
        // Who has listened and then takes it away leaves two lines; who goes on asking for parts of it, none.
        listen(&house, &sue, &at).await.expect(206);
        let taken = listen(&house, &sue, &format!("{at}?download=true")).await.expect(206);
        let named = taken.headers["content-disposition"].to_str().unwrap().to_owned();
        let expected =
            if id.starts_with("rec") { ("2026-03-02-1", "-2000-recording") } else { ("1970-01-01-0800", "-message") };
        let form = (format!("attachment; filename=\"{}", expected.0), format!("{}.wav\"", expected.1));
        assert!(named.starts_with(&form.0) && named.ends_with(&form.1), "{named}");
        assert_eq!(listen(&house, &sue, &format!("{at}?download=true")).await.expect(206).text, "RIFF");
        let told = openings(&house, &id, 4).await;
        let line = |who: &str, downloaded, status| (who.to_owned(), downloaded, status);
        assert_eq!(
            told,
            [line("ada", false, 206), line("ada", true, 403), line("sue", false, 206), line("sue", true, 206)]
        );
        get(&house, &ada, &format!("{at}?download=perhaps")).await.refused(400, "bad_query");
    }
    let head = house.ask("HEAD", &format!("/api/recordings/{recording}/audio?download=true")).token(&sue).send().await;
    assert_eq!(head.expect(200).headers["content-length"], bytes.to_string().as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_lets_an_agent_take_audio_away_and_a_supervisor_not() {
    let house = House::new().await;
    let ada = allowed(&house, "ada", "2000", &[Permission::Download]).await;
    let plain = user("sue", 0, Role::Supervisor, None, None, house.now());
    house.store.keep_user(User { may: Some(BTreeSet::new()), ..plain }).await.unwrap();
    let sue = house.token("sue", &["read", "desk"]).await;
    let ray = allowed(&house, "ray", "2003", &[Permission::Download]).await;
    let recording = conversation(&house).await;
    let at = format!("/api/recordings/{recording}/audio?download=true");
    let taken = listen(&house, &ada, &at).await.expect(206);
    assert!(!taken.headers["content-disposition"].to_str().unwrap().contains("138"), "{:?}", taken.headers);
    get(&house, &sue, &at).await.refused(403, "not_allowed");
    // Who may not even know of it is told nothing of permissions.
    get(&house, &ray, &at).await.refused(404, "not_found");
    let desk_alone = house.token("ada", &["desk"]).await;
    get(&house, &desk_alone, &at).await.refused(403, "scope_missing");
    std::fs::remove_file(house.folder.join(format!("{recording}.wav"))).unwrap();
    get(&house, &ada, &at).await.refused(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waveform_is_shown_to_those_who_may_hear_it_and_leaves_no_line() {
    let house = House::new().await;
    house.person("anna", Role::Administrator, None, None).await;
    let ada = house.person("ada", Role::Agent, Some("2000"), None).await;
    let ray = house.person("ray", Role::Agent, Some("2003"), None).await;
    let masked = allowed(&house, "cara", "2001", &[]).await;
    let (message, recording) = (message(&house).await, conversation(&house).await);
    let (of_message, of_recording) =
        (format!("/api/messages/{message}/peaks"), format!("/api/recordings/{recording}/peaks"));
    let both = get(&house, &ada, &format!("{of_recording}?points=50")).await.expect(200);
    let shown = both.json();
    assert_eq!((&shown["length"], shown["channels"].as_array().unwrap().len()), (&json!(2_000), 2));
    let (loud, silent) = (vec![128; 25], vec![0; 25]);
    assert_eq!(shown["channels"][0]["peaks"], json!([loud.clone(), silent.clone()].concat()), "the agent first");
    assert_eq!(shown["channels"][1]["peaks"], json!([silent.clone(), loud.clone()].concat()), "then the customer");
    let one = get(&house, &masked, &of_message).await.expect(200).json();
    assert_eq!(one["channels"].as_array().unwrap().len(), 1);
    assert_eq!(one["channels"][0]["peaks"].as_array().unwrap().len(), 800, "as many as a page needs");
    for (path, token) in [(&of_recording, &masked), (&of_recording, &ray), (&of_message, &ray)] {
        get(&house, token, path).await.refused(404, "not_found");
    }
    let desk_alone = house.token("ada", &["desk"]).await;
    get(&house, &desk_alone, &of_message).await.refused(403, "scope_missing");
    for points in ["49", "2001", "0"] {
        get(&house, &ada, &format!("{of_message}?points={points}")).await.refused(422, "invalid");
    }
    get(&house, &ada, &format!("{of_message}?points=-1")).await.refused(400, "bad_query");
    for id in [message.to_string(), recording.to_string()] {
        assert_eq!(openings(&house, &id, 0).await, Vec::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waveform_has_the_tag_of_its_audio_and_another_file_another_one() {
    let house = House::new().await;
    let ada = house.person("ada", Role::Agent, Some("2000"), None).await;
    let message = message(&house).await;
    let (at, file) = (format!("/api/messages/{message}/peaks"), house.folder.join(format!("{message}.wav")));
    let first = get(&house, &ada, &at).await.expect(200);
    let tag = first.headers["etag"].to_str().unwrap().to_owned();
    let audio = listen(&house, &ada, &format!("/api/messages/{message}/audio")).await.expect(206);
    assert_eq!(audio.headers["etag"], tag.as_str());
    let again = house.ask("GET", &at).token(&ada).header("if-none-match", &tag).send().await.expect(304);
    assert_eq!((&*again.text, &again.headers["etag"]), ("", &first.headers["etag"]));
    assert_eq!(get(&house, &ada, &at).await.expect(200).text, first.text);
    // What breaks off, is damaged, or is gone is told from what is there.
    let whole = std::fs::read(&file).unwrap();
    for broken in [&whole[..20], &whole[..whole.len() - 2], b"no sound at all, a text"] {
        std::fs::write(&file, broken).unwrap();
        let asked = house.ask("GET", &at).token(&ada).header("if-none-match", &tag);
        asked.send().await.refused(409, "broken_recording");
    }
    listen(&house, &ada, &format!("/api/messages/{message}/audio")).await.expect(206);
    std::fs::write(&file, &whole).unwrap();
    get(&house, &ada, &at).await.expect(200);
    std::fs::remove_file(&file).unwrap();
    assert!(get(&house, &ada, &at).await.refused(404, "not_found").text.contains("not kept any more"));
    let close = house.ask("POST", &format!("/api/entries/{}/outcome", entry(1))).token(&ada);
    close.json(&json!({ "outcome": "close" })).send().await.expect(200);
    std::fs::write(&file, &whole).unwrap();
    get(&house, &ada, &at).await.refused(404, "not_found");
    get(&house, &ada, &format!("{at}?entry={}", entry(1))).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_the_first_to_hear_a_message_is_seen_by_everybody_at_once() {
    let house = House::new().await;
    let ada = house.person("ada", Role::Agent, Some("2000"), None).await;
    let cara = house.person("cara", Role::Agent, Some("2001"), None).await;
    let message = message(&house).await;
    let mut live = Live::open(&house, &cara, None).await;
    let first = hear(&house, &ada, message, &json!({})).await.expect(200).json();
    assert_eq!((&first["heard"][0]["by"], &first["heard"][0]["message"]), (&json!("2000"), &json!(message)));
    let told = live.until("entry", |change| change["entry"]["heard"][0]["by"] == "2000").await;
    assert_eq!(told.last().unwrap()["entry"]["heard"], first["heard"]);
    // A second time, and by another, it changes nothing.
    for token in [&ada, &cara] {
        assert_eq!(hear(&house, token, message, &json!({})).await.expect(200).json(), first);
    }
    let shown = get(&house, &cara, &format!("/api/entries/{}", entry(1))).await.expect(200).json();
    let times = shown["history"].to_string().matches("\"heard\"").count();
    assert_eq!(times, 1, "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_marked_by_those_who_may_hear_it() {
    let house = House::new().await;
    let ada = house.person("ada", Role::Agent, Some("2000"), None).await;
    let ray = house.person("ray", Role::Agent, Some("2003"), None).await;
    let nobody = house.person("nobody", Role::Agent, None, None).await;
    let sue = house.person("sue", Role::Supervisor, None, None).await;
    let masked = allowed(&house, "cara", "2001", &[]).await;
    let first = message(&house).await;
    hear(&house, &ray, first, &json!({})).await.refused(404, "not_found");
    hear(&house, &nobody, first, &json!({})).await.refused(403, "no_agent");
    let read_alone = house.token("ada", &["read"]).await;
    hear(&house, &read_alone, first, &json!({})).await.refused(403, "scope_missing");
    hear(&house, &ada, first, &json!({ "entry": entry(2) })).await.refused(404, "not_found");
    let shown = hear(&house, &masked, first, &json!({ "entry": entry(1) })).await.expect(200).json();
    assert_eq!((&shown["heard"][0]["by"], &shown["number"]), (&json!("2001"), &json!("138****8001")));
    // The file may be gone by then: that somebody has heard it stays true.
    let second = house.message(2, group_b()).await;
    hear(&house, &ada, second, &json!({})).await.refused(404, "not_found");
    let cancel = house.ask("POST", &format!("/api/entries/{}/cancel", entry(2))).token(&sue).json(&json!({}));
    cancel.send().await.expect(200);
    hear(&house, &sue, second, &json!({})).await.refused(404, "not_found");
    let shown = hear(&house, &sue, second, &json!({ "entry": entry(2) })).await.expect(200).json();
    assert_eq!(shown["heard"][0]["by"], "user-sue");
}
