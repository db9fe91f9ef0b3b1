//! Agents who work at a number outside: a telephone of the public network, at which 1 is pressed to be connected.

use std::time::Duration;

use nohold_e2e::desk::Desk;
use nohold_e2e::ear::{Ear, Hears as _, hears_tone, length_of_tone};
use nohold_e2e::house::{CUSTOMER, House, SOON, SUPPORT, Wishes};
use nohold_e2e::people::{self, CUSTOMERS_TONE};

/// The tone at the agent's telephone.
const OUTSIDE_TONE: f64 = 720.0;

#[tokio::test]
async fn a_customer_is_connected_with_an_agent_outside_by_the_1_and_never_with_a_mailbox() {
    let queue = "ringing = { ring_for = \"20s\", retry_pause = \"1s\" }";
    let house = House::open(Wishes { queue, ..Wishes::with_callback_key() }).await.unwrap();
    let administrator = house.server.administrator().unwrap();
    let agent = serde_json::json!({ "outside": { "number": "+8613911112002" } });
    administrator.put("/api/configuration/agents/2002", &agent).await.unwrap();
    let desk = Desk::agent_at_work(&house, "2002").await.unwrap();
    let customer = people::customer(&house, CUSTOMER, SUPPORT).await.unwrap();

    // A mailbox answers and says something; nobody presses a key, and the customer hears nothing of it.
    let mailbox = house.carrier.next_call(SOON).await.unwrap();
    assert_eq!(mailbox.called(), "+8613911112002");
    let mailbox = mailbox.answer().await.unwrap();
    mailbox.play_tone(OUTSIDE_TONE);
    Ear::new("en").hears(&mailbox, "call-accept", SOON).await.unwrap();
    mailbox.wait_ended(SOON * 2).await.unwrap();
    let of_the_mailbox = length_of_tone(&customer.heard_so_far().unwrap(), OUTSIDE_TONE);
    assert_eq!(of_the_mailbox, Duration::ZERO, "the customer heard the mailbox");
    desk.is_in("no_answer").await.unwrap();

    desk.does("clear").await.unwrap();
    let telephone = house.carrier.next_call(SOON).await.unwrap().answer().await.unwrap();
    telephone.play_tone(OUTSIDE_TONE);
    Ear::new("en").hears_begin(&telephone, "call-accept", SOON).await.unwrap();
    telephone.press("1").await.unwrap();
    hears_tone(&customer, OUTSIDE_TONE, SOON).await.unwrap();
    telephone.wait_tone(CUSTOMERS_TONE, SOON).await.unwrap();
    desk.is_in("talking").await.unwrap();
}
