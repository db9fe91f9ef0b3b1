//! SIP and tel URIs of our own (RFC 3261 §19.1, RFC 3966). They keep every escape as the peer wrote it, which the
//! library's type does not: a Request-URI must be, to the letter, the Contact that the peer gave.

use rsipstack::sip::{Auth, Domain, Host, HostWithPort, Scheme as LibraryScheme, Uri as LibraryUri};
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

/// The longest URI that is accepted, in bytes.
const MAX_LENGTH: usize = 2_048;

/// A URI of the library's as it came: the library keeps the escapes of a user part as they are, and escapes their `%`
/// once more where it writes them.
pub(crate) fn as_it_came(uri: &LibraryUri) -> String {
    let written = uri.to_string();
    match written.split_once('@').filter(|(user, _)| user.contains("%25")) {
        Some((user, rest)) => format!("{}@{rest}", user.replace("%25", "%")),
        None => written,
    }
}

/// A To or From of the library's whose escapes it has escaped once more, as it should be.
pub(crate) fn escaped_once(value: &str) -> Option<String> {
    let (before, host) = value.split_once('@')?;
    let (name, user) = before.split_at(before.rfind("sip:").or_else(|| before.rfind("sips:"))?);
    let mut parts = user.split("%25");
    let mut mended = parts.next()?.to_owned();
    for part in parts {
        let doubled = part.len() >= 2 && part.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
        mended.push_str(if doubled { "%" } else { "%25" });
        mended.push_str(part);
    }
    (mended != user).then(|| format!("{name}{mended}@{host}"))
}

/// What kind of URI it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Scheme {
    /// `sip:`
    Sip,
    /// `sips:`
    Sips,
    /// `tel:`
    Tel,
}

impl Scheme {
    fn token(self) -> &'static str {
        match self {
            Self::Sip => "sip",
            Self::Sips => "sips",
            Self::Tel => "tel",
        }
    }
}

/// A SIP, SIPS or tel URI, each part as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Uri {
    scheme: Scheme,
    /// With its password and its own parameters; of a `tel:` URI the number.
    user: Option<String>,
    /// An IPv6 address in its brackets; empty for `tel:`.
    host: String,
    port: Option<u16>,
    /// What stands after the host: `;a=b;c`, or of a `tel:` URI after the number.
    parameters: String,
    /// What stands after the `?`.
    headers: Option<String>,
}

/// Why a text is no URI of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ParseUriError {
    /// Not sip, sips or tel.
    #[error("the scheme is not sip, sips or tel")]
    Scheme,
    /// Too long, or a part is empty or has characters that must be escaped.
    #[error("the URI is malformed")]
    Malformed,
}

impl Uri {
    /// `sip:user@host`, where `user` is plain text and gets the escapes that it needs.
    pub(crate) fn sip(user: Option<&str>, host: &str, port: Option<u16>) -> Self {
        let host = match host.parse::<IpAddr>() {
            Ok(IpAddr::V6(v6)) => format!("[{v6}]"),
            _ => host.to_owned(),
        };
        Self { scheme: Scheme::Sip, user: user.map(escaped), host, port, parameters: String::new(), headers: None }
    }

