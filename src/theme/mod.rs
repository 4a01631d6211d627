//! Typed roles of colour, loaded from data (`themes/*.toml`).
//!
//! Code names roles (what a text *is*), never colours. What a terminal cannot show is taken down
//! in steps: truecolor, 256 colours, 16 colours, none.

mod contrast;
mod depth;
mod load;
mod roles;

pub use contrast::contrast;
pub use depth::{Depth, detect};
pub use load::{Problem, SHIPPED, load, shipped, tint};
pub use roles::Theme;
