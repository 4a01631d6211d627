//! What of a session goes into the program's own log: which cluster, how its feeds fare, what went
//! wrong. Never a key, never the words of a server or a container, never what an object holds.

use crate::app::{Effect, Msg, Severity};
use crate::domain::feed::FeedState;
use tracing::{Level, debug, enabled, info, trace, warn};

/// The console begins.
pub fn began() {
    info!("quarterdeck {} begins", env!("CARGO_PKG_VERSION"));
}

/// The core is about to hear this.
pub fn heard(msg: &Msg) {
    match msg {
        Msg::Connecting(context) => info!("connecting to {context}"),
        Msg::Connected(session) => info!(
            "connected to {} at {}, version {:?}",
            session.context, session.server, session.version
        ),
        Msg::ConnectFailed(failure) => warn!("cannot {}: {:?}", failure.what, failure.sort),
        Msg::Feed { kind, scope, state } => {
            let scope = scope.0.as_deref().unwrap_or("all namespaces");
            debug!("{} in {scope}: {}", kind.plural(), word(state));
        }
        Msg::TableFeed(id, state) => debug!("table {}: {}", id.0, word(state)),
        Msg::Notice(notice) if notice.severity > Severity::Info => warn!("told: {}", notice.what),
        Msg::Reloaded(_) => info!("the configuration was read again"),
        _ => {}
    }
}

/// The core asks for this.
pub fn asked(effect: &Effect) {
    if enabled!(Level::TRACE) {
        let effect = format!("{effect:?}");
        let name = effect.split([' ', '(', '{']).next().unwrap_or_default();
        trace!("asked for {name}");
    }
}

/// How a feed fares, in a word.
pub fn word(state: &FeedState) -> &'static str {
    match state {
        FeedState::Loading { .. } => "loading",
        FeedState::Live => "live",
        FeedState::Stale { .. } => "silent",
        FeedState::Disconnected { .. } => "cut off",
        FeedState::Forbidden { .. } => "forbidden",
        FeedState::Absent => "not known to the server",
    }
}