    /// The same with one more parameter.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: Option<&str>) -> Self {
        self.parameters.push(';');
        self.parameters.push_str(name);
        if let Some(value) = value {
            self.parameters.push('=');
            self.parameters.push_str(value);
        }
        self
    }

    /// sip, sips or tel.
    #[cfg(test)]
    pub(crate) fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Whom it names, without password and parameters, escapes resolved: `a@b` for `sip:a%40b@h`, the number of a
    /// `tel:` URI. `None` if there is no user or it is no UTF-8.
    pub(crate) fn user(&self) -> Option<String> {
        let raw = self.user.as_deref()?;
        let raw = raw.split_once(':').map_or(raw, |(user, _)| user);
        let raw = raw.split_once(';').map_or(raw, |(user, _)| user);
        unescaped(raw)
    }

    /// A parameter of the user part (RFC 3966 in SIP), such as `tgrp` in `sip:+49…;tgrp=x@h`.
    pub(crate) fn user_parameter(&self, name: &str) -> Option<&str> {
        parameter(self.user.as_deref()?.split_once(';')?.1, name)
    }

    /// The host as written, an IPv6 address without its brackets; empty for `tel:`.
    pub(crate) fn host(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }

    /// The port, if one is written.
    pub(crate) fn port(&self) -> Option<u16> {
        self.port
    }

    /// The value of a parameter; empty if it has none.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        parameter(&self.parameters, name)
    }

    /// What stands behind the `?`.
    #[cfg(test)]
    pub(crate) fn headers(&self) -> Option<&str> {
        self.headers.as_deref()
    }

    /// The same at another address.
    #[must_use]
    pub(crate) fn at(mut self, address: SocketAddr) -> Self {
        self.host = match address.ip() {
            IpAddr::V4(v4) => v4.to_string(),
            IpAddr::V6(v6) => format!("[{v6}]"),
        };
        self.port = Some(address.port());
        self
    }

    /// The library's type, made so that it is written out as this one is.
    ///
    /// The library wants a decoded user and escapes it by its own rules. Where that would not give the same text, the
    /// whole user part travels in front of the host, which it never touches; [`crate::edge`] finds the way all the same.
    pub(crate) fn to_library(&self) -> LibraryUri {
        let scheme = match self.scheme {
            Scheme::Sip => LibraryScheme::Sip,
            Scheme::Sips => LibraryScheme::Sips,
            Scheme::Tel => LibraryScheme::Other("tel".to_owned()),
        };
        let decoded = self.user.as_deref().and_then(|user| {
            let (user, password) = user.split_once(':').map_or((user, None), |(u, p)| (u, Some(p)));
            let password = match password {
                Some(password) => Some(unescaped(password)?),
                None => None,
            };
            Some(Auth { user: unescaped(user)?, password })
        });
        let same = decoded.as_ref().is_none_or(|auth| Some(auth.to_string()) == self.user);
        let (auth, host) = match (&self.user, self.scheme) {
            (Some(number), Scheme::Tel) => (None, Host::Domain(Domain(number.clone()))),
            (Some(user), _) if !same || decoded.is_none() => {
                (None, Host::Domain(Domain(format!("{user}@{}", self.host))))
            }
            _ => (decoded, self.library_host()),
        };
        let parameters = self.parameters.split(';').filter(|p| !p.is_empty());
        let params = parameters
            .map(|p| match p.split_once('=') {
                Some((name, value)) => library_parameter(name, Some(value)),
                None => library_parameter(p, None),
            })
            .collect();
        let headers = self.headers.iter().flat_map(|h| h.split('&'));
        let headers =
            headers.map(|h| h.split_once('=').unwrap_or((h, ""))).map(|(n, v)| (n.into(), v.into())).collect();
        LibraryUri {
            scheme: Some(scheme),
            auth,
            host_with_port: HostWithPort { host, port: self.port.map(Into::into) },
            params,
            headers,
        }
    }

    fn library_host(&self) -> Host {
        match self.host().parse::<IpAddr>() {
            Ok(ip) => Host::IpAddr(ip),
            Err(_) => Host::Domain(Domain(self.host.clone())),
        }
    }
}

/// `transport` must be understood by the library, which routes by it; all others travel as they are.
fn library_parameter(name: &str, value: Option<&str>) -> rsipstack::sip::Param {
    use rsipstack::sip::Param;
    if name.eq_ignore_ascii_case("transport")
        && let Some(Ok(transport)) = value.map(str::parse)
    {
        return Param::Transport(transport);
    }
    if name == "lr" && value.is_none() {
        return Param::Lr;
    }
    Param::Other(name.into(), value.map(Into::into))
}

impl FromStr for Uri {
    type Err = ParseUriError;

