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
//! # Who may import whom
//!
//! `tests/architecture.rs` reads this table and fails on an import that it does not allow, on a
//! crate named outside its room and on a room it does not know. `*` stands for every room.
//!
//! | room | may import | crates only it may name |
//! |---|---|---|
//! | key | | |
//! | command | | strsim |
//! | domain | | nucleo_matcher, regex, jiff |
//! | input | key, command | |
//! | theme | | |
//! | config | | |
//! | app | key, command, domain, input, config | |
//! | view | app, command, domain, theme, input, key | |
//! | cluster | domain | kube, k8s_openapi |
//! | demo | | hyper_util, rcgen, flate2, tokio_rustls |
//! | runtime | key, command, domain, input, theme, config, app, view, cluster | crossterm |
//! | cli | domain, config, cluster, runtime, demo, theme, input, command | clap, clap_complete, clap_mangen |
//! | main | cli | |
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
pub mod input;
pub mod key;
pub mod runtime;
pub mod theme;
pub mod view;
