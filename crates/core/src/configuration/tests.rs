use nohold_model::{Country, Digit, Millis};
use serde_json::{Value, json};

use super::*;
use crate::directory::{AtClosing, OverflowReason, OverflowTarget, Strategy};
use crate::fixture;

/// Queue 600 of Support with one agent, and a flow for its overflow.
fn small() -> Value {
    json!({
        "site": { "zone": "Asia/Shanghai", "country": "CN", "language": "zh" },
        "calendars": { "office": { "weekly": { "mon": ["09:00-18:00"] } } },
        "services": {
            "support": { "groups": ["support-a"], "calendar": "office", "caller_id": "+862161230001" }
        },
        "groups": { "support-a": { "agents": ["2000"] } },
        "agents": { "2000": {} },
        "extensions": { "2000": { "password": { "generate": true } } },
        "queues": { "600": {
            "service": "support", "number": "600", "overflow": { "timeout": { "flow": "overflow" } }
        } },
        "trunks": { "carrier": { "host": "127.0.0.1", "numbers": ["+862161230001"] } },
        "numbers": { "+862161230001": { "service": "support", "target": { "queue": "600" } } },
        "flows": { "overflow": { "document": {
            "key": "overflow", "name": "Overflow", "kind": { "type": "main", "internal_number": "700" },
            "nodes": {
                "start": { "action": { "type": "start" }, "exits": { "next": "wait" } },
                "wait": { "action": { "type": "queue" } }
            }
        } } }
    })
}

/// The small document with something in another way: `null` takes it away.
fn with(changes: &[(&str, Value)]) -> Value {
    let mut document = small();
    for (pointer, value) in changes {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let table = document.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        if value.is_null() {
            table.remove(key);
        } else {
            table.insert(key.to_owned(), value.clone());
        }
    }
    document
}

fn read(document: Value) -> Configuration {
    serde_json::from_value(document).unwrap()
}

fn problems(changes: &[(&str, Value)]) -> Vec<String> {
    let problems = read(with(changes)).check(&Surroundings::default());
    problems.iter().map(ToString::to_string).collect()
}

/// The document with the change has one problem that begins and goes on like this, and no other.
#[track_caller]
fn refused(pointer: &str, value: Value, begins: &str, says: &str) {
    let found = problems(&[(pointer, value)]);
    let fits = |problem: &&String| problem.starts_with(begins) && problem.contains(says);
    assert!(found.iter().filter(fits).count() == 1, "wanted `{begins}` … `{says}`, found {found:#?}");
}

#[test]
fn a_small_document_is_sound() {
    assert_eq!(problems(&[]), Vec::<String>::new());
}

#[test]
fn a_flow_has_the_version_that_somebody_counts_and_keeps_earlier_ones() {
    let key: FlowKey = FlowKey::new("overflow").unwrap();
    let configuration = read(small());
    let directory = configuration.directory(&Surroundings::default()).unwrap();
    let (version, first) = directory.latest_flow(&key).unwrap();
    assert_eq!(version, 1);
    let surroundings = Surroundings {
        flow_versions: BTreeMap::from([(key.clone(), 3)]),
        // A version that is not earlier than the newest cannot be held by anybody.
        earlier_flows: BTreeMap::from([(key.clone(), BTreeMap::from([(2, first.clone()), (4, first.clone())]))]),
        ..Surroundings::default()
    };
    let directory = configuration.directory(&surroundings).unwrap();
    assert_eq!(directory.flows[&key].keys().copied().collect::<Vec<_>>(), [2, 3]);
    assert_eq!(directory.latest_flow(&key).unwrap().0, 3);
}

#[test]
fn a_site_alone_is_a_configuration() {
    let written = json!({ "site": { "zone": "Europe/Berlin", "country": "DE" } });
    let directory = read(written).directory(&Surroundings::default()).unwrap();
    assert_eq!(directory.site.zone.name(), "Europe/Berlin");
    assert!(directory.queues.is_empty());
    assert_eq!(directory.star_codes, StarCode::defaults());
}

