//! Whom a binding request is for. Only as much of STUN (RFC 8489) as that takes; the request is checked elsewhere.

/// The fixed value in every header (RFC 8489 §5).
const MAGIC: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
const HEADER: usize = 20;
const BINDING_REQUEST: [u8; 2] = [0, 1];
const BINDING_SUCCESS: [u8; 2] = [1, 1];
const USERNAME: u16 = 0x0006;
/// Attributes that are looked at before the name; browsers write it first.
const MOST_ATTRIBUTES: usize = 16;

/// Whether a datagram is STUN (RFC 7983 §7 and the fixed value).
pub(crate) fn is_stun(datagram: &[u8]) -> bool {
    matches!(datagram.first(), Some(0..=3)) && datagram.get(4..8) == Some(&MAGIC)
}

/// Whether a datagram says that a binding request was good.
pub(crate) fn is_success(datagram: &[u8]) -> bool {
    is_stun(datagram) && datagram.get(..2) == Some(&BINDING_SUCCESS)
}

/// For whom a binding request is: the first part of its name (RFC 8445 §7.2.2).
pub(crate) fn ufrag(datagram: &[u8]) -> Option<&str> {
    if !is_stun(datagram) || datagram.get(..2) != Some(&BINDING_REQUEST) {
        return None;
    }
    let mut rest = datagram.get(HEADER..)?;
    for _ in 0..MOST_ATTRIBUTES {
        let [kind_high, kind_low, length_high, length_low] = *rest.first_chunk::<4>()?;
        let length = usize::from(u16::from_be_bytes([length_high, length_low]));
        let value = rest.get(4..4 + length)?;
        if u16::from_be_bytes([kind_high, kind_low]) == USERNAME {
            let name = std::str::from_utf8(value).ok()?;
            return name.split_once(':').map(|(ours, _)| ours);
        }
        rest = rest.get(4 + length.next_multiple_of(4)..)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(attributes: &[(u16, &[u8])]) -> Vec<u8> {
        let mut body = Vec::new();
        for (kind, value) in attributes {
            body.extend(kind.to_be_bytes());
            body.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
            body.extend(*value);
            body.resize(body.len().next_multiple_of(4), 0);
        }
        let mut message = vec![0, 1];
        message.extend(u16::try_from(body.len()).unwrap().to_be_bytes());
        message.extend(MAGIC);
        message.extend([7; 12]);
        message.extend(body);
        message
    }

    #[test]
    fn the_name_says_for_whom_a_request_is() {
        let message = request(&[(0x0024, &[0; 4]), (USERNAME, b"ours:theirs"), (0x8028, &[0; 4])]);
        assert!(is_stun(&message) && !is_success(&message));
        assert_eq!(ufrag(&message), Some("ours"));
        assert_eq!(ufrag(&request(&[(0x0024, &[0; 3])])), None, "no name");
        assert_eq!(ufrag(&request(&[(USERNAME, b"nobody")])), None, "no name of two parts");
    }

    #[test]
    fn what_is_cut_short_or_lies_about_its_length_is_for_nobody() {
        // Twelve bytes: a name whose padding is missing would still be whole.
        let message = request(&[(0x0025, b"x"), (USERNAME, b"ours:theirs+")]);
        for length in 0..message.len() {
            assert_eq!(ufrag(&message[..length]), None, "{length}");
        }
        let mut lying = request(&[(0x0025, b"abcd"), (USERNAME, b"ours:theirs")]);
        lying[22..24].copy_from_slice(&[0xff, 0xff]);
        assert_eq!(ufrag(&lying), None);
    }
}
