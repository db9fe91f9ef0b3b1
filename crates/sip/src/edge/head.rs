//! The head of a raw message: start line and header fields, read leniently (RFC 3261 §7.3), written back strictly.

/// The head of a message.
#[derive(Clone, Debug)]
pub(super) struct Head {
    /// Request line or status line.
    pub(super) start: String,
    /// Header fields in their order, compact names made long, folded values on one line.
    pub(super) fields: Vec<(String, String)>,
    /// There was a line that is no header field.
    pub(super) broken: bool,
}

/// More header fields than any honest message has.
const MAX_FIELDS: usize = 256;

impl Head {
    /// Reads what stands before the empty line. `None` if there is no start line, or fields beyond all measure.
    ///
    /// Bytes that are no UTF-8 are taken as Latin-1, as old phones write names.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => bytes.iter().map(|&b| char::from(b)).collect(),
        };
        let mut lines = text.trim_start_matches(['\r', '\n']).split("\r\n");
        let start = lines.next().filter(|line| !line.is_empty())?.to_owned();
        let mut head = Self { start, fields: Vec::new(), broken: false };
        for line in lines.filter(|line| !line.is_empty()) {
            if line.starts_with([' ', '\t']) {
                match head.fields.last_mut() {
                    Some((_, value)) => {
                        value.push(' ');
                        value.push_str(line.trim());
                    }
                    None => head.broken = true,
                }
                continue;
            }
            let Some((name, value)) = line.split_once(':') else {
                head.broken = true;
                continue;
            };
            let name = name.trim_end();
            if name.is_empty() || !name.bytes().all(is_token) {
                head.broken = true;
                continue;
            }
            if head.fields.len() == MAX_FIELDS {
                return None;
            }
            head.fields.push((long_name(name), value.trim().to_owned()));
        }
        Some(head)
    }

    /// Whether it is a response.
    pub(super) fn is_response(&self) -> bool {
        self.start.starts_with("SIP/")
    }

    /// The word before the first space of a request line.
    pub(super) fn method(&self) -> &str {
        self.start.split(' ').next().unwrap_or_default()
    }

    /// All values of a header field.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The first value of a header field.
    pub(super) fn first(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The value of a header field that must not be repeated; `None` if it is absent or repeated.
    pub(super) fn one(&self, name: &str) -> Option<&str> {
        let mut values = self.fields.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str());
        let first = values.next()?;
        values.next().is_none().then_some(first)
    }

    /// The same, to be changed.
    pub(super) fn first_mut(&mut self, name: &str) -> Option<&mut String> {
        self.fields.iter_mut().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Whether the To header field has a tag, so that the request claims to belong to a dialog.
    pub(super) fn has_to_tag(&self) -> bool {
        self.first("To").is_some_and(has_tag)
    }

    /// The length that the message says its body has. `Err`: not a number, or said twice.
    pub(super) fn content_length(&self) -> Result<Option<usize>, ()> {
        if self.first("Content-Length").is_none() {
            return Ok(None);
        }
        let text = self.one("Content-Length").ok_or(())?;
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(());
        }
        // More digits than fit are as large as can be.
        Ok(Some(text.parse().unwrap_or(usize::MAX)))
    }

    /// The method that the CSeq header field names.
    pub(super) fn cseq_method(&self) -> Option<&str> {
        self.first("CSeq")?.split_ascii_whitespace().nth(1)
    }

    /// Start line and header fields with this body and its length.
    pub(super) fn write(&self, body: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(1_024 + body.len());
        out.extend_from_slice(self.start.as_bytes());
        out.extend_from_slice(b"\r\n");
        for (name, value) in self.fields.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("Content-Length")) {
            for part in [name.as_str(), ": ", value, "\r\n"] {
                out.extend_from_slice(part.as_bytes());
            }
        }
        out.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
        out.extend_from_slice(body);
        out
    }
}