#[test]
fn what_is_left_out_has_its_default() {
    let directory = read(small()).directory(&Surroundings::default()).unwrap();
    let site = &directory.site;
    let usual = fixture::site();
    assert_eq!(site.dialling_window, usual.dialling_window);
    assert_eq!(site.retry_plan, usual.retry_plan);
    assert_eq!(site.promise, usual.promise);
    assert_eq!(site.numbers, usual.numbers);
    assert_eq!(site.outbound, usual.outbound);
    assert_eq!((site.claim_for, site.expire_after), (usual.claim_for, usual.expire_after));
    assert_eq!(site.request_limit.per_number_per_day, 5);
    let queue = &directory.queues[&fixture::queue("600")];
    assert_eq!((queue.strategy, queue.at_closing), (Strategy::LongestIdle, AtClosing::Serve));
    assert_eq!(queue.groups, directory.services[&queue.service].groups, "all groups of the service");
    assert_eq!((queue.longest_wait, queue.wrap_up), (Millis::minutes(5), Millis::seconds(30)));
    let agent = &directory.agents[&fixture::agent("2000")];
    assert_eq!((agent.number.as_str(), agent.extension.as_str()), ("2000", "2000"));
    let extension = &directory.extensions[&agent.extension];
    assert_eq!((extension.number.as_str(), extension.may_call_outside), ("2000", false));
    assert_eq!(directory.outbound.len(), 1, "all trunks");
    assert_eq!(directory.calendars.values().next().unwrap().zone().name(), "Asia/Shanghai");
}

#[test]
fn what_is_written_is_what_the_rules_read() {
    let document = with(&[
        ("/site/claim_for", json!("90s")),
        ("/site/expire_after", json!("never")),
        ("/site/retry_plan", json!({ "max_attempts": 2, "within": "12h", "gaps": { "busy": "5m" } })),
        ("/queues/600/strategy", json!("ring_all")),
        ("/queues/600/longest_wait", json!("1m30s")),
        ("/queues/600/callback_key", json!({ "digit": "2" })),
        ("/queues/600/overflow/key", json!({ "flow": "overflow" })),
        ("/queues/600/overflow/full", json!("busy")),
        ("/agents/2000/ringing", json!({ "ring_for": "20s" })),
        ("/extensions/2000/unanswered", json!({ "target": { "queue": "600" } })),
        ("/trunks/carrier/numbering", json!({ "send": "national", "domains": ["pbx.example"] })),
        ("/outbound", json!({ "countries": ["CN", "HK"], "trunks": ["carrier"] })),
    ]);
    let directory = read(document).directory(&Surroundings::default()).unwrap();
    assert_eq!((directory.site.claim_for, directory.site.expire_after), (Millis::seconds(90), None));
    let plan = &directory.site.retry_plan;
    assert_eq!((plan.max_attempts, plan.within, plan.gap), (2, Millis::hours(12), Millis::minutes(10)));
    assert_eq!(plan.gaps.values().collect::<Vec<_>>(), [&Millis::minutes(5)], "gaps are written whole");
    let queue = &directory.queues[&fixture::queue("600")];
    assert_eq!((queue.strategy, queue.longest_wait), (Strategy::RingAll, Millis::seconds(90)));
    let key = queue.callback_key.unwrap();
    assert_eq!((key.digit, key.announce_every), (Digit::new('2').unwrap(), Millis::seconds(30)));
    assert_eq!(queue.overflow[&OverflowReason::Full], OverflowTarget::Busy);
    assert_eq!(directory.agents.values().next().unwrap().ringing.unwrap().ring_for, Millis::seconds(20));
    assert!(directory.site.outbound.countries.contains(&Country::new("HK").unwrap()));
    assert!(directory.extensions.values().all(|phone| phone.unanswered.is_some()));
    assert!(directory.trunks.values().all(|trunk| trunk.numbering.domains.contains("pbx.example")));
    let (_, flow) = directory.latest_flow(&FlowKey::new("overflow").unwrap()).unwrap();
    assert_eq!(flow.name, "Overflow");
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let found = problems(&[
        ("/services/support/calendar", json!("offfice")),
        ("/queues/600/overflow/timeout", json!({ "flow": "overflw" })),
        ("/groups/support-a/agents", json!(["2000", "2009"])),
        ("/trunks/carrier/register", json!(true)),
    ]);
    assert_eq!(
        found,
        [
            "error: groups.support-a.agents: there is no agent `2009`: choose an agent that is configured, or add `2009`",
            "error: queues.600.overflow.timeout: there is no flow `overflw`: choose a flow that is configured, or add `overflw`",
            "error: services.support.calendar: there is no calendar `offfice`: choose a calendar that is configured, or add `offfice`",
            "error: trunks.carrier.user: it registers, and no user is given: add `user` and `password` as the carrier gave them",
        ]
    );
}

