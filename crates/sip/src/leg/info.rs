//! Keys that come by INFO (RFC 6086), in the two forms that phones send.

use nohold_model::Digit;

/// The key in the body of an INFO: `application/dtmf-relay` with `Signal=5`, or `application/dtmf` with the key alone.
#[must_use]
pub fn digit(content_type: &str, body: &[u8]) -> Option<Digit> {
    let text = std::str::from_utf8(body).ok()?;
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    let signal = if media_type.eq_ignore_ascii_case("application/dtmf-relay") {
        text.lines().find_map(|line| {
            let (name, value) = line.split_once('=')?;
            name.trim().eq_ignore_ascii_case("signal").then(|| value.trim())
        })?
    } else if media_type.eq_ignore_ascii_case("application/dtmf") {
        text.trim()
    } else {
        return None;
    };
    // Some phones write the number of the event (RFC 4733 §3.2) instead of the key.
    let key = match signal {
        "10" => '*',
        "11" => '#',
        other => {
            let mut characters = other.chars();
            characters.next().filter(|_| characters.next().is_none())?
        }
    };
    Digit::new(key).ok()
}

/// The body of an INFO with a key, as `application/dtmf-relay`: what most phones understand.
#[must_use]
pub fn body(digit: Digit) -> String {
    format!("Signal={digit}\r\nDuration=100\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_we_send_is_read_as_the_same_key() {
        for key in "0123456789*#".chars() {
            let key = Digit::new(key).unwrap();
            assert_eq!(digit("application/dtmf-relay", body(key).as_bytes()), Some(key));
        }
    }

    #[test]
    fn keys_are_read_in_both_forms() {
        let key = |content_type: &str, body: &str| digit(content_type, body.as_bytes()).map(|digit| digit.to_string());
        assert_eq!(key("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n").as_deref(), Some("5"));
        assert_eq!(key("Application/DTMF-Relay; charset=utf-8", "signal= *\r\n").as_deref(), Some("*"));
        assert_eq!(key("application/dtmf", "2").as_deref(), Some("2"));
        assert_eq!(key("application/dtmf", "11").as_deref(), Some("#"));
        assert_eq!(key("application/dtmf", "22"), None);
        assert_eq!(key("application/dtmf-relay", "Duration=160"), None);
        assert_eq!(key("text/plain", "2"), None);
        assert_eq!(digit("application/dtmf", &[0xff, 0xfe]), None);
    }
}
