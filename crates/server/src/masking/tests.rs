use nohold_model::Country;
use proptest::prelude::*;

use super::*;

/// The text as somebody in China sees it who sees no number whole.
fn in_china(text: &str, known: &[&str]) -> String {
    let mut spoken_of = Known::default();
    known.iter().for_each(|number| spoken_of.add(&number.parse().unwrap()));
    let mut shown = String::new();
    let mut taken = 0;
    for Found { at, number } in spelling::numbers_in(text, Country::new("CN").ok(), &spoken_of) {
        shown += &text[taken..at.start];
        shown += &number.masked();
        taken = at.end;
    }
    shown + &text[taken..]
}

#[test]
fn every_number_in_a_json_loses_its_middle_and_nothing_else_changes() {
    for (text, expected) in [
        (r#"{"number":"+8613800138001"}"#, r#"{"number":"138****8001"}"#),
        (r#"["+8613800138001","+8613800138002"]"#, r#"["138****8001","138****8002"]"#),
        (r#"["call +8613800138001 again, not +86 138"]"#, r#"["call 138****8001 again, not +86 138"]"#),
        (r#""++8613800138001+8613800138002""#, r#""+138****8001138****8002""#),
        (r#"{"+8613800138001":1}"#, r#"{"138****8001":1}"#),
        (r#"["a\n+8613800138001\t\"\\"]"#, r#"["a\n138****8001\t\"\\"]"#),
        (r#"["a\\","+8613800138001"]"#, r#"["a\\","138****8001"]"#),
        (r#"{"at":13800138001,"at":1764201234567}"#, r#"{"at":13800138001,"at":1764201234567}"#),
        (r#"{"next":"13800138001.x_1"}"#, r#"{"next":"13800138001.x_1"}"#),
        (
            r#"{"cursor":"+8613800138001","next":null,"a":"+8613800138001"}"#,
            r#"{"cursor":"+8613800138001","next":null,"a":"138****8001"}"#,
        ),
        (
            r#"["1e+12, 10:00:00+08:00, a+b", "+1234567890123456789"]"#,
            r#"["1e+12, 10:00:00+08:00, a+b", "+1234567890123456789"]"#,
        ),
        // The row's own number without its area or country.
        (
            r#"{"number":"+442079460118","note":"020 7946 0118, at home 7946 0118"}"#,
            r#"{"number":"207***0118","note":"207***0118, at home 207***0118"}"#,
        ),
        ("", ""),
        ("\"", "\""),
    ] {
        assert_eq!(hidden_in_json(text, None, None), expected);
    }
}

#[test]
fn what_machines_say_goes_as_it_came() {
    for text in [
        r#"{"connection":3,"sdp":"a=candidate:1 1 udp 2130706175 127.0.0.1 28601 typ host\r\na=ssrc:13800138001 cname:x","n":1}"#,
        r#"{"iceServers":[{"urls":["turn:13800138001"],"username":"13800138001:2014","credential":"13800138001"}]}"#,
        r#"{"secret":"nh_ac0313800138001971","token":{"id":1}}"#,
        r#"{"candidates":["203.0.113.71:28601","13800138001"]}"#,
    ] {
        assert_eq!(hidden_in_json(text, None, None), text);
    }
}

#[test]
fn own_words_stay_and_those_of_others_do_not() {
    let mia = AgentKey::new("2014").unwrap();
    let seen = |text: &str| hidden_in_json(text, None, Some(&mia)).into_owned();
    let note = r#"{"agent":"2014","number":"+8613800138001","written":{"note":"+8613800138002","tags":["+8613800138003"]},"x":"+8613800138004"}"#;
    let own = r#"{"agent":"2014","number":"138****8001","written":{"note":"+8613800138002","tags":["+8613800138003"]},"x":"138****8004"}"#;
    assert_eq!(seen(note), own);
    let of_another = note.replace("2014", "2011");
    assert!(!seen(&of_another).contains("3800138"), "{}", seen(&of_another));
    // Whose words they are is told by the object that they stand in, and by no other.
    let beside = format!(r#"[{{"agent":"2014"}},{{"written":{{"note":"+8613800138002"}}}},{note}]"#);
    assert_eq!(seen(&beside), format!(r#"[{{"agent":"2014"}},{{"written":{{"note":"138****8002"}}}},{own}]"#));
    let inside = r#"{"agent":"2014","call":{"written":{"note":"+8613800138002"}}}"#;
    assert!(!seen(inside).contains("3800138"), "{}", seen(inside));
    assert!(!hidden_in_json(note, None, None).contains("3800138"), "nobody's words are a program's own");
}

#[test]
fn a_number_is_found_however_people_write_it() {
    for written in [
        "+8613800138002",
        "+86 138 0013 8002",
        "+86-13800138002",
        "+86-138-0013-8002",
        "(+86) 13800138002",
        "+(86)13800138002",
        "＋8613800138002",
        "+ 86 138 0013 8002",
        "008613800138002",
        "00 86 138 0013 8002",
        "0086-138-0013-8002",
        "8613800138002",
        "86 138 0013 8002",
        "13800138002",
        "138 0013 8002",
        "138-0013-8002",
        "138.0013.8002",
        "138 00 13 80 02",
        "1 3 8 0 0 1 3 8 0 0 2",
        "(138) 0013-8002",
        "（138）00138002",
        "【138】0013【8002",
        "013800138002",
        "１３８００１３８００２",
        "＋８６ １３８ ００１３ ８００２",
        "138\u{2011}0013\u{2011}8002",
        "138\u{a0}0013\u{a0}8002",
        "138\u{3000}0013\u{3000}8002",
        "138·0013·8002",
        "138/0013/8002",
        "138_0013_8002",
        "138\u{200b}0013\u{200b}8002",
        "138\n0013\n8002",
    ] {
        let shown = in_china(written, &[]);
        assert!(shown.contains("138****8002"), "{written}: {shown}");
        for (before, after) in
            [("Tel.", ", please"), ("手机", "。"), ("x", "y"), ("2026-11-28 ", " 09:00"), ("11 ", " / 2")]
        {
            let text = format!("{before}{written}{after}");
            let shown = in_china(&text, &[]);
            let digits: String = shown.chars().filter(char::is_ascii_digit).collect();
            assert!(shown.contains("***"), "{text}: {shown}");
            assert!(!digits.contains("0013"), "{text}: {shown}");
        }
    }
    for (written, expected) in [
        ("021-6123 0001", "216***0001"),
        ("(021) 6123 0001", "216***0001"),
        ("call (021)61230001 or 010 6123 0002", "call 216***0001 or 106***0002"),
        ("+44 20 7946 0118", "207***0118"),
        ("0044 20 7946 0118", "207***0118"),
        ("13800138001 13900139001", "138****8001 139****9001"),
        ("13800138001/13900139001", "138****8001/139****9001"),
        ("13800138001-801", "138****8001-801"),
        ("400 810 6666", "400***6666"),
        ("13800138001@qq.com", "138****8001@qq.com"),
        ("13800138001.50", "138****8001.50"),
    ] {
        assert_eq!(in_china(written, &[]), expected);
    }
}

#[test]
fn the_number_that_is_spoken_of_is_found_in_part_and_behind_other_digits() {
    for (number, written, expected) in [
        ("+862161230001", "6123 0001", "216***0001"),
        ("+862161230001", "61230001", "216***0001"),
        ("+442079460118", "020 7946 0118", "207***0118"),
        ("+8613800138777", "00138777", "138****8777"),
        ("+8613800138777", "0138777", "138****8777"),
        ("+442079460118", "44 20 7946 0118", "207***0118"),
        ("+442079460118", "9 020 7946 0118", "207***0118"),
        ("+442079460118", "9460118", "207***0118"),
        ("+442079460118", "460118, 0118", "460118, 0118"),
        ("+442079460118", "020 946 0119", "020 946 0119"),
    ] {
        assert_eq!(in_china(written, &[number]), expected, "{written}");
    }
}

#[test]
fn what_is_no_number_stays() {
    for text in [
        "2026-11-28",
        "2026-11-28 09:00",
        "28.11.2026",
        "28.11.2026 09:00-17:30",
        "11/28/2026",
        "20261128",
        "2026-11-28T09:00:47.123Z",
        "2026 年 11 月 28 日",
        "09:00-17:30",
        "9.00 - 17.30",
        "1,234,567.89",
        "¥ 12345678.90",
        "1234567.89",
        "600",
        "order 4711",
        "order 12345678",
        "order 2026-0042",
        "No. 100200300",
        "10.0.0.1",
        "192.168.100.200",
        "192.168.100.200:5060",
        "95% of 120",
        "+86 138",
        "138****8001",
        "6222021234567890123",
        "entry_01K13800138001ABCDEFGHJKMN",
        "1764201234567.call_01K13800138001ABCDEFGHJKMN",
        "9f86d081884c7d65913800138001a2feaa0c55ad015a3bf4f1b2b0b822cd15d6",
        "0190f3c1-3800-7138-8123-123456789012",
    ] {
        assert_eq!(in_china(text, &[]), text);
    }
    assert_eq!(in_china("2026-11-28", &["+862120261128"]), "2026-11-28", "a date stays one");
}

#[test]
fn cells_of_a_line_know_its_number() {
    let number = "+442079460118".parse().unwrap();
    let cells = ["x", "at 7946 0118", "entry_00000000000000000000000003"].map(str::to_owned);
    assert_eq!(hidden_in_all(cells, [&number], None), ["x", "at 207***0118", "entry_00000000000000000000000003"]);
}

proptest! {
    /// However the digits of a mobile number are grouped, whatever stands between and around them.
    #[test]
    fn no_grouping_shows_the_number(
        tail in "[3-9][0-9]{8}",
        cuts in prop::collection::vec(prop::sample::select(vec!["", "", " ", "-", ".", " - ", ") ", "－", "\u{a0}"]), 10),
        wide in any::<bool>(),
        before in "[a-z手机：,;]{0,5}",
        after in "[a-z手机：,;]{0,5}",
    ) {
        let number = format!("13{tail}");
        let valid: PhoneNumber = format!("+86{number}").parse().unwrap();
        prop_assume!(valid.is_valid());
        let mut written = String::new();
        for (index, digit) in number.chars().enumerate() {
            let wide_one = char::from_u32(u32::from(digit) - u32::from('0') + u32::from('０')).unwrap();
            written.push(if wide { wide_one } else { digit });
            written += cuts.get(index).copied().unwrap_or_default();
        }
        let shown = in_china(&format!("{before}{written}{after}"), &[]);
        prop_assert!(shown.contains(&valid.masked()), "{} -> {}", written, shown);
    }

    /// Whatever people write, a text of JSON stays one, with the same values beside its texts.
    #[test]
    fn a_json_stays_one(text in "[0-9 +()\\\\\"\\-\\.a-zé手\n\t]{0,60}", count in any::<u64>()) {
        let json = serde_json::json!({ "note": text, "count": count }).to_string();
        let shown: Value = serde_json::from_str(&hidden_in_json(&json, None, None)).unwrap();
        prop_assert_eq!(&shown["count"], &Value::from(count));
    }
}
