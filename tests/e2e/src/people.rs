//! The people of the acceptance tests: customers and agents with telephones of other makers.

use std::time::Duration;

use anyhow::Result;

use crate::asterisk::{Account, Asterisk};
use crate::baresip::{Baresip, Settings};
use crate::ear::{Ear, hears_speech};
use crate::house::{CARRIERS_PASSWORD, CARRIERS_USER, CUSTOMER, House, SOON, SUPPORT, password};
use crate::sipp::{Counts, Running, Sipp};

/// The tone in Hz that a customer sends, and the one that an agent sends.
pub const CUSTOMERS_TONE: f64 = 440.0;
/// The tone in Hz that an agent sends; Asterisk sends the customer's.
pub const AGENTS_TONE: f64 = 700.0;
/// What is said with a star code takes no longer.
const SAID: Duration = Duration::from_secs(20);

/// A customer of this number with a baresip, who has called one of our numbers and is answered. It sends
/// [`CUSTOMERS_TONE`].
///
/// # Errors
/// When that does not go well.
pub async fn customer(house: &House, number: &str, calls: &str) -> Result<Baresip> {
    // Not at the carrier's address, from which a baresip could not send its audio: it proves to be of the carrier.
    let settings = Settings::new(number).proving(CARRIERS_USER, CARRIERS_PASSWORD).tone(CUSTOMERS_TONE);
    let mut baresip = Baresip::start(settings).await?;
    baresip.dial(&format!("sip:{calls}@{}", house.address())).await?;
    baresip.wait_established(SOON).await?;
    Ok(baresip)
}

/// A customer of this number with a baresip, who waits in queue 600, has pressed its callback key 2, and hears the menu;
/// with an ear that has heard its beginning.
///
/// # Errors
/// When that does not go well.
pub async fn customer_at_the_menu(house: &House, number: &str) -> Result<(Baresip, Ear)> {
    let mut caller = customer(house, number, SUPPORT).await?;
    let mut ear = Ear::new("en");
    hears_speech(&caller, SOON).await?;
    caller.press("2").await?;
    ear.hears_begin(&caller, "queue-menu", SOON).await?;
    Ok((caller, ear))
}

/// A customer of this number with a baresip asks to be called back, is thanked, and hangs up.
///
/// # Errors
/// When that does not go well.
pub async fn asks_to_be_called(house: &House, number: &str) -> Result<()> {
    let (mut caller, mut ear) = customer_at_the_menu(house, number).await?;
    caller.press("2").await?;
    ear.hears_begin(&caller, "callback-thanks", SOON).await?;
    caller.hang_up().await?;
    caller.wait_closed(SOON).await.map(drop)
}

/// An agent with a baresip, signed in and available. It sends [`AGENTS_TONE`] and answers by hand.
///
/// # Errors
/// When that does not go well.
pub async fn agent(house: &House, extension: &str) -> Result<Baresip> {
    let mut baresip = colleague(house, extension).await?;
    star(&mut baresip, "*10").await?;
    Ok(baresip)
}

/// The baresip of an extension, registered. It sends [`AGENTS_TONE`] and answers by hand.
///
/// # Errors
/// When that does not go well.
pub async fn colleague(house: &House, extension: &str) -> Result<Baresip> {
    let settings = Settings::new(extension).register(house.address(), &password(extension)).tone(AGENTS_TONE);
    let mut baresip = Baresip::start(settings).await?;
    baresip.wait_registered(SOON).await?;
    Ok(baresip)
}

/// Dials a star code on a baresip and waits until the server has said its word and hung up.
///
/// # Errors
/// When that does not go well.
pub async fn star(baresip: &mut Baresip, code: &str) -> Result<()> {
    baresip.dial(code).await?;
    baresip.wait_established(SOON).await?;
    baresip.wait_closed(SAID).await.map(drop)
}

/// An agent with an Asterisk, signed in and available, which answers each call at once, sends [`CUSTOMERS_TONE`] and
/// writes down what it hears.
///
/// # Errors
/// When that does not go well.
pub async fn agent_at_asterisk(house: &House, extension: &str) -> Result<Asterisk> {
    let name = format!("phone-{extension}");
    let account = Account::new(&name, extension, &password(extension), house.address()).registered_for("listen440");
    let asterisk = Asterisk::start(crate::asterisk::Settings::new().account(&account)).await?;
    asterisk.wait_registered(&name, SOON).await?;
    asterisk.call(&name, "*10", "tone440").await?;
    // First the call begins, then it ends.
    asterisk.wait_said("core show channels count", SOON, |said| said.contains("1 call processed")).await?;
    asterisk.wait_said("core show channels count", SAID, |said| said.contains("0 active calls")).await?;
    Ok(asterisk)
}

/// An agent with a SIPp, signed in and available, which answers `calls` calls at once and sends back what it hears.
///
/// # Errors
/// When that does not go well.
pub async fn agent_at_sipp(house: &House, extension: &str, calls: u32) -> Result<Running> {
    let phone = |scenario: &str| -> Result<Sipp> {
        Ok(Sipp::scenario(scenario)?.word("caller", extension).password(extension, &password(extension)))
    };
    let register = phone("register")?.word("expires", "120");
    let port = register.address().port();
    let done = Counts { successful: 1, failed: 0 };
    for sipp in [register, phone("called_bye_auth")?.service("*10")] {
        let counts = sipp.port(port).call(house.address()).await?;
        anyhow::ensure!(counts == done, "SIPp could not register and sign in: {counts:?}");
    }
    Sipp::scenario("answer")?.port(port).with(&["-rtp_echo"]).calls(calls, 1).limit(Duration::from_secs(60)).listen()
}

/// A customer with a SIPp who calls one of our numbers after this scenario.
///
/// # Errors
/// When there is no such scenario.
pub fn customer_at_sipp(house: &House, scenario: &str, calls: &str) -> Result<Sipp> {
    Ok(Sipp::scenario(scenario)?.at(house.carrier.address().ip()).word("caller", CUSTOMER).service(calls))
}