#[test]
fn what_is_named_must_be_there() {
    for (pointer, value, path) in [
        ("/services/support/groups", json!(["support-a", "x"]), "services.support.groups"),
        ("/queues/600/groups", json!(["x"]), "queues.600.groups"),
        ("/queues/600/service", json!("x"), "queues.600.service"),
        ("/queues/600/calendar", json!("x"), "queues.600.calendar"),
        ("/queues/600/dispositions", json!(["x"]), "queues.600.dispositions"),
        ("/services/support/dispositions", json!(["x"]), "services.support.dispositions"),
        ("/queues/600/overflow/full", json!({ "queue": "x" }), "queues.600.overflow.full"),
        ("/queues/600/overflow/full", json!({ "group": "x" }), "queues.600.overflow.full"),
        ("/queues/600/overflow/full", json!({ "extension": "x" }), "queues.600.overflow.full"),
        ("/agents/2000/extension", json!("x"), "agents.2000.extension"),
        ("/agents/2000/priorities", json!({ "x": 1 }), "agents.2000.priorities"),
        ("/numbers/+862161230001/service", json!("x"), "numbers.+862161230001.service"),
        ("/numbers/+862161230001/target", json!({ "flow": "x" }), "numbers.+862161230001.target.flow"),
        ("/numbers/+862161230001/when_closed", json!({ "queue": "x" }), "numbers.+862161230001.when_closed.queue"),
        ("/extensions/2000/unanswered", json!({ "target": { "extension": "x" } }), "extensions.2000.unanswered.target"),
        ("/outbound", json!({ "trunks": ["carrier", "x"] }), "outbound.trunks"),
    ] {
        refused(pointer, value, &format!("error: {path}"), "`x`: choose a");
    }
}

#[test]
fn an_internal_number_belongs_to_one_thing_and_to_no_emergency() {
    let path = "error: extensions.2000.number";
    refused("/queues/600/number", json!("700"), "error: flows.overflow", "700 belongs to the queue `600` already");
    refused("/queues/600/number", json!("2000"), "error: queues.600.number", "belongs to the extension `2000` already");
    refused("/extensions/2000/number", json!("110"), path, "110 is an emergency number in CN");
    refused("/extensions/2000/number", json!("*10"), path, "`*10` begins with `*`");
    refused(
        "/extensions/2000/number",
        json!("20000"),
        path,
        "20000 has 5 digits, and internal numbers here have 3 or 4",
    );
    refused("/extensions/2000/number", json!("front"), path, "`front` is not an internal number");
    let longer =
        [("/extensions/2000/number", json!("20000")), ("/site/numbering", json!({ "internal_lengths": [3, 5] }))];
    assert_eq!(problems(&longer), Vec::<String>::new());
}

