//! Pure nouns and rules. No tokio, kube, bollard, ratatui, file system or clock: time comes in as
//! an argument, text comes in already cleaned, and everything here can be tested by value.

pub mod build;
pub mod byte_text;
pub mod catalogue;
pub mod compare;
pub mod detect;
pub mod dockerfile;
pub mod document;
pub mod exec;
pub mod feed;
pub mod fleet;
pub mod fuzzy;
pub mod health;
pub mod labels;
pub mod lint;
pub mod listing;
pub mod logs;
pub mod order;
pub mod outdated;
pub mod query;
pub mod recipe;
pub mod rows;
pub mod secrecy;
pub mod selector;
pub mod session;
pub mod survey;
pub mod text;
pub mod time;
