//! Proxies are believed about who asks: whom that lets pretend.

use std::net::IpAddr;

use nohold_core::configuration::Network;

/// What is doubtful about the proxies that are believed.
pub fn doubts(proxies: &[Network]) -> Vec<String> {
    let wide = proxies.iter().map(ToString::to_string).filter(|network| is_wide(network));
    wide.map(|network| {
        format!(
            "every machine in {network} is believed about who asks, and one that is no proxy can pretend to be anybody: \
             name the proxies' own addresses with --behind-proxy"
        )
    })
    .collect()
}

/// Whether a network, as it is written, has more than 256 addresses (IPv6: more than a `/64`) outside this machine.
fn is_wide(network: &str) -> bool {
    let Some((address, prefix)) = network.split_once('/') else { return false };
    match (address.parse::<IpAddr>(), prefix.parse::<u8>()) {
        (Ok(address), Ok(_)) if address.is_loopback() => false,
        (Ok(IpAddr::V4(_)), Ok(prefix)) => prefix < 24,
        (Ok(IpAddr::V6(_)), Ok(prefix)) => prefix < 64,
        (Err(_), _) | (_, Err(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_network_is_doubtful_and_this_machine_is_not() {
        let networks =
            ["127.0.0.0/8", "192.0.2.10", "192.0.2.0/24", "::1", "2001:db8::/64", "10.0.0.0/8", "2001:db8::/48"];
        let networks: Vec<Network> = networks.iter().map(|network| network.parse().unwrap()).collect();
        let doubts = doubts(&networks);
        assert_eq!(doubts.len(), 2, "{doubts:?}");
        assert!(doubts[0].contains("10.0.0.0/8") && doubts[1].contains("2001:db8::/48"), "{doubts:?}");
    }
}
