//! Auth0's users, on any HTTP stack.

mod clock;
mod transport;

pub use clock::{Clock, Instant, SystemClock};
pub use transport::{Body, HttpTransport, Sent, TransportError, TransportErrorKind, transport_fn};
pub use users_model as model;