#[test]
fn people_without_work_and_queues_without_people_are_pointed_out() {
    let found = problems(&[("/groups/support-a/agents", json!([]))]);
    assert_eq!(
        found,
        [
            "warning: agents.2000: this agent is in no group and gets no calls: add the agent to a group",
            "warning: groups.support-a.agents: nobody is in this group: name an agent",
            "warning: queues.600.groups: no agent serves this queue: name groups that have agents",
        ]
    );
    let directory = read(with(&[("/groups/support-a/agents", json!([]))])).directory(&Surroundings::default());
    assert!(directory.is_ok(), "warnings do not keep anybody from working");
}

#[test]
fn dispositions_are_listed_for_who_has_asked() {
    let document = with(&[
        ("/dispositions", json!({ "sold": { "name": "Sold" }, "solved": {} })),
        ("/services/support/dispositions", json!(["solved", "sold"])),
    ]);
    let directory = read(document).directory(&Surroundings::default()).unwrap();
    let words: Vec<_> = directory.dispositions.names.values().map(String::as_str).collect();
    assert_eq!(words, ["Sold", "solved"]);
    let target = crate::entry::Target::Queue("600".parse().unwrap());
    let entry = crate::entry::Entry::new(fixture::entry(1), None, target, fixture::at(0));
    let listed: Vec<_> = directory.dispositions_of(&entry).unwrap().iter().map(|key| key.as_str()).collect();
    assert_eq!(listed, ["solved", "sold"], "those of its service");
    refused("/services/support/dispositions", json!([]), "error: services.support.dispositions", "leave the list out");
}

#[test]
fn a_door_that_stands_open_is_pointed_out_and_limits_are_numbers() {
    let trunk = |more: Value| {
        let mut trunk = json!({ "host": "127.0.0.1", "numbers": ["+862161230001"] });
        trunk.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        trunk
    };
    let wide =
        trunk(json!({ "inbound": { "addresses": ["0.0.0.0/0"], "user": "carrier", "password": "secret-word" } }));
    refused("/trunks/carrier", wide, "warning: trunks.carrier.inbound.addresses", "without a password");
    refused("/trunks/carrier", trunk(json!({ "most_calls": 0 })), "error: trunks.carrier.most_calls", "1 to 100000");
    refused("/site/most_calls", json!(0), "error: site.most_calls", "1 to 100000");
}

#[test]
fn two_agents_do_not_share_a_phone_or_a_number() {
    let second = json!({ "extension": "2000", "number": "2000" });
    refused("/agents/2001", second.clone(), "error: agents.2001.extension", "is the phone of agent `2000` already");
    refused("/agents/2001", second, "error: agents.2001.number", "agent `2000` has the number 2000 already");
    refused("/agents/li", json!({ "extension": "2000" }), "error: agents.li.number", "cannot be spoken");
}

#[test]
fn a_caller_id_is_owned_by_a_trunk_by_which_we_call() {
    let says = "no trunk by which we call out owns +862161230009";
    refused("/services/support/caller_id", json!("+862161230009"), "error: services.support.caller_id", says);
    refused("/extensions/2000/caller_id", json!("+862161230009"), "warning: extensions.2000.caller_id", says);
    refused("/services/support/caller_id", json!(null), "warning: services.support.caller_id", "cannot be called back");
    let path = "error: services.support.caller_id";
    refused("/outbound", json!({ "trunks": [] }), path, "no trunk by which we call out owns +862161230001");
}

#[test]
fn callers_do_not_go_in_circles_between_queues() {
    let second = json!({ "service": "support", "overflow": { "timeout": { "queue": "600" } } });
    let found = problems(&[("/queues/601", second), ("/queues/600/overflow/timeout", json!({ "queue": "601" }))]);
    let circles = found.iter().filter(|problem| problem.contains("go in circles")).count();
    assert_eq!(circles, 2, "{found:#?}");
    let own = json!({ "queue": "600" });
    refused("/queues/600/overflow/timeout", own, "error: queues.600.overflow.timeout", "leads back to this queue");
}

#[test]
fn a_callback_key_without_a_way_and_a_wait_without_an_end_are_pointed_out() {
    let key = json!({ "digit": "2" });
    refused("/queues/600/callback_key", key, "warning: queues.600.callback_key", "it does nothing");
    refused("/queues/600/overflow", json!({}), "warning: queues.600.overflow", "wait without end");
}

