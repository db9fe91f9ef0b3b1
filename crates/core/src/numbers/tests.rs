use std::collections::BTreeSet;

use nohold_model::{Country, InvalidNumber, PhoneNumber};

use super::*;

fn china() -> NumberRules {
    NumberRules::of_country(Country::new("CN").unwrap())
}

fn number(text: &str) -> PhoneNumber {
    text.parse().unwrap()
}

#[test]
fn all_ways_to_write_one_customer_become_one_number() {
    for raw in [
        "13800138000",
        "013800138000",
        "+86 138 0013 8000",
        "008613800138000",
        "8613800138000",
        "+86013800138000",
        "sip:13800138000@10.0.0.1:5060;user=phone",
        "\"Li\" <sip:+8613800138000@carrier.example>;tag=1",
        "tel:+86-138-0013-8000;cpc=ordinary",
        "sips:%2B8613800138000@carrier.example",
        "sip:%2b8613800138%30%30%30@carrier.example",
        "<sip:+86%20138%200013%208000@carrier.example>",
        "138.0013.8000",
        "１３８００１３８０００",
    ] {
        assert_eq!(china().normalise(raw), Ok(number("+8613800138000")), "{raw}");
    }
}

#[test]
fn what_is_no_number_is_refused_with_the_reason() {
    use NumberProblem as P;
    for (raw, want) in [
        ("", P::Empty),
        ("sip:@host", P::Empty),
        ("+", P::Empty),
        ("sip:anonymous@anonymous.invalid", P::Withheld),
        ("Unavailable", P::Withheld),
        ("alice", P::Character('a')),
        ("*67", P::ServiceCode),
        ("sip:%2A67@host", P::ServiceCode),
        ("sip:%252B8613800138000@host", P::Character('%')),
        ("%2B8613800138000", P::Character('%')),
        ("sip:13800138000%25@host", P::Character('%')),
        ("sip:1380013800%4@host", P::Character('%')),
        ("sip:13800138000%FF@host", P::Character('\u{fffd}')),
        ("110", P::Emergency),
        ("122", P::Emergency),
        ("2000", P::Internal),
        ("95588", P::Short),
        ("+999123456789", P::Form(InvalidNumber::UnknownCallingCode)),
        ("138001380001380013800138000", P::Form(InvalidNumber::TooLong)),
        ("+86138001", P::Form(InvalidNumber::WithoutAreaCode)),
    ] {
        assert_eq!(china().normalise(raw), Err(want), "{raw}");
    }
}

#[test]
fn a_keyed_number_must_be_in_the_plan() {
    // One digit is missing: a caller ID may look like this, a callback to it would be in vain.
    assert!(china().normalise("1380013800").is_ok());
    assert_eq!(china().normalise_keyed("1380013800"), Err(NumberProblem::NotInPlan));
    assert!(china().normalise_keyed("13800138000").is_ok());
}

#[test]
fn a_trunks_own_prefixes_are_understood() {
    let rules: NumberRules = serde_json::from_str(
        r#"{"country": "CN", "area_code": "10", "outside_line": "9", "international_prefixes": ["17951"],
            "rewrite": [{"begins": "8", "digits": 12, "becomes": ""}], "internal_lengths": [4]}"#,
    )
    .unwrap();
    assert_eq!(rules.check(), Ok(()));
    assert_eq!(rules.normalise("62345678"), Ok(number("+861062345678")), "a number of the town");
    assert_eq!(rules.normalise("17951442079460958"), Ok(number("+442079460958")));
    assert_eq!(rules.normalise("813800138000"), Ok(number("+8613800138000")), "rewritten");
    for bad in [r#"{"country": "CN", "outside_line": "9x"}"#, r#"{"country": "CN", "internal_lengths": [1]}"#] {
        assert!(serde_json::from_str::<NumberRules>(bad).unwrap().check().is_err(), "{bad}");
    }
}

#[test]
fn an_extension_dials_with_or_without_the_outside_line() {
    let rules = NumberRules { outside_line: Some("9".into()), ..china() };
    let emergency = EmergencyNumber::of("110", rules.country).unwrap();
    for (raw, want) in [
        ("110", Dialled::Emergency(emergency.clone())),
        ("9110", Dialled::Emergency(emergency)),
        ("2000", Dialled::Internal("2000".into())),
        ("913800138000", Dialled::Number(number("+8613800138000"))),
        ("13800138000", Dialled::Number(number("+8613800138000"))),
    ] {
        assert_eq!(rules.dialled(raw), Ok(want), "{raw}");
    }
    let american =
        NumberRules { outside_line: Some("9".into()), ..NumberRules::of_country(Country::new("US").unwrap()) };
    for raw in ["911", "9911"] {
        assert!(matches!(american.dialled(raw), Ok(Dialled::Emergency(_))), "{raw}");
    }
}

