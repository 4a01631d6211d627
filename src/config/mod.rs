//! The configuration file, the state kept between runs, and where files live. It holds only the
//! *names* of a theme and a key map, never the loaded things.

mod contexts;
mod file;
mod paths;
mod problem;
mod schema;
mod state;

pub use contexts::{ContextRules, RULE_KEYS, RuleKey, rule};
pub use file::{lines, load, parse};
pub use paths::{Paths, SYSTEM_CATALOGUE};
pub use problem::Problem;
pub use schema::{Config, KEYS, Key, LOG_BYTES, SCROLLBACK, Shape, Tint, VERSION};
pub use state::{OpenTabs, Place, Sort, State};
