//! What RFC 3261 asks of a request before anybody looks at what it wants.

use super::head::{Head, first_of, has_tag, is_token};
use std::net::{IpAddr, SocketAddr};

/// The methods that the library knows, and so the application is asked about. In capitals: methods are told apart by case.
const METHODS: [&str; 14] = [
    "ACK",
    "BYE",
    "CANCEL",
    "INFO",
    "INVITE",
    "MESSAGE",
    "NOTIFY",
    "OPTIONS",
    "PRACK",
    "PUBLISH",
    "REFER",
    "REGISTER",
    "SUBSCRIBE",
    "UPDATE",
];
/// What the engine serves: the value of Allow.
pub(super) const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER, INFO, UPDATE, REFER, NOTIFY";
/// The extensions that we know: the value of Supported.
pub(super) const SUPPORTED: &str = "timer";
/// How we name ourselves in Server and User-Agent.
pub(super) const PRODUCT: &str = "Nohold";
/// Methods that are nothing without a dialog.
const ONLY_WITHIN: [&str; 4] = ["BYE", "INFO", "PRACK", "UPDATE"];

/// A request that is answered at the edge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// Status code and reason.
    pub(super) status: &'static str,
    /// Whole header lines.
    pub(super) more: String,
}

impl Refusal {
    pub(super) fn new(status: &'static str) -> Self {
        Self { status, more: String::new() }
    }

    /// 503 with the seconds after which to try again.
    pub(super) fn busy(retry_after_s: u32) -> Self {
        Self { status: "503 Service Unavailable", more: format!("Retry-After: {retry_after_s}\r\n") }
    }
}

/// Checks a request. `body` is how many bytes followed the head; in a datagram, where nothing else delimits it, they must
/// not be fewer than the head says.
pub(super) fn check(head: &Head, body: usize) -> Result<(), Refusal> {
    let (method, uri) = request_line(head)?;
    if head.broken {
        return bad("400 Bad Header Field");
    }
    necessary_fields(head, method)?;
    if !METHODS.contains(&method) {
        return Err(Refusal { status: "405 Method Not Allowed", more: format!("Allow: {ALLOW}\r\n") });
    }
    request_uri(uri)?;
    match head.content_length() {
        Err(()) => return bad("400 Bad Content-Length"),
        Ok(Some(length)) if length > body => return bad("400 Body Shorter Than Content-Length"),
        Ok(_) => {}
    }
    names_and_routes(head)?;
    max_forwards(head, method)?;
    let known = |option: &str| SUPPORTED.split(", ").any(|s| s.eq_ignore_ascii_case(option));
    let required = head.all("Require").flat_map(|v| v.split(',')).map(str::trim);
    let unknown: Vec<&str> = required.filter(|option| !option.is_empty() && !known(option)).collect();
    if !unknown.is_empty() && !matches!(method, "ACK" | "CANCEL") {
        return Err(Refusal { status: "420 Bad Extension", more: format!("Unsupported: {}\r\n", unknown.join(", ")) });
    }
    if ONLY_WITHIN.contains(&method) && !head.has_to_tag() {
        return bad("481 Call/Transaction Does Not Exist");
    }
    Ok(())
}

/// Checks a response as far as one can be harmful; there is nobody to tell.
pub(super) fn check_response(head: &Head) -> bool {
    let mut words = head.start.splitn(3, ' ');
    let version = words.next() == Some("SIP/2.0");
    let code = words.next().is_some_and(|c| c.len() == 3 && c.parse::<u16>().is_ok_and(|c| (100..700).contains(&c)));
    let number = head.first("CSeq").is_some_and(|c| cseq_number(c).is_some());
    let fields = ["From", "To", "Call-ID", "CSeq"].iter().all(|name| head.one(name).is_some());
    // With a second Via it is on its way to somebody else (RFC 3261 §18.1.2).
    let vias = head.all("Via").map(|v| if first_of(v).len() < v.len() { 2 } else { 1 }).sum::<usize>();
    version && code && number && fields && !head.broken && vias == 1
}

/// An answer that needs no state (RFC 3261 §8.2.6, §8.2.7). `tag` must be the same for each copy of the request.
pub(super) fn response(head: &Head, refusal: &Refusal, source: SocketAddr, tag: u64) -> Vec<u8> {
    let mut text = format!("SIP/2.0 {}\r\n", refusal.status);
    for (at, via) in head.all("Via").enumerate() {
        let via = if at == 0 { received(via, source) } else { via.to_owned() };
        text += &format!("Via: {via}\r\n");
    }
    for name in ["From", "To", "Call-ID", "CSeq"] {
        if let Some(value) = head.first(name) {
            let tag = if name == "To" && !has_tag(value) { format!(";tag={tag:016x}") } else { String::new() };
            text += &format!("{name}: {value}{tag}\r\n");
        }
    }
    (text + &refusal.more + &format!("Server: {PRODUCT}\r\nContent-Length: 0\r\n\r\n")).into_bytes()
}

/// Notes in the topmost Via where the request came from (RFC 3261 §18.2.1, RFC 3581).
fn received(via: &str, source: SocketAddr) -> String {
    let first = first_of(via);
    let (mut out, mut asked) = (String::new(), false);
    for (at, part) in first.split(';').enumerate() {
        let name = part.split('=').next().unwrap_or_default().trim();
        if at > 0 && name.eq_ignore_ascii_case("received") {
            continue;
        }
        if at > 0 && name.eq_ignore_ascii_case("rport") {
            asked = true;
            continue;
        }
        if at > 0 {
            out.push(';');
        }
        out.push_str(part);
    }
    out = out.trim_end().to_owned();
    out += &format!(";received={}", source.ip());
    if asked {
        out += &format!(";rport={}", source.port());
    }
    out + &via[first.len()..]
}