    fn from_str(text: &str) -> Result<Self, ParseUriError> {
        use ParseUriError::{Malformed, Scheme as UnknownScheme};
        if text.len() > MAX_LENGTH
            || text.contains(|c: char| c.is_ascii_whitespace() || c.is_control() || "<>\"".contains(c))
        {
            return Err(Malformed);
        }
        let (scheme, rest) = text.split_once(':').ok_or(Malformed)?;
        let mut known = [Scheme::Sip, Scheme::Sips, Scheme::Tel].into_iter();
        let scheme = known.find(|s| s.token().eq_ignore_ascii_case(scheme)).ok_or(UnknownScheme)?;
        if scheme == Scheme::Tel {
            let (number, parameters) = rest.find(';').map_or((rest, ""), |at| rest.split_at(at));
            let digits = |c: char| c.is_ascii_hexdigit() || "+-.()*#".contains(c);
            if number.is_empty() || !number.chars().all(digits) {
                return Err(Malformed);
            }
            let (user, parameters) = (Some(number.to_owned()), parameters.to_owned());
            return Ok(Self { scheme, user, host: String::new(), port: None, parameters, headers: None });
        }
        let (user, rest) = match rest.split_once('@') {
            Some((user, rest)) => (Some(user), rest),
            None => (None, rest),
        };
        if user.is_some_and(|user| user.is_empty() || !escapes_are_whole(user)) {
            return Err(Malformed);
        }
        let (rest, headers) = rest.split_once('?').map_or((rest, None), |(rest, headers)| (rest, Some(headers)));
        let (place, parameters) = rest.find(';').map_or((rest, ""), |at| rest.split_at(at));
        let (host, port) = host_and_port(place).ok_or(Malformed)?;
        Ok(Self {
            scheme,
            user: user.map(str::to_owned),
            host: host.to_owned(),
            port,
            parameters: parameters.to_owned(),
            headers: headers.map(str::to_owned),
        })
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.scheme.token())?;
        if let Some(user) = &self.user {
            f.write_str(user)?;
            if self.scheme != Scheme::Tel {
                f.write_str("@")?;
            }
        }
        f.write_str(&self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        f.write_str(&self.parameters)?;
        if let Some(headers) = &self.headers {
            write!(f, "?{headers}")?;
        }
        Ok(())
    }
}

fn host_and_port(place: &str) -> Option<(&str, Option<u16>)> {
    let (host, rest) = if place.starts_with('[') {
        let end = place.find(']')? + 1;
        place[1..end - 1].parse::<std::net::Ipv6Addr>().ok()?;
        place.split_at(end)
    } else {
        place.find(':').map_or((place, ""), |at| place.split_at(at))
    };
    let name = |c: char| c.is_alphanumeric() || "-._[]:".contains(c);
    if host.is_empty() || !host.chars().all(name) {
        return None;
    }
    match rest.strip_prefix(':') {
        None => rest.is_empty().then_some((host, None)),
        Some(port) => Some((host, Some(port.parse().ok().filter(|&p| p != 0)?))),
    }
}

fn parameter<'a>(list: &'a str, name: &str) -> Option<&'a str> {
    let pairs = list.split(';').map(|p| p.split_once('=').unwrap_or((p, "")));
    pairs.into_iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn escapes_are_whole(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_hexdigit);
    bytes.iter().enumerate().all(|(at, &b)| b != b'%' || digit(at + 1) && digit(at + 2))
}

/// Resolves `%` escapes; `None` if one is broken or the result is no UTF-8.
pub(crate) fn unescaped(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let digit = |b: Option<u8>| char::from(b?).to_digit(16);
        let value = digit(bytes.next())? * 16 + digit(bytes.next())?;
        out.push(u8::try_from(value).ok()?);
    }
    String::from_utf8(out).ok()
}

