//! An error and its causes, as transports search them to classify an error.

use std::error::Error as StdError;
use std::io;
use std::iter::successors;

/// The maximum number of errors that are read from a chain.
pub(crate) const MOST_CAUSES: usize = 32;

/// Returns an error and its causes, at most 32 of them, for a transport that looks for the type of a cause.
///
/// The chain contains the error that an [`io::Error`] wraps, which [`source`](StdError::source) omits: rustls, for example, returns
/// its errors wrapped.
///
/// ```
/// use std::io;
/// use users_core::{Sent, TransportError, TransportErrorKind, error_chain};
///
/// fn classify(error: io::Error) -> TransportError {
///     let is_utf8 = error_chain(&error).any(|cause| cause.is::<std::str::Utf8Error>());
///     let kind = if is_utf8 { TransportErrorKind::Invalid } else { TransportErrorKind::Io };
///     TransportError::new(kind, Sent::Maybe, "no response").with_source(error)
/// }
///
/// let cause = String::from_utf8(vec![0xff]).unwrap_err().utf8_error();
/// assert_eq!(classify(io::Error::other(cause)).kind(), TransportErrorKind::Invalid);
/// ```
pub fn error_chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    successors(Some(error), |error| cause(*error)).take(MOST_CAUSES)
}

fn cause<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt;

    /// An error that is its own cause.
    #[derive(Debug)]
    struct Endless;

    impl fmt::Display for Endless {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("endless")
        }
    }

    impl StdError for Endless {
        fn source(&self) -> Option<&(dyn StdError + 'static)> {
            Some(self)
        }
    }

    #[test]
    fn the_error_that_an_io_error_wraps_is_part_of_the_chain() {
        let error = io::Error::other(io::Error::new(io::ErrorKind::TimedOut, fmt::Error));
        assert_eq!(error_chain(&error).count(), 3);
        assert!(error_chain(&error).last().unwrap().is::<fmt::Error>());
    }

    #[test]
    fn a_chain_without_end_is_read_up_to_a_limit() {
        assert_eq!(error_chain(&Endless).count(), MOST_CAUSES);
    }
}