#[test]
fn figures_have_their_limits() {
    for (pointer, value, path) in [
        ("/site/retry_plan", json!({ "max_attempts": 0 }), "site.retry_plan.max_attempts"),
        ("/site/retry_plan", json!({ "gap": "1s" }), "site.retry_plan.gap"),
        ("/site/retry_plan", json!({ "within": "1m" }), "site.retry_plan.within"),
        ("/site/promise", json!({ "share": 0.0 }), "site.promise.share"),
        ("/site/promise", json!({ "times_wait": 0.5 }), "site.promise.times_wait"),
        ("/site/promise", json!({ "step": "0s" }), "site.promise.step"),
        ("/queues/600/handling_time", json!("0s"), "queues.600.handling_time"),
        ("/queues/600/announce_every", json!("1s"), "queues.600.announce_every"),
        ("/queues/600/ringing", json!({ "ring_for": "0s" }), "queues.600.ringing.ring_for"),
        ("/queues/600/max_length", json!(10_001), "queues.600.max_length"),
        ("/trunks/carrier/options_every", json!("1s"), "trunks.carrier.options_every"),
    ] {
        refused(pointer, value, &format!("error: {path}: "), "out of range: set it to");
    }
}

#[test]
fn a_trunk_is_told_from_the_others() {
    let same = json!({ "host": "127.0.0.1", "numbers": ["+862161230002"] });
    refused("/trunks/other", same.clone(), "error: trunks.other.host", "`carrier` leads to the same address");
    refused("/trunks/other", same, "error: trunks.other.inbound.addresses", "could come by `carrier` as well");
    let inside =
        json!({ "host": "sip.example", "inbound": { "addresses": ["127.0.0.0/8"] }, "numbers": ["+862161230002"] });
    refused("/trunks/other", inside, "error: trunks.other.inbound.addresses", "which has 127.0.0.1");
    let by_user = json!({
        "host": "127.0.0.1", "port": 5070, "numbers": ["+862161230002"],
        "inbound": { "user": "other", "password": "long enough" }
    });
    assert_eq!(problems(&[("/trunks/other", by_user)]), Vec::<String>::new());
    let as_extension = json!({ "user": "2000", "password": "long enough" });
    refused("/trunks/carrier/inbound", as_extension, "error: trunks.carrier.inbound.user", "`2000` is an extension");
}

#[test]
fn a_trunk_has_a_host_a_port_and_whole_credentials() {
    refused(
        "/trunks/carrier/host",
        json!("sip:carrier"),
        "error: trunks.carrier.host",
        "neither a name nor an address",
    );
    refused(
        "/trunks/carrier/host",
        json!("sip.carrier.example"),
        "warning: trunks.carrier.inbound",
        "nobody can call in",
    );
    refused("/trunks/carrier/port", json!(0), "error: trunks.carrier.port", "not a port");
    refused("/trunks/carrier/user", json!("u"), "error: trunks.carrier.password", "there is a user and no password");
    refused("/trunks/carrier/inbound", json!({ "password": "p" }), "error: trunks.carrier.inbound.user", "no user");
    refused("/trunks/carrier/numbering", json!({ "area_code": "x" }), "error: trunks.carrier.numbering", "use digits");
}

#[test]
fn calendars_codes_and_the_block_list_are_looked_at() {
    let overlap = json!({ "weekly": { "mon": ["09:00-12:00", "11:00-13:00"] } });
    refused("/calendars/office", overlap, "error: calendars.office", "overlap");
    refused("/calendars/office", json!({ "weekly": {} }), "warning: calendars.office", "never open");
    let zone = json!({ "weekly": { "mon": ["09:00-12:00"] }, "zone": "Asia/Peking" });
    refused("/calendars/office", zone, "error: calendars.office", "`Asia/Peking` is not a time zone");
    refused("/star_codes", json!({ "10": "sign_in" }), "error: star_codes.10", "not a star code");
    let longer = json!({ "*77": "test_flow", "*771": "sign_in" });
    refused("/star_codes", longer, "error: star_codes.*771", "begins like it");
    refused("/blocked", json!({ "prefixes": ["017"] }), "error: blocked.prefixes", "`017`");
}

