//! The present, as the program takes it.
//!
//! It is the machine's clock, unless the command line made it stand still: then pictures of the
//! same world come out the same. Waits and deadlines are measured on another clock, which always
//! runs.

use crate::domain::time::Timestamp;
use std::sync::OnceLock;
use std::time::SystemTime;

static STILL: OnceLock<Timestamp> = OnceLock::new();

/// Makes [`now`] stand still for the rest of the process. The first call counts.
pub fn stand_still(at: Timestamp) {
    STILL.get_or_init(|| at);
}

/// Whether [`now`] stands still.
pub fn stands_still() -> bool {
    STILL.get().is_some()
}

/// The present. A clock before 1970 is read as 1970.
pub fn now() -> Timestamp {
    if let Some(at) = STILL.get() {
        return *at;
    }
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
