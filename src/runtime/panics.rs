//! A panic never leaves a broken terminal, and a panic in a task never ends the program.

use super::mailbox::Post;
use super::terminal;
use crate::app::{Msg, Notice, Severity};
use crate::domain::text::Text;
use std::panic::{PanicHookInfo, set_hook, take_hook};

/// From now on a panic of this thread gives the terminal back before it says anything; a panic of
/// another thread, which is one of a task, is logged and told on screen.
pub fn watch(post: Post) {
    let ours = std::thread::current().id();
    let usual = take_hook();
    set_hook(Box::new(move |info| {
        tracing::error!("panic: {info}");
        if std::thread::current().id() != ours && terminal::is_taken() {
            post.send_or_lose(Msg::Notice(told(info)));
        } else {
            terminal::give_back();
            usual(info);
        }
    }));
}

fn told(info: &PanicHookInfo<'_>) -> Notice {
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    Notice {
        severity: Severity::Error,
        what: Text::new("a part of quarterdeck failed and was stopped"),
        why: Text::new(&format!(
            "{} at {place}",
            info.payload_as_str().unwrap_or("panic")
        )),
        remedy: Text::new(
            "lists start again by themselves, `:reconnect` starts the rest; the log has more, please report it",
        ),
    }
}