#[test]
fn flows_are_validated_with_all_that_they_refer_to() {
    let nodes = "/flows/overflow/document/nodes";
    let callback = |object: Value| {
        json!({
            "start": { "action": { "type": "start" }, "exits": { "next": "ask" } },
            "ask": { "action": { "type": "callback", "object": object } }
        })
    };
    let whole = callback(json!({ "kind": "service", "service": "support" }));
    refused(nodes, whole, "error: flows.overflow.nodes.ask", "group");
    let unknown = callback(json!({ "kind": "campaign", "campaign": "x" }));
    refused(nodes, unknown, "error: flows.overflow.nodes.ask", "`x`");
    refused(nodes, json!({}), "error: flows.overflow.nodes: ", "no start");
    // Who comes by a number has no queue whose agents could be meant.
    let changes = [
        (nodes, callback(json!({ "kind": "queue" }))),
        ("/numbers/+862161230001/target", json!({ "flow": "overflow" })),
    ];
    let found = problems(&changes);
    assert!(found.iter().any(|problem| problem.starts_with("error: flows.overflow.nodes.ask")), "{found:#?}");
}

#[test]
fn a_flow_in_a_file_is_taken_from_what_was_read() {
    let in_file = [("/flows/overflow", json!({ "file": "overflow.json" }))];
    let found = problems(&in_file);
    assert!(found[0].starts_with("error: flows.overflow: the file `overflow.json` was not read"), "{found:#?}");
    let document: Document = serde_json::from_value(small()["flows"]["overflow"]["document"].clone()).unwrap();
    let flows = BTreeMap::from([(document.key.clone(), document.clone())]);
    let surroundings = Surroundings { flows, prompts: None, ..Surroundings::default() };
    assert_eq!(read(with(&in_file)).check(&surroundings), []);
    let renamed = Document { key: FlowKey::new("other").unwrap(), ..document };
    let flows = BTreeMap::from([(FlowKey::new("overflow").unwrap(), renamed)]);
    let found = read(with(&in_file)).check(&Surroundings { flows, prompts: None, ..Surroundings::default() });
    assert!(found[0].message.contains("calls itself `other`"), "{found:#?}");
}

#[test]
fn prompts_are_checked_where_it_is_known_which_there_are() {
    let document = with(&[("/queues/600/whisper", json!("whisper"))]);
    let none = Surroundings { flows: BTreeMap::new(), prompts: Some(BTreeMap::new()), ..Surroundings::default() };
    let found = read(document.clone()).check(&none);
    assert_eq!(found[0].path, "queues.600.whisper");
    assert_eq!(read(document).check(&Surroundings::default()), []);
}

#[test]
fn an_unknown_key_and_a_key_that_stands_twice_are_refused() {
    let unknown = serde_json::from_value::<Configuration>(with(&[("/queues/600/longest_wayt", json!("5s"))]));
    assert!(unknown.unwrap_err().to_string().contains("unknown field `longest_wayt`"));
    let site = r#""site": {"zone": "Asia/Shanghai", "country": "CN"}"#;
    let twice = format!(r#"{{{site}, "agents": {{"2000": {{}}, "2000": {{}}}}}}"#);
    let problem = serde_json::from_str::<Configuration>(&twice).unwrap_err().to_string();
    assert!(problem.contains("stands here twice") && problem.contains("line 1"), "{problem}");
}

#[test]
fn a_password_is_never_shown() {
    let document = with(&[("/extensions/2000/password", json!("correct horse"))]);
    assert!(!format!("{:?}", read(document)).contains("horse"));
    refused("/extensions/2000/password", json!("1234"), "warning: extensions.2000.password", "shorter than 8");
}