#[test]
fn numbers_are_sent_as_the_trunk_wants_them() {
    for (send, mobile, fixed, abroad) in [
        (DialFormat::Plus, "+8613800138000", "+861062345678", "+442079460958"),
        (DialFormat::Digits, "8613800138000", "861062345678", "442079460958"),
        (DialFormat::National, "13800138000", "01062345678", "00442079460958"),
        (DialFormat::NationalZeroMobile, "013800138000", "01062345678", "00442079460958"),
    ] {
        let rules = NumberRules { send, ..china() };
        let sent = ["+8613800138000", "+861062345678", "+442079460958"].map(|text| rules.sent(&number(text)));
        assert_eq!(sent, [mobile, fixed, abroad], "{send:?}");
    }
}

#[test]
fn by_default_only_usual_numbers_of_the_own_country_go_out() {
    let blocked =
        BlockList { numbers: BTreeSet::from([number("+8613900139000")]), prefixes: ["+8617".to_owned()].into() };
    for (country, text, want) in [
        ("CN", "+8613800138000", Ok(())),
        ("CN", "+861062345678", Ok(())),
        ("CN", "+864008001234", Err(DialRefusal::Special)),
        ("CN", "+8613900139000", Err(DialRefusal::Blocked)),
        ("CN", "+8617012345678", Err(DialRefusal::Blocked)),
        ("CN", "+85251234567", Err(DialRefusal::Country(Country::new("HK").unwrap()))),
        ("CN", "+870773111632", Err(DialRefusal::NoCountry)),
        ("GB", "+449098790000", Err(DialRefusal::Premium)),
        ("GB", "+447012345678", Err(DialRefusal::Special)),
        ("US", "+16135550123", Err(DialRefusal::Country(Country::new("CA").unwrap()))),
        ("US", "+18005550123", Ok(())),
        ("US", "+19005551234", Err(DialRefusal::Premium)),
    ] {
        let rules = OutboundRules::of_country(Country::new(country).unwrap());
        assert_eq!(rules.check_number(&number(text), &blocked), want, "{text}");
    }
}

#[test]
fn a_service_number_behind_an_area_code_is_no_line_at_a_place() {
    let rules = OutboundRules::of_country(Country::new("CN").unwrap());
    let check =
        |rules: &OutboundRules, raw: &str| rules.check_number(&china().normalise(raw).unwrap(), &BlockList::default());
    for (raw, want) in [
        ("01016812345", Err(DialRefusal::Premium)),
        ("075516812345", Err(DialRefusal::Premium)),
        ("01095588", Err(DialRefusal::Number(NumberProblem::Short))),
        ("02112345678", Err(DialRefusal::Number(NumberProblem::Short))),
        ("01062345678", Ok(())),
        ("02161230001", Ok(())),
        ("075562345678", Ok(())),
        ("13800138000", Ok(())),
    ] {
        assert_eq!(check(&rules, raw), want, "{raw}");
    }
    let with_premium = OutboundRules { allow_premium: true, ..rules };
    assert_eq!(check(&with_premium, "01016812345"), Ok(()));
}

#[test]
fn a_prefix_on_the_block_list_is_the_beginning_of_an_international_number() {
    let list = |prefix: &str| BlockList { numbers: BTreeSet::new(), prefixes: [prefix.to_owned()].into() };
    for good in ["+8617", "+1", "+861380013800"] {
        assert_eq!(list(good).check(), Ok(()), "{good}");
    }
    for bad in ["", "+", "8617", "+86 17", "+0086", "+86x", "017", "+1234567890123456"] {
        assert!(list(bad).check().is_err(), "{bad}");
    }
    assert_eq!(
        list("8617").check().unwrap_err().to_string(),
        "prefix `8617` of the block list: write `+` and the first digits, country code first, for example `+8617`"
    );
}

#[test]
fn a_local_number_is_read_in_its_phone_context() {
    let ours = NumberRules { domains: BTreeSet::from(["pbx.example".to_owned()]), ..china() };
    for (raw, want) in [
        ("tel:13800138000;phone-context=+86", Ok("+8613800138000")),
        ("tel:7946-0958;phone-context=+44-20", Ok("+442079460958")),
        ("tel:863-1234;phone-context=+1-914-555", Ok("+19148631234")),
        ("sip:2079460958;phone-context=%2B44@carrier.example;user=phone", Ok("+442079460958")),
        ("tel:+8613800138000;phone-context=+44", Ok("+8613800138000")),
        ("tel:13800138000;phone-context=other.example", Ok("+8613800138000")),
        ("tel:2000;phone-context=PBX.example", Err(NumberProblem::Internal)),
        ("tel:2000;phone-context=other.example", Err(NumberProblem::ForeignContext)),
        ("tel:110;phone-context=other.example", Err(NumberProblem::Emergency)),
    ] {
        assert_eq!(ours.normalise(raw), want.map(number), "{raw}");
    }
    assert_eq!(ours.dialled("tel:2000;phone-context=pbx.example"), Ok(Dialled::Internal("2000".into())));
    assert_eq!(ours.dialled("tel:2000;phone-context=other.example"), Err(NumberProblem::ForeignContext));
}

