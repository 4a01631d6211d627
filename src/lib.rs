//! quarterdeck: a terminal console for a Kubernetes platform.
//!
//! # The map of the house
//!
//! A functional core in a shell of edges. Everything that happens (a key, a resize, a batch of
//! watch events, a timer) becomes one [`app::Msg`]; [`app::App::update`] turns it into state and
//! [`app::Effect`]s; [`runtime`] carries the effects out through the edges and draws the state
//! with [`view`] when something changed.
//!
//! ```text
//!             keys, mouse, resize            watch rows, answers
//!                     │ control lane (first)       │ data lane (bounded)
//!                     ▼                            ▼
//! runtime ──── one ordered mailbox ──▶ app::update(Msg) -> Effects ──▶ runtime::driver ──▶ cluster
//!                                          │ dirty
//!                                          ▼
//!                                    view(&App) ──▶ frame ──▶ terminal
//! ```
//!
//! # The paths of the data
//!
//! - **A key**: `runtime/input` → control lane (`runtime/mailbox`) → `app/keys`: a program in a pane
//!   gets it through `vt/encode`, a text field edits, anything else is looked up in `input/keymap`
//!   and carried out by `app/act` → effects → `runtime/driver`; then one frame, `runtime/frames`.
//! - **A watch event**: `cluster/watch` → `cluster/wire` (bytes to rows) → `cluster/batch` (the last
//!   value of each object) → data lane → `app/intake` → `domain/fleet` → the list that is seen.
//! - **A log line**: `cluster/logs` (opens again where it was cut) → data lane → `domain/logs` (merged
//!   by time, kept in a ring, filtered in steps) → `view/logs`.
//! - **Bytes of a shell**: `cluster/exec`, or `pty/` for a program of this machine → a short queue of
//!   its own (`runtime/outputs`, the pane with the keyboard first) → `vt/` → `view/shell`; what is
//!   typed goes back by a task of its own.
//! - **A build**: `app/screens/wizard` → `domain/recipe` and `domain/catalogue` → `domain/dockerfile` →
//!   `runtime/workshop` → `images/context`, `images/build` → data lane → `domain/build` → `view/build`.
//! - **A verb of the command line** takes the same edges without the loop: `cli/`.
//!
//! # Who may import whom
//!
//! `tests/architecture.rs` reads this table. It fails on an import that the table does not allow,
//! on a crate (or part of `std`) of the third column that is named in a room which does not list
//! it, on a room that the table does not know, and on what the table allows and nobody does. A crate
//! that no room lists is free.
//!
//! | room | may import | crates only these rooms may name |
//! |---|---|---|
//! | key | | |
//! | command | | strsim |
//! | domain | | `nucleo_matcher`, regex, jiff, toml, `toml_edit`, strsim |
//! | vt | key | `alacritty_terminal`, `unicode_width` |
//! | input | key, command | toml |
//! | theme | | ratatui, toml, strsim |
//! | config | domain | toml, regex, strsim, `std::fs` |
//! | app | key, command, domain, vt, input, config | regex, `tui_textarea` |
//! | view | app, command, domain, vt, theme, input, key | ratatui, regex, `unicode_width` |
//! | cluster | domain | tokio, `tokio_tungstenite`, kube, http, hyper, `hyper_util`, flate2, jiff, `std::fs`, `std::env`, `std::time::Instant`, `std::time::SystemTime`, `std::process` |
//! | images | domain | bollard, reqwest, tonic, tokio, http, hyper, `hyper_util`, flate2, `std::fs`, `std::env`, `std::time::SystemTime`, `std::process` |
//! | pty | domain | tokio, `portable_pty` |
//! | demo | | tokio, `portable_pty`, `tokio_tungstenite`, regex, rustix, hyper, `hyper_util`, rcgen, flate2, `tokio_rustls`, jiff, `std::fs`, `std::env`, `std::time::Instant`, `std::process` |
//! | runtime | key, domain, input, theme, config, app, view, cluster, images, pty | tokio, crossterm, ratatui, rustix, flate2, `tracing_subscriber`, `std::fs`, `std::env`, `std::time::Instant`, `std::process` |
//! | cli | domain, config, cluster, images, runtime, demo, theme, input, app | tokio, rustix, clap, `clap_complete`, `clap_mangen`, anyhow, `unicode_width`, `std::fs`, `std::env`, `std::time::Instant`, `std::process` |
//! | main | cli | `std::env`, `std::process` |
//!
//! When a capability does not fit this table, the table is changed in one commit that says why.

#![forbid(unsafe_code)]

pub mod app;
pub mod cli;
pub mod cluster;
pub mod command;
pub mod config;
pub mod demo;
pub mod domain;
pub mod images;
pub mod input;
pub mod key;
pub mod pty;
pub mod runtime;
pub mod theme;
pub mod view;
pub mod vt;
