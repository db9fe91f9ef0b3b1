use nohold_flow::NumberRefusal;
use nohold_model::{CalendarKey, CallResult, Millis};

use super::*;
use crate::entry::Target;
use crate::fixture::{agent, at, customer, directory, group_b, number, our_number, queue, queue_600, renewals};
use crate::numbers::DialRefusal;

fn whole_service() -> Target {
    Target::WholeService(ServiceKey::new("support").unwrap())
}

#[test]
fn a_customer_sees_the_number_of_the_line_of_business_and_only_one_that_a_trunk_owns() {
    let mut directory = directory();
    for target in [queue_600(), group_b(), whole_service()] {
        assert_eq!(directory.caller_id(&target), Some(our_number()), "{target:?}");
    }
    assert_eq!(directory.caller_id(&renewals()), Some(number("+862161230002")));
    for trunk in directory.trunks.values_mut() {
        trunk.numbers.remove(&our_number());
    }
    assert_eq!(directory.caller_id(&queue_600()), None);
    directory.services.clear();
    assert_eq!(directory.caller_id(&queue_600()), None);
}

fn hour(directory: &Directory, target: &Target, now: Timestamp, beyond_window: bool) -> bool {
    directory.may_dial(&customer(1), target, now, beyond_window).is_ok()
}

#[test]
fn customers_are_dialled_in_the_hours_of_their_line_of_business_and_in_the_window_of_the_site() {
    let mut directory = directory();
    let evening = at(0) + Millis::hours(11); // 21:00
    assert!(hour(&directory, &queue_600(), evening - Millis::new(1), false));
    assert!(!hour(&directory, &queue_600(), evening, false));
    assert!(hour(&directory, &queue_600(), evening, true));
    // A calendar of the queue's own comes before the service's: this one never opens.
    let shut = CalendarKey::new("shut").unwrap();
    let never = r#"{"key": "shut", "name": "Shut", "zone": "Asia/Shanghai", "weekly": {}}"#;
    directory.calendars.insert(shut.clone(), serde_json::from_str(never).unwrap());
    directory.queues.get_mut(&queue("600")).unwrap().calendar = Some(shut);
    assert!(!hour(&directory, &queue_600(), at(0), false));
    assert!(hour(&directory, &group_b(), at(0), false));
    assert!(hour(&directory, &renewals(), at(0), false));
}

#[test]
fn a_supervisors_word_sets_the_hour_aside_and_never_the_number() {
    let blocked = directory().may_dial(&customer(666), &queue_600(), at(0), true);
    assert_eq!(blocked, Err(Forbidden::Number(DialRefusal::Blocked)));
    let abroad = directory().may_dial(&number("+4930901820"), &queue_600(), at(0), true);
    assert!(matches!(abroad, Err(Forbidden::Number(DialRefusal::Country(_)))));
}

#[test]
fn a_number_that_leads_back_to_us_is_nobody_to_call_back() {
    let mut directory = directory();
    for ours in [our_number(), number("+862161230002")] {
        assert_eq!(directory.may_be_called_back(&ours), Err(DialRefusal::Internal));
        assert_eq!(directory.keyed_number(&ours.as_dialled_at_home()), Err(DialRefusal::Internal.class()));
        // A flow or an administrator may mean it.
        assert_eq!(directory.dialled_by_flow(&ours.as_dialled_at_home()), Ok(ours));
    }
    directory.trunks.clear();
    assert_eq!(directory.may_be_called_back(&our_number()), Ok(()));
}

#[test]
fn a_keyed_number_is_taken_or_refused_in_a_word() {
    let directory = directory();
    assert_eq!(directory.keyed_number("13800138001"), Ok(customer(1)));
    assert_eq!(directory.keyed_number("13800138666"), Err(NumberRefusal::Blocked));
    assert_eq!(directory.keyed_number("12"), Err(NumberRefusal::Impossible));
    assert_eq!(directory.keyed_number("004930901820"), Err(NumberRefusal::NotAllowed));
    assert_eq!(directory.dialled_by_flow("13800138666"), Err(DialRefusal::Blocked));
}

#[test]
fn the_agents_of_a_queue_are_those_of_its_groups_each_once_with_the_queues_place_among_theirs() {
    let mut directory = directory();
    directory.groups.get_mut(&GroupKey::new("support-b").unwrap()).unwrap().agents.insert(agent("2000"));
    directory.agents.get_mut(&agent("2001")).unwrap().priorities.insert(queue("600"), 3);
    // Somebody who is in the group and has been deleted.
    directory.agents.remove(&agent("2002"));
    let line = directory.queue(&queue("600")).unwrap();
    let members = directory
        .members(line)
        .map(|profile| (profile.key.to_string(), directory.priority(line, &profile.key).unwrap()));
    let members: Vec<_> = members.collect();
    assert_eq!(members, [("2000".to_owned(), 0), ("2001".to_owned(), 3)]);
}

