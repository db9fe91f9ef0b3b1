use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;
use crate::prompts::Notice;
use crate::prompts::tests::texts;
use nohold_flow::Builtin;

static ENGLISH: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| texts(Language::English));
static CHINESE: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| texts(Language::Chinese));

const SHANGHAI: &str = "Asia/Shanghai";

fn texts_of(language: Language) -> &'static BTreeMap<String, String> {
    match language {
        Language::English => &ENGLISH,
        Language::Chinese => &CHINESE,
    }
}

/// A point in time, such as `2026-11-26T10:00+08:00`, a Thursday.
fn at(text: &str) -> Timestamp {
    Timestamp::from_millis(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

/// What is heard, in the words that stand beside the audio; `,` is a short pause and `|` a long one.
fn heard(language: Language, sentence: &[Spoken], now: Timestamp) -> String {
    let mut line = String::new();
    for token in tokens(language, sentence, now) {
        let text = match token {
            Token::Prompt(key) => texts_of(language)[key.as_str()].clone(),
            Token::Word(word) => texts_of(language)[&word.to_string()].clone(),
            Token::Pause(Pause::Short) => ",".to_owned(),
            Token::Pause(Pause::Long) => "|".to_owned(),
            Token::Tone => "(tone)".to_owned(),
        };
        let joined = language == Language::Chinese && !line.ends_with([',', '|']) && !text.starts_with([',', '|']);
        let glued = line.is_empty() || joined || text == ",";
        line.push_str(if glued { "" } else { " " });
        line.push_str(&text);
    }
    line
}

fn both(sentence: &[Spoken], now: Timestamp) -> String {
    format!("{}\n{}\n", heard(Language::English, sentence, now), heard(Language::Chinese, sentence, now))
}

fn check(cases: impl IntoIterator<Item = Spoken>, expected: &Expect) {
    let now = at("2026-11-26T10:00+08:00");
    let line = |case: Spoken| {
        [Language::English, Language::Chinese]
            .map(|language| heard(language, std::slice::from_ref(&case), now))
            .join(" · ")
    };
    expected.assert_eq(&cases.into_iter().map(line).collect::<Vec<_>>().join("\n"));
}

fn builtin(builtin: Builtin) -> Spoken {
    builtin.by_default().unwrap()
}

fn window(zone: &str, from: &str, to: &str) -> Spoken {
    Spoken::Window { from: at(from), to: at(to), zone: zone.to_owned() }
}

/// Windows, each with the moment at which it is spoken.
fn check_windows(zone: &str, cases: &[[&str; 3]], expected: &Expect) {
    let line = |[now, from, to]: &[&str; 3]| both(&[window(zone, from, to)], at(now));
    expected.assert_eq(&cases.iter().map(line).collect::<String>());
}

#[test]
fn the_sentences_of_the_callback_dialogue() {
    let now = at("2026-11-26T20:10+08:00");
    let tomorrow = window(SHANGHAI, "2026-11-27T09:00+08:00", "2026-11-27T11:00+08:00");
    let four = || Spoken::Digits("5671".into());
    let thanks = |promise| [builtin(Builtin::CallbackThanks), four(), promise, builtin(Builtin::CallbackHangUpNow)];
    let sentences = [
        thanks(Spoken::SoonBy { minutes: 30 }).to_vec(),
        thanks(tomorrow.clone()).to_vec(),
        vec![builtin(Builtin::CallbackAlreadyOpen), Spoken::Soon, builtin(Builtin::CallbackAnotherMatter)],
        vec![builtin(Builtin::CallbackAlreadyOpen), tomorrow, builtin(Builtin::CallbackHangUpNow)],
        vec![builtin(Builtin::CallbackConfirm), four(), builtin(Builtin::CallbackConfirmKeys)],
        vec![builtin(Builtin::NumberHeard), Spoken::Digits("13800138001".into()), builtin(Builtin::NumberConfirm)],
    ];
    let expected = expect![[r#"
        Thank you. We will call you back on the number that ends in, five six seven one | within thirty minutes | You may hang up now. Goodbye.
        谢谢，您的回呼请求已记录，号码尾号是, 五六七幺 | 我们会在三十分钟之内给您回电 | 您现在可以挂机了，再见。
        Thank you. We will call you back on the number that ends in, five six seven one | between nine and eleven tomorrow morning | You may hang up now. Goodbye.
        谢谢，您的回呼请求已记录，号码尾号是, 五六七幺 | 我们会在明天上午九点到十一点之间给您回电 | 您现在可以挂机了，再见。
        We have your request already, and we keep your place. We will call you, soon | If you are another person, or call about another matter, press 1. Otherwise you may hang up.
        我们已经收到您的回呼请求，并保留了您的位置。, 我们会尽快给您回电 | 如果您是另一位客户，或有其他事情，请按1，否则可以挂机。
        We have your request already, and we keep your place. We will call you, between nine and eleven tomorrow morning | You may hang up now. Goodbye.
        我们已经收到您的回呼请求，并保留了您的位置。, 我们会在明天上午九点到十一点之间给您回电 | 您现在可以挂机了，再见。
        We will call you back on the number that ends in, five six seven one | To agree, press 1. For another number, press 2.
        我们将给您回电，号码尾号是, 五六七幺 | 同意请按1，换其他号码请按2。
        You keyed in, one three eight, zero zero one three, eight zero zero one | If this is right, press 1. To key it in again, press 2.
        您输入的号码是, 幺三八, 零零幺三, 八零零幺 | 确认请按1，再输一次请按2。
    "#]];
    expected.assert_eq(&sentences.iter().map(|sentence| both(sentence, now)).collect::<String>());
}

#[test]
fn the_sentences_of_the_line_and_of_agents() {
    let now = at("2026-11-26T10:00+08:00");
    let between = Spoken::WaitBetween { from_minutes: 5, to_minutes: 10 };
    let sentences = [
        vec![
            builtin(Builtin::SayPosition),
            Spoken::Position(3),
            builtin(Builtin::SayWait),
            between,
            builtin(Builtin::CallbackKey),
            Spoken::Digits("1".into()),
        ],
        vec![builtin(Builtin::MessageGreeting), Spoken::Tone],
        vec![Spoken::AgentNumber("2011".into())],
        vec![
            Notice::Whisper.spoken().unwrap(),
            Spoken::Digits("600".into()),
            Notice::WhisperWaited.spoken().unwrap(),
            Spoken::WaitUnder { minutes: 2 },
        ],
        vec![Notice::WhisperAsked.spoken().unwrap(), Spoken::WaitUnder { minutes: 20 }],
        vec![Notice::WhisperCallback.spoken().unwrap(), Spoken::Digits("5678".into())],
        vec![Notice::EchoTest.spoken().unwrap(), Spoken::Tone],
    ];
    let expected = expect![[r#"
        Your position in the line is, three | The expected wait is, between five and ten minutes | To be called back, press, one
        您的排队位置是, 第三位 | 预计等待时间, 五到十分钟 | 要求回呼请按, 一
        Please leave a message after the tone. Press the hash key when you have finished. | (tone)
        请在提示音后留言，留言结束请按井号键。 | (tone)
        Agent two zero one one is at your service.
        工号二零幺幺为您服务。
        Call from queue, six zero zero | The caller has waited, less than two minutes
        队列来电, 六零零 | 客户已等待, 不到两分钟
        The request has waited, less than twenty minutes
        请求已等待, 不到二十分钟
        A callback from Nohold, for the number that ends in, five six seven eight
        客户回呼，号码尾号是, 五六七八
        This is the echo test. Speak after the tone, and you will hear yourself. | (tone)
        回声测试，请在提示音后讲话，您将听到自己的声音。 | (tone)
    "#]];
    expected.assert_eq(&sentences.iter().map(|sentence| both(sentence, now)).collect::<String>());
}

#[test]
fn tokens_are_keys_of_clips() {
    let now = at("2026-11-26T20:10+08:00");
    let keys = |language| {
        let sentence = [
            builtin(Builtin::CallbackThanks),
            Spoken::Digits("12".into()),
            window(SHANGHAI, "2026-11-27T09:00+08:00", "2026-11-27T11:30+08:00"),
        ];
        format!("{:?}\n", tokens(language, &sentence, now))
    };
    expect![[r#"
        [Prompt(callback-thanks), Pause(Short), Word(digit-1), Word(digit-2), Pause(Long), Word(between), Word(number-9), Word(and), Word(number-11), Word(number-30), Word(day-tomorrow), Word(part-morning)]
        [Prompt(callback-thanks), Pause(Short), Word(digit-1-in-a-row), Word(digit-2), Pause(Long), Word(promise-before), Word(day-tomorrow), Word(part-morning), Word(number-9), Word(time-oclock), Word(to), Word(number-11), Word(time-oclock), Word(time-half-past), Word(between), Word(promise-after)]
    "#]].assert_eq(&[Language::English, Language::Chinese].map(keys).concat());
}

#[test]
fn digits_one_by_one() {
    let rows = ["", "1", "0", "12", "*61#", "+8613800138001", "2125550123", "87651234", "a1b2"];
    check(
        rows.map(|row| Spoken::Digits(row.into())),
        &expect![[r#"
             · 
            one · 一
            zero · 零
            one two · 幺二
            star six one hash · 星号六幺井号
            plus eight, six one three eight, zero zero one three, eight zero zero one · 加号八, 六幺三八, 零零幺三, 八零零幺
            two one two, five five five, zero one two three · 二幺, 二五五五, 零幺二三
            eight seven six five, one two three four · 八七六五, 幺二三四
            one two · 幺二"#]],
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn whole_numbers() {
    let numbers = [
        0,
        1,
        2,
        10,
        12,
        20,
        22,
        99,
        100,
        101,
        102,
        110,
        112,
        120,
        200,
        222,
        999,
        1_000,
        1_001,
        1_010,
        1_100,
        1_234,
        2_000,
        2_002,
        2_222,
        10_000,
        10_010,
        20_000,
        22_000,
        100_000,
        120_000,
        200_200,
        1_000_000,
        100_000_001,
        200_000_000,
        4_294_967_295,
    ];
    check(
        numbers.map(Spoken::Number),
        &expect![[r#"
            zero · 零
            one · 一
            two · 二
            ten · 十
            twelve · 十二
            twenty · 二十
            twenty-two · 二十二
            ninety-nine · 九十九
            one hundred · 一百
            one hundred and one · 一百零一
            one hundred and two · 一百零二
            one hundred and ten · 一百一十
            one hundred and twelve · 一百一十二
            one hundred and twenty · 一百二十
            two hundred · 二百
            two hundred and twenty-two · 二百二十二
            nine hundred and ninety-nine · 九百九十九
            one thousand · 一千
            one thousand and one · 一千零一
            one thousand and ten · 一千零一十
            one thousand one hundred · 一千一百
            one thousand two hundred and thirty-four · 一千二百三十四
            two thousand · 两千
            two thousand and two · 两千零二
            two thousand two hundred and twenty-two · 两千二百二十二
            ten thousand · 一万
            ten thousand and ten · 一万零一十
            twenty thousand · 两万
            twenty-two thousand · 两万二千
            one hundred thousand · 十万
            one hundred and twenty thousand · 十二万
            two hundred thousand two hundred · 二十万零二百
            one million · 一百万
            one hundred million and one · 一亿零一
            two hundred million · 两亿
            four billion two hundred and ninety-four million nine hundred and sixty-seven thousand two hundred and ninety-five · 四十二亿九千四百九十六万七千二百九十五"#]],
    );
}

#[test]
fn positions() {
    check(
        [1, 2, 12, 101].map(Spoken::Position),
        &expect![[r#"
            one · 第一位
            two · 第二位
            twelve · 第十二位
            one hundred and one · 第一百零一位"#]],
    );
}

#[test]
fn waits() {
    let under = [1, 2, 5, 12, 22, 60, 90, 102, 120, 122, 150].map(|minutes| Spoken::WaitUnder { minutes });
    let between = [(1, 2), (2, 5), (5, 10), (30, 60), (60, 90), (60, 120), (90, 120), (120, 180), (125, 130)]
        .map(|(from_minutes, to_minutes)| Spoken::WaitBetween { from_minutes, to_minutes });
    check(
        under.into_iter().chain(between),
        &expect![[r#"
            less than one minute · 不到一分钟
            less than two minutes · 不到两分钟
            less than five minutes · 不到五分钟
            less than twelve minutes · 不到十二分钟
            less than twenty-two minutes · 不到二十二分钟
            less than one hour · 不到一小时
            less than ninety minutes · 不到九十分钟
            less than one hour and forty-two minutes · 不到一小时四十二分钟
            less than two hours · 不到两小时
            less than two hours and two minutes · 不到两小时两分钟
            less than two hours and thirty minutes · 不到两小时三十分钟
            between one and two minutes · 一到两分钟
            between two and five minutes · 两到五分钟
            between five and ten minutes · 五到十分钟
            between thirty and sixty minutes · 三十到六十分钟
            between sixty and ninety minutes · 六十到九十分钟
            between one and two hours · 一到两小时
            between ninety minutes and two hours · 九十分钟到两小时
            between two and three hours · 两到三小时
            between two hours and five minutes and two hours and ten minutes · 两小时五分钟到两小时十分钟"#]],
    );
}

#[test]
fn promises_by_length() {
    let by = [1, 2, 30, 60, 119, 120].map(|minutes| Spoken::SoonBy { minutes });
    check(
        [Spoken::Soon].into_iter().chain(by),
        &expect![[r#"
            soon · 我们会尽快给您回电
            within one minute · 我们会在一分钟之内给您回电
            within two minutes · 我们会在两分钟之内给您回电
            within thirty minutes · 我们会在三十分钟之内给您回电
            within one hour · 我们会在一小时之内给您回电
            within one hour and fifty-nine minutes · 我们会在一小时五十九分钟之内给您回电
            within two hours · 我们会在两小时之内给您回电"#]],
    );
}

#[test]
fn windows_within_a_day() {
    check_windows(
        SHANGHAI,
        &[
            ["2026-11-26T10:00+08:00", "2026-11-26T15:00+08:00", "2026-11-26T17:00+08:00"],
            ["2026-11-26T08:00+08:00", "2026-11-26T09:30+08:00", "2026-11-26T11:05+08:00"],
            ["2026-11-26T08:00+08:00", "2026-11-26T11:00+08:00", "2026-11-26T13:00+08:00"],
            ["2026-11-26T08:00+08:00", "2026-11-26T10:00+08:00", "2026-11-26T12:00+08:00"],
            ["2026-11-26T08:00+08:00", "2026-11-26T12:00+08:00", "2026-11-26T14:00+08:00"],
            ["2026-11-26T08:00+08:00", "2026-11-26T12:30+08:00", "2026-11-26T14:15+08:00"],
            ["2026-11-26T08:00+08:00", "2026-11-26T20:00+08:00", "2026-11-26T22:00+08:00"],
        ],
        &expect![[r#"
            between three and five this afternoon
            我们会在今天下午三点到五点之间给您回电
            between nine thirty and eleven oh five this morning
            我们会在今天上午九点半到十一点零五分之间给您回电
            between eleven in the morning and one in the afternoon today
            我们会在今天上午十一点到下午一点之间给您回电
            between ten and noon this morning
            我们会在今天上午十点到中午十二点之间给您回电
            between noon and two this afternoon
            我们会在今天中午十二点到下午两点之间给您回电
            between twelve thirty and two fifteen this afternoon
            我们会在今天中午十二点半到下午两点十五分之间给您回电
            between eight and ten this evening
            我们会在今天晚上八点到十点之间给您回电
        "#]],
    );
}

#[test]
fn windows_around_midnight() {
    check_windows(
        SHANGHAI,
        &[
            ["2026-11-26T20:00+08:00", "2026-11-26T22:00+08:00", "2026-11-27T00:00+08:00"],
            ["2026-11-26T20:00+08:00", "2026-11-26T14:00+08:00", "2026-11-27T00:00+08:00"],
            ["2026-11-26T12:00+08:00", "2026-11-26T14:00+08:00", "2026-11-27T00:00+08:00"],
            ["2026-11-26T20:00+08:00", "2026-11-26T23:00+08:00", "2026-11-27T01:00+08:00"],
            ["2026-11-26T20:00+08:00", "2026-11-27T00:00+08:00", "2026-11-27T02:00+08:00"],
            ["2026-11-26T20:00+08:00", "2026-11-27T00:00+08:00", "2026-11-27T12:00+08:00"],
            ["2026-11-26T20:00+08:00", "2026-11-27T00:00+08:00", "2026-11-28T00:00+08:00"],
        ],
        &expect![[r#"
            between ten and midnight this evening
            我们会在今天晚上十点到十二点之间给您回电
            by midnight today
            我们会在今天晚上十二点之前给您回电
            between two in the afternoon and midnight today
            我们会在今天下午两点到晚上十二点之间给您回电
            between eleven this evening and one tomorrow morning
            我们会在今天晚上十一点到明天凌晨一点之间给您回电
            between midnight and two tomorrow morning
            我们会在明天凌晨零点到两点之间给您回电
            between midnight and noon tomorrow
            我们会在明天凌晨零点到中午十二点之间给您回电
            tomorrow
            我们会在明天给您回电
        "#]],
    );
}

#[test]
fn windows_on_other_days() {
    // The 26th of November 2026 is a Thursday.
    check_windows(
        SHANGHAI,
        &[
            ["2026-11-26T20:00+08:00", "2026-11-27T09:00+08:00", "2026-11-27T11:00+08:00"],
            ["2026-11-26T20:00+08:00", "2026-11-28T09:00+08:00", "2026-11-28T11:00+08:00"],
            ["2026-11-26T20:00+08:00", "2026-11-29T11:00+08:00", "2026-11-29T13:00+08:00"],
            ["2026-11-26T20:00+08:00", "2026-11-30T14:00+08:00", "2026-11-30T16:00+08:00"],
            ["2026-11-26T20:00+08:00", "2026-12-02T09:00+08:00", "2026-12-02T12:00+08:00"],
            ["2026-11-26T20:00+08:00", "2026-12-03T09:00+08:00", "2026-12-03T11:00+08:00"],
            ["2026-11-26T20:00+08:00", "2027-01-22T12:00+08:00", "2027-01-22T12:30+08:00"],
            ["2026-11-26T20:00+08:00", "2027-11-26T09:00+08:00", "2027-11-26T11:00+08:00"],
            ["2026-11-26T20:00+08:00", "2026-11-27T17:00+08:00", "2026-11-28T09:00+08:00"],
        ],
        &expect![[r#"
            between nine and eleven tomorrow morning
            我们会在明天上午九点到十一点之间给您回电
            between nine and eleven on Saturday morning
            我们会在后天上午九点到十一点之间给您回电
            between eleven in the morning and one in the afternoon on Sunday
            我们会在星期日上午十一点到下午一点之间给您回电
            between two and four on Monday afternoon
            我们会在下星期一下午两点到四点之间给您回电
            between nine and noon on Wednesday morning
            我们会在下星期三上午九点到中午十二点之间给您回电
            between nine and eleven in the morning on the third of December
            我们会在十二月三号上午九点到十一点之间给您回电
            between noon and twelve thirty in the afternoon on the twenty-second of January
            我们会在一月二十二号中午十二点到十二点半之间给您回电
            between nine and eleven in the morning on the twenty-sixth of November two thousand and twenty-seven
            我们会在二零二七年十一月二十六号上午九点到十一点之间给您回电
            between five tomorrow afternoon and nine on Saturday morning
            我们会在明天下午五点到后天上午九点之间给您回电
        "#]],
    );
}

#[test]
fn windows_that_have_begun_or_are_over() {
    check_windows(
        SHANGHAI,
        &[
            ["2026-11-26T10:00+08:00", "2026-11-26T10:00+08:00", "2026-11-26T17:00+08:00"],
            ["2026-11-26T10:00+08:00", "2026-11-26T08:00+08:00", "2026-11-27T12:00+08:00"],
            ["2026-11-26T10:00+08:00", "2026-11-26T08:00+08:00", "2026-11-27T00:00+08:00"],
            // Seconds widen a window to whole minutes.
            ["2026-11-26T10:00+08:00", "2026-11-26T15:00:59+08:00", "2026-11-26T16:59:01+08:00"],
            // Its end comes first: only the end is told.
            ["2026-11-26T10:00+08:00", "2026-11-26T17:00+08:00", "2026-11-26T15:00+08:00"],
            ["2026-11-26T10:00+08:00", "2026-11-26T08:00+08:00", "2026-11-26T10:00+08:00"],
        ],
        &expect![[r#"
            by five this afternoon
            我们会在今天下午五点之前给您回电
            by noon tomorrow
            我们会在明天中午十二点之前给您回电
            by midnight today
            我们会在今天晚上十二点之前给您回电
            between three and five this afternoon
            我们会在今天下午三点到五点之间给您回电
            by three this afternoon
            我们会在今天下午三点之前给您回电
            soon
            我们会尽快给您回电
        "#]],
    );
}

#[test]
fn windows_where_the_clocks_change() {
    // In Berlin the 28th of March 2027 has no 02:30, and the 31st of October 2027 has it twice.
    check_windows(
        "Europe/Berlin",
        &[
            ["2027-03-27T18:00+01:00", "2027-03-28T01:30+01:00", "2027-03-28T03:30+02:00"],
            ["2027-03-27T18:00+01:00", "2027-03-28T09:00+02:00", "2027-03-28T11:00+02:00"],
            ["2027-10-31T00:10+02:00", "2027-10-31T02:30+02:00", "2027-10-31T02:30+01:00"],
            ["2027-10-30T23:50+02:00", "2027-10-31T09:00+01:00", "2027-10-31T11:00+01:00"],
        ],
        &expect![[r#"
            between one thirty and three thirty tomorrow morning
            我们会在明天凌晨一点半到三点半之间给您回电
            between nine and eleven tomorrow morning
            我们会在明天上午九点到十一点之间给您回电
            by two thirty this morning
            我们会在今天凌晨两点半之前给您回电
            between nine and eleven tomorrow morning
            我们会在明天上午九点到十一点之间给您回电
        "#]],
    );
}

#[test]
fn a_window_is_told_in_the_zone_that_was_asked_for() {
    let now = at("2026-11-26T20:00+08:00");
    let told = |zone: &str| both(&[window(zone, "2026-11-27T09:00+08:00", "2026-11-27T11:00+08:00")], now);
    let zones = ["Asia/Shanghai", "Europe/London", "America/Los_Angeles", "Asia/Kathmandu", "Mars/Olympus", "../etc"];
    expect![[r#"
        between nine and eleven tomorrow morning
        我们会在明天上午九点到十一点之间给您回电
        between one and three tomorrow morning
        我们会在明天凌晨一点到三点之间给您回电
        between five in the afternoon and seven in the evening today
        我们会在今天下午五点到晚上七点之间给您回电
        between six forty-five and eight forty-five tomorrow morning
        我们会在明天上午六点四十五分到八点四十五分之间给您回电
        soon
        我们会尽快给您回电
        soon
        我们会尽快给您回电
    "#]]
    .assert_eq(&zones.map(told).concat());
}

fn any_spoken() -> impl Strategy<Value = Spoken> {
    let day = 86_400_000_i64;
    let time = prop_oneof![
        4 => (-2 * day..400 * day).prop_map(|off: i64| NOW.saturating_add(off)),
        2 => (0..40 * 96_i64).prop_map(move |quarter| NOW - NOW % day + quarter * day / 96),
        1 => any::<i64>(),
    ];
    let time = time.prop_map(Timestamp::from_millis).boxed();
    let zone = prop::sample::select(vec!["Asia/Shanghai", "Europe/Berlin", "America/St_Johns", "Nowhere"]);
    let count = prop_oneof![0..200_u32, 0..200_000_u32, any::<u32>()].boxed();
    prop_oneof![
        "[0-9*#+ a-z]{0,40}".prop_map(Spoken::Digits),
        "[0-9a-z]{0,12}".prop_map(Spoken::AgentNumber),
        count.clone().prop_map(Spoken::Number),
        count.clone().prop_map(Spoken::Position),
        count.clone().prop_map(|minutes| Spoken::WaitUnder { minutes }),
        (count.clone(), count.clone())
            .prop_map(|(from_minutes, to_minutes)| Spoken::WaitBetween { from_minutes, to_minutes }),
        Just(Spoken::Soon),
        count.prop_map(|minutes| Spoken::SoonBy { minutes }),
        Just(Spoken::Tone),
        (time.clone(), time, zone).prop_map(|(from, to, zone)| Spoken::Window { from, to, zone: zone.into() }),
    ]
}

const NOW: i64 = 1_795_000_000_000;

static WORDS: LazyLock<BTreeMap<Language, BTreeSet<Word>>> = LazyLock::new(|| {
    [Language::English, Language::Chinese].map(|language| (language, words(language).into_iter().collect())).into()
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn whatever_is_said_there_is_a_clip_for_it(sentence in prop::collection::vec(any_spoken(), 0..5), now in prop_oneof![Just(NOW), any::<i64>()]) {
        for language in [Language::English, Language::Chinese] {
            let tokens = tokens(language, &sentence, Timestamp::from_millis(now));
            for token in &tokens {
                if let Token::Word(word) = token {
                    prop_assert!(WORDS[&language].contains(word), "{language:?}: {word}");
                    prop_assert!(texts_of(language).contains_key(&word.to_string()), "{language:?}: {word}");
                }
            }
            let is_pause = |token: Option<&Token>| matches!(token, Some(Token::Pause(_)));
            prop_assert!(!is_pause(tokens.first()) && !is_pause(tokens.last()));
            let pauses_meet = tokens.windows(2).any(|two| is_pause(two.first()) && is_pause(two.last()));
            prop_assert!(!pauses_meet);
        }
    }

    #[test]
    fn a_number_in_english_and_chinese_is_the_number(number in prop_oneof![0..100_000_u32, any::<u32>()]) {
        let words = |language| tokens(language, &[Spoken::Number(number)], Timestamp::EPOCH);
        prop_assert_eq!(value_of(Language::English, &words(Language::English)), u64::from(number));
        prop_assert_eq!(value_of(Language::Chinese, &words(Language::Chinese)), u64::from(number));
    }
}

/// What a row of number words means, the way a listener adds it up.
fn value_of(language: Language, tokens: &[Token]) -> u64 {
    let (mut all, mut group, mut last) = (0, 0, 0);
    for token in tokens {
        let Token::Word(word) = token else { panic!("{token:?}") };
        let word = word.to_string();
        let unit = match word.as_str() {
            "hundred" => 100,
            "thousand" => 1_000,
            "ten-thousand" => 10_000,
            "million" => 1_000_000,
            "hundred-million" => 100_000_000,
            "billion" => 1_000_000_000,
            "and" => continue,
            number => {
                let value = match number.strip_prefix("number-").unwrap() {
                    "2-of" => 2,
                    digits => digits.parse().unwrap(),
                };
                // 一 before 十 to 十九 is part of it.
                let is_part = language == Language::Chinese && last == 1 && (10..20).contains(&value);
                group = if is_part { group - 1 + value } else { group + value };
                last = value;
                continue;
            }
        };
        // Whether it multiplies the digit before it alone, or all that was said since the last larger unit.
        if unit == 100 || (language == Language::Chinese && unit == 1_000) {
            group = group - last + last * unit;
        } else {
            all += group * unit;
            group = 0;
        }
        last = 0;
    }
    all + group
}
