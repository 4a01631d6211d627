//! The configuration file, the state kept between runs, and where files live. It holds only the
//! *names* of a theme and a key map, never the loaded things.

mod state;

pub use state::{Sort, State};
