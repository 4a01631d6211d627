//! How a program ended, in the words that commands in containers end with.

use crate::domain::exec::End;
use crate::domain::text::Text;
use portable_pty::ExitStatus;

/// Signals by the names that the C library gives them.
const SIGNALS: &[(&str, i32)] = &[
    ("Hangup", 1),
    ("Interrupt", 2),
    ("Quit", 3),
    ("Illegal instruction", 4),
    ("Aborted", 6),
    ("Abort trap", 6),
    ("Killed", 9),
    ("Segmentation fault", 11),
    ("Broken pipe", 13),
    ("Alarm clock", 14),
    ("Terminated", 15),
];

/// A signal is told as shells tell it: 128 and its number.
pub(super) fn of(status: std::io::Result<ExitStatus>) -> End {
    let status = match status {
        Ok(status) => status,
        Err(error) => return End::Lost(Text::new(&error.to_string())),
    };
    let Some(signal) = status.signal() else {
        return End::Exited(i32::try_from(status.exit_code()).unwrap_or(i32::MAX));
    };
    let number = SIGNALS
        .iter()
        .find(|(name, _)| signal.starts_with(name))
        .map(|(_, number)| 128 + number);
    match number {
        Some(code) => End::Exited(code),
        None => End::Failed(Text::new(&format!("ended by the signal {signal}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_is_a_code_beyond_128() {
        let end = |status| of(Ok(status));
        assert_eq!(end(ExitStatus::with_exit_code(7)), End::Exited(7));
        assert_eq!(end(ExitStatus::with_signal("Killed")), End::Exited(137));
        assert_eq!(end(ExitStatus::with_signal("Hangup: 1")), End::Exited(129));
        let odd = end(ExitStatus::with_signal("Real-time signal 3"));
        assert!(matches!(odd, End::Failed(why) if why.contains("signal 3")));
    }
}
