//! What can go wrong between us and a cluster, and how a person reads it.
//!
//! A [`Fault`] never holds a token, a plugin's arguments or output, or the body of an object: its
//! words end up on screen and in the log.

use crate::domain::feed::{Failure, FailureSort, READONLY_REMEDY};
use crate::domain::text::Text;
use std::error::Error;
use std::time::Duration;

/// Why a request failed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(super) enum Fault {
    /// The server answered with an error.
    #[error("{message}")]
    Status {
        /// HTTP status, or the code of a `Status` inside a watch.
        code: u16,
        /// `reason` of the `Status`, empty when there was none.
        reason: String,
        /// The server's sentence.
        message: String,
        /// `Retry-After`.
        retry_after: Option<Duration>,
    },
    /// No connection could be made.
    #[error("{0}")]
    Connect(String),
    /// The server's certificate was refused, or ours was.
    #[error("{0}")]
    Tls(String),
    /// The server was silent for too long.
    #[error("no answer within {} s", .0.as_secs_f32())]
    Deadline(Duration),
    /// The connection broke while the answer was being read.
    #[error("{0}")]
    Cut(String),
    /// Credentials could not be made.
    #[error("{why}")]
    Credentials {
        /// What went wrong.
        why: String,
        /// What to do.
        remedy: String,
    },
    /// The session is read-only.
    #[error("this session is read-only")]
    ReadOnly,
    /// The answer is not what the protocol promises.
    #[error("{0}")]
    Malformed(String),
}

impl Fault {
    /// The error of an HTTP answer without a readable `Status`.
    pub(super) fn status(code: u16) -> Self {
        let message = http::StatusCode::from_u16(code)
            .ok()
            .and_then(|c| c.canonical_reason())
            .map_or_else(|| format!("HTTP {code}"), |r| format!("HTTP {code} {r}"));
        Self::Status {
            code,
            reason: String::new(),
            message,
            retry_after: None,
        }
    }

    /// The HTTP code, 0 when there was no answer.
    pub(super) fn code(&self) -> u16 {
        match self {
            Self::Status { code, .. } => *code,
            _ => 0,
        }
    }

    /// The server does not have the asked-for point in its history any more.
    pub(super) fn gone(&self) -> bool {
        matches!(self, Self::Status { code, reason, .. }
            if *code == 410 || reason == "Expired" || reason == "Gone")
    }

    /// The server asks for patience.
    pub(super) fn busy(&self) -> bool {
        matches!(self.code(), 429 | 503)
    }

    /// How long the server asks to wait.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// What sort of failure it is.
    pub(super) fn sort(&self) -> FailureSort {
        match self {
            Self::Status { code: 401, .. } | Self::Credentials { .. } => FailureSort::Unauthorized,
            Self::Status { code: 403, .. } => FailureSort::Forbidden,
            Self::Status { code: 404, .. } => FailureSort::NotFound,
            Self::Status { code: 409, .. } => FailureSort::Conflict,
            Self::Connect(_) | Self::Tls(_) | Self::Deadline(_) | Self::Cut(_) => {
                FailureSort::Unreachable
            }
            Self::ReadOnly => FailureSort::ReadOnly,
            Self::Status { .. } | Self::Malformed(_) => FailureSort::Other,
        }
    }

    /// As a person reads it; `what` names the attempt.
    pub(super) fn failure(&self, what: &str) -> Failure {
        Failure {
            what: Text::new(what),
            why: Text::new(&self.to_string()),
            remedy: Text::new(&self.remedy()),
            sort: self.sort(),
        }
    }

    fn remedy(&self) -> String {
        match self {
            Self::Status { code: 401, .. } => {
                "log in again (token or certificate was refused), or choose another context".into()
            }
            Self::Status { code: 403, .. } => {
                "choose a namespace you may read, or ask for the right named above".into()
            }
            Self::Status { code: 404, .. } => {
                "it may be gone, or this server lacks the kind".into()
            }
            Self::Status { code: 409, .. } => "it changed meanwhile: look again and retry".into(),
            Self::Status {
                code: 429 | 503, ..
            } => "the server is busy: wait, it is tried again".into(),
            Self::Credentials { remedy, .. } => remedy.clone(),
            Self::Tls(why) => tls_remedy(why).into(),
            Self::Connect(_) | Self::Deadline(_) | Self::Cut(_) => {
                "check the network, VPN and server address, or choose another context".into()
            }
            Self::ReadOnly => READONLY_REMEDY.into(),
            Self::Status { .. } | Self::Malformed(_) => "try again; see the notices".into(),
        }
    }
}

fn tls_remedy(why: &str) -> &'static str {
    let why = why.to_lowercase();
    if why.contains("expired") || why.contains("not valid yet") {
        "check this machine's clock; if it is right, the certificate must be renewed"
    } else if why.contains("unknown issuer") {
        "the kubeconfig's certificate-authority does not match the server: get a new kubeconfig"
    } else if why.contains("for another name") {
        "the server's certificate names another host: use that name, or set tls-server-name"
    } else {
        "the connection is refused rather than made insecure: get a new kubeconfig"
    }
}

