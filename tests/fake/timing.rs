//! The waits of the edge in tests.

use quarterdeck::cluster::Timing;
use std::time::Duration;

/// Waits short enough for a test; their proportions are those of the defaults.
pub fn quick() -> Timing {
    let ms = Duration::from_millis;
    Timing {
        connect: ms(500),
        unary: ms(1000),
        list_start: ms(1000),
        list_idle: ms(500),
        watch_start: ms(500),
        ping_every: ms(100),
        ping_deadline: ms(100),
        end_bookmark: ms(300),
        silent_stream: ms(200),
        backoff_first: ms(10),
        backoff_cap: ms(100),
        panic_cap: ms(500),
        doubt: ms(200),
        healthy_after: ms(300),
        forbidden_retry: ms(400),
        absent_retry: ms(400),
        storm_gap: ms(20),
        slow_attempt: ms(50),
        refresh_gap: ms(50),
        batch_window: ms(5),
        ..Timing::default()
    }
}
