//! The shell: mailbox, driver, frames, terminal, signals.
