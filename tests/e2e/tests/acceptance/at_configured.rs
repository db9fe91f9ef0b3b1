//! What may be configured: an object of a callback that nobody would serve is refused, and so is taking away what is used.

use nohold_client::ClientError;
use nohold_e2e::desk::Desk;
use nohold_e2e::house::{CUSTOMER, House, SOON, Wishes};
use nohold_e2e::people;
use serde_json::{Value, json};

const FLOW: &str = "/api/configuration/flows/queue-overflow";
const SERVICE: &str = "/api/configuration/services/support";
const QUEUE: &str = "/api/configuration/queues/600";
const GROUP: &str = "/api/configuration/groups/support-b";

/// What is configured there.
async fn body(house: &House, path: &str) -> Value {
    house.server.administrator().unwrap().get(path).await.unwrap()["body"].take()
}

/// The flow with all its objects for this group of the service; without one, for none.
fn for_group(flow: &Value, group: Option<&str>) -> Value {
    let mut flow = flow.clone();
    for node in flow["document"]["nodes"].as_object_mut().unwrap().values_mut() {
        if node["action"].get("object").is_some() {
            let object = json!({ "kind": "service", "service": "support", "group": group });
            node["action"]["object"] = object;
            if group.is_none() {
                node["action"]["object"].as_object_mut().unwrap().remove("group");
            }
        }
    }
    flow
}

/// What is wrong with a change, as a text: its fields and words.
fn problems(answer: Result<Value, ClientError>) -> String {
    match answer {
        Err(ClientError::Refused { status: 409 | 422, body, .. }) => body.to_string(),
        other => panic!("it is not refused as it should be: {other:?}"),
    }
}

#[tokio::test]
async fn at_10_a_service_without_a_chosen_group_does_not_validate_and_the_flow_stays_as_it_was() {
    let house = House::open(Wishes::with_callback_key()).await.unwrap();
    let administrator = house.server.administrator().unwrap();
    let before = body(&house, FLOW).await;
    let told = problems(administrator.put(FLOW, &for_group(&before, None)).await);
    assert!(told.contains("no group is chosen") && told.contains("callback"), "{told}");
    let told = problems(administrator.put(FLOW, &for_group(&before, Some("renewals"))).await);
    assert!(told.contains("renewals"), "a group of others is no group of the service: {told}");
    assert_eq!(body(&house, FLOW).await, before);
    // And works as it did.
    let desk = Desk::agent(&house, "2002").await.unwrap();
    people::asks_to_be_called(&house, CUSTOMER).await.unwrap();
    desk.sees("the request", |entry| entry["target"]["group"] == "support-b").await.unwrap();
}

#[tokio::test]
async fn at_10_a_group_cannot_be_taken_away_while_a_flow_uses_it() {
    let house = House::open(Wishes::with_callback_key()).await.unwrap();
    let administrator = house.server.administrator().unwrap();
    let told = problems(administrator.delete(GROUP).await);
    assert!(told.contains("support-b"), "{told}");
    // Nobody else uses it any more; then the flow alone stands in the way.
    let (mut queue, mut service) = (body(&house, QUEUE).await, body(&house, SERVICE).await);
    queue["groups"] = json!(["support-a"]);
    service["groups"] = json!(["support-a"]);
    administrator.put(QUEUE, &queue).await.unwrap();
    let told = problems(administrator.put(SERVICE, &service).await);
    assert!(told.contains("flows.queue-overflow"), "it does not say which flow: {told}");
    let told = problems(administrator.delete(GROUP).await);
    assert!(told.contains("support-b"), "{told}");
    // Both flows of the house ask for group B.
    for flow in [FLOW, "/api/configuration/flows/after-hours"] {
        let other = for_group(&body(&house, flow).await, Some("support-a"));
        administrator.put(flow, &other).await.unwrap();
    }
    administrator.put(SERVICE, &service).await.unwrap();
    administrator.delete(GROUP).await.unwrap();
    // The next request is for group A.
    let mut desk = Desk::agent_at_work(&house, "2000").await.unwrap();
    desk.does("not_ready").await.unwrap();
    people::asks_to_be_called(&house, CUSTOMER).await.unwrap();
    desk.reminder(SOON).await.unwrap();
}