fn bad(status: &'static str) -> Result<(), Refusal> {
    Err(Refusal::new(status))
}

fn request_line(head: &Head) -> Result<(&str, &str), Refusal> {
    let parts: Vec<&str> = head.start.split(' ').collect();
    let [method, uri, version] = parts[..] else {
        return Err(Refusal::new("400 Bad Request-Line"));
    };
    if !version.eq_ignore_ascii_case("SIP/2.0") {
        let other = version.get(..4).is_some_and(|v| v.eq_ignore_ascii_case("SIP/"));
        return Err(Refusal::new(if other { "505 Version Not Supported" } else { "400 Bad Request-Line" }));
    }
    if method.is_empty() || !method.bytes().all(is_token) {
        return Err(Refusal::new("400 Bad Request-Line"));
    }
    Ok((method, uri))
}

fn necessary_fields(head: &Head, method: &str) -> Result<(), Refusal> {
    let present = |name: &&str| head.one(name).is_some_and(|value| !value.is_empty());
    if !["From", "To", "Call-ID", "CSeq"].iter().all(present) || head.first("Via").is_none() {
        return bad("400 Missing or Repeated Header Field");
    }
    for name in ["Max-Forwards", "Content-Type", "Expires", "Event"] {
        if head.all(name).count() > 1 {
            return bad("400 Repeated Header Field");
        }
    }
    let cseq = head.first("CSeq").unwrap_or_default();
    if cseq_number(cseq).is_none() || cseq.split_ascii_whitespace().nth(1) != Some(method) {
        return bad("400 Bad CSeq");
    }
    Ok(())
}

/// The number, which must be less than 2^31 (RFC 3261 §8.1.1.5).
fn cseq_number(value: &str) -> Option<u32> {
    let mut words = value.split_ascii_whitespace();
    let number = words.next()?;
    let digits = number.bytes().all(|b| b.is_ascii_digit());
    let whole = words.next().is_some() && words.next().is_none();
    number.parse().ok().filter(|&n: &u32| digits && whole && n < 1 << 31)
}

fn request_uri(uri: &str) -> Result<(), Refusal> {
    let Some((scheme, rest)) = uri.split_once(':') else {
        return bad("400 Bad Request-URI");
    };
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    match scheme.to_ascii_lowercase().as_str() {
        "sip" | "sips" | "tel" => {}
        _ if is_scheme => return bad("416 Unsupported URI Scheme"),
        _ => return bad("400 Bad Request-URI"),
    }
    // A `?` in the user part is part of the user; after it, it begins header fields, which have no place here.
    let behind_user = rest.split_once('@').map_or(rest, |(_, host)| host);
    if behind_user.contains('?') || uri.contains(['<', '>', '"', '\t']) {
        return bad("400 Bad Request-URI");
    }
    Ok(())
}

fn names_and_routes(head: &Head) -> Result<(), Refusal> {
    for name in ["From", "To", "Contact", "Route", "Record-Route"] {
        if !head.all(name).all(is_balanced) {
            return bad("400 Unbalanced Quotes");
        }
    }
    let via = |v: &str| {
        let first = first_of(v);
        let protocol: Vec<&str> = first.splitn(3, '/').map(str::trim).collect();
        let [name, version, rest] = protocol[..] else { return false };
        let sent_by = rest.split_once(char::is_whitespace).map(|(_, s)| s.split(';').next().unwrap_or_default().trim());
        name.eq_ignore_ascii_case("SIP") && version == "2.0" && sent_by.is_some_and(|s| !s.is_empty())
    };
    if head.all("Via").any(|v| v.contains(";;") || v.trim_end().ends_with(',') || !via(v)) {
        return bad("400 Bad Via");
    }
    Ok(())
}

fn max_forwards(head: &Head, method: &str) -> Result<(), Refusal> {
    let Some(value) = head.first("Max-Forwards") else { return Ok(()) };
    match value.parse::<u8>() {
        Err(_) => bad("400 Bad Max-Forwards"),
        // OPTIONS with 0 asks whoever it reaches (RFC 3261 §11); a call with 0 has been through us before.
        Ok(0) if method == "INVITE" => bad("483 Too Many Hops"),
        Ok(_) => Ok(()),
    }
}

fn is_balanced(value: &str) -> bool {
    let (mut quoted, mut escaped, mut angle) = (false, false, false);
    for c in value.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '<' if !quoted && angle => return false,
            '<' if !quoted => angle = true,
            '>' if !quoted && !angle => return false,
            '>' if !quoted => angle = false,
            _ => {}
        }
    }
    !quoted && !angle
}

/// The users that a REGISTER or INVITE says it is from, for the count of failed authentications: those of all its
/// credentials, or without any that of To (REGISTER) or From.
pub(super) fn claimed_users(head: &Head) -> Vec<String> {
    let credentials = head.all("Authorization").chain(head.all("Proxy-Authorization"));
    let users: Vec<String> = credentials.filter_map(crate::digest::user_of).collect();
    if !users.is_empty() {
        return users;
    }
    let field = head.first(if head.method() == "REGISTER" { "To" } else { "From" }).unwrap_or_default();
    let uri = match field.split_once('<') {
        Some((_, rest)) => rest.split('>').next(),
        None => field.split(';').next().map(str::trim),
    };
    uri.and_then(|uri| uri.parse::<crate::uri::Uri>().ok()?.user()).into_iter().collect()
}

/// A Contact for a peer that gave none: where it sends from.
pub(super) fn contact_of(source: SocketAddr, stream: bool) -> String {
    let host = match source.ip() {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => format!("[{v6}]"),
    };
    let transport = if stream { ";transport=tcp" } else { "" };
    format!("<sip:{host}:{}{transport}>", source.port())
}