/// Whether a From or To value has a tag among its parameters, not merely in a URI or a name.
pub(super) fn has_tag(value: &str) -> bool {
    let parameters =
        value.rfind('>').map_or_else(|| value.split_once(';').map_or("", |(_, p)| p), |at| &value[at + 1..]);
    parameters.split(';').any(|p| {
        let name = p.split('=').next().unwrap_or_default();
        name.trim().eq_ignore_ascii_case("tag")
    })
}

/// The first of several values that one line may hold, separated by commas outside quotes and angle brackets.
pub(super) fn first_of(value: &str) -> &str {
    let (mut quoted, mut escaped, mut depth) = (false, false, 0u32);
    for (at, c) in value.char_indices() {
        if escaped {
            escaped = false;
            continue;
        }
        match c {
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '<' if !quoted => depth += 1,
            '>' if !quoted => depth = depth.saturating_sub(1),
            ',' if !quoted && depth == 0 => return &value[..at],
            _ => {}
        }
    }
    value
}

/// A character of a token (RFC 3261 §25.1).
pub(super) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&byte)
}

fn long_name(name: &str) -> String {
    let [one] = name.as_bytes() else { return name.to_owned() };
    match one.to_ascii_lowercase() {
        b'a' => "Accept-Contact",
        b'b' => "Referred-By",
        b'c' => "Content-Type",
        b'd' => "Request-Disposition",
        b'e' => "Content-Encoding",
        b'f' => "From",
        b'i' => "Call-ID",
        b'j' => "Reject-Contact",
        b'k' => "Supported",
        b'l' => "Content-Length",
        b'm' => "Contact",
        b'o' => "Event",
        b'r' => "Refer-To",
        b's' => "Subject",
        b't' => "To",
        b'u' => "Allow-Events",
        b'v' => "Via",
        b'x' => "Session-Expires",
        _ => name,
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folded_compact_and_spaced_fields_are_read() {
        let head = Head::parse(b"\r\n\r\nOPTIONS sip:h SIP/2.0\r\nt :  <sip:a@h>\r\n  ;tag=1\r\nv: x\r\nV: y\r\n")
            .expect("read");
        assert_eq!(head.one("To"), Some("<sip:a@h> ;tag=1"));
        assert!(head.has_to_tag() && !head.broken);
        assert_eq!(head.all("Via").collect::<Vec<_>>(), ["x", "y"]);
        assert_eq!(head.one("Via"), None);
        assert!(Head::parse(b"X\r\nno colon\r\n").expect("read").broken);
        assert!(Head::parse(b"\r\n").is_none());
    }

    #[test]
    fn latin_1_becomes_utf_8() {
        let head = Head::parse(b"X\r\nFrom: J\xfcrgen <sip:j@h>;tag=1\r\nTo: x").expect("read");
        assert_eq!(head.one("From"), Some("J\u{fc}rgen <sip:j@h>;tag=1"));
        assert_eq!(head.one("To"), Some("x"), "what follows is not lost");
    }

    #[test]
    fn a_tag_is_found_only_among_the_parameters() {
        for (value, tagged) in [
            ("<sip:a@h>;tag=1", true),
            ("sip:a@h;tag=1", true),
            ("\"x;tag=1\" <sip:a@h;tag=2>", false),
            ("<sip:a@h> ; x=y ;  Tag = 3", true),
            ("<sip:a@h>", false),
        ] {
            assert_eq!(has_tag(value), tagged, "{value}");
        }
    }

    #[test]
    fn the_length_of_the_body_is_a_number_said_once() {
        let length = |fields: &str| Head::parse(format!("X\r\n{fields}").as_bytes()).expect("read").content_length();
        assert_eq!(length(""), Ok(None));
        assert_eq!(length("l: 12"), Ok(Some(12)));
        assert_eq!(length("l: 99999999999999999999999"), Ok(Some(usize::MAX)));
        for wrong in ["l: -1", "l: +1", "l:", "l: 1\r\nContent-Length: 1", "l: a"] {
            assert_eq!(length(wrong), Err(()), "{wrong}");
        }
    }
}