#[test]
fn a_group_has_a_line_of_its_own_under_the_rules_of_its_service() {
    let directory = directory().with_queues_of_groups();
    let line = directory.queue_for(&group_b()).unwrap();
    assert_eq!((line.key.as_str(), line.strategy), ("group.support-b", Strategy::RingAll));
    assert_eq!(line.service.as_str(), "support");
    assert_eq!(directory.members(line).count(), 1);
    assert_eq!(directory.queue_for(&renewals()).unwrap().key.as_str(), "group.renewals");
    assert_eq!(directory.queue_for(&queue_600()).unwrap().key.as_str(), "600");
    let again = directory.clone().with_queues_of_groups();
    assert_eq!(again.queues.len(), directory.queues.len());
}

#[test]
fn an_unanswered_offer_is_forgiven_where_all_are_rung_and_where_no_queue_made_it() {
    let mut directory = directory();
    assert!(!directory.forgives(Some(&queue("600"))));
    directory.queues.get_mut(&queue("600")).unwrap().strategy = Strategy::RingAll;
    assert!(directory.forgives(Some(&queue("600"))) && directory.forgives(None));
}

#[test]
fn an_agents_own_ring_time_comes_before_the_queues() {
    let mut directory = directory();
    let own = Ringing { ring_for: Millis::seconds(30), retry_pause: Millis::seconds(1) };
    directory.agents.get_mut(&agent("2000")).unwrap().ringing = Some(own);
    let line = directory.queue(&queue("600")).unwrap();
    assert_eq!(directory.ringing(line, &agent("2000")), own);
    assert_eq!(directory.ringing(line, &agent("2001")), line.ringing);
}

#[test]
fn the_default_plan_tries_three_times_ten_minutes_apart_and_fifteen_after_a_machine() {
    let plan = RetryPlan::default();
    assert_eq!(plan.max_attempts, 3);
    assert_eq!(plan.gap_after(CallResult::NoAnswer), Millis::minutes(10));
    assert_eq!(plan.gap_after(CallResult::Machine), Millis::minutes(15));
    assert_eq!(plan.final_results, BTreeSet::from([CallResult::Unallocated]));
}

/// Phones 2000 (which may call outside and shows the campaign's number) and 2001, queue 600 as `8600`, the shipped flow
/// 700.
fn with_phones() -> Directory {
    let mut directory = directory();
    for (key, outside, shown) in [("2000", true, Some("+862161230002")), ("2001", false, None)] {
        let extension = Extension {
            key: ExtensionKey::new(key).unwrap(),
            number: key.into(),
            name: format!("Desk {key}"),
            may_call_outside: outside,
            caller_id: shown.map(number),
            auto_answer: true,
            unanswered: None,
        };
        directory.extensions.insert(extension.key.clone(), extension);
    }
    directory.queues.get_mut(&queue("600")).unwrap().number = Some("8600".into());
    let flow = Document::parse(include_str!("../../../../scenario/flows/queue-overflow.json")).unwrap();
    directory.flows.insert(flow.key.clone(), BTreeMap::from([(1, Arc::new(flow))]));
    directory
}

fn phone(key: &str) -> ExtensionKey {
    ExtensionKey::new(key).unwrap()
}

#[test]
fn what_a_phone_dials_means_one_thing() {
    let mut directory = with_phones();
    directory.star_codes.insert("*1".into(), StarCode::EchoTest);
    directory.site.numbers.domains.insert("nohold.example".into());
    let flow = || Some(Meaning::Flow(FlowKey::new("queue-overflow").unwrap()));
    let outside = |text: &str| Some(Meaning::Outside(number(text)));
    for (dialled, meaning) in [
        ("2000", Some(Meaning::Extension(phone("2000")))),
        ("sip:2001@nohold.example;user=phone", Some(Meaning::Extension(phone("2001")))),
        ("8600", Some(Meaning::Queue(queue("600")))),
        ("700", flow()),
        ("*77700", flow()),
        ("*77701", None),
        ("*77", None),
        ("2000#", Some(Meaning::Extension(phone("2000")))),
        ("*10", Some(Meaning::Code(StarCode::SignIn))),
        ("*10#", Some(Meaning::Code(StarCode::SignIn))),
        ("<sip:%2A43@nohold.example>", Some(Meaning::Code(StarCode::EchoTest))),
        ("sip:%2B8613800138001@nohold.example", outside("+8613800138001")),
        ("sip:%252A43@nohold.example", None),
        ("sip:20%2500@nohold.example", None),
        ("%2A43", None),
        ("*1", Some(Meaning::Code(StarCode::EchoTest))),
        ("*101", None),
        ("*99", None),
        ("*110", None),
        ("#10", None),
        ("2999", None),
        ("tel:2000;phone-context=nohold.example", Some(Meaning::Extension(phone("2000")))),
        ("2000#;phone-context=nohold.example", Some(Meaning::Extension(phone("2000")))),
        ("tel:2000;phone-context=other.example", None),
        ("tel:8600;phone-context=other.example", None),
        ("tel:863-1234;phone-context=+1-914-555", outside("+19148631234")),
        ("13800138001", outside("+8613800138001")),
        ("004930901820", outside("+4930901820")),
        ("10086", None),
        ("anonymous", None),
        ("", None),
    ] {
        assert_eq!(directory.meaning(dialled), meaning, "{dialled}");
    }
}