/// The fault behind an error of the client stack: its deepest cause, sorted.
pub(super) fn from_chain(error: &(dyn Error + 'static)) -> Fault {
    let mut at: Option<&(dyn Error + 'static)> = Some(error);
    let mut deepest = error.to_string();
    let mut connect = false;
    while let Some(cause) = at {
        if let Some(fault) = cause.downcast_ref::<Fault>() {
            return fault.clone();
        }
        if let Some(tls) = tls_cause(cause) {
            return Fault::Tls(tls_words(tls));
        }
        if let Some(client) = cause.downcast_ref::<hyper_util::client::legacy::Error>() {
            connect |= client.is_connect();
        }
        if let Some(auth) = cause.downcast_ref::<kube::client::AuthError>() {
            return auth_fault(auth);
        }
        deepest = cause
            .downcast_ref::<std::io::Error>()
            .and_then(|io| plain_words(io.kind()))
            .map_or_else(|| cause.to_string(), str::to_owned);
        at = cause.source();
    }
    if connect {
        Fault::Connect(deepest)
    } else {
        Fault::Cut(deepest)
    }
}

/// The TLS error in an error, also where it is wrapped in I/O errors, which hide it from
/// `source()`.
fn tls_cause<'a>(cause: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    let mut at: &'a (dyn Error + 'static) = cause;
    while let Some(inner) = at
        .downcast_ref::<std::io::Error>()
        .and_then(std::io::Error::get_ref)
    {
        at = inner;
    }
    at.downcast_ref()
}

/// Why TLS failed, without the numbers that the library counts in.
fn tls_words(error: &rustls::Error) -> String {
    use rustls::CertificateError as C;
    let rustls::Error::InvalidCertificate(why) = error else {
        return error.to_string();
    };
    match why {
        C::Expired | C::ExpiredContext { .. } => "the server's certificate has expired".into(),
        C::NotValidYet | C::NotValidYetContext { .. } => {
            "the server's certificate is not valid yet".into()
        }
        // A renewed authority of the same name shows as a bad signature.
        C::UnknownIssuer | C::BadSignature => {
            "the server's certificate is signed by an unknown issuer".into()
        }
        C::NotValidForName | C::NotValidForNameContext { .. } => {
            format!("the server's certificate is for another name: {why}")
        }
        other => format!("the server's certificate is refused: {other}"),
    }
}

/// What happened to a connection, in plain words.
fn plain_words(kind: std::io::ErrorKind) -> Option<&'static str> {
    use std::io::ErrorKind as K;
    Some(match kind {
        K::ConnectionRefused => "connection refused: nothing listens at the server's address",
        K::ConnectionReset | K::ConnectionAborted | K::BrokenPipe => {
            "the server broke the connection off"
        }
        K::UnexpectedEof => "the server closed the connection",
        K::TimedOut => "no answer from the server's address",
        K::HostUnreachable | K::NetworkUnreachable | K::NetworkDown => {
            "the network does not lead to the server's address"
        }
        _ => return None,
    })
}

/// Errors of kube's own token sources. Their text may hold arguments and output of a command, so
/// that only the kind of error is told.
fn auth_fault(error: &kube::client::AuthError) -> Fault {
    use kube::client::AuthError as E;
    let why = match error {
        E::AuthExecStart(_) | E::AuthExecRun { .. } | E::AuthExecParse(_) | E::AuthExec(_) => {
            "the kubeconfig's auth-provider could not make a token".into()
        }
        E::ReadTokenFile(cause, path) => format!("token file {}: {cause}", path.display()),
        E::Oidc(_) => "the OIDC token could not be refreshed".into(),
        _ => "the kubeconfig's user entry gives no usable credentials".into(),
    };
    Fault::Credentials {
        why,
        remedy: "log in again with your provider's tool, or choose another context".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_real_cause_is_found() {
        let io = std::io::Error::new(
            std::io::ErrorKind::InvalidData,
            rustls::Error::InvalidCertificate(rustls::CertificateError::Expired),
        );
        let fault = from_chain(&io);
        assert!(matches!(fault, Fault::Tls(_)), "{fault:?}");
        let failure = fault.failure("reach the server");
        assert!(failure.remedy.contains("clock"), "{failure:?}");
        assert_eq!(failure.sort, FailureSort::Unreachable);
    }

    #[test]
    fn gone_is_known_by_code_and_by_reason() {
        let expired = Fault::Status {
            code: 0,
            reason: "Expired".into(),
            message: String::new(),
            retry_after: None,
        };
        assert!(expired.gone());
        assert!(Fault::status(410).gone());
        assert!(!Fault::status(404).gone());
    }
}