#[test]
fn a_number_that_begins_with_the_digit_of_the_outside_line_is_not_cut() {
    let american =
        NumberRules { outside_line: Some("9".into()), ..NumberRules::of_country(Country::new("US").unwrap()) };
    for raw in ["9175550100", "99175550100", "919175550100", "917-555-0100"] {
        assert_eq!(american.dialled(raw), Ok(Dialled::Number(number("+19175550100"))), "{raw}");
    }
    assert_eq!(american.dialled("92125550123"), Ok(Dialled::Number(number("+12125550123"))));
}

#[test]
fn emergency_numbers_go_out_from_extensions_and_are_never_called_back() {
    let rules = OutboundRules::of_country(Country::new("CN").unwrap());
    let none = BlockList::default();
    let emergency = china().dialled("110").unwrap();
    let internal = china().dialled("2000").unwrap();
    assert_eq!(rules.check(&emergency, Dialler::Extension, &none), Ok(()));
    assert_eq!(rules.check(&emergency, Dialler::Entry, &none), Err(DialRefusal::Emergency));
    assert_eq!(rules.check(&internal, Dialler::Extension, &none), Ok(()));
    assert_eq!(rules.check(&internal, Dialler::Entry, &none), Err(DialRefusal::Internal));
}

#[test]
fn a_number_may_make_so_many_requests_a_day_and_no_more() {
    let limit = RequestLimit { per_number_per_day: 3 };
    assert_eq!(limit.check(2), Ok(()));
    assert_eq!(limit.check(3), Err(DialRefusal::TooMany { made: 3, limit: 3 }));
    assert!(RequestLimit { per_number_per_day: 0 }.check(0).is_err());
}

#[test]
fn the_asserted_number_comes_first_and_a_withheld_one_is_never_used() {
    let public = Privacy::Public;
    let id = Privacy::from_header(Some("user;id"));
    let mobile = Some("sip:13800138000@pbx");
    let other = Some("<sip:+8613900139000@carrier>");
    let anonymous = Some("\"Anonymous\" <sip:anonymous@anonymous.invalid>");
    for (from, asserted, privacy, want) in [
        (mobile, None, public, Ok("+8613800138000")),
        (mobile, other, public, Ok("+8613900139000")),
        (mobile, Some("sip:alice@pbx"), public, Ok("+8613800138000")),
        (mobile, other, id, Err(Unusable::Withheld)),
        (anonymous, other, public, Err(Unusable::Withheld)),
        (None, None, public, Err(Unusable::Missing)),
        (Some(""), None, public, Err(Unusable::Missing)),
        (Some("sip:2000@pbx"), None, public, Err(Unusable::Problem(NumberProblem::Internal))),
        (Some("sip:95588@pbx"), Some(""), public, Err(Unusable::Problem(NumberProblem::Short))),
    ] {
        let got = callback_number(&china(), from, asserted, privacy);
        assert_eq!(got, want.map(number), "{from:?} {asserted:?}");
    }
    assert_eq!(Privacy::from_header(Some("none")), Privacy::Public);
    assert_eq!(Privacy::from_header(Some("header;session")), Privacy::Public);
    assert_eq!(Privacy::from_header(None), Privacy::Public);
}

#[test]
fn only_a_number_of_the_trunk_is_shown() {
    let owned = BTreeSet::from([number("+861062345678")]);
    let (ours, foreign) = (number("+861062345678"), number("+8613800138000"));
    assert_eq!(caller_id(Some(&ours), &owned), Ok(&ours));
    assert_eq!(caller_id(Some(&foreign), &owned), Err(CallerIdRefused::NotOwned));
    assert_eq!(caller_id(None, &owned), Err(CallerIdRefused::NotSet));
}

mod laws {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_made_one_form_stays_it(raw in "(\\+|00|0|86|9)?[0-9 -]{3,16}", country in prop::sample::select(vec!["CN", "US", "DE", "GB", "IT", "AR"])) {
            let rules = NumberRules::of_country(Country::new(country).unwrap());
            if let Ok(number) = rules.normalise(&raw) {
                prop_assert_eq!(rules.normalise(number.as_str()), Ok(number));
            }
        }

        #[test]
        fn every_chinese_mobile_is_one_customer(rest in "[0-9]{8}", second in "[3-9]") {
            let national = format!("13{second}{rest}");
            let rules = china();
            let want = rules.normalise(&national);
            prop_assert!(want.is_ok());
            for prefix in ["0", "+86", "0086", "+86 0"] {
                prop_assert_eq!(&rules.normalise(&format!("{prefix}{national}")), &want, "{}", prefix);
            }
        }

        #[test]
        fn any_text_is_answered_without_a_panic(raw in "\\PC{0,30}") {
            let _ = (china().normalise(&raw), china().dialled(&raw), EmergencyNumber::of(&raw, china().country));
        }

        #[test]
        fn what_is_sent_comes_back_as_the_same_number(rest in "[0-9]{8}") {
            let customer = number(&format!("+86138{rest}"));
            for send in [DialFormat::Plus, DialFormat::Digits, DialFormat::National, DialFormat::NationalZeroMobile] {
                let rules = NumberRules { send, ..china() };
                prop_assert_eq!(rules.normalise(&rules.sent(&customer)), Ok(customer.clone()));
            }
        }
    }
}
