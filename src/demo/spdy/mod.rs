//! The server's side of SPDY/3.1, as far as Kubernetes' clients use it: they open streams, send and
//! receive on them, and ping. No flow control (see [`frame::Control::Ignored`]), no streams that this
//! side opens. Everything is bounded: blocks of headers, streams at once, bytes on their way; a stream
//! that nobody reads makes its whole connection wait.

mod connection;
mod frame;
mod headers;

pub use connection::{Arrival, Gone, Sending, Stream, serve};
pub use headers::Headers;
