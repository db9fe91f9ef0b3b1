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