/// Escapes all but the characters that a user part may have unescaped (RFC 3261 §25.1), `;` and `?` among the latter's
/// exceptions, because many peers read them as the end of the user.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()&=+$,/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEPT: [&str; 14] = [
        "sip:100@192.0.2.1",
        "sip:a%40b@h.example",
        "sip:%3bx%3F@h.example:5070",
        "sip:+4930123;tgrp=x@h.example;transport=tcp",
        "sip:user;par=u%40example.net@example.com",
        "sip:j%C3%BCrgen@example.com;user=phone",
        "sip:alice:secret@example.com",
        "sips:1212@gateway.example.com:5061;lr",
        "sip:[2001:db8::10]:5060;transport=udp",
        "sip:bob@biloxi.example.com?Replaces=a%40b%3Bto-tag%3D1",
        "tel:+8613800138000",
        "tel:7042;phone-context=example.com",
        "sip:null-%00-null@example.com",
        "sip:a?b/c@h.example;x=%20",
    ];

    #[test]
    fn a_uri_is_written_as_it_was_read() {
        for text in KEPT {
            let uri: Uri = text.parse().unwrap_or_else(|e| panic!("{text}: {e}"));
            assert_eq!(uri.to_string(), text);
        }
    }

    #[test]
    fn the_library_writes_it_the_same_way() {
        for text in KEPT {
            let uri: Uri = text.parse().expect("parsed");
            assert_eq!(
                uri.to_library().to_string(),
                text.replace("transport=tcp", "transport=TCP").replace("transport=udp", "transport=UDP")
            );
        }
    }

    #[test]
    fn its_parts_are_decoded() {
        let uri: Uri = "sip:+49%2030;tgrp=x;isub=9@h.example:5070;transport=TCP;ob".parse().expect("parsed");
        assert_eq!(uri.user().as_deref(), Some("+49 30"));
        assert_eq!(uri.user_parameter("tgrp"), Some("x"));
        assert_eq!(uri.parameter("Transport"), Some("TCP"));
        assert_eq!(uri.parameter("ob"), Some(""));
        assert_eq!((uri.host(), uri.port()), ("h.example", Some(5070)));
        let tel: Uri = "TEL:+86-138;ext=1".parse().expect("parsed");
        assert_eq!((tel.scheme(), tel.user().as_deref()), (Scheme::Tel, Some("+86-138")));
        let refer: Uri = "sip:a@h?Replaces=1%3Bto-tag%3D2".parse().expect("parsed");
        assert_eq!(refer.headers(), Some("Replaces=1%3Bto-tag%3D2"));
        let six: Uri = "sip:[::1]".parse().expect("parsed");
        assert_eq!(six.host(), "::1");
    }

    #[test]
    fn what_is_malformed_is_refused() {
        for text in [
            "",
            "sip:",
            "sip:@h",
            "sip:a@",
            "sip:a%4@h",
            "sip:a@h:0",
            "sip:a@h:70000",
            "sip:a b@h",
            "tel:",
            "tel:x y",
            "sip:a@[::1",
            "sip:<a@h>",
        ] {
            assert_eq!(text.parse::<Uri>(), Err(ParseUriError::Malformed), "{text}");
        }
        assert_eq!("http://x".parse::<Uri>(), Err(ParseUriError::Scheme));
        assert_eq!(format!("sip:{}@h", "a".repeat(3000)).parse::<Uri>(), Err(ParseUriError::Malformed));
    }

    #[test]
    fn what_the_library_escapes_twice_is_escaped_once() {
        for text in ["sip:%2A43@h", "sip:%2B8613800138055@h:5060", "sip:a%2540b@h", "sip:%2543@h", "sip:600@h", "sip:h"]
        {
            let library = LibraryUri::try_from(text).expect("readable");
            assert_eq!(as_it_came(&library), text);
        }
        let mended = escaped_once;
        assert_eq!(mended("<sip:%252343@h>;tag=x").as_deref(), Some("<sip:%2343@h>;tag=x"));
        assert_eq!(mended("\"50%25 off\" <sip:%252A43@h>").as_deref(), Some("\"50%25 off\" <sip:%2A43@h>"));
        for kept in ["<sip:%2343@h>", "<sip:600@h>;tag=%2523", "<sip:100%25@h>", "<sip:h>", "\"%2523@\" <sip:600@h>"] {
            assert_eq!(mended(kept), None, "{kept}");
        }
    }

    #[test]
    fn a_plain_user_gets_the_escapes_it_needs() {
        let uri = Uri::sip(Some("a@b;c ü"), "::1", Some(5060)).with("transport", Some("tcp"));
        assert_eq!(uri.to_string(), "sip:a%40b%3Bc%20%C3%BC@[::1]:5060;transport=tcp");
        assert_eq!(uri.to_string().parse::<Uri>().as_ref(), Ok(&uri));
        assert_eq!(uri.user().as_deref(), Some("a@b;c ü"));
    }
}