#[test]
fn emergency_numbers_come_before_everything_else() {
    let mut directory = with_phones();
    directory.site.numbers.outside_line = Some("9".into());
    // Whatever somebody has configured under the same digits.
    directory.extensions.get_mut(&phone("2001")).unwrap().number = "110".into();
    directory.queues.get_mut(&queue("600")).unwrap().number = Some("120".into());
    for dialled in ["110", "119", "120", "122", "9110", "110#", "1-1-0", "sip:110@nohold.example", "tel:120"] {
        let meaning = directory.meaning(dialled);
        assert!(matches!(meaning, Some(Meaning::Emergency(_))), "{dialled} is {meaning:?}");
    }
    assert_eq!(directory.meaning("911"), None);
}

#[test]
fn a_phone_calls_outside_by_its_right_and_shows_a_number_that_a_trunk_owns() {
    let mut directory = with_phones();
    assert!(directory.may_call_outside(&phone("2000"), &customer(1)));
    assert!(!directory.may_call_outside(&phone("2000"), &customer(666)), "blocked");
    assert!(!directory.may_call_outside(&phone("2000"), &number("+4930901820")), "abroad");
    assert!(!directory.may_call_outside(&phone("2001"), &customer(1)), "no right");
    assert!(!directory.may_call_outside(&phone("2999"), &customer(1)), "no such phone");
    let other = Trunk {
        key: TrunkKey::new("other").unwrap(),
        numbering: NumberRules::of_country(directory.site.numbers.country),
        numbers: BTreeSet::from([number("+862161239999")]),
    };
    directory.outbound.insert(0, other.key.clone());
    directory.trunks.insert(other.key.clone(), other);
    let routes = |directory: &Directory, key: &str| match directory.dial_from(&phone(key), &customer(1)) {
        crate::call::DialTo::Outside { routes, .. } => {
            routes.into_iter().map(|route| (route.trunk.to_string(), route.shows.unwrap())).collect::<Vec<_>>()
        }
        other => panic!("{other:?}"),
    };
    let pair = |trunk: &str, shows: &str| (trunk.to_owned(), shows.to_owned());
    // No trunk shows another number than the one that was chosen; without one each shows its own.
    assert_eq!(routes(&directory, "2000"), [pair("carrier-1", "+862161230002")]);
    assert_eq!(routes(&directory, "2001"), [pair("other", "+862161239999"), pair("carrier-1", "+862161230001")]);
    assert!(directory.may_show_own(&phone("2000")) && directory.may_show_own(&phone("2001")));
    directory.extensions.get_mut(&phone("2000")).unwrap().caller_id = Some(number("+862161238888"));
    assert!(!directory.may_show_own(&phone("2000")));
    assert_eq!(routes(&directory, "2000"), []);
}

#[test]
fn an_agent_who_works_outside_is_dialled_there_where_the_number_may_be_called() {
    let mut directory = with_phones();
    let dialled = |directory: &Directory, number: PhoneNumber, used: bool| {
        let mut directory = directory.clone();
        let outside = Some(super::WorksOutside { number, used });
        directory.agents.values_mut().find(|one| one.extension == phone("2000")).unwrap().outside = outside;
        let profile = directory.agent_of(&phone("2000")).unwrap();
        let for_work = directory.dial_agent(profile, crate::call::Shown::Nothing);
        let by_number = directory.dial_extension(&phone("2000"), crate::call::Shown::Nothing);
        match (for_work, by_number) {
            (
                crate::call::DialTo::AgentOutside { routes, .. },
                crate::call::DialTo::AgentOutside { routes: also, .. },
            ) => {
                assert_eq!(routes, also);
                Some(routes.len())
            }
            (crate::call::DialTo::Extension { .. }, crate::call::DialTo::Extension { .. }) => None,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(dialled(&directory, customer(1), true), Some(1));
    assert_eq!(dialled(&directory, customer(1), false), None, "at the phone");
    assert_eq!(dialled(&directory, customer(666), true), Some(0), "blocked");
    directory.outbound.clear();
    assert_eq!(dialled(&directory, customer(1), true), Some(0), "by no trunk");
}

#[test]
fn a_phone_is_asked_to_answer_by_itself_for_work_only() {
    let directory = with_phones();
    let asks = |to| matches!(to, crate::call::DialTo::Extension { auto_answer: true, .. });
    let profile = directory.agent_of(&phone("2000")).unwrap();
    assert!(asks(directory.dial_agent(profile, crate::call::Shown::Nothing)));
    assert!(!asks(directory.dial_extension(&phone("2000"), directory.shown_colleague(&phone("2001")))));
}
